// The leading subspace L_t of U (its r leading left singular vectors) against the truth X and against the spectral
// subspace L (r leading eigenvectors of M_hat = A*(y)), as sines of the largest angle: alignment (X, L_t),
// alignmentSpectral (L, L_t). sigmaSpectral is the r-th singular value of U (0 when k < r), factorNorm the first. With
// k < r, L_t has k columns.
#include "probe.h"

namespace lowrank {
namespace {

enum : std::size_t { alignment, alignmentSpectral, sigmaSpectral, factorNorm };

const std::vector<ProbeColumn>& columns() {
  static const auto* list = new std::vector<ProbeColumn>{
      {"alignment", need::symmetricModel | need::truthBasis},
      {"alignmentSpectral", need::symmetricModel | need::rank | need::image},
      {"sigmaSpectral", need::symmetricModel | need::rank},
      {"factorNorm", need::symmetricModel},
  };
  return *list;
}

class Alignment final : public ProbeGroup {
 public:
  void value(std::size_t index, ProbeScene& scene, double* out) override {
    const std::int64_t r = scene.referenceRank();
    switch (index) {
      case alignment:
        *out = scene.sine(scene.truthBasis(), scene.leadingVectors());
        return;
      case alignmentSpectral:
        *out = scene.sine(scene.spectralBasis(), scene.leadingVectors());
        return;
      case sigmaSpectral:
        *out = scene.signalRank() < r ? 0 : scene.leadingValues()[r - 1];
        return;
      case factorNorm:
        *out = scene.leadingValues()[0];
        return;
      default:
        return;
    }
  }
};

}  // namespace

ProbeGroupEntry alignmentProbes() {
  return {columns(), [](ProbeScene&, const std::vector<bool>&) -> std::unique_ptr<ProbeGroup> {
            return std::make_unique<Alignment>();
          }};
}

}  // namespace lowrank
