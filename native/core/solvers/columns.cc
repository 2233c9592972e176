#include "columns.h"

#include <cmath>

#include "../error.h"
#include "probes/probes.h"

namespace lowrank {
namespace {

double relative(double squared, double norm) {
  const double value = std::sqrt(squared);
  return norm > 0 ? value / norm : value;
}

double lossConstant(const SolverState& state) { return state.symmetricModel() ? 0.25 : 0.5; }

const Column columns[] = {
    {"trainLoss", [](SolverState& s) { return lossConstant(s) * s.trainSquared; }},
    {"residual", [](SolverState& s) { return trainResidual(s); }},
    {"validationResidual", [](SolverState& s) { return validationResidual(s); }},
    {"gradientNorm", [](SolverState& s) { return std::sqrt(s.gradientSquared); }},
    {"step", [](SolverState& s) { return s.info.step; }},
    {"passes", [](SolverState& s) { return static_cast<double>(s.info.passes); }},
    {"testError", [](SolverState& s) { return testError(s); }},
};

}  // namespace

const std::vector<std::string>& recordColumnNames() {
  static const auto* names = [] {
    auto* list = new std::vector<std::string>;
    for (const auto& column : columns) list->emplace_back(column.name);
    for (const auto& name : probeNames()) list->push_back(name);
    return list;
  }();
  return *names;
}

const Column& findColumn(const std::string& name) {
  for (const auto& column : columns) {
    if (name == column.name) return column;
  }
  throw Error(ErrorCode::invalidArgument, "Unknown record column " + name + ".");
}

double trainResidual(const SolverState& state) { return relative(state.trainSquared, state.yTrainNorm); }

double validationResidual(const SolverState& state) {
  return state.heldOut.size() == 0 ? -1 : relative(state.heldOutSquared, state.yHeldOutNorm);
}

double testError(SolverState& state) {
  if (state.truth.size() == 0) return -1;
  const Matrix x{state.productScratch.data(), state.rows, state.cols};
  multiply(1, state.left, Transpose::no, state.right, Transpose::yes, 0, x);
  double squared = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double d = x.data[i] - state.truth[i];
    squared += d * d;
  }
  return relative(squared, state.truthNorm);
}

}  // namespace lowrank
