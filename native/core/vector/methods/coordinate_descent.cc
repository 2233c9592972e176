// Coordinate descent on f = mean (|r|^2 - y)^2 (Zeng and So, arXiv 1706.03474): along theta_j <- theta_j + t e with e =
// 1, and in the complex field e = 1 and e = i in turn,
//   |r_i + t a_i|^2 - y_i = u_i + v_i t + w_i t^2,   a_i = e X_ij,  u = |r|^2 - y,  v = 2 Re(conj(r) a),  w = |a|^2,
// so f is a quartic in t, whose global minimiser is a root of a cubic. An iteration is a sweep over all coordinates; r
// follows along and is made anew from theta every `refresh` sweeps. Keeps a copy of the design by columns.
#include <algorithm>

#include "../../linalg/philox.h"
#include "methods.h"
#include "quartic.h"
#include "tools.h"

namespace lowrank {
namespace {

class CoordinateDescent final : public VectorMethod {
 public:
  CoordinateDescent(const VectorState& state, bool shuffled)
      : shuffled_(shuffled), columns_(state.wideM * state.n), draws_(shuffled ? state.n : 0), order_(state.n) {
    for (std::int64_t j = 0; j < state.n; ++j) order_[j] = j;
  }

  std::int64_t bytes() const override { return columns_.bytes() + draws_.bytes() + order_.bytes(); }

  bool initialize(VectorState& state, Team& team) override {
    for (std::int64_t j = 0; j < state.n; ++j) {
      if (team.cancelled()) return false;
      state.design->readColumn(j, columns_.data() + j * state.wideM);
    }
    ++state.info.passes;
    if (!state.measure(team)) return false;
    report(state, team);
    return true;
  }

  bool step(VectorState& state, Team& team) override {
    if (shuffled_) shuffle(state);
    for (std::int64_t k = 0; k < state.n; ++k) {
      if (team.cancelled()) return false;
      if (state.field == Field::real) {
        moveReal(state, order_[k]);
      } else {
        moveComplex(state, order_[k]);
      }
    }
    ++state.info.passes;
    ++sweeps_;
    if (sweeps_ % refresh == 0 && !state.measure(team)) return false;
    report(state, team);
    return true;
  }

 private:
  void shuffle(const VectorState& state) {
    uniforms(state.options.seed, Purpose::rowOrder,
             static_cast<std::uint64_t>(sweeps_) * static_cast<std::uint64_t>(state.n), state.n, draws_.data());
    for (std::int64_t i = state.n - 1; i > 0; --i) {
      const auto other = std::min(static_cast<std::int64_t>(draws_[i] * static_cast<double>(i + 1)), i);
      std::swap(order_[i], order_[other]);
    }
  }

  void moveReal(VectorState& state, std::int64_t j) {
    const double* __restrict a = columns_.data() + j * state.wideM;
    double* __restrict r = state.r.data();
    const double* y = state.y.data();
    Quartic sum;
    for (std::int64_t i = 0; i < state.m; ++i) sum.add(r[i] * r[i] - y[i], 2 * r[i] * a[i], a[i] * a[i]);
    const double t = sum.minimiser();
    state.theta[j] += t;
    addMultiple(t, a, r, state.m);
  }

  void moveComplex(VectorState& state, std::int64_t j) {
    const std::int64_t m = state.m;
    const double* __restrict a = columns_.data() + j * state.wideM;
    const double* __restrict b = a + m;
    double* __restrict re = state.r.data();
    double* __restrict im = re + m;
    const double* y = state.y.data();
    Quartic along;
    for (std::int64_t i = 0; i < m; ++i) {
      along.add(re[i] * re[i] + im[i] * im[i] - y[i], 2 * (re[i] * a[i] + im[i] * b[i]), a[i] * a[i] + b[i] * b[i]);
    }
    const double t = along.minimiser();
    state.theta[j] += t;
    for (std::int64_t i = 0; i < m; ++i) {
      re[i] += t * a[i];
      im[i] += t * b[i];
    }
    // e = i: i (a + i b) = -b + i a
    Quartic across;
    for (std::int64_t i = 0; i < m; ++i) {
      across.add(re[i] * re[i] + im[i] * im[i] - y[i], 2 * (im[i] * a[i] - re[i] * b[i]), a[i] * a[i] + b[i] * b[i]);
    }
    const double s = across.minimiser();
    state.theta[state.n + j] += s;
    for (std::int64_t i = 0; i < m; ++i) {
      re[i] -= s * b[i];
      im[i] += s * a[i];
    }
  }

  void report(VectorState& state, Team& team) const {
    const Entries r = entriesOf(static_cast<const double*>(state.r.data()), state.m, state.field);
    const double* y = state.y.data();
    const double sum = state.sumRows(team, [&](std::int64_t i) {
      const double misfit = squaredModulus(r, i) - y[i];
      return misfit * misfit;
    });
    state.info.trainLoss = (state.field == Field::complex ? 0.5 : 0.25) * sum / static_cast<double>(state.m);
  }

  static constexpr std::int64_t refresh = 10;

  bool shuffled_;
  std::int64_t sweeps_ = 0;
  AlignedBuffer<double> columns_, draws_;
  AlignedBuffer<std::int64_t> order_;
};

}  // namespace

std::unique_ptr<VectorMethod> makeCoordinateDescent(const VectorState& state) {
  return std::make_unique<CoordinateDescent>(state, integerParameter(state, 0, 0, 1) != 0);
}

}  // namespace lowrank
