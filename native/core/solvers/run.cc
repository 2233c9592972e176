#include "run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "../error.h"
#include "../linalg/lapack.h"
#include "columns.h"
#include "method.h"
#include "probes/probes.h"

namespace lowrank {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

enum class Step { done, cancelled, nonFinite };

bool finite(double value) { return allFinite(&value, 1); }

}  // namespace

const char* statusName(Status status) noexcept {
  switch (status) {
    case Status::running:
      return "running";
    case Status::residual:
      return "residual";
    case Status::gradient:
      return "gradient";
    case Status::event:
      return "event";
    case Status::validation:
      return "validation";
    case Status::stalled:
      return "stalled";
    case Status::iterations:
      return "iterations";
    case Status::time:
      return "time";
    case Status::cancelled:
      return "cancelled";
    case Status::diverged:
      return "diverged";
    case Status::numerical:
      return "numerical";
  }
  return "numerical";
}

bool statusMeansConverged(Status status) noexcept {
  return status == Status::residual || status == Status::gradient || status == Status::validation;
}

struct Run::State {
  State(std::shared_ptr<const MeasurementOperator> op, const RunOptions& options)
      : solver(std::move(op), options), method(makeMethod(solver)), probes(solver) {
    RunOptions& own = solver.options;
    if (own.init == InitKind::given) {
      if (own.left == nullptr || (own.right == nullptr && !solver.symmetricModel())) {
        throw Error(ErrorCode::invalidArgument, "The given factors are missing.");
      }
      std::memcpy(solver.left.data, own.left, static_cast<std::size_t>(solver.left.size()) * sizeof(double));
      if (!solver.symmetricModel()) {
        std::memcpy(solver.right.data, own.right, static_cast<std::size_t>(solver.right.size()) * sizeof(double));
      }
    }
    own.left = own.right = nullptr;
    std::size_t probeCount = 0;
    for (const auto& name : own.columns) {
      if (probes.add(name)) {
        recorded.push_back({nullptr, probeCount, probes.width(probeCount)});
        ++probeCount;
      } else {
        recorded.push_back({&findColumn(name), 0, 1});
      }
    }
    if (own.stopStallWindow > 0) {
      residualWindow = AlignedBuffer<double>(own.stopStallWindow);
      gradientWindow = AlignedBuffer<double>(own.stopStallWindow);
    }
    if (own.stopValidationPatience > 0) {
      if (solver.heldOut.size() == 0) {
        throw Error(ErrorCode::invalidArgument, "Stopping by validation needs held-out measurements.");
      }
      best = AlignedBuffer<double>(solver.left.size() + (solver.symmetricModel() ? 0 : solver.right.size()));
    }
  }

  std::int64_t width() const {
    std::int64_t sum = 1;
    for (const Recorded& one : recorded) sum += one.width;
    return sum;
  }

  void record() {
    if (lastRecorded == solver.info.iterations) return;
    lastRecorded = solver.info.iterations;
    records.push_back(static_cast<double>(solver.options.iterationOffset + solver.info.iterations));
    const double start = now();
    for (const Recorded& one : recorded) {
      const std::size_t at = records.size();
      records.resize(at + static_cast<std::size_t>(one.width));
      if (one.column != nullptr) {
        records[at] = one.column->value(solver);
      } else {
        probes.value(one.probe, records.data() + at);
      }
    }
    solver.info.recordSeconds += now() - start;
  }

  // What probes do in between counts as recording too.
  void stepProbes() {
    if (probes.empty()) return;
    const double start = now();
    probes.step();
    solver.info.recordSeconds += now() - start;
  }

