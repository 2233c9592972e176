// Prox-linear method for robust phase retrieval (Duchi and Ruan, arXiv 1705.02356): f = mean | |r|^2 - y |, and
//   theta <- theta + argmin_d  mean | |r|^2 - y + 2 Re(conj(r) X d) | + (L / 2) ||d||^2,   L = 2 ||X||^2 / (m step).
// With step 1 the model lies above f, so f falls; clean data: quadratic convergence.
//
// Inner problem, with h = |r|, p = r / h, c = (h^2 - y) / (2 h), in the scaled residuals e = c + Re(conj(p) X d):
//   primal  P(d) = mean 2 h |e| + (L / 2) ||d||^2,     d = -X^H(s p) / L
//   dual    D(s) = <s, c> - ||X^H(s p)||^2 / (2 L),    |s_i| <= 2 h_i / m,   gradient e(d(s))
// by accelerated projected gradients on D (Beck and Teboulle 2009) with step L / ||X||^2, restarted where the momentum
// points down (O'Donoghue and Candes, arXiv 1204.3982). The scaling makes the dual as well conditioned as X itself.
// Projection and extrapolation act row by row, so an inner iteration is one fused pass. It ends when the duality gap is
// at most `forcing` of the decrease of the model.
#include <algorithm>

#include "methods.h"
#include "tools.h"

namespace lowrank {
namespace {

class ProxLinear final : public VectorMethod, private RowMap {
 public:
  explicit ProxLinear(const VectorState& state)
      : step_(positiveParameter(state, 0)),
        maxInner_(integerParameter(state, 1, 1, 1e6)),
        m_(state.m),
        size_(state.wideN),
        phase_(state.wideM),
        field_(state.wideM),
        rows_(6 * state.m),
        vectors_(5 * state.wideN) {
    c_ = rows_.data();
    box_ = c_ + m_;
    s_ = box_ + m_;
    v_ = s_ + m_;
    nextS_ = v_ + m_;
    e_ = nextS_ + m_;
    d_ = vectors_.data();
    best_ = d_ + size_;
    kept_ = best_ + size_;
    image_ = kept_ + size_;
    sImage_ = image_ + size_;
  }

  std::int64_t bytes() const override { return phase_.bytes() + field_.bytes() + rows_.bytes() + vectors_.bytes(); }

  bool initialize(VectorState& state, Team& team) override {
    if (!largestSquare(state, team)) return false;
    return measure(state, team);
  }

  bool step(VectorState& state, Team& team) override {
    const double before = state.info.trainLoss;
    std::copy_n(state.theta.data(), size_, kept_);
    prepare(state);
    for (int attempt = 0;; ++attempt) {
      if (!solve(state, team, before)) return false;
      for (std::int64_t j = 0; j < size_; ++j) state.theta[j] = kept_[j] + best_[j];
      if (!measure(state, team)) return false;
      if (std::isfinite(state.info.trainLoss) && state.info.trainLoss <= before) {
        state.info.step = step_;
        return true;
      }
      ++state.info.rejectedSteps;
      if (attempt == maxRejections) {
        state.exhausted = true;
        std::copy_n(kept_, size_, state.theta.data());
        state.info.step = 0;
        return measure(state, team);
      }
      step_ *= 0.5;
    }
  }

 private:
  enum class Way { identity, dual };

  void map(std::int64_t first, std::int64_t count, Entries t, MutableEntries weight) const override {
    const bool wide = t.im != nullptr;
    if (way_ == Way::identity) {
      std::copy_n(t.re, count, weight.re);
      if (wide) std::copy_n(t.im, count, weight.im);
      return;
    }
    const Entries p = entriesOf(phase_.data(), m_, wide ? Field::complex : Field::real, first);
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t i = first + k;
      const double along = wide ? p.re[k] * t.re[k] + p.im[k] * t.im[k] : p.re[k] * t.re[k];
      const double e = c_[i] + along;
      const double s = std::clamp(v_[i] + ascent_ * e, -box_[i], box_[i]);
      const double v = s + momentum_ * (s - s_[i]);
      e_[i] = e;
      nextS_[i] = s;
      weight.re[k] = v * p.re[k];
      if (wide) weight.im[k] = v * p.im[k];
    }
  }

  bool pass(VectorState& state, Team& team, const double* in, double* out) {
    if (!state.design->applyAndAdjoint(in, field_.data(), *this, out, *state.workspace, team)) return false;
    ++state.info.passes;
    ++state.info.forwardCount;
    ++state.info.adjointCount;
    return true;
  }

  bool measure(VectorState& state, Team& team) {
    if (!state.measure(team)) return false;
    const Entries r = entriesOf(static_cast<const double*>(state.r.data()), m_, state.field);
    const double* y = state.y.data();
    state.info.trainLoss = state.sumRows(team, [&](std::int64_t i) { return std::fabs(squaredModulus(r, i) - y[i]); }) /
                           static_cast<double>(m_);
    return true;
  }

