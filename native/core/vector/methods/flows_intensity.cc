// Flows on intensities y = |z|^2: Wirtinger flow, reweighted Wirtinger flow, the Polyak subgradient method.
#include "flow.h"
#include "methods.h"

namespace lowrank {
namespace {

struct IntensityRule {
  explicit IntensityRule(const VectorState& state)
      : y(state.y.data()), factor(state.field == Field::complex ? 0.5 : 0.25), variance(entryVariance(state)) {}
  static constexpr bool needsField = false;
  double loss(std::int64_t i, double square) const noexcept { return factor * (square - y[i]) * (square - y[i]); }
  void before(const VectorState&) const noexcept {}
  void after(VectorState&, Team&) const noexcept {}
  std::int64_t bytes() const noexcept { return 0; }

  const double* y;
  double factor;
  double variance;
};

// Candes, Li and Soltanolkotabi, arXiv 1407.1065: force (|r|^2 - y) r, step mu_t / ||theta^0||^2 with mu_t =
// min(1 - exp(-t / timeConstant), maxStep), t = 1, 2, ...
struct WirtingerRule : IntensityRule {
  explicit WirtingerRule(const VectorState& state)
      : IntensityRule(state),
        maxStep(byField(state, parameterAtLeast(state, 0, 0), 0.1, 0.2)),
        timeConstant(parameterAtLeast(state, 1, 0)) {}
  double weight(std::int64_t i, double square) const noexcept { return square - y[i]; }
  void before(const VectorState& state) noexcept {
    if (perStart > 0) return;
    const double square = squaredLength(state.theta.data(), state.wideN) * variance * variance;
    perStart = square > 0 ? 1 / square : 1;
  }
  double step(const VectorState&) noexcept {
    t += 1;
    return std::fmin(timeConstant > 0 ? -std::expm1(-t / timeConstant) : maxStep, maxStep) * perStart;
  }
  const WirtingerRule& view() const noexcept { return *this; }

  double maxStep, timeConstant, perStart = 0, t = 0;
};

// Yuan and Wang, doi 10.1364/AO.56.002418: weights 1 / (| |r|^2 - y | + eta) at the current iterate, here times eta,
// so that no weight is above 1 and eta -> infinity is Wirtinger flow; eta in units of mean y.
struct ReweightedWirtingerRule : IntensityRule {
  explicit ReweightedWirtingerRule(const VectorState& state)
      : IntensityRule(state), mu(byField(state, parameterAtLeast(state, 0, 0), 0.1, 0.2)) {
    const double mean = meanOf(y, state.m);
    scale = mean > 0 ? 1 / (positiveParameter(state, 1) * mean) : 0;
    perSquare = mean > 0 ? 1 / (mean * variance) : 1;
  }
  double weight(std::int64_t i, double square) const noexcept {
    const double misfit = square - y[i];
    return misfit / (1 + std::fabs(misfit) * scale);
  }
  double step(const VectorState&) const noexcept { return mu * perSquare; }
  const ReweightedWirtingerRule& view() const noexcept { return *this; }

  double mu, scale, perSquare;
};

// Davis, Drusvyatskiy and Paquette, arXiv 1711.03247: f = mean | |r|^2 - y |, theta <- theta - ((f - f*) / ||g||^2) g
// with g = 2 X^H (sgn(|r|^2 - y) r) / m, a subgradient in the real and imaginary parts.
struct PolyakRule : IntensityRule {
  explicit PolyakRule(const VectorState& state) : IntensityRule(state), least(parameterAtLeast(state, 0, 0)) {}
  double weight(std::int64_t i, double square) const noexcept {
    return square > y[i] ? 2.0 : square < y[i] ? -2.0 : 0.0;
  }
  double loss(std::int64_t i, double square) const noexcept { return std::fabs(square - y[i]); }
  double step(const VectorState& state) const noexcept {
    const double square = squaredLength(state.gradient.data(), state.wideN);
    const double excess = state.info.trainLoss - least;
    return square > 0 && excess > 0 ? excess / square : 0;
  }
  const PolyakRule& view() const noexcept { return *this; }

  double least;
};

}  // namespace

std::unique_ptr<VectorMethod> makeWirtingerFlow(const VectorState& state) {
  return std::make_unique<Flow<WirtingerRule>>(state);
}
std::unique_ptr<VectorMethod> makeReweightedWirtingerFlow(const VectorState& state) {
  return std::make_unique<Flow<ReweightedWirtingerRule>>(state);
}
std::unique_ptr<VectorMethod> makePolyakSubgradient(const VectorState& state) {
  return std::make_unique<Flow<PolyakRule>>(state);
}

}  // namespace lowrank
