// Built with -ffp-contract=off: every operation below is rounded once, in the order written, so that vector code,
// scalar code and every machine agree to the bit.
#include "philox.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lowrank {
namespace {

__extension__ using Wide = unsigned __int128;
using Counter = std::array<std::uint64_t, 4>;
using Key = std::array<std::uint64_t, 2>;

// Salmon et al. 2011, table 2 and section 4.3; the same constants as Random123's philox.h.
constexpr std::uint64_t multiplier0 = 0xD2E7470EE14C6C93, multiplier1 = 0xCA5A826395121157;
constexpr std::uint64_t weyl0 = 0x9E3779B97F4A7C15, weyl1 = 0xBB67AE8584CAA73B;

inline Counter tenRounds(Counter c, Key k) noexcept {
  for (int round = 0; round < 10; ++round) {
    const Wide product0 = static_cast<Wide>(multiplier0) * c[0];
    const Wide product1 = static_cast<Wide>(multiplier1) * c[2];
    c = {static_cast<std::uint64_t>(product1 >> 64) ^ c[1] ^ k[0], static_cast<std::uint64_t>(product1),
         static_cast<std::uint64_t>(product0 >> 64) ^ c[3] ^ k[1], static_cast<std::uint64_t>(product0)};
    k[0] += weyl0;
    k[1] += weyl1;
  }
  return c;
}

// out[j] = the (first + j)-th 64-bit word of the stream.
void words(const Key& key, std::uint64_t first, std::int64_t count, std::uint64_t* out) noexcept {
  std::int64_t done = 0;
  while (done < count) {
    const std::uint64_t index = first + static_cast<std::uint64_t>(done);
    const Counter four = tenRounds({index / 4, 0, 0, 0}, key);
    const auto lane = static_cast<std::int64_t>(index % 4);
    const std::int64_t taken = std::min<std::int64_t>(4 - lane, count - done);
    for (std::int64_t i = 0; i < taken; ++i) out[done + i] = four[static_cast<std::size_t>(lane + i)];
    done += taken;
  }
}

// (top 52 bits + 1/2) / 2^52, exactly: the bits become the fraction of a number in [1, 2).
inline double openUniform(std::uint64_t word) noexcept {
  return (std::bit_cast<double>((word >> 12) | 0x3ff0000000000000u) - 1.0) + 0x1p-53;
}

// ln x = k ln 2 + ln(1 + f) with 1 + f in (1/sqrt 2, sqrt 2), the series in s = f / (2 + f) and its coefficients from
// FreeBSD's e_log.c (Ng, Sun Microsystems 1993); error below 1 ulp. No branch, so that it vectorizes.
inline double logarithmOf(double x) noexcept {
  constexpr double ln2High = 6.93147180369123816490e-01, ln2Low = 1.90821492927058770002e-10;
  constexpr double l1 = 6.666666666666735130e-01, l2 = 3.999999999940941908e-01, l3 = 2.857142874366239149e-01,
                   l4 = 2.222219843214978396e-01, l5 = 1.818357216161805012e-01, l6 = 1.531383769920937332e-01,
                   l7 = 1.479819860511658591e-01;
  constexpr std::uint64_t halfRoot = 0x3fe6a09e00000000u;  // about 1/sqrt 2
  constexpr std::uint64_t fraction = 0x000fffffffffffffu;
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) + (0x3ff0000000000000u - halfRoot);
  // The biased exponent (below 2^11) as a double: put under the exponent of 2^52, then taken off it again.
  const double k = std::bit_cast<double>((shifted >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
  const double f = std::bit_cast<double>((shifted & fraction) + halfRoot) - 1.0;
  const double s = f / (2.0 + f), z = s * s, w = z * z;
  const double odd = w * (l2 + w * (l4 + w * l6)), even = z * (l1 + w * (l3 + w * (l5 + w * l7)));
  const double halfSquare = 0.5 * f * f;
  return k * ln2High - ((halfSquare - (s * (halfSquare + (odd + even)) + k * ln2Low)) - f);
}

// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988), PPND16.
inline double ratio(const double (&numerator)[8], const double (&denominator)[8], double r) noexcept {
  double above = numerator[7], below = denominator[7];
  for (int i = 6; i >= 0; --i) {
    above = above * r + numerator[i];
    below = below * r + denominator[i];
  }
  return above / below;
}

constexpr double centreEdge = 0.425, tailEdge = 5.0;

// |q| <= 0.425 with q = u - 1/2: 85 % of all draws.
inline double centre(double q) noexcept {
  constexpr double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                           1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                           3.3430575583588128105e4, 2.5090809287301226727e3};
  constexpr double b[8] = {1.0,
                           4.2313330701600911252e1,
                           6.8718700749205790830e2,
                           5.3941960214247511077e3,
                           2.1213794301586595867e4,
                           3.9307895800092710610e4,
                           2.8729085735721942674e4,
                           5.2264952788528545610e3};
  return q * ratio(a, b, 0.180625 - q * q);
}

// r = sqrt(-ln(tail probability)) <= 5.
inline double nearTail(double r) noexcept {
  constexpr double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                           3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                           2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr double d[8] = {1.0,
                           2.05319162663775882187e0,
                           1.67638483018380384940e0,
                           6.89767334985100004550e-1,
                           1.48103976427480074590e-1,
                           1.51986665636164571966e-2,
                           5.47593808499534494600e-4,
                           1.05075007164441684324e-9};
  return ratio(c, d, r - 1.6);
}

// r > 5: one draw in 3.6e10.
double farTail(double r) noexcept {
  constexpr double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                           2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                           2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr double f[8] = {1.0,
                           5.99832206555887937690e-1,
                           1.36929880922735805310e-1,
                           1.48753612908506148525e-2,
                           7.86869131145613259100e-4,
                           1.84631831751005468180e-5,
                           1.42151175831644588870e-7,
                           2.04426310338993978564e-15};
  return ratio(e, f, r - 5.0);
}

constexpr std::int64_t block = 256;

// Normals from up to `block` words, in sweeps without branches: the centre for all, then the tails gathered.
void normalBlock(const std::uint64_t* word, std::int64_t count, double* out) noexcept {
  double tail[block];
  std::int32_t place[block];
  for (std::int64_t i = 0; i < count; ++i) out[i] = openUniform(word[i]) - 0.5;
  std::int64_t tails = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    place[tails] = static_cast<std::int32_t>(i);
    tail[tails] = out[i];
    tails += std::abs(out[i]) > centreEdge;
  }
  for (std::int64_t i = 0; i < count; ++i) out[i] = centre(out[i]);
  double radius[block];
  // 1/2 - |q| is the smaller of u and 1 - u, without rounding; so a number and its mirror image differ in sign alone.
  for (std::int64_t j = 0; j < tails; ++j) radius[j] = -logarithmOf(0.5 - std::abs(tail[j]));
  for (std::int64_t j = 0; j < tails; ++j) radius[j] = std::sqrt(radius[j]);
  double value[block];
  for (std::int64_t j = 0; j < tails; ++j) value[j] = std::copysign(nearTail(radius[j]), tail[j]);
  for (std::int64_t j = 0; j < tails; ++j) {
    out[place[j]] = radius[j] <= tailEdge ? value[j] : std::copysign(farTail(radius[j]), tail[j]);
  }
}

}  // namespace

