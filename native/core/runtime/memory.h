// The one allocator of the core: aligned, counted, capped. Everything that lives as long as an operator or a run
// is an AlignedBuffer; the iteration loop never allocates.
#pragma once

#include <cstdint>
#include <utility>

namespace lowrank {

// Bytes held by all live buffers of the process, and the number of allocations made so far.
std::int64_t allocatedBytes() noexcept;
std::int64_t allocationCount() noexcept;

// Test hook: the k-th allocation from now fails (k = 0: the next); negative switches it off.
void failAllocation(std::int64_t k) noexcept;

// 64-byte aligned and zeroed; large blocks are page aligned and ask for huge pages. Throws Error(memory). 0 bytes give
// null.
void* allocateAligned(std::int64_t bytes);
void freeAligned(void* pointer, std::int64_t bytes) noexcept;

// Movable owner of `size` elements. Elements are zero after construction.
template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(std::int64_t size) : size_(size) { data_ = static_cast<T*>(allocateAligned(byteCount(size))); }
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer() { freeAligned(data_, size_ * static_cast<std::int64_t>(sizeof(T))); }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::int64_t size() const noexcept { return size_; }
  std::int64_t bytes() const noexcept { return size_ * static_cast<std::int64_t>(sizeof(T)); }
  T& operator[](std::int64_t i) noexcept { return data_[i]; }
  const T& operator[](std::int64_t i) const noexcept { return data_[i]; }

 private:
  // A count whose bytes overflow 64 bits becomes negative, which allocateAligned refuses.
  static std::int64_t byteCount(std::int64_t size) noexcept {
    std::int64_t bytes = 0;
    return __builtin_mul_overflow(size, static_cast<std::int64_t>(sizeof(T)), &bytes) ? -1 : bytes;
  }

  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace lowrank
