// One run of an iterative method on a vector problem y_i = phi(<x_i, theta>): initialize, then the loop. As in
// solvers/run.h the loop exists once; a method is an update rule (vector_method.h), stopping and recording are data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../designs/design.h"
#include "../losses/loss.h"
#include "../runtime/memory.h"
#include "../solvers/run.h"  // Status

namespace lowrank {

enum class VectorStep { automatic, fixed };

struct VectorRunOptions {
  std::string method = "gradient-descent";
  std::vector<double> methodParameters;  // as vectorMethodDescriptions() says
  LossSpec loss;                         // of the methods that take any loss; others bring their own

  const double* theta = nullptr;  // the start, width(n) doubles, split; copied
  std::uint64_t seed = 0;         // of what is random inside a method (row order)

  VectorStep step = VectorStep::automatic;
  double stepSize = 0;  // for VectorStep::fixed
  double ridge =
      0;  // lambda: + lambda/2 ||theta||^2 (real) or lambda ||theta||^2 (complex), of the methods that take one
  double momentum = 0;  // theta^{t+1} += momentum (theta^t - theta^{t-1}), of gradient-descent

  std::int64_t stopIterations = 1000;
  double stopResidual = 0;  // 0 switches a rule off. The residual: see VectorRunInfo
  double stopGradient = 0;
  double stopChange = 0;  // ||theta^{t+1} - theta^t|| / ||theta^{t+1}|| at or below this: Status::stalled
  double stopTimeLimit = 0;
  double stopDivergence = 1e6;

  std::int64_t recordEvery = 1;      // 0: only the first and the last iteration
  std::vector<std::string> columns;  // of vectorColumnNames(); "iteration" is always column 0

  // True when y is an intensity, |z|^2: the residual is then || |r| - sqrt(y) || / ||sqrt(y)||, and sign or phase of
  // theta are not determined. Otherwise it is sqrt(mean L(r, y) / mean L(0, y)).
  bool intensity = true;
  // Sign (phase) of theta are not determined although y is no intensity; always so where it is.
  bool even = false;

  const double* y = nullptr;      // m; copied
  const double* truth = nullptr;  // width(n) or null, split; copied
};

struct VectorRunInfo {
  std::int64_t iterations = 0;
  std::int64_t passes = 0;  // how often the design was read
  std::int64_t forwardCount = 0, adjointCount = 0, rejectedSteps = 0;
  double seconds = 0;
  double residual = 0;
  double trainLoss = 0;  // (1/m) sum_i L(r_i, y_i) + ridge ||theta||^2, its half in the real field
  double gradientNorm = 0;
  double step = 0;
  // -2 and -1 without the truth. Cosine of theta* and theta, of its modulus where sign or phase are not determined.
  double overlap = -2;
  double testError = -1;  // min over the gauge (sign or phase, where not determined) of ||theta - theta*|| / ||theta*||
};

struct VectorMethodDescription {
  const char* name;
  std::vector<const char*> parameters;
  std::vector<double> defaults;
  bool real, complex;
  bool anyLoss;        // minimizes options.loss; others bring a loss of their own
  bool intensityOnly;  // needs y to be intensities
  // Which options it takes; any other is refused.
  bool ridge = false, step = false, momentum = false;
  // Defaults of the stopping rules. The limit is about twice what docs/gradient-methods.md and
  // docs/projection-methods.md report for the hardest m/n at which the method still succeeds: a guard, not a budget.
  // stopGradient is 0 where `gradient` need not vanish at a solution (corners, truncation, row sweeps) or is none.
  std::int64_t stopIterations = 1000;
  double stopGradient = 0;
};
const std::vector<VectorMethodDescription>& vectorMethodDescriptions();
// trainLoss, residual, gradientNorm, step, norm, overlap, testError, m (= overlap ||theta||), seconds
const std::vector<std::string>& vectorColumnNames();

class VectorRun {
 public:
  // Copies y, theta, truth; allocates all that the loop will need. Throws Error.
  VectorRun(std::shared_ptr<const Design> design, const VectorRunOptions& options);
  ~VectorRun();

  // At most `iterations` more iterations (the first call evaluates the start too, even with 0).
  Status advance(std::int64_t iterations, Team& team);

  Status status() const noexcept;
  const VectorRunInfo& info() const noexcept;
  const double* theta() const noexcept;  // width(n), split
  const double* field() const noexcept;  // width(m), split: r = X theta at theta()

  std::int64_t recordWidth() const noexcept;
  const std::vector<double>& records() const noexcept;  // of the latest advance()
  std::int64_t bytes() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lowrank
