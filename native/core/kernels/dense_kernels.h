// The hot loops over stored measurement matrices. A row of the store is one matrix A_i as `stride` numbers (packed or
// full, zero padded); x and image are vectors of the same stride in double. Arithmetic is in double for both storage
// types. Every function reads each row from memory once.
//
// Bits: a dot product runs in 8 fixed lanes whatever the vector width of the processor, and no product is fused into a
// sum, so the baseline, AVX2 and AVX-512 versions of a kernel agree to the last bit.
#pragma once

#include <cstdint>

namespace lowrank::kernels {

// Rows are padded to a multiple of this many numbers.
inline constexpr std::int64_t strideMultiple = 16;

// A block of consecutive rows of the store.
template <class T>
struct Rows {
  const T* data;
  std::int64_t count;
  std::int64_t stride;
};

// out_i = <row_i, x>
void dots(Rows<double> rows, const double* x, double* out);
void dots(Rows<float> rows, const double* x, double* out);

// first_i = <row_i, x>, second_i = <row_i, z> in one reading
void dotPairs(Rows<double> rows, const double* x, const double* z, double* first, double* second);
void dotPairs(Rows<float> rows, const double* x, const double* z, double* first, double* second);

// image += sum_i weight_i row_i over rows with heldOut_i == 0 (heldOut may be null)
void accumulate(Rows<double> rows, const double* weights, const std::uint8_t* heldOut, double* image);
void accumulate(Rows<float> rows, const double* weights, const std::uint8_t* heldOut, double* image);

// firstImage += sum_i firstWeights_i row_i and secondImage += sum_i secondWeights_i row_i in one reading
void accumulatePairs(Rows<double> rows, const double* firstWeights, const double* secondWeights, double* firstImage,
                     double* secondImage);

// The fused pass: residual_i = <row_i, x> - y_i and image += sum over rows not held out of residual_i row_i.
// Eight rows (four, when eight do not fit the second-level cache) stream from memory for their dot products and are
// then added to the image from cache. Roofline per byte of the store: one byte from memory, two from the second-level
// cache.
void residualAndAccumulate(Rows<double> rows, const double* x, const double* y, const std::uint8_t* heldOut,
                           double* residual, double* image);
void residualAndAccumulate(Rows<float> rows, const double* x, const double* y, const std::uint8_t* heldOut,
                           double* residual, double* image);

// Sum of all stored numbers, as fast as memory gives them: the yardstick of the passes above.
double streamSum(Rows<double> rows);
double streamSum(Rows<float> rows);

// slot_0[j] += slot_1[j] + ... over `slots` vectors that lie `stride` apart, in a fixed binary tree, for first <= j <
// last.
void sumSlots(double* slots, std::int64_t count, std::int64_t stride, std::int64_t first, std::int64_t last);

// Widest version that this processor runs: "avx512f", "avx2" or "baseline".
const char* simdLevel() noexcept;

}  // namespace lowrank::kernels
