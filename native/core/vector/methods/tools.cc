#include "tools.h"

#include <sstream>

#include "../../error.h"

namespace lowrank {
namespace {

[[noreturn]] void refuse(const VectorState& state, std::size_t k, const std::string& expected) {
  std::string name = "parameter " + std::to_string(k);
  for (const auto& description : vectorMethodDescriptions()) {
    if (state.options.method == description.name && k < description.parameters.size()) name = description.parameters[k];
  }
  std::ostringstream text;
  text << "Expected " << expected << " for " << name << " of method " << state.options.method << " but received "
       << state.options.methodParameters[k] << '.';
  throw Error(ErrorCode::invalidArgument, text.str());
}

std::string number(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

double parameter(const VectorState& state, std::size_t k) {
  const double value = state.options.methodParameters.at(k);
  if (!std::isfinite(value)) refuse(state, k, "a finite number");
  return value;
}

double parameterAtLeast(const VectorState& state, std::size_t k, double least) {
  const double value = parameter(state, k);
  if (!(value >= least)) refuse(state, k, "a number of at least " + number(least));
  return value;
}

double positiveParameter(const VectorState& state, std::size_t k) {
  const double value = parameter(state, k);
  if (!(value > 0)) refuse(state, k, "a positive number");
  return value;
}

std::int64_t integerParameter(const VectorState& state, std::size_t k, double least, double most) {
  const double value = parameter(state, k);
  if (!(value >= least && value <= most && value == std::floor(value))) {
    refuse(state, k, "an integer from " + number(least) + " to " + number(most));
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace lowrank
