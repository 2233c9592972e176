// The distance of intensities, 1/2 | r^2 - y | real, | |r|^2 - y | complex (Duchi and Ruan, arXiv 1705.02356; Davis,
// Drusvyatskiy and Paquette, arXiv 1711.03247): the force is a subgradient, 0 at |r|^2 = y. And its smooth kin,
// sqrt((s - y)^2 + e^2) - e.
#include "entry.h"

namespace lowrank::losses {
namespace {

struct IntensityL1 {
  double primitive(double s, double y) const { return std::fabs(s - y); }
  double h(double s, double y) const { return s > y ? 1 : s < y ? -1 : 0; }
  double slope(double s, double y) const { return 0; }
};

struct SmoothedIntensityL1 {
  double smoothing;

  double root(double s, double y) const { return std::sqrt((s - y) * (s - y) + smoothing * smoothing); }
  // sqrt(d^2 + e^2) - e without cancellation.
  double primitive(double s, double y) const { return (s - y) * ((s - y) / (root(s, y) + smoothing)); }
  double h(double s, double y) const { return (s - y) / root(s, y); }
  double slope(double s, double y) const {
    const double share = smoothing / root(s, y);
    return s * share * share / root(s, y);
  }
};

}  // namespace

void addAbsolute(std::vector<Entry>& entries) {
  entries.push_back({{"intensity-l1", {}, {}, true, true, false, false, "smoothed-intensity-l1"},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<IntensityL1>>(IntensityL1{}, false);
                     }});
  entries.push_back({{"smoothed-intensity-l1", {"smoothing"}, {0.1}, true, true, true, true, nullptr},
                     [](const std::vector<double>& p, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<SmoothedIntensityL1>>(SmoothedIntensityL1{p[0]}, true);
                     }});
}

}  // namespace lowrank::losses
