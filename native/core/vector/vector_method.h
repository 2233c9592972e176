// A vector method is one update rule over a state: one file, and one line in vector_methods.cc.
#pragma once

#include <memory>

#include "vector_run.h"

namespace lowrank {

// What a method may see and change. Everything is allocated before the first iteration.
struct VectorState {
  VectorState(std::shared_ptr<const Design> design, const VectorRunOptions& options);

  // r, meanLoss, trainLoss, force and gradient = X^H force / m + ridge theta at theta, for options.loss: one pass,
  // which it counts. False when cancelled.
  bool evaluate(Team& team);
  // r, meanLoss and trainLoss at theta: one forward pass, which it counts.
  bool measure(Team& team);
  // meanLoss and trainLoss from r and theta: no pass.
  void assess(Team& team);

  // Whose derivative ridge theta is: ridge/2 ||theta||^2 (real), in conj(theta) ridge ||theta||^2 (complex).
  double ridgeTerm() const;
  // Square (real) or squared modulus of a vector: sum over its doubles.
  double squaredNorm(const AlignedBuffer<double>& v) const;

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
  // A method without a gradient leaves `gradient` zero: stop.gradient then never fires.

  double meanLoss = 0;     // (1/m) sum_i L(r_i, y_i) of options.loss, at the latest evaluate(), measure() or assess()
  bool exhausted = false;  // set by a method that cannot go on (no step decreases the loss): Status::stalled

  // sum over rows of term(i), in a fixed order for any number of threads.
  template <class Term>
  double sumRows(Team& team, const Term& term) {
    team.run(rowSums.size(), [&](std::int64_t part) {
      const std::int64_t first = part * rowsPerSum, last = first + rowsPerSum < m ? first + rowsPerSum : m;
      double sum = 0;
      for (std::int64_t i = first; i < last; ++i) sum += term(i);
      rowSums[part] = sum;
    });
    double sum = 0;
    for (std::int64_t part = 0; part < rowSums.size(); ++part) sum += rowSums[part];
    return sum;
  }

 private:
  static constexpr std::int64_t rowsPerSum = 4096;
  AlignedBuffer<double> rowSums, rowLosses;

 public:
  std::int64_t bytes() const;
};

class VectorMethod {
 public:
  virtual ~VectorMethod() = default;
  // Called once with theta set, before the first step; leaves r (and info.trainLoss) right for theta. False when
  // cancelled. The default evaluates.
  virtual bool initialize(VectorState& state, Team& team) { return state.evaluate(team); }
  // The loop keeps a copy of theta and r and goes back to it when the step was cancelled or gave non-finite numbers.
  // From one iterate to the next; leaves r right for theta and counts its passes in state.info. False when cancelled.
  // Must not allocate.
  virtual bool step(VectorState& state, Team& team) = 0;
  virtual std::int64_t bytes() const { return 0; }
};

// Throws Error(invalidArgument) for an unknown name, wrong parameters, or options that the method does not take.
std::unique_ptr<VectorMethod> makeVectorMethod(const VectorState& state);

std::unique_ptr<VectorMethod> makeVectorGradientDescent(const VectorState& state);

}  // namespace lowrank
