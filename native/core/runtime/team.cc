#include "team.h"

#include <thread>
#include <vector>

namespace lowrank {
namespace {

inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Passes follow each other within microseconds: a short spin saves two futex calls an iteration, a long one would
// take the processor from somebody else.
constexpr int spins = 400;

}  // namespace

constexpr std::int64_t maxParts = 0xffff;

// One 64-bit ticket holds (round: 32 bits, parts: 16, next part: 16). A worker claims a part by compare-and-swap, which
// fails when the round is over; so a worker that wakes late can do no harm, and a round is over when its parts are
// done, not when every worker has reported. The function of a round is written before its ticket is published and kept
// until its last part is done, so whoever holds a part holds the right function.
struct Team::Shared {
  int threads = 1;
  const CancelFlag* cancel = nullptr;
  std::vector<std::thread> workers;
  std::atomic<std::uint64_t> ticket{0};
  std::atomic<int> round{0};  // low bits of the ticket's round: what sleeping workers wait on
  std::atomic<int> remaining{0};
  std::atomic<PartFunction> function{nullptr};
  std::atomic<const void*> context{nullptr};
  std::atomic<bool> stop{false};

  void work() noexcept {
    for (;;) {
      std::uint64_t current = ticket.load(std::memory_order_acquire);
      const auto part = static_cast<std::int64_t>(current & 0xffffu);
      const auto parts = static_cast<std::int64_t>((current >> 16) & 0xffffu);
      if (part >= parts) return;
      const auto run = function.load(std::memory_order_relaxed);
      const auto* argument = context.load(std::memory_order_relaxed);
      if (!ticket.compare_exchange_weak(current, current + 1, std::memory_order_acq_rel)) continue;
      run(argument, part);
      if (remaining.fetch_sub(1, std::memory_order_acq_rel) == 1) remaining.notify_all();
    }
  }

  void loop() noexcept {
    int seen = 0;
    for (;;) {
      int now = round.load(std::memory_order_acquire);
      for (int i = 0; i < spins && now == seen; ++i) {
        pause();
        now = round.load(std::memory_order_acquire);
      }
      if (now == seen) {
        round.wait(seen, std::memory_order_acquire);
        continue;
      }
      if (stop.load(std::memory_order_acquire)) return;
      seen = now;
      work();
    }
  }
};

Team::Team(int threads, const CancelFlag* cancel) : shared_(std::make_unique<Shared>()) {
  shared_->threads = threads < 1 ? 1 : threads;
  shared_->cancel = cancel;
  shared_->workers.reserve(static_cast<std::size_t>(shared_->threads - 1));
  // Where the system refuses a thread the team is smaller; results are the same.
  try {
    for (int i = 1; i < shared_->threads; ++i)
      shared_->workers.emplace_back([shared = shared_.get()] { shared->loop(); });
  } catch (...) {
  }
}

Team::~Team() {
  shared_->stop.store(true, std::memory_order_release);
  shared_->round.fetch_add(1, std::memory_order_acq_rel);
  shared_->round.notify_all();
  for (auto& worker : shared_->workers) worker.join();
}

int Team::threads() const noexcept { return static_cast<int>(shared_->workers.size()) + 1; }

bool Team::cancelled() const noexcept { return shared_->cancel != nullptr && shared_->cancel->raised(); }

void Team::runErased(std::int64_t parts, PartFunction function, const void* context) {
  Shared& shared = *shared_;
  if (shared.workers.empty() || parts <= 1 || parts > maxParts) {
    for (std::int64_t part = 0; part < parts; ++part) function(context, part);
    return;
  }
  shared.function.store(function, std::memory_order_relaxed);
  shared.context.store(context, std::memory_order_relaxed);
  shared.remaining.store(static_cast<int>(parts), std::memory_order_relaxed);
  const std::uint64_t next = (shared.ticket.load(std::memory_order_relaxed) >> 32) + 1;
  shared.ticket.store(next << 32 | static_cast<std::uint64_t>(parts) << 16, std::memory_order_release);
  shared.round.fetch_add(1, std::memory_order_acq_rel);
  shared.round.notify_all();
  shared.work();
  for (int i = 0; i < spins; ++i) {
    if (shared.remaining.load(std::memory_order_acquire) == 0) return;
    pause();
  }
  for (int left = shared.remaining.load(std::memory_order_acquire); left != 0;
       left = shared.remaining.load(std::memory_order_acquire)) {
    shared.remaining.wait(left, std::memory_order_acquire);
  }
}

}  // namespace lowrank
