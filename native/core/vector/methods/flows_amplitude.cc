// Flows on amplitudes b = sqrt(y): amplitude flow and its truncated, reweighted and reshaped kin. All have the force
// w (|r| - b) r / |r|, with r / |r| = 0 at 0.
#include "flow.h"
#include "methods.h"

namespace lowrank {
namespace {

struct AmplitudeRule {
  explicit AmplitudeRule(const VectorState& state)
      : b(state.modulus.data()), factor(state.field == Field::complex ? 1 : 0.5), variance(entryVariance(state)) {}
  static constexpr bool needsField = false;
  double loss(std::int64_t i, double square) const noexcept {
    const double misfit = std::sqrt(square) - b[i];
    return factor * misfit * misfit;
  }
  double step(const VectorState&) const noexcept { return mu / variance; }
  void before(const VectorState&) const noexcept {}
  void after(VectorState&, Team&) const noexcept {}
  std::int64_t bytes() const noexcept { return 0; }

  const double* b;
  double factor;
  double variance;
  double mu = 0;
};

// Wang, Giannakis and Eldar, arXiv 1605.08285, without truncation; with mu = 0.8 the reshaped Wirtinger flow of Zhang
// and Liang, arXiv 1605.07719.
struct PlainRule : AmplitudeRule {
  explicit PlainRule(const VectorState& state) : AmplitudeRule(state) {
    mu = byField(state, parameterAtLeast(state, 0, 0), 0.6, 1);
  }
  double weight(std::int64_t i, double square) const noexcept {
    return square > 0 ? 1 - b[i] / std::sqrt(square) : 0.0;
  }
  const PlainRule& view() const noexcept { return *this; }
};

// arXiv 1605.08285: only rows with |r| >= b / (1 + gamma).
struct TruncatedRule : AmplitudeRule {
  explicit TruncatedRule(const VectorState& state) : AmplitudeRule(state), reach(1 + parameterAtLeast(state, 1, 0)) {
    mu = byField(state, parameterAtLeast(state, 0, 0), 0.6, 1);
  }
  double weight(std::int64_t i, double square) const noexcept {
    const double modulus = std::sqrt(square);
    return modulus * reach >= b[i] && modulus > 0 ? 1 - b[i] / modulus : 0.0;
  }
  const TruncatedRule& view() const noexcept { return *this; }

  double reach;
};

// Wang, Giannakis, Saad and Chen, arXiv 1705.10407: weights rho / (rho + beta) with rho = |r| / b.
struct ReweightedRule : AmplitudeRule {
  explicit ReweightedRule(const VectorState& state)
      : AmplitudeRule(state), beta(byField(state, parameterAtLeast(state, 1, 0), 10, 5)) {
    mu = byField(state, parameterAtLeast(state, 0, 0), 3, 5);
  }
  double weight(std::int64_t i, double square) const noexcept {
    const double modulus = std::sqrt(square);
    return modulus > 0 ? (modulus - b[i]) / (modulus + beta * b[i]) : 0.0;
  }
  const ReweightedRule& view() const noexcept { return *this; }

  double beta;
};

}  // namespace

std::unique_ptr<VectorMethod> makeAmplitudeFlow(const VectorState& state) {
  return std::make_unique<Flow<PlainRule>>(state);
}
std::unique_ptr<VectorMethod> makeTruncatedAmplitudeFlow(const VectorState& state) {
  return std::make_unique<Flow<TruncatedRule>>(state);
}
std::unique_ptr<VectorMethod> makeReweightedAmplitudeFlow(const VectorState& state) {
  return std::make_unique<Flow<ReweightedRule>>(state);
}

}  // namespace lowrank
