// Bayes-optimal generalized approximate message passing for noiseless intensities of a Gaussian design and a signal
// without structure (Rangan, arXiv 1010.5141; Schniter and Rangan, 1405.5618; spectral start: Mondelli and
// Venkataramanan, 2010.03460; section 8 of the project's reference, its complex derivative derived there and here).
// In units where ||theta*|| = 1 and X has entries of variance 1, delta = m/n:
//   w = X theta - V g_before,  g = (zhat(w, b, V) - w)/V,  Gamma = -mean dg/dw,
//   theta <- delta Gamma/(1 + delta Gamma) (theta + X^H g/(m Gamma)),  V <- 1/(1 + delta Gamma).
// One pass over the design per iteration.
#include <algorithm>
#include <cmath>

#include "../../error.h"
#include "amplitude_channel.h"
#include "projections.h"

namespace lowrank {
namespace {

class MessagePassing final : public VectorMethod, private RowMap {
 public:
  explicit MessagePassing(const VectorState& state)
      : m_(state.m),
        delta_(static_cast<double>(state.m) / static_cast<double>(state.n)),
        damping_(state.options.methodParameters.at(0)),
        clip_(state.options.methodParameters.at(1)),
        overlap_(state.options.methodParameters.at(2)),
        modulus_(state.modulus.data()),
        force_(state.wideM),
        onsager_(state.m),
        slope_(state.m),
        image_(state.wideN) {
    if (!state.options.intensity) throw Error(ErrorCode::invalidArgument, "The method amp needs intensities.");
    if (!(damping_ >= 0 && damping_ < 1)) {
      throw Error(ErrorCode::invalidArgument, "amp: damping must be at least 0 and below 1.");
    }
    if (!(clip_ > 0)) throw Error(ErrorCode::invalidArgument, "amp: clip must be above 0.");
    if (!(overlap_ >= 0 && overlap_ < 1)) {
      throw Error(ErrorCode::invalidArgument, "amp: overlap must be at least 0 and below 1 (0: estimated).");
    }
  }

  bool initialize(VectorState& state, Team& team) override {
    double sum = 0;
    for (std::int64_t i = 0; i < m_; ++i) sum += state.y[i];
    // y = 0 everywhere: the answer is 0, and any unit will do.
    unit_ = sum > 0 ? std::sqrt(sum / static_cast<double>(m_)) : 1;
    const double entry = state.design->squaredNorm() / (static_cast<double>(m_) * static_cast<double>(state.n));
    root_ = entry > 0 ? std::sqrt(entry) : 1;
    if (!start(state, team)) return false;
    const bool complete = pass(state, team);
    started_ = true;
    return complete;
  }

  bool step(VectorState& state, Team& team) override {
    double slope = 0;
    for (std::int64_t i = 0; i < m_; ++i) slope += slope_[i];
    // Gamma V. In the mean it is positive and V falls; in a sample a few rows with a small w can break both, and the
    // step would be without bound. (1 - V)/delta is where V stays.
    const double relative = std::max(1 - slope / static_cast<double>(m_), (1 - variance_) / delta_ + leastGamma);
    const double shrink = delta_ * relative / (variance_ + delta_ * relative), keep = damping_;
    // In the units of the caller theta = theta' unit / root, X = root X'; g = (zhat - w)/V.
    const double gain = unit_ / (root_ * root_ * static_cast<double>(m_) * relative);
    for (std::int64_t j = 0; j < state.wideN; ++j) {
      const double next = shrink * (state.theta[j] + gain * image_[j]);
      state.theta[j] = keep > 0 ? (1 - keep) * next + keep * state.theta[j] : next;
    }
    if (damping_ > 0) adapt(state);
    // V falls geometrically for ever; only its quotients matter once it is small.
    ratio_ = (1 - keep) / (variance_ + delta_ * relative) + keep;
    variance_ = std::max(ratio_ * variance_, leastVariance);
    return pass(state, team);
  }

  std::int64_t bytes() const override { return force_.bytes() + onsager_.bytes() + slope_.bytes() + image_.bytes(); }

 private:
  static constexpr double leastGamma = 1e-6;
  static constexpr double leastVariance = 1e-30;
  static constexpr double rise = 1.5, moreDamping = 0.1, mostDamping = 0.7;
  static constexpr double nearSolution = 1e-2;    // of the residual
  static constexpr double eigenTolerance = 1e-3;  // relative, of the eigenvector's equation

