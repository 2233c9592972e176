#include "vector_columns.h"

#include <cmath>

#include "../error.h"

namespace lowrank {
namespace {

double norm(const VectorState& state) { return std::sqrt(state.squaredNorm(state.theta)); }

constexpr VectorColumn columns[] = {
    {"trainLoss", false, [](const VectorState& s) { return s.info.trainLoss; }},
    {"residual", false, [](const VectorState& s) { return s.info.residual; }},
    {"gradientNorm", false, [](const VectorState& s) { return s.info.gradientNorm; }},
    {"step", false, [](const VectorState& s) { return s.info.step; }},
    {"norm", false, norm},
    {"overlap", true, [](const VectorState& s) { return s.info.overlap; }},
    {"testError", true, [](const VectorState& s) { return s.info.testError; }},
    {"m", true, [](const VectorState& s) { return s.info.overlap * norm(s); }},
    {"seconds", false, [](const VectorState& s) { return s.info.seconds; }},
};

}  // namespace

const std::vector<std::string>& vectorColumnNames() {
  static const auto* names = [] {
    auto* list = new std::vector<std::string>;  // never destroyed: threads may outlive static destructors
    for (const auto& column : columns) list->emplace_back(column.name);
    return list;
  }();
  return *names;
}

const VectorColumn& findVectorColumn(const std::string& name) {
  for (const auto& column : columns) {
    if (name == column.name) return column;
  }
  throw Error(ErrorCode::invalidArgument, "Unknown column " + name + ".");
}

bool Residual::initialize(VectorState& state, Team& team) {
  if (state.options.intensity) {
    double sum = 0;
    for (std::int64_t i = 0; i < state.m; ++i) sum += state.modulus[i] * state.modulus[i];
    reference_ = std::sqrt(sum);
  } else {
    for (std::int64_t i = 0; i < state.wideM; ++i) state.r[i] = 0;
    state.assess(team);
    reference_ = state.meanLoss;
  }
  if (!(reference_ > 0)) reference_ = 1;
  return !team.cancelled();
}

double Residual::value(VectorState& state, Team& team) const {
  if (!state.options.intensity) return std::sqrt((state.meanLoss < 0 ? 0 : state.meanLoss) / reference_);
  const Entries r = entriesOf(static_cast<const double*>(state.r.data()), state.m, state.field);
  const double* b = state.modulus.data();
  const double sum = r.im == nullptr ? state.sumRows(team,
                                                     [&](std::int64_t i) {
                                                       const double d = std::fabs(r.re[i]) - b[i];
                                                       return d * d;
                                                     })
                                     : state.sumRows(team, [&](std::int64_t i) {
                                         const double d = std::sqrt(r.re[i] * r.re[i] + r.im[i] * r.im[i]) - b[i];
                                         return d * d;
                                       });
  return std::sqrt(sum) / reference_;
}

Comparison compareWithTruth(const VectorState& state) {
  const Entries x = entriesOf(state.truth.data(), state.n, state.field);
  const Entries t = entriesOf(state.theta.data(), state.n, state.field);
  double re = 0, im = 0;  // <truth, theta>
  for (std::int64_t j = 0; j < state.n; ++j) {
    re += x.re[j] * t.re[j];
    if (x.im == nullptr) continue;
    re += x.im[j] * t.im[j];
    im += x.re[j] * t.im[j] - x.im[j] * t.re[j];
  }
  const double modulus = std::hypot(re, im);
  const bool gauge = state.options.intensity || state.options.even;
  // theta is compared with phase * truth.
  double phaseRe = 1, phaseIm = 0;
  if (gauge && modulus > 0) {
    phaseRe = re / modulus;
    phaseIm = im / modulus;
  }
  double squared = 0;
  for (std::int64_t j = 0; j < state.n; ++j) {
    if (x.im == nullptr) {
      const double d = t.re[j] - phaseRe * x.re[j];
      squared += d * d;
      continue;
    }
    const double dRe = t.re[j] - (phaseRe * x.re[j] - phaseIm * x.im[j]);
    const double dIm = t.im[j] - (phaseRe * x.im[j] + phaseIm * x.re[j]);
    squared += dRe * dRe + dIm * dIm;
  }
  const double truthNorm = std::sqrt(state.squaredNorm(state.truth));
  const double norms = truthNorm * norm(state);
  return {norms > 0 ? (gauge ? modulus : re) / norms : 0, std::sqrt(squared) / (truthNorm > 0 ? truthNorm : 1)};
}

}  // namespace lowrank
