// Views, products and scans of matrix.h and lapack.h against plain loops.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "harness.h"
#include "linalg/lapack.h"
#include "matrices.h"

namespace lowrank::test {
namespace {

constexpr std::int64_t sizes[] = {0, 1, 2, 3, 7, 33, 65};

TEST(errorCodesHaveTheNamesOfTheBorder) {
  CHECK_EQUAL(std::string(errorCodeName(ErrorCode::invalidArgument)), "INVALID_ARGUMENT");
  CHECK_EQUAL(std::string(errorCodeName(ErrorCode::nonFinite)), "NON_FINITE");
  CHECK_EQUAL(std::string(errorCodeName(ErrorCode::numerical)), "NUMERICAL");
  CHECK_EQUAL(std::string(errorCodeName(ErrorCode::memory)), "OUT_OF_MEMORY");
  CHECK_EQUAL(std::string(errorCodeName(ErrorCode::tooLarge)), "TOO_LARGE");
}

TEST(multiplyAgreesWithLoops) {
  for (const std::int64_t m : sizes) {
    for (const std::int64_t n : sizes) {
      for (const std::int64_t k : sizes) {
        for (const bool ta : {false, true}) {
          for (const bool tb : {false, true}) {
            const Dense a = gaussian(m, k, 1), b = gaussian(k, n, 2), start = gaussian(m, n, 3);
            Dense c = start;
            multiply(0.5, ta ? transposed(a) : a, ta ? Transpose::yes : Transpose::no, tb ? transposed(b) : b,
                     tb ? Transpose::yes : Transpose::no, -2, c);
            const std::vector<long double> exact = exactProduct(a, nullptr, b);
            for (std::size_t i = 0; i < c.data.size(); ++i) {
              CHECK_NEAR(c.data[i], static_cast<double>(0.5L * exact[i] - 2.0L * start.data[i]), 1e-12);
            }
          }
        }
      }
    }
  }
}

TEST(betaZeroOverwritesWhateverWasThere) {
  const Dense a = gaussian(5, 4, 1), b = gaussian(4, 6, 2);
  Dense c(5, 6), clean(5, 6), empty(5, 6);
  std::fill(c.data.begin(), c.data.end(), std::nan(""));
  empty = c;
  multiply(1, a, Transpose::no, b, Transpose::no, 0, c);
  multiply(1, a, Transpose::no, b, Transpose::no, 0, clean);
  CHECK(c.data == clean.data);
  multiply(1, Dense(5, 0), Transpose::no, Dense(0, 6), Transpose::no, 0, empty);
  for (const double entry : empty.data) CHECK_EQUAL(entry, 0.0);
}

TEST(multiplyRefusesWrongShapesAndSizes) {
  Dense a(2, 3), b(3, 4), c(2, 4);
  CHECK_THROWS(ErrorCode::invalidArgument, multiply(1, a, Transpose::no, b, Transpose::yes, 0, c));
  CHECK_THROWS(ErrorCode::invalidArgument, multiply(1, a, Transpose::no, b, Transpose::no, 0, a));
  const std::int64_t big = std::int64_t{1} << 31;
  const double one = 1;
  double result = 0;
  const ConstMatrix row{&one, 1, big}, column{&one, big, 1};  // refused before a second number is read
  CHECK_THROWS(ErrorCode::tooLarge, multiply(1, row, Transpose::no, column, Transpose::no, 0, Matrix{&result, 1, 1}));
  CHECK_THROWS(ErrorCode::tooLarge, selfProduct(row, Matrix{&result, 1, 1}));
  CHECK_THROWS(ErrorCode::invalidArgument, selfProduct(a, c));
}

TEST(selfProductIsSymmetricToTheBit) {
  for (const std::int64_t n : sizes) {
    for (const std::int64_t k : sizes) {
      const Dense u = gaussian(n, k, 4);
      Dense c(n, n);
      std::fill(c.data.begin(), c.data.end(), std::nan(""));
      selfProduct(u, c);
      const std::vector<long double> exact = exactProduct(u, nullptr, transposed(u));
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = 0; j < n; ++j) {
          CHECK_NEAR(c(i, j), static_cast<double>(exact[static_cast<std::size_t>(i * n + j)]), 1e-12);
          CHECK_EQUAL(c(i, j), c(j, i));
        }
      }
    }
  }
}

