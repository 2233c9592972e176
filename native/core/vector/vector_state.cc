#include <algorithm>
#include <cmath>
#include <cstring>

#include "../error.h"
#include "vector_method.h"

namespace lowrank {
namespace {

// The force of the state's loss on the way back, and what it is the force of.
class ForceMap final : public RowMap {
 public:
  ForceMap(const VectorState& state, double* force, double* values) : state_(state), force_(force), values_(values) {}

  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    const double* y = state_.y.data() + first;
    state_.loss->forces(count, r, y, weight);
    state_.loss->values(count, r, y, values_ + first);
    const MutableEntries kept = entriesOf(force_, state_.m, state_.field, first);
    const auto bytes = static_cast<std::size_t>(count) * sizeof(double);
    std::memcpy(kept.re, weight.re, bytes);
    if (kept.im != nullptr) std::memcpy(kept.im, weight.im, bytes);
  }

 private:
  const VectorState& state_;
  double* const force_;
  double* const values_;
};

[[noreturn]] void refuse(const char* message) { throw Error(ErrorCode::invalidArgument, message); }

void copyInto(AlignedBuffer<double>& buffer, const double* from, std::int64_t count) {
  buffer = AlignedBuffer<double>(count);
  std::memcpy(buffer.data(), from, static_cast<std::size_t>(buffer.bytes()));
}

}  // namespace

VectorState::VectorState(std::shared_ptr<const Design> given, const VectorRunOptions& runOptions)
    : design(std::move(given)),
      options(runOptions),
      loss(makeLoss(options.loss, design->field())),
      workspace(design->workspace()),
      field(design->field()),
      m(design->measurements()),
      n(design->dimension()),
      wideM(design->width(m)),
      wideN(design->width(n)) {
  if (options.y == nullptr) refuse("The measurements y are missing.");
  if (options.theta == nullptr) refuse("The start theta is missing.");
  copyInto(y, options.y, m);
  copyInto(theta, options.theta, wideN);
  if (options.truth != nullptr) copyInto(truth, options.truth, wideN);
  options.y = options.theta = options.truth = nullptr;
  if (options.intensity) {
    modulus = AlignedBuffer<double>(m);
    for (std::int64_t i = 0; i < m; ++i) modulus[i] = std::sqrt(y[i] > 0 ? y[i] : 0.0);
  }
  r = AlignedBuffer<double>(wideM);
  force = AlignedBuffer<double>(wideM);
  gradient = AlignedBuffer<double>(wideN);
  rowLosses = AlignedBuffer<double>(m);
  rowSums = AlignedBuffer<double>((m + rowsPerSum - 1) / rowsPerSum);
}

bool VectorState::evaluate(Team& team) {
  const ForceMap map(*this, force.data(), rowLosses.data());
  if (!design->applyAndAdjoint(theta.data(), r.data(), map, gradient.data(), *workspace, team)) return false;
  ++info.passes;
  ++info.forwardCount;
  ++info.adjointCount;
  const double scale = 1 / static_cast<double>(m);
  meanLoss = scale * sumRows(team, [this](std::int64_t i) { return rowLosses[i]; });
  info.trainLoss = meanLoss;
  for (std::int64_t j = 0; j < wideN; ++j) gradient[j] *= scale;
  if (options.ridge > 0) {
    for (std::int64_t j = 0; j < wideN; ++j) gradient[j] += options.ridge * theta[j];
    info.trainLoss += ridgeTerm();
  }
  return true;
}

bool VectorState::measure(Team& team) {
  if (!design->apply(theta.data(), r.data(), *workspace, team)) return false;
  ++info.passes;
  ++info.forwardCount;
  assess(team);
  return true;
}

void VectorState::assess(Team& team) {
  team.run(rowSums.size(), [this](std::int64_t part) {
    const std::int64_t first = part * rowsPerSum, count = std::min(rowsPerSum, m - first);
    loss->values(count, entriesOf(static_cast<const double*>(r.data()), m, field, first), y.data() + first,
                 rowLosses.data() + first);
  });
  meanLoss = sumRows(team, [this](std::int64_t i) { return rowLosses[i]; }) / static_cast<double>(m);
  info.trainLoss = meanLoss + ridgeTerm();
}

double VectorState::ridgeTerm() const {
  if (!(options.ridge > 0)) return 0;
  return (field == Field::complex ? 1 : 0.5) * options.ridge * squaredNorm(theta);
}

double VectorState::squaredNorm(const AlignedBuffer<double>& v) const {
  double sum = 0;
  for (std::int64_t j = 0; j < v.size(); ++j) sum += v[j] * v[j];
  return sum;
}

std::int64_t VectorState::bytes() const {
  return workspace->bytes() + y.bytes() + modulus.bytes() + theta.bytes() + r.bytes() + gradient.bytes() +
         force.bytes() + truth.bytes() + rowSums.bytes() + rowLosses.bytes();
}

}  // namespace lowrank
