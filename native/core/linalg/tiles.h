// Walks over a matrix and its transpose together, tile by tile, so that both stay in cache. Private to linalg.
#pragma once

#include <algorithm>
#include <cstdint>

namespace lowrank::detail {

inline constexpr std::int64_t tile = 32;  // two tiles of doubles fit a first-level cache

// Calls entry(i, j) for all i < rows, j < cols.
template <class Entry>
void forTiles(std::int64_t rows, std::int64_t cols, const Entry& entry) {
  for (std::int64_t i0 = 0; i0 < rows; i0 += tile) {
    for (std::int64_t j0 = 0; j0 < cols; j0 += tile) {
      for (std::int64_t i = i0; i < std::min(rows, i0 + tile); ++i) {
        for (std::int64_t j = j0; j < std::min(cols, j0 + tile); ++j) entry(i, j);
      }
    }
  }
}

// Calls entry(i, j) for all j < i < n.
template <class Entry>
void forLowerTriangle(std::int64_t n, const Entry& entry) {
  for (std::int64_t i0 = 0; i0 < n; i0 += tile) {
    for (std::int64_t j0 = 0; j0 <= i0; j0 += tile) {
      for (std::int64_t i = i0; i < std::min(n, i0 + tile); ++i) {
        for (std::int64_t j = j0; j < std::min(i, j0 + tile); ++j) entry(i, j);
      }
    }
  }
}

// to (cols x rows) = scale * from^T, both row-major; equally, a change between row-major and column-major.
inline void transposeScaled(const double* from, std::int64_t rows, std::int64_t cols, double scale,
                            double* to) noexcept {
  forTiles(rows, cols, [=](std::int64_t i, std::int64_t j) { to[j * rows + i] = from[i * cols + j] * scale; });
}

}  // namespace lowrank::detail
