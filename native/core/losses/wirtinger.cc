// The intensity loss 1/4 (r^2 - y)^2 (real), 1/2 (|r|^2 - y)^2 (complex) of Wirtinger flow (Candes, Li, Soltanolkotabi,
// arXiv 1407.1065), and its smooth truncation, which is bounded together with its derivative.
#include "entry.h"

namespace lowrank::losses {
namespace {

struct Wirtinger {
  double primitive(double s, double y) const { return 0.5 * (s - y) * (s - y); }
  double h(double s, double y) const { return s - y; }
  double slope(double s, double y) const { return s; }
};

// force = (s - y) r c(s / M) c(y / M), c = 1 on [0, 1], 0 beyond 2, twice continuously differentiable in between.
struct TruncatedWirtinger {
  double bound;

  static double cut(double x) {
    if (x <= 1) return 1;
    if (x >= 2) return 0;
    const double t = x - 1;
    return 1 - t * t * t * (10 + t * (6 * t - 15));
  }
  static double cutSlope(double x) {
    if (x <= 1 || x >= 2) return 0;
    const double t = x - 1, u = 1 - t;
    return -30 * t * t * u * u;
  }

  // Integral of (u - y) c(u / M) over [from, to] inside one piece of c: a polynomial of degree 6, which four Gauss
  // nodes integrate exactly and without the cancellation of a difference of primitives.
  double piece(double from, double to, double y) const {
    constexpr double node[2] = {0.33998104358485626, 0.86113631159405258};
    constexpr double weight[2] = {0.65214515486254614, 0.34785484513745386};
    const double middle = 0.5 * (from + to), half = 0.5 * (to - from);
    double sum = 0;
    for (int k = 0; k < 2; ++k) {
      const double low = middle - half * node[k], high = middle + half * node[k];
      sum += weight[k] * ((low - y) * cut(low / bound) + (high - y) * cut(high / bound));
    }
    return sum * half;
  }

  double primitive(double s, double y) const {
    const double share = cut(y / bound);
    if (share == 0) return 0;
    if (s <= bound && y <= bound) return share * 0.5 * (s - y) * (s - y);
    const double edges[2] = {bound, 2 * bound};
    const double low = std::fmin(s, y), high = std::fmax(s, y);
    double from = low, sum = 0;
    for (const double edge : edges) {
      if (edge <= from) continue;
      const double to = std::fmin(edge, high);
      sum += piece(from, to, y);
      from = to;
      if (from >= high) break;
    }
    return share * (s >= y ? sum : -sum);
  }
  double h(double s, double y) const { return (s - y) * cut(s / bound) * cut(y / bound); }
  double slope(double s, double y) const {
    return s * (cut(s / bound) + (s - y) * cutSlope(s / bound) / bound) * cut(y / bound);
  }
};

}  // namespace

void addWirtinger(std::vector<Entry>& entries) {
  entries.push_back({{"wirtinger", {}, {}, true, true, true, true, nullptr},
                     [](const std::vector<double>&, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<Wirtinger>>(Wirtinger{}, true);
                     }});
  entries.push_back({{"truncated-wirtinger", {"bound"}, {10}, true, true, true, true, nullptr},
                     [](const std::vector<double>& p, Field) -> std::unique_ptr<Loss> {
                       return std::make_unique<PhaseLoss<TruncatedWirtinger>>(TruncatedWirtinger{p[0]}, true);
                     }});
}

}  // namespace lowrank::losses
