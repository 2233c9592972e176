// The pseudo-inverse of a design, projection methods, PhaseMax and message passing: against dense factorizations, the
// textbook iterations written out, certificates of optimality and state evolution.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "designs/dense_design.h"
#include "harness.h"
#include "matrices.h"
#include "vector/least_squares.h"
#include "vector/methods/amplitude_channel.h"
#include "vector/top_eigenpair.h"
#include "vector/vector_run.h"

namespace lowrank::test {
namespace {

using Numbers = std::vector<double>;

struct Case {
  std::shared_ptr<DenseDesign> design;
  std::int64_t m, n, wideM, wideN;
  Numbers truth, y, start;
  Dense embedded;  // the real matrix of X on split vectors: wideM x wideN
};

Numbers numbers(std::int64_t count, std::uint64_t seed, Purpose purpose = Purpose::test) {
  Numbers out(static_cast<std::size_t>(count));
  normals(seed, purpose, 0, count, out.data());
  return out;
}

double norm(const Numbers& a) {
  double sum = 0;
  for (const double x : a) sum += x * x;
  return std::sqrt(sum);
}

double distance(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

Numbers times(const Dense& a, const Numbers& x) {
  Numbers out(static_cast<std::size_t>(a.rows));
  multiplyVector(1, a, Transpose::no, x.data(), 0, out.data());
  return out;
}

// A standard design, a truth of norm `scale`, its intensities, and a start of overlap a with it.
Case makeCase(std::int64_t m, std::int64_t n, Field field, std::uint64_t seed, double a = 0.8, double scale = 1,
              bool withMatrix = true) {
  Team team(1);
  const std::int64_t wide = field == Field::complex ? 2 : 1;
  Case made{std::make_shared<DenseDesign>(m, n, field),          m, n, wide * m, wide * n, {}, {}, {},
            withMatrix ? Dense(wide * m, wide * n) : Dense(0, 0)};
  made.design->fillGaussian(seed, team);
  made.truth = numbers(made.wideN, seed, Purpose::signal);
  const double size = norm(made.truth);
  made.start = numbers(made.wideN, seed + 50);
  const double startSize = norm(made.start);
  for (std::size_t j = 0; j < made.truth.size(); ++j) {
    made.truth[j] *= scale / size;
    made.start[j] = a * made.truth[j] + std::sqrt(1 - a * a) * scale * made.start[j] / startSize;
  }
  Numbers row(static_cast<std::size_t>(made.wideN));
  for (std::int64_t i = 0; withMatrix && i < m; ++i) {
    made.design->readRow(i, row.data());
    for (std::int64_t j = 0; j < n; ++j) {
      made.embedded(i, j) = row[static_cast<std::size_t>(j)];
      if (wide == 1) continue;
      made.embedded(i, n + j) = -row[static_cast<std::size_t>(n + j)];
      made.embedded(m + i, j) = row[static_cast<std::size_t>(n + j)];
      made.embedded(m + i, n + j) = row[static_cast<std::size_t>(j)];
    }
  }
  Numbers z(static_cast<std::size_t>(made.wideM));
  made.design->apply(made.truth.data(), z.data(), *made.design->workspace(), team);
  for (std::int64_t i = 0; i < m; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const double im = wide == 2 ? z[k + static_cast<std::size_t>(m)] : 0;
    made.y.push_back(z[k] * z[k] + im * im);
  }
  return made;
}

VectorRunOptions optionsFor(const Case& made, const char* method, Numbers parameters = {}) {
  VectorRunOptions options;
  options.method = method;
  options.methodParameters = std::move(parameters);
  options.theta = made.start.data();
  options.y = made.y.data();
  options.truth = made.truth.data();
  options.columns = {"residual", "testError"};
  options.stopIterations = 100000;
  return options;
}

struct Named {
  const char* name;
  Numbers parameters;
};
const std::vector<Named>& everyMethod() {
  static const std::vector<Named> all = {{"error-reduction", {}}, {"hio", {0.9, 0}}, {"raar", {0.9}},
                                         {"admm", {0.2}},         {"phasemax", {}},  {"phaselamp", {10, 1e-3}},
                                         {"amp", {0.1, 16, 0}}};
  return all;
}

Numbers thetaOf(const VectorRun& run, const Case& made) { return {run.theta(), run.theta() + made.wideN}; }

// Dense least squares through QR of the embedded matrix: A^+ u, and the projection X A^+ u onto the range.
struct DenseSolver {
  explicit DenseSolver(const Case& made) : q(made.wideM, made.wideN), r(made.wideN, made.wideN) {
    QrDecomposition(made.wideM, made.wideN).compute(made.embedded, q, r);
  }
  Numbers coefficients(const Numbers& u) const {
    Numbers out(static_cast<std::size_t>(q.cols));
    multiplyVector(1, q, Transpose::yes, u.data(), 0, out.data());
    return out;
  }
  Numbers pseudoInverse(const Numbers& u) const {
    Numbers z = coefficients(u);
    for (std::int64_t i = q.cols - 1; i >= 0; --i) {
      for (std::int64_t j = i + 1; j < q.cols; ++j) {
        z[static_cast<std::size_t>(i)] -= r(i, j) * z[static_cast<std::size_t>(j)];
      }
      z[static_cast<std::size_t>(i)] /= r(i, i);
    }
    return z;
  }
  Numbers project(const Numbers& u) const { return times(q, coefficients(u)); }
  Dense q, r;
};

// b o phase(u)
Numbers onModulus(const Case& made, const Numbers& u) {
  Numbers out(u.size());
  for (std::int64_t i = 0; i < made.m; ++i) {
    const auto k = static_cast<std::size_t>(i), l = static_cast<std::size_t>(made.wideM - made.m + i);
    const double size = k == l ? std::abs(u[k]) : std::hypot(u[k], u[l]), b = std::sqrt(made.y[k]);
    out[k] = b * u[k] / size;
    out[l] = b * u[l] / size;
  }
  return out;
}

Numbers combine(double a, const Numbers& x, double b, const Numbers& y) {
  Numbers out(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = a * x[i] + b * y[i];
  return out;
}

}  // namespace

TEST(theFactoredPseudoInverseIsLeastSquares) {
  Team team(2);
  // Above one tile of the Cholesky factorization and not a multiple of it.
  for (const Field field : {Field::real, Field::complex}) {
    const Case made = makeCase(520, field == Field::real ? 411 : 205, field, 3);
    const DenseSolver dense(made);
    auto workspace = made.design->workspace();
    LeastSquares squares(*made.design);
    VectorRunInfo info;
    CHECK(squares.prepare(*workspace, team, info));
    CHECK(squares.kind() == LeastSquares::Kind::cholesky);
    const Numbers u = numbers(made.wideM, 9);
    Numbers b(static_cast<std::size_t>(made.wideN)), z(b);
    CHECK(made.design->adjoint(u.data(), b.data(), *workspace, team));
    CHECK(squares.solve(b.data(), z.data(), *workspace, team, info));
    const Numbers expected = dense.pseudoInverse(u);
    CHECK_BELOW(distance(z, expected) / norm(expected), 1e-10);
  }
}

TEST(pseudoInversesWithoutAFactorAreOfLeastNorm) {
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    // Fewer measurements than unknowns: z = X^H (X X^H)^{-1} u, here as Q R^{-H} u of X^H = Q R.
    const Case made = makeCase(20, 33, field, 5);
    LeastSquares squares(*made.design);
    auto workspace = made.design->workspace();
    VectorRunInfo info;
    CHECK(squares.prepare(*workspace, team, info));
    CHECK(squares.kind() == LeastSquares::Kind::conjugateGradient);
    const Numbers u = numbers(made.wideM, 9);
    Numbers b(static_cast<std::size_t>(made.wideN)), z(b);
    CHECK(made.design->adjoint(u.data(), b.data(), *workspace, team));
    CHECK(squares.solve(b.data(), z.data(), *workspace, team, info));
    Dense q = transposed(made.embedded), r(made.wideM, made.wideM);
    QrDecomposition(q.rows, q.cols).compute(q, q, r);
    Numbers g = u;
    for (std::int64_t i = 0; i < made.wideM; ++i) {
      const auto k = static_cast<std::size_t>(i);
      for (std::int64_t j = 0; j < i; ++j) g[k] -= r(j, i) * g[static_cast<std::size_t>(j)];
      g[k] /= r(i, i);
    }
    const Numbers expected = times(q, g);
    CHECK_BELOW(distance(z, expected) / norm(expected), 1e-9);

    // Two equal columns: the factorization refuses, and least norm gives both coordinates the same value.
    DenseDesign twin(40, 6, field);
    const std::int64_t wide = made.wideN / made.n;
    for (std::int64_t i = 0; i < 40; ++i) {
      Numbers row = numbers(6 * wide, 100 + static_cast<std::uint64_t>(i));
      for (std::int64_t part = 0; part < wide; ++part)
        row[static_cast<std::size_t>(wide + part)] = row[static_cast<std::size_t>(part)];
      CHECK_EQUAL(twin.fill(i, row.data(), 1), -1);
    }
    LeastSquares singular(twin);
    auto scratch = twin.workspace();
    CHECK(singular.prepare(*scratch, team, info));
    CHECK(singular.kind() == LeastSquares::Kind::conjugateGradient);
    const Numbers v = numbers(twin.width(40), 10);
    Numbers c(static_cast<std::size_t>(twin.width(6))), x(c), field2(v), again(c);
    CHECK(twin.adjoint(v.data(), c.data(), *scratch, team));
    CHECK(singular.solve(c.data(), x.data(), *scratch, team, info));
    CHECK(twin.apply(x.data(), field2.data(), *scratch, team));
    CHECK(twin.adjoint(field2.data(), again.data(), *scratch, team));
    CHECK_BELOW(distance(again, c) / norm(c), 1e-12);
    CHECK_NEAR(x[0], x[1], 1e-12);
  }
}

TEST(errorReductionNeverRaisesTheResidual) {
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    for (const double a : {0.0, 0.6}) {
      const Case made = makeCase(90, 30, field, 7, a);
      VectorRun run(made.design, optionsFor(made, "error-reduction"));
      double before = INFINITY;
      for (int i = 0; i < 60; ++i) {
        run.advance(1, team);
        CHECK(run.info().residual <= before * (1 + 1e-14));
        before = run.info().residual;
      }
    }
  }
}

TEST(reflectionsAreTheTextbookIterations) {
  // u of the iterations written out in C^m with a dense projection; the methods report A^+ P_M u.
  Team team(1);
  struct Rule {
    const char* name;
    Numbers parameters;
    std::function<Numbers(const Numbers& u, const Numbers& p, const DenseSolver&)> next;
  };
  const auto douglasRachford = [](const Numbers& u, const Numbers& p, const DenseSolver& dense) {
    return combine(1, combine(1, u, 1, dense.project(combine(2, p, -1, u))), -1, p);
  };
  const std::vector<Rule> rules = {{"raar", {1}, douglasRachford},
                                   {"hio", {1, 0}, douglasRachford},
                                   {"raar",
                                    {0.85},
                                    [&](const Numbers& u, const Numbers& p, const DenseSolver& dense) {
                                      return combine(0.85, douglasRachford(u, p, dense), 0.15, p);
                                    }},
                                   // Fienup: P_M u where it lies in the range, u - beta P_M u in its complement.
                                   {"hio", {0.7, 0}, [](const Numbers& u, const Numbers& p, const DenseSolver& dense) {
                                      const Numbers outside = combine(1, u, -0.7, p);
                                      return combine(1, dense.project(p), 1,
                                                     combine(1, outside, -1, dense.project(outside)));
                                    }}};
  for (const Field field : {Field::real, Field::complex}) {
    const Case made = makeCase(50, 16, field, 11, 0.5);
    const DenseSolver dense(made);
    for (const Rule& rule : rules) {
      VectorRun run(made.design, optionsFor(made, rule.name, rule.parameters));
      run.advance(0, team);
      Numbers u = times(made.embedded, made.start);
      for (int t = 0; t < 12; ++t) {
        run.advance(1, team);
        const Numbers p = onModulus(made, u);
        CHECK_BELOW(distance(thetaOf(run, made), dense.pseudoInverse(p)), 1e-10);
        u = rule.next(u, p, dense);
      }
    }
    // ADMM: theta, u, multiplier w.
    VectorRun run(made.design, optionsFor(made, "admm", {0.3}));
    run.advance(0, team);
    Numbers theta = made.start, w(static_cast<std::size_t>(made.wideM));
    for (int t = 0; t < 12; ++t) {
      const Numbers v = combine(1, times(made.embedded, theta), 1, w);
      const Numbers u = combine(1 / 1.3, onModulus(made, v), 0.3 / 1.3, v);
      w = combine(1, v, -1, u);
      theta = dense.pseudoInverse(combine(1, u, -1, w));
      run.advance(1, team);
      CHECK_BELOW(distance(thetaOf(run, made), theta), 1e-10);
    }
  }
}

TEST(theTruthIsAFixedPointOfNoiselessData) {
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    Case made = makeCase(200, 20, field, 13, 0.8, 3);
    made.start = made.truth;
    for (const Named& method : everyMethod()) {
      // PhaseMax starts from the direction alone; its answer is the truth all the same.
      const bool linear = std::strncmp(method.name, "phase", 5) == 0;
      VectorRun run(made.design, optionsFor(made, method.name, method.parameters));
      run.advance(linear ? 600 : 5, team);
      CHECK_BELOW(run.info().testError, 1e-12);
      // Of the phase of its answer PhaseMax knows what a maximum says: the square root of rounding.
      CHECK_BELOW(distance(thetaOf(run, made), made.truth), linear ? 1e-5 : 1e-11);
    }
  }
}

