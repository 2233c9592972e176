#include "steps.h"

#include <cmath>

#include "../linalg/philox.h"

namespace lowrank {

double imageNorm(const AdjointImage& image, std::int64_t rows, std::int64_t cols, double* u, double* v) {
  constexpr int iterations = 60;
  normals(0, Purpose::test, 0, cols, v);
  double norm = 0;
  for (int i = 0; i < iterations; ++i) {
    const double length = std::sqrt(squaredNorm({v, cols, 1}));
    if (!(length > 0)) return 0;
    for (std::int64_t j = 0; j < cols; ++j) v[j] /= length;
    image.times({v, cols, 1}, {u, rows, 1});
    norm = std::sqrt(squaredNorm({u, rows, 1}));
    if (!(norm > 0)) return 0;
    for (std::int64_t j = 0; j < rows; ++j) u[j] /= norm;
    image.transposeTimes({u, rows, 1}, {v, cols, 1});
  }
  return std::sqrt(squaredNorm({v, cols, 1}));
}

double quarticMinimiser(double r1r1, double r0r1, double r0r2, double r1r2, double r2r2) {
  // f(a) - f(0) = 2 a r0r1 + a^2 (r1r1 + 2 r0r2) + 2 a^3 r1r2 + a^4 r2r2; f'(a) / 2 = d0 + d1 a + d2 a^2 + d3 a^3
  const double d0 = r0r1, d1 = r1r1 + 2 * r0r2, d2 = 3 * r1r2, d3 = 2 * r2r2;
  if (!std::isfinite(d0) || !std::isfinite(d1) || !std::isfinite(d2) || !std::isfinite(d3) || !(d0 < 0)) return 0;
  const auto slope = [&](double a) { return ((d3 * a + d2) * a + d1) * a + d0; };
  const auto change = [&](double a) { return a * (2 * r0r1 + a * (d1 + a * (2 * r1r2 + a * r2r2))); };
  // Roots of the cubic lie between its turning points, the roots of d1 + 2 d2 a + 3 d3 a^2.
  double turns[2] = {0, 0};
  int turnCount = 0;
  const double discriminant = d2 * d2 - 3 * d3 * d1;
  if (d3 > 0 && discriminant > 0) {
    const double q = -(d2 + std::copysign(std::sqrt(discriminant), d2));
    const double first = q / (3 * d3), second = q != 0 ? d1 / q : 0;
    const double low = std::fmin(first, second), high = std::fmax(first, second);
    if (low > 0) turns[turnCount++] = low;
    if (high > low && high > 0) turns[turnCount++] = high;
  }
  // A bound beyond which the slope is positive for good.
  double bound = 1;
  if (d3 > 0) {
    bound = 1 + std::fmax(std::fmax(std::fabs(d2), std::fabs(d1)), std::fabs(d0)) / d3;
  } else if (d1 > 0) {
    return -d0 / d1;  // plain quadratic
  } else {
    return 0;
  }
  double best = 0, bestChange = 0, low = 0;
  for (int piece = 0; piece <= turnCount; ++piece) {
    const double high = piece < turnCount ? turns[piece] : bound;
    // A minimum is a crossing from below.
    if (high > low && slope(low) < 0 && slope(high) >= 0) {
      double a = low, b = high, x = 0.5 * (low + high);
      for (int i = 0; i < 200 && b - a > 1e-16 * b; ++i) {
        const double s = slope(x);
        (s < 0 ? a : b) = x;
        const double derivative = (3 * d3 * x + 2 * d2) * x + d1;
        const double newton = x - s / derivative;
        const double next = derivative > 0 && newton > a && newton < b ? newton : 0.5 * (a + b);
        if (next == x) break;
        x = next;
      }
      if (change(x) < bestChange) {
        best = x;
        bestChange = change(x);
      }
    }
    low = high;
  }
  return best;
}

}  // namespace lowrank
