// NativeIdentityOperator of src/native.ts.
#pragma once

#include <memory>

#include "../core/operators/identity.h"
#include "operator_object.h"

namespace lowrank::binding {

class IdentityOperatorObject : public OperatorObject {
 public:
  static constexpr const char* kClassName = "IdentityOperator";
  static void define(Napi::Object exports);

  explicit IdentityOperatorObject(const Napi::CallbackInfo& info);

  std::shared_ptr<const MeasurementOperator> shared() const override { return operator_; }

 private:
  std::shared_ptr<IdentityOperator> operator_;
};

}  // namespace lowrank::binding
