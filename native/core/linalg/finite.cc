#include <algorithm>
#include <bit>

#include "lapack.h"

namespace lowrank {
namespace {

// A number is infinite or NaN when all its exponent bits are set; adding one to the exponent field then carries into
// the sign bit. Integer arithmetic only: no compiler flag can reason it away, and it vectorizes everywhere.
template <class Float, class Bits, Bits exponent, Bits one>
bool finiteBits(const Float* data, std::int64_t count) noexcept {
  Bits seen = 0;
  for (std::int64_t i = 0; i < count; ++i) seen |= (std::bit_cast<Bits>(data[i]) & exponent) + one;
  return seen >> (8 * sizeof(Bits) - 1) == 0;
}

bool finiteBlock(const double* data, std::int64_t count) noexcept {
  return finiteBits<double, std::uint64_t, 0x7ff0000000000000u, 0x0010000000000000u>(data, count);
}
bool finiteBlock(const float* data, std::int64_t count) noexcept {
  return finiteBits<float, std::uint32_t, 0x7f800000u, 0x00800000u>(data, count);
}

template <class Float>
std::int64_t firstNonFiniteOf(const Float* data, std::int64_t count) noexcept {
  constexpr std::int64_t block = 2048;
  for (std::int64_t start = 0; start < count; start += block) {
    const std::int64_t length = std::min(block, count - start);
    if (finiteBlock(data + start, length)) continue;
    for (std::int64_t i = start; i < start + length; ++i) {
      if (!finiteBlock(data + i, 1)) return i;
    }
  }
  return -1;
}

}  // namespace

bool allFinite(const double* data, std::int64_t count) noexcept { return firstNonFiniteOf(data, count) < 0; }
bool allFinite(const float* data, std::int64_t count) noexcept { return firstNonFiniteOf(data, count) < 0; }
std::int64_t firstNonFinite(const double* data, std::int64_t count) noexcept { return firstNonFiniteOf(data, count); }
std::int64_t firstNonFinite(const float* data, std::int64_t count) noexcept { return firstNonFiniteOf(data, count); }

}  // namespace lowrank