  // Stopping rules at an evaluated state, in order of how much they say.
  Status judge(double seconds) {
    const RunOptions& options = solver.options;
    RunInfo& info = solver.info;
    info.trainResidual = trainResidual(solver);
    info.gradientNorm = std::sqrt(solver.gradientSquared);
    if (info.iterations == 0) {
      firstResidual = info.trainResidual;
      firstGradient = info.gradientNorm;
    }
    if (options.stopResidual > 0 && info.trainResidual <= options.stopResidual) return Status::residual;
    // A zero residual is an exact answer whatever the rules.
    if (info.trainResidual == 0) return Status::residual;
    if (options.stopGradient > 0 && info.gradientNorm <= options.stopGradient * firstGradient) return Status::gradient;
    if (options.stopValidationPatience > 0 && validationStopped()) return Status::validation;
    const double limit = options.stopDivergence * std::fmax(firstResidual, 1.0);
    if (options.stopDivergence > 0 && info.trainResidual > limit) return Status::diverged;
    const bool atIteration = options.stopEventIteration >= 0 && info.iterations >= options.stopEventIteration;
    const bool atResidual = options.stopEventResidual > 0 && info.trainResidual <= options.stopEventResidual;
    if (atIteration || atResidual) return Status::event;
    if (stalled()) return Status::stalled;
    if (info.iterations >= options.stopIterations) return Status::iterations;
    if (options.stopTimeLimit > 0 && seconds >= options.stopTimeLimit) return Status::time;
    return Status::running;
  }

  // Held-out residual without a new best for `patience` iterations; finish() puts the best factors back.
  bool validationStopped() {
    const double value = validationResidual(solver);
    if (bestIteration < 0 || value < bestValue) {
      bestValue = value;
      bestIteration = solver.info.iterations;
      std::memcpy(best.data(), solver.left.data, static_cast<std::size_t>(solver.left.size()) * sizeof(double));
      if (!solver.symmetricModel()) {
        std::memcpy(best.data() + solver.left.size(), solver.right.data,
                    static_cast<std::size_t>(solver.right.size()) * sizeof(double));
      }
      return false;
    }
    return solver.info.iterations - bestIteration >= solver.options.stopValidationPatience;
  }

  void restoreBest() {
    std::memcpy(solver.left.data, best.data(), static_cast<std::size_t>(solver.left.size()) * sizeof(double));
    if (!solver.symmetricModel()) {
      std::memcpy(solver.right.data, best.data() + solver.left.size(),
                  static_cast<std::size_t>(solver.right.size()) * sizeof(double));
    }
  }

  // On the plateau of a small start the residual stands still while the gradient grows exponentially: that is progress.
  bool stalled() {
    const std::int64_t window = solver.options.stopStallWindow;
    if (window <= 0) return false;
    const std::int64_t i = solver.info.iterations, slot = i % window;
    const bool stands = i >= window &&
                        solver.info.trainResidual > (1 - solver.options.stopStallDecrease) * residualWindow[slot] &&
                        solver.info.gradientNorm <= gradientWindow[slot];
    residualWindow[slot] = solver.info.trainResidual;
    gradientWindow[slot] = solver.info.gradientNorm;
    return stands;
  }

  // Factors that overflow reach LAPACK inside some methods: its refusal ends the run like any other non-finite number.
  Step step(Team& team) {
    try {
      if (team.cancelled() || !method->step(solver, team)) return Step::cancelled;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::nonFinite && error.code() != ErrorCode::numerical) throw;
      return Step::nonFinite;
    }
    return stateIsFinite() ? Step::done : Step::nonFinite;
  }

  bool stateIsFinite() const { return finite(solver.trainSquared) && finite(solver.gradientSquared); }

  // After stop by validation, divergence or a non-finite number the factors are not those last evaluated.
  void finish(Team& team) {
    if (status == Status::validation) restoreBest();
    const bool moved = status == Status::validation || status == Status::numerical || status == Status::cancelled;
    if (moved && initialized && !team.cancelled()) solver.evaluate(team);
    RunInfo& info = solver.info;
    info.trainResidual = trainResidual(solver);
    info.gradientNorm = std::sqrt(solver.gradientSquared);
    fillInfo();
  }

  void fillInfo() {
    RunInfo& info = solver.info;
    info.validationResidual = validationResidual(solver);
    info.trainLoss = (solver.symmetricModel() ? 0.25 : 0.5) * solver.trainSquared;
    info.testError = testError(solver);
  }

  SolverState solver;
  std::unique_ptr<Method> method;
  // A column of columns.cc, or else a probe.
  struct Recorded {
    const Column* column;
    std::size_t probe;
    std::int64_t width;
  };
  Probes probes;
  std::vector<Recorded> recorded;
  std::vector<double> records;
  AlignedBuffer<double> residualWindow, gradientWindow, best;
  Status status = Status::running;
  bool initialized = false;
  std::int64_t lastRecorded = -1, bestIteration = -1;
  double bestValue = 0, firstResidual = 0, firstGradient = 0;
};

