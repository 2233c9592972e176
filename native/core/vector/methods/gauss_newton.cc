// Gauss-Newton with Levenberg-Marquardt damping for phase retrieval (Gao and Xu, arXiv 1606.08135), on one of
//   intensities  F_i = (|r_i|^2 - y_i) / 2,   (J d)_i = Re(conj(r_i) (X d)_i)
//   amplitudes   F_i = |r_i| - b_i,           (J d)_i = Re(conj(r_i) (X d)_i) / |r_i|
// The step d solves (J^T J / m + mu I) d = -J^T F / m by conjugate gradients. With q_i = r_i or r_i / |r_i|,
// J^T J d = X^H [q Re(conj(q) X d)]: one fused pass a product, and one more per iteration for the new point.
// Damping: mu = damping mean |q|^2 var(X), and damping adapts to how well the model predicts; it goes to 0, and the
// inner tolerance with the residual, so that convergence is quadratic on clean data.
// In the complex field d = i theta is a null direction of J (the phase); conjugate gradients never enter it.
#include <algorithm>

#include "methods.h"
#include "tools.h"

namespace lowrank {
namespace {

class GaussNewton final : public VectorMethod, private RowMap {
 public:
  explicit GaussNewton(const VectorState& state)
      : amplitudes_(integerParameter(state, 0, 0, 1) != 0),
        damping_(parameterAtLeast(state, 1, 0)),
        maxInner_(integerParameter(state, 2, 1, 1e6)),
        size_(state.wideN),
        m_(state.m),
        q_(state.wideM),
        field_(state.wideM),
        vectors_(5 * state.wideN) {
    solution_ = vectors_.data();
    remainder_ = solution_ + size_;
    direction_ = remainder_ + size_;
    image_ = direction_ + size_;
    kept_ = image_ + size_;
    variance_ = entryVariance(state);
  }

  std::int64_t bytes() const override { return q_.bytes() + field_.bytes() + vectors_.bytes(); }

  bool initialize(VectorState& state, Team& team) override {
    y_ = state.y.data();
    b_ = state.modulus.data();
    return evaluate(state, team);
  }

  bool step(VectorState& state, Team& team) override {
    std::copy_n(state.theta.data(), size_, kept_);
    std::copy_n(state.r.data(), q_.size(), q_.data());
    if (amplitudes_) normalise(state);
    const double qSquare = squaredLength(q_.data(), q_.size()) / static_cast<double>(m_);
    const double before = value_;
    const double forcing = std::clamp(state.info.residual, tightestForcing, loosestForcing);
    for (int attempt = 0;; ++attempt) {
      if (attempt > 0 && !restore(state, team)) return false;
      double predicted = 0;
      if (!solve(state, team, forcing, damping_ * qSquare * variance_, predicted)) return false;
      for (std::int64_t j = 0; j < size_; ++j) state.theta[j] = kept_[j] + solution_[j];
      if (!evaluate(state, team)) return false;
      const double actual = before - value_;
      if (std::isfinite(value_) && actual >= -1e-12 * before) {
        // Nielsen's bounds on the gain.
        if (actual > 0.75 * predicted) {
          damping_ = damping_ < leastDamping ? 0 : damping_ / 5;
        } else if (actual < 0.25 * predicted) {
          damping_ = std::max(2 * damping_, firstDamping);
        }
        state.info.step = 1;
        return true;
      }
      ++state.info.rejectedSteps;
      damping_ = std::max(10 * damping_, firstDamping);
      if (attempt == maxRejections) {
        state.exhausted = true;
        state.info.step = 0;
        return restore(state, team);
      }
    }
  }

 private:
  enum class Way { gradient, product };

  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    if (way_ == Way::product) {
      const Entries q = entriesOf(q_.data(), m_, fieldOf(r), first);
      if (r.im == nullptr) {
        for (std::int64_t k = 0; k < count; ++k) weight.re[k] = q.re[k] * (q.re[k] * r.re[k]);
        return;
      }
      for (std::int64_t k = 0; k < count; ++k) {
        const double along = q.re[k] * r.re[k] + q.im[k] * r.im[k];
        weight.re[k] = q.re[k] * along;
        weight.im[k] = q.im[k] * along;
      }
      return;
    }
    // the force: 2 q F or q F
    for (std::int64_t k = 0; k < count; ++k) {
      const double square = squaredModulus(r, k);
      double w = square - y_[first + k];
      if (amplitudes_) w = square > 0 ? 1 - b_[first + k] / std::sqrt(square) : 0;
      weight.re[k] = w * r.re[k];
      if (r.im != nullptr) weight.im[k] = w * r.im[k];
    }
  }

