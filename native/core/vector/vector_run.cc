#include "vector_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "../error.h"
#include "../linalg/lapack.h"
#include "vector_columns.h"
#include "vector_method.h"

namespace lowrank {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

enum class Step { done, cancelled, nonFinite };

bool finite(double value) { return allFinite(&value, 1); }

void copy(const AlignedBuffer<double>& from, AlignedBuffer<double>& to) {
  std::memcpy(to.data(), from.data(), static_cast<std::size_t>(from.bytes()));
}

void requireNumber(double value, const char* name) {
  if (!(std::isfinite(value) && value >= 0)) {
    throw Error(ErrorCode::invalidArgument, std::string("Expected a non-negative number for ") + name + ".");
  }
}

}  // namespace

struct VectorRun::State {
  State(std::shared_ptr<const Design> design, const VectorRunOptions& options)
      : vector(std::move(design), options), method(makeVectorMethod(vector)), residual(vector) {
    requireNumber(options.ridge, "ridge");
    requireNumber(options.momentum, "momentum");
    requireNumber(options.stepSize, "stepSize");
    if (options.step == VectorStep::fixed && options.stepSize == 0) {
      throw Error(ErrorCode::invalidArgument, "Expected a positive step.");
    }
    for (const auto& name : vector.options.columns) {
      columns.push_back(&findVectorColumn(name));
      if (columns.back()->needsTruth && vector.truth.size() == 0) {
        throw Error(ErrorCode::invalidArgument, "The column " + name + " needs the truth.");
      }
    }
    keptTheta = AlignedBuffer<double>(vector.wideN);
    keptR = AlignedBuffer<double>(vector.wideM);
  }

  std::int64_t width() const { return 1 + static_cast<std::int64_t>(columns.size()); }

  void record() {
    if (lastRecorded == vector.info.iterations) return;
    lastRecorded = vector.info.iterations;
    fillInfo();
    records.push_back(static_cast<double>(vector.info.iterations));
    for (const VectorColumn* column : columns) records.push_back(column->value(vector));
  }

  // What is only looked at when it is recorded or returned.
  void fillInfo() {
    if (vector.truth.size() == 0) return;
    const Comparison comparison = compareWithTruth(vector);
    vector.info.overlap = comparison.overlap;
    vector.info.testError = comparison.testError;
  }

  // Stopping rules at an evaluated iterate, in order of how much they say.
  Status judge() {
    const VectorRunOptions& options = vector.options;
    const VectorRunInfo& info = vector.info;
    if (info.iterations == 0) {
      firstResidual = info.residual;
      firstGradient = info.gradientNorm;
    }
    // A zero residual is an exact answer whatever the rules.
    if (info.residual <= options.stopResidual) return Status::residual;
    // Worse than the start and than 0 is no convergence: a step too long can end where a loss is flat.
    if (options.stopGradient > 0 && firstGradient > 0 && info.gradientNorm <= options.stopGradient * firstGradient &&
        info.residual <= std::fmax(firstResidual, 1.0)) {
      return Status::gradient;
    }
    const double limit = options.stopDivergence * std::fmax(firstResidual, 1.0);
    if (options.stopDivergence > 0 && info.residual > limit) return Status::diverged;
    if (vector.exhausted || (info.iterations > 0 && options.stopChange > 0 && change() <= options.stopChange)) {
      return Status::stalled;
    }
    if (info.iterations >= options.stopIterations) return Status::iterations;
    if (options.stopTimeLimit > 0 && info.seconds >= options.stopTimeLimit) return Status::time;
    return Status::running;
  }

  // ||theta - theta before|| / ||theta||
  double change() const {
    double moved = 0;
    for (std::int64_t j = 0; j < vector.wideN; ++j) {
      const double d = vector.theta[j] - keptTheta[j];
      moved += d * d;
    }
    const double norm = vector.squaredNorm(vector.theta);
    return norm > 0 ? std::sqrt(moved / norm) : std::sqrt(moved);
  }

  // Residual and gradient norm; false when something is not finite.
  bool complete(Team& team) {
    VectorRunInfo& info = vector.info;
    info.residual = residual.value(vector, team);
    info.gradientNorm = std::sqrt(vector.squaredNorm(vector.gradient));
    return finite(info.trainLoss) && finite(info.residual) && finite(info.gradientNorm) &&
           allFinite(vector.theta.data(), vector.wideN);
  }

