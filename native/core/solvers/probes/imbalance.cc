// Delta_t = F^T F - G^T G, which gradient flow keeps and gradient descent changes by O(eta^2) in a step (arXiv
// 2310.01769): imbalance, its eigenvalues, falling; imbalanceDrift, ||Delta_t - Delta_0||_F / max(1e-300,
// ||Delta_0||_F), where 0 is the start, or the last event.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "probe.h"

namespace lowrank {
namespace {

enum : std::size_t { imbalance, imbalanceDrift };

const std::vector<ProbeColumn>& columns() {
  static const auto* list = new std::vector<ProbeColumn>{
      {"imbalance", need::asymmetricModel, true},
      {"imbalanceDrift", need::asymmetricModel},
  };
  return *list;
}

class Imbalance final : public ProbeGroup {
 public:
  explicit Imbalance(const ProbeScene& scene) : k_(scene.rank()), first_(k_ * k_), present_(k_ * k_), eigenvalues_(k_) {
    compute(scene);
    std::memcpy(first_.data(), present_.data(), static_cast<std::size_t>(first_.bytes()));
    firstNorm_ = std::sqrt(squaredNorm({first_.data(), k_, k_}));
  }

  void value(std::size_t index, ProbeScene& scene, double* out) override {
    if (presentOf_ != scene.stamp()) compute(scene);
    if (index == imbalance) {
      eigenvalues_.compute({present_.data(), k_, k_}, out);
      return;
    }
    double squared = 0;
    for (std::int64_t i = 0; i < k_ * k_; ++i) squared += (present_[i] - first_[i]) * (present_[i] - first_[i]);
    *out = std::sqrt(squared) / std::max(1e-300, firstNorm_);
  }

  std::int64_t bytes() const override { return first_.bytes() + present_.bytes(); }

 private:
  void compute(const ProbeScene& scene) {
    const SolverState& state = scene.state();
    const Matrix delta{present_.data(), k_, k_};
    multiply(1, state.left, Transpose::yes, state.left, Transpose::no, 0, delta);
    multiply(-1, state.right, Transpose::yes, state.right, Transpose::no, 1, delta);
    presentOf_ = scene.stamp();
  }

  std::int64_t k_, presentOf_ = -1;
  double firstNorm_ = 0;
  AlignedBuffer<double> first_, present_;
  SymmetricEigenvalues eigenvalues_;
};

}  // namespace

ProbeGroupEntry imbalanceProbes() {
  return {columns(), [](ProbeScene& scene, const std::vector<bool>&) -> std::unique_ptr<ProbeGroup> {
            return std::make_unique<Imbalance>(scene);
          }};
}

}  // namespace lowrank
