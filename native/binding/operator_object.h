// What all measurement operators have in common towards JavaScript: NativeOperator of src/native.ts.
#pragma once

#include <vector>

#include "../core/operators/operator.h"
#include "measurement_object.h"

namespace lowrank::binding {

struct OperatorKind {
  using Core = MeasurementOperator;
  static constexpr const char* kClassName = "NativeOperator";
  static constexpr const char* kNoun = "operator";
};
using OperatorObject = MeasurementObject<OperatorKind>;

// The operator behind an argument.
OperatorObject& operatorArgument(Napi::Value value);

// The getters of every operator, for the class of one kind of operator; its own members are appended.
std::vector<napi_property_descriptor> operatorMembers();

}  // namespace lowrank::binding
