// NativeCodedDiffraction of src/native.ts.
#pragma once

#include <memory>

#include "../core/designs/coded_diffraction.h"
#include "design_object.h"

namespace lowrank::binding {

class CodedDiffractionObject : public DesignObject {
 public:
  static constexpr const char* kClassName = "CodedDiffraction";
  static void define(Napi::Object exports);

  explicit CodedDiffractionObject(const Napi::CallbackInfo& info);

  std::shared_ptr<const Design> shared() const override { return design_; }

  Napi::Value patterns(const Napi::CallbackInfo& info);
  Napi::Value height(const Napi::CallbackInfo& info);
  Napi::Value width(const Napi::CallbackInfo& info);

 private:
  std::shared_ptr<CodedDiffraction> design_;
};

}  // namespace lowrank::binding
