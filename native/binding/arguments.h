// Decoding of arguments by exact type. Nothing here runs code of the caller (no ToNumber, no ToString, no getters), so
// whatever was decoded stays true until the callback returns to JavaScript; only property() may run a getter, and
// callers read all properties before they look at any array's memory.
#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "../core/runtime/memory.h"
#include "errors.h"

namespace lowrank::binding {

inline constexpr std::int64_t kMaxSafeInteger = 9007199254740991;
// A matrix dimension: LAPACK counts in 32 bits.
inline constexpr std::int64_t kMaxDimension = 2147483647;
inline constexpr std::int64_t kMaxThreads = 256;

// A view of the memory of a typed array: good until JavaScript runs again.
template <class T>
struct Span {
  T* data = nullptr;
  std::int64_t size = 0;
};

// Refuses unless the function was called with exactly `count` arguments.
void expectArguments(const Napi::CallbackInfo& info, const char* function, std::size_t count);

// The value of options[name]; may run a getter, whose exception is passed on.
Napi::Value property(const Napi::Object& options, const char* name);

Napi::Object object(Napi::Value value, const char* name);
Napi::Function function(Napi::Value value, const char* name);
bool boolean(Napi::Value value, const char* name);
double finiteNumber(Napi::Value value, const char* name);
double nonNegativeNumber(Napi::Value value, const char* name);
std::int64_t integer(Napi::Value value, const char* name, std::int64_t least, std::int64_t most);
std::uint64_t seed(Napi::Value value, const char* name);
int threads(Napi::Value value);
std::string text(Napi::Value value, const char* name);
// Reads elements of an array, which may run getters.
std::vector<std::string> texts(Napi::Value value, const char* name);

// a * b, or TOO_LARGE when the product does not fit 2^53 elements.
std::int64_t product(std::int64_t a, std::int64_t b, const char* what);

// The memory of a typed array of exactly this type and, unless `length` is negative, length. A detached array, or one
// that its resized buffer no longer covers, has length 0 and is refused like any other wrong length.
Span<double> float64Array(Napi::Value value, const char* name, std::int64_t length);
Span<std::uint8_t> uint8Array(Napi::Value value, const char* name, std::int64_t length);
// True and the memory when `value` is such an array.
bool isFloat64Array(Napi::Value value, Span<const double>& span);
bool isFloat32Array(Napi::Value value, Span<const float>& span);

// Copies, so that neither the caller nor another thread (through shared memory) can change what was checked; the copy
// is scanned, and a number that is not finite is refused with its index.
AlignedBuffer<double> copyOf(Napi::Value value, const char* name, std::int64_t length);
AlignedBuffer<std::uint8_t> copyOfBytes(Napi::Value value, const char* name, std::int64_t length);

// "received 0.5 of type number", for messages.
std::string received(Napi::Value value);

template <class T>
T choice(Napi::Value value, const char* name, std::initializer_list<std::pair<const char*, T>> choices) {
  std::string names;
  const std::string chosen = value.IsString() ? text(value, name) : std::string();
  for (const auto& [candidate, result] : choices) {
    if (value.IsString() && chosen == candidate) return result;
    names += names.empty() ? "'" : ", '";
    names += candidate;
    names += "'";
  }
  refuse("Expected one of " + names + " for " + name + " but " + received(value) + ".");
}

}  // namespace lowrank::binding
