// A method is one update rule over a state: one file, and one line in methods.cc. The loop (run.cc) owns recording,
// stopping, cancellation and the ledger; a method owns what happens between two evaluations.
#pragma once

#include <memory>

#include "state.h"

namespace lowrank {

class Method {
 public:
  virtual ~Method() = default;
  // Called once, after the first evaluate(). False when cancelled.
  virtual bool initialize(SolverState&, Team&) { return true; }
  // From an evaluated state to the next evaluated state. False when cancelled; the loop then restores the factors that
  // it kept before the call. Must not allocate.
  virtual bool step(SolverState& state, Team& team) = 0;
  virtual std::int64_t bytes() const { return 0; }
};

// Throws Error(invalidArgument) for an unknown name or a model the method cannot serve.
std::unique_ptr<Method> makeMethod(const SolverState& state);

std::unique_ptr<Method> makeGradientDescent(const SolverState& state);
std::unique_ptr<Method> makeApproximateGaussNewton(const SolverState& state);
std::unique_ptr<Method> makeRiemannianGaussNewton(const SolverState& state);

// The start: fills the factors as options.init says. False when cancelled.
bool initializeFactors(SolverState& state, Team& team);

}  // namespace lowrank