  bool pass(VectorState& state, Team& team) {
    ++state.info.passes;
    ++state.info.forwardCount;
    ++state.info.adjointCount;
    if (!state.design->applyAndAdjoint(state.theta.data(), state.r.data(), *this, image_.data(), *state.workspace,
                                       team)) {
      return false;
    }
    state.assess(team);
    return true;
  }

  // r in the units of the caller; zhat - w = V g of the last iterate is kept in force_. First pass: w = (1 - onsager)
  // r.
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    const bool complex = r.im != nullptr;
    const double keep = started_ ? damping_ : 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = first + i;
      double *force = force_.data() + row, none = 0, *forceIm = complex ? force + m_ : &none;
      const double own = (1 - onsager_[row]) / unit_, old = ratio_ * *force, oldIm = ratio_ * *forceIm;
      const double w = own * r.re[i] - old, wIm = complex ? own * r.im[i] - oldIm : 0;
      const double size = complex ? std::sqrt(w * w + wIm * wIm) : std::abs(w);
      const auto posterior = detail::amplitudePosterior(size, modulus_[row] / unit_, variance_, complex);
      const double factor = size > 0 ? posterior.factor / size : 0;
      slope_[row] = posterior.derivative;
      onsager_[row] = 0;
      weight.re[i] = *force = (1 - keep) * (factor * w - w) + keep * old;
      if (complex) weight.im[i] = *forceIm = (1 - keep) * (factor * wIm - wIm) + keep * oldIm;
    }
  }

  // Noise, or a design that is not Gaussian, can make the undamped recursion diverge: more damping whenever the misfit
  // of the moduli has clearly risen.
  void adapt(const VectorState& state) {
    const bool complex = state.field == Field::complex;
    double misfit = 0;
    for (std::int64_t i = 0; i < m_; ++i) {
      const double re = state.r[i], im = complex ? state.r[m_ + i] : 0;
      const double difference = std::sqrt(re * re + im * im) - modulus_[i];
      misfit += difference * difference;
    }
    if (misfit > rise * best_) {
      damping_ = std::min(damping_ + moreDamping, std::max(damping_, mostDamping));
      best_ = misfit;
    }
    best_ = std::min(best_, misfit);
  }

  bool start(VectorState& state, Team& team);
  bool spectral(VectorState& state, Team& team, double* overlapSquared);

  std::int64_t m_;
  double delta_, damping_, clip_, overlap_, unit_ = 1, root_ = 1, variance_ = 1, ratio_ = 1, best_ = INFINITY;
  bool started_ = false;
  const double* modulus_;
  // A row belongs to one thread at a time. onsager: T/tau before the first pass, 0 after it.
  mutable AlignedBuffer<double> force_, onsager_, slope_;
  AlignedBuffer<double> image_;
};

// X^H (T o r): the product of the spectral method's matrix with m theta.
class Weighted final : public RowMap {
 public:
  explicit Weighted(const double* weights) : weights_(weights) {}
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    for (std::int64_t i = 0; i < count; ++i) {
      weight.re[i] = weights_[first + i] * r.re[i];
      if (r.im != nullptr) weight.im[i] = weights_[first + i] * r.im[i];
    }
  }

 private:
  const double* weights_;
};

// Leaves theta, the variance and onsager_ = T/tau of the first pass.
bool MessagePassing::start(VectorState& state, Team& team) {
  double square = 0;
  for (std::int64_t j = 0; j < state.wideN; ++j) square += state.theta[j] * state.theta[j];
  if (!(square > 0)) throw Error(ErrorCode::invalidArgument, "The method amp needs a start other than 0.");
  double a2 = 0;
  if (!spectral(state, team, &a2)) return false;
  const bool isSpectral = a2 > 0;
  // r = X theta is known now. A start that is nearly a solution stays where it is: a rescaled one would be a step back.
  double misfit = 0, total = 0, covariance = 0, size = 0;
  for (std::int64_t i = 0; i < m_; ++i) {
    const double re = state.r[i], im = state.field == Field::complex ? state.r[m_ + i] : 0, both = re * re + im * im;
    misfit += (std::sqrt(both) - modulus_[i]) * (std::sqrt(both) - modulus_[i]);
    total += state.y[i];
    covariance += both * state.y[i];
    size += both;
  }
  if (misfit <= nearSolution * nearSolution * total) {
    std::fill_n(onsager_.data(), m_, 0.0);
    variance_ = std::max(misfit / std::max(total, 1e-300), leastVariance);
    return true;
  }
  if (overlap_ > 0) {
    a2 = overlap_ * overlap_;
  } else if (!isSpectral) {
    // Of a start that knows nothing of X, E |r|^2 y = 1 + a^2 (complex), 1 + 2 a^2 (real) in units of both means.
    const double both = size * total, excess = both > 0 ? covariance * static_cast<double>(m_) / both - 1 : 0;
    a2 = std::clamp(excess / (state.field == Field::complex ? 1 : 2), 0.01, 0.95);
  }
  const double scale = std::sqrt(a2 / square) * unit_ / root_;
  // Sums that overflow; the start is then still as it was given.
  if (!std::isfinite(scale)) throw Error(ErrorCode::numerical, "The design or the start of amp is too large.");
  for (std::int64_t j = 0; j < state.wideN; ++j) state.theta[j] *= scale;
  variance_ = 1 - a2;
  return true;
}

