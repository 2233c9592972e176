// The threads that jobs run on: one FIFO queue and at most one job a core for the whole process, whatever the number of
// environments. (OpenBLAS has a fixed number of buffers: some hundred callers at once crash it.)
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "jobs.h"

namespace lowrank::binding {

class Executor {
 public:
  // Never destroyed: its threads may outlive every static object.
  static Executor& instance();

  void submit(std::shared_ptr<Work> work, std::shared_ptr<Mailbox> mailbox);
  // Takes `work` from the queue; false when it is not there (any more).
  bool withdraw(const Work* work);
  // Takes all work of the mailbox from the queue, cancels what is running, and waits until it has ended, but not longer
  // than `patience`: a LAPACK driver cannot be interrupted.
  bool abandon(const Mailbox* mailbox, std::chrono::milliseconds patience) noexcept;
  // The same for everybody, and no job starts afterwards: the process is ending.
  bool shutDown(std::chrono::milliseconds patience) noexcept;

 private:
  struct Entry {
    std::shared_ptr<Work> work;
    std::shared_ptr<Mailbox> mailbox;
  };

  // What a thread is at. It stays busy until it has let go of the work and of the mailbox.
  struct Slot {
    Entry entry;
    bool busy = false;
  };

  Executor();
  void serve() noexcept;
  bool isBusy(const Mailbox* mailbox) const noexcept;

  std::mutex mutex_;
  std::condition_variable changed_;  // the queue has grown
  std::condition_variable ended_;    // a job has ended
  std::deque<Entry> queue_;
  std::vector<Slot> slots_;  // one a thread
  std::size_t most_;         // threads
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace lowrank::binding
