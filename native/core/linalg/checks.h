// What every BLAS and LAPACK call of ours needs before and after: sizes proven to fit, numbers proven finite,
// complaints of the library turned into an Error. Private to linalg.
#pragma once

#include <cstdint>

#include "blas.h"

namespace lowrank::detail {

// The value as a BLAS integer; throws Error(invalidArgument) below 0 and Error(tooLarge) above 2^31 - 1.
blas_int toBlasInt(std::int64_t value, const char* what);

// rows * cols, proven to fit 31 bits. (LAPACK multiplies dimensions in 32-bit integers in places; see scipy PR #20349.)
std::int64_t checkedEntries(std::int64_t rows, std::int64_t cols);

// The workspace length to allocate, given the documented minimum and what the query answered as a double. The query
// itself can overflow 32 bits (lapack #660), so the minimum is computed by the caller in 64 bits and checked first.
blas_int checkedWorkspace(std::int64_t minimum, double queried);

// Magnitudes of a matrix, read from exponent bits. `scale` is 1, or the power of two that brings the largest entry to
// where neither its square nor the square of its reciprocal leaves the range of doubles; scaling by it is exact.
struct Range {
  bool finite = true;
  bool huge = false;  // some entry is at least 2^300
  bool tiny = true;   // all entries are below 2^-300
  void add(const double* data, std::int64_t count) noexcept;
  double scale() const noexcept { return huge ? 0x1p-600 : tiny ? 0x1p+600 : 1.0; }
};

void copyScaled(const double* from, double scale, std::int64_t count, double* to) noexcept;

// Test hook: in every compute() of this process, the first `drivers` LAPACK drivers are skipped as if they had failed.
void failDrivers(int drivers) noexcept;
bool driverFails(int driver) noexcept;

// What xerbla_ recorded on this thread since the last call: the position of the wrong argument, or 0. `routine`, when
// given, receives up to 15 characters.
int takeComplaint(char* routine = nullptr) noexcept;
void throwOnComplaint();

}  // namespace lowrank::detail
