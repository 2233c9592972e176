// Square losses 1/2 (phi(r) - y)^2 of single-index models over the real numbers: phi(r) = r, r^3, max(r, 0) and a
// smooth max(r, 0), log(1 + exp(k r)) / k.
#include "entry.h"

namespace lowrank::losses {
namespace {

struct Square {
  double value(double r, double y) const { return 0.5 * (r - y) * (r - y); }
  double force(double r, double y) const { return r - y; }
  double derivative(double r, double y) const { return 1; }
};

struct Cubic {
  double value(double r, double y) const {
    const double d = r * r * r - y;
    return 0.5 * d * d;
  }
  double force(double r, double y) const { return 3 * r * r * (r * r * r - y); }
  double derivative(double r, double y) const { return r * (15 * r * r * r - 6 * y); }
};

// The force (r - y) [r > 0] jumps at 0.
struct Relu {
  double value(double r, double y) const {
    const double d = (r > 0 ? r : 0.0) - y;
    return 0.5 * d * d;
  }
  double force(double r, double y) const { return r > 0 ? r - y : 0; }
  double derivative(double r, double y) const { return r > 0 ? 1 : 0; }
};

struct SmoothedRelu {
  double sharpness;

  double link(double r) const { return softplus(sharpness * r) / sharpness; }
  double value(double r, double y) const {
    const double d = link(r) - y;
    return 0.5 * d * d;
  }
  double force(double r, double y) const { return (link(r) - y) * sigmoid(sharpness * r); }
  double derivative(double r, double y) const {
    const double p = sigmoid(sharpness * r), q = sigmoid(-sharpness * r);
    return p * p + (link(r) - y) * sharpness * p * q;
  }
};

}  // namespace

void addRegression(std::vector<Entry>& entries) {
  entries.push_back({{"square", {}, {}, true, false, true, false, nullptr},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<RealLoss<Square>>(Square{}, true);
                     }});
  entries.push_back({{"cubic", {}, {}, true, false, true, false, nullptr},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<RealLoss<Cubic>>(Cubic{}, true);
                     }});
  entries.push_back({{"relu", {}, {}, true, false, false, false, "smoothed-relu"},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<RealLoss<Relu>>(Relu{}, false);
                     }});
  entries.push_back({{"smoothed-relu", {"sharpness"}, {4}, true, false, true, false, nullptr},
                     [](const std::vector<double>& p, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<RealLoss<SmoothedRelu>>(SmoothedRelu{p[0]}, true);
                     }});
}

}  // namespace lowrank::losses
