// Arguments that the calls on vector problems share. Complex vectors cross the border interleaved (re, im, re, im, ...)
// and are kept split in the core: first all real parts, then all imaginary ones.
#pragma once

#include <napi.h>

#include "../core/losses/loss.h"
#include "arguments.h"

namespace lowrank::binding {

// 'real' or 'complex'
Field fieldArgument(Napi::Value value, const char* name);
// NativeLoss: a name and the numbers that it takes. May run getters.
LossSpec lossArgument(Napi::Value value, const char* name);
// An array of finite numbers, as a plain array. May run getters.
std::vector<double> numberList(Napi::Value value, const char* name);

// A copy of `count` numbers of the field, split and scanned: a number that is not finite is refused with its index.
AlignedBuffer<double> splitCopyOf(Napi::Value value, const char* name, std::int64_t count, Field field);
// out, 2 count or count doubles, from a split vector.
void joinInto(const double* split, std::int64_t count, Field field, double* out) noexcept;

}  // namespace lowrank::binding
