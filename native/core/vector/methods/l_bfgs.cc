// L-BFGS for any loss (Nocedal and Wright, Numerical Optimization, 2nd ed., algorithm 7.4) on F = mean L(r, y) + ridge,
// with the line search of Lewis and Overton (Math. Program. 141, 2013): bracketing and bisection for the weak Wolfe
// conditions, which also holds for losses with corners; near a minimum their approximate form (Hager and Zhang, SIAM J.
// Optim. 16, 2005). Every trial point is one fused pass; nearly always the first is taken. Vectors count as real ones
// of twice the length in the complex field, where the gradient in the real and imaginary parts is 2 dF/d conj(theta).
#include <algorithm>

#include "methods.h"
#include "tools.h"

namespace lowrank {
namespace {

class LBfgs final : public VectorMethod {
 public:
  LBfgs(const VectorState& state, std::int64_t memory)
      : memory_(memory),
        size_(state.wideN),
        scale_(state.field == Field::complex ? 2 : 1),
        buffer_((2 * memory + 3) * state.wideN),
        products_(2 * memory) {
    steps_ = buffer_.data();
    changes_ = steps_ + memory * size_;
    direction_ = changes_ + memory * size_;
    oldTheta_ = direction_ + size_;
    oldGradient_ = oldTheta_ + size_;
    curvature_ = products_.data();
    alpha_ = curvature_ + memory;
  }

  std::int64_t bytes() const override { return buffer_.bytes() + products_.bytes(); }

  bool step(VectorState& state, Team& team) override {
    const double* gradient = state.gradient.data();
    const double start = state.info.trainLoss;
    const double noise = 4e-15 * std::fabs(start);  // of the sum over the rows
    double slope = chooseDirection(state);
    if (!(slope < 0) && stored_ > 0) {
      stored_ = 0;
      slope = chooseDirection(state);
    }
    if (!(slope < 0)) {  // stationary
      state.exhausted = true;
      return true;
    }
    std::copy_n(state.theta.data(), size_, oldTheta_);
    std::copy_n(gradient, size_, oldGradient_);

    double low = 0, high = 0, t = stored_ > 0 ? 1 : firstStep(state);
    double bestStep = 0, best = start;
    bool there = false;
    for (int trial = 0; trial < maxTrials; ++trial) {
      there = false;
      if (!moveTo(state, t, team)) return false;
      const double value = state.info.trainLoss;
      const double steep = scale_ * dotProduct(gradient, direction_, size_);
      const bool lower = value <= start + decrease * t * slope && value < start - noise;
      // At the level of rounding the loss cannot show a decrease, the slope can: the approximate Wolfe conditions.
      const bool level = std::fabs(value - start) <= noise && steep <= (2 * decrease - 1) * slope;
      if (!lower && !level) {
        high = t;
        ++state.info.rejectedSteps;
      } else {
        if (lower && (value < best || bestStep == 0)) {
          best = value;
          bestStep = t;
        }
        if (steep >= curved * slope) {
          there = true;
          break;
        }
        low = t;
      }
      t = high > 0 ? 0.5 * (low + high) : 2 * low;
      if (high > 0 && high - low <= 1e-14 * high) break;
    }
    if (!there) {
      // The search ended without both conditions: the best point seen, which may be the old one.
      if (!moveTo(state, bestStep, team)) return false;
      t = bestStep;
      if (bestStep == 0) {
        state.exhausted = stored_ == 0;
        stored_ = 0;
        state.info.step = 0;
        return true;
      }
    }
    state.info.step = t;
    remember(state);
    if (std::fabs(state.info.trainLoss - start) > noise) {
      levelSteps_ = 0;
    } else if (const double square = squaredLength(gradient, size_); levelSteps_ == 0 || square < leastSquare_) {
      leastSquare_ = square;
      levelSteps_ = 1;
    } else {
      state.exhausted = ++levelSteps_ > maxLevelSteps;  // only rounding is left
    }
    return true;
  }

 private:
  // The direction, -H g by the two-loop recursion; returns its slope.
  double chooseDirection(const VectorState& state) {
    for (std::int64_t j = 0; j < size_; ++j) direction_[j] = -scale_ * state.gradient[j];
    for (std::int64_t k = 0; k < stored_; ++k) {
      const std::int64_t at = slot(k);
      alpha_[at] = dotProduct(steps_ + at * size_, direction_, size_) / curvature_[at];
      addMultiple(-alpha_[at], changes_ + at * size_, direction_, size_);
    }
    if (stored_ > 0) {
      const double* change = changes_ + slot(0) * size_;
      const double gamma = curvature_[slot(0)] / squaredLength(change, size_);
      for (std::int64_t j = 0; j < size_; ++j) direction_[j] *= gamma;
    }
    for (std::int64_t k = stored_ - 1; k >= 0; --k) {
      const std::int64_t at = slot(k);
      const double beta = dotProduct(changes_ + at * size_, direction_, size_) / curvature_[at];
      addMultiple(alpha_[at] - beta, steps_ + at * size_, direction_, size_);
    }
    return scale_ * dotProduct(state.gradient.data(), direction_, size_);
  }

  // The k-th youngest pair.
  std::int64_t slot(std::int64_t k) const { return (next_ + 2 * memory_ - 1 - k) % memory_; }

  // A tenth of ||theta|| along the gradient; from theta = 0, one unit of the gradient itself.
  double firstStep(const VectorState& state) const {
    const double norm = std::sqrt(squaredLength(state.theta.data(), size_));
    const double length = std::sqrt(squaredLength(direction_, size_));
    return norm > 0 ? 0.1 * norm / length : 1;
  }

  bool moveTo(VectorState& state, double t, Team& team) const {
    for (std::int64_t j = 0; j < size_; ++j) state.theta[j] = oldTheta_[j] + t * direction_[j];
    return state.evaluate(team);
  }

  void remember(const VectorState& state) {
    double* step = steps_ + next_ * size_;
    double* change = changes_ + next_ * size_;
    for (std::int64_t j = 0; j < size_; ++j) {
      step[j] = state.theta[j] - oldTheta_[j];
      change[j] = scale_ * (state.gradient[j] - oldGradient_[j]);
    }
    const double product = dotProduct(step, change, size_);
    if (!(product > 1e-14 * std::sqrt(squaredLength(step, size_) * squaredLength(change, size_)))) return;
    curvature_[next_] = product;
    next_ = (next_ + 1) % memory_;
    stored_ = std::min(stored_ + 1, memory_);
  }

  static constexpr int maxTrials = 50;
  static constexpr int maxLevelSteps = 10;
  static constexpr double decrease = 1e-4;
  static constexpr double curved = 0.9;

  std::int64_t memory_, size_;
  double scale_;
  double leastSquare_ = 0;  // of the gradients since the loss stands still
  int levelSteps_ = 0;      // since the last of them that was the least
  std::int64_t stored_ = 0, next_ = 0;
  AlignedBuffer<double> buffer_, products_;
  double *steps_ = nullptr, *changes_ = nullptr, *direction_ = nullptr, *oldTheta_ = nullptr, *oldGradient_ = nullptr;
  double *curvature_ = nullptr, *alpha_ = nullptr;
};

}  // namespace

std::unique_ptr<VectorMethod> makeLBfgs(const VectorState& state) {
  return std::make_unique<LBfgs>(state, integerParameter(state, 0, 1, 100));
}

}  // namespace lowrank
