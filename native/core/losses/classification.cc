// Losses of the margin l r for labels l = +1 (y above 0) and -1 (else, so that labels 0 and 1 will do): logistic
// log(1 + exp(-l r)), hinge max(0, 1 - l r) and its half square, whose force is continuous.
#include "entry.h"

namespace lowrank::losses {
namespace {

double label(double y) { return y > 0 ? 1 : -1; }

struct Logistic {
  double value(double r, double y) const { return softplus(-label(y) * r); }
  double force(double r, double y) const { return -label(y) * sigmoid(-label(y) * r); }
  double derivative(double r, double y) const { return sigmoid(r) * sigmoid(-r); }
};

struct Hinge {
  double value(double r, double y) const { return std::fmax(0.0, 1 - label(y) * r); }
  double force(double r, double y) const { return label(y) * r < 1 ? -label(y) : 0; }
  double derivative(double r, double y) const { return 0; }
};

struct SquaredHinge {
  double value(double r, double y) const {
    const double d = std::fmax(0.0, 1 - label(y) * r);
    return 0.5 * d * d;
  }
  double force(double r, double y) const { return -label(y) * std::fmax(0.0, 1 - label(y) * r); }
  double derivative(double r, double y) const { return label(y) * r < 1 ? 1 : 0; }
};

}  // namespace

void addClassification(std::vector<Entry>& entries) {
  entries.push_back({{"logistic", {}, {}, true, false, true, false, nullptr},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<RealLoss<Logistic>>(Logistic{}, true);
                     }});
  entries.push_back({{"hinge", {}, {}, true, false, false, false, "squared-hinge"},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<RealLoss<Hinge>>(Hinge{}, false);
                     }});
  entries.push_back({{"squared-hinge", {}, {}, true, false, true, false, nullptr},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<RealLoss<SquaredHinge>>(SquaredHinge{}, true);
                     }});
}

}  // namespace lowrank::losses
