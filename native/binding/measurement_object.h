// What measurement operators and designs have in common towards JavaScript: getters of their numbers, use by runs,
// filling by rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "wrapped.h"

namespace lowrank::binding {

// Kind: the class `Core` behind the object, kClassName, and kNoun for messages.
template <class Kind>
class MeasurementObject : public Wrapped {
 public:
  using Core = typename Kind::Core;
  static constexpr const char* kClassName = Kind::kClassName;

  virtual std::shared_ptr<const Core> shared() const = 0;

  // Work on other threads reads it, so what any of them knows must not change any more.
  void markUsed() noexcept { used_ = true; }

  // A getter that shows what a member function of Core returns.
  template <auto read>
  static napi_property_descriptor shows(const char* name) {
    return getter<MeasurementObject, &MeasurementObject::show<read>>(name);
  }

 protected:
  // BUSY when a run uses it.
  void requireUnused() const {
    if (used_) throw BusyError(std::string("A run uses the ") + Kind::kNoun + ": it cannot be filled any more.");
  }

 private:
  template <auto read>
  Napi::Value show(const Napi::CallbackInfo& info) {
    return toValue(info.Env(), ((*shared()).*read)());
  }

  static Napi::Value toValue(Napi::Env env, const char* value) { return Napi::String::New(env, value); }
  static Napi::Value toValue(Napi::Env env, bool value) { return Napi::Boolean::New(env, value); }
  static Napi::Value toValue(Napi::Env env, double value) { return Napi::Number::New(env, value); }
  static Napi::Value toValue(Napi::Env env, std::int64_t value) { return toValue(env, static_cast<double>(value)); }
  template <class Other>
  static Napi::Value toValue(Napi::Env env, Other value) {
    return toValue(env, Kind::textOf(value));
  }

  bool used_ = false;
};

// fill(firstRow, values) of what is kept as rows of `width` numbers; `rows` is their name in messages. The index of the
// first value that is not finite, or -1.
template <class Dense>
std::int64_t fillRows(const Napi::CallbackInfo& info, Dense& dense, std::int64_t width, const char* rows) {
  expectArguments(info, "fill", 2);
  const std::int64_t first = integer(info[0], "firstRow", 0, dense.measurements() - 1);
  const std::int64_t most = dense.measurements() - first;
  Span<const double> wide;
  Span<const float> narrow;
  const bool isWide = isFloat64Array(info[1], wide);
  if (!isWide && !isFloat32Array(info[1], narrow)) {
    refuse("Expected a Float64Array or a Float32Array for values but " + received(info[1]) + ".");
  }
  const std::int64_t length = isWide ? wide.size : narrow.size, count = length / width;
  if (count < 1 || count * width != length || count > most) {
    refuse("Expected 1 to " + std::to_string(most) + " whole " + rows + " of " + std::to_string(width) +
           " numbers for values but " + received(info[1]) + ".");
  }
  return isWide ? dense.fill(first, wide.data, count) : dense.fill(first, narrow.data, count);
}

}  // namespace lowrank::binding
