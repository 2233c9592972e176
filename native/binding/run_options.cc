#include "run_options.h"

namespace lowrank::binding {
namespace {

bool absent(Napi::Value value) { return value.IsNull() || value.IsUndefined(); }

void requireAbsent(Napi::Value value, const char* name, const char* when) {
  if (!absent(value)) refuse(std::string("Expected null for ") + name + " " + when + " but " + received(value) + ".");
}

// Everything that is not an array; `get` may run the caller's getters.
template <class Get>
void decodeScalars(const Get& get, RunOptions& options) {
  const auto number = [&](const char* name) { return nonNegativeNumber(get(name), name); };
  const auto count = [&](const char* name) { return integer(get(name), name, 0, kMaxSafeInteger); };

  options.model =
      choice<Model>(get("model"), "model", {{"symmetric", Model::symmetric}, {"asymmetric", Model::asymmetric}});
  options.rank = integer(get("rank"), "rank", 1, kMaxDimension);
  options.method = text(get("method"), "method");

  options.init =
      choice<InitKind>(get("init"), "init",
                       {{"given", InitKind::given}, {"random", InitKind::random}, {"spectral", InitKind::spectral}});
  options.initScale = finiteNumber(get("initScale"), "initScale");
  options.initRatio = finiteNumber(get("initRatio"), "initRatio");
  options.entryVariance = choice<EntryVariance>(get("entryVariance"), "entryVariance",
                                                {{"scale^2/rank", EntryVariance::scaleSquaredOverRank},
                                                 {"scale^2", EntryVariance::scaleSquared},
                                                 {"scale^2/n", EntryVariance::scaleSquaredOverDimension}});
  options.seed = seed(get("seed"), "seed");

  options.step = choice<StepKind>(
      get("step"), "step",
      {{"fixed", StepKind::fixed}, {"auto", StepKind::automatic}, {"exact-line-search", StepKind::exactLineSearch}});
  options.stepSize = number("stepSize");

  options.stopIterations = count("stopIterations");
  options.stopResidual = number("stopResidual");
  options.stopGradient = number("stopGradient");
  options.stopStallWindow = count("stopStallWindow");
  options.stopStallDecrease = number("stopStallDecrease");
  options.stopValidationPatience = count("stopValidationPatience");
  options.stopTimeLimit = number("stopTimeLimit");
  options.stopDivergence = number("stopDivergence");
  options.stopEventIteration = integer(get("stopEventIteration"), "stopEventIteration", -1, kMaxSafeInteger);
  options.stopEventResidual = number("stopEventResidual");

  options.recordEvery = count("recordEvery");
  options.iterationOffset = count("iterationOffset");
  options.columns = texts(get("columns"), "columns");
  options.probeRank = count("probeRank");
}

}  // namespace

DecodedRunOptions decodeRunOptions(const Napi::Object& given, const MeasurementOperator& op) {
  DecodedRunOptions decoded;
  RunOptions& options = decoded.options;

  // First everything that may run code of the caller, which could detach or shrink an array; then the arrays.
  const auto get = [&](const char* name) { return property(given, name); };
  decodeScalars(get, options);
  const Napi::Value left = get("left");
  const Napi::Value right = get("right");
  const Napi::Value y = get("y");
  const Napi::Value heldOut = get("heldOut");
  const Napi::Value truth = get("truth");

  const bool symmetric = options.model == Model::symmetric;
  if (symmetric && op.rows() != op.cols()) refuse("Expected a square operator for the symmetric model.");
  const std::int64_t leftSize = product(op.rows(), options.rank, "The left factor");
  const std::int64_t rightSize = product(op.cols(), options.rank, "The right factor");

  if (options.init == InitKind::given) {
    decoded.left = copyOf(left, "left", leftSize);
    options.left = decoded.left.data();
  } else {
    requireAbsent(left, "left", "unless init is 'given'");
  }
  if (options.init == InitKind::given && !symmetric) {
    decoded.right = copyOf(right, "right", rightSize);
    options.right = decoded.right.data();
  } else {
    requireAbsent(right, "right", "in this model and with this init");
  }
  decoded.y = copyOf(y, "y", op.measurements());
  options.y = decoded.y.data();
  if (!absent(heldOut)) {
    decoded.heldOut = copyOfBytes(heldOut, "heldOut", op.measurements());
    options.heldOut = decoded.heldOut.data();
  }
  if (!absent(truth)) {
    decoded.truth = copyOf(truth, "truth", product(op.rows(), op.cols(), "The truth"));
    options.truth = decoded.truth.data();
  }
  return decoded;
}

}  // namespace lowrank::binding
