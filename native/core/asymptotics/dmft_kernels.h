// The inner loops of the DMFT sweep. Samples are kept in tiles of 16, and a tile keeps all times of its samples
// together: row t of an array is `width` consecutive doubles (16, or 32 = re, im in the complex field). So the
// triangular recursion over times of one tile runs in the first-level cache, and a pass reads memory in long stretches.
//
// Bits: every sum runs in fixed lanes, whatever the vector width of the processor.
#pragma once

#include <cstdint>

namespace lowrank::kernels {

inline constexpr std::int64_t tileSamples = 16;
// Sums over the samples are kept in lanes until the end of a pass.
inline constexpr std::int64_t sumLanes = 8;

// out = sum_{k < count} coefficients[k] rows[k], `width` numbers of each row; every 16 of them go to a place of their
// own, out, out + outStride, ...
void combineRows(const double* rows, std::int64_t count, std::int64_t stride, std::int64_t width,
                 const double* coefficients, double* out, std::int64_t outStride);

// sums[k][lane] += rows[k] . row, k < count.
void addRowProducts(const double* rows, std::int64_t count, std::int64_t width, const double* row, double* sums);

// sums[k][lane] += sum of 16 numbers at rows + k * stride, k < count.
void addRowSums(const double* rows, std::int64_t count, std::int64_t stride, double* sums);

// The adjoint recursion of one tile, s = t - 1 .. 0:
//   al_t = d_t,  al_s = d_s sum_{s < s' <= t} response[s][s'] al_{s'}
// response: row s at response + s * stride (column s' of R_theta, divided by delta). alpha: t + 1 rows of 16.
void adjointReal(std::int64_t t, const double* derivatives, const double* response, std::int64_t stride, double* alpha);

// The same of pairs (al, be) = (d ell_t / d r^s, d ell_t / d conj r^s). derivatives: rows of 48, f (real), re g, im g.
// pairs: t + 1 rows of 64: re al, im al, re be, im be.
void adjointComplex(std::int64_t t, const double* derivatives, const double* response, std::int64_t stride,
                    double* pairs);

}  // namespace lowrank::kernels
