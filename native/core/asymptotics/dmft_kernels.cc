#include "dmft_kernels.h"

#include <algorithm>

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define LOWRANK_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LOWRANK_CLONES
#endif
#define LOWRANK_INLINE inline __attribute__((always_inline))
#define LOWRANK_UNROLL _Pragma("GCC unroll 8")

namespace lowrank::kernels {
namespace {

// 8 doubles; the compiler splits it into the registers that the target has.
typedef double Lanes __attribute__((vector_size(64)));
static_assert(sizeof(Lanes) == sumLanes * sizeof(double));

constexpr int block = 4;  // times whose sums run together: they share the loads of the later times

LOWRANK_INLINE Lanes& at(double* p) { return *reinterpret_cast<Lanes*>(p); }
LOWRANK_INLINE const Lanes& at(const double* p) { return *reinterpret_cast<const Lanes*>(p); }

// Two vectors of each row, four rows at a time: eight chains of additions hide their latency.
LOWRANK_INLINE void combinePair(const double* rows, std::int64_t count, std::int64_t stride, const double* coefficients,
                                double* out) {
  Lanes sum[4][2] = {};
  const std::int64_t full = count / 4 * 4;
  for (std::int64_t k = 0; k < full; k += 4) {
    LOWRANK_UNROLL for (int j = 0; j < 4; ++j) {
      const double* row = rows + (k + j) * stride;
      sum[j][0] += at(row) * coefficients[k + j];
      sum[j][1] += at(row + 8) * coefficients[k + j];
    }
  }
  for (std::int64_t k = full; k < count; ++k) {
    sum[0][0] += at(rows + k * stride) * coefficients[k];
    sum[0][1] += at(rows + k * stride + 8) * coefficients[k];
  }
  at(out) = (sum[0][0] + sum[2][0]) + (sum[1][0] + sum[3][0]);
  at(out + 8) = (sum[0][1] + sum[2][1]) + (sum[1][1] + sum[3][1]);
}

// sums[j] = sum_{first <= s' <= t} response[lowest + j][s'] rows[s'], for the two vectors at `rows` of each row.
template <int R>
LOWRANK_INLINE void blockSums(const double* rows, std::int64_t width, std::int64_t first, std::int64_t t,
                              const double* response, std::int64_t stride, double* sums) {
  Lanes sum[R][2] = {};
  for (std::int64_t s = first; s <= t; ++s) {
    const Lanes a = at(rows + s * width), b = at(rows + s * width + 8);
    LOWRANK_UNROLL for (int j = 0; j < R; ++j) {
      const double c = response[j * stride + s];
      sum[j][0] += a * c;
      sum[j][1] += b * c;
    }
  }
  LOWRANK_UNROLL for (int j = 0; j < R; ++j) {
    at(sums + j * width) = sum[j][0];
    at(sums + j * width + 8) = sum[j][1];
  }
}

LOWRANK_INLINE void blockSumsAny(int size, const double* rows, std::int64_t width, std::int64_t first, std::int64_t t,
                                 const double* response, std::int64_t stride, double* sums) {
  if (size == 4) return blockSums<4>(rows, width, first, t, response, stride, sums);
  if (size == 3) return blockSums<3>(rows, width, first, t, response, stride, sums);
  if (size == 2) return blockSums<2>(rows, width, first, t, response, stride, sums);
  blockSums<1>(rows, width, first, t, response, stride, sums);
}

// Walks the times downwards in blocks: first what the times above the block give, then the block's own triangle.
template <int Width, class Finish>
LOWRANK_INLINE void walkDown(std::int64_t t, const double* response, std::int64_t stride, double* rows,
                             const Finish& finish) {
  alignas(64) double sums[block * Width];
  for (std::int64_t high = t - 1; high >= 0; high -= block) {
    const std::int64_t low = std::max<std::int64_t>(0, high - block + 1);
    const int size = static_cast<int>(high - low + 1);
    for (int part = 0; part < Width; part += 16)
      blockSumsAny(size, rows + part, Width, high + 1, t, response + low * stride, stride, sums + part);
    for (std::int64_t s = high; s >= low; --s) {
      double* const row = rows + s * Width;
      finish(s, sums + (s - low) * Width, row);
      for (std::int64_t j = low; j < s; ++j) {
        const double c = response[j * stride + s];
        double* const sum = sums + (j - low) * Width;
        LOWRANK_UNROLL for (int part = 0; part < Width; part += 8) at(sum + part) += at(row + part) * c;
      }
    }
  }
}

}  // namespace

LOWRANK_CLONES void combineRows(const double* rows, std::int64_t count, std::int64_t stride, std::int64_t width,
                                const double* coefficients, double* out, std::int64_t outStride) {
  for (std::int64_t part = 0; part * 16 < width; ++part)
    combinePair(rows + part * 16, count, stride, coefficients, out + part * outStride);
}

LOWRANK_CLONES void addRowProducts(const double* rows, std::int64_t count, std::int64_t width, const double* row,
                                   double* sums) {
  for (std::int64_t k = 0; k < count; ++k) {
    const double* const other = rows + k * width;
    Lanes sum = at(other) * at(row) + at(other + 8) * at(row + 8);
    for (std::int64_t part = 16; part < width; part += 16)
      sum += at(other + part) * at(row + part) + at(other + part + 8) * at(row + part + 8);
    at(sums + k * sumLanes) += sum;
  }
}

LOWRANK_CLONES void addRowSums(const double* rows, std::int64_t count, std::int64_t stride, double* sums) {
  for (std::int64_t k = 0; k < count; ++k) at(sums + k * sumLanes) += at(rows + k * stride) + at(rows + k * stride + 8);
}

LOWRANK_CLONES void adjointReal(std::int64_t t, const double* derivatives, const double* response, std::int64_t stride,
                                double* alpha) {
  constexpr int width = 16;
  at(alpha + t * width) = at(derivatives + t * width);
  at(alpha + t * width + 8) = at(derivatives + t * width + 8);
  walkDown<width>(t, response, stride, alpha, [=](std::int64_t s, const double* sum, double* row) {
    at(row) = at(derivatives + s * width) * at(sum);
    at(row + 8) = at(derivatives + s * width + 8) * at(sum + 8);
  });
}

LOWRANK_CLONES void adjointComplex(std::int64_t t, const double* derivatives, const double* response,
                                   std::int64_t stride, double* pairs) {
  constexpr int width = 64, derivativeWidth = 48;
  for (int lane = 0; lane < 16; lane += 8) {
    const double* const d = derivatives + t * derivativeWidth + lane;
    double* const row = pairs + t * width + lane;
    at(row) = at(d);
    at(row + 16) = Lanes{};
    at(row + 32) = at(d + 16);
    at(row + 48) = at(d + 32);
  }
  walkDown<width>(t, response, stride, pairs, [=](std::int64_t s, const double* sum, double* row) {
    for (int lane = 0; lane < 16; lane += 8) {
      const double* const d = derivatives + s * derivativeWidth + lane;
      const Lanes f = at(d), gRe = at(d + 16), gIm = at(d + 32);
      const Lanes aRe = at(sum + lane), aIm = at(sum + lane + 16), bRe = at(sum + lane + 32), bIm = at(sum + lane + 48);
      at(row + lane) = aRe * f + bRe * gRe + bIm * gIm;
      at(row + lane + 16) = aIm * f + bIm * gRe - bRe * gIm;
      at(row + lane + 32) = aRe * gRe - aIm * gIm + bRe * f;
      at(row + lane + 48) = aRe * gIm + aIm * gRe + bIm * f;
    }
  });
}

}  // namespace lowrank::kernels