TEST(recoveryFromEightMeasurementsAnUnknown) {
  Team team(2);
  for (const Field field : {Field::real, Field::complex}) {
    for (const double scale : {1.0, 1e-3}) {
      const Case made = makeCase(512, 64, field, 17, 0.85, scale);
      for (const Named& method : everyMethod()) {
        VectorRunOptions options = optionsFor(made, method.name, method.parameters);
        options.stopResidual = 1e-11;
        options.stopIterations = 3000;
        VectorRun run(made.design, options);
        run.advance(3000, team);
        CHECK_BELOW(run.info().testError, 1e-8);
      }
    }
  }
}

TEST(hioKeepsSignalsNonNegative) {
  Team team(1);
  Case made = makeCase(140, 24, Field::real, 21);
  for (double& x : made.truth) x = std::max(x, 0.0);
  made.y = times(made.embedded, made.truth);
  for (double& y : made.y) y *= y;
  // A start of the wrong sign: the constraint tells theta from -theta.
  for (std::size_t j = 0; j < made.start.size(); ++j) made.start[j] = -made.truth[j] - 0.3 * made.start[j];
  const DenseSolver dense(made);
  VectorRun run(made.design, optionsFor(made, "hio", {0.5, 1}));
  run.advance(0, team);
  Numbers x = combine(-1, made.start, 0, made.start);
  for (int t = 0; t < 5; ++t) {
    const Numbers next = dense.pseudoInverse(onModulus(made, times(made.embedded, x)));
    for (std::size_t j = 0; j < x.size(); ++j) x[j] = next[j] >= 0 ? next[j] : x[j] - 0.5 * next[j];
    run.advance(1, team);
    CHECK_BELOW(distance(thetaOf(run, made), x), 1e-10);
  }
  run.advance(400, team);
  CHECK_BELOW(distance(thetaOf(run, made), made.truth), 1e-8);
  const Case complex = makeCase(60, 24, Field::complex, 19);
  CHECK_THROWS(ErrorCode::invalidArgument, VectorRun(complex.design, optionsFor(complex, "hio", {0.5, 1})));
}