  static Field fieldOf(Entries r) { return r.im == nullptr ? Field::real : Field::complex; }

  // r, the gradient and the loss in the constants of losses/loss.h, and mean F^2 / 2.
  bool evaluate(VectorState& state, Team& team) {
    way_ = Way::gradient;
    if (!pass(state, team, state.theta.data(), state.r.data(), state.gradient.data())) return false;
    const Entries r = entriesOf(static_cast<const double*>(state.r.data()), m_, state.field);
    const double sum = state.sumRows(team, [&](std::int64_t i) {
      const double square = squaredModulus(r, i);
      const double misfit = amplitudes_ ? std::sqrt(square) - b_[i] : 0.5 * (square - y_[i]);
      return misfit * misfit;
    });
    value_ = 0.5 * sum / static_cast<double>(m_);
    state.info.trainLoss = (amplitudes_ ? 1 : 2) * (state.field == Field::complex ? 2 : 1) * value_;
    return true;
  }

  bool restore(VectorState& state, Team& team) {
    std::copy_n(kept_, size_, state.theta.data());
    return evaluate(state, team);
  }

  bool pass(VectorState& state, Team& team, const double* theta, double* r, double* out) {
    if (!state.design->applyAndAdjoint(theta, r, *this, out, *state.workspace, team)) return false;
    ++state.info.passes;
    ++state.info.forwardCount;
    ++state.info.adjointCount;
    const double scale = 1 / static_cast<double>(m_);
    for (std::int64_t j = 0; j < size_; ++j) out[j] *= scale;
    return true;
  }

  void normalise(const VectorState& state) {
    const MutableEntries q = entriesOf(q_.data(), m_, state.field);
    for (std::int64_t i = 0; i < m_; ++i) {
      const double modulus = std::sqrt(squaredModulus(q, i));
      const double factor = modulus > 0 ? 1 / modulus : 0;
      q.re[i] *= factor;
      if (q.im != nullptr) q.im[i] *= factor;
    }
  }

  // Conjugate gradients until the residual fell by `forcing`; `predicted`: by how much the model's loss falls.
  bool solve(VectorState& state, Team& team, double forcing, double mu, double& predicted) {
    way_ = Way::product;
    std::fill_n(solution_, size_, 0.0);
    // The right-hand side has norm 1 here: squares of tiny gradients would underflow.
    const double factor = amplitudes_ ? 1 : 0.5;
    const double norm = factor * std::sqrt(squaredLength(state.gradient.data(), size_));
    if (!(norm > 0)) return true;
    for (std::int64_t j = 0; j < size_; ++j) remainder_[j] = direction_[j] = -factor * state.gradient[j] / norm;
    double square = squaredLength(remainder_, size_);
    double fall = 0;
    for (std::int64_t k = 0; k < maxInner_ && square > forcing * forcing && std::isfinite(square); ++k) {
      if (!pass(state, team, direction_, field_.data(), image_)) return false;
      addMultiple(mu, direction_, image_, size_);
      const double curvature = dotProduct(direction_, image_, size_);
      if (!(curvature > 0)) break;
      const double alpha = square / curvature;
      fall += 0.5 * alpha * square;
      addMultiple(alpha, direction_, solution_, size_);
      addMultiple(-alpha, image_, remainder_, size_);
      const double next = squaredLength(remainder_, size_);
      const double keep = next / square;
      for (std::int64_t j = 0; j < size_; ++j) direction_[j] = remainder_[j] + keep * direction_[j];
      square = next;
    }
    for (std::int64_t j = 0; j < size_; ++j) solution_[j] *= norm;
    predicted = fall * norm * norm;
    return true;
  }

  static constexpr int maxRejections = 8;
  static constexpr double firstDamping = 1e-3;
  static constexpr double leastDamping = 1e-6;
  static constexpr double tightestForcing = 1e-4;
  static constexpr double loosestForcing = 0.1;

  bool amplitudes_;
  double damping_, variance_ = 1, value_ = 0;
  std::int64_t maxInner_, size_, m_;
  Way way_ = Way::gradient;
  const double* y_ = nullptr;
  const double* b_ = nullptr;
  AlignedBuffer<double> q_, field_, vectors_;
  double *solution_ = nullptr, *remainder_ = nullptr, *direction_ = nullptr, *image_ = nullptr, *kept_ = nullptr;
};

}  // namespace

std::unique_ptr<VectorMethod> makeGaussNewton(const VectorState& state) { return std::make_unique<GaussNewton>(state); }

}  // namespace lowrank
