// LAPACK behind one door: every driver's input and output is scanned for non-finite numbers, workspaces are queried in
// 64 bits and allocated once, and failures are retried with a slower driver before they become an Error.
// (LAPACK drivers can loop for ever on NaN or infinity, and can return info = 0 with NaN in the output.)
#pragma once

#include <cstdint>

#include "../runtime/memory.h"
#include "matrix.h"

namespace lowrank {

// True when every number is finite. Looks at exponent bits, so no compiler flag can remove it.
bool allFinite(const double* data, std::int64_t count) noexcept;
bool allFinite(const float* data, std::int64_t count) noexcept;
// Index of the first non-finite number, or -1.
std::int64_t firstNonFinite(const double* data, std::int64_t count) noexcept;
std::int64_t firstNonFinite(const float* data, std::int64_t count) noexcept;

// Thin SVD A = U diag(s) V^T of rows x cols, t = min(rows, cols): u is rows x t, s has t entries in falling order,
// vt is t x cols. dgesdd, then dgesvd on a fresh copy. compute() does not allocate; u and vt must not overlap a.
class SingularValueDecomposition {
 public:
  SingularValueDecomposition(std::int64_t rows, std::int64_t cols);
  // Throws Error(nonFinite) on non-finite input and Error(numerical) when no driver gives a finite answer.
  void compute(ConstMatrix a, Matrix u, double* s, Matrix vt);
  std::int64_t fallbacks() const noexcept { return fallbacks_; }  // how often dgesvd had to help

 private:
  std::int64_t rows_, cols_, fallbacks_ = 0;
  bool tall_;
  AlignedBuffer<double> copy_, u_, vt_, work_;  // u_ and vt_ only when tall
  AlignedBuffer<std::int32_t> integerWork_;
};

// Eigen-decomposition of a symmetric n x n matrix, eigenvalues in FALLING order, column j of vectors belongs to
// values[j]. dsyevd, then dsyev. Only the upper triangle of a is read; vectors may be a.
class SymmetricEigen {
 public:
  explicit SymmetricEigen(std::int64_t n);
  void compute(ConstMatrix a, double* values, Matrix vectors);
  std::int64_t fallbacks() const noexcept { return fallbacks_; }

 private:
  std::int64_t n_, fallbacks_ = 0;
  AlignedBuffer<double> copy_, rising_, work_;
  AlignedBuffer<std::int32_t> integerWork_;
};

// Eigenvalues alone, in falling order: a fraction of the cost. dsyevd, then dsyev. Only the upper triangle of a is
// read.
class SymmetricEigenvalues {
 public:
  explicit SymmetricEigenvalues(std::int64_t n);
  void compute(ConstMatrix a, double* values);

 private:
  std::int64_t n_;
  AlignedBuffer<double> copy_, work_;
  AlignedBuffer<std::int32_t> integerWork_;
};

// Thin QR A = Q R, rows >= cols: q is rows x cols with orthonormal columns, r is cols x cols upper triangular with a
// diagonal that is nowhere negative, so the factorization of a full-rank matrix is unique. q may be a.
class QrDecomposition {
 public:
  QrDecomposition(std::int64_t rows, std::int64_t cols);
  void compute(ConstMatrix a, Matrix q, Matrix r);

 private:
  std::int64_t rows_, cols_;
  AlignedBuffer<double> copy_, tau_, work_;
};

// What the linked BLAS says of itself.
struct BlasInfo {
  const char* config;    // e.g. "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64"
  const char* coreName;  // the kernel set chosen at run time
  int threads;
};
BlasInfo blasInfo();

// Sets the process-wide OpenBLAS thread count to 1 unless OPENBLAS_NUM_THREADS is set; call once, before any other use.
void limitBlasThreads();

}  // namespace lowrank
