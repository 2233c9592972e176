// What all measurement operators have in common towards JavaScript: NativeOperator of src/native.ts.
#pragma once

#include <memory>
#include <vector>

#include "../core/operators/operator.h"
#include "arguments.h"
#include "wrapped.h"

namespace lowrank::binding {

class OperatorObject : public Wrapped {
 public:
  static constexpr const char* kClassName = "NativeOperator";

  virtual std::shared_ptr<const MeasurementOperator> shared() const = 0;

  // Runs work on other threads, so an operator that one of them knows must not change any more.
  void markUsed() noexcept { used_ = true; }

  Napi::Value kind(const Napi::CallbackInfo& info);
  Napi::Value rows(const Napi::CallbackInfo& info);
  Napi::Value cols(const Napi::CallbackInfo& info);
  Napi::Value measurements(const Napi::CallbackInfo& info);
  Napi::Value symmetric(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value bytesPerPass(const Napi::CallbackInfo& info);
  Napi::Value squaredNorm(const Napi::CallbackInfo& info);

 protected:
  // BUSY when a run uses the operator.
  void requireUnused() const;

 private:
  bool used_ = false;
};

// The operator behind an argument.
OperatorObject& operatorArgument(Napi::Value value);

// The getters above, for the class of one kind of operator; its own members are appended.
std::vector<napi_property_descriptor> operatorMembers();

}  // namespace lowrank::binding
