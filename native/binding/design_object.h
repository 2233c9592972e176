// What all designs have in common towards JavaScript: NativeDesign of src/native.ts.
#pragma once

#include <vector>

#include "../core/designs/design.h"
#include "measurement_object.h"
#include "vector_arguments.h"

namespace lowrank::binding {

struct DesignKind {
  using Core = Design;
  static constexpr const char* kClassName = "NativeDesign";
  static constexpr const char* kNoun = "design";
  static const char* textOf(Field field) noexcept { return field == Field::complex ? "complex" : "real"; }
};
using DesignObject = MeasurementObject<DesignKind>;

// The design behind an argument.
DesignObject& designArgument(Napi::Value value);

// The getters of every design, for the class of one kind of design; its own members are appended.
std::vector<napi_property_descriptor> designMembers();

// A Float64Array for `count` numbers of the field.
Span<double> vectorOutput(Napi::Value value, const char* name, std::int64_t count, Field field);

}  // namespace lowrank::binding
