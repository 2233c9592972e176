// What the gradient flows of phase retrieval share: theta <- theta - step X^H force / m (+ ridge), force_i = w_i r_i
// with a weight w_i that depends on |r_i| and on row i alone. One fused pass an iteration. A flow is a Rule:
//
//   explicit Rule(const VectorState&)
//   double weight(i, square) const     w_i, square = |r_i|^2; called from many threads
//   double loss(i, square) const       L(r_i, y_i), of which the mean is reported
//   double step(const VectorState&)    of the next iteration, to multiply the gradient with
//   void before(const VectorState&)    theta is new, r not yet
//   void after(VectorState&, Team&)     r and the gradient are right for theta
//   static constexpr bool needsField   before the first pass, r and after() are asked for: one more pass
#pragma once

#include "tools.h"

namespace lowrank {

template <class Rule>
class Flow final : public VectorMethod, private RowMap {
 public:
  explicit Flow(const VectorState& state) : rule_(state), ridge_(state.options.ridge) {}

  bool initialize(VectorState& state, Team& team) override {
    if (Rule::needsField) {
      if (!state.measure(team)) return false;
      rule_.after(state, team);
    }
    return pass(state, team);
  }

  bool step(VectorState& state, Team& team) override {
    const double size = state.options.step == VectorStep::fixed ? state.options.stepSize : rule_.step(state);
    state.info.step = size;
    addMultiple(-size, state.gradient.data(), state.theta.data(), state.wideN);
    return pass(state, team);
  }

  std::int64_t bytes() const override { return rule_.bytes(); }

 private:
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    const auto rule = rule_.view();
    if (r.im == nullptr) {
      for (std::int64_t k = 0; k < count; ++k) weight.re[k] = rule.weight(first + k, r.re[k] * r.re[k]) * r.re[k];
      return;
    }
    for (std::int64_t k = 0; k < count; ++k) {
      const double w = rule.weight(first + k, r.re[k] * r.re[k] + r.im[k] * r.im[k]);
      weight.re[k] = w * r.re[k];
      weight.im[k] = w * r.im[k];
    }
  }

  bool pass(VectorState& state, Team& team) {
    rule_.before(state);
    if (!state.design->applyAndAdjoint(state.theta.data(), state.r.data(), *this, state.gradient.data(),
                                       *state.workspace, team)) {
      return false;
    }
    ++state.info.passes;
    ++state.info.forwardCount;
    ++state.info.adjointCount;
    const double scale = 1 / static_cast<double>(state.m);
    for (std::int64_t j = 0; j < state.wideN; ++j) {
      state.gradient[j] = state.gradient[j] * scale + ridge_ * state.theta[j];
    }
    const Entries r = entriesOf(static_cast<const double*>(state.r.data()), state.m, state.field);
    const auto rule = rule_.view();
    state.info.trainLoss =
        scale * state.sumRows(team, [&](std::int64_t i) { return rule.loss(i, squaredModulus(r, i)); });
    state.info.trainLoss += state.ridgeTerm();
    rule_.after(state, team);
    return true;
  }

  Rule rule_;
  double ridge_;
};

}  // namespace lowrank
