#include "run.h"

#include <cstring>

#include "operator_object.h"
#include "run_options.h"

namespace lowrank::binding {
namespace {

void copyFactor(ConstMatrix factor, Span<double> out) {
  if (factor.data != nullptr) std::memcpy(out.data, factor.data, static_cast<std::size_t>(out.size) * sizeof(double));
}

}  // namespace

void RunState::describe(Ledger& ledger) const {
  const RunInfo& info = run.info();
  ledger.count("fallbacks", info.fallbacks);
  ledger.number("initSeconds", info.initSeconds);
  ledger.number("passSeconds", info.passSeconds);
  ledger.number("updateSeconds", info.updateSeconds);
  ledger.number("recordSeconds", info.recordSeconds);
  ledger.number("trainResidual", info.trainResidual);
  ledger.number("validationResidual", info.validationResidual);
}

void RunObject::define(Napi::Object exports) {
  auto all = members();
  all.push_back(method<RunObject, &RunObject::readFactors>("readFactors"));
  defineClass<RunObject>(exports, all);
}

RunObject::RunObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "Run", 2);
  OperatorObject& op = operatorArgument(info[0]);
  const std::shared_ptr<const MeasurementOperator> shared = op.shared();
  const DecodedRunOptions decoded = decodeRunOptions(object(info[1], "options"), *shared);
  symmetric_ = decoded.options.model == Model::symmetric;
  hold(info.Env(), std::make_shared<RunState>(shared, decoded.options));
  op.markUsed();
}

Napi::Value RunObject::readFactors(const Napi::CallbackInfo& info) {
  const Run& run = idleState().run;
  expectArguments(info, "readFactors", 2);
  const Span<double> left = float64Array(info[0], "left", run.left().size());
  Span<double> right;
  if (!symmetric_) {
    right = float64Array(info[1], "right", run.right().size());
  } else if (!info[1].IsNull()) {
    refuse("Expected null for right in the symmetric model but " + received(info[1]) + ".");
  }
  copyFactor(run.left(), left);
  if (!symmetric_) copyFactor(run.right(), right);
  return info.Env().Undefined();
}

}  // namespace lowrank::binding
