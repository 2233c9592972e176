// The split of U into signal and noise (arXiv 2106.15013, section on the decomposition; V_X spans the truth's columns,
// W the right singular vectors of V_X^T U):
//   sigmaMin        r-th singular value of V_X^T U (0 when k < r)
//   signal          r-th singular value of U W, at least sigmaMin (0 when k < r)
//   noise           ||U W_perp||, and noiseFrobenius ||U W_perp W_perp^T U^T||_F
//   misalignment    ||V_X,perp^T V_UW||, the sine of the largest angle from the signal to the truth
//   wDrift          ||W_{t-1,perp}^T W_t||; NaN at the start, which has no iteration before it
//   signalError     ||V_X^T (X X^T - U U^T)||_F
#include <cmath>
#include <cstring>
#include <limits>

#include "probe.h"

namespace lowrank {
namespace {

enum : std::size_t { sigmaMin, signalStrength, noiseNorm, noiseFrobenius, misalignment, wDrift, signalError };

constexpr unsigned usual = need::symmetricModel | need::truthBasis;

const std::vector<ProbeColumn>& columns() {
  static const auto* list = new std::vector<ProbeColumn>{
      {"sigmaMin", usual},     {"signal", usual}, {"noise", usual},       {"noiseFrobenius", usual},
      {"misalignment", usual}, {"wDrift", usual}, {"signalError", usual},
  };
  return *list;
}

class Signal final : public ProbeGroup {
 public:
  Signal(ProbeScene& scene, const std::vector<bool>& wanted)
      : norm_(scene.rows(), scene.rank()), drifts_(wanted[wDrift]), error_(scene.referenceRank() * scene.rows()) {
    if (!drifts_) return;
    const std::int64_t size = scene.rank() * scene.signalRank();
    previous_ = AlignedBuffer<double>(size);
    present_ = AlignedBuffer<double>(size);
    sine_ = Sine(scene.rank(), scene.signalRank(), scene.signalRank());
    keep(scene);
  }

  bool everyIteration() const override { return drifts_; }
  void step(ProbeScene& scene) override {
    std::swap(previous_, present_);
    keep(scene);
  }

  void value(std::size_t index, ProbeScene& scene, double* out) override {
    switch (index) {
      case sigmaMin:
        *out = last(scene, scene.projectedValues());
        return;
      case signalStrength:
        *out = last(scene, scene.signalValues());
        return;
      case noiseNorm:
        computeNoise(scene);
        *out = noise_;
        return;
      case noiseFrobenius:
        computeNoise(scene);
        *out = norm_.gramFrobenius();
        return;
      case misalignment:
        *out = scene.sine(scene.truthBasis(), scene.signalBasis());
        return;
      case wDrift:
        *out = scene.iteration() == 0 ? std::numeric_limits<double>::quiet_NaN()
                                      : sine_.compute(view(scene, previous_), view(scene, present_));
        return;
      case signalError: {
        const std::int64_t r = scene.referenceRank(), n = scene.rows();
        const Matrix error{error_.data(), r, n};
        std::memcpy(error.data, scene.truthImage().data, static_cast<std::size_t>(error_.bytes()));
        multiply(-1, scene.projected(), Transpose::no, scene.state().left, Transpose::yes, 1, error);
        *out = std::sqrt(squaredNorm(error));
        return;
      }
      default:
        return;
    }
  }

  std::int64_t bytes() const override {
    return norm_.bytes() + error_.bytes() + previous_.bytes() + present_.bytes() + sine_.bytes();
  }

 private:
  static double last(const ProbeScene& scene, const double* values) {
    return scene.signalRank() < scene.referenceRank() ? 0 : values[scene.signalRank() - 1];
  }
  static ConstMatrix view(const ProbeScene& scene, const AlignedBuffer<double>& w) {
    return {w.data(), scene.rank(), scene.signalRank()};
  }
  void keep(ProbeScene& scene) {
    std::memcpy(present_.data(), scene.directions().data, static_cast<std::size_t>(present_.bytes()));
  }
  void computeNoise(ProbeScene& scene) {
    if (noiseOf_ == scene.stamp()) return;
    noise_ = norm_.compute(scene.noise());
    noiseOf_ = scene.stamp();
  }

  SpectralNorm norm_;
  bool drifts_;
  double noise_ = 0;
  std::int64_t noiseOf_ = -1;
  AlignedBuffer<double> error_, previous_, present_;
  Sine sine_;
};

}  // namespace

ProbeGroupEntry signalProbes() {
  return {columns(), [](ProbeScene& scene, const std::vector<bool>& wanted) -> std::unique_ptr<ProbeGroup> {
            return std::make_unique<Signal>(scene, wanted);
          }};
}

}  // namespace lowrank
