#include "design_object.h"

#include <cstring>

namespace lowrank::binding {
namespace {

Napi::Value number(const Napi::CallbackInfo& info, double value) { return Napi::Number::New(info.Env(), value); }

std::int64_t widthOf(std::int64_t count, Field field) { return field == Field::complex ? 2 * count : count; }

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

Field fieldArgument(Napi::Value value) {
  return choice<Field>(value, "field", {{"real", Field::real}, {"complex", Field::complex}});
}

AlignedBuffer<double> splitCopyOf(Napi::Value value, const char* name, std::int64_t count, Field field) {
  AlignedBuffer<double> copy = copyOf(value, name, widthOf(count, field));
  if (field == Field::real) return copy;
  AlignedBuffer<double> split(2 * count);
  for (std::int64_t i = 0; i < count; ++i) {
    split[i] = copy[2 * i];
    split[count + i] = copy[2 * i + 1];
  }
  return split;
}

Span<double> vectorOutput(Napi::Value value, const char* name, std::int64_t count, Field field) {
  return float64Array(value, name, widthOf(count, field));
}

void interleave(const double* split, std::int64_t count, Field field, double* out) {
  if (field == Field::real) {
    std::memcpy(out, split, static_cast<std::size_t>(count) * sizeof(double));
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    out[2 * i] = split[i];
    out[2 * i + 1] = split[count + i];
  }
}

}  // namespace lowrank::binding
