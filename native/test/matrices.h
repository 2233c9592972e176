// Matrices for the tests of the factorizations: ordinary, degenerate and nasty ones, by name.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "linalg/lapack.h"
#include "linalg/matrix.h"
#include "linalg/philox.h"

namespace lowrank::test {

struct Dense {
  std::int64_t rows = 0, cols = 0;
  std::vector<double> data;
  Dense(std::int64_t r, std::int64_t c) : rows(r), cols(c), data(static_cast<std::size_t>(r * c)) {}
  operator Matrix() { return {data.data(), rows, cols}; }
  operator ConstMatrix() const { return {data.data(), rows, cols}; }
  double& operator()(std::int64_t i, std::int64_t j) { return data[static_cast<std::size_t>(i * cols + j)]; }
  double operator()(std::int64_t i, std::int64_t j) const { return data[static_cast<std::size_t>(i * cols + j)]; }
};

enum class Kind {
  zero,
  identity,
  ones,
  gaussian,
  rankDeficient,  // half the singular values are 0
  graded,         // singular values from 1 to 1e-16
  gradedEntries,  // entries from 1 to 1e-300
  clustered,      // singular values 1 and 1 + 1e-12, in equal parts
  huge,           // gaussian * 1e150
  tiny,           // gaussian * 1e-150
  largest,        // entries up to 1e308, so spread that no singular value overflows
  subnormal,      // gaussian * 1e-310
};

inline constexpr Kind allKinds[] = {Kind::zero,          Kind::identity, Kind::ones,          Kind::gaussian,
                                    Kind::rankDeficient, Kind::graded,   Kind::gradedEntries, Kind::clustered,
                                    Kind::huge,          Kind::tiny,     Kind::largest,       Kind::subnormal};

inline Dense gaussian(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  Dense a(rows, cols);
  normals(seed, Purpose::test, 0, rows * cols, a.data.data());
  return a;
}

inline void scaleBy(Dense& a, double factor) {
  for (double& entry : a.data) entry *= factor;
}

// left diag(s) right^T with random orthonormal factors; symmetric when `symmetric`, with signs that alternate.
inline Dense withSpectrum(std::int64_t rows, std::int64_t cols, const std::vector<double>& s, std::uint64_t seed,
                          bool symmetric) {
  const auto t = static_cast<std::int64_t>(s.size());
  Dense left = gaussian(rows, t, seed), right = gaussian(cols, t, seed + 1), triangle(t, t), a(rows, cols);
  QrDecomposition(rows, t).compute(left, left, triangle);
  QrDecomposition(cols, t).compute(right, right, triangle);
  if (symmetric) right = left;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < t; ++j) left(i, j) *= symmetric && j % 2 ? -s[j] : s[j];
  }
  multiply(1, left, Transpose::no, right, Transpose::yes, 0, a);
  if (symmetric) symmetrize(a);
  return a;
}

inline Dense make(Kind kind, std::int64_t rows, std::int64_t cols, std::uint64_t seed, bool symmetric = false) {
  const std::int64_t t = std::min(rows, cols);
  std::vector<double> s(static_cast<std::size_t>(t), 1.0);
  Dense a = gaussian(rows, cols, seed);
  if (symmetric) symmetrize(a);
  switch (kind) {
    case Kind::zero:
      return Dense(rows, cols);
    case Kind::ones:
      std::fill(a.data.begin(), a.data.end(), 1.0);
      return a;
    case Kind::identity:
      a = Dense(rows, cols);
      for (std::int64_t i = 0; i < t; ++i) a(i, i) = 1;
      return a;
    case Kind::gaussian:
      return a;
    case Kind::rankDeficient:
      for (std::int64_t i = t / 2; i < t; ++i) s[i] = 0;
      break;
    case Kind::graded:
      for (std::int64_t i = 0; i < t; ++i) s[i] = std::pow(10.0, -16.0 * i / std::max<std::int64_t>(1, t - 1));
      break;
    case Kind::clustered:
      for (std::int64_t i = t / 2; i < t; ++i) s[i] = 1 + 1e-12;
      break;
    case Kind::gradedEntries:
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < cols; ++j) a(i, j) *= std::pow(10.0, -300.0 * (i + j) / (rows + cols));
      }
      return a;
    case Kind::huge:
      scaleBy(a, 1e150);
      return a;
    case Kind::tiny:
      scaleBy(a, 1e-150);
      return a;
    case Kind::largest:
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t j = 0; j < cols; ++j) a(i, j) = i == j ? 1e308 : a(i, j) * (1e305 / (rows + cols));
      }
      return a;
    case Kind::subnormal:
      scaleBy(a, 1e-310);
      return a;
  }
  return withSpectrum(rows, cols, s, seed, symmetric);
}

// Residual ratios in the manner of LAPACK's own tests: an error in units of norm * size * precision; below 30 is a
// pass. In long double, whose exponents cannot overflow here.
inline constexpr double precision = 0x1p-52;

// |A - B| / (|A| max(rows, cols) precision) in the norm of largest column sums; a result may also be off by the spacing
// of subnormal numbers.
inline double differenceRatio(ConstMatrix a, const std::vector<long double>& b) {
  long double difference = 0, norm = 0;
  for (std::int64_t j = 0; j < a.cols; ++j) {
    long double columnDifference = 0, column = 0;
    for (std::int64_t i = 0; i < a.rows; ++i) {
      const long double entry = a.data[i * a.cols + j];
      columnDifference += std::abs(entry - b[static_cast<std::size_t>(i * a.cols + j)]);
      column += std::abs(entry);
    }
    if (!(columnDifference <= difference)) difference = columnDifference;  // keeps NaN, which std::max would drop
    norm = std::max(norm, column);
  }
  if (difference == 0) return 0;
  const auto size = static_cast<long double>(std::max(a.rows, a.cols));
  return static_cast<double>(difference / (size * (norm * precision + 0x1p-1074L)));
}

// |I - Q^T Q| / (rows precision), largest column sum.
inline double orthogonalityRatio(ConstMatrix q) {
  long double worst = 0;
  for (std::int64_t j = 0; j < q.cols; ++j) {
    long double column = 0;
    for (std::int64_t k = 0; k < q.cols; ++k) {
      long double product = j == k ? -1 : 0;
      for (std::int64_t i = 0; i < q.rows; ++i) {
        product += static_cast<long double>(q.data[i * q.cols + j]) * q.data[i * q.cols + k];
      }
      column += std::abs(product);
    }
    if (!(column <= worst)) worst = column;
  }
  return q.size() == 0 ? 0 : static_cast<double>(worst / (static_cast<double>(q.rows) * precision));
}

// L diag(d) R in long double; d may be null.
inline std::vector<long double> exactProduct(ConstMatrix left, const double* d, ConstMatrix right) {
  std::vector<long double> product(static_cast<std::size_t>(left.rows * right.cols));
  for (std::int64_t i = 0; i < left.rows; ++i) {
    for (std::int64_t k = 0; k < left.cols; ++k) {
      const long double factor = static_cast<long double>(left.data[i * left.cols + k]) * (d ? d[k] : 1.0);
      for (std::int64_t j = 0; j < right.cols; ++j) {
        product[static_cast<std::size_t>(i * right.cols + j)] += factor * right.data[k * right.cols + j];
      }
    }
  }
  return product;
}

inline Dense transposed(const Dense& a) {
  Dense result(a.cols, a.rows);
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t j = 0; j < a.cols; ++j) result(j, i) = a(i, j);
  }
  return result;
}

}  // namespace lowrank::test
