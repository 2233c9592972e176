#include "dmft_common.h"

#include <cmath>
#include <string>

#include "../error.h"

namespace lowrank {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalidArgument, message); }

void expectPositive(double value, const char* name) {
  if (!(value > 0 && std::isfinite(value))) refuse(std::string("Expected a positive finite number for ") + name + ".");
}

void refuseJumps(const LossSpec& spec, Field field) {
  if (makeLoss(spec, field)->differentiable()) return;
  std::string message = "The force of the loss '" + spec.name + "' jumps, and a pathwise derivative misses the jump.";
  for (const LossDescription& loss : lossDescriptions()) {
    if (loss.name == spec.name && loss.smoothed != nullptr) message += std::string(" Use '") + loss.smoothed + "'.";
  }
  refuse(message);
}

constexpr std::int64_t mostIterations = 20000;          // (T + 1)^2 numbers are kept
constexpr std::int64_t mostSamples = INT64_C(1) << 40;  // the stream's blocks have 2^44 numbers

}  // namespace

DmftOptions checkedDmftOptions(const DmftOptions& given, bool twin) {
  DmftOptions options = given;
  options.spectral = given.spectral && given.spectralMemory;
  expectPositive(options.delta, "delta");
  if (options.iterations < 0 || options.iterations > mostIterations) {
    refuse("Expected 0 to " + std::to_string(mostIterations) + " iterations.");
  }
  if (static_cast<std::int64_t>(options.steps.size()) != options.iterations) refuse("Expected one step an iteration.");
  for (const double step : options.steps) {
    if (!std::isfinite(step)) refuse("Expected finite steps.");
  }
  if (!(std::isfinite(options.ridge) && std::isfinite(options.momentum)))
    refuse("Expected a finite ridge and momentum.");
  if (!(options.batch > 0 && options.batch <= 1)) refuse("Expected a batch above 0 and up to 1.");
  if (twin && options.batch != 1) refuse("Expected batch 1: the masks of a real run are not known.");
  if (options.spectral) {
    expectPositive(options.tau, "tau");
    if (options.t == nullptr) refuse("Expected T(y) of each sample for a spectral start.");
  }
  const std::int64_t least = twin ? 1 : 8 * (options.iterations + 2);
  if (options.samples < least || options.samples > mostSamples || options.firstSample < 0 ||
      options.firstSample > mostSamples) {
    refuse("Expected at least " + std::to_string(least) + " samples.");
  }
  if (!twin) {
    expectPositive(options.norm, "norm");
    if (!(std::fabs(options.overlap) <= 1)) refuse("Expected an overlap from -1 to 1.");
  }
  for (std::int64_t i = 0; options.spectral && i < options.samples; ++i) {
    if (!(options.t[i] < options.tau)) refuse("Expected T(y) below tau for every sample.");
  }
  refuseJumps(options.loss, options.field);
  return options;
}

ScaledResponses::ScaledResponses(const DmftOptions& options)
    : delta_(options.delta),
      sizeT_(options.iterations + 1),
      response_(sizeT_ * sizeT_),
      star_(sizeT_ + 1),
      memory_(sizeT_ + 1) {}

void ScaledResponses::setRow(std::int64_t t, const DmftRecursions& recursions, DmftCoefficients& coefficients) {
  const double* const row = recursions.response.data() + t * recursions.sizeS;
  for (std::int64_t k = 0; k <= t; ++k) memory_[k] = row[k] / delta_;
  for (std::int64_t s = 0; s < t; ++s) response_[s * sizeT_ + t] = memory_[s + 1];
  star_[t] = memory_[0];
  coefficients.memory = memory_.data();
  coefficients.response = response_.data();
  coefficients.star = star_.data();
}

void recordMeans(std::int64_t t, const DmftOptions& options, const DmftMeans& means, DmftRecursions& recursions) {
  double* const forceRow = recursions.responseForce.data() + t * recursions.sizeT;
  double kappa = means.zForce;
  bool finite = std::isfinite(means.trainLoss) && std::isfinite(means.testLoss);
  for (std::int64_t s = 0; s <= t; ++s) {
    forceRow[s] = means.responseForce[static_cast<std::size_t>(s)];
    kappa -= forceRow[s] * recursions.m[s];
    finite = finite && std::isfinite(forceRow[s]);
  }
  recursions.kappa[t] = kappa;
  for (std::int64_t k = 0; k <= t + 1; ++k) {
    const double value = means.products[static_cast<std::size_t>(k)] / options.delta;
    recursions.forces[(t + 1) * recursions.sizeS + k] = value;
    recursions.forces[k * recursions.sizeS + t + 1] = value;
    finite = finite && std::isfinite(value);
  }
  if (t == 0) recursions.forces[0] = means.squaredStar / options.delta;
  if (!finite || !std::isfinite(kappa)) {
    throw Error(ErrorCode::numerical,
                "The iterates overflow at iteration " + std::to_string(t) + ": the step is too large.");
  }
}

std::vector<double> toVector(const AlignedBuffer<double>& buffer) {
  return std::vector<double>(buffer.data(), buffer.data() + buffer.size());
}

void splitResponse(const DmftRecursions& recursions, std::vector<double>& theta, std::vector<double>& spectral) {
  const std::int64_t size = recursions.sizeT;
  theta.assign(static_cast<std::size_t>(size * size), 0);
  spectral.assign(static_cast<std::size_t>(size), 0);
  for (std::int64_t t = 0; t < size; ++t) {
    const double* const row = recursions.response.data() + t * recursions.sizeS;
    spectral[static_cast<std::size_t>(t)] = row[0];
    for (std::int64_t s = 0; s < t; ++s) theta[static_cast<std::size_t>(t * size + s)] = row[s + 1];
  }
}

}  // namespace lowrank