std::array<std::uint64_t, 4> philox4x64(std::array<std::uint64_t, 4> counter,
                                        std::array<std::uint64_t, 2> key) noexcept {
  return tenRounds(counter, key);
}

void uniforms(std::uint64_t seed, Purpose purpose, std::uint64_t first, std::int64_t count, double* out) noexcept {
  const Key key = {seed, static_cast<std::uint64_t>(purpose)};
  std::uint64_t word[block];
  for (std::int64_t start = 0; start < count; start += block) {
    const std::int64_t length = std::min(block, count - start);
    words(key, first + static_cast<std::uint64_t>(start), length, word);
    for (std::int64_t i = 0; i < length; ++i) out[start + i] = openUniform(word[i]);
  }
}

void normals(std::uint64_t seed, Purpose purpose, std::uint64_t first, std::int64_t count, double* out) noexcept {
  const Key key = {seed, static_cast<std::uint64_t>(purpose)};
  std::uint64_t word[block];
  for (std::int64_t start = 0; start < count; start += block) {
    const std::int64_t length = std::min(block, count - start);
    words(key, first + static_cast<std::uint64_t>(start), length, word);
    normalBlock(word, length, out + start);
  }
}

namespace detail {

double logarithm(double x) noexcept { return logarithmOf(x); }

double normalQuantile(double u) noexcept {
  const double q = u - 0.5;
  if (std::abs(q) <= centreEdge) return centre(q);
  const double r = std::sqrt(-logarithmOf(u < 0.5 ? u : 1.0 - u));
  return std::copysign(r <= tailEdge ? nearTail(r) : farTail(r), q);
}

}  // namespace detail
}  // namespace lowrank
