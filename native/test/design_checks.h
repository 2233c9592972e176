// Checks that every design must pass, against its own rows taken one by one.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <vector>

#include "designs/design.h"
#include "harness.h"
#include "linalg/philox.h"

namespace lowrank::test {

using Complex = std::complex<long double>;
using Numbers = std::vector<double>;

inline Numbers normalNumbers(std::int64_t count, std::uint64_t first) {
  Numbers out(static_cast<std::size_t>(count));
  normals(99, Purpose::test, first, count, out.data());
  return out;
}

inline Complex entryOf(const Numbers& vector, std::int64_t count, Field field, std::int64_t i) {
  return {vector[static_cast<std::size_t>(i)],
          field == Field::complex ? vector[static_cast<std::size_t>(count + i)] : 0.0};
}

// X row by row.
inline std::vector<std::vector<Complex>> rowsOf(const Design& design) {
  const std::int64_t m = design.measurements(), n = design.dimension();
  std::vector<std::vector<Complex>> rows(static_cast<std::size_t>(m));
  Numbers row(static_cast<std::size_t>(design.width(n)));
  for (std::int64_t i = 0; i < m; ++i) {
    design.readRow(i, row.data());
    for (std::int64_t j = 0; j < n; ++j)
      rows[static_cast<std::size_t>(i)].push_back(entryOf(row, n, design.field(), j));
  }
  return rows;
}

// weight_i = (2 - 0.5 i) r_i + c_i (no imaginary part in the real field), and a mark that each row was seen once.
class TestMap final : public RowMap {
 public:
  TestMap(std::int64_t m, Numbers shifts) : shifts_(std::move(shifts)), seen(static_cast<std::size_t>(m), 0) {}
  static Complex value(Complex r, double shift, Field field) {
    return field == Field::complex ? Complex(2.0L, -0.5L) * r + static_cast<long double>(shift)
                                   : 2.0L * r + static_cast<long double>(shift);
  }
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto row = static_cast<std::size_t>(first + i);
      ++seen[row];
      if (r.im == nullptr) {
        weight.re[i] = 2 * r.re[i] + shifts_[row];
      } else {
        weight.re[i] = 2 * r.re[i] + 0.5 * r.im[i] + shifts_[row];
        weight.im[i] = 2 * r.im[i] - 0.5 * r.re[i];
      }
    }
  }

 private:
  Numbers shifts_;

 public:
  mutable std::vector<int> seen;
};

// |a - b| over |magnitude|, entrywise worst.
inline double worstDifference(const Numbers& a, const std::vector<Complex>& b, Field field) {
  long double worst = 0, scale = 1e-300L;
  const auto count = static_cast<std::int64_t>(b.size());
  for (std::int64_t i = 0; i < count; ++i) {
    const long double difference = std::abs(entryOf(a, count, field, i) - b[static_cast<std::size_t>(i)]);
    if (!(difference <= worst)) worst = difference;
    scale = std::max(scale, std::abs(b[static_cast<std::size_t>(i)]));
  }
  return static_cast<double>(worst / scale);
}

inline Complex inner(const Numbers& a, const Numbers& b, Field field) {  // sum conj(a) b
  const auto count = static_cast<std::int64_t>(field == Field::complex ? a.size() / 2 : a.size());
  Complex sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += std::conj(entryOf(a, count, field, i)) * entryOf(b, count, field, i);
  return sum;
}

// Every pass against explicit sums over the rows, the dot test, columns, the norm, the same bits on 1 and 2 threads.
inline void checkDesign(const Design& design) {
  const std::int64_t m = design.measurements(), n = design.dimension();
  const Field field = design.field();
  const auto wideM = static_cast<std::size_t>(design.width(m)), wideN = static_cast<std::size_t>(design.width(n));
  const auto rows = rowsOf(design);
  const Numbers theta = normalNumbers(design.width(n), 0), g = normalNumbers(design.width(m), 50000);
  const Numbers shifts = normalNumbers(m, 100000);

  std::vector<Complex> r(static_cast<std::size_t>(m)), image(static_cast<std::size_t>(n)), fused(image);
  long double squared = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    const auto& row = rows[static_cast<std::size_t>(i)];
    Complex& sum = r[static_cast<std::size_t>(i)];
    for (std::int64_t j = 0; j < n; ++j) sum += row[static_cast<std::size_t>(j)] * entryOf(theta, n, field, j);
    const Complex weight = TestMap::value(sum, shifts[static_cast<std::size_t>(i)], field);
    for (std::int64_t j = 0; j < n; ++j) {
      const Complex entry = std::conj(row[static_cast<std::size_t>(j)]);
      image[static_cast<std::size_t>(j)] += entry * entryOf(g, m, field, i);
      fused[static_cast<std::size_t>(j)] += entry * weight;
      squared += std::norm(entry);
    }
  }
  Numbers norms(static_cast<std::size_t>(m));
  design.squaredRowNorms(norms.data());
  for (std::int64_t i = 0; i < m; ++i) {
    const auto k = static_cast<std::size_t>(i);
    long double norm = 0;
    for (const Complex& entry : rows[k]) norm += std::norm(entry);
    CHECK_NEAR(norms[k], static_cast<double>(norm), 1e-12 * static_cast<double>(norm));
  }
  CHECK_NEAR(design.squaredNorm(), static_cast<double>(squared), 1e-12 * static_cast<double>(squared));

  Numbers first;
  for (const int threads : {1, 2}) {
    Team team(threads);
    const auto workspace = design.workspace();
    Numbers applied(wideM), adjoint(wideN), field1(wideM), image1(wideN);
    CHECK(design.apply(theta.data(), applied.data(), *workspace, team));
    CHECK(design.adjoint(g.data(), adjoint.data(), *workspace, team));
    const TestMap map(m, shifts);
    CHECK(design.applyAndAdjoint(theta.data(), field1.data(), map, image1.data(), *workspace, team));
    CHECK(std::all_of(map.seen.begin(), map.seen.end(), [](int count) { return count == 1; }));
    CHECK_BELOW(worstDifference(applied, r, field), 1e-12);
    CHECK_BELOW(worstDifference(adjoint, image, field), 1e-12);
    CHECK_BELOW(worstDifference(field1, r, field), 1e-12);
    CHECK_BELOW(worstDifference(image1, fused, field), 1e-12);
    const Complex left = inner(g, applied, field), right = inner(adjoint, theta, field);
    CHECK_BELOW(static_cast<double>(std::abs(left - right)),
                1e-12 * static_cast<double>(std::sqrt(std::abs(inner(g, g, field) * inner(applied, applied, field))) +
                                            1e-300L));
    Numbers all(applied);
    for (const Numbers* more : {&adjoint, &field1, &image1}) all.insert(all.end(), more->begin(), more->end());
    if (threads == 1) first = all;
    CHECK(std::memcmp(first.data(), all.data(), all.size() * sizeof(double)) == 0);
  }

  Numbers column(wideM);
  for (const std::int64_t j : {std::int64_t{0}, n / 2, n - 1}) {
    design.readColumn(j, column.data());
    long double worst = 0;
    for (std::int64_t i = 0; i < m; ++i) {
      worst = std::max(worst, std::abs(entryOf(column, m, field, i) -
                                       rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]));
    }
    CHECK_BELOW(static_cast<double>(worst), 1e-12);
  }
}

}  // namespace lowrank::test
