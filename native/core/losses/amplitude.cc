// Losses of the modulus, b = sqrt(y) (0 where noise made y negative): amplitude flow (Wang, Giannakis, Eldar, arXiv
// 1605.08285) and its smooth kin. Values: 1/2 (.)^2 in the real field, (.)^2 in the complex one.
#include "entry.h"

namespace lowrank::losses {
namespace {

// (|r| - b)^2. In the real field the force r - b sgn(r) jumps at 0; 0 is taken there.
struct Amplitude {
  double primitive(double s, double y) const {
    const double d = std::sqrt(s) - modulus(y);
    return d * d;
  }
  double h(double s, double y) const { return s > 0 ? 1 - modulus(y) / std::sqrt(s) : 1; }
  double slope(double s, double y) const { return s > 0 ? 0.5 * modulus(y) / std::sqrt(s) : 0; }
};

// (sqrt(|r|^2 + e^2) - b)^2, force r - b r / sqrt(|r|^2 + e^2): its minimum is at |r|^2 = b^2 - e^2, a little too
// small.
struct SmoothedAmplitude {
  double smoothing;

  double primitive(double s, double y) const {
    const double d = std::sqrt(s + smoothing * smoothing) - modulus(y);
    return d * d;
  }
  double h(double s, double y) const { return 1 - modulus(y) / std::sqrt(s + smoothing * smoothing); }
  double slope(double s, double y) const {
    const double square = s + smoothing * smoothing;
    return 0.5 * modulus(y) * (s / square) / std::sqrt(square);
  }
};

// (sqrt(|r|^2 + e^2) - sqrt(b^2 + e^2))^2: as smooth, and its minimum is at |r| = b.
struct PerturbedAmplitude {
  double smoothing;

  double reference(double y) const { return std::sqrt((y > 0 ? y : 0.0) + smoothing * smoothing); }
  double primitive(double s, double y) const {
    const double d = std::sqrt(s + smoothing * smoothing) - reference(y);
    return d * d;
  }
  double h(double s, double y) const { return 1 - reference(y) / std::sqrt(s + smoothing * smoothing); }
  double slope(double s, double y) const {
    const double square = s + smoothing * smoothing;
    return 0.5 * reference(y) * (s / square) / std::sqrt(square);
  }
};

// force r - b tanh(k |r|) r / |r|; value by log cosh. tanh(x) / x by its series near 0.
struct TanhAmplitude {
  double sharpness;

  double primitive(double s, double y) const {
    constexpr double log2 = 0.69314718055994531;
    const double b = modulus(y), x = sharpness * std::sqrt(s);
    const double logCosh = x + std::log1p(std::exp(-2 * x)) - log2;
    return s - 2 * b / sharpness * logCosh + b * b;
  }
  double h(double s, double y) const {
    const double x = sharpness * std::sqrt(s);
    const double ratio = x < 1e-4 ? 1 - x * x / 3 : std::tanh(x) / x;
    return 1 - modulus(y) * sharpness * ratio;
  }
  double slope(double s, double y) const {
    const double x = sharpness * std::sqrt(s);
    // (tanh(x) / x - sech(x)^2) / 2
    double half = x * x / 3;
    if (x >= 1e-4) {
      const double t = std::tanh(x);
      half = 0.5 * (t / x - (1 - t) * (1 + t));
    }
    return modulus(y) * sharpness * half;
  }
};

}  // namespace

void addAmplitude(std::vector<Entry>& entries) {
  entries.push_back({{"amplitude", {}, {}, true, true, false, true, "smoothed-amplitude"},
                     [](const std::vector<double>&, Field field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<Amplitude>>(Amplitude{}, field == Field::complex);
                     }});
  entries.push_back({{"smoothed-amplitude", {"smoothing"}, {0.1}, true, true, true, true, nullptr},
                     [](const std::vector<double>& p, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<SmoothedAmplitude>>(SmoothedAmplitude{p[0]}, true);
                     }});
  entries.push_back({{"perturbed-amplitude", {"smoothing"}, {0.1}, true, true, true, true, nullptr},
                     [](const std::vector<double>& p, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<PerturbedAmplitude>>(PerturbedAmplitude{p[0]}, true);
                     }});
  entries.push_back({{"tanh-amplitude", {"sharpness"}, {4}, true, true, true, true, nullptr},
                     [](const std::vector<double>& p, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<TanhAmplitude>>(TanhAmplitude{p[0]}, true);
                     }});
}

}  // namespace lowrank::losses
