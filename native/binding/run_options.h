// NativeRunOptions of src/native.ts.
#pragma once

#include <napi.h>

#include "../core/operators/operator.h"
#include "../core/solvers/run.h"
#include "arguments.h"

namespace lowrank::binding {

// Options for the core, and the copies that their pointers point into.
struct DecodedRunOptions {
  RunOptions options;
  AlignedBuffer<double> left, right, y, truth;
  AlignedBuffer<std::uint8_t> heldOut;
};

DecodedRunOptions decodeRunOptions(const Napi::Object& given, const MeasurementOperator& op);

}  // namespace lowrank::binding
