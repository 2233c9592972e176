#include "memory.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "../error.h"

namespace lowrank {
namespace {

std::atomic<std::int64_t> liveBytes{0};
std::atomic<std::int64_t> allocations{0};
std::atomic<std::int64_t> failCountdown{-1};

constexpr std::int64_t alignment = 64;
// From this size on a block is mapped by itself: zeroed by the kernel, page aligned, and fit for huge pages, which
// spare a streaming pass most of its address translations.
constexpr std::int64_t mappedFrom = std::int64_t{4} << 20;
constexpr std::int64_t hugePage = std::int64_t{2} << 20;

std::int64_t roundUp(std::int64_t value, std::int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

[[noreturn]] void refuse(std::int64_t bytes) {
  throw Error(ErrorCode::memory, "Could not allocate " + std::to_string(bytes) + " bytes.");
}

bool shouldFail() noexcept {
  if (failCountdown.load(std::memory_order_relaxed) < 0) return false;
  return failCountdown.fetch_sub(1, std::memory_order_relaxed) == 0;
}

}  // namespace

std::int64_t allocatedBytes() noexcept { return liveBytes.load(); }
std::int64_t allocationCount() noexcept { return allocations.load(); }
void failAllocation(std::int64_t k) noexcept { failCountdown.store(k); }

void* allocateAligned(std::int64_t bytes) {
  if (bytes == 0) return nullptr;
  if (bytes < 0 || shouldFail()) refuse(bytes);
  void* pointer = nullptr;
#if defined(__linux__)
  if (bytes >= mappedFrom) {
    const auto length = static_cast<std::size_t>(roundUp(bytes, hugePage));
    pointer = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pointer == MAP_FAILED) refuse(bytes);
    madvise(pointer, length, MADV_HUGEPAGE);  // advice only: failure costs speed, nothing else
  }
#endif
  if (pointer == nullptr) {
    pointer = std::aligned_alloc(alignment, static_cast<std::size_t>(roundUp(bytes, alignment)));
    if (pointer == nullptr) refuse(bytes);
    std::memset(pointer, 0, static_cast<std::size_t>(bytes));
  }
  liveBytes.fetch_add(bytes);
  allocations.fetch_add(1);
  return pointer;
}

void freeAligned(void* pointer, std::int64_t bytes) noexcept {
  if (pointer == nullptr) return;
  liveBytes.fetch_sub(bytes);
#if defined(__linux__)
  if (bytes >= mappedFrom) {
    munmap(pointer, static_cast<std::size_t>(roundUp(bytes, hugePage)));
    return;
  }
#endif
  std::free(pointer);
}

}  // namespace lowrank
