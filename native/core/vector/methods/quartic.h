// The global minimiser of t -> sum_i (u_i + v_i t + w_i t^2)^2.
#pragma once

#include <cmath>

namespace lowrank {

struct Quartic {
  double uv = 0, vvuw = 0, vw = 0, ww = 0;  // sums of u v, v^2 + 2 u w, v w, w^2

  void add(double u, double v, double w) noexcept {
    uv += u * v;
    vvuw += v * v + 2 * u * w;
    vw += v * w;
    ww += w * w;
  }

  // sum at t minus sum at 0
  double change(double t) const noexcept { return t * (2 * uv + t * (vvuw + t * (2 * vw + t * ww))); }

  // A root of the derivative, 2 uv + 2 vvuw t + 6 vw t^2 + 4 ww t^3, that no other beats; 0 where none is better than
  // staying, or where the sums are not finite.
  double minimiser() const noexcept {
    const double a = 1.5 * vw / ww, b = 0.5 * vvuw / ww, c = 0.5 * uv / ww;  // t^3 + a t^2 + b t + c
    if (!(ww > 0) || !std::isfinite(a) || !std::isfinite(b) || !std::isfinite(c)) return 0;
    // t = x - a / 3: x^3 + p x + q
    const double shift = a / 3, p = b - a * shift, q = c + shift * (2 * shift * shift - b);
    double roots[3];
    int count = 1;
    const double half = 0.5 * q, third = p / 3, discriminant = half * half + third * third * third;
    if (discriminant >= 0) {
      const double big = std::cbrt(-half - std::copysign(std::sqrt(discriminant), half));
      roots[0] = big == 0 ? 0 : big - third / big;
    } else {
      const double length = std::sqrt(-third);
      const double angle = std::acos(std::fmax(-1.0, std::fmin(1.0, -half / (length * length * length)))) / 3;
      constexpr double turn = 2.0943951023931953;  // 2 pi / 3
      count = 3;
      for (int k = 0; k < 3; ++k) roots[k] = 2 * length * std::cos(angle - turn * k);
    }
    double best = 0, least = 0;
    for (int k = 0; k < count; ++k) {
      double t = roots[k] - shift;
      for (int i = 0; i < 3; ++i) {  // Newton: the formulas lose digits where roots are near each other
        const double slope = ((t + a) * t + b) * t + c, curvature = (3 * t + 2 * a) * t + b;
        const double next = t - slope / curvature;
        if (!(curvature > 0) || !std::isfinite(next)) break;
        t = next;
      }
      if (change(t) < least) {
        least = change(t);
        best = t;
      }
    }
    return best;
  }
};

}  // namespace lowrank
