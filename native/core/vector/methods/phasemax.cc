// PhaseMax: max Re <x0, x> subject to |(X x)_i| <= b_i = sqrt(y_i), x0 the start (Bahmani and Romberg, arXiv
// 1610.03492; Goldstein and Studer, 1610.07531); PhaseLamp: the same again with x0 <- its solution (Dhifallah,
// Thrampoulidis, Lu, 1710.05234). By ADMM on u = X x with over-relaxation, one pass over the design per iteration:
//   x = A^+ (u - w) + (X^H X)^{-1} x0 / rho;  v = 1.8 X x - 0.8 u;  u <- clip_b(v + w);  w <- w + v - u.
//
// The certificate. lambda = rho (X x - u_before + w_before) satisfies X^H lambda = x0 at every iteration, so that
// sum_i b_i |lambda_i| bounds the maximum from above; Re <x0, x> bounds it from below as far as x is feasible.
// There is no gradient: gradientNorm is 1 at the start and then the larger of the relative gap between the two bounds
// and the relative infeasibility max(|(X x)_i| - b_i) / max b, so that stop.gradient asks for a proven optimum; at
// 1e-14 the run ends by itself (stalled).
#include <algorithm>
#include <cmath>

#include "../../error.h"
#include "../least_squares.h"
#include "projections.h"

namespace lowrank {
namespace {

class PhaseMax final : public VectorMethod, private RowMap {
 public:
  PhaseMax(const VectorState& state, std::int64_t rounds, double tolerance)
      : squares_(*state.design),
        modulus_(state.modulus.data()),
        m_(state.m),
        rounds_(rounds),
        tolerance_(tolerance),
        direction_(state.wideN),
        side_(state.wideN),
        image_(state.wideN),
        weight_(state.wideM),
        keptU_(state.wideM),
        keptW_(state.wideM),
        u_(state.wideM),
        w_(state.wideM),
        sumU_(state.wideM),
        sumW_(state.wideM),
        bound_(state.m),
        excess_(state.m),
        split_(state.m),
        moved_(state.m) {
    if (!state.options.intensity) {
      throw Error(ErrorCode::invalidArgument, "The method " + state.options.method + " needs intensities.");
    }
    if (state.m < state.n) {
      // Its maximum is then infinite: directions that X does not see cost nothing.
      throw Error(ErrorCode::invalidArgument,
                  "The method " + state.options.method + " needs at least as many measurements as unknowns.");
    }
  }

  bool initialize(VectorState& state, Team& team) override {
    double squares = 0;
    for (std::int64_t i = 0; i < m_; ++i) {
      squares += state.y[i];
      largest_ = std::max(largest_, modulus_[i]);
    }
    if (!point(state.theta.data(), state.wideN)) {
      throw Error(ErrorCode::invalidArgument, "The method " + state.options.method + " needs a start other than 0.");
    }
    // lambda is about |theta| / (m b) and u about b: the size of their quotient, times what served best in trials.
    const double size = state.design->squaredNorm() / static_cast<double>(state.n) * squares;
    rho_ = size > 0 ? firstPenalty / std::sqrt(size) : 1;
    state.gradient[0] = 1;
    starting_ = true;
    const bool complete = squares_.prepare(*state.workspace, team, state.info) && pass(state, team);
    starting_ = false;
    return complete;
  }

  bool step(VectorState& state, Team& team) override {
    for (std::int64_t j = 0; j < state.wideN; ++j) side_[j] = image_[j] + direction_[j] / rho_;
    if (!squares_.solve(side_.data(), state.theta.data(), *state.workspace, team, state.info)) return false;
    if (!pass(state, team)) return false;
    ++inner_;
    const double certificate = certify(state);
    state.gradient[0] = certificate;
    state.exhausted = rounds_ <= 1 && certificate <= finished;
    if (rounds_ > 1 && (certificate <= roundTolerance || inner_ >= roundIterations)) {
      --rounds_;
      inner_ = 0;
      nextBalance_ = firstBalance;
      trying_ = false;
      forget();
      if (point(state.theta.data(), state.wideN) <= tolerance_) rounds_ = 1;
      return true;
    }
    if (!trying_ && inner_ >= nextBalance_) {
      nextBalance_ += std::max(firstBalance, nextBalance_ / 2);
      forget();
      return balance(state, team);
    }
    return restart(certificate, state, team);
  }

  std::int64_t bytes() const override {
    return squares_.bytes() + 3 * direction_.bytes() + 7 * u_.bytes() + 4 * bound_.bytes();
  }

 private:
  static constexpr double relaxation = 1.8, firstPenalty = 10, balanced = 1.5;
  static constexpr double finished = 1e-14;
  static constexpr double roundTolerance = 1e-5;
  static constexpr std::int64_t roundIterations = 500, firstBalance = 25;

