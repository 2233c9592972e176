// Cholesky factorization of a positive definite matrix, real or complex Hermitian, in tiles shared among the threads of
// a team: cancellable within milliseconds, and the same bits for any number of threads.
#pragma once

#include <cstdint>

#include "../runtime/memory.h"
#include "../runtime/team.h"

namespace lowrank {

// G = P P^H accumulated from panels, then G = L L^H. Lower triangle, column-major; complex numbers interleaved.
class Cholesky {
 public:
  // Numbers of G: `complex` counts two doubles each. Throws Error(tooLarge) when n^2 does not fit 31 bits.
  Cholesky(std::int64_t n, bool complex);

  // G += P P^H, P n x columns, column-major (columns times n numbers in memory order). False when cancelled.
  bool accumulate(const double* panel, std::int64_t columns, Team& team);
  // G = L L^H in place. False when cancelled; positive() is false where G is not numerically positive definite.
  bool factor(Team& team);
  bool positive() const noexcept { return positive_; }
  // x <- G^{-1} x, n numbers, interleaved when complex. 2 n^2 multiplications; one thread. Does not allocate.
  void solve(double* x) const;
  std::int64_t bytes() const noexcept { return matrix_.bytes(); }

  static constexpr std::int64_t tile = 192;

 private:
  double* at(std::int64_t row, std::int64_t column) noexcept { return matrix_.data() + (column * n_ + row) * width_; }

  std::int64_t n_, width_;
  bool positive_ = false;
  AlignedBuffer<double> matrix_;
};

}  // namespace lowrank
