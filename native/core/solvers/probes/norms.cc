#include "norms.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lowrank {
namespace {

constexpr double precision = 0x1p-52;
// A full SVD of a matrix with a side this short is cheaper than anything clever.
constexpr std::int64_t smallSide = 24;
constexpr std::int64_t guards = 4;
constexpr int maxSteps = 6;
// Each step multiplies the error by the square of guard over wanted value: below this, six steps are enough.
constexpr double usableRatio = 0.15;
constexpr double angleTolerance = 1e-12;

}  // namespace

SpectralNorm::SpectralNorm(std::int64_t rows, std::int64_t cols)
    : least_(std::min(rows, cols)), gram_(least_ * least_), values_(least_), eigenvalues_(least_) {}

double SpectralNorm::compute(ConstMatrix a) {
  gramFrobenius_ = 0;
  if (least_ == 0) return 0;
  const Matrix gram{gram_.data(), least_, least_};
  if (a.rows <= a.cols) {
    selfProduct(a, gram);
  } else {
    multiply(1, a, Transpose::yes, a, Transpose::no, 0, gram);
  }
  gramFrobenius_ = std::sqrt(squaredNorm(gram));
  if (gramFrobenius_ == 0) return 0;
  eigenvalues_.compute(gram, values_.data());
  return std::sqrt(std::max(values_[0], 0.0));
}

double SymmetricNorm::compute(ConstMatrix a) {
  if (values_.size() == 0) return 0;
  eigenvalues_.compute(a, values_.data());
  return std::max(std::abs(values_[0]), std::abs(values_[values_.size() - 1]));
}

double Sine::compute(ConstMatrix basis, ConstMatrix vectors) {
  const Matrix inside{inside_.data(), basis.cols, vectors.cols}, outside{outside_.data(), vectors.rows, vectors.cols};
  std::memcpy(outside.data, vectors.data, static_cast<std::size_t>(vectors.size()) * sizeof(double));
  multiply(1, basis, Transpose::yes, vectors, Transpose::no, 0, inside);
  multiply(-1, basis, Transpose::no, inside, Transpose::no, 1, outside);
  return std::min(1.0, norm_.compute(outside));
}

LeadingVectors::LeadingVectors(std::int64_t rows, std::int64_t cols, std::int64_t count)
    : rows_(rows), cols_(cols), least_(std::min(rows, cols)), count_(std::min(count, least_)) {
  block_ = std::min(count_ + guards, least_);
  full_ = least_ <= smallSide || 2 * block_ > least_;
  const std::int64_t b = full_ ? 0 : block_;
  vectors_ = AlignedBuffer<double>(rows * count_);
  values_ = AlignedBuffer<double>(least_);
  scratch_ = AlignedBuffer<double>((rows + cols) * least_ + 3 * rows * b + 2 * b * cols + 2 * b * b);
  double* next = scratch_.data();
  const auto take = [&next](std::int64_t r, std::int64_t c) {
    const Matrix m{next, r, c};
    next += r * c;
    return m;
  };
  u_ = take(rows, least_);
  vt_ = take(least_, cols);
  svd_ = SingularValueDecomposition(rows, cols);
  if (full_) return;
  basis_ = take(rows, b);
  ritz_ = take(rows, b);
  image_ = take(rows, b);
  projected_ = take(b, cols);
  smallVt_ = take(b, cols);
  small_ = take(b, b);
  triangle_ = take(b, b);
  smallSvd_ = SingularValueDecomposition(b, cols);
  qr_ = QrDecomposition(rows, b);
}

void LeadingVectors::compute(ConstMatrix a) {
  if (count_ == 0) return;
  if (full_ || guardRatio_ > usableRatio || !iterate(a)) computeFully(a);
}

void LeadingVectors::keepLeading(ConstMatrix from) {
  for (std::int64_t i = 0; i < rows_; ++i) {
    std::memcpy(vectors_.data() + i * count_, from.data + i * from.cols,
                static_cast<std::size_t>(count_) * sizeof(double));
  }
}

void LeadingVectors::computeFully(ConstMatrix a) {
  ++fullCount_;
  svd_.compute(a, u_, values_.data(), vt_);
  keepLeading(u_);
  if (full_) return;
  for (std::int64_t i = 0; i < rows_; ++i) {
    std::memcpy(basis_.data + i * block_, u_.data + i * least_, static_cast<std::size_t>(block_) * sizeof(double));
  }
  guardRatio_ = values_[count_ - 1] > 0 ? values_[block_ - 1] / values_[count_ - 1] : 1;
}

// Rayleigh-Ritz in the block Q: Q^T A = U_s S V^T gives Ritz vectors Q U_s with A^T (Q U_s) = V S exactly, so that
// R = A V - Q U_s S is all that is missing, and Wedin's theorem bounds the angle by ||R|| over the gap.
bool LeadingVectors::iterate(ConstMatrix a) {
  for (int step = 0; step < maxSteps; ++step) {
    multiply(1, basis_, Transpose::yes, a, Transpose::no, 0, projected_);
    smallSvd_.compute(projected_, small_, values_.data(), smallVt_);
    multiply(1, basis_, Transpose::no, small_, Transpose::no, 0, ritz_);
    multiply(1, a, Transpose::no, smallVt_, Transpose::yes, 0, image_);
    double squared = 0;
    for (std::int64_t i = 0; i < rows_; ++i) {
      for (std::int64_t j = 0; j < count_; ++j) {
        const double d = image_.data[i * block_ + j] - ritz_.data[i * block_ + j] * values_[j];
        squared += d * d;
      }
    }
    const double gap = values_[count_ - 1] - values_[count_];
    const double bound = std::max(angleTolerance * gap, 8 * precision * values_[0]);
    if (std::sqrt(squared) <= bound) {
      keepLeading(ritz_);
      std::memcpy(basis_.data, ritz_.data, static_cast<std::size_t>(ritz_.size()) * sizeof(double));
      guardRatio_ = values_[count_ - 1] > 0 ? values_[block_ - 1] / values_[count_ - 1] : 1;
      return true;
    }
    qr_.compute(image_, basis_, triangle_);
  }
  return false;
}

}  // namespace lowrank
