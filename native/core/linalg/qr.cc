#include <algorithm>

#include "../error.h"
#include "checks.h"
#include "lapack.h"
#include "tiles.h"

namespace lowrank {

// A column-major copy and dgeqrf. The transposed view of the row-major matrix needs no copy and an LQ factorization,
// but dgelqf walks along rows: measured three times slower on the tall, narrow matrices that a factor model is made of.

QrDecomposition::QrDecomposition(std::int64_t rows, std::int64_t cols) : rows_(rows), cols_(cols) {
  const std::int64_t entries = detail::checkedEntries(rows, cols);
  if (rows < cols) throw Error(ErrorCode::invalidArgument, "QR decomposition: fewer rows than columns");
  if (entries == 0) return;
  const auto m = static_cast<blas_int>(rows), n = static_cast<blas_int>(cols);
  const blas_int query = -1;
  blas_int info = 0;
  double first = 0, second = 0, none = 0;
  dgeqrf_(&m, &n, &none, &m, &none, &first, &query, &info);
  dorgqr_(&m, &n, &n, &none, &m, &none, &second, &query, &info);
  detail::throwOnComplaint();
  copy_ = AlignedBuffer<double>(entries);
  tau_ = AlignedBuffer<double>(cols);
  work_ = AlignedBuffer<double>(detail::checkedWorkspace(cols, std::max(first, second)));
}

void QrDecomposition::compute(ConstMatrix a, Matrix q, Matrix r) {
  if (a.rows != rows_ || a.cols != cols_ || q.rows != rows_ || q.cols != cols_ || r.rows != cols_ || r.cols != cols_) {
    throw Error(ErrorCode::invalidArgument, "QR decomposition: shapes do not agree");
  }
  if (cols_ == 0) return;
  detail::Range range;
  range.add(a.data, a.size());
  if (!range.finite) throw Error(ErrorCode::nonFinite, "QR decomposition: the matrix is not finite");
  const double scale = range.scale();
  const std::int64_t rows = rows_, cols = cols_;
  double* copy = copy_.data();
  double* sign = tau_.data();
  detail::transposeScaled(a.data, rows, cols, scale, copy);

  const auto m = static_cast<blas_int>(rows), n = static_cast<blas_int>(cols),
             workspace = static_cast<blas_int>(work_.size());
  blas_int infoR = 0, infoQ = 0;
  dgeqrf_(&m, &n, copy, &m, tau_.data(), work_.data(), &workspace, &infoR);
  detail::throwOnComplaint();
  for (std::int64_t i = 0; i < cols; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) r.data[i * cols + j] = j < i ? 0.0 : copy[j * rows + i] / scale;
  }
  dorgqr_(&m, &n, &n, copy, &m, tau_.data(), work_.data(), &workspace, &infoQ);
  detail::throwOnComplaint();
  // A diagonal of R that is nowhere negative makes the factorization of a full-rank matrix unique, and Q of a Gaussian
  // matrix uniformly distributed (Mezzadri, "How to generate random matrices from the classical compact groups", 2007).
  for (std::int64_t i = 0; i < cols; ++i) {
    sign[i] = r.data[i * cols + i] < 0 ? -1.0 : 1.0;
    for (std::int64_t j = i; j < cols; ++j) r.data[i * cols + j] *= sign[i];
  }
  detail::forTiles(rows, cols,
                   [=](std::int64_t i, std::int64_t j) { q.data[i * cols + j] = copy[j * rows + i] * sign[j]; });
  if (infoR != 0 || infoQ != 0 || !allFinite(q.data, q.size()) || !allFinite(r.data, r.size())) {
    throw Error(ErrorCode::numerical, "QR decomposition: the result is not finite");
  }
}

}  // namespace lowrank
