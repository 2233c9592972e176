// The spectral eigenpair against dense eigen-decompositions: both fields, weights of -1/y without a bound, degenerate
// data, few rows, no weight at all; cancellation, bits.
#include <cmath>
#include <cstring>
#include <limits>

#include "design_checks.h"
#include "designs/dense_design.h"
#include "matrices.h"
#include "vector/top_eigenpair.h"

namespace lowrank::test {
namespace {

enum class Weights { uniform, optimal, none, negative, twoSided };
const Weights allWeights[] = {Weights::uniform, Weights::optimal, Weights::none, Weights::negative, Weights::twoSided};

Numbers makeWeights(Weights kind, std::int64_t m) {
  Numbers t = normalNumbers(m, 900000);
  for (double& value : t) {
    const double y = value * value;
    switch (kind) {
      case Weights::uniform:
        value = y;
        break;
      case Weights::optimal:
        value = 1 - 1 / y;
        break;
      case Weights::none:
        value = 0;
        break;
      case Weights::negative:
        value = -0.1 - y;
        break;
      case Weights::twoSided:
        break;
    }
  }
  return t;
}

// D as a real symmetric matrix of order n, or 2 n for complex: [[Re, -Im], [Im, Re]], each eigenvalue twice.
Dense embedded(const Design& design, const Numbers& t) {
  const std::int64_t m = design.measurements(), n = design.dimension();
  const std::int64_t order = design.width(n);
  const auto rows = rowsOf(design);
  std::vector<Complex> d(static_cast<std::size_t>(n * n));
  for (std::int64_t i = 0; i < m; ++i) {
    const auto& x = rows[static_cast<std::size_t>(i)];
    for (std::int64_t a = 0; a < n; ++a) {
      const Complex left = std::conj(x[static_cast<std::size_t>(a)]) *
                           (static_cast<long double>(t[static_cast<std::size_t>(i)]) / static_cast<long double>(m));
      for (std::int64_t b = 0; b < n; ++b)
        d[static_cast<std::size_t>(a * n + b)] += left * x[static_cast<std::size_t>(b)];
    }
  }
  Dense matrix(order, order);
  for (std::int64_t a = 0; a < order; ++a) {
    for (std::int64_t b = 0; b < order; ++b) {
      const Complex entry = d[static_cast<std::size_t>(a % n * n + b % n)];
      const bool sameHalf = a / n == b / n;
      matrix(a, b) = static_cast<double>(sameHalf ? entry.real() : (a >= n ? entry.imag() : -entry.imag()));
    }
  }
  return matrix;
}

struct Case {
  std::int64_t m, n;
};

void checkAgainstDense(const Design& design, const Numbers& t) {
  const std::int64_t n = design.dimension(), order = design.width(n);
  const std::int64_t copies = design.field() == Field::complex ? 2 : 1;
  const Dense matrix = embedded(design, t);
  Dense vectors(order, order);
  Numbers values(static_cast<std::size_t>(order));
  SymmetricEigen(order).compute(matrix, values.data(), vectors);
  const double spread = values.front() - values.back();

  EigenpairOptions options;
  options.weights = t.data();
  options.seed = 3;
  options.tolerance = 1e-11;
  Numbers vector(static_cast<std::size_t>(order)), again(vector);
  Numbers field(static_cast<std::size_t>(design.width(design.measurements()))), applied(field);
  Team single(1), pair(2);
  options.field = field.data();
  const Eigenpair result = topEigenpair(design, options, vector.data(), single);
  const Eigenpair other = topEigenpair(design, options, again.data(), pair);
  CHECK(std::memcmp(vector.data(), again.data(), vector.size() * sizeof(double)) == 0);
  CHECK_EQUAL(result.value, other.value);
  CHECK(result.converged && !result.cancelled);
  design.apply(vector.data(), applied.data(), *design.workspace(), single);
  CHECK(field == applied);

  const double rounding = 1e-13 * std::max(spread, std::abs(values[0]));
  CHECK_NEAR(result.value, values[0], 1e-11 * std::abs(values[0]) + rounding);
  // The residual, by the explicit matrix.
  double residual = 0, norm = 0;
  for (std::int64_t a = 0; a < order; ++a) {
    long double sum = -static_cast<long double>(result.value) * vector[static_cast<std::size_t>(a)];
    for (std::int64_t b = 0; b < order; ++b) sum += matrix(a, b) * vector[static_cast<std::size_t>(b)];
    residual += static_cast<double>(sum * sum);
    norm += vector[static_cast<std::size_t>(a)] * vector[static_cast<std::size_t>(a)];
  }
  CHECK_NEAR(norm, 1, 1e-12);
  CHECK_NEAR(std::sqrt(residual), result.residual, rounding);
  CHECK(std::sqrt(residual) <= 2e-11 * std::abs(values[0]) + rounding);
  if (n > 1) {
    CHECK(result.second <= values[static_cast<std::size_t>(copies)] + rounding);
  } else {
    CHECK_EQUAL(result.second, result.value);
  }
}

TEST(eigenpairAgreesWithDense) {
  for (const Field field : {Field::real, Field::complex}) {
    // m < n, one unknown, more unknowns than the basis holds, several chunks of unknowns.
    for (const Case& shape : {Case{1, 1}, Case{9, 1}, Case{40, 2}, Case{20, 33}, Case{300, 40}, Case{400, 90}}) {
      for (const Weights kind : allWeights) {
        DenseDesign design(shape.m, shape.n, field);
        Team team(1);
        design.fillGaussian(static_cast<std::uint64_t>(shape.n), team);
        checkAgainstDense(design, makeWeights(kind, shape.m));
      }
    }
  }
}

TEST(eigenpairOfSeveralChunks) {
  DenseDesign design(900, 530, Field::real);
  Team team(2);
  design.fillGaussian(1, team);
  checkAgainstDense(design, makeWeights(Weights::uniform, 900));
}

// Weights as of a phase problem: the top eigenvector is an outlier that the signal makes, y near 0 gives weights of
// -1/y down to -1e7.
TEST(eigenpairOfPhaseData) {
  for (const Field field : {Field::real, Field::complex}) {
    const std::int64_t m = 1200, n = 150;
    DenseDesign design(m, n, field);
    Team team(2);
    design.fillGaussian(11, team);
    Numbers theta = normalNumbers(design.width(n), 0), r(static_cast<std::size_t>(design.width(m)));
    double norm = 0;
    for (const double value : theta) norm += value * value;
    for (double& value : theta) value /= std::sqrt(norm);
    design.apply(theta.data(), r.data(), *design.workspace(), team);
    Numbers t(static_cast<std::size_t>(m));
    for (std::int64_t i = 0; i < m; ++i) {
      const double y = static_cast<double>(std::norm(entryOf(r, m, field, i)));
      t[static_cast<std::size_t>(i)] = 1 - 1 / std::max(y, 1e-7);
    }
    checkAgainstDense(design, t);
  }
}

// Rows that are all alike, rows of zeros, and rows that never reach some unknowns.
TEST(eigenpairOfDegenerateData) {
  for (const Field field : {Field::real, Field::complex}) {
    const std::int64_t m = 80, n = 70;
    DenseDesign design(m, n, field);
    const std::int64_t wide = design.width(n);
    const Numbers one = normalNumbers(wide, 0);
    for (std::int64_t i = 0; i < m; ++i) design.fill(i, one.data(), 1);
    checkAgainstDense(design, makeWeights(Weights::uniform, m));
    checkAgainstDense(design, makeWeights(Weights::negative, m));

    DenseDesign zero(m, n, field);
    checkAgainstDense(zero, makeWeights(Weights::uniform, m));

    DenseDesign unit(m, n, field);  // e_0, e_1, ...: D is diagonal, with repeated entries
    Numbers row(static_cast<std::size_t>(wide));
    for (std::int64_t i = 0; i < m; ++i) {
      std::fill(row.begin(), row.end(), 0.0);
      row[static_cast<std::size_t>(i % (n / 2) * (wide / n))] = 1;
      unit.fill(i, row.data(), 1);
    }
    checkAgainstDense(unit, Numbers(static_cast<std::size_t>(m), 1.0));
    checkAgainstDense(unit, makeWeights(Weights::twoSided, m));
  }
}

TEST(eigenpairOfHugeAndTinyWeights) {
  DenseDesign design(200, 30, Field::complex);
  Team team(1);
  design.fillGaussian(5, team);
  const Numbers plain = makeWeights(Weights::twoSided, 200);
  for (const double factor : {0x1p+990, 0x1p-990}) {
    Numbers t = plain;
    for (double& value : t) value *= factor;
    EigenpairOptions options;
    Numbers first(60), second(60);
    options.weights = plain.data();
    const Eigenpair reference = topEigenpair(design, options, first.data(), team);
    options.weights = t.data();
    const Eigenpair scaled = topEigenpair(design, options, second.data(), team);
    CHECK(scaled.converged);
    CHECK_NEAR(scaled.value / factor, reference.value, 1e-12 * reference.value);
  }
}

TEST(eigenpairStops) {
  DenseDesign design(300, 100, Field::real);
  Team team(1);
  design.fillGaussian(5, team);
  Numbers t = makeWeights(Weights::optimal, 300), vector(100);
  EigenpairOptions options;
  options.weights = t.data();
  options.maxPasses = 10;
  const Eigenpair few = topEigenpair(design, options, vector.data(), team);
  CHECK_EQUAL(few.passes, 10);
  CHECK(!few.converged && !few.cancelled);

  CancelFlag flag;
  flag.raise();
  Team stopped(1, &flag);
  const Eigenpair none = topEigenpair(design, options, vector.data(), stopped);
  CHECK(none.cancelled && !none.converged);

  t[7] = std::numeric_limits<double>::infinity();
  CHECK_THROWS(ErrorCode::nonFinite, topEigenpair(design, options, vector.data(), team));
  options.weights = nullptr;
  CHECK_THROWS(ErrorCode::invalidArgument, topEigenpair(design, options, vector.data(), team));
}

}  // namespace
}  // namespace lowrank::test
