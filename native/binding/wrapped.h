// A C++ object behind a JavaScript object. One type tag marks all objects of this library; which class it is then comes
// from dynamic_cast, so no receiver and no argument, however forged, is ever taken for something that it is not.
// (Napi::ObjectWrap trusts the receiver of an accessor.)
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "errors.h"

namespace lowrank::binding {

class Wrapped {
 public:
  Wrapped() = default;
  virtual ~Wrapped() = default;
  Wrapped(const Wrapped&) = delete;
  Wrapped& operator=(const Wrapped&) = delete;

  // Tells the garbage collector how many bytes hang on this object from now on; taken back by the finalizer.
  void holdBytes(napi_env env, std::int64_t bytes) noexcept;

 private:
  std::int64_t held_ = 0;
};

// Ties `object` to `self` for life.
void wrap(napi_env env, napi_value self, std::unique_ptr<Wrapped> object);
// The object behind a value, or null when there is none of ours.
Wrapped* unwrap(Napi::Value value);

template <class T>
T& receiver(const Napi::CallbackInfo& info) {
  T* object = dynamic_cast<T*>(unwrap(info.This()));
  if (object == nullptr) refuse(std::string("Expected `this` to be a ") + T::kClassName + ".");
  return *object;
}

template <class T, Napi::Value (T::*body)(const Napi::CallbackInfo&)>
napi_value methodCallback(napi_env env, napi_callback_info raw) {
  return guard(env, [&]() -> napi_value {
    Napi::CallbackInfo info(env, raw);
    return (receiver<T>(info).*body)(info);
  });
}

template <class T>
napi_value constructorCallback(napi_env env, napi_callback_info raw) {
  return guard(env, [&]() -> napi_value {
    Napi::CallbackInfo info(env, raw);
    if (!info.IsConstructCall()) refuse(std::string("Expected `new` before ") + T::kClassName + ".");
    wrap(env, info.This(), std::make_unique<T>(info));
    return info.This();
  });
}

template <class T, Napi::Value (T::*body)(const Napi::CallbackInfo&)>
napi_property_descriptor method(const char* name) {
  return {name, nullptr, methodCallback<T, body>, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

template <class T, Napi::Value (T::*body)(const Napi::CallbackInfo&)>
napi_property_descriptor getter(const char* name) {
  return {name, nullptr, nullptr, methodCallback<T, body>, nullptr, nullptr, napi_enumerable, nullptr};
}

template <class T>
void defineClass(Napi::Object exports, const std::vector<napi_property_descriptor>& members) {
  const Napi::Env env = exports.Env();
  napi_value constructor = nullptr;
  const napi_status status = napi_define_class(env, T::kClassName, NAPI_AUTO_LENGTH, constructorCallback<T>, nullptr,
                                               members.size(), members.data(), &constructor);
  if (status != napi_ok) throw Napi::Error::New(env);
  exports.Set(T::kClassName, constructor);
}

}  // namespace lowrank::binding
