// Methods that use one row of the design at a time:
//   Kaczmarz (Wei, arXiv 1502.01822; Tan and Vershynin, arXiv 1706.09993)
//     theta <- theta + (b_i r_i / |r_i| - r_i) conj(x_i) / ||x_i||^2
//   incremental reshaped Wirtinger flow (Zhang and Liang, arXiv 1605.07719)
//     theta <- theta - (mu / n) (r_i - b_i r_i / |r_i|) conj(x_i),   entries of variance 1
// with r_i = <x_i, theta> at the theta of that moment. An iteration is a sweep: m rows, hence one reading of the
// design, and a second one for r. Rows follow each other, so a sweep runs on one thread.
#include <algorithm>

#include "../../linalg/philox.h"
#include "methods.h"
#include "tools.h"

namespace lowrank {
namespace {

enum class Order { cyclic, random, shuffled };

class RowSweep final : public VectorMethod {
 public:
  // factor: mu / n for a fixed step, 0 for 1 / ||x_i||^2.
  RowSweep(const VectorState& state, double factor, Order order)
      : factor_(factor),
        order_(order),
        row_(state.wideN),
        draws_(order == Order::cyclic ? 0 : state.m),
        rows_(order == Order::shuffled ? state.m : 0) {}

  std::int64_t bytes() const override { return row_.bytes() + draws_.bytes() + rows_.bytes(); }

  bool initialize(VectorState& state, Team& team) override { return measure(state, team); }

  bool step(VectorState& state, Team& team) override {
    drawOrder(state);
    for (std::int64_t k = 0; k < state.m; ++k) {
      if (k % rowsPerPoll == 0 && team.cancelled()) return false;
      project(state, rowAt(state, k));
    }
    ++state.info.passes;
    ++state.info.forwardCount;
    ++state.info.adjointCount;
    return measure(state, team);
  }

 private:
  bool measure(VectorState& state, Team& team) {
    if (!state.measure(team)) return false;
    const Entries r = entriesOf(static_cast<const double*>(state.r.data()), state.m, state.field);
    const double* b = state.modulus.data();
    const double sum = state.sumRows(team, [&](std::int64_t i) {
      const double misfit = std::sqrt(squaredModulus(r, i)) - b[i];
      return misfit * misfit;
    });
    state.info.trainLoss = (state.field == Field::complex ? 1 : 0.5) * sum / static_cast<double>(state.m);
    return true;
  }

  void drawOrder(const VectorState& state) {
    if (order_ == Order::cyclic) return;
    const auto first = static_cast<std::uint64_t>(sweeps_) * static_cast<std::uint64_t>(state.m);
    uniforms(state.options.seed, Purpose::rowOrder, first, state.m, draws_.data());
    ++sweeps_;
    if (order_ == Order::random) return;
    for (std::int64_t i = 0; i < state.m; ++i) rows_[i] = i;
    for (std::int64_t i = state.m - 1; i > 0; --i) std::swap(rows_[i], rows_[below(draws_[i], i + 1)]);
  }

  static std::int64_t below(double uniform, std::int64_t count) {
    return std::min(static_cast<std::int64_t>(uniform * static_cast<double>(count)), count - 1);
  }

  std::int64_t rowAt(const VectorState& state, std::int64_t k) const {
    if (order_ == Order::cyclic) return k;
    return order_ == Order::random ? below(draws_[k], state.m) : rows_[k];
  }

  void project(VectorState& state, std::int64_t i) {
    double* row = row_.data();
    double* theta = state.theta.data();
    const std::int64_t n = state.n;
    state.design->readRow(i, row);
    const double square = squaredLength(row, state.wideN);
    if (!(square > 0)) return;
    if (state.field == Field::real) {
      const double r = dotProduct(row, theta, n);
      if (r == 0) return;
      const double size = (r - std::copysign(state.modulus[i], r)) * (factor_ > 0 ? factor_ : 1 / square);
      addMultiple(-size, row, theta, n);
      return;
    }
    // r = sum x theta, then theta <- theta - size r conj(x)
    const double* a = row;
    const double* b = row + n;
    double re = 0, im = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      re += a[j] * theta[j] - b[j] * theta[n + j];
      im += a[j] * theta[n + j] + b[j] * theta[j];
    }
    const double modulus = std::sqrt(re * re + im * im);
    if (!(modulus > 0)) return;
    const double size = (1 - state.modulus[i] / modulus) * (factor_ > 0 ? factor_ : 1 / square);
    re *= size;
    im *= size;
    for (std::int64_t j = 0; j < n; ++j) {
      theta[j] -= re * a[j] + im * b[j];
      theta[n + j] -= im * a[j] - re * b[j];
    }
  }

  static constexpr std::int64_t rowsPerPoll = 64;

  double factor_;
  Order order_;
  std::int64_t sweeps_ = 0;
  AlignedBuffer<double> row_, draws_;
  AlignedBuffer<std::int64_t> rows_;
};

Order orderOf(std::int64_t code) { return code == 0 ? Order::cyclic : code == 1 ? Order::random : Order::shuffled; }

}  // namespace

std::unique_ptr<VectorMethod> makeKaczmarz(const VectorState& state) {
  return std::make_unique<RowSweep>(state, 0, orderOf(integerParameter(state, 0, 0, 2)));
}
std::unique_ptr<VectorMethod> makeIncrementalReshapedWirtingerFlow(const VectorState& state) {
  const auto& options = state.options;
  const double step = options.step == VectorStep::fixed
                          ? options.stepSize
                          : positiveParameter(state, 0) / (static_cast<double>(state.n) * entryVariance(state));
  return std::make_unique<RowSweep>(state, step, orderOf(integerParameter(state, 1, 0, 2)));
}

}  // namespace lowrank
