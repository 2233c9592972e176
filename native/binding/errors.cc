#include "errors.h"

#include <new>
#include <system_error>

namespace lowrank::binding {
namespace {

// Copying a message may itself run out of memory; the code then says enough.
Failure describe(const char* code, const char* message) noexcept {
  Failure failure;
  failure.code = code;
  try {
    failure.message = message;
  } catch (...) {
  }
  return failure;
}

}  // namespace

Failure currentFailure() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return describe(errorCodeName(error.code()), error.what());
  } catch (const BusyError& error) {
    return describe("BUSY", error.what());
  } catch (const CancelledError& error) {
    return describe("CANCELLED", error.what());
  } catch (const std::bad_alloc&) {
    return describe("OUT_OF_MEMORY", "An allocation failed.");
  } catch (const std::system_error& error) {  // std::thread at the limit of processes or of memory
    const bool exhausted = error.code() == std::errc::resource_unavailable_try_again;
    return describe(exhausted ? "OUT_OF_MEMORY" : "INTERNAL", error.what());
  } catch (const std::exception& error) {
    return describe("INTERNAL", error.what());
  } catch (...) {
    return describe("INTERNAL", "A C++ exception of unknown type was thrown.");
  }
}

napi_value makeError(napi_env env, const Failure& failure) noexcept {
  napi_value code = nullptr;
  napi_value message = nullptr;
  napi_value error = nullptr;
  if (napi_create_string_utf8(env, failure.code, NAPI_AUTO_LENGTH, &code) != napi_ok ||
      napi_create_string_utf8(env, failure.message.data(), failure.message.size(), &message) != napi_ok ||
      napi_create_error(env, code, message, &error) != napi_ok) {
    return nullptr;
  }
  return error;
}

void throwFailure(napi_env env, const Failure& failure) noexcept {
  const napi_value error = makeError(env, failure);
  if (error != nullptr) napi_throw(env, error);  // refused when the environment is ending, and rightly ignored
}

}  // namespace lowrank::binding
