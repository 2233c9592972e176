#include "design_object.h"

namespace lowrank::binding {

DesignObject& designArgument(Napi::Value value) {
  auto* object = dynamic_cast<DesignObject*>(unwrap(value));
  if (object == nullptr) refuse("Expected a native design but " + received(value) + ".");
  return *object;
}

std::vector<napi_property_descriptor> designMembers() {
  return {
      DesignObject::shows<&Design::name>("kind"),
      DesignObject::shows<&Design::field>("field"),
      DesignObject::shows<&Design::measurements>("measurements"),
      DesignObject::shows<&Design::dimension>("dimension"),
      DesignObject::shows<&Design::bytes>("bytes"),
      DesignObject::shows<&Design::bytesPerPass>("bytesPerPass"),
      DesignObject::shows<&Design::squaredNorm>("squaredNorm"),
  };
}

Span<double> vectorOutput(Napi::Value value, const char* name, std::int64_t count, Field field) {
  return float64Array(value, name, field == Field::complex ? product(2, count, name) : count);
}

}  // namespace lowrank::binding
