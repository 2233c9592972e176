// The list of losses: a new one is one line here (or in the file of its kin) and its rule.
#include <string>

#include "../error.h"
#include "entry.h"

namespace lowrank {
namespace {

const std::vector<losses::Entry>& entries() {
  static const auto* list = [] {
    auto* made = new std::vector<losses::Entry>;  // never destroyed: threads may outlive static destructors
    losses::addWirtinger(*made);
    losses::addAmplitude(*made);
    losses::addPoisson(*made);
    losses::addAbsolute(*made);
    losses::addRegression(*made);
    losses::addClassification(*made);
    return made;
  }();
  return *list;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalidArgument, message); }

}  // namespace

const std::vector<LossDescription>& lossDescriptions() {
  static const auto* list = [] {
    auto* made = new std::vector<LossDescription>;
    for (const auto& entry : entries()) made->push_back(entry.description);
    return made;
  }();
  return *list;
}

std::unique_ptr<Loss> makeLoss(const LossSpec& spec, Field field) {
  for (const auto& entry : entries()) {
    const LossDescription& described = entry.description;
    if (spec.name != described.name) continue;
    if (field == Field::complex ? !described.complex : !described.real) {
      refuse("The loss " + spec.name + " is for " + (field == Field::complex ? "real" : "complex") + " problems only.");
    }
    if (spec.parameters.size() != described.parameters.size()) {
      refuse("Expected " + std::to_string(described.parameters.size()) + " parameters for the loss " + spec.name +
             " but received " + std::to_string(spec.parameters.size()) + ".");
    }
    for (std::size_t k = 0; k < spec.parameters.size(); ++k) {
      if (!(spec.parameters[k] > 0 && std::isfinite(spec.parameters[k]))) {
        refuse("Expected a positive finite number for " + std::string(described.parameters[k]) + " of the loss " +
               spec.name + " but received " + std::to_string(spec.parameters[k]) + ".");
      }
    }
    return entry.make(spec.parameters, field);
  }
  refuse("Unknown loss " + spec.name + ".");
}

}  // namespace lowrank
