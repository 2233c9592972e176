#include "checks.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "../error.h"

namespace lowrank::detail {
namespace {

constexpr std::int64_t largestBlasInt = std::numeric_limits<blas_int>::max();

std::atomic<int> forcedFailures{0};

struct Complaint {
  int argument = 0;
  char routine[16] = {};
};
thread_local Complaint complaint;

}  // namespace

blas_int toBlasInt(std::int64_t value, const char* what) {
  if (value < 0) throw Error(ErrorCode::invalidArgument, std::string(what) + " is negative: " + std::to_string(value));
  if (value > largestBlasInt) {
    throw Error(ErrorCode::tooLarge, std::string(what) + " = " + std::to_string(value) + " exceeds 2^31 - 1");
  }
  return static_cast<blas_int>(value);
}

std::int64_t checkedEntries(std::int64_t rows, std::int64_t cols) {
  // Each factor is below 2^31 first, so the product cannot leave 64 bits.
  return toBlasInt(static_cast<std::int64_t>(toBlasInt(rows, "rows")) * toBlasInt(cols, "cols"), "rows * cols");
}

blas_int checkedWorkspace(std::int64_t minimum, double queried) {
  // LAPACK rounds large sizes to double or, in old versions, to something a little below: round up.
  const double wanted = std::ceil(queried);
  if (!(wanted <= static_cast<double>(largestBlasInt))) {
    throw Error(ErrorCode::tooLarge, "LAPACK workspace exceeds 2^31 - 1 numbers");
  }
  // A query that overflowed is negative or small; the documented minimum always works.
  const auto answer = wanted > 0 ? static_cast<std::int64_t>(wanted) : 0;
  return toBlasInt(std::max<std::int64_t>({minimum, answer, 1}), "LAPACK workspace");
}

void Range::add(const double* data, std::int64_t count) noexcept {
  // Adding a constant to the exponent field carries into the sign bit exactly when the field reaches a threshold;
  // "and, add, or" vectorizes on every machine, 64-bit comparisons do not.
  constexpr std::uint64_t exponent = 0x7ff0000000000000u;
  constexpr auto reaches = [](std::uint64_t threshold) { return (2048 - threshold) << 52; };
  std::uint64_t nonFinite = 0, large = 0, ordinary = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t field = std::bit_cast<std::uint64_t>(data[i]) & exponent;
    nonFinite |= field + reaches(2047);
    large |= field + reaches(1023 + 300);
    ordinary |= field + reaches(1023 - 300);
  }
  constexpr std::uint64_t top = std::uint64_t{1} << 63;
  finite = finite && (nonFinite & top) == 0;
  huge = huge || (large & top) != 0;
  tiny = tiny && (ordinary & top) == 0;
}

void copyScaled(const double* from, double scale, std::int64_t count, double* to) noexcept {
  if (scale == 1.0) {
    std::copy_n(from, count, to);
  } else {
    for (std::int64_t i = 0; i < count; ++i) to[i] = from[i] * scale;
  }
}

void failDrivers(int drivers) noexcept { forcedFailures.store(drivers, std::memory_order_relaxed); }
bool driverFails(int driver) noexcept { return driver < forcedFailures.load(std::memory_order_relaxed); }

int takeComplaint(char* routine) noexcept {
  if (routine) std::memcpy(routine, complaint.routine, sizeof complaint.routine);
  return std::exchange(complaint.argument, 0);
}

void throwOnComplaint() {
  char routine[16];
  if (const int argument = takeComplaint(routine)) {
    throw Error(ErrorCode::invalidArgument, std::string(routine) + " refused argument " + std::to_string(argument));
  }
}

}  // namespace lowrank::detail

// The library's own xerbla_ prints to stderr (OpenBLAS) or stops the process (reference LAPACK). The dynamic linker
// prefers this one: OpenBLAS calls xerbla_ through its symbol table, and an addon precedes its libraries in the search.
// The default visibility is needed for that. OpenBLAS passes the length as a 32-bit integer: only its low half counts.
extern "C" __attribute__((visibility("default"))) void xerbla_(const char* routine, const lowrank::blas_int* argument,
                                                               std::size_t routineLength) {
  auto& record = lowrank::detail::complaint;
  std::size_t length = std::min<std::size_t>(static_cast<std::uint32_t>(routineLength), sizeof record.routine - 1);
  while (length > 0 && (routine[length - 1] == ' ' || routine[length - 1] == '\0')) --length;
  std::memcpy(record.routine, routine, length);
  record.routine[length] = '\0';
  record.argument = *argument;
}
