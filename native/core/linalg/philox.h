// Counter-based random numbers: Philox4x64-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2,
// 3", SC 2011). A number is a function of (seed, purpose, index) alone, so it does not matter who draws it, or in which
// order.
#pragma once

#include <array>
#include <cstdint>

namespace lowrank {

// Ten rounds of Philox 4x64.
std::array<std::uint64_t, 4> philox4x64(std::array<std::uint64_t, 4> counter,
                                        std::array<std::uint64_t, 2> key) noexcept;

// What a stream is for; a stream's numbers never change once released. New purposes are appended.
enum class Purpose : std::uint64_t {
  measurements = 1,
  truthLeft = 2,
  truthRight = 3,
  noise = 4,
  initialLeft = 5,
  initialRight = 6,
  heldOut = 7,
  test = 8,
  signal = 9,
  initialVector = 10,
  asymptotics = 11,
  rowOrder = 12,
};

// Stream `philox4x64-10/v1`: key = (seed, purpose), counter = (index / 4, 0, 0, 0), lane index % 4.

// out[j] = the (first + j)-th standard normal of the stream, by inversion of the distribution function (Wichura,
// Algorithm AS 241, PPND16, relative accuracy about 1e-16) with a logarithm of our own: the same bits on every machine.
void normals(std::uint64_t seed, Purpose purpose, std::uint64_t first, std::int64_t count, double* out) noexcept;

// out[j] = uniform on (0, 1), never 0 nor 1: (top 52 bits + 1/2) / 2^52.
void uniforms(std::uint64_t seed, Purpose purpose, std::uint64_t first, std::int64_t count, double* out) noexcept;

namespace detail {

// Natural logarithm of a positive, finite, normal number, from + - * / alone: the same bits on every machine.
double logarithm(double x) noexcept;
// The number z with P(Z <= z) = u for a standard normal Z, 0 < u < 1.
double normalQuantile(double u) noexcept;

}  // namespace detail
}  // namespace lowrank
