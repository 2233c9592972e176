// The projection methods of phase retrieval. With b = sqrt(y), the field r = X theta lies in the range of X, projection
// P_A = X A^+, and its moduli are b, projection P_M u = b o u / |u|. (Bauschke, Combettes, Luke, "Phase retrieval,
// error reduction algorithm, and Fienup variants", JOSA A 19, 2002; Luke, "Relaxed averaged alternating reflections",
// Inverse Problems 21, 2005; section 9.2 of the project's reference.) All cost one pass over the design per iteration.
#include "projections.h"

#include <algorithm>
#include <cmath>

#include "../../error.h"
#include "../least_squares.h"

namespace lowrank {
namespace {

// From theta to A^+ (weights of the map at X theta). What a method is, is its map: it sees r and keeps what it needs.
class Projection : public VectorMethod, protected RowMap {
 public:
  explicit Projection(const VectorState& state)
      : squares_(*state.design), modulus_(state.modulus.data()), image_(state.wideN) {
    if (!state.options.intensity) {
      throw Error(ErrorCode::invalidArgument, "The method " + state.options.method + " needs intensities.");
    }
  }

  bool initialize(VectorState& state, Team& team) override {
    return squares_.prepare(*state.workspace, team, state.info) && pass(state, team);
  }

  bool step(VectorState& state, Team& team) override {
    return squares_.solve(image_.data(), state.theta.data(), *state.workspace, team, state.info) && pass(state, team);
  }

  std::int64_t bytes() const override { return squares_.bytes() + image_.bytes(); }

 protected:
  bool pass(VectorState& state, Team& team) {
    ++state.info.passes;
    ++state.info.forwardCount;
    ++state.info.adjointCount;
    if (!state.design->applyAndAdjoint(state.theta.data(), state.r.data(), *this, image_.data(), *state.workspace,
                                       team)) {
      return false;
    }
    state.assess(team);
    return true;
  }

  // P_M u, row i. The phase of 0 is 1, so that no row is lost for good.
  void onModulus(std::int64_t i, double re, double* outRe) const { *outRe = re < 0 ? -modulus_[i] : modulus_[i]; }
  void onModulus(std::int64_t i, double re, double im, double* outRe, double* outIm) const {
    const double size = std::sqrt(re * re + im * im);
    const double factor = size > 0 ? modulus_[i] / size : 0;
    *outRe = size > 0 ? factor * re : modulus_[i];
    *outIm = factor * im;
  }

  LeastSquares squares_;
  const double* modulus_;
  AlignedBuffer<double> image_;  // X^H weights: the right-hand side of the next iterate
};

// theta <- A^+ (b o phase(X theta)): the residual || |X theta| - b || never increases.
class ErrorReduction : public Projection {
 public:
  using Projection::Projection;

 protected:
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    for (std::int64_t i = 0; i < count; ++i) {
      if (r.im == nullptr) {
        onModulus(first + i, r.re[i], weight.re + i);
      } else {
        onModulus(first + i, r.re[i], r.im[i], weight.re + i, weight.im + i);
      }
    }
  }
};

// Fienup's hybrid input-output for real signals that are nowhere negative, the object constraint: with
// x' = A^+ (b o phase(X x)), coordinate j becomes x'_j where x'_j >= 0, else x_j - beta x'_j.
class NonNegativeInputOutput final : public ErrorReduction {
 public:
  explicit NonNegativeInputOutput(const VectorState& state, double beta)
      : ErrorReduction(state), beta_(beta), candidate_(state.wideN) {
    if (state.field != Field::real) {
      throw Error(ErrorCode::invalidArgument, "hio with nonNegative needs a real signal.");
    }
  }

  bool initialize(VectorState& state, Team& team) override {
    // theta and -theta fit the data alike; the constraint tells them apart.
    double sum = 0;
    for (std::int64_t j = 0; j < state.n; ++j) sum += state.theta[j];
    for (std::int64_t j = 0; sum < 0 && j < state.n; ++j) state.theta[j] = -state.theta[j];
    return ErrorReduction::initialize(state, team);
  }

  bool step(VectorState& state, Team& team) override {
    double *x = state.theta.data(), *next = candidate_.data();
    std::copy_n(x, state.n, next);
    if (!squares_.solve(image_.data(), next, *state.workspace, team, state.info)) return false;
    // A zero of the signal comes back as a rounding error of either sign; taken for a violation it would keep x_j as
    // is.
    double largest = 0;
    for (std::int64_t j = 0; j < state.n; ++j) largest = std::max(largest, std::abs(next[j]));
    for (std::int64_t j = 0; j < state.n; ++j) {
      x[j] = next[j] >= -rounding * largest ? std::max(next[j], 0.0) : x[j] - beta_ * next[j];
    }
    return pass(state, team);
  }

  std::int64_t bytes() const override { return Projection::bytes() + candidate_.bytes(); }

 private:
  static constexpr double rounding = 1e-12;