// Is theta the top eigenvector for T = max(1 - mean(y)/y, -clip)? Then r_i = w_i / (1 - T_i/tau), where w is the field
// without the memory of its own row; tau, and the squared overlap a^2, follow from the rows and the eigenvalue (section
// 7 of the reference; Lu and Li, arXiv 1702.06435). Leaves a^2 = 0 and onsager_ = 0 where it is not.
bool MessagePassing::spectral(VectorState& state, Team& team, double* overlapSquared) {
  double* t = onsager_.data();
  for (std::int64_t i = 0; i < m_; ++i) {
    const double y = state.y[i] / (unit_ * unit_);
    t[i] = y > 0 ? std::max(1 - 1 / y, -clip_) : -clip_;
  }
  ++state.info.passes;
  ++state.info.forwardCount;
  ++state.info.adjointCount;
  if (!state.design->applyAndAdjoint(state.theta.data(), state.r.data(), Weighted(t), image_.data(), *state.workspace,
                                     team)) {
    return false;
  }
  double square = 0, product = 0, error = 0;
  for (std::int64_t j = 0; j < state.wideN; ++j) {
    square += state.theta[j] * state.theta[j];
    product += state.theta[j] * image_[j];
  }
  for (std::int64_t j = 0; j < state.wideN; ++j) {
    const double difference = image_[j] - product / square * state.theta[j];
    error += difference * difference;
  }
  const double rows = static_cast<double>(m_), eigenvalue = product / square / (rows * root_ * root_);
  const bool isEigenvector =
      std::sqrt(error / square) / (rows * root_ * root_) <= eigenTolerance * std::abs(eigenvalue);
  double supremum = 0;
  for (std::int64_t i = 0; i < m_; ++i) supremum = std::max(supremum, t[i]);
  // F(tau) = tau (1/delta + mean T/(tau - T)), F' = 1/delta - mean T^2/(tau - T)^2, rising beyond its minimum.
  const auto moment = [&](double tau, bool squared) {
    double sum = 0;
    for (std::int64_t i = 0; i < m_; ++i) {
      const double ratio = t[i] / (tau - t[i]);
      sum += squared ? ratio * ratio : ratio;
    }
    return sum / rows;
  };
  const auto bisect = [&](double low, double high, const auto& above) {
    for (int i = 0; i < 80; ++i) {
      const double middle = 0.5 * (low + high);
      (above(middle) ? high : low) = middle;
    }
    return high;
  };
  double tau = 0, a2 = 0;
  if (isEigenvector && supremum > 0 && eigenvalue > 0) {
    const double far = supremum + delta_ * (std::abs(eigenvalue) + 10 * (supremum + clip_)) + clip_;
    const double edge = bisect(supremum, far, [&](double x) { return moment(x, true) < 1 / delta_; });
    tau = bisect(edge, far, [&](double x) { return x * (1 / delta_ + moment(x, false)) > eigenvalue; });
    double weighted = 0;
    for (std::int64_t i = 0; i < m_; ++i) {
      const double ratio = t[i] / (tau - t[i]);
      weighted += (state.y[i] / (unit_ * unit_) - 1) * ratio * ratio;
    }
    a2 = (1 / delta_ - moment(tau, true)) / (1 / delta_ + weighted / rows);
  }
  const bool found = a2 > 1e-3 && a2 < 1;
  for (std::int64_t i = 0; i < m_; ++i) t[i] = found ? t[i] / tau : 0;
  *overlapSquared = found ? a2 : 0;
  return true;
}

}  // namespace

std::unique_ptr<VectorMethod> makeMessagePassing(const VectorState& state) {
  return std::make_unique<MessagePassing>(state);
}

}  // namespace lowrank
