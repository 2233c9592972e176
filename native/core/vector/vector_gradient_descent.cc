// Gradient descent for any loss: theta <- theta - step (X^H force / m + ridge theta) + momentum (theta - theta before).
// One fused pass an iteration.
//
// Automatic step: the spectral step of Barzilai and Borwein, its long and its short form in turn, accepted when the
// loss is sufficiently below the largest of the last ten (Grippo, Lampariello and Lucidi; Raydan, SIAM J. Optim. 7,
// 1997), else shortened. The first step is loss / (slope), which for losses of least value 0 is no longer than the
// Polyak step.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../error.h"
#include "vector_method.h"

namespace lowrank {
namespace {

class VectorGradientDescent final : public VectorMethod {
 public:
  explicit VectorGradientDescent(const VectorState& state)
      : fixed_(state.options.step == VectorStep::fixed), momentum_(state.options.momentum) {
    if (!fixed_ && momentum_ > 0) {
      throw Error(ErrorCode::invalidArgument, "Momentum needs a fixed step: give a number for step.");
    }
    if (!fixed_ || momentum_ > 0) previous_ = AlignedBuffer<double>(state.wideN);
    if (!fixed_) gradient_ = AlignedBuffer<double>(state.wideN);
  }

  std::int64_t bytes() const override { return previous_.bytes() + gradient_.bytes(); }

  bool initialize(VectorState& state, Team& team) override {
    if (momentum_ > 0) copy(state.theta, previous_);
    if (!state.evaluate(team)) return false;
    std::fill(recent_, recent_ + memory, state.info.trainLoss);
    scale_ = state.info.trainLoss;
    return true;
  }

  bool step(VectorState& state, Team& team) override { return fixed_ ? fixedStep(state, team) : safeStep(state, team); }

 private:
  static constexpr int memory = 10;
  static constexpr int maxShortenings = 60;

  static void copy(const AlignedBuffer<double>& from, AlignedBuffer<double>& to) {
    std::memcpy(to.data(), from.data(), static_cast<std::size_t>(from.bytes()));
  }

  bool fixedStep(VectorState& state, Team& team) {
    const double size = state.options.stepSize;
    for (std::int64_t j = 0; j < state.wideN; ++j) {
      double next = state.theta[j] - size * state.gradient[j];
      if (momentum_ > 0) {
        next += momentum_ * (state.theta[j] - previous_[j]);
        previous_[j] = state.theta[j];
      }
      state.theta[j] = next;
    }
    state.info.step = size;
    return state.evaluate(team);
  }

  bool safeStep(VectorState& state, Team& team) {
    const double squared = state.squaredNorm(state.gradient);
    if (!(squared > 0)) {  // also when it underflows or is not a number, which the loop then finds
      state.exhausted = true;
      return state.evaluate(team);
    }
    // Derivative of the loss along -gradient: in the complex field r and conj(r) both move.
    const double slope = (state.field == Field::complex ? 2 : 1) * squared;
    double size = trial_ > 0 ? trial_ : std::fabs(state.info.trainLoss) / slope;
    if (!(size > 0)) size = 1;
    const double highest = *std::max_element(recent_, recent_ + memory);
    // Losses whose least value is not 0 carry rounding of their own size.
    const double rounding = 1e-12 * std::fabs(highest) + 1e-15 * std::fabs(scale_);
    copy(state.theta, previous_);
    copy(state.gradient, gradient_);
    for (int attempt = 0;; ++attempt) {
      for (std::int64_t j = 0; j < state.wideN; ++j) state.theta[j] = previous_[j] - size * gradient_[j];
      if (!state.evaluate(team)) return false;
      if (state.info.trainLoss <= highest - 1e-4 * size * slope + rounding) break;
      ++state.info.rejectedSteps;
      if (attempt == maxShortenings) {
        state.exhausted = true;
        copy(previous_, state.theta);
        return state.evaluate(team);
      }
      size *= shortening(state.info.trainLoss, highest, size * slope);
    }
    state.info.step = size;
    recent_[count_++ % memory] = state.info.trainLoss;
    trial_ = nextStep(state, size);
    return true;
  }

  // Minimum of the parabola through the values and the slope, held between a tenth and a half.
  static double shortening(double reached, double from, double decrease) {
    const double factor = 0.5 * decrease / (reached - from + decrease);
    return factor >= 0.1 && factor <= 0.5 ? factor : factor > 0.5 ? 0.5 : 0.1;
  }

  double nextStep(const VectorState& state, double size) const {
    double stepSquared = 0, product = 0, gradientSquared = 0;
    for (std::int64_t j = 0; j < state.wideN; ++j) {
      const double s = state.theta[j] - previous_[j], y = state.gradient[j] - gradient_[j];
      stepSquared += s * s;
      product += s * y;
      gradientSquared += y * y;
    }
    if (!(product > 0)) return 4 * size;  // the loss is concave here
    const double next = count_ % 2 == 0 ? stepSquared / product : product / gradientSquared;
    return std::isfinite(next) && next > 0 ? next : size;
  }

  const bool fixed_;
  const double momentum_;
  AlignedBuffer<double> previous_, gradient_;
  double recent_[memory] = {};
  double trial_ = 0, scale_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace

std::unique_ptr<VectorMethod> makeVectorGradientDescent(const VectorState& state) {
  return std::make_unique<VectorGradientDescent>(state);
}

}  // namespace lowrank
