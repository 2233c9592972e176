#include "design_object.h"

namespace lowrank::binding {
namespace {

Napi::Value number(const Napi::CallbackInfo& info, double value) { return Napi::Number::New(info.Env(), value); }

}  // namespace

Napi::Value DesignObject::kind(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), shared()->name());
}
Napi::Value DesignObject::field(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), shared()->field() == Field::complex ? "complex" : "real");
}
Napi::Value DesignObject::measurements(const Napi::CallbackInfo& info) {
  return number(info, static_cast<double>(shared()->measurements()));
}
Napi::Value DesignObject::dimension(const Napi::CallbackInfo& info) {
  return number(info, static_cast<double>(shared()->dimension()));
}
Napi::Value DesignObject::bytes(const Napi::CallbackInfo& info) {
  return number(info, static_cast<double>(shared()->bytes()));
}
Napi::Value DesignObject::bytesPerPass(const Napi::CallbackInfo& info) {
  return number(info, static_cast<double>(shared()->bytesPerPass()));
}
Napi::Value DesignObject::squaredNorm(const Napi::CallbackInfo& info) { return number(info, shared()->squaredNorm()); }

void DesignObject::requireUnused() const {
  if (used_) throw BusyError("A run uses the design: it cannot be filled any more.");
}

DesignObject& designArgument(Napi::Value value) {
  auto* object = dynamic_cast<DesignObject*>(unwrap(value));
  if (object == nullptr) refuse("Expected a native design but " + received(value) + ".");
  return *object;
}

std::vector<napi_property_descriptor> designMembers() {
  return {
      getter<DesignObject, &DesignObject::kind>("kind"),
      getter<DesignObject, &DesignObject::field>("field"),
      getter<DesignObject, &DesignObject::measurements>("measurements"),
      getter<DesignObject, &DesignObject::dimension>("dimension"),
      getter<DesignObject, &DesignObject::bytes>("bytes"),
      getter<DesignObject, &DesignObject::bytesPerPass>("bytesPerPass"),
      getter<DesignObject, &DesignObject::squaredNorm>("squaredNorm"),
  };
}

Span<double> vectorOutput(Napi::Value value, const char* name, std::int64_t count, Field field) {
  return float64Array(value, name, field == Field::complex ? product(2, count, name) : count);
}

}  // namespace lowrank::binding