  // ||X||^2 by power iteration, an estimate from below within a few per cent, and a margin.
  bool largestSquare(VectorState& state, Team& team) {
    way_ = Way::identity;
    for (std::int64_t j = 0; j < size_; ++j) d_[j] = state.theta[j];
    if (!(squaredLength(d_, size_) > 0)) std::fill_n(d_, size_, 1.0);
    for (int k = 0; k < powerSteps; ++k) {
      const double norm = std::sqrt(squaredLength(d_, size_));
      if (!(norm > 0)) break;
      for (std::int64_t j = 0; j < size_; ++j) d_[j] /= norm;
      if (!pass(state, team, d_, image_)) return false;
      square_ = std::max(square_, std::sqrt(squaredLength(image_, size_)));
      std::swap(d_, image_);
    }
    square_ = square_ > 0 ? 1.1 * square_ : 1;
    return true;
  }

  void prepare(const VectorState& state) {
    const Entries r = entriesOf(state.r.data(), m_, state.field);
    const MutableEntries p = entriesOf(phase_.data(), m_, state.field);
    double misfits = 0, whole = 0;
    for (std::int64_t i = 0; i < m_; ++i) {
      const double h = std::sqrt(squaredModulus(r, i));
      const double inverse = h > 0 ? 1 / h : 0;
      p.re[i] = r.re[i] * inverse;
      if (p.im != nullptr) p.im[i] = r.im[i] * inverse;
      c_[i] = 0.5 * (h * h - state.y[i]) * inverse;
      box_[i] = 2 * h / static_cast<double>(m_);
      misfits += std::fabs(h * h - state.y[i]);
      whole += state.y[i];
    }
    forcing_ = whole > 0 ? std::clamp(misfits / whole, tightestForcing, loosestForcing) : loosestForcing;
  }

  // best_ <- the d of the least P seen.
  bool solve(VectorState& state, Team& team, double start) {
    way_ = Way::dual;
    const double bigL = 2 * square_ / (static_cast<double>(m_) * step_);
    ascent_ = bigL / square_;
    for (double* zero : {s_, v_}) std::fill_n(zero, m_, 0.0);
    for (double* zero : {d_, best_, sImage_}) std::fill_n(zero, size_, 0.0);
    double time = 1, leastP = start, mostD = 0;
    // Rows of r_i = 0 are constant in the model: what of the loss is in them is in both P and D.
    double constant = 0;
    for (std::int64_t i = 0; i < m_; ++i) constant += box_[i] > 0 ? 0 : state.y[i] / static_cast<double>(m_);
    for (std::int64_t k = 0; k < maxInner_; ++k) {
      const double nextTime = 0.5 * (1 + std::sqrt(1 + 4 * time * time));
      momentum_ = (time - 1) / nextTime;
      if (!pass(state, team, d_, image_)) return false;
      // e_ belongs to d_, nextS_ to the step from v_, image_ = X^H((s + momentum (s - old s)) p).
      double primal = constant + 0.5 * bigL * squaredLength(d_, size_), dual = constant, turn = 0;
      for (std::int64_t i = 0; i < m_; ++i) {
        primal += box_[i] * std::fabs(e_[i]);
        dual += nextS_[i] * c_[i];
        turn += (v_[i] - nextS_[i]) * (nextS_[i] - s_[i]);
        v_[i] = nextS_[i] + momentum_ * (nextS_[i] - s_[i]);
      }
      for (std::int64_t j = 0; j < size_; ++j) {
        sImage_[j] = (image_[j] + momentum_ * sImage_[j]) / (1 + momentum_);
      }
      dual -= squaredLength(sImage_, size_) / (2 * bigL);
      mostD = std::max(mostD, dual);
      if (primal < leastP) {
        leastP = primal;
        std::copy_n(d_, size_, best_);
      }
      if (leastP < start && leastP - mostD <= forcing_ * (start - leastP)) return true;
      if (!std::isfinite(primal)) return true;
      std::swap(s_, nextS_);
      time = nextTime;
      if (turn > 0) {
        time = 1;
        std::copy_n(s_, m_, v_);
        std::copy_n(sImage_, size_, image_);
      }
      for (std::int64_t j = 0; j < size_; ++j) d_[j] = -image_[j] / bigL;
    }
    return true;
  }

  static constexpr int powerSteps = 20;
  static constexpr int maxRejections = 8;
  static constexpr double tightestForcing = 1e-4;
  static constexpr double loosestForcing = 0.1;

  double step_, square_ = 0, ascent_ = 0, momentum_ = 0, forcing_ = 0.1;
  std::int64_t maxInner_, m_, size_;
  Way way_ = Way::identity;
  AlignedBuffer<double> phase_, field_, rows_, vectors_;
  double *c_ = nullptr, *box_ = nullptr, *s_ = nullptr, *v_ = nullptr, *nextS_ = nullptr, *e_ = nullptr;
  double *d_ = nullptr, *best_ = nullptr, *kept_ = nullptr, *image_ = nullptr, *sImage_ = nullptr;
};

}  // namespace

std::unique_ptr<VectorMethod> makeProxLinear(const VectorState& state) { return std::make_unique<ProxLinear>(state); }

}  // namespace lowrank
