#include "task.h"

#include <utility>

#include "wrapped.h"

namespace lowrank::binding {
namespace {

class TaskObject final : public Wrapped {
 public:
  static constexpr const char* kClassName = "Task";
  explicit TaskObject(std::shared_ptr<TaskWork> work) : work_(std::move(work)) {}

  Napi::Value progress(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(work_->progress.load(std::memory_order_relaxed)));
  }
  Napi::Value cancel(const Napi::CallbackInfo& info) {
    work_->cancel();
    Environment::of(info.Env()).skipIfQueued(work_);
    return info.Env().Undefined();
  }

 private:
  std::shared_ptr<TaskWork> work_;
};

}  // namespace

void TaskWork::refuseCancelled() const {
  if (cancelFlag.raised()) throw CancelledError("The work was cancelled.");
}

Napi::Value startTask(Napi::Env env, std::shared_ptr<TaskWork> work, Napi::Function done, Environment::Finish finish) {
  Napi::Object object = Napi::Object::New(env);
  const napi_property_descriptor members[] = {getter<TaskObject, &TaskObject::progress>("progress"),
                                              method<TaskObject, &TaskObject::cancel>("cancel")};
  if (napi_define_properties(env, object, 2, members) != napi_ok) throw Napi::Error::New(env);
  wrap(env, object, std::make_unique<TaskObject>(work));
  Environment::of(env).start(std::move(work), done, Napi::Object(), std::move(finish));
  return object;
}

}  // namespace lowrank::binding