  Step step(Team& team) {
    try {
      if (team.cancelled() || !method->step(vector, team)) return Step::cancelled;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::nonFinite && error.code() != ErrorCode::numerical) throw;
      return Step::nonFinite;
    }
    return complete(team) ? Step::done : Step::nonFinite;
  }

  void keep() {
    copy(vector.theta, keptTheta);
    copy(vector.r, keptR);
    keptInfo = vector.info;
  }

  // Back to the iterate before, with all that was known of it; what was spent since stays counted.
  void restore() {
    copy(keptTheta, vector.theta);
    copy(keptR, vector.r);
    VectorRunInfo& info = vector.info;
    info.residual = keptInfo.residual;
    info.trainLoss = keptInfo.trainLoss;
    info.gradientNorm = keptInfo.gradientNorm;
    info.step = keptInfo.step;
  }

  VectorState vector;
  std::unique_ptr<VectorMethod> method;
  Residual residual;
  std::vector<const VectorColumn*> columns;
  std::vector<double> records;
  AlignedBuffer<double> keptTheta, keptR;
  VectorRunInfo keptInfo;
  Status status = Status::running;
  bool initialized = false;
  std::int64_t lastRecorded = -1;
  double firstResidual = 0, firstGradient = 0;
};

VectorRun::VectorRun(std::shared_ptr<const Design> design, const VectorRunOptions& options)
    : state_(std::make_unique<State>(std::move(design), options)) {}
VectorRun::~VectorRun() = default;

Status VectorRun::advance(std::int64_t iterations, Team& team) {
  State& run = *state_;
  VectorState& vector = run.vector;
  VectorRunInfo& info = vector.info;
  run.records.clear();
  if (run.status != Status::running) return run.status;
  const double start = now(), spentBefore = info.seconds;
  const auto tick = [&] { info.seconds = spentBefore + (now() - start); };
  const std::int64_t every = vector.options.recordEvery;
  const std::int64_t left = std::min(iterations, vector.options.stopIterations - info.iterations);
  // So that the loop does not allocate; beyond millions of numbers the vector's own doubling is cheap beside the
  // passes.
  const std::int64_t most = std::max(std::int64_t{1} << 10, (std::int64_t{1} << 22) / run.width());
  const std::int64_t rows = every > 0 ? std::min(left / every, most) : 0;
  run.records.reserve(static_cast<std::size_t>((rows + 3) * run.width()));

  if (!run.initialized) {
    run.keep();  // the start itself, should this be cancelled
    bool evaluated = false;
    try {
      evaluated = !team.cancelled() && run.residual.initialize(vector, team) && run.method->initialize(vector, team);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::nonFinite && error.code() != ErrorCode::numerical) throw;
      run.status = Status::numerical;
    }
    if (run.status == Status::running && !evaluated) run.status = Status::cancelled;
    if (run.status != Status::running) {
      run.restore();
      tick();
      return run.status;
    }
    run.initialized = true;
    const bool finiteStart = run.complete(team);
    tick();
    run.status = finiteStart ? run.judge() : Status::numerical;
    run.record();
  }
  for (std::int64_t i = 0; i < iterations && run.status == Status::running; ++i) {
    run.keep();
    const Step step = run.step(team);
    tick();
    if (step != Step::done) {
      run.restore();
      run.status = step == Step::cancelled ? Status::cancelled : Status::numerical;
      break;
    }
    ++info.iterations;
    run.status = run.judge();
    if (run.status != Status::running || (every > 0 && info.iterations % every == 0)) run.record();
  }
  run.fillInfo();
  tick();
  return run.status;
}

Status VectorRun::status() const noexcept { return state_->status; }
const VectorRunInfo& VectorRun::info() const noexcept { return state_->vector.info; }
const double* VectorRun::theta() const noexcept { return state_->vector.theta.data(); }
const double* VectorRun::field() const noexcept { return state_->vector.r.data(); }
std::int64_t VectorRun::recordWidth() const noexcept { return state_->width(); }
const std::vector<double>& VectorRun::records() const noexcept { return state_->records; }
std::int64_t VectorRun::bytes() const noexcept {
  return state_->vector.bytes() + state_->method->bytes() + state_->keptTheta.bytes() + state_->keptR.bytes();
}

}  // namespace lowrank
