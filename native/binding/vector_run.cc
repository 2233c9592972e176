#include "vector_run.h"

#include <cstring>
#include <utility>

#include "arguments.h"
#include "design_object.h"
#include "exports.h"
#include "jobs.h"
#include "vector_run_options.h"

namespace lowrank::binding {

class VectorAdvanceWork : public Work {
 public:
  VectorAdvanceWork(std::shared_ptr<VectorRunState> state, std::int64_t iterations, int threads)
      : state_(std::move(state)), iterations_(iterations), threads_(threads) {
    state_->recordedRows = 0;  // should the advance be cancelled before it begins
  }

  void execute() override {
    VectorRun& run = state_->run;
    if (state_->cancel.raised()) {
      if (run.status() != Status::running) status_ = run.status();
      return;
    }
    Team team(threads_, &state_->cancel);
    status_ = run.advance(iterations_, team);
    state_->recordedRows = static_cast<std::int64_t>(run.records().size()) / run.recordWidth();
  }

  void cancel() noexcept override { state_->cancel.raise(); }

  Status status() const noexcept { return status_; }
  const VectorRunState& state() const noexcept { return *state_; }

 private:
  const std::shared_ptr<VectorRunState> state_;
  const std::int64_t iterations_;
  const int threads_;
  Status status_ = Status::cancelled;
};

namespace {

Napi::Value infoObject(Napi::Env env, const VectorAdvanceWork& work) {
  const VectorRunInfo& info = work.state().run.info();
  Napi::Object result = Napi::Object::New(env);
  const auto number = [&](const char* name, double value) { result.Set(name, Napi::Number::New(env, value)); };
  const auto count = [&](const char* name, std::int64_t value) { number(name, static_cast<double>(value)); };
  result.Set("status", Napi::String::New(env, statusName(work.status())));
  result.Set("converged", Napi::Boolean::New(env, statusMeansConverged(work.status())));
  count("iterations", info.iterations);
  count("passes", info.passes);
  count("forwardCount", info.forwardCount);
  count("adjointCount", info.adjointCount);
  count("rejectedSteps", info.rejectedSteps);
  number("seconds", info.seconds);
  number("residual", info.residual);
  number("trainLoss", info.trainLoss);
  number("gradientNorm", info.gradientNorm);
  number("step", info.step);
  number("overlap", info.overlap);
  number("testError", info.testError);
  count("recordedRows", work.state().recordedRows);
  return result;
}

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

void VectorRunObject::define(Napi::Object exports) {
  defineClass<VectorRunObject>(exports, {
                                            getter<VectorRunObject, &VectorRunObject::bytes>("bytes"),
                                            method<VectorRunObject, &VectorRunObject::advance>("advance"),
                                            method<VectorRunObject, &VectorRunObject::cancel>("cancel"),
                                            method<VectorRunObject, &VectorRunObject::readVector>("readVector"),
                                            method<VectorRunObject, &VectorRunObject::readRecords>("readRecords"),
                                            method<VectorRunObject, &VectorRunObject::dispose>("dispose"),
                                        });
  exportFunction<describeMethods>(exports, "vectorMethodDescriptions");
  exportFunction<columnNames>(exports, "vectorColumnNames");
}

VectorRunObject::VectorRunObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "VectorRun", 2);
  DesignObject& design = designArgument(info[0]);
  const std::shared_ptr<const Design> shared = design.shared();
  const DecodedVectorRunOptions decoded = decodeVectorRunOptions(object(info[1], "options"), *shared);
  state_ = std::make_shared<VectorRunState>(shared, decoded.options);
  design.markUsed();
  holdBytes(info.Env(), state_->run.bytes());
}

VectorRunState& VectorRunObject::idleState() {
  if (state_ == nullptr) throw BusyError("The run was disposed.");
  if (work_ != nullptr) throw BusyError("The run is advancing: wait for its callback.");
  return *state_;
}

Napi::Value VectorRunObject::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), state_ == nullptr ? 0.0 : static_cast<double>(state_->run.bytes()));
}

Napi::Value VectorRunObject::advance(const Napi::CallbackInfo& info) {
  idleState();
  expectArguments(info, "advance", 3);
  const std::int64_t iterations = integer(info[0], "iterations", 0, kMaxSafeInteger);
  const int count = threads(info[1]);
  const Napi::Function done = function(info[2], "done");

  auto work = std::make_shared<VectorAdvanceWork>(state_, iterations, count);
  // `this` outlives the job: the environment keeps its JavaScript object.
  const auto finish = [this, work](Napi::Env env, bool failed) -> Napi::Value {
    work_.reset();
    if (state_ == nullptr) holdBytes(env, 0);  // disposed meanwhile; its memory goes with the job
    return failed ? env.Undefined() : infoObject(env, *work);
  };
  Environment::of(info.Env()).start(work, done, info.This().As<Napi::Object>(), finish);
  work_ = std::move(work);
  return info.Env().Undefined();
}

Napi::Value VectorRunObject::cancel(const Napi::CallbackInfo& info) {
  if (state_ != nullptr) state_->cancel.raise();
  if (work_ != nullptr) Environment::of(info.Env()).skipIfQueued(work_);
  return info.Env().Undefined();
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

Napi::Value VectorRunObject::readRecords(const Napi::CallbackInfo& info) {
  const VectorRunState& state = idleState();
  expectArguments(info, "readRecords", 1);
  const Span<double> out = float64Array(info[0], "out", state.recordedRows * state.run.recordWidth());
  if (out.size > 0) {
    std::memcpy(out.data, state.run.records().data(), static_cast<std::size_t>(out.size) * sizeof(double));
  }
  return info.Env().Undefined();
}

Napi::Value VectorRunObject::dispose(const Napi::CallbackInfo& info) {
  cancel(info);
  state_.reset();
  if (work_ == nullptr) holdBytes(info.Env(), 0);
  return info.Env().Undefined();
}

}  // namespace lowrank::binding
