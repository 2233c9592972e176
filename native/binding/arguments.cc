#include "arguments.h"

#include <cmath>
#include <cstdio>
#include <cstring>

#include "../core/linalg/lapack.h"

namespace lowrank::binding {
namespace {

constexpr std::size_t kMaxText = 200;      // no name or option is longer
constexpr std::uint32_t kMaxTexts = 1000;  // nor is any list of them

std::string shortNumber(double value) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.17g", value);
  return buffer;
}

[[noreturn]] void refuseValue(const char* expected, const char* name, Napi::Value value) {
  refuse(std::string("Expected ") + expected + " for " + name + " but " + received(value) + ".");
}

struct RawTypedArray {
  bool is = false;
  napi_typedarray_type type = napi_int8_array;
  std::size_t length = 0;
  void* data = nullptr;
};

// Reads internal slots only: subclasses with getters and proxies cannot deceive it.
RawTypedArray rawTypedArray(Napi::Value value) {
  RawTypedArray raw;
  napi_env env = value.Env();
  if (value.IsEmpty() || napi_is_typedarray(env, value, &raw.is) != napi_ok || !raw.is) return {};
  // The buffer is not asked for: a SharedArrayBuffer is none for Node-API.
  if (napi_get_typedarray_info(env, value, &raw.type, &raw.length, &raw.data, nullptr, nullptr) != napi_ok) return {};
  if (raw.data == nullptr) raw.length = 0;
  return raw;
}

const char* typeName(napi_typedarray_type type) {
  switch (type) {
    case napi_int8_array:
      return "Int8Array";
    case napi_uint8_array:
      return "Uint8Array";
    case napi_uint8_clamped_array:
      return "Uint8ClampedArray";
    case napi_int16_array:
      return "Int16Array";
    case napi_uint16_array:
      return "Uint16Array";
    case napi_int32_array:
      return "Int32Array";
    case napi_uint32_array:
      return "Uint32Array";
    case napi_float32_array:
      return "Float32Array";
    case napi_float64_array:
      return "Float64Array";
    case napi_bigint64_array:
      return "BigInt64Array";
    case napi_biguint64_array:
      return "BigUint64Array";
    default:
      return "typed array";
  }
}

template <class T>
Span<T> typedArray(Napi::Value value, const char* name, std::int64_t length, napi_typedarray_type type) {
  const RawTypedArray raw = rawTypedArray(value);
  const auto size = static_cast<std::int64_t>(raw.length);
  if (!raw.is || raw.type != type || (length >= 0 && size != length)) {
    std::string expected = "a ";
    expected += typeName(type);
    if (length >= 0) expected += " of length " + std::to_string(length);
    refuseValue(expected.c_str(), name, value);
  }
  return {static_cast<T*>(raw.data), size};
}

}  // namespace

std::string received(Napi::Value value) {
  napi_valuetype type = napi_undefined;
  if (!value.IsEmpty() && napi_typeof(value.Env(), value, &type) != napi_ok) return "received something unreadable";
  switch (type) {
    case napi_undefined:
      return "received undefined";
    case napi_null:
      return "received null";
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "received true" : "received false";
    case napi_number:
      return "received " + shortNumber(value.As<Napi::Number>().DoubleValue()) + " of type number";
    case napi_string: {
      char start[64];  // napi cuts at a whole character
      std::size_t written = 0;
      napi_get_value_string_utf8(value.Env(), value, start, sizeof start, &written);
      return "received '" + std::string(start, written) + "' of type string";
    }
    case napi_symbol:
      return "received a symbol";
    case napi_function:
      return "received a function";
    case napi_bigint:
      return "received a bigint";
    default:
      break;
  }
  const RawTypedArray raw = rawTypedArray(value);
  if (raw.is) return std::string("received a ") + typeName(raw.type) + " of length " + std::to_string(raw.length);
  return "received an object";
}

void expectArguments(const Napi::CallbackInfo& info, const char* function, std::size_t count) {
  if (info.Length() == count) return;
  refuse(std::string("Expected ") + std::to_string(count) + " arguments for " + function + " but received " +
         std::to_string(info.Length()) + ".");
}

Napi::Value property(const Napi::Object& options, const char* name) { return options.Get(name); }

Napi::Object object(Napi::Value value, const char* name) {
  if (!value.IsObject()) refuseValue("an object", name, value);
  return value.As<Napi::Object>();
}

