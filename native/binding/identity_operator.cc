#include "identity_operator.h"

namespace lowrank::binding {

void IdentityOperatorObject::define(Napi::Object exports) {
  defineClass<IdentityOperatorObject>(exports, operatorMembers());
}

IdentityOperatorObject::IdentityOperatorObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "IdentityOperator", 3);
  const std::int64_t rows = integer(info[0], "rows", 1, kMaxDimension);
  const std::int64_t cols = integer(info[1], "cols", 1, kMaxDimension);
  const bool symmetric = boolean(info[2], "symmetric");
  if (symmetric && rows != cols) refuse("Expected as many rows as columns for a symmetric operator.");
  product(rows, cols, "The operator");
  operator_ = std::make_shared<IdentityOperator>(rows, cols, symmetric);
}

}  // namespace lowrank::binding
