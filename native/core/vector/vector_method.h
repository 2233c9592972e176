// A vector method is one update rule over a state: one file, and one line in vector_methods.cc.
#pragma once

#include <memory>

#include "vector_run.h"

namespace lowrank {

// What a method may see and change. Everything is allocated before the first iteration.
struct VectorState {
  VectorState(std::shared_ptr<const Design> design, const VectorRunOptions& options);

  // r, trainLoss, force and gradient = X^H force / m + ridge theta at theta, for options.loss: one pass.
  bool evaluate(Team& team);
  // r = X theta alone, and the residual: one forward pass.
  bool measure(Team& team);

  std::shared_ptr<const Design> design;
  VectorRunOptions options;
  std::unique_ptr<Loss> loss;
  std::unique_ptr<DesignWorkspace> workspace;
  VectorRunInfo info;

  Field field;
  std::int64_t m, n;                                       // measurements, dimension
  std::int64_t wideM, wideN;                               // doubles of such vectors
  AlignedBuffer<double> y, modulus;                        // modulus = sqrt(y) where intensity, else empty
  AlignedBuffer<double> theta, r, gradient, force, truth;  // wideN, wideM, wideN, wideM, wideN or 0
};

class VectorMethod {
 public:
  virtual ~VectorMethod() = default;
  // Called once with theta set, before the first step; leaves r (and info.trainLoss) right for theta. False when
  // cancelled. The default evaluates.
  virtual bool initialize(VectorState& state, Team& team) { return state.evaluate(team); }
  // From one iterate to the next; leaves r right for theta and counts its passes in state.info. False when cancelled.
  // Must not allocate.
  virtual bool step(VectorState& state, Team& team) = 0;
  virtual std::int64_t bytes() const { return 0; }
};

std::unique_ptr<VectorMethod> makeVectorMethod(const VectorState& state);

}  // namespace lowrank
