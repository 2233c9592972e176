// Coded diffraction: passes against explicit rows, rows against their definition, 1-D and 2-D, lengths of every kind.
#include <cmath>
#include <limits>
#include <numbers>

#include "design_checks.h"
#include "designs/coded_diffraction.h"

namespace lowrank::test {
namespace {

struct Shape {
  std::int64_t patterns, height, width;
};
// One number, vectors, images that are no squares, primes, more columns than a panel, more patterns than parts.
const Shape shapes[] = {{1, 1, 1}, {3, 1, 16}, {2, 1, 37}, {4, 5, 1}, {3, 6, 10}, {2, 3, 34}, {2, 33, 4}, {35, 2, 3}};

TEST(codedDiffractionPasses) {
  for (const Shape& shape : shapes) {
    const std::int64_t n = shape.height * shape.width;
    const Numbers masks = normalNumbers(2 * shape.patterns * n, 300000);
    const CodedDiffraction design(masks.data(), shape.patterns, shape.height, shape.width);
    CHECK_EQUAL(design.measurements(), shape.patterns * n);
    CHECK_EQUAL(design.dimension(), n);
    checkDesign(design);

    const auto rows = rowsOf(design);
    const long double turn = 2 * std::numbers::pi_v<long double>;
    long double worst = 0;
    for (std::int64_t i = 0; i < shape.patterns * n; ++i) {
      const std::int64_t l = i / n, k1 = i % n / shape.width, k2 = i % shape.width;
      for (std::int64_t j = 0; j < n; ++j) {
        const long double angle =
            -turn * (static_cast<long double>(k1 * (j / shape.width)) / static_cast<long double>(shape.height) +
                     static_cast<long double>(k2 * (j % shape.width)) / static_cast<long double>(shape.width));
        const auto at = static_cast<std::size_t>(2 * (l * n + j));
        const Complex wanted = Complex(masks[at], masks[at + 1]) * Complex(std::cos(angle), std::sin(angle));
        worst = std::max(worst, std::abs(wanted - rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)]));
      }
    }
    CHECK_BELOW(static_cast<double>(worst), 2e-15);
  }
}

TEST(codedDiffractionRefusals) {
  Numbers masks(24, 1.0);
  CHECK_THROWS(ErrorCode::invalidArgument, CodedDiffraction(masks.data(), 0, 2, 2));
  CHECK_THROWS(ErrorCode::tooLarge, CodedDiffraction(masks.data(), 1 << 30, std::int64_t{1} << 20, 1 << 20));
  masks[13] = std::numeric_limits<double>::infinity();
  CHECK_THROWS(ErrorCode::nonFinite, CodedDiffraction(masks.data(), 3, 2, 2));
}

TEST(codedDiffractionCancels) {
  const Numbers masks(24, 1.0);
  const CodedDiffraction design(masks.data(), 3, 2, 2);
  CancelFlag flag;
  flag.raise();
  Team team(2, &flag);
  const auto workspace = design.workspace();
  Numbers theta(8), r(24);
  CHECK(!design.apply(theta.data(), r.data(), *workspace, team));
  CHECK(!design.adjoint(r.data(), theta.data(), *workspace, team));
  CHECK(!design.applyAndAdjoint(theta.data(), r.data(), TestMap(12, Numbers(12)), theta.data(), *workspace, team));
}

}  // namespace
}  // namespace lowrank::test
