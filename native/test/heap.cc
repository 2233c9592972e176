// Counts heap allocations of the whole test program, OpenBLAS and the C++ runtime included, by standing before glibc's
// malloc. Memory still comes from glibc, so free() needs no counterpart.
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "harness.h"
#include "linalg/lapack.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LOWRANK_SANITIZED 1
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(LOWRANK_SANITIZED)
#define LOWRANK_COUNT_HEAP 1
#endif

namespace {
std::atomic<std::int64_t> allocations{0};
}

namespace lowrank::test {

std::int64_t heapAllocations() noexcept { return allocations.load(std::memory_order_relaxed); }

bool heapCounting() {
#ifdef LOWRANK_COUNT_HEAP
  const BlasInfo blas = blasInfo();
  const std::string core = blas.coreName;
  return blas.threads == 1 && core != "SkylakeX" && core != "Cooperlake" && core != "SapphireRapids";
#else
  return false;
#endif
}

}  // namespace lowrank::test

#ifdef LOWRANK_COUNT_HEAP
#pragma GCC visibility push(default)  // hidden, they would not stand before the calls of shared libraries
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* pointer, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

// The exact declarations of <stdlib.h> are kept by the compiler; operator new ends in malloc.
void* malloc(std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}

void* realloc(void* pointer, std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(pointer, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }

int posix_memalign(void** pointer, std::size_t alignment, std::size_t size) noexcept {
  *pointer = memalign(alignment, size);
  return *pointer || size == 0 ? 0 : ENOMEM;
}

}  // extern "C"
#pragma GCC visibility pop
#endif
