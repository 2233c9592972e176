// lossBatch() and lossDescriptions(): the pointwise losses, for the facade's checks, the DMFT and the diagnostics.
#include "../core/losses/loss.h"
#include "arguments.h"
#include "exports.h"
#include "vector_arguments.h"

namespace lowrank::binding {
namespace {

Napi::Array fieldNames(Napi::Env env, bool real, bool complex) {
  Napi::Array names = Napi::Array::New(env);
  if (real) names.Set(names.Length(), "real");
  if (complex) names.Set(names.Length(), "complex");
  return names;
}

template <class T, class Convert>
Napi::Array arrayOf(Napi::Env env, const std::vector<T>& values, const Convert& convert) {
  Napi::Array result = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) result.Set(static_cast<std::uint32_t>(i), convert(values[i]));
  return result;
}

Napi::Value describeLosses(const Napi::CallbackInfo& info) {
  expectArguments(info, "lossDescriptions", 0);
  const Napi::Env env = info.Env();
  return arrayOf(env, lossDescriptions(), [env](const LossDescription& loss) {
    Napi::Object one = Napi::Object::New(env);
    one.Set("name", loss.name);
    one.Set("parameters",
            arrayOf(env, loss.parameters, [env](const char* name) { return Napi::String::New(env, name); }));
    one.Set("defaults", arrayOf(env, loss.defaults, [env](double value) { return Napi::Number::New(env, value); }));
    one.Set("fields", fieldNames(env, loss.real, loss.complex));
    one.Set("differentiable",
            fieldNames(env, loss.real && loss.differentiableReal, loss.complex && loss.differentiableComplex));
    one.Set("smoothed", loss.smoothed == nullptr ? env.Null() : Napi::String::New(env, loss.smoothed));
    return one;
  });
}

// An array that may be null.
Span<double> optionalArray(Napi::Value value, const char* name, std::int64_t length) {
  return value.IsNull() ? Span<double>{} : float64Array(value, name, length);
}

Napi::Value batch(const Napi::CallbackInfo& info) {
  expectArguments(info, "lossBatch", 7);
  const LossSpec spec = lossArgument(info[0], "loss");  // may run getters: before any array's memory is looked at
  const Field field = fieldArgument(info[1], "field");
  const std::unique_ptr<Loss> loss = makeLoss(spec, field);
  const Span<double> y = float64Array(info[3], "y", -1);
  const std::int64_t count = y.size, wide = field == Field::complex ? 2 * count : count;
  const Span<double> r = float64Array(info[2], "r", wide);
  const Span<double> values = optionalArray(info[4], "values", count);
  const Span<double> forces = optionalArray(info[5], "forces", wide);
  const Span<double> derivatives = optionalArray(info[6], "derivatives", count);

  // In blocks: splits r, and nothing is written before it was read should an array be given twice.
  constexpr std::int64_t block = 256;
  double re[block], im[block], labels[block], value[block], forceRe[block], forceIm[block], f[block], gRe[block],
      gIm[block];
  const bool complex = field == Field::complex;
  for (std::int64_t first = 0; first < count; first += block) {
    const std::int64_t size = std::min(block, count - first);
    for (std::int64_t i = 0; i < size; ++i) {
      labels[i] = y.data[first + i];
      re[i] = complex ? r.data[2 * (first + i)] : r.data[first + i];
      im[i] = complex ? r.data[2 * (first + i) + 1] : 0;
    }
    const Entries at{re, complex ? im : nullptr};
    if (values.data != nullptr) loss->values(size, at, labels, value);
    if (forces.data != nullptr) loss->forces(size, at, labels, {forceRe, complex ? forceIm : nullptr});
    if (derivatives.data != nullptr) {
      loss->derivatives(size, at, labels, f, {complex ? gRe : nullptr, complex ? gIm : nullptr});
    }
    for (std::int64_t i = 0; i < size; ++i) {
      if (values.data != nullptr) values.data[first + i] = value[i];
      if (derivatives.data != nullptr) derivatives.data[first + i] = f[i];
      if (forces.data == nullptr) continue;
      forces.data[complex ? 2 * (first + i) : first + i] = forceRe[i];
      if (complex) forces.data[2 * (first + i) + 1] = forceIm[i];
    }
  }
  return info.Env().Undefined();
}

}  // namespace

void exportLosses(Napi::Object exports) {
  exportFunction<describeLosses>(exports, "lossDescriptions");
  exportFunction<batch>(exports, "lossBatch");
}

}  // namespace lowrank::binding