TEST(phaseMaxEndsAtAnOptimumThatACertificateProves) {
  // Too few measurements to recover anything, so that the optimum is a vertex of its own. The multipliers of the active
  // rows come from least squares: x0 = sum_i mu_i x_i^* r_i with mu >= 0, |r_i| = b_i there and |r_i| <= b_i elsewhere.
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    const Case made = makeCase(field == Field::real ? 20 : 30, 12, field, 23, 0.4);
    VectorRun run(made.design, optionsFor(made, "phasemax"));
    run.advance(20000, team);
    const Numbers theta = thetaOf(run, made), r = times(made.embedded, theta);
    CHECK(run.info().testError > 1e-3);
    std::vector<std::int64_t> active;
    for (std::int64_t i = 0; i < made.m; ++i) {
      const auto k = static_cast<std::size_t>(i), l = static_cast<std::size_t>(made.wideM - made.m + i);
      const double size = k == l ? std::abs(r[k]) : std::hypot(r[k], r[l]), b = std::sqrt(made.y[k]);
      CHECK(size <= b + 1e-9);
      if (size > b - 1e-8) active.push_back(i);
    }
    const auto count = static_cast<std::int64_t>(active.size());
    CHECK(count > 0 && count <= made.wideN);
    if (count > made.wideN) continue;
    Dense columns(made.wideN, count), triangle(count, count);
    for (std::int64_t c = 0; c < count; ++c) {
      const std::int64_t i = active[static_cast<std::size_t>(c)];
      for (std::int64_t j = 0; j < made.wideN; ++j) {
        columns(j, c) = made.embedded(i, j) * r[static_cast<std::size_t>(i)];
        if (field == Field::complex) {
          columns(j, c) += made.embedded(made.m + i, j) * r[static_cast<std::size_t>(made.m + i)];
        }
      }
    }
    const Dense original = columns;
    QrDecomposition(made.wideN, count).compute(columns, columns, triangle);
    Numbers mu(static_cast<std::size_t>(count));
    multiplyVector(1, columns, Transpose::yes, made.start.data(), 0, mu.data());
    for (std::int64_t i = count - 1; i >= 0; --i) {
      const auto k = static_cast<std::size_t>(i);
      for (std::int64_t j = i + 1; j < count; ++j) mu[k] -= triangle(i, j) * mu[static_cast<std::size_t>(j)];
      mu[k] /= triangle(i, i);
      CHECK(mu[k] > -1e-8);
    }
    CHECK_BELOW(distance(times(original, mu), made.start), 1e-8 * norm(made.start));
    // The method's own certificate agrees.
    CHECK_BELOW(run.info().gradientNorm, 1e-10);
  }
}

