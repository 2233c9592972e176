#include "run.h"

#include <cstring>
#include <utility>

#include "arguments.h"
#include "jobs.h"
#include "operator_object.h"
#include "run_options.h"

namespace lowrank::binding {

class AdvanceWork : public Work {
 public:
  AdvanceWork(std::shared_ptr<RunState> state, std::int64_t iterations, int threads)
      : state_(std::move(state)), iterations_(iterations), threads_(threads) {
    state_->recordedRows = 0;  // should the advance be cancelled before it begins
  }

  void execute() override {
    Run& run = state_->run;
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
  const RunState& state() const noexcept { return *state_; }

 private:
  const std::shared_ptr<RunState> state_;
  const std::int64_t iterations_;
  const int threads_;
  Status status_ = Status::cancelled;
};

namespace {

Napi::Value infoObject(Napi::Env env, const AdvanceWork& work) {
  const RunInfo& info = work.state().run.info();
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
  count("fallbacks", info.fallbacks);
  number("seconds", info.seconds);
  number("initSeconds", info.initSeconds);
  number("passSeconds", info.passSeconds);
  number("updateSeconds", info.updateSeconds);
  number("recordSeconds", info.recordSeconds);
  number("trainLoss", info.trainLoss);
  number("trainResidual", info.trainResidual);
  number("validationResidual", info.validationResidual);
  number("gradientNorm", info.gradientNorm);
  number("step", info.step);
  number("testError", info.testError);
  count("recordedRows", work.state().recordedRows);
  return result;
}

void copyFactor(ConstMatrix factor, Span<double> out) {
  if (factor.data != nullptr) std::memcpy(out.data, factor.data, static_cast<std::size_t>(out.size) * sizeof(double));
}

}  // namespace

void RunObject::define(Napi::Object exports) {
  defineClass<RunObject>(exports, {
                                      getter<RunObject, &RunObject::bytes>("bytes"),
                                      method<RunObject, &RunObject::advance>("advance"),
                                      method<RunObject, &RunObject::cancel>("cancel"),
                                      method<RunObject, &RunObject::readFactors>("readFactors"),
                                      method<RunObject, &RunObject::readRecords>("readRecords"),
                                      method<RunObject, &RunObject::dispose>("dispose"),
                                  });
}

RunObject::RunObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "Run", 2);
  OperatorObject& op = operatorArgument(info[0]);
  const std::shared_ptr<const MeasurementOperator> shared = op.shared();
  const DecodedRunOptions decoded = decodeRunOptions(object(info[1], "options"), *shared);
  symmetric_ = decoded.options.model == Model::symmetric;
  state_ = std::make_shared<RunState>(shared, decoded.options);
  op.markUsed();
  holdBytes(info.Env(), state_->run.bytes());
}

RunState& RunObject::idleState() {
  if (state_ == nullptr) throw BusyError("The run was disposed.");
  if (work_ != nullptr) throw BusyError("The run is advancing: wait for its callback.");
  return *state_;
}

Napi::Value RunObject::bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), state_ == nullptr ? 0.0 : static_cast<double>(state_->run.bytes()));
}

Napi::Value RunObject::advance(const Napi::CallbackInfo& info) {
  idleState();
  expectArguments(info, "advance", 3);
  const std::int64_t iterations = integer(info[0], "iterations", 0, kMaxSafeInteger);
  const int count = threads(info[1]);
  const Napi::Function done = function(info[2], "done");

  auto work = std::make_shared<AdvanceWork>(state_, iterations, count);
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

Napi::Value RunObject::cancel(const Napi::CallbackInfo& info) {
  if (state_ != nullptr) state_->cancel.raise();
  if (work_ != nullptr) Environment::of(info.Env()).skipIfQueued(work_);
  return info.Env().Undefined();
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

Napi::Value RunObject::readRecords(const Napi::CallbackInfo& info) {
  const RunState& state = idleState();
  expectArguments(info, "readRecords", 1);
  const Span<double> out = float64Array(info[0], "out", state.recordedRows * state.run.recordWidth());
  if (out.size > 0)
    std::memcpy(out.data, state.run.records().data(), static_cast<std::size_t>(out.size) * sizeof(double));
  return info.Env().Undefined();
}

Napi::Value RunObject::dispose(const Napi::CallbackInfo& info) {
  cancel(info);
  state_.reset();
  if (work_ == nullptr) holdBytes(info.Env(), 0);
  return info.Env().Undefined();
}

}  // namespace lowrank::binding
