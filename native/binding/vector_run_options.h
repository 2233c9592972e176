// NativeVectorRunOptions of src/native.ts.
#pragma once

#include <napi.h>

#include "../core/vector/vector_run.h"
#include "vector_arguments.h"

namespace lowrank::binding {

// Options for the core, and the copies that their pointers point into.
struct DecodedVectorRunOptions {
  VectorRunOptions options;
  AlignedBuffer<double> theta, y, truth;
};

DecodedVectorRunOptions decodeVectorRunOptions(const Napi::Object& given, const Design& design);

}  // namespace lowrank::binding
