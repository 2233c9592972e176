// Spectral norms and leading singular subspaces of the matrices that probes look at, without allocating.
#pragma once

#include "../../linalg/lapack.h"

namespace lowrank {

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
  std::int64_t bytes() const { return gram_.bytes() + values_.bytes(); }

 private:
  std::int64_t least_ = 0;
  double gramFrobenius_ = 0;
  AlignedBuffer<double> gram_, values_;
  SymmetricEigenvalues eigenvalues_{0};
};

// Largest modulus of the eigenvalues of a symmetric n x n matrix.
class SymmetricNorm {
 public:
  SymmetricNorm() = default;
  explicit SymmetricNorm(std::int64_t n) : values_(n), eigenvalues_(n) {}
  double compute(ConstMatrix a);
  std::int64_t bytes() const { return values_.bytes(); }

 private:
  AlignedBuffer<double> values_;
  SymmetricEigenvalues eigenvalues_{0};
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
