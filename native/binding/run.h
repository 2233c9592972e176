// NativeRun of src/native.ts.
#pragma once

#include <memory>

#include "../core/solvers/run.h"
#include "run_object.h"

namespace lowrank::binding {

struct RunState : RunStateBase {
  static constexpr const char* kClassName = "Run";

  RunState(std::shared_ptr<const MeasurementOperator> op, const RunOptions& options) : run(std::move(op), options) {}
  void describe(Ledger& ledger) const;

  Run run;
};

class RunObject : public RunObjectBase<RunState> {
 public:
  static void define(Napi::Object exports);

  explicit RunObject(const Napi::CallbackInfo& info);

  Napi::Value readFactors(const Napi::CallbackInfo& info);

 private:
  bool symmetric_ = false;
};

}  // namespace lowrank::binding
