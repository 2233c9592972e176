#include "identity.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../error.h"
#include "../runtime/memory.h"

namespace lowrank {
namespace {

const double rootTwo = std::sqrt(2.0);

class Image final : public AdjointImage {
 public:
  explicit Image(Matrix z) : z_(z) {}
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

// X in the order of the measurements: rows one after the other, or the upper triangle row by row.
template <class Entry>
void forMeasurements(ConstMatrix x, bool symmetric, const Entry& entry) {
  std::int64_t i = 0;
  for (std::int64_t p = 0; p < x.rows; ++p) {
    const double* row = x.data + p * x.cols;
    if (!symmetric) {
      for (std::int64_t q = 0; q < x.cols; ++q) entry(i++, p, q, row[q]);
    } else {
      entry(i++, p, p, row[p]);
      for (std::int64_t q = p + 1; q < x.cols; ++q) entry(i++, p, q, rootTwo * row[q]);
    }
  }
}

}  // namespace

class IdentityOperator::Workspace final : public OperatorWorkspace {
 public:
  Workspace(std::int64_t rows, std::int64_t cols)
      : product(rows * cols), image_(rows * cols), view_({image_.data(), rows, cols}) {}
  const AdjointImage& image() const override { return view_; }
  std::int64_t bytes() const override { return product.bytes() + image_.bytes(); }
  double* imageData() { return image_.data(); }

  AlignedBuffer<double> product;

 private:
  AlignedBuffer<double> image_;
  Image view_;
};

IdentityOperator::IdentityOperator(std::int64_t rows, std::int64_t cols, bool symmetric)
    : rows_(rows), cols_(cols), symmetric_(symmetric) {
  if (rows < 1 || cols < 1 || (symmetric && rows != cols)) {
    throw Error(ErrorCode::invalidArgument, "The identity operator needs a non-empty shape, square when symmetric.");
  }
  std::int64_t full = 0;
  if (__builtin_mul_overflow(rows, cols, &full)) {
    throw Error(ErrorCode::tooLarge, "The size of the operator overflows.");
  }
  measurements_ = symmetric ? (full + rows) / 2 : full;
}

std::unique_ptr<OperatorWorkspace> IdentityOperator::workspace() const {
  return std::make_unique<Workspace>(rows_, cols_);
}

// L R^T, its symmetric part for a symmetric operator, of which the upper triangle alone is wanted. On the calling
// thread: such a pass is short, and the bits cannot depend on the team. In blocks of rows, to look at the cancel flag
// between.
bool IdentityOperator::formProduct(FactorPair x, Matrix product, Team& team) const {
  const bool sameFactor = x.left.data == x.right.data;
  const bool triangle = symmetric_ && sameFactor;
  const std::int64_t perRow = std::max<std::int64_t>(1, cols_ * x.left.cols);
  const std::int64_t block = triangle ? rows_ : std::max<std::int64_t>(16, (std::int64_t{1} << 22) / perRow);
  if (triangle) {
    if (team.cancelled()) return false;
    selfProduct(x.left, product);
    return !team.cancelled();
  }
  for (std::int64_t p = 0; p < rows_; p += block) {
    if (team.cancelled()) return false;
    const std::int64_t count = std::min(block, rows_ - p);
    multiply(1, {x.left.data + p * x.left.cols, count, x.left.cols}, Transpose::no, x.right, Transpose::yes, 0,
             {product.data + p * cols_, count, cols_});
  }
  if (symmetric_) symmetrize(product);
  return !team.cancelled();
}

bool IdentityOperator::measure(FactorPair x, double* out, OperatorWorkspace& workspace, Team& team) const {
  const Matrix product{static_cast<Workspace&>(workspace).product.data(), rows_, cols_};
  if (!formProduct(x, product, team)) return false;
  forMeasurements(product, symmetric_,
                  [out](std::int64_t i, std::int64_t, std::int64_t, double value) { out[i] = value; });
  return true;
}

bool IdentityOperator::measurePair(FactorPair first, FactorPair second, double* firstOut, double* secondOut,
                                   OperatorWorkspace& workspace, Team& team) const {
  return measure(first, firstOut, workspace, team) && measure(second, secondOut, workspace, team);
}

bool IdentityOperator::residualAndImage(FactorPair x, const double* y, const std::uint8_t* heldOut, double* residual,
                                        OperatorWorkspace& workspace, Team& team) const {
  const Matrix product{static_cast<Workspace&>(workspace).product.data(), rows_, cols_};
  if (!formProduct(x, product, team)) return false;
  forMeasurements(product, symmetric_,
                  [&](std::int64_t i, std::int64_t, std::int64_t, double value) { residual[i] = value - y[i]; });
  return adjoint(residual, heldOut, workspace, team);
}

bool IdentityOperator::adjoint(const double* residual, const std::uint8_t* heldOut, OperatorWorkspace& workspace,
                               Team& team) const {
  double* image = static_cast<Workspace&>(workspace).imageData();
  const ConstMatrix view{image, rows_, cols_};
  const std::int64_t cols = cols_;
  if (!symmetric_) {
    std::memcpy(image, residual, static_cast<std::size_t>(measurements_) * sizeof(double));
    if (heldOut != nullptr) {
      for (std::int64_t i = 0; i < measurements_; ++i) image[i] = heldOut[i] != 0 ? 0.0 : image[i];
    }
    return !team.cancelled();
  }
  // A_i = (E_pq + E_qp) / sqrt(2) off the diagonal. The product that the walk below reads is not used.
  forMeasurements(view, true, [&](std::int64_t i, std::int64_t p, std::int64_t q, double) {
    const double value = heldOut != nullptr && heldOut[i] != 0 ? 0.0 : residual[i];
    image[p * cols + q] = image[q * cols + p] = p == q ? value : value / rootTwo;
  });
  return !team.cancelled();
}

}  // namespace lowrank
