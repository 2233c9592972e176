// The posterior mean of z given b = |z| and z ~ N(w, V) (complex: CN(w, V)), and its derivative in w: the scalar
// function of message passing, stable for every b, w >= 0 and V > 0.
//   real     zhat = b tanh(b w / V),                dzhat/dw = (b^2/V) sech^2(b w / V)
//   complex  zhat = b R(x) w/|w|, x = 2 b |w| / V,  dzhat/dw = (b^2/V) (1 - R(x)^2)     R = I1/I0, Wirtinger derivative
// The complex form follows from d/dw (f(|w|) w/|w|) = (f' + f/|w|)/2 and R' = 1 - R/x - R^2.
#pragma once

#include <array>
#include <cmath>

namespace lowrank::detail {

// 1 - R(x) = sum_k c_k x^-k for large x; from R' = 1 - R/x - R^2, coefficient by coefficient.
constexpr int besselTerms = 20;
constexpr std::array<double, besselTerms + 1> besselCoefficients() {
  std::array<double, besselTerms + 1> c{};  // of R itself
  c[0] = 1;
  for (int k = 0; k < besselTerms; ++k) {
    double sum = (k - 1) * c[static_cast<std::size_t>(k)];
    for (int i = 1; i <= k; ++i) sum -= c[static_cast<std::size_t>(i)] * c[static_cast<std::size_t>(k + 1 - i)];
    c[static_cast<std::size_t>(k + 1)] = sum / 2;
  }
  for (auto& value : c) value = -value;
  return c;
}

// Beyond this x the series is used; there its smallest term is far below 1e-16.
constexpr double besselLarge = 30;

// x (1 - I1(x)/I0(x)) for x > besselLarge, infinity included: 1/2 + 1/(8x) + ...
inline double scaledBesselDeficit(double x) noexcept {
  constexpr auto c = besselCoefficients();
  const double inverse = 1 / x;
  double sum = 0;
  for (int k = besselTerms; k >= 1; --k) sum = sum * inverse + c[static_cast<std::size_t>(k)];
  return sum;
}

// 1 - I1(x)/I0(x) for x >= 0.
inline double besselDeficit(double x) noexcept {
  if (x > besselLarge) return scaledBesselDeficit(x) / x;
  if (!(x > 0)) return 1;
  // I_k / I_{k-1} = 1 / (2 k / x + I_{k+1} / I_k), backwards; the error of the start falls as exp(-k^2 / x).
  double ratio = 0;
  for (int k = 8 + static_cast<int>(7 * std::sqrt(x)); k >= 1; --k) ratio = 1 / (2 * k / x + ratio);
  return 1 - ratio;
}

struct Posterior {
  double factor;      // zhat = factor * phase(w): sign in the real field
  double derivative;  // dzhat/dw
};

// size = |w|
inline Posterior amplitudePosterior(double size, double b, double variance, bool complex) noexcept {
  if (!(b > 0)) return {0, 0};
  const double x = (complex ? 2 : 1) * b * (size / variance);
  if (complex) {
    const double deficit = besselDeficit(x), factor = b * (1 - deficit);
    // For large x, b^2/V (1 - R^2) is a huge number times a tiny one: b/(2|w|) times x (1 - R)(1 + R).
    if (x > besselLarge) return {factor, b / (2 * size) * scaledBesselDeficit(x) * (2 - deficit)};
    return {factor, deficit * (2 - deficit) * b * (b / variance)};
  }
  const double decay = std::exp(-2 * x), sum = 1 + decay;
  return {b * (1 - decay) / sum, decay > 0 ? 4 * decay / (sum * sum) * b * (b / variance) : 0};
}

}  // namespace lowrank::detail