TEST(phaseLampOfOneRoundIsPhaseMax) {
  Team team(1);
  const Case made = makeCase(120, 24, Field::complex, 29, 0.7);
  VectorRun one(made.design, optionsFor(made, "phaselamp", {1, 1e-3})),
      plain(made.design, optionsFor(made, "phasemax")), many(made.design, optionsFor(made, "phaselamp", {10, 1e-3}));
  for (VectorRun* run : {&one, &plain, &many}) run->advance(3000, team);
  CHECK_EQUAL(distance(thetaOf(one, made), thetaOf(plain, made)), 0);
  CHECK(many.info().testError <= plain.info().testError + 1e-9);
}

TEST(posteriorOfAmplitudes) {
  // Against the integral over the unknown phase, and its derivative by differences.
  const auto mean = [](double w, double b, double variance, bool complex) {
    if (!complex) return b * std::tanh(b * w / variance);
    double top = 0, bottom = 0;
    for (int k = 0; k < 4000; ++k) {
      const double cosine = std::cos(M_PI * (k + 0.5) / 4000), weight = std::exp(2 * b * w / variance * (cosine - 1));
      top += cosine * weight;
      bottom += weight;
    }
    return b * top / bottom;
  };
  for (const bool complex : {false, true}) {
    for (const double variance : {2.0, 0.3, 0.04, 1e-3}) {
      for (const double b : {0.05, 0.7, 2.0}) {
        for (const double w : {0.01, 0.4, 1.9}) {
          const auto found = detail::amplitudePosterior(w, b, variance, complex);
          CHECK_NEAR(found.factor, mean(w, b, variance, complex), 1e-12);
          const double h = 1e-4 * std::min(w, variance);
          const double radial = (mean(w + h, b, variance, complex) - mean(w - h, b, variance, complex)) / (2 * h);
          const double expected = complex ? (radial + mean(w, b, variance, true) / w) / 2 : radial;
          CHECK_NEAR(found.derivative, expected, 1e-5 * (1 + std::abs(expected)));
        }
      }
    }
  }
  for (const bool complex : {false, true}) {
    for (const double variance : {1e-30, 1e-300}) {
      const auto sharp = detail::amplitudePosterior(0.5, 2, variance, complex);
      CHECK_NEAR(sharp.factor, 2, 1e-15);
      CHECK_NEAR(sharp.derivative, complex ? 2 : 0, 1e-12);  // b / (2 |w|)
    }
    CHECK_EQUAL(detail::amplitudePosterior(0, 2, 0.5, complex).factor, 0);
    CHECK_NEAR(detail::amplitudePosterior(0, 2, 0.5, complex).derivative, 8, 1e-12);
    CHECK_EQUAL(detail::amplitudePosterior(1, 0, 0.5, complex).derivative, 0);
  }
}

