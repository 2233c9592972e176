// Gradient descent on the factors (arXiv 2106.15013, eq. for U_{t+1}; arXiv 2310.01769, simultaneous update):
//   symmetric   U+ = U - eta Z U
//   asymmetric  F+ = F - eta Z G,  G+ = G - eta Z^T F,   Z = A*(A(X) - y)
// Not checked: whether the step is small enough (fixed), or that the limit is the answer.
#include <cmath>
#include <cstring>

#include "method.h"
#include "steps.h"

namespace lowrank {
namespace {

class GradientDescent final : public Method {
 public:
  explicit GradientDescent(const SolverState& state) {
    const bool search = state.options.step == StepKind::exactLineSearch;
    const std::int64_t rows = state.rows, cols = state.cols, rank = state.rank;
    if (state.options.step == StepKind::automatic) scratch_ = AlignedBuffer<double>(rows + cols);
    if (search) {
      scratch_ = AlignedBuffer<double>(2 * rank * (rows + cols) + rank * (rows + cols) + 2 * state.measurements);
      double* next = scratch_.data();
      const auto take = [&](std::int64_t r, std::int64_t c) {
        const Matrix m{next, r, c};
        next += r * c;
        return m;
      };
      wideLeft_ = take(rows, 2 * rank);
      wideRight_ = take(cols, 2 * rank);
      downLeft_ = take(rows, rank);
      downRight_ = take(cols, rank);
      first_ = take(1, state.measurements).data;
      second_ = take(1, state.measurements).data;
    }
  }

  std::int64_t bytes() const override { return scratch_.bytes(); }

  bool initialize(SolverState& state, Team& team) override {
    switch (state.options.step) {
      case StepKind::fixed:
        step_ = state.options.stepSize;
        return true;
      case StepKind::exactLineSearch:
        return true;
      case StepKind::automatic:
        break;
    }
    // ||A*(y)|| is about scale * sigma_1, and the Hessian at the solution has norm 2 scale sigma_1: half of its inverse
    // is safe but for the deviation of A*A from the identity, which halving on the way takes care of.
    const auto* y = state.y.data();
    if (!state.op->adjoint(y, state.heldOutOrNull(), *state.workspace, team)) return false;
    ++state.info.passes;
    ++state.info.adjointCount;
    const double norm =
        imageNorm(state.workspace->image(), state.rows, state.cols, scratch_.data(), scratch_.data() + state.rows);
    // A start larger than the answer needs the step of its own size.
    const double start = squaredNorm(state.left) + (state.symmetricModel() ? 0 : squaredNorm(state.right));
    const double curvature = norm + state.scale * start / static_cast<double>(state.rank);
    step_ = curvature > 0 ? 0.5 / curvature : 1;
    return state.evaluate(team);  // the image is of y now
  }

  bool step(SolverState& state, Team& team) override {
    if (state.options.step == StepKind::exactLineSearch) return lineSearchStep(state, team);
    if (state.options.step == StepKind::fixed) {
      move(state, step_);
      return state.evaluate(team);
    }
    return guardedStep(state, team);
  }

 private:
  static void move(SolverState& state, double size) {
    addScaled(-size, state.gradLeft, state.left);
    if (!state.symmetricModel()) addScaled(-size, state.gradRight, state.right);
    state.info.step = size;
  }

  // Halves the step for good when the loss rises by more than rounding explains. The loop has kept the factors.
  bool guardedStep(SolverState& state, Team& team) {
    const double before = state.trainSquared;
    const double floor = 1e-24 * state.yTrainNorm * state.yTrainNorm;
    for (int attempt = 0;; ++attempt) {
      move(state, step_);
      if (!state.evaluate(team)) return false;
      if (attempt == maxHalvings || state.trainSquared <= before * (1 + 1e-6) + floor) return true;
      ++state.info.rejectedSteps;
      step_ *= 0.5;
      state.restoreFactors();
      if (!state.evaluate(team)) return false;  // the gradient at the kept factors
    }
  }

  // Exact line search (10.15 of the design's matrix-sensing notes; derived): along -grad the residual is
  //   r(a) = r0 + a r1 + a^2 r2,  r1 = A(D_F G^T + F D_G^T),  r2 = A(D_F D_G^T),
  // both from one extra pass. options.stepSize > 0 caps the step.
  bool lineSearchStep(SolverState& state, Team& team) {
    const std::int64_t k = state.rank;
    // D is kept normalised by the gradient, so that tiny gradients do not underflow in r2.
    const double gradient = std::sqrt(state.gradientSquared);
    if (!(gradient > 0)) return state.evaluate(team);
    const auto fill = [&](ConstMatrix grad, Matrix down) {
      for (std::int64_t i = 0; i < down.size(); ++i) down.data[i] = -grad.data[i] / gradient;
    };
    fill(state.gradLeft, downLeft_);
    fill(state.symmetricModel() ? state.gradLeft : state.gradRight, downRight_);
    // [D_F F] [G D_G]^T = D_F G^T + F D_G^T
    const auto join = [k](ConstMatrix a, ConstMatrix b, Matrix wide) {
      for (std::int64_t i = 0; i < wide.rows; ++i) {
        std::memcpy(wide.data + i * 2 * k, a.data + i * k, static_cast<std::size_t>(k) * sizeof(double));
        std::memcpy(wide.data + i * 2 * k + k, b.data + i * k, static_cast<std::size_t>(k) * sizeof(double));
      }
    };
    join(downLeft_, state.left, wideLeft_);
    join(state.right, downRight_, wideRight_);
    if (!state.op->measurePair({wideLeft_, wideRight_}, {downLeft_, downRight_}, first_, second_, *state.workspace,
                               team)) {
      return false;
    }
    ++state.info.passes;
    state.info.forwardCount += 2;
    double size = quarticMinimiser(state.trainInner(first_, first_), state.trainInner(state.residual, first_),
                                   state.trainInner(state.residual, second_), state.trainInner(first_, second_),
                                   state.trainInner(second_, second_)) /
                  gradient;
    if (state.options.stepSize > 0) size = std::fmin(size, state.options.stepSize);
    move(state, size);
    return state.evaluate(team);
  }

  static constexpr int maxHalvings = 40;
  double step_ = 0;
  AlignedBuffer<double> scratch_;
  Matrix wideLeft_, wideRight_, downLeft_, downRight_;
  double* first_ = nullptr;
  double* second_ = nullptr;
};

}  // namespace

std::unique_ptr<Method> makeGradientDescent(const SolverState& state) {
  return std::make_unique<GradientDescent>(state);
}

}  // namespace lowrank
