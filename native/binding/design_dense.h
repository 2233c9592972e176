// NativeDenseDesign of src/native.ts.
#pragma once

#include <memory>

#include "../core/designs/dense_design.h"
#include "design_object.h"

namespace lowrank::binding {

class DenseDesignObject : public DesignObject {
 public:
  static constexpr const char* kClassName = "DenseDesign";
  static void define(Napi::Object exports);

  explicit DenseDesignObject(const Napi::CallbackInfo& info);

  std::shared_ptr<const Design> shared() const override { return design_; }

  Napi::Value fill(const Napi::CallbackInfo& info);
  Napi::Value fillGaussian(const Napi::CallbackInfo& info);
  Napi::Value readRow(const Napi::CallbackInfo& info);
  Napi::Value streamRead(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<DenseDesign> design_;
};

}  // namespace lowrank::binding
