// Registers what src/native.ts declares, and nothing else.
#include <napi.h>

#include <mutex>

#include "../core/linalg/lapack.h"
#include "dense_operator.h"
#include "design_coded.h"
#include "design_dense.h"
#include "exports.h"
#include "identity_operator.h"
#include "jobs.h"
#include "run.h"
#include "vector_run.h"

namespace lowrank::binding {
namespace {

Napi::Object registerAll(Napi::Env env, Napi::Object exports) {
  guard(env, [&]() -> napi_value {
    static std::once_flag blasLimited;  // environments come and go, the BLAS is one for the process
    std::call_once(blasLimited, limitBlasThreads);
    Environment::create(env);
    DenseOperatorObject::define(exports);
    IdentityOperatorObject::define(exports);
    RunObject::define(exports);
    VectorRunObject::define(exports);
    DenseDesignObject::define(exports);
    CodedDiffractionObject::define(exports);
    exportBuildInfo(exports);
    exportRandom(exports);
    exportOperatorCalls(exports);
    exportLinearAlgebra(exports);
    exportFactorSvd(exports);
    exportLosses(exports);
    exportDesignCalls(exports);
    exportDmft(exports);
    exportTopEigenpair(exports);
    return nullptr;
  });
  return exports;
}

}  // namespace
}  // namespace lowrank::binding

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  return lowrank::binding::registerAll(env, exports);
}

NODE_API_MODULE(lowrank, initialize)
