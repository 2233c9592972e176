// The negative log-likelihood of counts y with mean |r|^2, up to a constant that makes its least value 0 (the loss of
// truncated Wirtinger flow, Chen and Candes, arXiv 1505.05114): force r - y / conj(r). A negative y counts as 0.
#include "entry.h"

namespace lowrank::losses {
namespace {

double counts(double y) { return y > 0 ? y : 0.0; }

// The pole at r = 0 is held at |r|^2 = least, so that nothing there is infinite.
struct Poisson {
  static constexpr double least = 1e-300;

  double primitive(double s, double y) const {
    const double k = counts(y);
    return k > 0 ? (s - k) - k * std::log(std::fmax(s, least) / k) : s;
  }
  double h(double s, double y) const { return 1 - counts(y) / std::fmax(s, least); }
  double slope(double s, double y) const { return s < least ? 0 : counts(y) / s; }
};

// Counts y + e^2 with mean |r|^2 + e^2: h = (s - y) / (s + e^2), zero at the same place as without e.
struct SmoothedPoisson {
  double smoothing;

  double primitive(double s, double y) const {
    const double k = counts(y), e2 = smoothing * smoothing;
    return (s - k) - (k + e2) * std::log1p((s - k) / (k + e2));
  }
  double h(double s, double y) const { return (s - counts(y)) / (s + smoothing * smoothing); }
  double slope(double s, double y) const {
    const double e2 = smoothing * smoothing;
    return s / (s + e2) * ((counts(y) + e2) / (s + e2));
  }
};

}  // namespace

void addPoisson(std::vector<Entry>& entries) {
  entries.push_back({{"poisson", {}, {}, true, true, false, false, "smoothed-poisson"},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<Poisson>>(Poisson{}, false);
                     }});
  entries.push_back({{"smoothed-poisson", {"smoothing"}, {0.1}, true, true, true, true, nullptr},
                     [](const std::vector<double>& p, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<SmoothedPoisson>>(SmoothedPoisson{p[0]}, true);
                     }});
}

}  // namespace lowrank::losses
