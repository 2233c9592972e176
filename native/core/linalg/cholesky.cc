#include "cholesky.h"

#include <algorithm>
#include <cmath>

#include "../error.h"
#include "checks.h"
#include "lapack.h"

namespace lowrank {
namespace {

// The lower triangle of tiles, numbered column by column: which tile is number `index` of `side` block rows.
struct TileIndex {
  std::int64_t row, column;
};
TileIndex tileOf(std::int64_t index, std::int64_t side) {
  std::int64_t column = 0;
  while (index >= side - column) {
    index -= side - column;
    ++column;
  }
  return {column + index, column};
}

// C += alpha A B^H, A rows x k, B columns x k.
void addProduct(bool complex, double alpha, const double* a, std::int64_t lda, const double* b, std::int64_t ldb,
                std::int64_t rows, std::int64_t columns, std::int64_t k, double* c, std::int64_t ldc) {
  const double factor[2] = {alpha, 0}, one[2] = {1, 0};
  const auto m = static_cast<blas_int>(rows), n = static_cast<blas_int>(columns), inner = static_cast<blas_int>(k),
             strideA = static_cast<blas_int>(lda), strideB = static_cast<blas_int>(ldb),
             strideC = static_cast<blas_int>(ldc);
  (complex ? zgemm_ : dgemm_)("N", complex ? "C" : "T", &m, &n, &inner, factor, a, &strideA, b, &strideB, one, c,
                              &strideC, 1, 1);
}

}  // namespace

Cholesky::Cholesky(std::int64_t n, bool complex) : n_(n), width_(complex ? 2 : 1) {
  matrix_ = AlignedBuffer<double>(detail::checkedEntries(n, n) * width_);
}

bool Cholesky::accumulate(const double* panel, std::int64_t columns, Team& team) {
  const std::int64_t side = (n_ + tile - 1) / tile;
  team.run(side * (side + 1) / 2, [&](std::int64_t index) {
    if (team.cancelled()) return;
    const TileIndex t = tileOf(index, side);
    const std::int64_t row = t.row * tile, column = t.column * tile;
    addProduct(width_ == 2, 1, panel + row * width_, n_, panel + column * width_, n_, std::min(tile, n_ - row),
               std::min(tile, n_ - column), columns, at(row, column), n_);
  });
  return !team.cancelled();
}

bool Cholesky::factor(Team& team) {
  const std::int64_t side = (n_ + tile - 1) / tile;
  const bool complex = width_ == 2;
  const auto stride = static_cast<blas_int>(n_);
  const double one[2] = {1, 0};
  positive_ = false;
  double largest = 0, least = INFINITY;
  if (!allFinite(matrix_.data(), matrix_.size())) return !team.cancelled();
  for (std::int64_t k = 0; k < side; ++k) {
    if (team.cancelled()) return false;
    const std::int64_t first = k * tile, size = std::min(tile, n_ - first), below = side - k - 1;
    for (std::int64_t i = first; k == 0 && i < n_; ++i) largest = std::max(largest, *at(i, i));
    const auto order = static_cast<blas_int>(size);
    blas_int info = 0;
    (complex ? zpotrf_ : dpotrf_)("L", &order, at(first, first), &stride, &info, 1);
    detail::throwOnComplaint();
    if (info != 0) return true;
    for (std::int64_t i = first; i < first + size; ++i) least = std::min(least, *at(i, i) * *at(i, i));
    team.run(below, [&](std::int64_t index) {
      if (team.cancelled()) return;
      const std::int64_t row = (k + 1 + index) * tile;
      const auto rows = static_cast<blas_int>(std::min(tile, n_ - row));
      (complex ? ztrsm_ : dtrsm_)("R", "L", complex ? "C" : "T", "N", &rows, &order, one, at(first, first), &stride,
                                  at(row, first), &stride, 1, 1, 1, 1);
    });
    team.run(below * (below + 1) / 2, [&](std::int64_t index) {
      if (team.cancelled()) return;
      const TileIndex t = tileOf(index, below);
      const std::int64_t row = (k + 1 + t.row) * tile, column = (k + 1 + t.column) * tile;
      addProduct(complex, -1, at(row, first), n_, at(column, first), n_, std::min(tile, n_ - row),
                 std::min(tile, n_ - column), size, at(row, column), n_);
    });
  }
  // A pivot at the level of rounding: the factor is noise in that direction.
  positive_ = least > 1e-13 * largest && allFinite(matrix_.data(), matrix_.size());
  return !team.cancelled();
}

void Cholesky::solve(double* x) const {
  const auto order = static_cast<blas_int>(n_);
  const blas_int step = 1;
  const bool complex = width_ == 2;
  const auto triangular = complex ? ztrsv_ : dtrsv_;
  triangular("L", "N", "N", &order, matrix_.data(), &order, x, &step, 1, 1, 1);
  triangular("L", complex ? "C" : "T", "N", &order, matrix_.data(), &order, x, &step, 1, 1, 1);
}

}  // namespace lowrank
