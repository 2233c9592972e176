#include <algorithm>

#include "../error.h"
#include "checks.h"
#include "lapack.h"
#include "tiles.h"

namespace lowrank {

using detail::checkedWorkspace;

// The row-major A is A^T = V S U^T to LAPACK: its left vectors (cols x t, column-major) lie in memory as our vt, its
// right vectors transposed (t x rows, column-major) as our u. Nothing is transposed. But LAPACK starts on a
// very wide matrix with dgelqf, which walks along rows and makes the whole take twice the time; so a tall A, whose
// transposed view is wide, is copied to columns and its vectors are copied back. The limit is LAPACK's own (ilaenv 6).

SingularValueDecomposition::SingularValueDecomposition(std::int64_t rows, std::int64_t cols)
    : rows_(rows), cols_(cols), tall_(false) {
  const std::int64_t entries = detail::checkedEntries(rows, cols);
  if (entries == 0) return;
  tall_ = 6 * rows >= 11 * cols;
  const auto m = static_cast<blas_int>(tall_ ? rows : cols), n = static_cast<blas_int>(tall_ ? cols : rows);
  const blas_int t = std::min(m, n);
  // Documented minima: dgesdd with jobz = 'S' 4 t^2 + 7 t, dgesvd max(3 t + max(m, n), 5 t).
  const std::int64_t wide = t;
  const std::int64_t minimum = std::max({4 * wide * wide + 7 * wide, 3 * wide + std::max(m, n), 5 * wide});
  detail::toBlasInt(minimum, "LAPACK workspace");
  const blas_int query = -1;
  blas_int info = 0, integer = 0;
  double first = 0, second = 0, none = 0;
  dgesdd_("S", &m, &n, &none, &m, &none, &none, &m, &none, &t, &first, &query, &integer, &info, 1);
  dgesvd_("S", "S", &m, &n, &none, &m, &none, &none, &m, &none, &t, &second, &query, &info, 1, 1);
  detail::throwOnComplaint();
  const blas_int workspace = checkedWorkspace(minimum, std::max(first, second));
  copy_ = AlignedBuffer<double>(entries);
  if (tall_) {
    u_ = AlignedBuffer<double>(entries);
    vt_ = AlignedBuffer<double>(wide * wide);
  }
  work_ = AlignedBuffer<double>(workspace);
  integerWork_ = AlignedBuffer<std::int32_t>(8 * wide);
}

void SingularValueDecomposition::compute(ConstMatrix a, Matrix u, double* s, Matrix vt) {
  const std::int64_t least = std::min(rows_, cols_);
  if (a.rows != rows_ || a.cols != cols_ || u.rows != rows_ || u.cols != least || vt.rows != least ||
      vt.cols != cols_) {
    throw Error(ErrorCode::invalidArgument, "singular value decomposition: shapes do not agree");
  }
  if (least == 0) return;
  detail::Range range;
  range.add(a.data, a.size());
  if (!range.finite) throw Error(ErrorCode::nonFinite, "singular value decomposition: the matrix is not finite");
  const double scale = range.scale();

  const auto m = static_cast<blas_int>(tall_ ? rows_ : cols_), n = static_cast<blas_int>(tall_ ? cols_ : rows_);
  const auto t = static_cast<blas_int>(least);
  double* left = tall_ ? u_.data() : vt.data;
  double* right = tall_ ? vt_.data() : u.data;
  const auto workspace = static_cast<blas_int>(work_.size());
  const auto copyInput = [&] {
    if (tall_) {
      detail::transposeScaled(a.data, rows_, cols_, scale, copy_.data());
    } else {
      detail::copyScaled(a.data, scale, a.size(), copy_.data());
    }
  };
  const auto succeeded = [&](blas_int info) {
    return info == 0 && allFinite(s, least) && allFinite(left, m * least) && allFinite(right, least * n);
  };
  blas_int info = 1;
  if (!detail::driverFails(0)) {
    copyInput();
    dgesdd_("S", &m, &n, copy_.data(), &m, s, left, &m, right, &t, work_.data(), &workspace, integerWork_.data(), &info,
            1);
    detail::throwOnComplaint();
  }
  if (!succeeded(info)) {
    // dgesdd can fail on finite input where dgesvd does not (OpenBLAS #3044, lapack #672); both destroy their input.
    ++fallbacks_;
    info = 1;
    if (!detail::driverFails(1)) {
      copyInput();
      dgesvd_("S", "S", &m, &n, copy_.data(), &m, s, left, &m, right, &t, work_.data(), &workspace, &info, 1, 1);
      detail::throwOnComplaint();
    }
    if (!succeeded(info)) throw Error(ErrorCode::numerical, "singular value decomposition: dgesdd and dgesvd failed");
  }
  if (tall_) {
    detail::transposeScaled(left, least, rows_, 1, u.data);
    detail::transposeScaled(right, cols_, least, 1, vt.data);
  }
  if (scale != 1.0) {
    for (std::int64_t i = 0; i < least; ++i) s[i] /= scale;
    if (!allFinite(s, least)) throw Error(ErrorCode::numerical, "singular value decomposition: a value overflows");
  }
}

}  // namespace lowrank
