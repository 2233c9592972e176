#include "vector_run_options.h"

namespace lowrank::binding {

DecodedVectorRunOptions decodeVectorRunOptions(const Napi::Object& given, const Design& design) {
  DecodedVectorRunOptions decoded;
  VectorRunOptions& options = decoded.options;

  // First everything that may run code of the caller, which could detach or shrink an array; then the arrays.
  const auto get = [&](const char* name) { return property(given, name); };
  const auto number = [&](const char* name) { return nonNegativeNumber(get(name), name); };
  const auto count = [&](const char* name) { return integer(get(name), name, 0, kMaxSafeInteger); };
  options.method = text(get("method"), "method");
  options.methodParameters = numberList(get("methodParameters"), "methodParameters");
  options.loss = lossArgument(get("loss"), "loss");
  options.seed = seed(get("seed"), "seed");
  options.step =
      choice<VectorStep>(get("step"), "step", {{"auto", VectorStep::automatic}, {"fixed", VectorStep::fixed}});
  options.stepSize = number("stepSize");
  options.ridge = number("ridge");
  options.momentum = number("momentum");
  options.stopIterations = count("stopIterations");
  options.stopResidual = number("stopResidual");
  options.stopGradient = number("stopGradient");
  options.stopChange = number("stopChange");
  options.stopTimeLimit = number("stopTimeLimit");
  options.stopDivergence = number("stopDivergence");
  options.recordEvery = count("recordEvery");
  options.columns = texts(get("columns"), "columns");
  options.intensity = boolean(get("intensity"), "intensity");
  options.even = boolean(get("even"), "even");
  const Napi::Value theta = get("theta");
  const Napi::Value y = get("y");
  const Napi::Value truth = get("truth");

  decoded.theta = splitCopyOf(theta, "theta", design.dimension(), design.field());
  options.theta = decoded.theta.data();
  decoded.y = copyOf(y, "y", design.measurements());
  options.y = decoded.y.data();
  if (!truth.IsNull()) {
    decoded.truth = splitCopyOf(truth, "truth", design.dimension(), design.field());
    options.truth = decoded.truth.data();
  }
  return decoded;
}

}  // namespace lowrank::binding