namespace {

// q+ of state evolution: q+ = h/(1 + h), h = delta E|zhat - w|^2/(1 - q)^2, by quadrature over |w| and b = |z| given w.
double evolve(double q, double delta, bool complex) {
  const double v = 1 - q;
  const int points = 400;
  double sum = 0;
  for (int i = 0; i < points; ++i) {
    const double w = 7 * std::sqrt(q) * (i + 0.5) / points;
    const double ofW =
        complex ? 2 * w / q * std::exp(-w * w / q) : std::sqrt(2 / (M_PI * q)) * std::exp(-w * w / (2 * q));
    for (int j = 0; j < points; ++j) {
      const double from = std::max(0.0, w - 7 * std::sqrt(v)), to = w + 7 * std::sqrt(v), step = (to - from) / points;
      const double b = from + step * (j + 0.5);
      double ofB, mean;
      if (complex) {
        // Rice's density, with I0 and I1 as integrals over the phase.
        double zero = 0, one = 0;
        const int phases = 48;
        for (int k = 0; k < phases; ++k) {
          const double cosine = std::cos(M_PI * (k + 0.5) / phases), weight = std::exp(2 * b * w / v * (cosine - 1));
          zero += weight / phases;
          one += weight * cosine / phases;
        }
        ofB = 2 * b / v * std::exp(-(b - w) * (b - w) / v) * zero;
        mean = b * one / zero;
      } else {
        ofB =
            (std::exp(-(b - w) * (b - w) / (2 * v)) + std::exp(-(b + w) * (b + w) / (2 * v))) / std::sqrt(2 * M_PI * v);
        mean = b * std::tanh(b * w / v);
      }
      sum += ofW * ofB * (mean - w) * (mean - w) * 7 * std::sqrt(q) / points * step;
    }
  }
  const double h = delta * sum / (v * v);
  return h / (1 + h);
}

}  // namespace

