// Approximate Gauss-Newton, AGN (Jia, Feng, Meng, Sun, NeurIPS 2024): Gauss-Seidel, minimum-norm,
//   F+ = F - eta Z(F, G) G (G^T G)^+,   then   G+ = G - eta Z(F+, G)^T F+ (F+^T F+)^+,
// asymmetric form only (the symmetric step is not a descent method when rank > true rank). Their eta assumes
// E[A*A] = I; here eta is in units of 1 / scale, so that eta = 1 means the same for user data.
// Steps: fixed (options.stepSize = eta), automatic (eta = 1, halved while the loss rises), exact line search (each half
// step minimises a parabola; one more pass each). Two passes per iteration, four with line search.
// The pseudo-inverse comes from an SVD of the factor itself, not of its Gram matrix: half the digits would be lost.
#include <algorithm>
#include <cmath>
#include <utility>

#include "../error.h"
#include "../linalg/lapack.h"
#include "method.h"

namespace lowrank {
namespace {

class ApproximateGaussNewton final : public Method {
 public:
  explicit ApproximateGaussNewton(const SolverState& state)
      : leftSvd_(state.rows, state.rank), rightSvd_(state.cols, state.rank), scratch_(scratchSize(state)) {
    if (state.symmetricModel()) {
      throw Error(ErrorCode::invalidArgument, "approximate-gauss-newton serves the asymmetric model only.");
    }
    const std::int64_t longest = std::max(state.rows, state.cols), k = state.rank;
    double* next = scratch_.data();
    const auto take = [&](std::int64_t count) {
      double* block = next;
      next += count;
      return block;
    };
    u_ = take(longest * k);
    s_ = take(k);
    vt_ = take(k * k);
    small_ = take(longest * k);
    direction_ = take(longest * k);
    change_ = take(state.measurements);
  }

  std::int64_t bytes() const override { return scratch_.bytes(); }

  bool step(SolverState& state, Team& team) override {
    return halfStep(state, team, state.left, state.right, state.gradLeft, rightSvd_, true) &&
           halfStep(state, team, state.right, state.left, state.gradRight, leftSvd_, false);
  }

 private:
  static std::int64_t scratchSize(const SolverState& state) {
    const std::int64_t longest = std::max(state.rows, state.cols), k = state.rank;
    return 3 * longest * k + k + k * k + state.measurements;
  }

  // moving -= size * gradient (fixed^T fixed)^+
  bool halfStep(SolverState& state, Team& team, Matrix moving, ConstMatrix fixed, ConstMatrix gradient,
                SingularValueDecomposition& svd, bool movingIsLeft) {
    const std::int64_t k = state.rank, t = std::min(fixed.rows, k);
    const Matrix u{u_, fixed.rows, t}, vt{vt_, t, k}, direction{direction_, moving.rows, k};
    svd.compute(fixed, u, s_, vt);
    state.info.fallbacks +=
        svd.fallbacks() - std::exchange(movingIsLeft ? rightFallbacks_ : leftFallbacks_, svd.fallbacks());
    const double cut = relativeCut * s_[0];
    // gradient V diag(1 / s^2) V^T
    const Matrix projected{small_, moving.rows, t};
    multiply(1, gradient, Transpose::no, vt, Transpose::yes, 0, projected);
    for (std::int64_t i = 0; i < moving.rows; ++i) {
      for (std::int64_t j = 0; j < t; ++j) {
        projected.data[i * t + j] = s_[j] > cut ? projected.data[i * t + j] / s_[j] / s_[j] : 0.0;
      }
    }
    multiply(1, projected, Transpose::no, vt, Transpose::no, 0, direction);

    if (state.options.step == StepKind::exactLineSearch) {
      // The residual is linear in one factor: r(a) = r0 - a A(direction fixed^T).
      const FactorPair pair = movingIsLeft ? FactorPair{direction, fixed} : FactorPair{fixed, direction};
      if (!state.op->measure(pair, change_, *state.workspace, team)) return false;
      ++state.info.passes;
      ++state.info.forwardCount;
      const double curvature = state.trainInner(change_, change_);
      const double size = curvature > 0 ? state.trainInner(state.residual, change_) / curvature : 0;
      addScaled(-size, direction, moving);
      state.info.step = size * state.scale;
      return state.evaluate(team);
    }
    double size = (state.options.step == StepKind::fixed ? state.options.stepSize : automaticStep_) / state.scale;
    addScaled(-size, direction, moving);
    state.info.step = size * state.scale;
    const double before = state.trainSquared;
    if (!state.evaluate(team)) return false;
    if (state.options.step == StepKind::fixed) return true;
    const double floor = 1e-24 * state.yTrainNorm * state.yTrainNorm;
    for (int attempt = 0; attempt < maxHalvings && !(state.trainSquared <= before * (1 + 1e-6) + floor); ++attempt) {
      ++state.info.rejectedSteps;
      automaticStep_ *= 0.5;
      size *= 0.5;
      addScaled(size, direction, moving);  // half of the way back
      state.info.step = size * state.scale;
      if (!state.evaluate(team)) return false;
    }
    return true;
  }

  static constexpr int maxHalvings = 40;
  // A singular value s of the fixed factor that is rounding and no more (an over-parameterized factor has rank
  // true rank after a sweep) must count as zero: what it would add to X is rounding of Z divided by s.
  static constexpr double relativeCut = 1e-10;
  SingularValueDecomposition leftSvd_, rightSvd_;
  AlignedBuffer<double> scratch_;
  double *u_ = nullptr, *s_ = nullptr, *vt_ = nullptr, *small_ = nullptr, *direction_ = nullptr, *change_ = nullptr;
  double automaticStep_ = 1;
  std::int64_t leftFallbacks_ = 0, rightFallbacks_ = 0;
};

}  // namespace

std::unique_ptr<Method> makeApproximateGaussNewton(const SolverState& state) {
  return std::make_unique<ApproximateGaussNewton>(state);
}

}  // namespace lowrank