  // x0 <- x / ||x||; returns how far x0 moved, 0 where x is 0 or not finite.
  double point(const double* x, std::int64_t count) {
    double square = 0, change = 0;
    for (std::int64_t j = 0; j < count; ++j) square += x[j] * x[j];
    const double norm = std::sqrt(square);
    if (!(norm > 0) || !std::isfinite(norm)) return 0;
    for (std::int64_t j = 0; j < count; ++j) {
      const double next = x[j] / norm;
      change += (next - direction_[j]) * (next - direction_[j]);
      direction_[j] = next;
    }
    return std::sqrt(change);
  }

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

  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t row = first + i;
      double *u = u_.data() + row, *w = w_.data() + row;
      const bool complex = r.im != nullptr;
      const double re = r.re[i], im = complex ? r.im[i] : 0;
      const double uIm = complex ? u[m_] : 0, wIm = complex ? w[m_] : 0;
      bound_[row] = modulus_[row] * std::hypot(re - *u + *w, im - uIm + wIm);
      excess_[row] = std::sqrt(re * re + im * im) - modulus_[row];
      const double alpha = starting_ ? 1 : relaxation;
      const double v = alpha * re + (1 - alpha) * *u + *w, vIm = alpha * im + (1 - alpha) * uIm + wIm;
      const double size = std::sqrt(v * v + vIm * vIm), cut = size > modulus_[row] ? modulus_[row] / size : 1;
      const double next = cut * v, nextIm = cut * vIm;
      split_[row] = (re - next) * (re - next) + (im - nextIm) * (im - nextIm);
      moved_[row] = (next - *u) * (next - *u) + (nextIm - uIm) * (nextIm - uIm);
      *w = v - next;
      *u = next;
      sumU_[row] += *u;
      sumW_[row] += *w;
      weight.re[i] = next - *w;
      if (!complex) continue;
      w[m_] = vIm - nextIm;
      u[m_] = nextIm;
      weight.im[i] = nextIm - w[m_];
      sumU_[row + m_] += u[m_];
      sumW_[row + m_] += w[m_];
    }
  }

  // The larger of the relative duality gap and the relative infeasibility.
  double certify(const VectorState& state) const {
    double dual = 0, excess = 0, primal = 0;
    for (std::int64_t i = 0; i < m_; ++i) {
      dual += bound_[i];
      excess = std::max(excess, excess_[i]);
    }
    for (std::int64_t j = 0; j < state.wideN; ++j) primal += direction_[j] * state.theta[j];
    dual *= rho_;
    const double gap = std::abs(dual - primal) / std::max(std::abs(dual), std::abs(primal));
    return largest_ > 0 ? std::max(gap, excess / largest_) : 0;
  }

  // Keeps ||X x - u|| and ||u - u_before|| within a factor of each other (Boyd et al., "Distributed optimization and
  // statistical learning via ADMM", 2011, 3.4.1), ever more rarely, so that the iteration converges as with a fixed
  // rho.
  bool balance(VectorState& state, Team& team) {
    double split = 0, moved = 0;
    for (std::int64_t i = 0; i < m_; ++i) {
      split += split_[i];
      moved += moved_[i];
    }
    const double ratio = std::sqrt(split / moved);
    if (!(ratio > 0) || !std::isfinite(ratio) || (ratio < balanced && ratio > 1 / balanced)) return true;
    const double factor = std::clamp(std::sqrt(ratio), 0.25, 4.0);
    rho_ *= factor;
    for (std::int64_t i = 0; i < w_.size(); ++i) w_[i] /= factor;
    return rebuild(state, team);
  }

  // A linear program (the real field) makes ADMM spiral slowly around its optimum; the average of a stretch of the
  // spiral is near the middle (Applegate et al., "Faster first-order primal-dual methods for linear programming using
  // restarts and sharpness", arXiv 2105.12715). So every `period_` iterations one is tried from the average, and the
  // run goes on from there where that has the better certificate.
  bool restart(double certificate, VectorState& state, Team& team) {
    ++summed_;
    if (trying_) {
      trying_ = false;
      forget();
      if (certificate <= kept_) return true;
      period_ += period_ / 5;
      std::copy_n(keptU_.data(), u_.size(), u_.data());
      std::copy_n(keptW_.data(), w_.size(), w_.data());
      return rebuild(state, team);
    }
    if (summed_ < period_) return true;
    trying_ = true;
    kept_ = certificate;
    const double share = 1 / static_cast<double>(summed_);
    for (std::int64_t i = 0; i < u_.size(); ++i) {
      keptU_[i] = u_[i];
      keptW_[i] = w_[i];
      u_[i] = share * sumU_[i];
      w_[i] = share * sumW_[i];
    }
    return rebuild(state, team);
  }

  void forget() {
    std::fill_n(sumU_.data(), sumU_.size(), 0.0);
    std::fill_n(sumW_.data(), sumW_.size(), 0.0);
    summed_ = 0;
  }

  // X^H (u - w) after u or w changed by other means than a pass.
  bool rebuild(VectorState& state, Team& team) {
    for (std::int64_t i = 0; i < w_.size(); ++i) weight_[i] = u_[i] - w_[i];
    ++state.info.passes;
    ++state.info.adjointCount;
    return state.design->adjoint(weight_.data(), image_.data(), *state.workspace, team);
  }

  LeastSquares squares_;
  const double* modulus_;
  std::int64_t m_, rounds_, inner_ = 0, nextBalance_ = firstBalance, summed_ = 0, period_ = 100;
  double tolerance_, rho_ = 1, largest_ = 0, kept_ = 0;
  bool starting_ = false, trying_ = false;
  AlignedBuffer<double> direction_, side_, image_, weight_, keptU_, keptW_;
  mutable AlignedBuffer<double> u_, w_, sumU_, sumW_, bound_, excess_, split_,
      moved_;  // a row belongs to one thread at a time
};

}  // namespace

std::unique_ptr<VectorMethod> makePhaseMax(const VectorState& state) { return std::make_unique<PhaseMax>(state, 1, 0); }

std::unique_ptr<VectorMethod> makePhaseLamp(const VectorState& state) {
  const double rounds = state.options.methodParameters.at(0), tolerance = state.options.methodParameters.at(1);
  if (!(rounds >= 1 && rounds <= 1000 && rounds == std::floor(rounds))) {
    throw Error(ErrorCode::invalidArgument, "phaselamp: rounds must be an integer from 1 to 1000.");
  }
  if (!(tolerance >= 0)) throw Error(ErrorCode::invalidArgument, "phaselamp: tolerance must be 0 or more.");
  return std::make_unique<PhaseMax>(state, static_cast<std::int64_t>(rounds), tolerance);
}

}  // namespace lowrank
