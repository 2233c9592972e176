// Philox streams: known answers, and the distribution of what is drawn from them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "harness.h"
#include "linalg/philox.h"

namespace lowrank::test {
namespace {

using Counter = std::array<std::uint64_t, 4>;

constexpr std::int64_t many = 1000000;

std::vector<double> draw(std::int64_t count, std::uint64_t seed = 7, Purpose purpose = Purpose::test) {
  std::vector<double> out(static_cast<std::size_t>(count));
  normals(seed, purpose, 0, count, out.data());
  return out;
}

long double upperTail(long double z) { return std::erfc(z / std::sqrt(2.0L)) / 2; }

std::uint64_t hashOf(const std::vector<double>& values) {  // FNV-1a over 64-bit words
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const double value : values) hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001b3u;
  return hash;
}

TEST(philoxKnownAnswers) {  // Random123's kat_vectors, "philox4x64 10"
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  CHECK((philox4x64({0, 0, 0, 0}, {0, 0}) ==
         Counter{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}));
  CHECK((philox4x64({ones, ones, ones, ones}, {ones, ones}) ==
         Counter{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}));
  CHECK((philox4x64({0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
                    {0x452821e638d01377, 0xbe5466cf34e90c6c}) ==
         Counter{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}));
}

// numpy.random.Philox(key=[42, 3], counter=[-1, -1, -1, -1]).random_raw(6): NumPy counts before it draws.
TEST(streamsAgreeWithNumPy) {
  constexpr std::uint64_t words[] = {0x9b1b41c8f608e789, 0x721dd53205c14a6f, 0x12ca0faeba645c24,
                                     0x79a8071e7810e705, 0xb653ad1533f8b23b, 0x120cb8c2946e4fa5};
  double drawn[6];
  uniforms(42, Purpose::truthRight, 0, 6, drawn);
  for (int i = 0; i < 6; ++i) CHECK_EQUAL(drawn[i], (static_cast<double>(words[i] >> 12) + 0.5) * 0x1p-52);
  // key = [2^64 - 1, 8], counter = [10^15 - 1, 0, 0, 0]
  constexpr std::uint64_t far[] = {0x447d510efb0358c6, 0xad4868e8a2eac9d7, 0x3eef07bd26f66782, 0xf9f1ab508f7ca76c};
  uniforms(~std::uint64_t{0}, Purpose::test, 4000000000000000u, 4, drawn);
  for (int i = 0; i < 4; ++i) CHECK_EQUAL(drawn[i], (static_cast<double>(far[i] >> 12) + 0.5) * 0x1p-52);
}

// Stream philox4x64-10/v1. These bits are a promise to stored results: if this fails, make a v2.
TEST(normalsKeepTheirBits) {
  double drawn[6];
  normals(42, Purpose::truthRight, 0, 6, drawn);
  constexpr std::uint64_t bits[6] = {0x3fd130e345a69ca9, 0xbfc1744c0d9a8cec, 0xbff737203ef4b60a,
                                     0xbfafd2a1a356abde, 0x3fe1ea6a5c221b52, 0xbff78d6d8b7dfb8f};
  for (int i = 0; i < 6; ++i) CHECK_EQUAL(std::bit_cast<std::uint64_t>(drawn[i]), bits[i]);
  CHECK_EQUAL(hashOf(draw(many)), 0x752b9bfdd3245b38u);
}

TEST(normalsAreQuantilesOfUniforms) {
  constexpr std::int64_t count = 100003;
  std::vector<double> u(count), z(count);
  uniforms(5, Purpose::noise, 11, count, u.data());
  normals(5, Purpose::noise, 11, count, z.data());
  for (std::size_t i = 0; i < count; ++i) CHECK_EQUAL(z[i], detail::normalQuantile(u[i]));
}

TEST(howDrawsAreSplitDoesNotMatter) {
  constexpr std::int64_t count = 3000;
  const std::vector<double> whole = draw(count);
  std::vector<double> part(count), uniformWhole(count);
  uniforms(7, Purpose::test, 0, count, uniformWhole.data());
  for (std::int64_t first = 0; first < 10; ++first) {
    for (std::int64_t length = 0; length < 600; length += length < 10 ? 1 : 59) {
      normals(7, Purpose::test, static_cast<std::uint64_t>(first), length, part.data());
      CHECK(std::equal(part.begin(), part.begin() + length, whole.begin() + first));
      uniforms(7, Purpose::test, static_cast<std::uint64_t>(first), length, part.data());
      CHECK(std::equal(part.begin(), part.begin() + length, uniformWhole.begin() + first));
    }
  }
  for (std::int64_t start = 0, length = 1; start < count; start += length, length = length * 7 % 613) {
    length = std::min(length, count - start);
    normals(7, Purpose::test, static_cast<std::uint64_t>(start), length, part.data() + start);
  }
  CHECK(part == whole);
}

TEST(normalsWriteNoMoreThanAsked) {
  double drawn[300];
  std::fill(std::begin(drawn), std::end(drawn), 99.0);
  normals(1, Purpose::test, 3, 257, drawn + 1);
  CHECK_EQUAL(drawn[0], 99.0);
  for (int i = 258; i < 300; ++i) CHECK_EQUAL(drawn[i], 99.0);
  normals(1, Purpose::test, 3, 0, nullptr);
}

TEST(moments) {
  const std::vector<double> z = draw(many);
  double mean = 0, square = 0, cube = 0, fourth = 0;
  for (const double x : z) {
    mean += x / many;
    square += x * x / many;
    cube += x * x * x / many;
    fourth += x * x * x * x / many;
  }
  // Five standard deviations of each sample moment: variances 1, 2, 15, 96 over the number of draws.
  CHECK_NEAR(mean, 0, 5 * std::sqrt(1.0 / many));
  CHECK_NEAR(square, 1, 5 * std::sqrt(2.0 / many));
  CHECK_NEAR(cube, 0, 5 * std::sqrt(15.0 / many));
  CHECK_NEAR(fourth, 3, 5 * std::sqrt(96.0 / many));
}

TEST(kolmogorovSmirnovDistance) {
  std::vector<double> z = draw(many), u(many);
  uniforms(7, Purpose::test, 0, many, u.data());
  std::sort(z.begin(), z.end());
  std::sort(u.begin(), u.end());
  double normal = 0, uniform = 0;
  for (std::int64_t i = 0; i < many; ++i) {
    const double low = static_cast<double>(i) / many, high = static_cast<double>(i + 1) / many;
    const double p = std::erfc(-z[static_cast<std::size_t>(i)] / std::sqrt(2.0)) / 2;
    normal = std::max({normal, high - p, p - low});
    uniform = std::max({uniform, high - u[static_cast<std::size_t>(i)], u[static_cast<std::size_t>(i)] - low});
  }
  CHECK_BELOW(normal * std::sqrt(1.0 * many), 1.95);  // exceeded by chance once in 1000 seeds
  CHECK_BELOW(uniform * std::sqrt(1.0 * many), 1.95);
}

TEST(tails) {
  const std::vector<double> z = draw(4 * many);
  for (const double edge : {1.0, 1.4395, 2.0, 3.0, 4.0, 4.5}) {
    const auto expected = static_cast<double>(upperTail(edge)) * static_cast<double>(z.size());
    const auto above = std::count_if(z.begin(), z.end(), [=](double x) { return x > edge; });
    const auto below = std::count_if(z.begin(), z.end(), [=](double x) { return x < -edge; });
    CHECK_NEAR(static_cast<double>(above), expected, 5 * std::sqrt(expected) + 1);
    CHECK_NEAR(static_cast<double>(below), expected, 5 * std::sqrt(expected) + 1);
  }
}

TEST(streamsAreUncorrelated) {
  const std::vector<double> z = draw(many), nextSeed = draw(many, 8), otherUse = draw(many, 7, Purpose::noise);
  const double bound = 5 * std::sqrt(1.0 * many);
  CHECK_NEAR(std::inner_product(z.begin(), z.end(), nextSeed.begin(), 0.0), 0, bound);
  CHECK_NEAR(std::inner_product(z.begin(), z.end(), otherUse.begin(), 0.0), 0, bound);
  for (const int lag : {1, 2, 3, 4, 5, 8, 256}) {
    CHECK_NEAR(std::inner_product(z.begin() + lag, z.end(), z.begin(), 0.0), 0, bound);
  }
}

TEST(uniformsStayInside) {
  std::vector<double> u(many);
  uniforms(3, Purpose::heldOut, 0, many, u.data());
  double mean = 0, square = 0;
  for (const double x : u) {
    CHECK(x > 0 && x < 1);
    mean += x / many;
    square += (x - 0.5) * (x - 0.5) / many;
  }
  CHECK_NEAR(mean, 0.5, 5 * std::sqrt(1.0 / 12 / many));
  CHECK_NEAR(square, 1.0 / 12, 5 * std::sqrt(1.0 / 180 / many));
}

TEST(quantilesAgreeWithManyDigits) {  // mpmath, 40 digits; both sides of every edge
  struct Pair {
    double u, z;
  };
  constexpr Pair known[] = {
      {0x1p-2, -0.6744897501960817432},
      {0x1.0624dd2f1a9fcp-10, -3.0902323061678135354},
      {0x1.32ca57a786c22p-4, -1.4402382675279636631},
      {0x1.3333333333333p-4, -1.4395314709384559349},
      {0x1.339c0ebedfa44p-4, -1.4388253927525399824},
      {0x1.ccccccccccccdp-1, 1.2815515655446005935},
      {0x1.ff7ced916872bp-1, 3.0902323061678132778},
      {0x1p-30, -6.0093535655307438932},
      {0x1p-36, -6.6510353798930105467},
      {0x1p-37, -6.7523004314070149646},
      {0x1p-45, -7.5151552941589075804},
      {0x1p-53, -8.2095361516013868556},
      {1e-20, -9.262340089798408},  // printed in AS 241
      {0x1.fffffffffffffp-1, 8.2095361516013868556},
      {0x1.0000000000001p-1, 2.7829164246717669222e-16},
  };
  for (const auto& [u, z] : known) CHECK_NEAR(detail::normalQuantile(u), z, 4 * 0x1p-52 * std::abs(z));
}

TEST(quantilesInvertTheDistribution) {
  double worst = 0;
  std::vector<double> u(200000);
  uniforms(11, Purpose::test, 0, static_cast<std::int64_t>(u.size()), u.data());
  for (std::size_t i = 0; i < u.size(); ++i) {
    // Half of them squeezed into the tail, evenly over its logarithm.
    const double p = i % 2 ? u[i] * 0.5 : std::exp2(-1000 * u[i]) * 0.5;
    const double z = detail::normalQuantile(p);
    const long double density = std::exp(-0.5L * z * z) / std::sqrt(2 * 3.14159265358979323846L);
    worst = std::max(worst, static_cast<double>(std::abs(upperTail(-z) - p) / density / std::abs(z)));
  }
  CHECK_BELOW(worst, 4 * 0x1p-52);
}

TEST(quantilesAreOddAndRising) {
  std::vector<double> u(100000);
  uniforms(12, Purpose::test, 0, static_cast<std::int64_t>(u.size()), u.data());
  for (const double p : u) CHECK_EQUAL(detail::normalQuantile(1 - p), -detail::normalQuantile(p));
  CHECK_EQUAL(detail::normalQuantile(0.5), 0.0);
  // Across the edges between the three approximations, where a step could hide: 0.5 - 0.425 and exp(-25).
  for (const double edge : {0.075, 0.925, std::exp(-25.0)}) {
    double last = detail::normalQuantile(edge * (1 - 1e-9));
    for (int i = -999; i <= 1000; ++i) {
      const double next = detail::normalQuantile(edge * (1 + i * 1e-12));
      CHECK(next >= last - 4 * 0x1p-52 * std::abs(last));
      last = next;
    }
  }
}

TEST(logarithmIsAccurate) {
  std::vector<double> u(1000000);
  uniforms(13, Purpose::test, 0, static_cast<std::int64_t>(u.size()), u.data());
  double worst = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double x = i % 4 == 0   ? u[i]                                    // what the quantiles ask for
                     : i % 4 == 1 ? 1 + (u[i] - 0.5) * 1e-3                 // where the logarithm vanishes
                     : i % 4 == 2 ? std::exp2(2044 * (u[i] - 0.5))          // every exponent
                                  : 0.7071067811865476 + (u[i] - 0.5) / 8;  // where the exponent changes
    const long double exact = std::log(static_cast<long double>(x));
    const double rounded = static_cast<double>(exact);
    if (exact == 0) {
      CHECK_EQUAL(detail::logarithm(x), 0.0);
      continue;
    }
    const double ulp = std::nextafter(std::abs(rounded), INFINITY) - std::abs(rounded);
    worst = std::max(worst, static_cast<double>(std::abs(detail::logarithm(x) - exact) / ulp));
  }
  CHECK_BELOW(worst, 1.0);
  CHECK_EQUAL(detail::logarithm(1.0), 0.0);
}

}  // namespace
}  // namespace lowrank::test
