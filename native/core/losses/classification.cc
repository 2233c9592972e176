// Losses of the margin y r for labels y = +1 or -1: logistic log(1 + exp(-y r)), hinge max(0, 1 - y r) and its half
// square, whose force is continuous.
#include "entry.h"

namespace lowrank::losses {
namespace {

struct Logistic {
  double value(double r, double y) const { return softplus(-y * r); }
  double force(double r, double y) const { return -y * sigmoid(-y * r); }
  double derivative(double r, double y) const { return y * y * sigmoid(y * r) * sigmoid(-y * r); }
};

struct Hinge {
  double value(double r, double y) const { return std::fmax(0.0, 1 - y * r); }
  double force(double r, double y) const { return y * r < 1 ? -y : 0; }
  double derivative(double r, double y) const { return 0; }
};

struct SquaredHinge {
  double value(double r, double y) const {
    const double d = std::fmax(0.0, 1 - y * r);
    return 0.5 * d * d;
  }
  double force(double r, double y) const { return -y * std::fmax(0.0, 1 - y * r); }
  double derivative(double r, double y) const { return y * r < 1 ? y * y : 0; }
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
