// What a method may see and change: the factors, the latest pass at them, and the scratch that all methods share.
// Everything is allocated before the first iteration.
#pragma once

#include <memory>
#include <vector>

#include "run.h"

namespace lowrank {

struct SolverState {
  SolverState(std::shared_ptr<const MeasurementOperator> op, const RunOptions& options);

  // Residual, losses and gradients at the present factors: one pass. False when cancelled in the middle.
  bool evaluate(Team& team);
  // Keeps the present factors / goes back to the kept ones (which costs no pass: evaluate() again if needed).
  void keepFactors();
  void restoreFactors();
  // The pair X = L R^T of the present factors.
  FactorPair point() const;

  bool symmetricModel() const { return options.model == Model::symmetric; }
  // sum over training rows of a_i b_i, in a fixed order
  double trainInner(const double* a, const double* b) const;

  std::shared_ptr<const MeasurementOperator> op;
  RunOptions options;
  std::unique_ptr<OperatorWorkspace> workspace;
  RunInfo info;

  std::int64_t rows, cols, rank, measurements, trainCount;
  AlignedBuffer<double> y, truth, productScratch;  // the scratch, rows x cols, only where there is a truth
  AlignedBuffer<std::uint8_t> heldOut;
  const std::uint8_t* heldOutOrNull() const { return heldOut.size() > 0 ? heldOut.data() : nullptr; }
  double yTrainNorm, yHeldOutNorm, truthNorm;
  // Mean of ||A(X)||^2 over unit X on the training rows: A*A is about this times the identity.
  double scale;

  // right views are the left ones in the symmetric model
  Matrix left, right, keptLeft, keptRight;
  Matrix gradLeft, gradRight;
  double* residual;
  double trainSquared = 0;    // sum of squared residuals over the training rows
  double heldOutSquared = 0;  // and over the held-out rows
  double gradientSquared = 0;

 private:
  AlignedBuffer<double> factors_, residual_;
};

}  // namespace lowrank
