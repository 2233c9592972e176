#include "least_squares.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../linalg/lapack.h"

namespace lowrank {
namespace {

constexpr std::int64_t panelRows = 192;

class Same final : public RowMap {
 public:
  void map(std::int64_t, std::int64_t count, Entries r, MutableEntries weight) const override {
    std::copy_n(r.re, count, weight.re);
    if (r.im != nullptr) std::copy_n(r.im, count, weight.im);
  }
};

double dot(const double* a, const double* b, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

LeastSquares::LeastSquares(const Design& design)
    : design_(design),
      n_(design.dimension()),
      wideN_(design.width(design.dimension())),
      wideM_(design.width(design.measurements())),
      kind_(std::strcmp(design.name(), "coded-diffraction") == 0 ? Kind::diagonal
            : n_ <= maxFactored && design.measurements() >= n_   ? Kind::cholesky
                                                                 : Kind::conjugateGradient),
      field_(wideM_),
      remainder_(wideN_),
      direction_(wideN_),
      image_(wideN_) {
  if (kind_ == Kind::diagonal) diagonal_ = AlignedBuffer<double>(wideN_);
  if (kind_ == Kind::cholesky) {
    cholesky_ = std::make_unique<Cholesky>(n_, design.field() == Field::complex);
    interleaved_ = AlignedBuffer<double>(wideN_);
  }
}

std::int64_t LeastSquares::bytes() const noexcept {
  return (cholesky_ ? cholesky_->bytes() : 0) + diagonal_.bytes() + interleaved_.bytes() + field_.bytes() +
         3 * remainder_.bytes();
}

bool LeastSquares::prepare(DesignWorkspace& workspace, Team& team, VectorRunInfo& info) {
  if (kind_ == Kind::diagonal) {
    // A diagonal matrix is its product with the vector of ones.
    std::fill_n(direction_.data(), n_, 1.0);
    std::fill_n(direction_.data() + n_, wideN_ - n_, 0.0);
    if (!design_.applyAndAdjoint(direction_.data(), field_.data(), Same(), diagonal_.data(), workspace, team)) {
      return false;
    }
    ++info.passes;
    ++info.forwardCount;
    ++info.adjointCount;
    double largest = 0;
    for (std::int64_t j = 0; j < n_; ++j) largest = std::max(largest, diagonal_[j]);
    for (std::int64_t j = 0; j < n_; ++j) {
      // A pixel that no mask lets through is not measured: least norm leaves it 0.
      diagonal_[j] = diagonal_[j] > 1e-13 * largest ? 1 / diagonal_[j] : 0;
      if (wideN_ > n_) diagonal_[n_ + j] = diagonal_[j];
    }
    return true;
  }
  if (kind_ == Kind::conjugateGradient) return true;
  ++info.passes;
  return factor(team);
}

// X^H X = P P^H with P = conj(X^T): column i of a panel is the conjugate of row i.
bool LeastSquares::factor(Team& team) {
  const std::int64_t m = design_.measurements(), width = wideN_ / n_;
  AlignedBuffer<double> panel(panelRows * wideN_), rows(panelRows * wideN_);
  for (std::int64_t first = 0; first < m; first += panelRows) {
    const std::int64_t count = std::min(panelRows, m - first);
    team.run(count, [&](std::int64_t i) {
      double* row = rows.data() + i * wideN_;
      double* column = panel.data() + i * wideN_;
      design_.readRow(first + i, row);
      if (width == 1) {
        std::copy_n(row, n_, column);
        return;
      }
      for (std::int64_t j = 0; j < n_; ++j) {
        column[2 * j] = row[j];
        column[2 * j + 1] = -row[n_ + j];
      }
    });
    if (!cholesky_->accumulate(panel.data(), count, team)) return false;
  }
  if (!cholesky_->factor(team)) return false;
  if (!cholesky_->positive()) kind_ = Kind::conjugateGradient;
  return true;
}

bool LeastSquares::solve(const double* b, double* z, DesignWorkspace& workspace, Team& team, VectorRunInfo& info) {
  if (kind_ == Kind::diagonal) {
    for (std::int64_t j = 0; j < wideN_; ++j) z[j] = diagonal_[j] * b[j];
    return true;
  }
  if (kind_ == Kind::conjugateGradient) return conjugateGradient(b, z, workspace, team, info);
  if (wideN_ == n_) {
    std::copy_n(b, n_, z);
    cholesky_->solve(z);
    return true;
  }
  double* x = interleaved_.data();
  for (std::int64_t j = 0; j < n_; ++j) {
    x[2 * j] = b[j];
    x[2 * j + 1] = b[n_ + j];
  }
  cholesky_->solve(x);
  for (std::int64_t j = 0; j < n_; ++j) {
    z[j] = x[2 * j];
    z[n_ + j] = x[2 * j + 1];
  }
  return true;
}

bool LeastSquares::conjugateGradient(const double* b, double* z, DesignWorkspace& workspace, Team& team,
                                     VectorRunInfo& info) {
  const Same same;
  const auto gram = [&](const double* x) {
    ++info.passes;
    ++info.forwardCount;
    ++info.adjointCount;
    return design_.applyAndAdjoint(x, field_.data(), same, image_.data(), workspace, team);
  };
  if (!gram(z)) return false;
  double *remainder = remainder_.data(), *direction = direction_.data();
  const double* image = image_.data();
  for (std::int64_t j = 0; j < wideN_; ++j) direction[j] = remainder[j] = b[j] - image[j];
  const double goal = innerTolerance * innerTolerance * dot(b, b, wideN_);
  double square = dot(remainder, remainder, wideN_);
  for (std::int64_t i = 0; i < maxInner && square > goal; ++i) {
    if (!gram(direction)) return false;
    const double curvature = dot(direction, image, wideN_);
    if (!(curvature > 0)) break;
    const double alpha = square / curvature;
    for (std::int64_t j = 0; j < wideN_; ++j) {
      z[j] += alpha * direction[j];
      remainder[j] -= alpha * image[j];
    }
    const double next = dot(remainder, remainder, wideN_), keep = next / square;
    for (std::int64_t j = 0; j < wideN_; ++j) direction[j] = remainder[j] + keep * direction[j];
    square = next;
  }
  return true;
}

}  // namespace lowrank
