#include "norms.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../../linalg/philox.h"

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

constexpr std::int64_t denseSide = 32;
constexpr std::int64_t lanczosSteps = 96;
constexpr double eigenvalueTolerance = 1e-8;

bool finite(double value) { return allFinite(&value, 1); }

// Largest eigenvalue of the tridiagonal matrix with `count` diagonal entries and `count - 1` below, by bisection with
// Sturm sequences; and the residual of its Ritz pair, below[count - 1] times the last component of the eigenvector,
// from the recurrence run upwards, where it grows and is stable.
double ritzValue(const double* diagonal, const double* below, std::int64_t count, double* residual) {
  double low = diagonal[0], high = diagonal[0];
  for (std::int64_t i = 0; i < count; ++i) {
    const double radius = (i > 0 ? below[i - 1] : 0) + (i + 1 < count ? below[i] : 0);
    low = std::max(low, diagonal[i]);
    high = std::max(high, diagonal[i] + radius);
  }
  const double tiny = std::max(high * 1e-300, 1e-300);
  for (int step = 0; step < 64 && high - low > precision * high; ++step) {
    const double middle = 0.5 * (low + high);
    // All pivots of middle I - T positive: no eigenvalue above.
    double pivot = middle - diagonal[0];
    bool above = pivot < tiny;
    for (std::int64_t i = 1; i < count && !above; ++i) {
      pivot = middle - diagonal[i] - below[i - 1] * below[i - 1] / pivot;
      above = pivot < tiny;
    }
    (above ? low : high) = middle;
  }
  double component = 1, previous = 0, squares = 1;
  for (std::int64_t i = count - 1; i > 0; --i) {
    const double next = ((high - diagonal[i]) * component - (i + 1 < count ? below[i] * previous : 0)) / below[i - 1];
    previous = component;
    component = next;
    squares += next * next;
    if (!(squares < 1e200)) break;  // the last component is nothing beside it
  }
  *residual = below[count - 1] / std::sqrt(squares);
  return high;
}

}  // namespace

LargestEigenvalue::LargestEigenvalue(std::int64_t n) : n_(n), values_(n), all_(n) {
  if (n <= denseSide) return;
  basis_ = AlignedBuffer<double>(std::min(n, lanczosSteps) * n);
  start_ = AlignedBuffer<double>(n);
  scratch_ = AlignedBuffer<double>(n + 3 * lanczosSteps);
  normals(0, Purpose::test, 0, n, start_.data());
}

double LargestEigenvalue::compute(ConstMatrix a) {
  if (n_ == 0) return 0;
  double value = 0;
  if (n_ > denseSide && lanczos(a, &value)) return value;
  all_.compute(a, values_.data());
  return std::max(values_[0], 0.0);
}

// A V = V T + beta v e^T with T tridiagonal: (diagonal, below). False when the steps did not do.
bool LargestEigenvalue::lanczos(ConstMatrix a, double* value) {
  const std::int64_t n = n_, most = std::min(n, lanczosSteps);
  double* const w = scratch_.data();
  double* const diagonal = w + n;
  double* const below = diagonal + most;
  double* const coefficients = below + most;
  const auto vector = [&](std::int64_t j) { return basis_.data() + j * n; };
  const auto norm = [n](const double* x) { return std::sqrt(squaredNorm({x, 1, n})); };
  const auto scaleTo = [n](const double* from, double by, double* to) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = from[i] * by;
  };
  double largest = 0;
  scaleTo(start_.data(), 1 / norm(start_.data()), vector(0));
  for (std::int64_t j = 0; j < most; ++j) {
    multiplyVector(1, a, Transpose::no, vector(j), 0, w);
    const ConstMatrix basis{basis_.data(), j + 1, n};
    multiplyVector(1, basis, Transpose::no, w, 0, coefficients);
    multiplyVector(-1, basis, Transpose::yes, coefficients, 1, w);
    diagonal[j] = coefficients[j];
    below[j] = norm(w);
    largest = std::max(largest, diagonal[j]);
    if (below[j] < 0.1 * largest) {
      // Much was taken away: what is left is no longer orthogonal to the basis.
      multiplyVector(1, basis, Transpose::no, w, 0, coefficients);
      multiplyVector(-1, basis, Transpose::yes, coefficients, 1, w);
      below[j] = norm(w);
    }
    // Nothing new: the basis is invariant, and holds the largest eigenvalue because its start is a random vector.
    const bool exhausted = below[j] <= eigenvalueTolerance * largest;
    if (!finite(diagonal[j]) || !finite(below[j])) return false;  // the full decomposition says what is wrong
    const bool last = j + 1 == most;
    if (last || j % 4 == 3 || exhausted) {
      double residual = 0;
      const double theta = ritzValue(diagonal, below, j + 1, &residual);
      if (residual <= eigenvalueTolerance * theta) {
        *value = std::max(theta, 0.0);
        return true;
      }
    }
    if (last || exhausted) return false;
    scaleTo(w, 1 / below[j], vector(j + 1));
  }
  return false;
}

SpectralNorm::SpectralNorm(std::int64_t rows, std::int64_t cols)
    : least_(std::min(rows, cols)), gram_(least_ * least_), largest_(least_) {}

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
  return gramFrobenius_ == 0 ? 0 : std::sqrt(largest_.compute(gram));
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