  double beta_;
  AlignedBuffer<double> candidate_;
};

// Methods that keep a point u of C^m. Both below are u+ = P_A(c u + (1 + e) P_M u) + ..., with A^+ u+ = A^+ P_M u; so
// the reported theta = A^+ P_M u, of which only the field of the last two iterates enters the update of u, row by row:
//   hio   u+ = u - beta P_M u + P_A((1 + beta) P_M u - u)                     = u - beta P_M u + (1 + beta) r -
//   r_before raar  u+ = beta (u + P_A(2 P_M u - u) - P_M u) + (1 - beta) P_M u
//            = beta (u + 2 r - r_before - P_M u) + (1 - beta) P_M u
// beta = 1 makes both the Douglas-Rachford iteration.
class Reflections final : public Projection {
 public:
  Reflections(const VectorState& state, double beta, bool relaxed)
      : Projection(state), m_(state.m), u_(state.wideM), before_(state.wideM) {
    const double own[2][3] = {{-beta, 1 + beta, -1}, {1 - 2 * beta, 2 * beta, -beta}};
    keep_ = relaxed ? beta : 1;
    ofModulus_ = own[relaxed][0];
    ofField_ = own[relaxed][1];
    ofBefore_ = own[relaxed][2];
  }

  bool initialize(VectorState& state, Team& team) override {
    starting_ = true;
    const bool complete = Projection::initialize(state, team);
    starting_ = false;
    return complete;
  }

  std::int64_t bytes() const override { return Projection::bytes() + u_.bytes() + before_.bytes(); }

 protected:
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    double *u = u_.data() + first, *before = before_.data() + first;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = first + i;
      if (r.im == nullptr) {
        double p;
        onModulus(row, u[i], &p);
        u[i] = starting_ ? r.re[i] : next(u[i], p, r.re[i], before[i]);
        before[i] = r.re[i];
        onModulus(row, u[i], weight.re + i);
        continue;
      }
      double *uIm = u + m_, *beforeIm = before + m_;
      double p, pIm;
      onModulus(row, u[i], uIm[i], &p, &pIm);
      u[i] = starting_ ? r.re[i] : next(u[i], p, r.re[i], before[i]);
      uIm[i] = starting_ ? r.im[i] : next(uIm[i], pIm, r.im[i], beforeIm[i]);
      before[i] = r.re[i];
      beforeIm[i] = r.im[i];
      onModulus(row, u[i], uIm[i], weight.re + i, weight.im + i);
    }
  }

 private:
  double next(double u, double p, double r, double before) const {
    return keep_ * u + ofModulus_ * p + ofField_ * r + ofBefore_ * before;
  }

  std::int64_t m_;
  double keep_, ofModulus_, ofField_, ofBefore_;
  bool starting_ = false;
  mutable AlignedBuffer<double> u_, before_;  // rows of one map() call belong to one thread
};

// ADMM for min 1/2 || |u| - b ||^2 subject to u = X theta, penalty rho on the constraint (scaled multiplier w):
//   u = argmin 1/2 (|u| - b)^2 + rho/2 |u - v|^2 = (b + rho |v|)/(1 + rho) phase(v), v = X theta + w;
//   w <- v - u;  theta <- A^+ (u - w).                       rho = 0 is Douglas-Rachford again.
class Splitting final : public Projection {
 public:
  Splitting(const VectorState& state, double penalty)
      : Projection(state), m_(state.m), penalty_(penalty), w_(state.wideM) {}

  std::int64_t bytes() const override { return Projection::bytes() + w_.bytes(); }

 protected:
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    double* w = w_.data() + first;
    const double share = penalty_ / (1 + penalty_);
    for (std::int64_t i = 0; i < count; ++i) {
      const double v = r.re[i] + w[i];
      if (r.im == nullptr) {
        double p;
        onModulus(first + i, v, &p);
        const double u = share * v + (1 - share) * p;
        w[i] = v - u;
        weight.re[i] = u - w[i];
        continue;
      }
      double* wIm = w + m_;
      const double vIm = r.im[i] + wIm[i];
      double p, pIm;
      onModulus(first + i, v, vIm, &p, &pIm);
      const double u = share * v + (1 - share) * p, uIm = share * vIm + (1 - share) * pIm;
      w[i] = v - u;
      wIm[i] = vIm - uIm;
      weight.re[i] = u - w[i];
      weight.im[i] = uIm - wIm[i];
    }
  }

 private:
  std::int64_t m_;
  double penalty_;
  mutable AlignedBuffer<double> w_;
};

double parameter(const VectorState& state, std::size_t index, double least, double most, const char* what) {
  const double value = state.options.methodParameters.at(index);
  if (!(value >= least && value <= most)) throw Error(ErrorCode::invalidArgument, what);
  return value;
}

}  // namespace

std::unique_ptr<VectorMethod> makeErrorReduction(const VectorState& state) {
  return std::make_unique<ErrorReduction>(state);
}

std::unique_ptr<VectorMethod> makeInputOutput(const VectorState& state) {
  const double beta = parameter(state, 0, 1e-3, 2, "hio: beta must be above 0 and at most 2.");
  const double nonNegative = parameter(state, 1, 0, 1, "hio: nonNegative must be 0 or 1.");
  if (nonNegative != 0) return std::make_unique<NonNegativeInputOutput>(state, beta);
  return std::make_unique<Reflections>(state, beta, false);
}

std::unique_ptr<VectorMethod> makeAveragedReflections(const VectorState& state) {
  return std::make_unique<Reflections>(state, parameter(state, 0, 1e-3, 1, "raar: beta must be above 0 and at most 1."),
                                       true);
}

std::unique_ptr<VectorMethod> makeSplitting(const VectorState& state) {
  return std::make_unique<Splitting>(state, parameter(state, 0, 0, 1e6, "admm: penalty must be 0 or more."));
}

}  // namespace lowrank
