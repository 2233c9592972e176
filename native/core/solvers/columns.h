// Columns that a run can record: a new one is one line in columns.cc.
#pragma once

#include "state.h"

namespace lowrank {

struct Column {
  const char* name;
  double (*value)(SolverState&);
};

// Throws Error(invalidArgument) for an unknown name.
const Column& findColumn(const std::string& name);

// ||A(X) - y|| / ||y|| over the training / held-out rows; the absolute norm where y is zero; -1 without held-out rows.
double trainResidual(const SolverState& state);
double validationResidual(const SolverState& state);
// ||X - X*||_F / ||X*||_F (the absolute distance when X* = 0); -1 without the truth. O(rows cols rank).
double testError(SolverState& state);

}  // namespace lowrank
