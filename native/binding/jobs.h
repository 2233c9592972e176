// Work off the JavaScript thread, on threads of our own: libuv's pool has four threads, shared with the file system and
// DNS, and makes a terminated worker wait for what it runs.
//
//   JavaScript thread                      executor (one a process)          JavaScript thread
//   Environment::start(work, done, ...) -> FIFO queue -> work->execute() -> mailbox -> finish() -> done(error, result)
//
// A Work knows no JavaScript and is shared by the executor and whoever else needs it; what does know JavaScript stays
// in the environment, on its thread. So an environment can end at any time: it closes its mailbox, and work that is
// still running ends by itself, unheard.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "errors.h"

namespace lowrank::binding {

class Work {
 public:
  virtual ~Work() = default;
  virtual void execute() = 0;          // on an executor thread; may throw
  virtual void cancel() noexcept = 0;  // on any thread: makes execute() end within milliseconds, where it can
};

// Where finished work of one environment is put, and the only thing that other threads know of the environment.
class Mailbox {
 public:
  struct Letter {
    std::shared_ptr<Work> work;
    bool failed = false;
    Failure failure;
  };

  void open(napi_threadsafe_function wake);
  // Makes room for so many letters, so that post() need not allocate.
  void expect(std::size_t letters);
  // From any thread; dropped when the mailbox was closed.
  void post(Letter letter) noexcept;
  std::vector<Letter> take();
  // After this no thread touches the environment any more.
  void close() noexcept;

 private:
  std::mutex mutex_;
  napi_threadsafe_function wake_ = nullptr;  // null: closed
  std::vector<Letter> letters_;
};

// One environment (the main thread or a worker), found through its instance data.
class Environment {
 public:
  // Called with whether the work failed, on the JavaScript thread, before `done` is; gives the result for `done`.
  using Finish = std::function<Napi::Value(Napi::Env, bool failed)>;

  static void create(Napi::Env env);
  static Environment& of(Napi::Env env);

  explicit Environment(Napi::Env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Queues `work`; afterwards calls done(error) or done(null, result). `keepAlive` (may be empty) is not collected
  // before.
  void start(std::shared_ptr<Work> work, Napi::Function done, Napi::Object keepAlive, Finish finish);
  // Finishes `work` now, without executing it, if it is still queued. (A cancelled run must not wait for its turn.)
  void skipIfQueued(const std::shared_ptr<Work>& work);

 private:
  struct Task {
    std::shared_ptr<Work> work;
    Napi::FunctionReference done;
    Napi::ObjectReference keepAlive;
    Finish finish;
  };

  void deliverAll();
  void deliver(const Task& task, const Failure* failure);
  void close() noexcept;

  Napi::Env env_;
  std::shared_ptr<Mailbox> mailbox_;
  napi_threadsafe_function wake_ = nullptr;
  std::unordered_map<const Work*, Task> tasks_;
};

}  // namespace lowrank::binding
