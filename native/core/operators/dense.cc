#include "dense.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "../error.h"
#include "../kernels/dense_kernels.h"
#include "../linalg/lapack.h"
#include "../linalg/philox.h"

namespace lowrank {
namespace {

using kernels::Rows;

// At most this many parts (one partial image each), and at least so many rows in a part that adding up the partial
// images costs little beside the pass.
constexpr std::int64_t maxParts = 32;
constexpr std::int64_t minRowsPerPart = 24;
// Rows between two looks at the cancel flag, in bytes: well under a millisecond of reading.
constexpr std::int64_t pollBytes = std::int64_t{4} << 20;

std::int64_t checkedProduct(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw Error(ErrorCode::tooLarge, "The size of the operator overflows.");
  return product;
}

std::int64_t roundUp(std::int64_t value, std::int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

class DenseImage final : public AdjointImage {
 public:
  explicit DenseImage(Matrix z) : z_(z) {}
  void times(ConstMatrix v, Matrix out) const override { multiply(1, z_, Transpose::no, v, Transpose::no, 0, out); }
  void transposeTimes(ConstMatrix u, Matrix out) const override {
    multiply(1, z_, Transpose::yes, u, Transpose::no, 0, out);
  }
  void toDense(Matrix out) const override {
    std::memcpy(out.data, z_.data, static_cast<std::size_t>(z_.size()) * sizeof(double));
  }

 private:
  Matrix z_;
};

}  // namespace

class DenseOperator::Workspace final : public OperatorWorkspace {
 public:
  Workspace(std::int64_t rows, std::int64_t cols, std::int64_t stride, std::int64_t parts)
      : product(rows * cols),
        vector(stride),
        secondVector(stride),
        partialImages(checkedProduct(parts, stride)),
        image_(rows * cols),
        imageView({image_.data(), rows, cols}) {}
  const AdjointImage& image() const override { return imageView; }
  std::int64_t bytes() const override {
    return product.bytes() + vector.bytes() + secondVector.bytes() + partialImages.bytes() + image_.bytes();
  }
  double* imageData() { return image_.data(); }

  AlignedBuffer<double> product, vector, secondVector, partialImages;