Run::Run(std::shared_ptr<const MeasurementOperator> op, const RunOptions& options)
    : state_(std::make_unique<State>(std::move(op), options)) {}
Run::~Run() = default;

Status Run::advance(std::int64_t iterations, Team& team) {
  State& run = *state_;
  SolverState& solver = run.solver;
  RunInfo& info = solver.info;
  run.records.clear();
  if (run.status != Status::running) return run.status;
  const double start = now(), spentBefore = info.seconds;
  const auto spent = [&] { return spentBefore + (now() - start); };
  const std::int64_t every = solver.options.recordEvery;
  const std::int64_t left = std::min(iterations, solver.options.stopIterations - info.iterations);
  // So that the loop does not allocate; beyond a million numbers the vector's own doubling is cheap beside the
  // iterations.
  const std::int64_t most = std::max(std::int64_t{1} << 10, (std::int64_t{1} << 22) / run.width());
  const std::int64_t rows = every > 0 ? std::min(left / every, most) : 0;
  run.records.reserve(static_cast<std::size_t>((rows + 3) * run.width()));

  if (!run.initialized) {
    const bool complete = initializeFactors(solver, team) && solver.evaluate(team) &&
                          run.method->initialize(solver, team) && run.probes.start(team);
    info.seconds = info.initSeconds = spent();
    info.passSeconds = 0;  // passes of the loop; those of the start count as init
    if (!complete) {
      run.status = Status::cancelled;
      return run.status;
    }
    run.initialized = true;
    run.status = run.stateIsFinite() ? run.judge(spent()) : Status::numerical;
    run.record();
  }
  for (std::int64_t i = 0; i < iterations && run.status == Status::running; ++i) {
    solver.keepFactors();
    const Step step = run.step(team);
    if (step != Step::done) {
      solver.restoreFactors();
      run.status = step == Step::cancelled ? Status::cancelled : Status::numerical;
      break;
    }
    ++info.iterations;
    run.stepProbes();
    run.status = run.judge(spent());
    if (run.status != Status::running || (every > 0 && (solver.options.iterationOffset + info.iterations) % every == 0))
      run.record();
  }
  if (run.status != Status::running) {
    run.finish(team);
  } else {
    run.fillInfo();
  }
  info.seconds = spent();
  info.updateSeconds = info.seconds - info.initSeconds - info.passSeconds - info.recordSeconds;
  return run.status;
}

Status Run::status() const noexcept { return state_->status; }
const RunInfo& Run::info() const noexcept { return state_->solver.info; }
ConstMatrix Run::left() const noexcept { return state_->solver.left; }
ConstMatrix Run::right() const noexcept { return state_->solver.right; }
std::int64_t Run::recordWidth() const noexcept { return state_->width(); }
const std::vector<double>& Run::records() const noexcept { return state_->records; }

std::int64_t Run::bytes() const noexcept {
  const SolverState& s = state_->solver;
  const std::int64_t factors = 3 * (s.left.size() + (s.symmetricModel() ? 0 : s.right.size())) * 8;
  return s.workspace->bytes() + factors + s.y.bytes() * 2 + s.heldOut.bytes() + s.truth.bytes() +
         s.productScratch.bytes() + state_->method->bytes() + state_->best.bytes() + state_->probes.bytes();
}

}  // namespace lowrank
