// NativeVectorRun of src/native.ts.
#pragma once

#include <memory>

#include "../core/vector/vector_run.h"
#include "run_object.h"

namespace lowrank::binding {

struct VectorRunState : RunStateBase {
  static constexpr const char* kClassName = "VectorRun";

  VectorRunState(std::shared_ptr<const Design> given, const VectorRunOptions& options)
      : design(given), run(std::move(given), options) {}
  void describe(Ledger& ledger) const;

  const std::shared_ptr<const Design> design;
  VectorRun run;
};

class VectorRunObject : public RunObjectBase<VectorRunState> {
 public:
  static void define(Napi::Object exports);

  explicit VectorRunObject(const Napi::CallbackInfo& info);

  Napi::Value readVector(const Napi::CallbackInfo& info);
};

}  // namespace lowrank::binding
