#include <algorithm>

#include "../error.h"
#include "checks.h"
#include "lapack.h"
#include "tiles.h"

namespace lowrank {

SymmetricEigen::SymmetricEigen(std::int64_t n) : n_(n) {
  const std::int64_t entries = detail::checkedEntries(n, n);
  if (entries == 0) return;
  // Documented minima with jobz = 'V': dsyevd 1 + 6 n + 2 n^2 and 3 + 5 n integers, dsyev 3 n - 1.
  const std::int64_t minimum = 1 + 6 * n + 2 * n * n, integerMinimum = 3 + 5 * n;
  detail::toBlasInt(minimum, "LAPACK workspace");
  const blas_int size = static_cast<blas_int>(n), query = -1;
  blas_int info = 0, integers = 0;
  double first = 0, second = 0, none = 0;
  dsyevd_("V", "L", &size, &none, &size, &none, &first, &query, &integers, &query, &info, 1, 1);
  dsyev_("V", "L", &size, &none, &size, &none, &second, &query, &info, 1, 1);
  detail::throwOnComplaint();
  const blas_int workspace = detail::checkedWorkspace(minimum, std::max(first, second));
  copy_ = AlignedBuffer<double>(entries);
  rising_ = AlignedBuffer<double>(n);
  work_ = AlignedBuffer<double>(workspace);
  integerWork_ = AlignedBuffer<std::int32_t>(std::max<std::int64_t>(integerMinimum, integers));
}

void SymmetricEigen::compute(ConstMatrix a, double* values, Matrix vectors) {
  if (a.rows != n_ || a.cols != n_ || vectors.rows != n_ || vectors.cols != n_) {
    throw Error(ErrorCode::invalidArgument, "symmetric eigenvalues: shapes do not agree");
  }
  if (n_ == 0) return;
  const std::int64_t n = n_;
  detail::Range range;
  for (std::int64_t i = 0; i < n; ++i) range.add(a.data + i * n + i, n - i);
  if (!range.finite) throw Error(ErrorCode::nonFinite, "symmetric eigenvalues: the matrix is not finite");
  const double scale = range.scale();

  const auto size = static_cast<blas_int>(n), workspace = static_cast<blas_int>(work_.size()),
             integers = static_cast<blas_int>(integerWork_.size());
  // Our upper triangle is the lower one of the column-major matrix; the other half is not read.
  const auto copyTriangle = [&] {
    for (std::int64_t i = 0; i < n; ++i) {
      detail::copyScaled(a.data + i * n + i, scale, n - i, copy_.data() + i * n + i);
    }
  };
  const auto succeeded = [&](blas_int info) {
    return info == 0 && allFinite(rising_.data(), n) && allFinite(copy_.data(), n * n);
  };
  blas_int info = 1;
  if (!detail::driverFails(0)) {
    copyTriangle();
    dsyevd_("V", "L", &size, copy_.data(), &size, rising_.data(), work_.data(), &workspace, integerWork_.data(),
            &integers, &info, 1, 1);
    detail::throwOnComplaint();
  }
  if (!succeeded(info)) {
    ++fallbacks_;
    info = 1;
    if (!detail::driverFails(1)) {
      copyTriangle();
      dsyev_("V", "L", &size, copy_.data(), &size, rising_.data(), work_.data(), &workspace, &info, 1, 1);
      detail::throwOnComplaint();
    }
    if (!succeeded(info)) throw Error(ErrorCode::numerical, "symmetric eigenvalues: dsyevd and dsyev failed");
  }
  for (std::int64_t j = 0; j < n; ++j) values[j] = rising_[n - 1 - j] / scale;
  if (!allFinite(values, n)) throw Error(ErrorCode::numerical, "symmetric eigenvalues: a value overflows");
  // LAPACK's columns, in rising order, are rows in memory: transpose and reverse.
  const double* columns = copy_.data();
  detail::forTiles(n, n,
                   [=](std::int64_t i, std::int64_t j) { vectors.data[i * n + j] = columns[(n - 1 - j) * n + i]; });
}

SymmetricEigenvalues::SymmetricEigenvalues(std::int64_t n) : n_(n) {
  const std::int64_t entries = detail::checkedEntries(n, n);
  if (entries == 0) return;
  // Documented minima with jobz = 'N': dsyevd 2 n + 1 and 1 integer, dsyev 3 n - 1.
  const std::int64_t minimum = 3 * n + 1;
  const blas_int size = static_cast<blas_int>(n), query = -1;
  blas_int info = 0, integers = 0;
  double first = 0, second = 0, none = 0;
  dsyevd_("N", "L", &size, &none, &size, &none, &first, &query, &integers, &query, &info, 1, 1);
  dsyev_("N", "L", &size, &none, &size, &none, &second, &query, &info, 1, 1);
  detail::throwOnComplaint();
  copy_ = AlignedBuffer<double>(entries);
  work_ = AlignedBuffer<double>(detail::checkedWorkspace(minimum, std::max(first, second)));
  integerWork_ = AlignedBuffer<std::int32_t>(std::max<std::int64_t>(1, integers));
}

void SymmetricEigenvalues::compute(ConstMatrix a, double* values) {
  if (a.rows != n_ || a.cols != n_) {
    throw Error(ErrorCode::invalidArgument, "symmetric eigenvalues: shapes do not agree");
  }
  if (n_ == 0) return;
  const std::int64_t n = n_;
  detail::Range range;
  for (std::int64_t i = 0; i < n; ++i) range.add(a.data + i * n + i, n - i);
  if (!range.finite) throw Error(ErrorCode::nonFinite, "symmetric eigenvalues: the matrix is not finite");
  const double scale = range.scale();
  const auto size = static_cast<blas_int>(n), workspace = static_cast<blas_int>(work_.size()),
             integers = static_cast<blas_int>(integerWork_.size());
  for (int driver = 0; driver < 2; ++driver) {
    if (detail::driverFails(driver)) continue;
    for (std::int64_t i = 0; i < n; ++i) {
      detail::copyScaled(a.data + i * n + i, scale, n - i, copy_.data() + i * n + i);
    }
    blas_int info = 1;
    if (driver == 0) {
      dsyevd_("N", "L", &size, copy_.data(), &size, values, work_.data(), &workspace, integerWork_.data(), &integers,
              &info, 1, 1);
    } else {
      dsyev_("N", "L", &size, copy_.data(), &size, values, work_.data(), &workspace, &info, 1, 1);
    }
    detail::throwOnComplaint();
    if (info != 0 || !allFinite(values, n)) continue;
    std::reverse(values, values + n);
    for (std::int64_t j = 0; j < n; ++j) values[j] /= scale;
    if (allFinite(values, n)) return;
  }
  throw Error(ErrorCode::numerical, "symmetric eigenvalues: dsyevd and dsyev failed");
}

}  // namespace lowrank