Napi::Function function(Napi::Value value, const char* name) {
  if (!value.IsFunction()) refuseValue("a function", name, value);
  return value.As<Napi::Function>();
}

bool boolean(Napi::Value value, const char* name) {
  if (!value.IsBoolean()) refuseValue("a boolean", name, value);
  return value.As<Napi::Boolean>().Value();
}

double finiteNumber(Napi::Value value, const char* name) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!std::isfinite(number)) refuseValue("a finite number", name, value);
  return number;
}

double nonNegativeNumber(Napi::Value value, const char* name) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(std::isfinite(number) && number >= 0)) refuseValue("a finite number >= 0", name, value);
  return number;
}

std::int64_t integer(Napi::Value value, const char* name, std::int64_t least, std::int64_t most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most) && number == std::floor(number))) {
    const std::string expected = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
    refuseValue(expected.c_str(), name, value);
  }
  return static_cast<std::int64_t>(number);
}

std::uint64_t seed(Napi::Value value, const char* name) {
  return static_cast<std::uint64_t>(integer(value, name, 0, kMaxSafeInteger));
}

int threads(Napi::Value value) { return static_cast<int>(integer(value, "threads", 1, kMaxThreads)); }

std::string text(Napi::Value value, const char* name) {
  std::size_t size = 0;
  if (!value.IsString() || napi_get_value_string_utf8(value.Env(), value, nullptr, 0, &size) != napi_ok ||
      size > kMaxText) {
    refuseValue("a short string", name, value);
  }
  return value.As<Napi::String>().Utf8Value();
}

std::vector<std::string> texts(Napi::Value value, const char* name) {
  if (!value.IsArray()) refuseValue("an array of strings", name, value);
  const auto array = value.As<Napi::Array>();
  const std::uint32_t count = array.Length();
  if (count > kMaxTexts) refuseValue("a short array of strings", name, value);
  std::vector<std::string> result;
  for (std::uint32_t i = 0; i < count; ++i) result.push_back(text(array.Get(i), name));
  return result;
}

std::int64_t product(std::int64_t a, std::int64_t b, const char* what) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result) || result > kMaxSafeInteger) {
    throw Error(ErrorCode::tooLarge, std::string(what) + " would hold more than 2^53 numbers.");
  }
  return result;
}

Span<double> float64Array(Napi::Value value, const char* name, std::int64_t length) {
  return typedArray<double>(value, name, length, napi_float64_array);
}

Span<std::uint8_t> uint8Array(Napi::Value value, const char* name, std::int64_t length) {
  return typedArray<std::uint8_t>(value, name, length, napi_uint8_array);
}

bool isFloat64Array(Napi::Value value, Span<const double>& span) {
  const RawTypedArray raw = rawTypedArray(value);
  span = {static_cast<const double*>(raw.data), static_cast<std::int64_t>(raw.length)};
  return raw.is && raw.type == napi_float64_array;
}

bool isFloat32Array(Napi::Value value, Span<const float>& span) {
  const RawTypedArray raw = rawTypedArray(value);
  span = {static_cast<const float*>(raw.data), static_cast<std::int64_t>(raw.length)};
  return raw.is && raw.type == napi_float32_array;
}

AlignedBuffer<double> copyOf(Napi::Value value, const char* name, std::int64_t length) {
  const Span<double> source = float64Array(value, name, length);
  AlignedBuffer<double> copy(source.size);
  if (source.size > 0) std::memcpy(copy.data(), source.data, static_cast<std::size_t>(copy.bytes()));
  const std::int64_t bad = firstNonFinite(copy.data(), copy.size());
  if (bad >= 0) {
    throw Error(ErrorCode::nonFinite, std::string("Expected finite numbers in ") + name + " but received " +
                                          shortNumber(copy[bad]) + " at index " + std::to_string(bad) + ".");
  }
  return copy;
}

AlignedBuffer<std::uint8_t> copyOfBytes(Napi::Value value, const char* name, std::int64_t length) {
  const Span<std::uint8_t> source = uint8Array(value, name, length);
  AlignedBuffer<std::uint8_t> copy(source.size);
  if (source.size > 0) std::memcpy(copy.data(), source.data, static_cast<std::size_t>(copy.bytes()));
  return copy;
}

}  // namespace lowrank::binding
