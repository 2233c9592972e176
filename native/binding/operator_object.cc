#include "operator_object.h"

namespace lowrank::binding {
namespace {

Napi::Value number(const Napi::CallbackInfo& info, std::int64_t value) {
  return Napi::Number::New(info.Env(), static_cast<double>(value));
}

}  // namespace

Napi::Value OperatorObject::kind(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), shared()->name());
}
Napi::Value OperatorObject::rows(const Napi::CallbackInfo& info) { return number(info, shared()->rows()); }
Napi::Value OperatorObject::cols(const Napi::CallbackInfo& info) { return number(info, shared()->cols()); }
Napi::Value OperatorObject::measurements(const Napi::CallbackInfo& info) {
  return number(info, shared()->measurements());
}
Napi::Value OperatorObject::symmetric(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), shared()->symmetric());
}
Napi::Value OperatorObject::bytes(const Napi::CallbackInfo& info) { return number(info, shared()->bytes()); }
Napi::Value OperatorObject::bytesPerPass(const Napi::CallbackInfo& info) {
  return number(info, shared()->bytesPerPass());
}
Napi::Value OperatorObject::squaredNorm(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), shared()->squaredNorm());
}

void OperatorObject::requireUnused() const {
  if (used_) throw BusyError("A run uses the operator: it cannot be filled any more.");
}

OperatorObject& operatorArgument(Napi::Value value) {
  auto* object = dynamic_cast<OperatorObject*>(unwrap(value));
  if (object == nullptr) refuse("Expected a native measurement operator but " + received(value) + ".");
  return *object;
}

std::vector<napi_property_descriptor> operatorMembers() {
  return {
      getter<OperatorObject, &OperatorObject::kind>("kind"),
      getter<OperatorObject, &OperatorObject::rows>("rows"),
      getter<OperatorObject, &OperatorObject::cols>("cols"),
      getter<OperatorObject, &OperatorObject::measurements>("measurements"),
      getter<OperatorObject, &OperatorObject::symmetric>("symmetric"),
      getter<OperatorObject, &OperatorObject::bytes>("bytes"),
      getter<OperatorObject, &OperatorObject::bytesPerPass>("bytesPerPass"),
      getter<OperatorObject, &OperatorObject::squaredNorm>("squaredNorm"),
  };
}

}  // namespace lowrank::binding