TEST(innerProductIsAccurateAndFixed) {
  for (const std::int64_t count : {0, 1, 2, 15, 16, 17, 2047, 2048, 2049, 100003}) {
    const Dense a = gaussian(1, count, 1), b = gaussian(1, count, 2);
    long double exact = 0, size = 0;
    for (std::size_t i = 0; i < a.data.size(); ++i) {
      exact += static_cast<long double>(a.data[i]) * b.data[i];
      size += std::abs(static_cast<long double>(a.data[i]) * b.data[i]);
    }
    CHECK_NEAR(innerProduct(a, b), static_cast<double>(exact), static_cast<double>(size) * 0x1p-50);
    CHECK(squaredNorm(a) >= 0);
    std::vector<double> shifted(a.data.size() + 1);
    std::copy(a.data.begin(), a.data.end(), shifted.begin() + 1);
    CHECK_EQUAL(innerProduct({shifted.data() + 1, 1, count}, b), innerProduct(a, b));  // whatever the alignment
  }
  // Known bits: they may change only with the order of summation, which is a contract.
  const Dense a = gaussian(100, 73, 1), b = gaussian(100, 73, 2);
  CHECK_EQUAL(std::bit_cast<std::uint64_t>(innerProduct(a, b)), 0x4053bb3d9cdf4b64u);
  CHECK_THROWS(ErrorCode::invalidArgument, innerProduct(a, transposed(b)));
}

TEST(addScaledAddsToTheSecond) {
  const Dense a = gaussian(7, 5, 1), b = gaussian(7, 5, 2);
  Dense c = b;
  addScaled(-3, a, c);
  for (std::size_t i = 0; i < c.data.size(); ++i) CHECK_EQUAL(c.data[i], b.data[i] + -3 * a.data[i]);
  CHECK_THROWS(ErrorCode::invalidArgument, addScaled(1, a, Dense(5, 7)));
}

TEST(symmetrizeTakesTheMean) {
  for (const std::int64_t n : sizes) {
    const Dense a = gaussian(n, n, 1);
    Dense b = a;
    symmetrize(b);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) CHECK_EQUAL(b(i, j), (a(i, j) + a(j, i)) / 2);
    }
  }
  Dense large(2, 2);
  std::fill(large.data.begin(), large.data.end(), 1.5e308);
  symmetrize(large);
  CHECK_EQUAL(large(0, 1), 1.5e308);
  CHECK_THROWS(ErrorCode::invalidArgument, symmetrize(Dense(2, 3)));
}

// Every place of a bad number in arrays around the block size, and the finite numbers nearest to trouble.
template <class Float>
void checkScan() {
  using Limits = std::numeric_limits<Float>;
  const Float fine[] = {0, -Float{0}, Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min()};
  const Float bad[] = {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), -Limits::quiet_NaN(),
                       Limits::signaling_NaN()};
  for (const std::int64_t count : {0, 1, 2, 7, 64, 2047, 2048, 2049, 5000}) {
    std::vector<Float> data(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) data[static_cast<std::size_t>(i)] = fine[i % 6];
    CHECK(allFinite(data.data(), count));
    CHECK_EQUAL(firstNonFinite(data.data(), count), -1);
    for (std::int64_t place = 0; place<count; place += count> 100 ? 173 : 1) {
      for (const Float value : bad) {
        Float& entry = data[static_cast<std::size_t>(place)];
        const Float kept = entry;
        std::memcpy(&entry, &value, sizeof value);  // a signalling NaN must not pass through a register of x87
        data.back() = place == count - 1 ? entry : Limits::infinity();
        CHECK(!allFinite(data.data(), count));
        CHECK_EQUAL(firstNonFinite(data.data(), count), place);
        data.back() = 0;
        entry = kept;
      }
    }
  }
}

TEST(finiteScanOfDoubles) { checkScan<double>(); }
TEST(finiteScanOfFloats) { checkScan<float>(); }

}  // namespace
}  // namespace lowrank::test
