// What all designs have in common towards JavaScript: NativeDesign of src/native.ts.
#pragma once

#include <memory>
#include <vector>

#include "../core/designs/design.h"
#include "vector_arguments.h"
#include "wrapped.h"

namespace lowrank::binding {

class DesignObject : public Wrapped {
 public:
  static constexpr const char* kClassName = "NativeDesign";

  virtual std::shared_ptr<const Design> shared() const = 0;

  // Work on other threads reads the design, so one that any of them knows must not change any more.
  void markUsed() noexcept { used_ = true; }

  Napi::Value kind(const Napi::CallbackInfo& info);
  Napi::Value field(const Napi::CallbackInfo& info);
  Napi::Value measurements(const Napi::CallbackInfo& info);
  Napi::Value dimension(const Napi::CallbackInfo& info);
  Napi::Value bytes(const Napi::CallbackInfo& info);
  Napi::Value bytesPerPass(const Napi::CallbackInfo& info);
  Napi::Value squaredNorm(const Napi::CallbackInfo& info);

 protected:
  // BUSY when a run uses the design.
  void requireUnused() const;

 private:
  bool used_ = false;
};

// The design behind an argument.
DesignObject& designArgument(Napi::Value value);

// The getters above, for the class of one kind of design; its own members are appended.
std::vector<napi_property_descriptor> designMembers();

// A Float64Array for `count` numbers of the field.
Span<double> vectorOutput(Napi::Value value, const char* name, std::int64_t count, Field field);

}  // namespace lowrank::binding
