// Views of dense row-major matrices of doubles, and the small products the solvers need. A view owns nothing.
#pragma once

#include <cstdint>

namespace lowrank {

// rows x cols, row-major and contiguous: entry (i, j) is data[i * cols + j].
struct ConstMatrix {
  const double* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t size() const noexcept { return rows * cols; }
};

struct Matrix {
  double* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t size() const noexcept { return rows * cols; }
  operator ConstMatrix() const noexcept { return {data, rows, cols}; }
};

enum class Transpose { no, yes };

// C <- alpha op(A) op(B) + beta C (BLAS dgemm). Shapes must agree; throws Error(invalidArgument) otherwise and
// Error(tooLarge) when a dimension exceeds 2^31 - 1. C must not overlap A or B.
void multiply(double alpha, ConstMatrix a, Transpose transposeA, ConstMatrix b, Transpose transposeB, double beta,
              Matrix c);

// y <- alpha op(A) x + beta y (BLAS dgemv); x and y have as many numbers as op(A) has columns and rows.
void multiplyVector(double alpha, ConstMatrix a, Transpose transposeA, const double* x, double beta, double* y);

// C <- U U^T, full symmetric square (BLAS dsyrk, then mirrored).
void selfProduct(ConstMatrix u, Matrix c);

// sum_ij A_ij B_ij in a fixed order: the same bits for the same input.
double innerProduct(ConstMatrix a, ConstMatrix b);
double squaredNorm(ConstMatrix a);

// B <- B + alpha A
void addScaled(double alpha, ConstMatrix a, Matrix b);

// A_ij <- (A_ij + A_ji) / 2 for a square matrix.
void symmetrize(Matrix a);

}  // namespace lowrank
