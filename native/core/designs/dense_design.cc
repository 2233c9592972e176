#include "dense_design.h"

#include <algorithm>
#include <cmath>
#include <cstring>
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
// What is read from memory and then, from the second-level cache, added: small blocks, so that the bus rests only
// shortly.
constexpr std::int64_t blockBytes = std::int64_t{128} << 10;
constexpr std::int64_t maxBlock = 64;

std::int64_t checkedProduct(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw Error(ErrorCode::tooLarge, "The size of the design overflows.");
  return product;
}

std::size_t byteCount(std::int64_t doubles) { return static_cast<std::size_t>(doubles) * sizeof(double); }

}  // namespace

class DenseDesign::Workspace final : public DesignWorkspace {
 public:
  Workspace(std::int64_t stride, std::int64_t components, std::int64_t parts)
      : theta(components * stride), images(checkedProduct(parts, components * stride)) {}
  std::int64_t bytes() const override { return theta.bytes() + images.bytes(); }

  AlignedBuffer<double> theta, images;  // padded; one image for each component and part
};

DenseDesign::DenseDesign(std::int64_t measurements, std::int64_t dimension, Field field)
    : m_(measurements), n_(dimension), field_(field), components_(field == Field::complex ? 2 : 1) {
  if (measurements < 1 || dimension < 1) {
    throw Error(ErrorCode::invalidArgument, "A design needs at least one row and one column.");
  }
  stride_ =
      checkedProduct((dimension + kernels::strideMultiple - 1) / kernels::strideMultiple, kernels::strideMultiple);
  const std::int64_t rowBytes = checkedProduct(components_ * static_cast<std::int64_t>(sizeof(double)), stride_);
  block_ = std::clamp(blockBytes / rowBytes / 4 * 4, std::int64_t{8} / components_, maxBlock);
  parts_ = std::clamp(measurements / minRowsPerPart, std::int64_t{1}, maxParts);
  store_ = AlignedBuffer<double>(checkedProduct(checkedProduct(measurements, components_), stride_));
  rowSquaredNorms_ = AlignedBuffer<double>(measurements);
}

double DenseDesign::squaredNorm() const noexcept {
  double sum = 0;
  for (std::int64_t i = 0; i < m_; ++i) sum += rowSquaredNorms_[i];
  return sum;
}

template <class From>
bool DenseDesign::storeRow(std::int64_t i, const From* values, double scale) {
  double* row = store_.data() + i * components_ * stride_;
  double sum = 0;
  for (std::int64_t c = 0; c < components_; ++c) {
    for (std::int64_t j = 0; j < n_; ++j) {
      const double value = scale * static_cast<double>(values[components_ * j + c]);
      row[c * stride_ + j] = value;
      sum += value * value;
    }
  }
  rowSquaredNorms_[i] = sum;
  return allFinite(row, components_ * stride_);
}

template <class From>
std::int64_t DenseDesign::fillRows(std::int64_t firstRow, const From* values, std::int64_t rows) {
  if (firstRow < 0 || rows < 0 || rows > m_ - firstRow) {
    throw Error(ErrorCode::invalidArgument, "Rows beyond the end of the design.");
  }
  const std::int64_t wide = components_ * n_;
  for (std::int64_t i = 0; i < rows; ++i) {
    if (!storeRow(firstRow + i, values + i * wide, 1)) return i * wide + firstNonFinite(values + i * wide, wide);
  }
  return -1;
}

std::int64_t DenseDesign::fill(std::int64_t firstRow, const double* values, std::int64_t rows) {
  return fillRows(firstRow, values, rows);
}
std::int64_t DenseDesign::fill(std::int64_t firstRow, const float* values, std::int64_t rows) {
  return fillRows(firstRow, values, rows);
}

void DenseDesign::fillGaussian(std::uint64_t seed, Team& team) {
  const std::int64_t wide = components_ * n_;
  const double scale = field_ == Field::complex ? std::sqrt(0.5) : 1.0;
  AlignedBuffer<double> scratch(checkedProduct(parts_, wide));
  team.run(parts_, [&](std::int64_t part) {
    double* row = scratch.data() + part * wide;
    for (std::int64_t i = m_ * part / parts_; i < m_ * (part + 1) / parts_; ++i) {
      normals(seed, Purpose::measurements, static_cast<std::uint64_t>(i * wide), wide, row);
      storeRow(i, row, scale);
    }
  });
}

std::unique_ptr<DesignWorkspace> DenseDesign::workspace() const {
  return std::make_unique<Workspace>(stride_, components_, parts_);
}

// Calls function(first row, rows, part) over blocks of rows; blocks of one part are consecutive and in order.
template <class Function>
bool DenseDesign::forBlocks(Team& team, const Function& function) const {
  team.run(parts_, [&](std::int64_t part) {
    const std::int64_t last = m_ * (part + 1) / parts_;
    for (std::int64_t row = m_ * part / parts_; row < last; row += block_) {
      if (team.cancelled()) return;
      function(row, std::min(block_, last - row), part);
    }
  });
  return !team.cancelled();
}

