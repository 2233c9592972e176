// NativeDenseOperator of src/native.ts.
#pragma once

#include <memory>

#include "../core/operators/dense.h"
#include "operator_object.h"

namespace lowrank::binding {

class DenseOperatorObject : public OperatorObject {
 public:
  static constexpr const char* kClassName = "DenseOperator";
  static void define(Napi::Object exports);

  explicit DenseOperatorObject(const Napi::CallbackInfo& info);

  std::shared_ptr<const MeasurementOperator> shared() const override { return operator_; }

  Napi::Value storage(const Napi::CallbackInfo& info);
  Napi::Value fill(const Napi::CallbackInfo& info);
  Napi::Value fillGaussian(const Napi::CallbackInfo& info);
  Napi::Value readMatrix(const Napi::CallbackInfo& info);
  Napi::Value streamRead(const Napi::CallbackInfo& info);

 private:
  std::int64_t matrixSize() const { return operator_->rows() * operator_->cols(); }

  std::shared_ptr<DenseOperator> operator_;
};

}  // namespace lowrank::binding
