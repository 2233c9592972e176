// Errors on their way from C++ to JavaScript. Nothing thrown in C++ ever crosses Node-API: every callback is a guard().
#pragma once

#include <napi.h>

#include <stdexcept>
#include <string>

#include "../core/error.h"

namespace lowrank::binding {

// A refusal that only the border knows of: the object is at work, or was disposed.
class BusyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The caller gave the work up.
class CancelledError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void refuse(const std::string& message) { throw Error(ErrorCode::invalidArgument, message); }

// An error as plain data, which any thread may make and keep. `code` is a string literal.
struct Failure {
  const char* code = "INTERNAL";
  std::string message;
};

// Describes the exception being handled: call inside a catch block.
Failure currentFailure() noexcept;

// A JavaScript Error with `code`; null when the environment is too far gone to make one.
napi_value makeError(napi_env env, const Failure& failure) noexcept;
void throwFailure(napi_env env, const Failure& failure) noexcept;

// Runs the body of a callback. On an exception a JavaScript error is pending and null is returned.
template <class Body>
napi_value guard(napi_env env, const Body& body) noexcept {
  try {
    return body();
  } catch (const Napi::Error& error) {  // thrown by a getter of the caller, for instance: passed on as it is
    try {
      error.ThrowAsJavaScriptException();
    } catch (...) {  // the environment is ending: there is nobody left to tell
    }
  } catch (...) {
    throwFailure(env, currentFailure());
  }
  return nullptr;
}

// A callback for a plain function of Napi::CallbackInfo.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
napi_value functionCallback(napi_env env, napi_callback_info raw) {
  return guard(env, [&]() -> napi_value {
    Napi::CallbackInfo info(env, raw);
    return function(info);
  });
}

}  // namespace lowrank::binding
