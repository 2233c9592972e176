// Discrete Fourier transforms of any length, X_k = sum_j x_j exp(-2 pi i j k / n), not normalized, of many vectors at
// once: a batch lies with its vectors innermost, entry j of vector b at [j batch + b], real and imaginary parts apart.
//
// Lengths with prime factors up to 13: Stockham's self-sorting passes of radix 4, 2, 3, 5 and small primes (Van Loan,
// Computational Frameworks for the Fast Fourier Transform, 1992). Others by Bluestein's chirp convolution (1970).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace lowrank {

// A plan: immutable, may serve many threads at once.
class FourierTransform {
 public:
  // 1 <= length < 2^40. Throws Error(invalidArgument).
  explicit FourierTransform(std::int64_t length);
  ~FourierTransform();
  FourierTransform(FourierTransform&&) noexcept;

  std::int64_t length() const noexcept { return length_; }
  // Doubles of scratch for a batch.
  std::int64_t scratchSize(std::int64_t batch) const noexcept;

  // In place; does not allocate. The adjoint (the inverse times n) is forward(im, re, ...): parts exchanged.
  void forward(double* re, double* im, std::int64_t batch, double* scratch) const noexcept;

  // exp(-2 pi i k / length) as (cosine, minus sine), 0 <= k < length.
  struct Root {
    double re, im;
  };
  static Root root(std::int64_t k, std::int64_t length) noexcept;

 private:
  struct Pass {
    std::int64_t radix, blocks;    // of n = radix blocks entries that are left
    std::vector<double> twiddles;  // exp(-2 pi i p k / n): re, im for k = 1 .. radix - 1, then the next p
    std::vector<double> roots;     // exp(-2 pi i k / radix), for the radices without code of their own
  };
  struct Chirp;

  std::int64_t length_;
  std::vector<Pass> passes_;
  std::unique_ptr<Chirp> chirp_;  // for the lengths that have large prime factors
};

}  // namespace lowrank
