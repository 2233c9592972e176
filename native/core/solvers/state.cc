#include "state.h"

#include <chrono>
#include <cmath>
#include <cstring>

#include "../error.h"

namespace lowrank {

SolverState::SolverState(std::shared_ptr<const MeasurementOperator> measurementOperator, const RunOptions& runOptions)
    : op(std::move(measurementOperator)), options(runOptions), workspace(op->workspace()) {
  rows = op->rows();
  cols = op->cols();
  rank = options.rank;
  measurements = op->measurements();
  if (rank < 1) throw Error(ErrorCode::invalidArgument, "The rank must be at least 1.");
  if (options.y == nullptr) throw Error(ErrorCode::invalidArgument, "The measurements y are missing.");
  if (symmetricModel() && (rows != cols || !op->symmetric())) {
    throw Error(ErrorCode::invalidArgument, "The symmetric model needs an operator of symmetric measurement matrices.");
  }

  y = AlignedBuffer<double>(measurements);
  std::memcpy(y.data(), options.y, static_cast<std::size_t>(y.bytes()));
  trainCount = measurements;
  if (options.heldOut != nullptr) {
    heldOut = AlignedBuffer<std::uint8_t>(measurements);
    for (std::int64_t i = 0; i < measurements; ++i) {
      heldOut[i] = options.heldOut[i] != 0 ? 1 : 0;
      trainCount -= heldOut[i];
    }
    if (trainCount == 0) throw Error(ErrorCode::invalidArgument, "Every measurement is held out.");
  }
  if (options.truth != nullptr) {
    truth = AlignedBuffer<double>(rows * cols);
    productScratch = AlignedBuffer<double>(rows * cols);
    std::memcpy(truth.data(), options.truth, static_cast<std::size_t>(truth.bytes()));
  }
  options.y = nullptr;
  options.heldOut = nullptr;
  options.truth = nullptr;

  yTrainNorm = std::sqrt(trainInner(y.data(), y.data()));
  double all = 0;
  for (std::int64_t i = 0; i < measurements; ++i) all += heldOut.size() > 0 && heldOut[i] != 0 ? y[i] * y[i] : 0.0;
  yHeldOutNorm = std::sqrt(all);
  truthNorm = truth.size() > 0 ? std::sqrt(squaredNorm({truth.data(), rows, cols})) : 0;
  scale = op->squaredNorm() * (static_cast<double>(trainCount) / static_cast<double>(measurements)) /
          (static_cast<double>(rows) * static_cast<double>(cols));
  if (op->symmetric()) {
    // Over symmetric X there are n (n + 1) / 2 directions instead of n^2.
    scale *= 2.0 * static_cast<double>(rows) / (static_cast<double>(rows) + 1.0);
  }

  const std::int64_t leftSize = rows * rank;
  const std::int64_t rightSize = symmetricModel() ? 0 : cols * rank;
  factors_ = AlignedBuffer<double>(3 * (leftSize + rightSize));
  residual_ = AlignedBuffer<double>(measurements);
  residual = residual_.data();
  double* next = factors_.data();
  const auto take = [&](Matrix& l, Matrix& r) {
    l = {next, rows, rank};
    next += leftSize;
    r = symmetricModel() ? l : Matrix{next, cols, rank};
    next += rightSize;
  };
  take(left, right);
  take(keptLeft, keptRight);
  take(gradLeft, gradRight);
}

FactorPair SolverState::point() const { return {left, right}; }

double SolverState::trainInner(const double* a, const double* b) const {
  if (heldOut.size() == 0) return innerProduct({a, 1, measurements}, {b, 1, measurements});
  double sum = 0;
  for (std::int64_t i = 0; i < measurements; ++i) sum += heldOut[i] != 0 ? 0.0 : a[i] * b[i];
  return sum;
}

bool SolverState::evaluate(Team& team) {
  const auto start = std::chrono::steady_clock::now();
  if (!op->residualAndImage(point(), y.data(), heldOutOrNull(), residual, *workspace, team)) return false;
  info.passSeconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ++info.passes;
  ++info.forwardCount;
  ++info.adjointCount;
  trainSquared = trainInner(residual, residual);
  if (heldOut.size() > 0) {
    heldOutSquared = 0;
    for (std::int64_t i = 0; i < measurements; ++i) heldOutSquared += heldOut[i] != 0 ? residual[i] * residual[i] : 0.0;
  }
  // Gradients of 1/4 ||A(UU^T) - y||^2 and 1/2 ||A(FG^T) - y||^2: Z U, and Z G, Z^T F, with Z = A*(A(X) - y).
  workspace->image().times(right, gradLeft);
  gradientSquared = squaredNorm(gradLeft);
  if (!symmetricModel()) {
    workspace->image().transposeTimes(left, gradRight);
    gradientSquared += squaredNorm(gradRight);
  }
  return true;
}

void SolverState::keepFactors() {
  std::memcpy(keptLeft.data, left.data, static_cast<std::size_t>(left.size()) * sizeof(double));
  if (!symmetricModel()) {
    std::memcpy(keptRight.data, right.data, static_cast<std::size_t>(right.size()) * sizeof(double));
  }
}

void SolverState::restoreFactors() {
  std::memcpy(left.data, keptLeft.data, static_cast<std::size_t>(left.size()) * sizeof(double));
  if (!symmetricModel()) {
    std::memcpy(right.data, keptRight.data, static_cast<std::size_t>(right.size()) * sizeof(double));
  }
}

}  // namespace lowrank
