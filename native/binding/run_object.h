// What a matrix run and a vector run have in common towards JavaScript: the advance on another thread and the life
// cycle. run.cc and vector_run.cc say what differs: options, fields of the ledger, reading of the result.
#pragma once

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "../core/runtime/team.h"
#include "../core/solvers/run.h"  // Status
#include "arguments.h"
#include "jobs.h"
#include "wrapped.h"

namespace lowrank::binding {

// What a run needs on whatever thread it is; the JavaScript object and a job share it, so either may go first.
// A State of the templates below adds `run`, kClassName and describe(ledger), which sets the fields of its own.
struct RunStateBase {
  CancelFlag cancel;
  std::int64_t recordedRows = 0;  // by the latest advance
};

// The object that tells JavaScript how far a run is.
class Ledger {
 public:
  explicit Ledger(Napi::Env env) : object_(Napi::Object::New(env)) {}

  void set(const char* name, Napi::Value value) { object_.Set(name, value); }
  void number(const char* name, double value) { set(name, Napi::Number::New(object_.Env(), value)); }
  void count(const char* name, std::int64_t value) { number(name, static_cast<double>(value)); }
  Napi::Object object() const { return object_; }

 private:
  Napi::Object object_;
};

template <class State>
class AdvanceWork : public Work {
 public:
  AdvanceWork(std::shared_ptr<State> state, std::int64_t iterations, int threads)
      : state_(std::move(state)), iterations_(iterations), threads_(threads) {
    state_->recordedRows = 0;  // should the advance be cancelled before it begins
  }

  void execute() override {
    auto& run = state_->run;
    if (state_->cancel.raised()) {
      if (run.status() != Status::running) status_ = run.status();
      return;
    }
    Team team(threads_, &state_->cancel);
    status_ = run.advance(iterations_, team);
    state_->recordedRows = static_cast<std::int64_t>(run.records().size()) / run.recordWidth();
  }

  void cancel() noexcept override { state_->cancel.raise(); }

  // On the JavaScript thread, afterwards.
  Napi::Object result(Napi::Env env) const {
    const auto& info = state_->run.info();
    Ledger ledger(env);
    ledger.set("status", Napi::String::New(env, statusName(status_)));
    ledger.set("converged", Napi::Boolean::New(env, statusMeansConverged(status_)));
    ledger.count("iterations", info.iterations);
    ledger.count("passes", info.passes);
    ledger.count("forwardCount", info.forwardCount);
    ledger.count("adjointCount", info.adjointCount);
    ledger.count("rejectedSteps", info.rejectedSteps);
    ledger.number("seconds", info.seconds);
    ledger.number("trainLoss", info.trainLoss);
    ledger.number("gradientNorm", info.gradientNorm);
    ledger.number("step", info.step);
    ledger.number("testError", info.testError);
    ledger.count("recordedRows", state_->recordedRows);
    state_->describe(ledger);
    return ledger.object();
  }

 private:
  const std::shared_ptr<State> state_;
  const std::int64_t iterations_;
  const int threads_;
  Status status_ = Status::cancelled;
};

template <class State>
class RunObjectBase : public Wrapped {
 public:
  static constexpr const char* kClassName = State::kClassName;

 protected:
  // The members that every run has; those of one kind are appended.
  static std::vector<napi_property_descriptor> members() {
    using Base = RunObjectBase;
    return {
        getter<Base, &Base::bytes>("bytes"),     method<Base, &Base::advance>("advance"),
        method<Base, &Base::cancel>("cancel"),   method<Base, &Base::readRecords>("readRecords"),
        method<Base, &Base::dispose>("dispose"),
    };
  }

  // The last step of a constructor.
  void hold(Napi::Env env, std::shared_ptr<State> state) {
    state_ = std::move(state);
    holdBytes(env, state_->run.bytes());
  }

  // BUSY during an advance and after dispose().
  State& idleState() {
    if (state_ == nullptr) throw BusyError("The run was disposed.");
    if (work_ != nullptr) throw BusyError("The run is advancing: wait for its callback.");
    return *state_;
  }

 private:
  Napi::Value bytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), state_ == nullptr ? 0.0 : static_cast<double>(state_->run.bytes()));
  }

  Napi::Value advance(const Napi::CallbackInfo& info) {
    idleState();
    expectArguments(info, "advance", 3);
    const std::int64_t iterations = integer(info[0], "iterations", 0, kMaxSafeInteger);
    const int count = threads(info[1]);
    const Napi::Function done = function(info[2], "done");

    auto work = std::make_shared<AdvanceWork<State>>(state_, iterations, count);
    // `this` outlives the job: the environment keeps its JavaScript object.
    const auto finish = [this, work](Napi::Env env, bool failed) -> Napi::Value {
      work_.reset();
      if (state_ == nullptr) holdBytes(env, 0);  // disposed meanwhile; its memory goes with the job
      return failed ? env.Undefined() : work->result(env);
    };
    Environment::of(info.Env()).start(work, done, info.This().As<Napi::Object>(), finish);
    work_ = std::move(work);
    return info.Env().Undefined();
  }

  Napi::Value cancel(const Napi::CallbackInfo& info) {
    if (state_ != nullptr) state_->cancel.raise();
    if (work_ != nullptr) Environment::of(info.Env()).skipIfQueued(work_);
    return info.Env().Undefined();
  }

  Napi::Value readRecords(const Napi::CallbackInfo& info) {
    const State& state = idleState();
    expectArguments(info, "readRecords", 1);
    const Span<double> out = float64Array(info[0], "out", state.recordedRows * state.run.recordWidth());
    if (out.size > 0) {
      std::memcpy(out.data, state.run.records().data(), static_cast<std::size_t>(out.size) * sizeof(double));
    }
    return info.Env().Undefined();
  }

  Napi::Value dispose(const Napi::CallbackInfo& info) {
    cancel(info);
    state_.reset();
    if (work_ == nullptr) holdBytes(info.Env(), 0);
    return info.Env().Undefined();
  }

  std::shared_ptr<State> state_;              // null after dispose()
  std::shared_ptr<AdvanceWork<State>> work_;  // the advance under way, or null
};

}  // namespace lowrank::binding
