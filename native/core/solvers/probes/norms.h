// Spectral norms and leading singular subspaces of the matrices that probes look at, without allocating.
#pragma once

#include "../../linalg/lapack.h"

namespace lowrank {

// Largest eigenvalue of a symmetric positive semidefinite n x n matrix, to a relative error of 1e-8 or better. Small
// ones by a full decomposition, larger ones by Lanczos' method from a fixed random vector with full
// reorthogonalization, until the residual of the Ritz pair bounds the error: a fifth of the cost at n = 100, and less
// beyond.
class LargestEigenvalue {
 public:
  LargestEigenvalue() = default;
  explicit LargestEigenvalue(std::int64_t n);
  double compute(ConstMatrix a);
  std::int64_t bytes() const { return basis_.bytes() + scratch_.bytes() + values_.bytes(); }

 private:
  bool lanczos(ConstMatrix a, double* value);

  std::int64_t n_ = 0;
  AlignedBuffer<double> basis_, start_, scratch_, values_;
  SymmetricEigenvalues all_{0};
};

// Spectral norm of a rows x cols matrix from its Gram matrix on the shorter side. Squaring costs no accuracy in the
// LARGEST singular value (its relative error stays near the precision); it would in the small ones, which nobody asks
// for here.
class SpectralNorm {
 public:
  SpectralNorm() = default;
  SpectralNorm(std::int64_t rows, std::int64_t cols);

  double compute(ConstMatrix a);
  // ||A A^T||_F of the matrix last computed.
  double gramFrobenius() const { return gramFrobenius_; }
  std::int64_t bytes() const { return gram_.bytes() + largest_.bytes(); }

 private:
  std::int64_t least_ = 0;
  double gramFrobenius_ = 0;
  AlignedBuffer<double> gram_;
  LargestEigenvalue largest_;
};

// || (I - B B^T) V || for orthonormal columns of V and B, V rows x cols: the sine of the largest angle from V to B. The
// part outside is formed first, so that small sines are right to the precision of 1, not to its root.
class Sine {
 public:
  Sine() = default;
  Sine(std::int64_t rows, std::int64_t basisCols, std::int64_t cols)
      : inside_(basisCols * cols), outside_(rows * cols), norm_(rows, cols) {}
  double compute(ConstMatrix basis, ConstMatrix vectors);
  std::int64_t bytes() const { return inside_.bytes() + outside_.bytes() + norm_.bytes(); }

 private:
  AlignedBuffer<double> inside_, outside_;
  SpectralNorm norm_;
};

// The leading `count` left singular vectors of matrices that change little from one call to the next. Small matrices,
// and those without a gap behind the wanted values, by a full SVD; the others by subspace iteration with a few guard
// vectors, started from the last answer and accepted only when the residual bounds the angle to the true subspace by
// 1e-12, or by what rounding allows in a full SVD too.
class LeadingVectors {
 public:
  LeadingVectors() = default;
  LeadingVectors(std::int64_t rows, std::int64_t cols, std::int64_t count);

  std::int64_t count() const { return count_; }  // min(count, rows, cols)
  void compute(ConstMatrix a);
  ConstMatrix vectors() const { return {vectors_.data(), rows_, count_}; }
  const double* values() const { return values_.data(); }
  // All singular values, falling: makes every compute() a full one.
  void wantAllValues() { full_ = true; }
  std::int64_t fullCount() const { return fullCount_; }
  std::int64_t bytes() const { return vectors_.bytes() + values_.bytes() + scratch_.bytes(); }

 private:
  void computeFully(ConstMatrix a);
  bool iterate(ConstMatrix a);
  void keepLeading(ConstMatrix from);

  std::int64_t rows_ = 0, cols_ = 0, least_ = 0, count_ = 0, block_ = 0, fullCount_ = 0;
  bool full_ = true;
  double guardRatio_ = 1;  // last guard value over last wanted value
  AlignedBuffer<double> vectors_, values_, scratch_;
  Matrix u_, vt_;                                                         // of the full SVD
  Matrix basis_, ritz_, image_, projected_, small_, smallVt_, triangle_;  // of the iteration
  SingularValueDecomposition svd_{0, 0}, smallSvd_{0, 0};
  QrDecomposition qr_{0, 0};
};

}  // namespace lowrank
