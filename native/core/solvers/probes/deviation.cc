// ripDeviation: d_t = ||(A*A - I)(X X^T - U U^T)||. Without noise A*A(X X^T - U U^T) = -Z, with Z = A*(A(U U^T) - y)
// the image that the iteration has anyway, so no further pass is needed: d_t = ||U U^T - X X^T - Z||. With noise e, Z
// contains A*(e) too; with held-out rows A is that of the training rows.
#include <cstring>

#include "probe.h"

namespace lowrank {
namespace {

const std::vector<ProbeColumn>& columns() {
  static const auto* list = new std::vector<ProbeColumn>{{"ripDeviation", need::symmetricModel | need::truth}};
  return *list;
}

class Deviation final : public ProbeGroup {
 public:
  explicit Deviation(const ProbeScene& scene)
      : image_(scene.rows() * scene.rows()), norm_(scene.rows(), scene.rows()) {}

  void value(std::size_t, ProbeScene& scene, double* out) override {
    const std::int64_t n = scene.rows();
    const Matrix image{image_.data(), n, n};
    scene.state().workspace->image().toDense(image);
    const double* product = scene.product().data;
    const double* truth = scene.state().truth.data();
    for (std::int64_t i = 0; i < n * n; ++i) image.data[i] = (product[i] - truth[i]) - image.data[i];
    *out = norm_.compute(image);
  }

  std::int64_t bytes() const override { return image_.bytes() + norm_.bytes(); }

 private:
  AlignedBuffer<double> image_;
  SpectralNorm norm_;
};

}  // namespace

ProbeGroupEntry deviationProbes() {
  return {columns(), [](ProbeScene& scene, const std::vector<bool>&) -> std::unique_ptr<ProbeGroup> {
            return std::make_unique<Deviation>(scene);
          }};
}

}  // namespace lowrank
