// buildInfo(): what this addon was built with and runs on.
#include <string>
#include <vector>

#include "../core/linalg/lapack.h"
#include "../core/runtime/memory.h"
#include "../core/solvers/run.h"
#include "arguments.h"
#include "exports.h"

namespace lowrank::binding {
namespace {

const char* simdName() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f")) return "avx512f";
  if (__builtin_cpu_supports("avx2")) return "avx2";
#endif
  return "baseline";
}

Napi::Array names(Napi::Env env, const std::vector<std::string>& list) {
  Napi::Array result = Napi::Array::New(env, list.size());
  for (std::size_t i = 0; i < list.size(); ++i) result.Set(static_cast<std::uint32_t>(i), list[i]);
  return result;
}

Napi::Value buildInfo(const Napi::CallbackInfo& info) {
  expectArguments(info, "buildInfo", 0);
  const Napi::Env env = info.Env();
  const BlasInfo blas = blasInfo();
  Napi::Object result = Napi::Object::New(env);
  result.Set("napi", Napi::Number::New(env, NAPI_VERSION));
  result.Set("compiler", Napi::String::New(env, __VERSION__));
  result.Set("openblasConfig", Napi::String::New(env, blas.config));
  result.Set("openblasCore", Napi::String::New(env, blas.coreName));
  result.Set("openblasThreads", Napi::Number::New(env, blas.threads));
  result.Set("simd", Napi::String::New(env, simdName()));
  result.Set("allocatedBytes", Napi::Number::New(env, static_cast<double>(allocatedBytes())));
  result.Set("allocationCount", Napi::Number::New(env, static_cast<double>(allocationCount())));
  result.Set("methods", names(env, methodNames()));
  result.Set("recordColumns", names(env, recordColumnNames()));
  return result;
}

}  // namespace

void exportBuildInfo(Napi::Object exports) { exportFunction<buildInfo>(exports, "buildInfo"); }

}  // namespace lowrank::binding
