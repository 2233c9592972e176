// Truncated Wirtinger flow (Chen and Candes, arXiv 1505.05114):
//   theta <- theta - (2 mu / m) X^H [ mask (|r|^2 - y) / conj(r) ],
// a row counts where, with s = sqrt(n) |r_i| / (||x_i|| ||theta||),
//   lower <= s <= upper   and   | y_i - |r_i|^2 | <= residual K s,   K = mean_i | y_i - |r_i|^2 |.
// The paper takes K at the current iterate, which needs a second pass over the design; here K is that of the previous
// iterate (of the start, in the first iteration): one pass. K falls by a constant factor an iteration, so this mask
// lets at most that factor more through.
#include "flow.h"
#include "methods.h"

namespace lowrank {
namespace {

struct Mask {
  const double* y = nullptr;
  const double* rowScale = nullptr;  // sqrt(n) / ||x_i||
  double factor = 0;
  double perNorm = 0;  // 1 / ||theta||
  double lower = 0, upper = 0, limit = 0;

  double weight(std::int64_t i, double square) const noexcept {
    const double s = std::sqrt(square) * rowScale[i] * perNorm;
    const double misfit = square - y[i];
    const bool counts = s >= lower && s <= upper && std::fabs(misfit) <= limit * s && square > 0;
    return counts ? misfit / square : 0.0;
  }
  // |r|^2 - y - y log(|r|^2 / y), 0 at |r|^2 = y: the negative log-likelihood of Poisson counts y, up to a constant.
  double loss(std::int64_t i, double square) const noexcept {
    const double logarithm = y[i] > 0 ? y[i] * std::log(std::fmax(square, 1e-300) / y[i]) : 0.0;
    return factor * (square - y[i] - logarithm);
  }
};

class TruncatedWirtingerRule {
 public:
  explicit TruncatedWirtingerRule(const VectorState& state)
      : variance_(entryVariance(state)), mu_(positiveParameter(state, 0)), rowScale_(state.m) {
    mask_.y = state.y.data();
    mask_.rowScale = rowScale_.data();
    mask_.factor = state.field == Field::complex ? 1 : 0.5;
    mask_.lower = parameterAtLeast(state, 1, 0);
    mask_.upper = positiveParameter(state, 2);
    residual_ = positiveParameter(state, 3);
    state.design->squaredRowNorms(rowScale_.data());
    for (std::int64_t i = 0; i < state.m; ++i) {
      rowScale_[i] = rowScale_[i] > 0 ? std::sqrt(static_cast<double>(state.n) / rowScale_[i]) : 0.0;
    }
  }
  static constexpr bool needsField = true;

  void before(const VectorState& state) noexcept {
    const double norm = std::sqrt(squaredLength(state.theta.data(), state.wideN));
    mask_.perNorm = norm > 0 ? 1 / norm : 0;
    mask_.limit = residual_ * misfit_;
  }
  void after(VectorState& state, Team& team) {
    const Entries r = entriesOf(static_cast<const double*>(state.r.data()), state.m, state.field);
    const double* y = mask_.y;
    misfit_ = state.sumRows(team, [&](std::int64_t i) { return std::fabs(squaredModulus(r, i) - y[i]); }) /
              static_cast<double>(state.m);
  }
  double loss(std::int64_t i, double square) const noexcept { return mask_.loss(i, square); }
  double step(const VectorState&) const noexcept { return 2 * mu_ / variance_; }
  const Mask& view() const noexcept { return mask_; }
  std::int64_t bytes() const noexcept { return rowScale_.bytes(); }

 private:
  double variance_, mu_, residual_ = 0, misfit_ = 0;
  AlignedBuffer<double> rowScale_;
  Mask mask_;
};

}  // namespace

std::unique_ptr<VectorMethod> makeTruncatedWirtingerFlow(const VectorState& state) {
  return std::make_unique<Flow<TruncatedWirtingerRule>>(state);
}

}  // namespace lowrank
