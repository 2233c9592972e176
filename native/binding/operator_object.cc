#include "operator_object.h"

namespace lowrank::binding {

OperatorObject& operatorArgument(Napi::Value value) {
  auto* object = dynamic_cast<OperatorObject*>(unwrap(value));
  if (object == nullptr) refuse("Expected a native measurement operator but " + received(value) + ".");
  return *object;
}

std::vector<napi_property_descriptor> operatorMembers() {
  return {
      OperatorObject::shows<&MeasurementOperator::name>("kind"),
      OperatorObject::shows<&MeasurementOperator::rows>("rows"),
      OperatorObject::shows<&MeasurementOperator::cols>("cols"),
      OperatorObject::shows<&MeasurementOperator::measurements>("measurements"),
      OperatorObject::shows<&MeasurementOperator::symmetric>("symmetric"),
      OperatorObject::shows<&MeasurementOperator::bytes>("bytes"),
      OperatorObject::shows<&MeasurementOperator::bytesPerPass>("bytesPerPass"),
      OperatorObject::shows<&MeasurementOperator::squaredNorm>("squaredNorm"),
  };
}

}  // namespace lowrank::binding
