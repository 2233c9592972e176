// The dense design: every pass against explicit sums, Gaussian entries, refusals, cancellation.
#include <cmath>
#include <limits>

#include "design_checks.h"
#include "designs/dense_design.h"

namespace lowrank::test {
namespace {

struct Shape {
  std::int64_t m, n;
};
// One row, one column, fewer rows than a part, tails of every group size, several parts and blocks.
const Shape shapes[] = {{1, 1}, {5, 1}, {1, 33}, {23, 16}, {131, 17}, {331, 45}, {900, 7}};

TEST(denseDesignPasses) {
  for (const Field field : {Field::real, Field::complex}) {
    for (const Shape& shape : shapes) {
      DenseDesign design(shape.m, shape.n, field);
      const std::int64_t wide = design.width(shape.n);
      const Numbers values = normalNumbers(shape.m * wide, 200000);
      // In two calls, to any place.
      const std::int64_t half = shape.m / 2;
      if (half > 0) CHECK_EQUAL(design.fill(0, values.data(), half), -1);
      CHECK_EQUAL(design.fill(half, values.data() + half * wide, shape.m - half), -1);
      Numbers row(static_cast<std::size_t>(wide));
      design.readRow(shape.m - 1, row.data());
      const double* given = values.data() + (shape.m - 1) * wide;
      for (std::int64_t j = 0; j < shape.n; ++j) {
        if (field == Field::real) {
          CHECK_EQUAL(row[static_cast<std::size_t>(j)], given[j]);
        } else {
          CHECK_EQUAL(row[static_cast<std::size_t>(j)], given[2 * j]);
          CHECK_EQUAL(row[static_cast<std::size_t>(shape.n + j)], given[2 * j + 1]);
        }
      }
      checkDesign(design);
    }
  }
}

TEST(denseDesignGaussianEntries) {
  for (const Field field : {Field::real, Field::complex}) {
    const std::int64_t m = 70, n = 19;
    DenseDesign one(m, n, field), two(m, n, field);
    Team single(1), pair(2);
    one.fillGaussian(7, single);
    two.fillGaussian(7, pair);
    const std::int64_t wide = one.width(n);
    Numbers row(static_cast<std::size_t>(wide)), other(row), stream(row);
    const double scale = field == Field::complex ? std::sqrt(0.5) : 1;
    for (std::int64_t i = 0; i < m; ++i) {
      one.readRow(i, row.data());
      two.readRow(i, other.data());
      CHECK(row == other);
      normals(7, Purpose::measurements, static_cast<std::uint64_t>(i * wide), wide, stream.data());
      for (std::int64_t j = 0; j < n; ++j) {
        const auto k = static_cast<std::size_t>(j);
        if (field == Field::real) {
          CHECK_EQUAL(row[k], stream[k]);
        } else {
          CHECK_EQUAL(row[k], scale * stream[2 * k]);
          CHECK_EQUAL(row[k + static_cast<std::size_t>(n)], scale * stream[2 * k + 1]);
        }
      }
    }
    // E|x|^2 = 1: the squared norm is a sum of m n such, of variance 2 (real) or 1 (complex).
    const auto count = static_cast<double>(m * n);
    CHECK_NEAR(one.squaredNorm() / count, 1.0, 4 * std::sqrt(2 / count));
  }
}

TEST(denseDesignRefusals) {
  CHECK_THROWS(ErrorCode::invalidArgument, DenseDesign(0, 3, Field::real));
  CHECK_THROWS(ErrorCode::tooLarge, DenseDesign(std::int64_t{1} << 40, std::int64_t{1} << 40, Field::complex));
  DenseDesign design(4, 3, Field::complex);
  Numbers values = normalNumbers(24, 0);
  CHECK_THROWS(ErrorCode::invalidArgument, design.fill(1, values.data(), 4));
  values[9] = std::numeric_limits<double>::quiet_NaN();
  CHECK_EQUAL(design.fill(0, values.data(), 4), 9);
  Numbers out(8);
  CHECK_THROWS(ErrorCode::invalidArgument, design.readRow(4, out.data()));
  CHECK_THROWS(ErrorCode::invalidArgument, design.readColumn(-1, out.data()));
}

TEST(denseDesignCancels) {
  DenseDesign design(100, 20, Field::complex);
  CancelFlag flag;
  flag.raise();
  Team team(2, &flag);
  const auto workspace = design.workspace();
  Numbers theta(40), r(200);
  CHECK(!design.apply(theta.data(), r.data(), *workspace, team));
  CHECK(!design.adjoint(r.data(), theta.data(), *workspace, team));
  CHECK(!design.applyAndAdjoint(theta.data(), r.data(), TestMap(100, Numbers(100)), theta.data(), *workspace, team));
}

// A user may hand over anything finite, and a row that was stored with an entry beyond the range of its square.
TEST(denseDesignHugeEntries) {
  DenseDesign design(2, 2, Field::real);
  const Numbers values = {1e300, 0, 0, 1e-300};
  CHECK_EQUAL(design.fill(0, values.data(), 2), -1);
  Team team(1);
  const auto workspace = design.workspace();
  const Numbers theta = {1e-300, 1e300};
  Numbers r(2);
  CHECK(design.apply(theta.data(), r.data(), *workspace, team));
  CHECK_NEAR(r[0], 1, 1e-15);
  CHECK_NEAR(r[1], 1, 1e-15);
}

}  // namespace
}  // namespace lowrank::test
