// What a vector run can say of its iterate: the residual, the comparison with the truth, and the columns that it can
// record. A new column is one line in vector_columns.cc.
#pragma once

#include "vector_method.h"

namespace lowrank {

// The residual as VectorRunInfo defines it, with what it is relative to.
class Residual {
 public:
  explicit Residual(const VectorState& state) {}
  bool initialize(VectorState& state, Team& team);
  // At state.r; where y is no intensity, at state.meanLoss.
  double value(VectorState& state, Team& team) const;

 private:
  double reference_ = 1;  // ||sqrt(y)||, or mean L(0, y); 1 where that is 0
};

struct Comparison {
  double overlap;    // 0 where theta or the truth is 0
  double testError;  // relative; absolute where the truth is 0
};
// O(n); the truth must be there.
Comparison compareWithTruth(const VectorState& state);

struct VectorColumn {
  const char* name;
  bool needsTruth;
  double (*value)(const VectorState&);
};

// Throws Error(invalidArgument) for an unknown name.
const VectorColumn& findVectorColumn(const std::string& name);

}  // namespace lowrank