TEST(messagePassingFollowsItsStateEvolution) {
  // m = <theta*, theta^t> and ||theta^t||^2 both go to q_t from a start that knows nothing of the design. Standard
  // deviations at n = 1000, seen over seeds: 0.03 of m, 0.06 of the squared norm (its mode is only just stable), 0.025
  // of the squared cosine. Four runs; the tolerances are three standard errors at the sizes below.
  Team team(2);
  for (const Field field : {Field::real, Field::complex}) {
    const bool complex = field == Field::complex;
    const double delta = complex ? 4 : 2.5;
    const std::int64_t n = complex ? 500 : 800, runs = 4;
    constexpr int steps = 4;
    double cosine[steps] = {}, along[steps] = {};
    for (std::int64_t k = 0; k < runs; ++k) {
      const Case made = makeCase(static_cast<std::int64_t>(delta * static_cast<double>(n)), n, field,
                                 static_cast<std::uint64_t>(31 + k), 0.5, 1, false);
      VectorRun run(made.design, optionsFor(made, "amp", {0, 16, 0.5}));
      for (int t = 0; t < steps; ++t) {
        run.advance(t == 0 ? 0 : 1, team);
        const Numbers theta = thetaOf(run, made);
        double m = 0;
        for (std::size_t j = 0; j < theta.size(); ++j) m += theta[j] * made.truth[j] / static_cast<double>(runs);
        along[t] += m;
        cosine[t] += run.info().overlap * run.info().overlap / static_cast<double>(runs);
      }
    }
    double q = 0.25;
    for (int t = 0; t < steps; ++t) {
      CHECK_NEAR(cosine[t], q, 0.045);
      CHECK_NEAR(along[t], q, 0.07);
      q = evolve(q, delta, complex);
    }
  }
}

