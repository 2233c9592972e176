// Methods of projections.cc, phasemax.cc and message_passing.cc: their makers for the list in vector_methods.cc.
#pragma once

#include <memory>

#include "../vector_method.h"

namespace lowrank {

std::unique_ptr<VectorMethod> makeErrorReduction(const VectorState& state);       // error-reduction
std::unique_ptr<VectorMethod> makeInputOutput(const VectorState& state);          // hio: beta, nonNegative
std::unique_ptr<VectorMethod> makeAveragedReflections(const VectorState& state);  // raar: beta
std::unique_ptr<VectorMethod> makeSplitting(const VectorState& state);            // admm: penalty
std::unique_ptr<VectorMethod> makePhaseMax(const VectorState& state);             // phasemax
std::unique_ptr<VectorMethod> makePhaseLamp(const VectorState& state);            // phaselamp: rounds, tolerance
std::unique_ptr<VectorMethod> makeMessagePassing(const VectorState& state);       // amp

}  // namespace lowrank
