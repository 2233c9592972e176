// What a file of losses hands to losses.cc, and the two shapes that a loss can have. Both write the loops over rows
// once.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "loss.h"

namespace lowrank::losses {

struct Entry {
  LossDescription description;
  // The parameters are positive and as many as described; the field is one that the loss serves.
  std::unique_ptr<Loss> (*make)(const std::vector<double>& parameters, Field field);
};

// One function a file; losses.cc calls them in the order of the list.
void addWirtinger(std::vector<Entry>& entries);
void addAmplitude(std::vector<Entry>& entries);
void addPoisson(std::vector<Entry>& entries);
void addAbsolute(std::vector<Entry>& entries);
void addRegression(std::vector<Entry>& entries);
void addClassification(std::vector<Entry>& entries);

// A loss of s = |r|^2 alone, by its
//   primitive(s, y)  F with F' = h: the value is F / 2 in the real field and F in the complex one
//   h(s, y)          force = r h
//   slope(s, y)      s h'(s), which stays finite where h' does not
// All three are finite at s = 0, so that the force is 0 at r = 0.
template <class Rule>
class PhaseLoss final : public Loss {
 public:
  PhaseLoss(Rule rule, bool differentiable) : rule_(rule), differentiable_(differentiable) {}

  bool differentiable() const noexcept override { return differentiable_; }

  void values(std::int64_t count, Entries r, const double* y, double* out) const override {
    const Rule rule = rule_;
    if (r.im == nullptr) {
      for (std::int64_t i = 0; i < count; ++i) out[i] = 0.5 * rule.primitive(r.re[i] * r.re[i], y[i]);
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        out[i] = rule.primitive(r.re[i] * r.re[i] + r.im[i] * r.im[i], y[i]);
      }
    }
  }

  void forces(std::int64_t count, Entries r, const double* y, MutableEntries out) const override {
    const Rule rule = rule_;
    if (r.im == nullptr) {
      for (std::int64_t i = 0; i < count; ++i) out.re[i] = r.re[i] * rule.h(r.re[i] * r.re[i], y[i]);
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        const double re = r.re[i], im = r.im[i], h = rule.h(re * re + im * im, y[i]);
        out.re[i] = re * h;
        out.im[i] = im * h;
      }
    }
  }

  void derivatives(std::int64_t count, Entries r, const double* y, double* f, MutableEntries g) const override {
    const Rule rule = rule_;
    if (r.im == nullptr) {
      for (std::int64_t i = 0; i < count; ++i) {
        const double s = r.re[i] * r.re[i];
        f[i] = rule.h(s, y[i]) + 2 * rule.slope(s, y[i]);
      }
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const double re = r.re[i], im = r.im[i], s = re * re + im * im;
      const double slope = rule.slope(s, y[i]);
      f[i] = rule.h(s, y[i]) + slope;
      // g = r^2 h' = (r / |r|)^2 (s h')
      const double scale = s > 0 ? slope / s : 0;
      g.re[i] = (re * re - im * im) * scale;
      g.im[i] = 2 * re * im * scale;
    }
  }

 private:
  const Rule rule_;
  const bool differentiable_;
};

// A loss of a real r, by value(r, y), force(r, y) and derivative(r, y).
template <class Rule>
class RealLoss final : public Loss {
 public:
  RealLoss(Rule rule, bool differentiable) : rule_(rule), differentiable_(differentiable) {}

  bool differentiable() const noexcept override { return differentiable_; }

  void values(std::int64_t count, Entries r, const double* y, double* out) const override {
    const Rule rule = rule_;
    for (std::int64_t i = 0; i < count; ++i) out[i] = rule.value(r.re[i], y[i]);
  }
  void forces(std::int64_t count, Entries r, const double* y, MutableEntries out) const override {
    const Rule rule = rule_;
    for (std::int64_t i = 0; i < count; ++i) out.re[i] = rule.force(r.re[i], y[i]);
  }
  void derivatives(std::int64_t count, Entries r, const double* y, double* f, MutableEntries) const override {
    const Rule rule = rule_;
    for (std::int64_t i = 0; i < count; ++i) f[i] = rule.derivative(r.re[i], y[i]);
  }

 private:
  const Rule rule_;
  const bool differentiable_;
};

// The modulus |z| that an intensity tells; noise may have made it negative.
inline double modulus(double y) { return std::sqrt(y > 0 ? y : 0.0); }

// 1 / (1 + exp(-x)) without overflow.
inline double sigmoid(double x) {
  const double e = std::exp(-std::fabs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
// log(1 + exp(x)) without overflow.
inline double softplus(double x) { return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

}  // namespace lowrank::losses
