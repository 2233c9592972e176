// NativeRun of src/native.ts.
#pragma once

#include <memory>

#include "../core/runtime/team.h"
#include "../core/solvers/run.h"
#include "wrapped.h"

namespace lowrank::binding {

// What a run needs on whatever thread it is; the JavaScript object and a job share it, so either may go first.
struct RunState {
  RunState(std::shared_ptr<const MeasurementOperator> op, const RunOptions& options) : run(std::move(op), options) {}

  CancelFlag cancel;
  Run run;
  std::int64_t recordedRows = 0;  // by the latest advance
};

class AdvanceWork;

class RunObject : public Wrapped {
 public:
  static constexpr const char* kClassName = "Run";
  static void define(Napi::Object exports);

  explicit RunObject(const Napi::CallbackInfo& info);

  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value advance(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value readFactors(const Napi::CallbackInfo& info);
  Napi::Value readRecords(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

 private:
  // BUSY during an advance and after dispose().
  RunState& idleState();

  std::shared_ptr<RunState> state_;    // null after dispose()
  std::shared_ptr<AdvanceWork> work_;  // the advance under way, or null
  bool symmetric_ = false;
};

}  // namespace lowrank::binding
