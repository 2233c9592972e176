// All singular values of the factors, falling: singularValues of U or F, singularValuesRight of G. A factor with fewer
// rows than columns has zeros at the end.
#include <algorithm>

#include "probe.h"

namespace lowrank {
namespace {

enum : std::size_t { leftValues, rightValues };

const std::vector<ProbeColumn>& columns() {
  static const auto* list = new std::vector<ProbeColumn>{
      {"singularValues", need::allValues, true},
      {"singularValuesRight", need::asymmetricModel, true},
  };
  return *list;
}

class Spectrum final : public ProbeGroup {
 public:
  Spectrum(const ProbeScene& scene, const std::vector<bool>& wanted) {
    if (!wanted[rightValues]) return;
    right_ = LeadingVectors(scene.state().cols, scene.rank(), 1);
    right_.wantAllValues();
  }

  void value(std::size_t index, ProbeScene& scene, double* out) override {
    const std::int64_t k = scene.rank();
    const double* values = nullptr;
    if (index == leftValues) {
      values = scene.leadingValues();
    } else {
      right_.compute(scene.state().right);
      values = right_.values();
    }
    const std::int64_t count = std::min(k, index == leftValues ? scene.rows() : scene.state().cols);
    std::copy(values, values + count, out);
    std::fill(out + count, out + k, 0.0);
  }

  std::int64_t bytes() const override { return right_.bytes(); }

 private:
  LeadingVectors right_;
};

}  // namespace

ProbeGroupEntry spectrumProbes() {
  return {columns(), [](ProbeScene& scene, const std::vector<bool>& wanted) -> std::unique_ptr<ProbeGroup> {
            return std::make_unique<Spectrum>(scene, wanted);
          }};
}

}  // namespace lowrank
