#include "executor.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

namespace lowrank::binding {
namespace {

constexpr unsigned kMostThreads = 32;
constexpr std::chrono::milliseconds kExitPatience{2000};

// process.exit() runs no environment clean-up on the main thread: it goes straight to exit(), where OpenBLAS unmaps the
// buffers that a running job computes in. So jobs are ended first. Registered after OpenBLAS was loaded, hence run
// before its destructor. Should a LAPACK driver take too long, the process ends without destructors instead.
void endJobs(int status) {
  if (Executor::instance().shutDown(kExitPatience)) return;
  std::fflush(nullptr);
  _exit(status);
}

}  // namespace

Executor::Executor() : most_(std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads)) {
  slots_.reserve(most_);
#if defined(__GLIBC__)
  on_exit([](int status, void*) { endJobs(status); }, nullptr);
#else
  std::atexit([] { endJobs(EXIT_FAILURE); });
#endif
}

Executor& Executor::instance() {
  static Executor* const executor = new Executor;  // leaked on purpose
  return *executor;
}

void Executor::submit(std::shared_ptr<Work> work, std::shared_ptr<Mailbox> mailbox) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  queue_.push_back({std::move(work), std::move(mailbox)});
  if (idle_ < queue_.size() && threads_ < most_) {
    try {
      std::thread([this] { serve(); }).detach();
      ++threads_;
    } catch (...) {
      // The limit of processes is reached. Fewer threads will do; without any the job is refused.
      if (threads_ == 0) {
        queue_.pop_back();
        throw;
      }
    }
  }
  changed_.notify_one();
}

bool Executor::withdraw(const Work* work) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(queue_.begin(), queue_.end(), [&](const Entry& e) { return e.work.get() == work; });
  if (found == queue_.end()) return false;
  queue_.erase(found);
  return true;
}

bool Executor::isBusy(const Mailbox* mailbox) const noexcept {
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return slot.busy && (mailbox == nullptr || slot.entry.mailbox.get() == mailbox);
  });
}

bool Executor::abandon(const Mailbox* mailbox, std::chrono::milliseconds patience) noexcept {
  std::deque<Entry> removed;  // destroyed after the lock is gone: a run may free gigabytes
  std::unique_lock lock(mutex_);
  for (auto entry = queue_.begin(); entry != queue_.end();) {
    if (mailbox != nullptr && entry->mailbox.get() != mailbox) {
      ++entry;
      continue;
    }
    removed.push_back(std::move(*entry));
    entry = queue_.erase(entry);
  }
  for (Slot& slot : slots_) {
    if (slot.entry.work == nullptr || (mailbox != nullptr && slot.entry.mailbox.get() != mailbox)) continue;
    slot.entry.mailbox->close();
    slot.entry.work->cancel();
  }
  return ended_.wait_for(lock, patience, [&] { return !isBusy(mailbox); });
}

bool Executor::shutDown(std::chrono::milliseconds patience) noexcept {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  return abandon(nullptr, patience);
}

void Executor::serve() noexcept {
  std::unique_lock lock(mutex_);
  const std::size_t index = slots_.size();
  slots_.emplace_back();
  for (;;) {
    ++idle_;
    changed_.wait(lock, [&] { return !queue_.empty(); });
    --idle_;
    slots_[index] = {std::move(queue_.front()), true};
    queue_.pop_front();
    std::shared_ptr<Work> work = slots_[index].entry.work;
    const std::shared_ptr<Mailbox> mailbox = slots_[index].entry.mailbox;
    lock.unlock();

    Mailbox::Letter letter;
    try {
      work->execute();
    } catch (...) {
      letter.failed = true;
      letter.failure = currentFailure();
    }

    // Not busy only after the letter is posted and the work is let go, which may free gigabytes: whoever waited for us
    // then knows that this thread touches neither the environment nor the run any more.
    lock.lock();
    letter.work = std::move(slots_[index].entry.work);
    lock.unlock();
    work.reset();
    mailbox->post(std::move(letter));
    lock.lock();
    slots_[index] = {};
    ended_.notify_all();
  }
}

}  // namespace lowrank::binding
