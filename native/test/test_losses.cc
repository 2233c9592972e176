// Every loss against finite differences: forces of values, derivatives of forces, in both fields; and against formulas
// written out by hand.
#include <complex>
#include <functional>
#include <string>
#include <vector>

#include "harness.h"
#include "losses/loss.h"

using namespace lowrank;

namespace {

using Complex = std::complex<double>;

LossSpec defaultsOf(const LossDescription& described) { return {described.name, described.defaults}; }

struct At {
  const Loss& loss;
  double y;
  bool complex;

  Entries entries(const Complex& r) const {
    const auto* parts = reinterpret_cast<const double*>(&r);
    return {parts, complex ? parts + 1 : nullptr};
  }
  double value(Complex r) const {
    double out = 0;
    loss.values(1, entries(r), &y, &out);
    return out;
  }
  Complex force(Complex r) const {
    double re = 0, im = 0;
    loss.forces(1, entries(r), &y, {&re, complex ? &im : nullptr});
    return {re, im};
  }
  void derivatives(Complex r, double& f, Complex& g) const {
    double re = 0, im = 0;
    f = 0;
    loss.derivatives(1, entries(r), &y, &f, {complex ? &re : nullptr, complex ? &im : nullptr});
    g = {re, im};
  }
};

template <class F>
auto slope(const F& f, double h) {
  // Fourth order, so that the step can stay large.
  return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

// A point where the loss has no corner within a few steps of the finite differences.
bool smoothAt(const std::string& name, double s, double y, double margin) {
  if (name == "intensity-l1") return std::abs(s - y) > margin;
  if (name == "hinge" || name == "squared-hinge") return std::abs(1 - std::sqrt(s)) > margin;
  return true;
}

void checkReal(const LossDescription& described) {
  const auto loss = makeLoss(defaultsOf(described), Field::real);
  CHECK_EQUAL(loss->differentiable(), described.differentiableReal);
  const bool labels = std::string(described.name) == "logistic" || std::string(described.name).find("hinge") < 99;
  const double h = 1e-3;
  for (const double y : labels ? std::vector<double>{-1, 0, 1} : std::vector<double>{-0.4, 0, 0.3, 1.7, 9, 13, 25}) {
    for (const double r : {-4.1, -2.3, -0.8, -0.07, 0.05, 0.6, 1.45, 3.7, 4.3, 6.0}) {
      if (!smoothAt(described.name, r * r, y, 0.05)) continue;
      const At at{*loss, y, false};
      const double force = at.force(r).real();
      const double scale = 1 + std::abs(force) + std::abs(y) / std::abs(r);
      CHECK_NEAR(slope([&](double d) { return at.value(r + d); }, h), force, 3e-5 * scale);
      double f = 0;
      Complex g;
      at.derivatives(r, f, g);
      const double expected = slope([&](double d) { return at.force(r + d).real(); }, h);
      CHECK_NEAR(f, expected, 3e-4 * (1 + std::abs(expected)));
    }
  }
}

void checkComplex(const LossDescription& described) {
  const auto loss = makeLoss(defaultsOf(described), Field::complex);
  CHECK_EQUAL(loss->differentiable(), described.differentiableComplex);
  const double h = 1e-3;
  const Complex i(0, 1);
  for (const double y : {-0.4, 0.0, 0.3, 1.7, 9.0, 13.0, 25.0}) {
    for (const Complex r :
         {Complex(0.9, -0.4), Complex(-0.06, 0.05), Complex(1.2, 2.9), Complex(-3, 2.2), Complex(0.3, 4.1)}) {
      if (!smoothAt(described.name, std::norm(r), y, 0.05)) continue;
      const At at{*loss, y, true};
      // dL/d conj(r) = (dL/d re + i dL/d im) / 2
      const Complex force = at.force(r);
      const double dRe = slope([&](double d) { return at.value(r + d); }, h);
      const double dIm = slope([&](double d) { return at.value(r + i * d); }, h);
      CHECK_NEAR(std::abs(0.5 * Complex(dRe, dIm) - force), 0,
                 3e-5 * (1 + std::abs(force) + std::abs(y) / std::abs(r)));
      // d/dr = (d/d re - i d/d im) / 2, d/d conj(r) = (d/d re + i d/d im) / 2
      const Complex fRe = slope([&](double d) { return at.force(r + d); }, h);
      const Complex fIm = slope([&](double d) { return at.force(r + i * d); }, h);
      double f = 0;
      Complex g;
      at.derivatives(r, f, g);
      const double size = 1 + std::abs(fRe) + std::abs(fIm);
      CHECK_NEAR(std::abs(0.5 * (fRe - i * fIm) - f), 0, 3e-4 * size);
      CHECK_NEAR(std::abs(0.5 * (fRe + i * fIm) - g), 0, 3e-4 * size);
    }
  }
}

}  // namespace

TEST(everyLossAgreesWithItsFiniteDifferences) {
  for (const LossDescription& described : lossDescriptions()) {
    CHECK(described.parameters.size() == described.defaults.size());
    CHECK(described.real || described.complex);
    if (described.real) checkReal(described);
    if (described.complex) checkComplex(described);
  }
}

TEST(everyPhaseLossForgetsThePhaseAndRestsAtZero) {
  for (const LossDescription& described : lossDescriptions()) {
    if (!described.complex) continue;
    const auto loss = makeLoss(defaultsOf(described), Field::complex);
    const auto real = makeLoss(defaultsOf(described), Field::real);
    const double y = 1.3;
    const At at{*loss, y, true}, onLine{*real, y, false};
    const Complex r(0.7, -1.1), turn = std::polar(1.0, 0.83);
    CHECK_NEAR(at.value(turn * r), at.value(r), 1e-14);
    CHECK_NEAR(std::abs(at.force(turn * r) - turn * at.force(r)), 0, 1e-14);
    // On the real line: the same force, half the value, derivative = f + g.
    for (const double x : {0.9, -1.6}) {
      CHECK_NEAR(onLine.value(x), 0.5 * at.value(x), 1e-14);
      CHECK_NEAR(std::abs(onLine.force(x) - at.force(x)), 0, 1e-14);
      double f = 0, derivative = 0;
      Complex g, none;
      at.derivatives(x, f, g);
      onLine.derivatives(x, derivative, none);
      CHECK_NEAR(derivative, f + g.real(), 1e-13);
    }
    double f = 0;
    Complex g;
    at.derivatives(0, f, g);
    CHECK(std::isfinite(at.value(0)) && std::isfinite(f));
    CHECK(at.force(0) == Complex(0) && g == Complex(0));
    CHECK(onLine.force(0) == Complex(0));
  }
}

TEST(lossesAreTheFormulasOfTheLiterature) {
  const double y = 2.3, b = std::sqrt(y), e = 0.2, k = 4;
  const Complex r(0.8, -1.7);
  const double s = std::norm(r);
  const auto forceOf = [&](LossSpec spec) {
    const auto loss = makeLoss(spec, Field::complex);
    return At{*loss, y, true}.force(r);
  };
  CHECK_NEAR(std::abs(forceOf({"wirtinger", {}}) - (s - y) * r), 0, 1e-14);
  CHECK_NEAR(std::abs(forceOf({"amplitude", {}}) - (r - b * r / std::abs(r))), 0, 1e-14);
  CHECK_NEAR(std::abs(forceOf({"smoothed-amplitude", {e}}) - (r - b * r / std::sqrt(s + e * e))), 0, 1e-14);
  CHECK_NEAR(std::abs(forceOf({"poisson", {}}) - (r - y / std::conj(r))), 0, 1e-14);
  CHECK_NEAR(std::abs(forceOf({"intensity-l1", {}}) - r), 0, 1e-14);
  CHECK_NEAR(std::abs(forceOf({"truncated-wirtinger", {5}}) - (s - y) * r), 0, 1e-14);
  const auto tanhLoss = makeLoss({"tanh-amplitude", {k}}, Field::real);
  for (const double x : {-1.2, -0.1, 1e-6, 0.4}) {
    const At at{*tanhLoss, y, false};
    double f = 0;
    Complex none;
    at.derivatives(x, f, none);
    const double sech = 1 / std::cosh(k * x);
    CHECK_NEAR(at.force(x).real(), x - b * std::tanh(k * x), 1e-14);
    CHECK_NEAR(f, 1 - b * k * sech * sech, 1e-12);
  }
  // Wirtinger: 1/4 (r^2 - y)^2 real, 1/2 (|r|^2 - y)^2 complex.
  const auto real = makeLoss({"wirtinger", {}}, Field::real);
  const auto complex = makeLoss({"wirtinger", {}}, Field::complex);
  CHECK_NEAR((At{*real, y, false}.value(1.9)), 0.25 * std::pow(1.9 * 1.9 - y, 2), 1e-14);
  CHECK_NEAR((At{*complex, y, true}.value(r)), 0.5 * std::pow(s - y, 2), 1e-14);
}

TEST(truncationIsSmoothAndBounded) {
  const double bound = 3;
  const auto loss = makeLoss({"truncated-wirtinger", {bound}}, Field::real);
  for (const double y : {0.5, 3.5, 5.9, 6.0, 100.0}) {
    const At at{*loss, y, false};
    for (const double r : {2.46, 5.0, 100.0}) CHECK(at.force(r) == Complex(0));
    // f has no jump at the joints, where second derivatives of the cut-off vanish
    for (const double joint : {bound, 2 * bound}) {
      double below = 0, above = 0;
      Complex none;
      at.derivatives(std::sqrt(joint) - 1e-9, below, none);
      at.derivatives(std::sqrt(joint) + 1e-9, above, none);
      CHECK_NEAR(below, above, 1e-5);
    }
    if (y >= 6) CHECK_EQUAL(at.force(1).real(), 0.0);
  }
  // beyond twice the bound the value stands still
  const At at{*loss, 1.0, false};
  CHECK_EQUAL(at.value(2.5), at.value(40));
  CHECK_BELOW(at.value(2.4), at.value(2.5));
}

TEST(smoothLossesTendToTheSharpOnes) {
  const std::vector<std::pair<LossSpec, std::string>> pairs = {{{"smoothed-amplitude", {1e-7}}, "amplitude"},
                                                               {{"perturbed-amplitude", {1e-7}}, "amplitude"},
                                                               {{"tanh-amplitude", {1e7}}, "amplitude"},
                                                               {{"smoothed-poisson", {1e-7}}, "poisson"},
                                                               {{"smoothed-intensity-l1", {1e-7}}, "intensity-l1"},
                                                               {{"smoothed-relu", {1e8}}, "relu"},
                                                               {{"truncated-wirtinger", {1e8}}, "wirtinger"}};
  for (const auto& [smooth, sharp] : pairs) {
    const auto a = makeLoss(smooth, Field::real), b = makeLoss({sharp, {}}, Field::real);
    for (const double r : {-1.3, 0.4, 2.2}) {
      CHECK_NEAR((At{*a, 1.1, false}.value(r)), (At{*b, 1.1, false}.value(r)), 1e-6);
      CHECK_NEAR(std::abs(At{*a, 1.1, false}.force(r) - At{*b, 1.1, false}.force(r)), 0, 1e-6);
    }
  }
}

TEST(lossesRefuseWhatTheyDoNotKnow) {
  CHECK_THROWS(ErrorCode::invalidArgument, makeLoss({"wirtingr", {}}, Field::real));
  CHECK_THROWS(ErrorCode::invalidArgument, makeLoss({"logistic", {}}, Field::complex));
  CHECK_THROWS(ErrorCode::invalidArgument, makeLoss({"wirtinger", {1}}, Field::real));
  CHECK_THROWS(ErrorCode::invalidArgument, makeLoss({"tanh-amplitude", {}}, Field::real));
  CHECK_THROWS(ErrorCode::invalidArgument, makeLoss({"tanh-amplitude", {0}}, Field::real));
  CHECK_THROWS(ErrorCode::invalidArgument, makeLoss({"tanh-amplitude", {std::nan("")}}, Field::real));
}
