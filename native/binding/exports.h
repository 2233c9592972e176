// The functions that addon.cc registers, by the file that has them.
#pragma once

#include <napi.h>

#include "errors.h"

namespace lowrank::binding {

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void exportFunction(Napi::Object exports, const char* name) {
  napi_value value = nullptr;
  const napi_env env = exports.Env();
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, functionCallback<function>, nullptr, &value) != napi_ok) {
    throw Napi::Error::New(exports.Env());
  }
  exports.Set(name, value);
}

void exportBuildInfo(Napi::Object exports);      // build_info.cc
void exportRandom(Napi::Object exports);         // random.cc
void exportOperatorCalls(Napi::Object exports);  // operator_calls.cc
void exportLinearAlgebra(Napi::Object exports);  // linalg.cc
void exportFactorSvd(Napi::Object exports);      // factor_svd.cc
void exportLosses(Napi::Object exports);         // losses.cc
void exportDesignCalls(Napi::Object exports);    // design_calls.cc
void exportDmft(Napi::Object exports);           // dmft.cc
void exportTopEigenpair(Napi::Object exports);   // top_eigenpair.cc

}  // namespace lowrank::binding
