#include "vector_run.h"

#include "design_object.h"
#include "exports.h"
#include "vector_run_options.h"

namespace lowrank::binding {
namespace {

template <class T, class Convert>
Napi::Array arrayOf(Napi::Env env, const std::vector<T>& values, const Convert& convert) {
  Napi::Array result = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) result.Set(static_cast<std::uint32_t>(i), convert(values[i]));
  return result;
}

Napi::Value describeMethods(const Napi::CallbackInfo& info) {
  expectArguments(info, "vectorMethodDescriptions", 0);
  const Napi::Env env = info.Env();
  return arrayOf(env, vectorMethodDescriptions(), [env](const VectorMethodDescription& method) {
    Napi::Object one = Napi::Object::New(env);
    const auto flag = [&](const char* name, bool value) { one.Set(name, Napi::Boolean::New(env, value)); };
    one.Set("name", method.name);
    one.Set("parameters",
            arrayOf(env, method.parameters, [env](const char* name) { return Napi::String::New(env, name); }));
    one.Set("defaults", arrayOf(env, method.defaults, [env](double value) { return Napi::Number::New(env, value); }));
    Napi::Array fields = Napi::Array::New(env);
    if (method.real) fields.Set(fields.Length(), "real");
    if (method.complex) fields.Set(fields.Length(), "complex");
    one.Set("fields", fields);
    flag("anyLoss", method.anyLoss);
    flag("intensityOnly", method.intensityOnly);
    flag("ridge", method.ridge);
    flag("step", method.step);
    flag("momentum", method.momentum);
    one.Set("stopIterations", Napi::Number::New(env, static_cast<double>(method.stopIterations)));
    one.Set("stopGradient", Napi::Number::New(env, method.stopGradient));
    return one;
  });
}

Napi::Value columnNames(const Napi::CallbackInfo& info) {
  expectArguments(info, "vectorColumnNames", 0);
  const Napi::Env env = info.Env();
  return arrayOf(env, vectorColumnNames(), [env](const std::string& name) { return Napi::String::New(env, name); });
}

}  // namespace

void VectorRunState::describe(Ledger& ledger) const {
  const VectorRunInfo& info = run.info();
  ledger.number("residual", info.residual);
  ledger.number("overlap", info.overlap);
}

void VectorRunObject::define(Napi::Object exports) {
  auto all = members();
  all.push_back(method<VectorRunObject, &VectorRunObject::readVector>("readVector"));
  defineClass<VectorRunObject>(exports, all);
  exportFunction<describeMethods>(exports, "vectorMethodDescriptions");
  exportFunction<columnNames>(exports, "vectorColumnNames");
}

VectorRunObject::VectorRunObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "VectorRun", 2);
  DesignObject& design = designArgument(info[0]);
  const std::shared_ptr<const Design> shared = design.shared();
  const DecodedVectorRunOptions decoded = decodeVectorRunOptions(object(info[1], "options"), *shared);
  hold(info.Env(), std::make_shared<VectorRunState>(shared, decoded.options));
  design.markUsed();
}

Napi::Value VectorRunObject::readVector(const Napi::CallbackInfo& info) {
  const VectorRunState& state = idleState();
  expectArguments(info, "readVector", 2);
  const Design& design = *state.design;
  const Span<double> theta = vectorOutput(info[0], "theta", design.dimension(), design.field());
  const bool wantsField = !info[1].IsNull();
  Span<double> field;
  if (wantsField) field = vectorOutput(info[1], "field", design.measurements(), design.field());
  joinInto(state.run.theta(), design.dimension(), design.field(), theta.data);
  if (wantsField) joinInto(state.run.field(), design.measurements(), design.field(), field.data);
  return info.Env().Undefined();
}

}  // namespace lowrank::binding