TEST(messagePassingKnowsTheMemoryOfASpectralStart) {
  // Complex, delta = 3, T* = 1 - 1/y: q_0 = a^2 = 0.58708 (reference, 7.3), then state evolution as from a fresh start.
  // A clip that is not that of the start hides it, and the run falls behind.
  Team team(2);
  const std::int64_t n = 400, m = 3 * n, runs = 6;
  constexpr int steps = 4;
  double known[steps] = {}, hidden[steps] = {};
  for (std::int64_t k = 0; k < runs; ++k) {
    Case made = makeCase(m, n, Field::complex, static_cast<std::uint64_t>(61 + k), 0, 1, false);
    Numbers t(static_cast<std::size_t>(m));
    double mean = 0;
    for (const double y : made.y) mean += y / static_cast<double>(m);
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = std::max(1 - mean / made.y[i], -16.0);
    EigenpairOptions options;
    options.weights = t.data();
    topEigenpair(*made.design, options, made.start.data(), team);
    VectorRun with(made.design, optionsFor(made, "amp", {0, 16, 0})),
        without(made.design, optionsFor(made, "amp", {0, 3, std::sqrt(0.58708)}));
    for (int s = 0; s < steps; ++s) {
      with.advance(s == 0 ? 0 : 1, team);
      without.advance(s == 0 ? 0 : 1, team);
      known[s] += with.info().overlap * with.info().overlap / static_cast<double>(runs);
      hidden[s] += without.info().overlap * without.info().overlap / static_cast<double>(runs);
    }
  }
  double q = 0.58708;
  for (int s = 0; s < steps; ++s) {
    CHECK_NEAR(known[s], q, 0.035);
    if (s == 3) CHECK(hidden[s] < known[s] - 0.15);
    q = evolve(q, 3, true);
  }
}

TEST(vectorMethodsGiveTheSameBitsForAnyThreadsAndChunks) {
  Team one(1), three(3);
  for (const Field field : {Field::real, Field::complex}) {
    const Case made = makeCase(400, 70, field, 37, 0.6);
    for (const Named& method : everyMethod()) {
      VectorRun whole(made.design, optionsFor(made, method.name, method.parameters)),
          parts(made.design, optionsFor(made, method.name, method.parameters));
      whole.advance(80, one);
      for (const std::int64_t chunk : {0, 1, 29, 50}) parts.advance(chunk, three);
      CHECK_EQUAL(std::memcmp(whole.theta(), parts.theta(), static_cast<std::size_t>(made.wideN) * sizeof(double)), 0);
    }
  }
}

