// NativeVectorRun of src/native.ts.
#pragma once

#include <memory>

#include "../core/runtime/team.h"
#include "../core/vector/vector_run.h"
#include "wrapped.h"

namespace lowrank::binding {

// What a run needs on whatever thread it is; the JavaScript object and a job share it, so either may go first.
struct VectorRunState {
  VectorRunState(std::shared_ptr<const Design> given, const VectorRunOptions& options)
      : design(given), run(std::move(given), options) {}

  CancelFlag cancel;
  const std::shared_ptr<const Design> design;
  VectorRun run;
  std::int64_t recordedRows = 0;  // by the latest advance
};

class VectorAdvanceWork;

class VectorRunObject : public Wrapped {
 public:
  static constexpr const char* kClassName = "VectorRun";
  static void define(Napi::Object exports);

  explicit VectorRunObject(const Napi::CallbackInfo& info);

  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value advance(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value readVector(const Napi::CallbackInfo& info);
  Napi::Value readRecords(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

 private:
  // BUSY during an advance and after dispose().
  VectorRunState& idleState();

  std::shared_ptr<VectorRunState> state_;    // null after dispose()
  std::shared_ptr<VectorAdvanceWork> work_;  // the advance under way, or null
};

}  // namespace lowrank::binding
