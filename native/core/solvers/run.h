// One run of an iterative method on X = U U^T or F G^T: initialize, then the loop. The loop exists once, here; a method
// is an update rule (method.h), a stopping rule and a recorded column are data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../operators/operator.h"
#include "../runtime/memory.h"

namespace lowrank {

enum class Model { symmetric, asymmetric };

// Why a run ended. `running` means that it has not.
enum class Status {
  running,
  residual,    // relative training residual reached stop.residual
  gradient,    // norm of the gradient reached stop.gradient times its first value
  event,       // the trigger of an event fired: the caller changes the factors and goes on with a new run
  validation,  // held-out residual has not improved for stop.validationPatience iterations; the best factors are kept
  stalled,     // training residual improved by less than stop.stallDecrease (relative) over stop.stallWindow iterations
  iterations,  // stop.iterations were made
  time,        // stop.timeLimit seconds were spent
  cancelled,
  diverged,   // training residual exceeded stop.divergence times the larger of 1 and its first value
  numerical,  // a non-finite number appeared; the last finite factors are kept
};
const char* statusName(Status status) noexcept;
bool statusMeansConverged(Status status) noexcept;  // residual, gradient, validation

enum class InitKind { given, random, spectral };
// Variance of an entry of a random start, for scale alpha: the two papers differ, so it is always named.
enum class EntryVariance {
  scaleSquaredOverRank,       // alpha^2 / k     (arXiv 2106.15013)
  scaleSquared,               // alpha^2         (arXiv 2310.01769, symmetric)
  scaleSquaredOverDimension,  // alpha^2 / n     (arXiv 2310.01769, asymmetric; n = rows for F, cols for G)
};
enum class StepKind { fixed, automatic, exactLineSearch };

struct RunOptions {
  Model model = Model::asymmetric;
  std::int64_t rank = 1;  // columns of the factors
  std::string method = "gradient-descent";

  InitKind init = InitKind::random;
  double initScale = 1e-3;  // alpha; for a spectral start the factors are multiplied by it
  double initRatio = 1.0;   // scale of G relative to F
  EntryVariance entryVariance = EntryVariance::scaleSquaredOverRank;
  std::uint64_t seed = 0;
  const double* left = nullptr;   // rows x rank, for InitKind::given; copied
  const double* right = nullptr;  // cols x rank, asymmetric model only

  StepKind step = StepKind::automatic;
  double stepSize = 0;  // for StepKind::fixed

  std::int64_t stopIterations = 1000;
  double stopResidual = 0;  // 0 switches a rule off
  double stopGradient = 0;
  std::int64_t stopStallWindow = 0;
  double stopStallDecrease = 0;
  std::int64_t stopValidationPatience = 0;  // needs heldOut
  double stopTimeLimit = 0;
  double stopDivergence = 1e6;
  std::int64_t stopEventIteration = -1;  // Status::event at the first iteration >= this; -1: none
  double stopEventResidual = 0;          // Status::event at the first relative training residual <= this; 0: none

  std::int64_t recordEvery = 1;  // 0: record only the first and the last iteration
  // Added to the iteration that is recorded, by a run that goes on where another one ended with Status::event.
  std::int64_t iterationOffset = 0;
  std::vector<std::string> columns;  // of recordColumnNames(); "iteration" is always column 0
  std::int64_t probeRank = 0;        // r of the probes (probes/probe.h); 0: the numerical rank of the truth

  const double* y = nullptr;              // m; copied
  const std::uint8_t* heldOut = nullptr;  // m or null; copied
  const double* truth = nullptr;          // rows x cols or null; copied
};

// The names that `columns` may hold, and the methods that `method` may name.
const std::vector<std::string>& recordColumnNames();
const std::vector<std::string>& methodNames();

// The ledger of a run so far.
struct RunInfo {
  std::int64_t iterations = 0;
  std::int64_t passes = 0;         // how often the data of the operator were read
  std::int64_t forwardCount = 0;   // applications of A
  std::int64_t adjointCount = 0;   // applications of A*
  std::int64_t rejectedSteps = 0;  // automatic steps that were halved
  std::int64_t fallbacks = 0;      // LAPACK drivers that needed their second choice
  double seconds = 0, initSeconds = 0, passSeconds = 0, updateSeconds = 0, recordSeconds = 0;
  double trainResidual = 0;        // relative: ||A(X) - y|| / ||y|| over the training rows
  double validationResidual = -1;  // relative, over the held-out rows; -1 without any
  double trainLoss = 0;            // 1/4 (symmetric) or 1/2 (asymmetric) ||A(X) - y||^2 over the training rows
  double gradientNorm = 0;
  double step = 0;        // the last step size taken
  double testError = -1;  // relative Frobenius distance to the truth; -1 without it
};

class Run {
 public:
  // Copies y, heldOut, truth and given factors; allocates all that the loop will need. Throws Error.
  Run(std::shared_ptr<const MeasurementOperator> op, const RunOptions& options);
  ~Run();

  // Makes at most `iterations` more iterations (the first call initializes too, even with 0). Returns running when it
  // can go on. A cancelled call leaves the factors of the last complete iteration.
  Status advance(std::int64_t iterations, Team& team);

  Status status() const noexcept;
  const RunInfo& info() const noexcept;
  ConstMatrix left() const noexcept;
  ConstMatrix right() const noexcept;  // the left factor again in the symmetric model

  // Rows recorded by the latest advance(), row-major, recordWidth() numbers each: the iteration, then the
  // columns, of which a vector column (probes/probe.h) has as many numbers as the factors have columns.
  std::int64_t recordWidth() const noexcept;
  const std::vector<double>& records() const noexcept;

  std::int64_t bytes() const noexcept;  // all scratch, the operator not counted

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lowrank