TEST(vectorMethodsDoNotAllocateInTheLoop) {
  if (!heapCounting()) return;
  Team team(1);
  const Case made = makeCase(100, 20, Field::complex, 41, 0.6), wide = makeCase(30, 40, Field::real, 41, 0.6);
  for (const Case* each : {&made, &wide}) {
    for (const Named& method : everyMethod()) {
      if (each == &wide && std::strncmp(method.name, "phase", 5) == 0) continue;
      VectorRunOptions options = optionsFor(*each, method.name, method.parameters);
      options.recordEvery = 0;
      VectorRun run(each->design, options);
      run.advance(3, team);
      const std::int64_t before = heapAllocations(), buffers = allocationCount();
      run.advance(120, team);
      CHECK_EQUAL(allocationCount(), buffers);
      CHECK(heapAllocations() - before <= 1);
    }
  }
}

TEST(projectionMethodsRefuseWhatTheyCannotDo) {
  Team team(1);
  Case made = makeCase(40, 10, Field::real, 43);
  for (const Named& method : everyMethod()) {
    VectorRunOptions options = optionsFor(made, method.name, method.parameters);
    options.intensity = false;
    CHECK_THROWS(ErrorCode::invalidArgument, VectorRun(made.design, options));
  }
  const std::vector<Named> wrong = {{"raar", {1.5}},     {"hio", {0, 0}},    {"admm", {-1}},
                                    {"amp", {1, 16, 0}}, {"amp", {0, 0, 0}}, {"phaselamp", {0, 1e-3}}};
  for (const Named& method : wrong) {
    CHECK_THROWS(ErrorCode::invalidArgument, VectorRun(made.design, optionsFor(made, method.name, method.parameters)));
  }
  // Nothing was measured at all: every method answers with a finite vector.
  Case dark = makeCase(40, 10, Field::complex, 43);
  std::fill(dark.y.begin(), dark.y.end(), 0.0);
  for (const Named& method : everyMethod()) {
    VectorRun run(dark.design, optionsFor(dark, method.name, method.parameters));
    run.advance(50, team);
    CHECK(allFinite(run.theta(), dark.wideN));
  }
}

TEST(projectionMethodsSurviveDegenerateProblems) {
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    for (const auto& [m, n] : {std::pair{1, 1}, std::pair{4, 1}, std::pair{1, 4}, std::pair{30, 10}}) {
      for (const double scale : {1.0, 1e-70, 1e70}) {
        const Case made = makeCase(m, n, field, 47, 0.6, scale);
        for (const Named& method : everyMethod()) {
          if (m < n && std::strncmp(method.name, "phase", 5) == 0) {
            CHECK_THROWS(ErrorCode::invalidArgument,
                         VectorRun(made.design, optionsFor(made, method.name, method.parameters)));
            continue;
          }
          VectorRun run(made.design, optionsFor(made, method.name, method.parameters));
          run.advance(60, team);
          CHECK(run.status() != Status::numerical);
          CHECK(allFinite(run.theta(), made.wideN));
        }
      }
    }
    // A design whose X^H X overflows: a status, not a hang.
    DenseDesign huge(30, 5, field);
    for (std::int64_t i = 0; i < 30; ++i) {
      Numbers row = numbers(huge.width(5), 200 + static_cast<std::uint64_t>(i));
      for (double& x : row) x *= 1e200;
      CHECK_EQUAL(huge.fill(i, row.data(), 1), -1);
    }
    const Case like = makeCase(30, 5, field, 47);
    const auto shared = std::make_shared<DenseDesign>(std::move(huge));
    for (const Named& method : everyMethod()) {
      VectorRun run(shared, optionsFor(like, method.name, method.parameters));
      run.advance(60, team);
      CHECK(allFinite(run.theta(), like.wideN));
    }
    Case still = makeCase(30, 5, field, 47);
    std::fill(still.start.begin(), still.start.end(), 0.0);
    for (const Named& method : everyMethod()) {
      VectorRun run(still.design, optionsFor(still, method.name, method.parameters));
      const bool needsDirection = std::strncmp(method.name, "phase", 5) == 0 || std::strcmp(method.name, "amp") == 0;
      if (needsDirection) {
        CHECK_THROWS(ErrorCode::invalidArgument, run.advance(5, team));
      } else {
        run.advance(5, team);
        CHECK(allFinite(run.theta(), still.wideN));
      }
    }
  }
}

}  // namespace lowrank::test