double DenseDesign::streamRead(Team& team) const {
  std::vector<double> sums(static_cast<std::size_t>(parts_), 0.0);
  forBlocks(team, [&](std::int64_t row, std::int64_t count, std::int64_t part) {
    const Rows<double> rows{store_.data() + row * components_ * stride_, count * components_, stride_};
    sums[static_cast<std::size_t>(part)] += kernels::streamSum(rows);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

void DenseDesign::loadTheta(const double* theta, Workspace& workspace) const {
  for (std::int64_t c = 0; c < components_; ++c) {
    std::memcpy(workspace.theta.data() + c * stride_, theta + c * n_, byteCount(n_));
  }
}

// r (m numbers, split) at rows [row, row + count).
void DenseDesign::applyBlock(std::int64_t row, std::int64_t count, const Workspace& workspace, double* r) const {
  const Rows<double> rows{store_.data() + row * components_ * stride_, count * components_, stride_};
  const double* a = workspace.theta.data();
  if (field_ == Field::real) {
    kernels::dots(rows, a, r + row);
    return;
  }
  double withA[2 * maxBlock], withB[2 * maxBlock];
  kernels::dotPairs(rows, a, a + stride_, withA, withB);
  double *re = r + row, *im = r + m_ + row;
  for (std::int64_t i = 0; i < count; ++i) {
    re[i] = withA[2 * i] - withB[2 * i + 1];
    im[i] = withA[2 * i + 1] + withB[2 * i];
  }
}

// Adds X^H g of rows [row, row + count) to the images of a part; g begins at row.
void DenseDesign::adjointBlock(std::int64_t row, std::int64_t count, Entries g, double* images) const {
  const Rows<double> rows{store_.data() + row * components_ * stride_, count * components_, stride_};
  if (field_ == Field::real) {
    kernels::accumulate(rows, g.re, nullptr, images);
    return;
  }
  double toReal[2 * maxBlock], toImaginary[2 * maxBlock];
  for (std::int64_t i = 0; i < count; ++i) {
    toReal[2 * i] = g.re[i];
    toReal[2 * i + 1] = g.im[i];
    toImaginary[2 * i] = g.im[i];
    toImaginary[2 * i + 1] = -g.re[i];
  }
  kernels::accumulatePairs(rows, toReal, toImaginary, images, images + stride_);
}

// The images that a part adds to; zeroed by the thread that starts the part, so that they are in its cache.
double* DenseDesign::partialImages(Workspace& workspace, std::int64_t row, std::int64_t part) const {
  double* images = workspace.images.data() + part * components_ * stride_;
  if (row == m_ * part / parts_) std::memset(images, 0, byteCount(components_ * stride_));
  return images;
}

// Adds the partial images in a fixed tree, columns shared among the threads.
void DenseDesign::finishImage(Workspace& workspace, double* out, Team& team) const {
  double* slots = workspace.images.data();
  const std::int64_t width = components_ * stride_, blocks = width / kernels::strideMultiple;
  const std::int64_t shares = std::min<std::int64_t>(blocks, 16);
  team.run(shares, [&](std::int64_t share) {
    kernels::sumSlots(slots, parts_, width, blocks * share / shares * kernels::strideMultiple,
                      blocks * (share + 1) / shares * kernels::strideMultiple);
  });
  for (std::int64_t c = 0; c < components_; ++c) std::memcpy(out + c * n_, slots + c * stride_, byteCount(n_));
}

void DenseDesign::squaredRowNorms(double* out) const { std::memcpy(out, rowSquaredNorms_.data(), byteCount(m_)); }

bool DenseDesign::apply(const double* theta, double* r, DesignWorkspace& workspace, Team& team) const {
  auto& scratch = static_cast<Workspace&>(workspace);
  loadTheta(theta, scratch);
  return forBlocks(team,
                   [&](std::int64_t row, std::int64_t count, std::int64_t) { applyBlock(row, count, scratch, r); });
}

bool DenseDesign::adjoint(const double* g, double* out, DesignWorkspace& workspace, Team& team) const {
  auto& scratch = static_cast<Workspace&>(workspace);
  const bool complete = forBlocks(team, [&](std::int64_t row, std::int64_t count, std::int64_t part) {
    adjointBlock(row, count, entriesOf(g, m_, field_, row), partialImages(scratch, row, part));
  });
  if (complete) finishImage(scratch, out, team);
  return complete;
}

bool DenseDesign::applyAndAdjoint(const double* theta, double* r, const RowMap& map, double* out,
                                  DesignWorkspace& workspace, Team& team) const {
  auto& scratch = static_cast<Workspace&>(workspace);
  loadTheta(theta, scratch);
  const bool complete = forBlocks(team, [&](std::int64_t row, std::int64_t count, std::int64_t part) {
    applyBlock(row, count, scratch, r);
    double re[maxBlock], im[maxBlock];
    const MutableEntries weights{re, field_ == Field::complex ? im : nullptr};
    map.map(row, count, entriesOf(static_cast<const double*>(r), m_, field_, row), weights);
    adjointBlock(row, count, weights, partialImages(scratch, row, part));
  });
  if (complete) finishImage(scratch, out, team);
  return complete;
}

void DenseDesign::readRow(std::int64_t i, double* out) const {
  if (i < 0 || i >= m_) throw Error(ErrorCode::invalidArgument, "No such row of the design.");
  for (std::int64_t c = 0; c < components_; ++c) {
    std::memcpy(out + c * n_, store_.data() + (i * components_ + c) * stride_, byteCount(n_));
  }
}

void DenseDesign::readColumn(std::int64_t j, double* out) const {
  if (j < 0 || j >= n_) throw Error(ErrorCode::invalidArgument, "No such column of the design.");
  for (std::int64_t c = 0; c < components_; ++c) {
    for (std::int64_t i = 0; i < m_; ++i) out[c * m_ + i] = store_[(i * components_ + c) * stride_ + j];
  }
}

}  // namespace lowrank
