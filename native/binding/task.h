// A task: work off the JavaScript thread that counts its steps and can be cancelled (NativeTask of src/native.ts).
#pragma once

#include <atomic>
#include <memory>

#include "../core/runtime/team.h"
#include "jobs.h"

namespace lowrank::binding {

class TaskWork : public Work {
 public:
  void cancel() noexcept override { cancelFlag.raise(); }
  // For `finish`: throws CancelledError where the task was cancelled, perhaps before it began.
  void refuseCancelled() const;

  CancelFlag cancelFlag;
  std::atomic<std::int64_t> progress{0};
};

// Starts `work` and gives the object that watches it. `finish` as Environment::start says.
Napi::Value startTask(Napi::Env env, std::shared_ptr<TaskWork> work, Napi::Function done, Environment::Finish finish);

}  // namespace lowrank::binding
