// The methods of vector_methods.cc that live in this directory.
#pragma once

#include <memory>

#include "../vector_method.h"

namespace lowrank {

std::unique_ptr<VectorMethod> makeWirtingerFlow(const VectorState& state);
std::unique_ptr<VectorMethod> makeReweightedWirtingerFlow(const VectorState& state);
std::unique_ptr<VectorMethod> makePolyakSubgradient(const VectorState& state);
std::unique_ptr<VectorMethod> makeTruncatedWirtingerFlow(const VectorState& state);
std::unique_ptr<VectorMethod> makeAmplitudeFlow(const VectorState& state);
std::unique_ptr<VectorMethod> makeTruncatedAmplitudeFlow(const VectorState& state);
std::unique_ptr<VectorMethod> makeReweightedAmplitudeFlow(const VectorState& state);
std::unique_ptr<VectorMethod> makeIncrementalReshapedWirtingerFlow(const VectorState& state);
std::unique_ptr<VectorMethod> makeKaczmarz(const VectorState& state);
std::unique_ptr<VectorMethod> makeCoordinateDescent(const VectorState& state);
std::unique_ptr<VectorMethod> makeLBfgs(const VectorState& state);
std::unique_ptr<VectorMethod> makeGaussNewton(const VectorState& state);
std::unique_ptr<VectorMethod> makeProxLinear(const VectorState& state);

}  // namespace lowrank
