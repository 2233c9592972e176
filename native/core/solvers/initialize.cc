// Starts: given factors, small random ones, or the leading part of A*(y) (spectral).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "../error.h"
#include "../linalg/lapack.h"
#include "../linalg/philox.h"
#include "method.h"

namespace lowrank {
namespace {

double entryDeviation(const SolverState& state, std::int64_t rows) {
  switch (state.options.entryVariance) {
    case EntryVariance::scaleSquaredOverRank:
      return 1 / std::sqrt(static_cast<double>(state.rank));
    case EntryVariance::scaleSquared:
      return 1;
    case EntryVariance::scaleSquaredOverDimension:
      return 1 / std::sqrt(static_cast<double>(rows));
  }
  return 1;
}

void drawFactor(const SolverState& state, Purpose purpose, double scale, Matrix factor) {
  normals(state.options.seed, purpose, 0, factor.size(), factor.data);
  const double deviation = scale * entryDeviation(state, factor.rows);
  for (std::int64_t i = 0; i < factor.size(); ++i) factor.data[i] *= deviation;
}

// F = alpha U_k S_k^{1/2}, G = alpha ratio V_k S_k^{1/2} from A*(y) / scale; symmetric: U from its positive
// eigenvalues, zero columns where there are fewer than k. Directions beyond min(rows, cols) are zero.
bool spectralFactors(SolverState& state, Team& team) {
  if (!state.op->adjoint(state.y.data(), state.heldOutOrNull(), *state.workspace, team)) return false;
  ++state.info.passes;
  ++state.info.adjointCount;
  const std::int64_t rows = state.rows, cols = state.cols, k = state.rank, t = std::min(rows, cols);
  AlignedBuffer<double> image(rows * cols), values(t), u(rows * t), vt(t * cols);
  const Matrix z{image.data(), rows, cols};
  state.workspace->image().toDense(z);
  const double unscale = state.scale > 0 ? 1 / state.scale : 0;
  for (std::int64_t i = 0; i < z.size(); ++i) z.data[i] *= unscale;

  const double alpha = state.options.initScale, ratio = state.options.initRatio;
  if (state.symmetricModel()) {
    SymmetricEigen eigen(rows);
    eigen.compute(z, values.data(), {u.data(), rows, rows});
    state.info.fallbacks += eigen.fallbacks();
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < k; ++j) {
        state.left.data[i * k + j] = j < rows ? alpha * std::sqrt(std::max(values[j], 0.0)) * u[i * rows + j] : 0.0;
      }
    }
    return true;
  }
  SingularValueDecomposition svd(rows, cols);
  svd.compute(z, {u.data(), rows, t}, values.data(), {vt.data(), t, cols});
  state.info.fallbacks += svd.fallbacks();
  for (std::int64_t j = 0; j < k; ++j) {
    const double root = j < t ? std::sqrt(values[j]) : 0.0;
    for (std::int64_t i = 0; i < rows; ++i) state.left.data[i * k + j] = j < t ? alpha * root * u[i * t + j] : 0.0;
    for (std::int64_t i = 0; i < cols; ++i) {
      state.right.data[i * k + j] = j < t ? alpha * ratio * root * vt[j * cols + i] : 0.0;
    }
  }
  return true;
}

}  // namespace

bool initializeFactors(SolverState& state, Team& team) {
  const RunOptions& options = state.options;
  switch (options.init) {
    case InitKind::given:
      return true;  // copied by Run
    case InitKind::random:
      drawFactor(state, Purpose::initialLeft, options.initScale, state.left);
      if (!state.symmetricModel()) {
        drawFactor(state, Purpose::initialRight, options.initScale * options.initRatio, state.right);
      }
      return true;
    case InitKind::spectral:
      return spectralFactors(state, team);
  }
  throw Error(ErrorCode::invalidArgument, "Unknown kind of start.");
}

}  // namespace lowrank
