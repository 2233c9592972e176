// A team of threads that runs a fixed number of parts. Which thread runs which part is left to chance; parts write to
// slots of their own and the caller combines the slots in index order, so results do not depend on the thread count.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace lowrank {

// Raised by another thread; polled between blocks of rows, so that a pass over gigabytes still ends within
// milliseconds.
class CancelFlag {
 public:
  void raise() noexcept { raised_.store(true, std::memory_order_relaxed); }
  bool raised() const noexcept { return raised_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> raised_{false};
};

class Team {
 public:
  // threads >= 1, the caller counts as one; `cancel` may be null and must outlive the team.
  explicit Team(int threads, const CancelFlag* cancel = nullptr);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const noexcept;
  bool cancelled() const noexcept;

  // Calls work(part) for part = 0 .. parts - 1, each once, and returns when all are done. `work` must not throw and
  // must outlive the call. Does not allocate. Parts beyond 65535 run on the calling thread alone.
  template <class Work>
  void run(std::int64_t parts, const Work& work) {
    runErased(
        parts, [](const void* context, std::int64_t part) { (*static_cast<const Work*>(context))(part); }, &work);
  }

 private:
  using PartFunction = void (*)(const void* context, std::int64_t part);
  void runErased(std::int64_t parts, PartFunction function, const void* context);

  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace lowrank
