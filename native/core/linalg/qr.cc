#include <algorithm>

#include "../error.h"
#include "checks.h"
#include "lapack.h"

namespace lowrank {

// The row-major A is A^T = R^T Q^T to LAPACK: an LQ factorization, done in place in q, with nothing transposed.

QrDecomposition::QrDecomposition(std::int64_t rows, std::int64_t cols) : rows_(rows), cols_(cols) {
  const std::int64_t entries = detail::checkedEntries(rows, cols);
  if (rows < cols) throw Error(ErrorCode::invalidArgument, "QR decomposition: fewer rows than columns");
  if (entries == 0) return;
  const auto m = static_cast<blas_int>(cols), n = static_cast<blas_int>(rows);
  const blas_int query = -1;
  blas_int info = 0;
  double first = 0, second = 0, none = 0;
  dgelqf_(&m, &n, &none, &m, &none, &first, &query, &info);
  dorglq_(&m, &n, &m, &none, &m, &none, &second, &query, &info);
  detail::throwOnComplaint();
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
  if (q.data != a.data || scale != 1.0) detail::copyScaled(a.data, scale, a.size(), q.data);

  const auto m = static_cast<blas_int>(cols_), n = static_cast<blas_int>(rows_),
             workspace = static_cast<blas_int>(work_.size());
  blas_int info = 0;
  dgelqf_(&m, &n, q.data, &m, tau_.data(), work_.data(), &workspace, &info);
  detail::throwOnComplaint();
  for (std::int64_t i = 0; i < cols_; ++i) {
    for (std::int64_t j = 0; j < cols_; ++j) r.data[i * cols_ + j] = j < i ? 0.0 : q.data[i * cols_ + j] / scale;
  }
  dorglq_(&m, &n, &m, q.data, &m, tau_.data(), work_.data(), &workspace, &info);
  detail::throwOnComplaint();
  // A diagonal of R that is nowhere negative makes the factorization of a full-rank matrix unique, and Q of a Gaussian
  // matrix uniformly distributed (Mezzadri, "How to generate random matrices from the classical compact groups", 2007).
  for (std::int64_t i = 0; i < cols_; ++i) {
    tau_[i] = r.data[i * cols_ + i] < 0 ? -1.0 : 1.0;
    for (std::int64_t j = i; j < cols_; ++j) r.data[i * cols_ + j] *= tau_[i];
  }
  for (std::int64_t i = 0; i < rows_; ++i) {
    for (std::int64_t j = 0; j < cols_; ++j) q.data[i * cols_ + j] *= tau_[j];
  }
  if (info != 0 || !allFinite(q.data, q.size()) || !allFinite(r.data, r.size())) {
    throw Error(ErrorCode::numerical, "QR decomposition: the result is not finite");
  }
}

}  // namespace lowrank
