// The list of vector methods: a new one is one line here and one file.
#include <cmath>
#include <string>
#include <utility>

#include "../error.h"
#include "methods/methods.h"
#include "methods/projections.h"
#include "vector_method.h"

namespace lowrank {
namespace {

struct Entry {
  VectorMethodDescription description;
  std::unique_ptr<VectorMethod> (*make)(const VectorState&);
};

enum class Step { no, yes };
enum class Ridge { no, yes };

// Of the first gradient norm. So small that clean data, where the residual goes to 0 too, end by the residual.
constexpr double stationary = 1e-12;

// A method for intensities, in both fields, with a loss of its own.
VectorMethodDescription ownLoss(const char* name, std::vector<const char*> parameters, std::vector<double> defaults,
                                std::int64_t stopIterations = 1000, double stopGradient = 0, Step step = Step::no,
                                Ridge ridge = Ridge::no) {
  return {name, std::move(parameters), std::move(defaults), true,  true,           false,
          true, ridge == Ridge::yes,   step == Step::yes,   false, stopIterations, stopGradient};
}

// name, parameters, defaults, real, complex, anyLoss, intensityOnly, ridge, step, momentum, stopIterations,
// stopGradient
const std::vector<Entry>& entries() {
  static const auto* list = new std::vector<Entry>{
      {{"gradient-descent", {}, {}, true, true, true, false, true, true, true, 1000, stationary},
       makeVectorGradientDescent},
      {{"l-bfgs", {"memory"}, {10}, true, true, true, false, true, false, false, 1000, stationary}, makeLBfgs},
      {ownLoss("wirtinger-flow", {"maxStep", "timeConstant"}, {0, 330}, 5000, stationary, Step::yes, Ridge::yes),
       makeWirtingerFlow},
      {ownLoss("truncated-wirtinger-flow", {"mu", "lower", "upper", "residual"}, {0.2, 0.3, 5, 5}, 3000, 0, Step::yes),
       makeTruncatedWirtingerFlow},
      {ownLoss("reweighted-wirtinger-flow", {"mu", "eta"}, {0, 0.9}, 5000, stationary, Step::yes),
       makeReweightedWirtingerFlow},
      {ownLoss("amplitude-flow", {"mu"}, {0}, 2000, stationary, Step::yes), makeAmplitudeFlow},
      {ownLoss("truncated-amplitude-flow", {"mu", "gamma"}, {0, 0.7}, 2000, stationary, Step::yes),
       makeTruncatedAmplitudeFlow},
      {ownLoss("reweighted-amplitude-flow", {"mu", "beta"}, {0, 0}, 2000, stationary, Step::yes),
       makeReweightedAmplitudeFlow},
      {ownLoss("reshaped-wirtinger-flow", {"mu"}, {0.8}, 2000, stationary, Step::yes), makeAmplitudeFlow},
      {ownLoss("incremental-reshaped-wirtinger-flow", {"mu", "order"}, {1, 1}, 1000, 0, Step::yes),
       makeIncrementalReshapedWirtingerFlow},
      {ownLoss("polyak-subgradient", {"minimum"}, {0}, 3000), makePolyakSubgradient},
      {ownLoss("kaczmarz", {"order"}, {1}), makeKaczmarz},
      {ownLoss("coordinate-descent", {"shuffled"}, {0}), makeCoordinateDescent},
      {ownLoss("gauss-newton", {"amplitudes", "damping", "innerIterations"}, {0, 0.1, 200}, 1000, stationary),
       makeGaussNewton},
      {ownLoss("prox-linear", {"step", "innerIterations"}, {1, 500}), makeProxLinear},
      {ownLoss("error-reduction", {}, {}, 3000), makeErrorReduction},
      {ownLoss("hio", {"beta", "nonNegative"}, {0.9, 0}, 3000), makeInputOutput},
      {ownLoss("raar", {"beta"}, {0.9}), makeAveragedReflections},
      {ownLoss("admm", {"penalty"}, {0.1}), makeSplitting},
      {ownLoss("phasemax", {}, {}), makePhaseMax},
      {ownLoss("phaselamp", {"rounds", "tolerance"}, {10, 1e-3}, 3000), makePhaseLamp},
      {ownLoss("amp", {"damping", "clip", "overlap"}, {0.1, 64, 0}), makeMessagePassing},
  };
  return *list;  // never destroyed: threads may outlive static destructors
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalidArgument, message); }

void check(const VectorMethodDescription& method, const VectorState& state) {
  const VectorRunOptions& options = state.options;
  const std::string name = std::string("The method ") + method.name;
  if (state.field == Field::complex ? !method.complex : !method.real) {
    refuse(name + " is for " + (state.field == Field::complex ? "real" : "complex") + " problems only.");
  }
  if (options.methodParameters.size() != method.parameters.size()) {
    refuse(name + " takes " + std::to_string(method.parameters.size()) + " parameters, not " +
           std::to_string(options.methodParameters.size()) + ".");
  }
  for (const double value : options.methodParameters) {
    if (!std::isfinite(value)) refuse(name + " takes finite parameters.");
  }
  if (method.intensityOnly && !options.intensity) refuse(name + " needs intensities |z|^2.");
  if (options.ridge != 0 && !method.ridge) refuse(name + " takes no ridge.");
  if (options.step == VectorStep::fixed && !method.step) refuse(name + " takes no step.");
  if (options.momentum != 0 && !method.momentum) refuse(name + " takes no momentum.");
}

}  // namespace

const std::vector<VectorMethodDescription>& vectorMethodDescriptions() {
  static const auto* list = [] {
    auto* made = new std::vector<VectorMethodDescription>;
    for (const auto& entry : entries()) made->push_back(entry.description);
    return made;
  }();
  return *list;
}

std::unique_ptr<VectorMethod> makeVectorMethod(const VectorState& state) {
  for (const auto& entry : entries()) {
    if (state.options.method != entry.description.name) continue;
    check(entry.description, state);
    return entry.make(state);
  }
  refuse("Unknown method " + state.options.method + ".");
}

}  // namespace lowrank
