#include "dense_kernels.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define LOWRANK_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LOWRANK_CLONES
#endif
#define LOWRANK_INLINE inline __attribute__((always_inline))
// Groups of rows must live in registers; GCC leaves short loops over an array of vectors rolled, in memory, at half the
// speed.
#define LOWRANK_UNROLL _Pragma("GCC unroll 8")

namespace lowrank::kernels {
namespace {

// 8 doubles; the compiler splits it into the registers that the target has.
typedef double Lanes __attribute__((vector_size(64)));

constexpr int laneCount = 8;

LOWRANK_INLINE void load(const double* from, Lanes& to) { to = *reinterpret_cast<const Lanes*>(from); }
// Entry by entry: GCC 12 makes one conversion of this, and four instructions of __builtin_convertvector.
LOWRANK_INLINE void load(const float* from, Lanes& to) {
  for (int lane = 0; lane < laneCount; ++lane) to[lane] = static_cast<double>(from[lane]);
}

// Fixed tree over the eight lanes.
LOWRANK_INLINE double sumLanes(const Lanes& v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

// Rows handled together: they share the loads of x and of the image, and must stay in the second-level cache between
// their dot products and their addition to the image. Does not change any bit of the result.
template <class T>
LOWRANK_INLINE bool wideGroups(std::int64_t stride) {
  constexpr std::int64_t cacheBytes = std::int64_t{700} << 10;
  return 8 * stride * static_cast<std::int64_t>(sizeof(T)) <= cacheBytes;
}

template <class T, int R>
LOWRANK_INLINE void dotGroup(const T* rows, std::int64_t stride, const double* x, double* out) {
  Lanes sum[R] = {};
  for (std::int64_t j = 0; j < stride; j += laneCount) {
    Lanes xj;
    load(x + j, xj);
    LOWRANK_UNROLL for (int r = 0; r < R; ++r) {
      Lanes a;
      load(rows + r * stride + j, a);
      sum[r] += a * xj;
    }
  }
  LOWRANK_UNROLL for (int r = 0; r < R; ++r) out[r] = sumLanes(sum[r]);
}

// Conversion to double makes the arithmetic on single-precision rows slower than memory: while a group is added to the
// image, the first third of the next one is asked for, so that the memory bus does not rest. (For double precision the
// hardware's own prefetching does as well.)
template <class T, int R>
LOWRANK_INLINE void prefetchGroup(const T* next, std::int64_t stride, std::int64_t j) {
  constexpr std::int64_t lineEntries = 64 / static_cast<std::int64_t>(sizeof(T));
  constexpr std::int64_t every = 3;
  if (sizeof(T) == sizeof(double) || j % (every * lineEntries) != 0) return;
  LOWRANK_UNROLL for (int r = 0; r < R; ++r) __builtin_prefetch(next + r * stride + j / every, 0, 2);
}

template <class T, int R>
LOWRANK_INLINE void addGroup(const T* rows, std::int64_t stride, const double* weights, double* image,
                             const T* next = nullptr) {
  double w[R];
  LOWRANK_UNROLL for (int r = 0; r < R; ++r) w[r] = weights[r];
  for (std::int64_t j = 0; j < stride; j += laneCount) {
    if (next != nullptr) prefetchGroup<T, R>(next, stride, j);
    Lanes g;
    load(image + j, g);
    LOWRANK_UNROLL for (int r = 0; r < R; ++r) {
      Lanes a;
      load(rows + r * stride + j, a);
      g += a * w[r];
    }
    *reinterpret_cast<Lanes*>(image + j) = g;
  }
}

template <class T, int R>
LOWRANK_INLINE void residualGroup(Rows<T> rows, std::int64_t i, const T* next, const double* x, const double* y,
                                  const std::uint8_t* heldOut, double* residual, double* image) {
  double product[R], weights[R];
  dotGroup<T, R>(rows.data + i * rows.stride, rows.stride, x, product);
  LOWRANK_UNROLL for (int r = 0; r < R; ++r) {
    residual[i + r] = product[r] - y[i + r];
    weights[r] = heldOut != nullptr && heldOut[i + r] != 0 ? 0.0 : residual[i + r];
  }
  addGroup<T, R>(rows.data + i * rows.stride, rows.stride, weights, image, next);
}

template <class T, int R>
LOWRANK_INLINE void residualGroups(Rows<T> rows, const double* x, const double* y, const std::uint8_t* heldOut,
                                   double* residual, double* image) {
  const std::int64_t full = rows.count / R * R;
  for (std::int64_t i = 0; i < full; i += R) {
    const T* next = i + 2 * R <= full ? rows.data + (i + R) * rows.stride : nullptr;
    residualGroup<T, R>(rows, i, next, x, y, heldOut, residual, image);
  }
  for (std::int64_t i = full; i < rows.count; ++i) {
    residualGroup<T, 1>(rows, i, nullptr, x, y, heldOut, residual, image);
  }
}

template <class T>
LOWRANK_INLINE void residualAny(Rows<T> rows, const double* x, const double* y, const std::uint8_t* heldOut,
                                double* residual, double* image) {
  if (wideGroups<T>(rows.stride)) {
    residualGroups<T, 8>(rows, x, y, heldOut, residual, image);
  } else {
    residualGroups<T, 4>(rows, x, y, heldOut, residual, image);
  }
}

template <class T>
LOWRANK_INLINE void dotsAny(Rows<T> rows, const double* x, double* out) {
  const std::int64_t full = rows.count / 4 * 4;
  for (std::int64_t i = 0; i < full; i += 4) dotGroup<T, 4>(rows.data + i * rows.stride, rows.stride, x, out + i);
  for (std::int64_t i = full; i < rows.count; ++i) dotGroup<T, 1>(rows.data + i * rows.stride, rows.stride, x, out + i);
}

template <class T, int R>
LOWRANK_INLINE void dotPairGroup(const T* rows, std::int64_t stride, const double* x, const double* z, double* first,
                                 double* second) {
  Lanes sumX[R] = {}, sumZ[R] = {};
  for (std::int64_t j = 0; j < stride; j += laneCount) {
    Lanes xj, zj;
    load(x + j, xj);
    load(z + j, zj);
    LOWRANK_UNROLL for (int r = 0; r < R; ++r) {
      Lanes a;
      load(rows + r * stride + j, a);
      sumX[r] += a * xj;
      sumZ[r] += a * zj;
    }
  }
  LOWRANK_UNROLL for (int r = 0; r < R; ++r) {
    first[r] = sumLanes(sumX[r]);
    second[r] = sumLanes(sumZ[r]);
  }
}

template <class T>
LOWRANK_INLINE void dotPairsAny(Rows<T> rows, const double* x, const double* z, double* first, double* second) {
  const std::int64_t full = rows.count / 4 * 4, stride = rows.stride;
  for (std::int64_t i = 0; i < full; i += 4) {
    dotPairGroup<T, 4>(rows.data + i * stride, stride, x, z, first + i, second + i);
  }
  for (std::int64_t i = full; i < rows.count; ++i) {
    dotPairGroup<T, 1>(rows.data + i * stride, stride, x, z, first + i, second + i);
  }
}

template <class T>
LOWRANK_INLINE void accumulateAny(Rows<T> rows, const double* weights, const std::uint8_t* heldOut, double* image) {
  const auto weight = [&](std::int64_t i) { return heldOut != nullptr && heldOut[i] != 0 ? 0.0 : weights[i]; };
  const std::int64_t full = rows.count / 4 * 4;
  for (std::int64_t i = 0; i < full; i += 4) {
    const double w[4] = {weight(i), weight(i + 1), weight(i + 2), weight(i + 3)};
    addGroup<T, 4>(rows.data + i * rows.stride, rows.stride, w, image);
  }
  for (std::int64_t i = full; i < rows.count; ++i) {
    const double w = weight(i);
    addGroup<T, 1>(rows.data + i * rows.stride, rows.stride, &w, image);
  }
}

template <int R>
LOWRANK_INLINE void addPairGroup(const double* rows, std::int64_t stride, const double* firstWeights,
                                 const double* secondWeights, double* firstImage, double* secondImage) {
  double u[R], v[R];
  LOWRANK_UNROLL for (int r = 0; r < R; ++r) {
    u[r] = firstWeights[r];
    v[r] = secondWeights[r];
  }
  for (std::int64_t j = 0; j < stride; j += laneCount) {
    Lanes f, g;
    load(firstImage + j, f);
    load(secondImage + j, g);
    LOWRANK_UNROLL for (int r = 0; r < R; ++r) {
      Lanes a;
      load(rows + r * stride + j, a);
      f += a * u[r];
      g += a * v[r];
    }
    *reinterpret_cast<Lanes*>(firstImage + j) = f;
    *reinterpret_cast<Lanes*>(secondImage + j) = g;
  }
}

template <class T>
LOWRANK_INLINE double streamAny(Rows<T> rows) {
  constexpr int unroll = 4;
  Lanes sum[unroll] = {};
  const std::int64_t size = rows.count * rows.stride;  // a multiple of strideMultiple
  std::int64_t j = 0;
  for (; j + unroll * laneCount <= size; j += unroll * laneCount) {
    for (int u = 0; u < unroll; ++u) {
      Lanes a;
      load(rows.data + j + u * laneCount, a);
      sum[u] += a;
    }
  }
  for (; j < size; j += laneCount) {
    Lanes a;
    load(rows.data + j, a);
    sum[0] += a;
  }
  const Lanes total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  return sumLanes(total);
}

}  // namespace

LOWRANK_CLONES void dots(Rows<double> rows, const double* x, double* out) { dotsAny(rows, x, out); }
LOWRANK_CLONES void dots(Rows<float> rows, const double* x, double* out) { dotsAny(rows, x, out); }

LOWRANK_CLONES void dotPairs(Rows<double> rows, const double* x, const double* z, double* first, double* second) {
  dotPairsAny(rows, x, z, first, second);
}
LOWRANK_CLONES void dotPairs(Rows<float> rows, const double* x, const double* z, double* first, double* second) {
  dotPairsAny(rows, x, z, first, second);
}

LOWRANK_CLONES void accumulate(Rows<double> rows, const double* weights, const std::uint8_t* heldOut, double* image) {
  accumulateAny(rows, weights, heldOut, image);
}
LOWRANK_CLONES void accumulate(Rows<float> rows, const double* weights, const std::uint8_t* heldOut, double* image) {
  accumulateAny(rows, weights, heldOut, image);
}

LOWRANK_CLONES void accumulatePairs(Rows<double> rows, const double* firstWeights, const double* secondWeights,
                                    double* firstImage, double* secondImage) {
  const std::int64_t full = rows.count / 4 * 4, stride = rows.stride;
  for (std::int64_t i = 0; i < full; i += 4) {
    addPairGroup<4>(rows.data + i * stride, stride, firstWeights + i, secondWeights + i, firstImage, secondImage);
  }
  for (std::int64_t i = full; i < rows.count; ++i) {
    addPairGroup<1>(rows.data + i * stride, stride, firstWeights + i, secondWeights + i, firstImage, secondImage);
  }
}

LOWRANK_CLONES void residualAndAccumulate(Rows<double> rows, const double* x, const double* y,
                                          const std::uint8_t* heldOut, double* residual, double* image) {
  residualAny(rows, x, y, heldOut, residual, image);
}
LOWRANK_CLONES void residualAndAccumulate(Rows<float> rows, const double* x, const double* y,
                                          const std::uint8_t* heldOut, double* residual, double* image) {
  residualAny(rows, x, y, heldOut, residual, image);
}

LOWRANK_CLONES double streamSum(Rows<double> rows) { return streamAny(rows); }
LOWRANK_CLONES double streamSum(Rows<float> rows) { return streamAny(rows); }

LOWRANK_CLONES void sumSlots(double* slots, std::int64_t count, std::int64_t stride, std::int64_t first,
                             std::int64_t last) {
  for (std::int64_t gap = 1; gap < count; gap *= 2) {
    for (std::int64_t slot = 0; slot + gap < count; slot += 2 * gap) {
      double* to = slots + slot * stride;
      const double* from = to + gap * stride;
      for (std::int64_t j = first; j < last; j += laneCount) {
        Lanes a, b;
        load(to + j, a);
        load(from + j, b);
        *reinterpret_cast<Lanes*>(to + j) = a + b;
      }
    }
  }
}

const char* simdLevel() noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f")) return "avx512f";
  if (__builtin_cpu_supports("avx2")) return "avx2";
#endif
  return "baseline";
}

}  // namespace lowrank::kernels