 private:
  AlignedBuffer<double> image_;
  DenseImage imageView;
};

DenseOperator::DenseOperator(std::int64_t measurements, std::int64_t rows, std::int64_t cols, bool symmetric,
                             Storage storage)
    : measurements_(measurements), rows_(rows), cols_(cols), symmetric_(symmetric), storage_(storage) {
  if (measurements < 1 || rows < 1 || cols < 1 || (symmetric && rows != cols)) {
    throw Error(ErrorCode::invalidArgument, "A dense operator needs at least one measurement of a non-empty matrix.");
  }
  const std::int64_t full = checkedProduct(rows, cols);
  stored_ = symmetric ? (full + rows) / 2 : full;
  stride_ = roundUp(stored_, kernels::strideMultiple);
  parts_ = std::clamp(measurements / minRowsPerPart, std::int64_t{1}, maxParts);
  const std::int64_t total = checkedProduct(measurements, stride_);
  if (storage == Storage::float64) {
    doubles_ = AlignedBuffer<double>(total);
  } else {
    floats_ = AlignedBuffer<float>(total);
  }
  rowSquaredNorms_ = AlignedBuffer<double>(measurements);
}

double DenseOperator::squaredNorm() const noexcept {
  double sum = 0;
  for (std::int64_t i = 0; i < measurements_; ++i) sum += rowSquaredNorms_[i];
  return sum;
}

// Packed order: (0,0) (0,1) ... (0,n-1) (1,1) ... ; <A_i, X> of a symmetric X is then a plain dot product with the
// upper triangle of X. Returns false when a number is not finite in the storage precision.
template <class From, class To>
bool DenseOperator::storeMatrix(To* row, const From* matrix, double* squaredNorm) const {
  double sum = 0;
  if (!symmetric_) {
    for (std::int64_t j = 0; j < stored_; ++j) {
      row[j] = static_cast<To>(matrix[j]);
      sum += static_cast<double>(row[j]) * static_cast<double>(row[j]);
    }
  } else {
    std::int64_t k = 0;
    for (std::int64_t p = 0; p < rows_; ++p) {
      row[k] = static_cast<To>(matrix[p * cols_ + p]);
      sum += static_cast<double>(row[k]) * static_cast<double>(row[k]);
      ++k;
      for (std::int64_t q = p + 1; q < cols_; ++q, ++k) {
        row[k] =
            static_cast<To>(static_cast<double>(matrix[p * cols_ + q]) + static_cast<double>(matrix[q * cols_ + p]));
        sum += 0.5 * static_cast<double>(row[k]) * static_cast<double>(row[k]);
      }
    }
  }
  *squaredNorm = sum;
  return allFinite(row, stored_);
}

template <class From, class To>
std::int64_t DenseOperator::fillRows(To* store, std::int64_t firstRow, const From* values, std::int64_t matrices) {
  const std::int64_t size = rows_ * cols_;
  for (std::int64_t i = 0; i < matrices; ++i) {
    const From* matrix = values + i * size;
    const std::int64_t index = firstRow + i;
    if (!storeMatrix(store + index * stride_, matrix, &rowSquaredNorms_[index])) {
      // A sum of two finite entries, or a double too large for single precision, may be what overflowed: name an entry.
      const std::int64_t bad = firstNonFinite(matrix, size);
      if (bad >= 0) return i * size + bad;
      for (std::int64_t j = 0; j < size; ++j) {
        const To narrowed = static_cast<To>(2 * static_cast<double>(matrix[j]));
        if (!allFinite(&narrowed, 1)) return i * size + j;
      }
      return i * size;
    }
  }
  return -1;
}

std::int64_t DenseOperator::fill(std::int64_t firstRow, const double* values, std::int64_t matrices) {
  if (firstRow < 0 || matrices < 0 || firstRow + matrices > measurements_) {
    throw Error(ErrorCode::invalidArgument, "Measurement matrices beyond the end of the operator.");
  }
  return storage_ == Storage::float64 ? fillRows(doubles_.data(), firstRow, values, matrices)
                                      : fillRows(floats_.data(), firstRow, values, matrices);
}

std::int64_t DenseOperator::fill(std::int64_t firstRow, const float* values, std::int64_t matrices) {
  if (firstRow < 0 || matrices < 0 || firstRow + matrices > measurements_) {
    throw Error(ErrorCode::invalidArgument, "Measurement matrices beyond the end of the operator.");
  }
  return storage_ == Storage::float64 ? fillRows(doubles_.data(), firstRow, values, matrices)
                                      : fillRows(floats_.data(), firstRow, values, matrices);
}

void DenseOperator::fillGaussian(std::uint64_t seed, double scale, Team& team) {
  const std::int64_t size = rows_ * cols_;
  AlignedBuffer<double> scratch(checkedProduct(parts_, size));
  team.run(parts_, [&](std::int64_t part) {
    double* matrix = scratch.data() + part * size;
    for (std::int64_t i = measurements_ * part / parts_; i < measurements_ * (part + 1) / parts_; ++i) {
      normals(seed, Purpose::measurements, static_cast<std::uint64_t>(i * size), size, matrix);
      for (std::int64_t j = 0; j < size; ++j) matrix[j] *= scale;
      if (storage_ == Storage::float64) {
        storeMatrix(doubles_.data() + i * stride_, matrix, &rowSquaredNorms_[i]);
      } else {
        storeMatrix(floats_.data() + i * stride_, matrix, &rowSquaredNorms_[i]);
      }
    }
  });
}

void DenseOperator::readMatrix(std::int64_t index, double* out) const {
  if (index < 0 || index >= measurements_) throw Error(ErrorCode::invalidArgument, "No such measurement matrix.");
  const auto read = [&](const auto* row) {
    if (!symmetric_) {
      for (std::int64_t j = 0; j < stored_; ++j) out[j] = static_cast<double>(row[j]);
      return;
    }
    std::int64_t k = 0;
    for (std::int64_t p = 0; p < rows_; ++p) {
      out[p * cols_ + p] = static_cast<double>(row[k++]);
      for (std::int64_t q = p + 1; q < cols_; ++q, ++k) {
        out[p * cols_ + q] = out[q * cols_ + p] = 0.5 * static_cast<double>(row[k]);
      }
    }
  };
  if (storage_ == Storage::float64) {
    read(doubles_.data() + index * stride_);
  } else {
    read(floats_.data() + index * stride_);
  }
}

std::unique_ptr<OperatorWorkspace> DenseOperator::workspace() const {
  return std::make_unique<Workspace>(rows_, cols_, stride_, parts_);
}

// Calls function(rows, first row, part) over blocks of rows; blocks of one part are consecutive and in order.
template <class T, class Function>
bool DenseOperator::forBlocks(const T* store, Team& team, const Function& function) const {
  const std::int64_t rowBytes = stride_ * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t block = std::max<std::int64_t>(8, pollBytes / rowBytes / 8 * 8);
  team.run(parts_, [&](std::int64_t part) {
    const std::int64_t last = measurements_ * (part + 1) / parts_;
    for (std::int64_t row = measurements_ * part / parts_; row < last; row += block) {
      if (team.cancelled()) return;
      function(Rows<T>{store + row * stride_, std::min(block, last - row), stride_}, row, part);
    }
  });
  return !team.cancelled();
}

template <class Function>
bool DenseOperator::dispatch(Team& team, const Function& function) const {
  return storage_ == Storage::float64 ? forBlocks(doubles_.data(), team, function)
                                      : forBlocks(floats_.data(), team, function);
}

double DenseOperator::streamRead(Team& team) const {
  std::vector<double> sums(static_cast<std::size_t>(parts_), 0.0);
  dispatch(team, [&](auto rows, std::int64_t, std::int64_t part) {
    sums[static_cast<std::size_t>(part)] += kernels::streamSum(rows);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

// vector = X = L R^T in the order of the store; symmetric: the upper triangle of its symmetric part.
void DenseOperator::formVector(FactorPair x, Workspace& workspace, double* vector) const {
  if (!symmetric_) {
    multiply(1, x.left, Transpose::no, x.right, Transpose::yes, 0, Matrix{vector, rows_, cols_});
    return;
  }
  const Matrix product{workspace.product.data(), rows_, cols_};
  if (x.left.data == x.right.data) {
    selfProduct(x.left, product);
  } else {
    multiply(1, x.left, Transpose::no, x.right, Transpose::yes, 0, product);
    symmetrize(product);
  }
  double* to = vector;
  for (std::int64_t p = 0; p < rows_; ++p) {
    const std::int64_t count = cols_ - p;
    std::memcpy(to, product.data + p * cols_ + p, static_cast<std::size_t>(count) * sizeof(double));
    to += count;
  }
}

// The image that a part adds to; zeroed by the thread that starts the part, so that it is in its cache.
double* DenseOperator::partialImage(Workspace& workspace, std::int64_t row, std::int64_t part) const {
  double* image = workspace.partialImages.data() + part * stride_;
  if (row == measurements_ * part / parts_) std::memset(image, 0, static_cast<std::size_t>(stride_) * sizeof(double));
  return image;
}

// Adds the partial images in a fixed tree, columns shared among the threads, and unpacks.
void DenseOperator::finishImage(Workspace& workspace, Team& team) const {
  double* slots = workspace.partialImages.data();
  const std::int64_t blocks = stride_ / kernels::strideMultiple;
  const std::int64_t shares = std::min<std::int64_t>(blocks, 16);
  team.run(shares, [&](std::int64_t share) {
    kernels::sumSlots(slots, parts_, stride_, blocks * share / shares * kernels::strideMultiple,
                      blocks * (share + 1) / shares * kernels::strideMultiple);
  });
  double* image = workspace.imageData();
  if (!symmetric_) {
    std::memcpy(image, slots, static_cast<std::size_t>(stored_) * sizeof(double));
    return;
  }
  const double* from = slots;
  for (std::int64_t p = 0; p < rows_; ++p) {
    image[p * cols_ + p] = *from++;
    for (std::int64_t q = p + 1; q < cols_; ++q) image[p * cols_ + q] = 0.5 * *from++;
  }
  // The lower triangle in square tiles: a column walk over a large matrix would miss the cache at every step.
  constexpr std::int64_t tile = 32;
  for (std::int64_t pTile = 0; pTile < rows_; pTile += tile) {
    for (std::int64_t qTile = 0; qTile <= pTile; qTile += tile) {
      for (std::int64_t p = pTile; p < std::min(pTile + tile, rows_); ++p) {
        for (std::int64_t q = qTile; q < std::min(qTile + tile, p); ++q) image[p * cols_ + q] = image[q * cols_ + p];
      }
    }
  }
}

bool DenseOperator::measure(FactorPair x, double* out, OperatorWorkspace& workspace, Team& team) const {
  auto& scratch = static_cast<Workspace&>(workspace);
  formVector(x, scratch, scratch.vector.data());
  return dispatch(
      team, [&](auto rows, std::int64_t row, std::int64_t) { kernels::dots(rows, scratch.vector.data(), out + row); });
}

bool DenseOperator::measurePair(FactorPair first, FactorPair second, double* firstOut, double* secondOut,
                                OperatorWorkspace& workspace, Team& team) const {
  auto& scratch = static_cast<Workspace&>(workspace);
  formVector(first, scratch, scratch.vector.data());
  formVector(second, scratch, scratch.secondVector.data());
  return dispatch(team, [&](auto rows, std::int64_t row, std::int64_t) {
    kernels::dotPairs(rows, scratch.vector.data(), scratch.secondVector.data(), firstOut + row, secondOut + row);
  });
}

bool DenseOperator::residualAndImage(FactorPair x, const double* y, const std::uint8_t* heldOut, double* residual,
                                     OperatorWorkspace& workspace, Team& team) const {
  auto& scratch = static_cast<Workspace&>(workspace);
  formVector(x, scratch, scratch.vector.data());
  const bool complete = dispatch(team, [&](auto rows, std::int64_t row, std::int64_t part) {
    kernels::residualAndAccumulate(rows, scratch.vector.data(), y + row, heldOut == nullptr ? nullptr : heldOut + row,
                                   residual + row, partialImage(scratch, row, part));
  });
  if (complete) finishImage(scratch, team);
  return complete;
}

bool DenseOperator::adjoint(const double* residual, const std::uint8_t* heldOut, OperatorWorkspace& workspace,
                            Team& team) const {
  auto& scratch = static_cast<Workspace&>(workspace);
  const bool complete = dispatch(team, [&](auto rows, std::int64_t row, std::int64_t part) {
    kernels::accumulate(rows, residual + row, heldOut == nullptr ? nullptr : heldOut + row,
                        partialImage(scratch, row, part));
  });
  if (complete) finishImage(scratch, team);
  return complete;
}

}  // namespace lowrank
