// Small things that the vector methods share.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "../vector_method.h"

namespace lowrank {

// Re <a, b> of two split vectors, or of any `count` doubles.
inline double dotProduct(const double* a, const double* b, std::int64_t count) noexcept {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}
inline double squaredLength(const double* a, std::int64_t count) noexcept { return dotProduct(a, a, count); }

// y <- y + alpha x
inline void addMultiple(double alpha, const double* x, double* y, std::int64_t count) noexcept {
  for (std::int64_t i = 0; i < count; ++i) y[i] += alpha * x[i];
}

inline double squaredModulus(Entries r, std::int64_t i) noexcept {
  return r.im == nullptr ? r.re[i] * r.re[i] : r.re[i] * r.re[i] + r.im[i] * r.im[i];
}

// Mean squared entry of the design: 1 for the generated ones. Steps are given for designs of entries of variance 1 and
// divided by this, so that scaling the design changes nothing.
inline double entryVariance(const VectorState& state) noexcept {
  const double variance = state.design->squaredNorm() / static_cast<double>(state.m) / static_cast<double>(state.n);
  return variance > 0 ? variance : 1;
}

inline double meanOf(const double* a, std::int64_t count) noexcept {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += a[i];
  return sum / static_cast<double>(count);
}

// The k-th parameter of the method, and the same checked. The facade knows no ranges: these messages are what users
// see.
double parameter(const VectorState& state, std::size_t k);
double parameterAtLeast(const VectorState& state, std::size_t k, double least);
double positiveParameter(const VectorState& state, std::size_t k);
std::int64_t integerParameter(const VectorState& state, std::size_t k, double least, double most);

// A parameter that differs between the fields: 0 asks for the field's own default.
inline double byField(const VectorState& state, double given, double real, double complex) noexcept {
  if (given != 0) return given;
  return state.field == Field::complex ? complex : real;
}

}  // namespace lowrank
