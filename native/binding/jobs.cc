#include "jobs.h"

#include <chrono>
#include <utility>

#include "executor.h"

namespace lowrank::binding {
namespace {

// How long an ending environment waits for its jobs. Passes end within milliseconds; a LAPACK driver that takes longer
// is left to end by itself, so that terminating a worker never waits for a solve.
constexpr std::chrono::milliseconds kClosePatience{200};

void check(napi_env env, napi_status status) {
  if (status != napi_ok) throw Napi::Error::New(env);
}

// The callback's own exception becomes an uncaughtException. (Left pending, Node would only warn about it.)
void reportUncaught(napi_env env) {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending &&
      napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
    napi_fatal_exception(env, exception);
  }
}

}  // namespace

void Mailbox::open(napi_threadsafe_function wake) {
  const std::lock_guard lock(mutex_);
  wake_ = wake;
}

void Mailbox::expect(std::size_t letters) {
  const std::lock_guard lock(mutex_);
  letters_.reserve(letters);
}

void Mailbox::post(Letter letter) noexcept {
  const std::lock_guard lock(mutex_);
  if (wake_ == nullptr) return;
  letters_.push_back(std::move(letter));
  if (napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking) == napi_closing) wake_ = nullptr;
}

std::vector<Mailbox::Letter> Mailbox::take() {
  std::vector<Letter> taken;
  const std::lock_guard lock(mutex_);
  taken.reserve(letters_.capacity());
  letters_.swap(taken);
  return taken;
}

void Mailbox::close() noexcept {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
}

void Environment::create(Napi::Env env) { env.SetInstanceData(new Environment(env)); }

Environment& Environment::of(Napi::Env env) {
  auto* environment = env.GetInstanceData<Environment>();
  if (environment == nullptr) throw std::logic_error("The environment has no instance data.");
  return *environment;
}

Environment::Environment(Napi::Env env) : env_(env), mailbox_(std::make_shared<Mailbox>()) {
  const auto onWake = [](napi_env wakeEnv, napi_value, void* context, void*) {
    if (wakeEnv == nullptr) return;  // the queue is being emptied because the environment ends
    guard(wakeEnv, [&]() -> napi_value {
      static_cast<Environment*>(context)->deliverAll();
      return nullptr;
    });
  };
  check(env, napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "lowrank"), 0, 1, nullptr,
                                             nullptr, this, onWake, &wake_));
  check(env, napi_unref_threadsafe_function(env, wake_));
  // Clean-up hooks run in reverse order: ours, added after the thread-safe function's own, runs while it is whole.
  check(env, napi_add_env_cleanup_hook(
                 env, [](void* self) { static_cast<Environment*>(self)->close(); }, this));
  mailbox_->open(wake_);
}

void Environment::start(std::shared_ptr<Work> work, Napi::Function done, Napi::Object keepAlive, Finish finish) {
  const Work* const key = work.get();
  mailbox_->expect(tasks_.size() + 1);
  Task task{work, Napi::Persistent(done), {}, std::move(finish)};
  if (!keepAlive.IsEmpty()) task.keepAlive = Napi::Persistent(keepAlive);
  tasks_.emplace(key, std::move(task));
  try {
    Executor::instance().submit(std::move(work), mailbox_);
  } catch (...) {
    tasks_.erase(key);
    throw;
  }
  if (tasks_.size() == 1) napi_ref_threadsafe_function(env_, wake_);  // holds the loop while there is work
}

void Environment::skipIfQueued(const std::shared_ptr<Work>& work) {
  if (Executor::instance().withdraw(work.get())) mailbox_->post({work, false, {}});
}

void Environment::deliverAll() {
  for (Mailbox::Letter& letter : mailbox_->take()) {
    const auto found = tasks_.find(letter.work.get());
    if (found == tasks_.end()) continue;
    const Task task = std::move(found->second);
    tasks_.erase(found);
    if (tasks_.empty()) napi_unref_threadsafe_function(env_, wake_);
    deliver(task, letter.failed ? &letter.failure : nullptr);
  }
}

void Environment::deliver(const Task& task, const Failure* failure) {
  const Napi::HandleScope scope(env_);
  Failure finishing;
  napi_value arguments[2] = {env_.Null(), nullptr};
  try {
    arguments[1] = task.finish(env_, failure != nullptr);
  } catch (...) {
    finishing = currentFailure();
    if (failure == nullptr) failure = &finishing;
  }
  if (failure != nullptr) arguments[0] = makeError(env_, *failure);
  if (arguments[0] == nullptr) return;  // the environment is being torn down
  napi_value ignored = nullptr;
  const napi_status status =
      napi_call_function(env_, env_.Undefined(), task.done.Value(), failure == nullptr ? 2 : 1, arguments, &ignored);
  if (status != napi_ok) reportUncaught(env_);
}

void Environment::close() noexcept {
  mailbox_->close();
  // Work that was never begun is let go here, on the thread that owns its callbacks.
  Executor::instance().abandon(mailbox_.get(), kClosePatience);
  tasks_.clear();
}

}  // namespace lowrank::binding
