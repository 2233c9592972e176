// Methods of phase retrieval that follow gradients, rows or coordinates: one iteration against an explicit loop over
// the rows, fixed points, equivalences between methods, recovery, bits.
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "designs/dense_design.h"
#include "harness.h"
#include "linalg/philox.h"
#include "vector/methods/quartic.h"
#include "vector/vector_run.h"

using namespace lowrank;
using namespace lowrank::test;

namespace {

using Complex = std::complex<double>;
using Vector = std::vector<Complex>;
using Numbers = std::vector<double>;

constexpr Field fields[] = {Field::real, Field::complex};

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

Numbers split(const Vector& v, Field field) {
  Numbers out;
  for (const Complex& x : v) out.push_back(x.real());
  if (field == Field::complex) {
    for (const Complex& x : v) out.push_back(x.imag());
  }
  return out;
}

Vector joined(const double* v, std::int64_t count, Field field) {
  Vector out(at(count));
  for (std::int64_t j = 0; j < count; ++j) out[at(j)] = {v[j], field == Field::complex ? v[count + j] : 0.0};
  return out;
}

double normOf(const Vector& v) {
  double sum = 0;
  for (const Complex& x : v) sum += std::norm(x);
  return std::sqrt(sum);
}

double distance(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += std::norm(a[j] - b[j]);
  return std::sqrt(sum);
}

double meanOf(const Numbers& v) {
  double sum = 0;
  for (const double x : v) sum += x;
  return sum / static_cast<double>(v.size());
}

// Intensities of a signal of norm 1 (entries of the design scaled by `scale`), and a start at distance `away` from it.
struct Problem {
  std::shared_ptr<DenseDesign> design;
  std::vector<Vector> rows;
  Vector truth, start;
  Numbers y;
  Field field;
  std::int64_t m, n;

  Vector fieldAt(const Vector& theta) const {
    Vector r;
    for (const Vector& row : rows) {
      Complex sum = 0;
      for (std::size_t j = 0; j < row.size(); ++j) sum += row[j] * theta[j];
      r.push_back(sum);
    }
    return r;
  }
  // X^H force / m
  Vector gradient(const Vector& force) const {
    Vector out(at(n));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (std::size_t j = 0; j < out.size(); ++j) {
        out[j] += std::conj(rows[i][j]) * force[i] / static_cast<double>(m);
      }
    }
    return out;
  }
};

Problem makeProblem(std::int64_t m, std::int64_t n, Field field, double away, double scale = 1,
                    std::uint64_t seed = 1) {
  Problem p{std::make_shared<DenseDesign>(m, n, field), {}, {}, {}, {}, field, m, n};
  const std::int64_t wide = p.design->width(n);
  Numbers draws(at(m * wide));
  normals(seed, Purpose::measurements, 0, m * wide, draws.data());
  if (field == Field::complex) scale *= std::sqrt(0.5);
  for (double& x : draws) x *= scale;
  CHECK_EQUAL(p.design->fill(0, draws.data(), m), -1);
  for (std::int64_t i = 0; i < m; ++i) {
    Vector row;
    for (std::int64_t j = 0; j < n; ++j) {
      row.push_back(field == Field::real ? Complex(draws[at(i * n + j)])
                                         : Complex(draws[at(2 * (i * n + j))], draws[at(2 * (i * n + j) + 1)]));
    }
    p.rows.push_back(row);
  }
  Numbers a(at(wide)), b(at(wide));
  normals(seed, Purpose::signal, 0, wide, a.data());
  normals(seed, Purpose::initialVector, 0, wide, b.data());
  p.truth = joined(a.data(), n, field);
  p.start = joined(b.data(), n, field);
  const double truthNorm = normOf(p.truth), startNorm = normOf(p.start);
  for (std::size_t j = 0; j < p.truth.size(); ++j) {
    p.truth[j] /= truthNorm;
    p.start[j] = p.truth[j] + away * p.start[j] / startNorm;
  }
  for (const Complex& r : p.fieldAt(p.truth)) p.y.push_back(std::norm(r));
  return p;
}

VectorRunOptions optionsFor(const std::string& method, Numbers parameters = {}) {
  VectorRunOptions options;
  options.method = method;
  for (const auto& description : vectorMethodDescriptions()) {
    if (method == description.name && parameters.empty()) parameters = description.defaults;
  }
  options.methodParameters = parameters;
  return options;
}

struct Outcome {
  Vector theta;
  VectorRunInfo info;
  Status status;
};

Outcome iterate(const Problem& p, VectorRunOptions options, std::int64_t iterations, int threads = 1,
                std::int64_t chunk = 0) {
  const Numbers start = split(p.start, p.field), truth = split(p.truth, p.field);
  options.theta = start.data();
  options.truth = truth.data();
  options.y = p.y.data();
  options.stopIterations = iterations;
  VectorRun run(p.design, options);
  Team team(threads);
  while (run.status() == Status::running) run.advance(chunk > 0 ? chunk : iterations, team);
  return {joined(run.theta(), p.n, p.field), run.info(), run.status()};
}

// The methods of this file, with a loss for the one that takes any.
std::vector<VectorRunOptions> allMethods() {
  std::vector<VectorRunOptions> all;
  for (const char* name : {"wirtinger-flow", "truncated-wirtinger-flow", "reweighted-wirtinger-flow", "amplitude-flow",
                           "truncated-amplitude-flow", "reweighted-amplitude-flow", "reshaped-wirtinger-flow",
                           "incremental-reshaped-wirtinger-flow", "polyak-subgradient", "kaczmarz",
                           "coordinate-descent", "l-bfgs", "gauss-newton", "prox-linear"}) {
    all.push_back(optionsFor(name));
  }
  all.push_back(optionsFor("gauss-newton", {1, 1e-3, 200}));
  return all;
}

Complex phaseOf(Complex r) { return r / std::abs(r); }

// One iteration of theta - step X^H force / m against the run.
void checkFlow(const char* method, const Numbers& parameters, double stepReal, double stepComplex,
               const std::function<Complex(const Problem&, Complex, std::size_t)>& force, bool perMeanOfY = false) {
  for (const Field field : fields) {
    for (const double scale : {1.0, 3.0}) {
      const Problem p = makeProblem(60, 7, field, 0.4, scale);
      const double variance = p.design->squaredNorm() / static_cast<double>(p.m * p.n);
      const Vector r = p.fieldAt(p.start);
      Vector forces;
      for (std::size_t i = 0; i < r.size(); ++i) forces.push_back(force(p, r[i], i));
      const Vector gradient = p.gradient(forces);
      double step = (field == Field::real ? stepReal : stepComplex) / variance;
      if (perMeanOfY) step /= meanOf(p.y);
      Vector expected = p.start;
      for (std::size_t j = 0; j < expected.size(); ++j) expected[j] -= step * gradient[j];
      const Outcome automatic = iterate(p, optionsFor(method, parameters), 1);
      CHECK_BELOW(distance(automatic.theta, expected), 1e-13);
      CHECK_NEAR(automatic.info.step, step, 1e-14 * step);
      // A fixed step multiplies the same gradient.
      VectorRunOptions fixed = optionsFor(method, parameters);
      fixed.step = VectorStep::fixed;
      fixed.stepSize = step;
      CHECK_BELOW(distance(iterate(p, fixed, 1).theta, expected), 1e-13);
    }
  }
}

}  // namespace

TEST(wirtingerFlowFollowsItsSchedule) {
  for (const Field field : fields) {
    Problem p = makeProblem(60, 7, field, 0.3, 2);
    const double variance = p.design->squaredNorm() / static_cast<double>(p.m * p.n), ridge = 0.05;
    const double startSquare = normOf(p.start) * normOf(p.start);
    Vector theta = p.start;
    for (int t = 1; t <= 5; ++t) {
      const double mu = std::min(1 - std::exp(-t / 30.0), 0.1);
      const Vector r = p.fieldAt(theta);
      Vector force;
      for (std::size_t i = 0; i < r.size(); ++i) force.push_back((std::norm(r[i]) - p.y[i]) * r[i]);
      const Vector g = p.gradient(force);
      for (std::size_t j = 0; j < theta.size(); ++j) {
        theta[j] -= mu / (startSquare * variance * variance) * (g[j] + ridge * theta[j]);
      }
    }
    VectorRunOptions options = optionsFor("wirtinger-flow", {0.1, 30});
    options.ridge = ridge;
    const Outcome outcome = iterate(p, options, 5);
    CHECK_BELOW(distance(outcome.theta, theta), 1e-13);
    CHECK_EQUAL(outcome.info.passes, 6);
  }
}

TEST(flowsFollowTheirRules) {
  checkFlow("amplitude-flow", {0}, 0.6, 1,
            [](const Problem& p, Complex r, std::size_t i) { return r - std::sqrt(p.y[i]) * phaseOf(r); });
  checkFlow("reshaped-wirtinger-flow", {0.8}, 0.8, 0.8,
            [](const Problem& p, Complex r, std::size_t i) { return r - std::sqrt(p.y[i]) * phaseOf(r); });
  checkFlow("truncated-amplitude-flow", {0.5, 0.1}, 0.5, 0.5, [](const Problem& p, Complex r, std::size_t i) {
    const double b = std::sqrt(p.y[i]);
    return std::abs(r) >= b / 1.1 ? r - b * phaseOf(r) : Complex(0);
  });
  checkFlow("reweighted-amplitude-flow", {2, 4}, 2, 2, [](const Problem& p, Complex r, std::size_t i) {
    const double b = std::sqrt(p.y[i]), rho = std::abs(r) / b;
    return rho / (rho + 4) * (r - b * phaseOf(r));
  });
  // Weights eta / (| |r|^2 - y | + eta), eta in units of the mean of y.
  const auto reweighted = [](const Problem& p, Complex r, std::size_t i) {
    const double misfit = std::norm(r) - p.y[i], eta = 0.9 * meanOf(p.y);
    return eta * misfit / (std::abs(misfit) + eta) * r;
  };
  checkFlow("reweighted-wirtinger-flow", {0.3, 0.9}, 0.3, 0.3, reweighted, true);
  // Mask bounds that exclude some rows each.
  checkFlow("truncated-wirtinger-flow", {0.2, 0.4, 1.5, 2}, 0.4, 0.4, [](const Problem& p, Complex r, std::size_t i) {
    double misfits = 0;
    const Vector all = p.fieldAt(p.start);
    for (std::size_t k = 0; k < all.size(); ++k) misfits += std::abs(std::norm(all[k]) - p.y[k]);
    const double s = std::sqrt(static_cast<double>(p.n)) / normOf(p.rows[i]) * std::abs(r) / normOf(p.start);
    const double misfit = std::norm(r) - p.y[i];
    const bool counts = s >= 0.4 && s <= 1.5 && std::abs(misfit) <= 2 * misfits / static_cast<double>(p.m) * s;
    return counts ? misfit / std::conj(r) : Complex(0);
  });
}

TEST(polyakStepIsTheLossOverTheSquaredSubgradient) {
  for (const Field field : fields) {
    const Problem p = makeProblem(60, 7, field, 0.4, 3);
    const Vector r = p.fieldAt(p.start);
    Vector force;
    double f = 0;
    for (std::size_t i = 0; i < r.size(); ++i) {
      const double misfit = std::norm(r[i]) - p.y[i];
      f += std::abs(misfit) / static_cast<double>(p.m);
      force.push_back(misfit > 0 ? 2.0 * r[i] : -2.0 * r[i]);
    }
    const Vector g = p.gradient(force);
    Vector expected = p.start;
    for (std::size_t j = 0; j < g.size(); ++j) expected[j] -= (f - 0.01) / (normOf(g) * normOf(g)) * g[j];
    CHECK_BELOW(distance(iterate(p, optionsFor("polyak-subgradient", {0.01}), 1).theta, expected), 1e-13);
  }
}

TEST(rowSweepsTakeOneRowAtATime) {
  for (const Field field : fields) {
    const Problem p = makeProblem(40, 6, field, 0.4, 2);
    const double variance = p.design->squaredNorm() / static_cast<double>(p.m * p.n);
    // order 0: as they come; 1: drawn with replacement; 2: each once
    for (const int order : {0, 1, 2}) {
      for (const bool incremental : {false, true}) {
        Numbers u(at(2 * p.m));
        uniforms(77, Purpose::rowOrder, 0, 2 * p.m, u.data());
        Vector theta = p.start;
        for (int sweep = 0; sweep < 2; ++sweep) {
          std::vector<std::int64_t> rows;
          const double* mine = u.data() + sweep * p.m;
          for (std::int64_t i = 0; i < p.m; ++i) {
            rows.push_back(order == 1 ? static_cast<std::int64_t>(mine[i] * static_cast<double>(p.m)) : i);
          }
          for (std::int64_t i = p.m - 1; order == 2 && i > 0; --i) {
            std::swap(rows[at(i)], rows[at(static_cast<std::int64_t>(mine[i] * static_cast<double>(i + 1)))]);
          }
          for (const std::int64_t i : rows) {
            const Vector& x = p.rows[at(i)];
            Complex r = 0;
            for (std::size_t j = 0; j < x.size(); ++j) r += x[j] * theta[j];
            const double size = incremental ? 0.7 / (static_cast<double>(p.n) * variance) : 1 / (normOf(x) * normOf(x));
            const Complex change = size * (std::sqrt(p.y[at(i)]) * phaseOf(r) - r);
            for (std::size_t j = 0; j < x.size(); ++j) theta[j] += change * std::conj(x[j]);
          }
        }
        VectorRunOptions options =
            incremental ? optionsFor("incremental-reshaped-wirtinger-flow", {0.7, static_cast<double>(order)})
                        : optionsFor("kaczmarz", {static_cast<double>(order)});
        options.seed = 77;
        const Outcome outcome = iterate(p, options, 2);
        CHECK_BELOW(distance(outcome.theta, theta), 1e-12);
        CHECK_EQUAL(outcome.info.passes, 5);
      }
    }
  }
}

TEST(quarticMinimiserIsGlobal) {
  Numbers draws(12);
  for (std::uint64_t k = 0; k < 300; ++k) {
    normals(3, Purpose::test, 12 * k, 12, draws.data());
    Quartic sum;
    for (int i = 0; i < 4; ++i)
      sum.add(draws[at(i)] * (k % 3 == 0 ? 5 : 1), 2 * draws[at(4 + i)], std::abs(draws[at(8 + i)]));
    const auto value = [&](double t) {
      double total = 0;
      for (int i = 0; i < 4; ++i) {
        const double one =
            draws[at(i)] * (k % 3 == 0 ? 5 : 1) + t * (2 * draws[at(4 + i)] + t * std::abs(draws[at(8 + i)]));
        total += one * one;
      }
      return total;
    };
    const double best = value(sum.minimiser());
    for (double t = -20; t < 20; t += 0.003) CHECK(best <= value(t) * (1 + 1e-12));
  }
  CHECK_EQUAL(Quartic{}.minimiser(), 0.0);
}

TEST(coordinateDescentMinimisesAlongEveryCoordinate) {
  for (const Field field : fields) {
    const Problem p = makeProblem(30, 4, field, 0.5);
    const auto loss = [&](const Vector& theta) {
      double sum = 0;
      const Vector r = p.fieldAt(theta);
      for (std::size_t i = 0; i < r.size(); ++i) sum += std::pow(std::norm(r[i]) - p.y[i], 2);
      return sum;
    };
    Vector theta = p.start;
    for (std::size_t j = 0; j < theta.size(); ++j) {
      for (const Complex e : {Complex(1), Complex(0, 1)}) {
        if (field == Field::real && e != Complex(1)) continue;
        // A scan, then golden section around its best point.
        const auto along = [&](double t) {
          Vector moved = theta;
          moved[j] += t * e;
          return loss(moved);
        };
        double best = 0;
        for (double t = -4; t < 4; t += 0.01) {
          if (along(t) < along(best)) best = t;
        }
        double a = best - 0.02, b = best + 0.02;
        for (int k = 0; k < 60; ++k) {
          const double c = a + 0.381966 * (b - a), d = b - 0.381966 * (b - a);
          (along(c) < along(d) ? b : a) = along(c) < along(d) ? d : c;
        }
        theta[j] += 0.5 * (a + b) * e;
      }
    }
    CHECK_BELOW(distance(iterate(p, optionsFor("coordinate-descent", {0}), 1).theta, theta), 1e-6);
  }
}

TEST(theTruthIsAFixedPointOfEveryMethod) {
  for (const Field field : fields) {
    const Problem p = makeProblem(80, 8, field, 0);
    for (const auto& options : allMethods()) {
      const Outcome outcome = iterate(p, options, 3);
      CHECK_BELOW(distance(outcome.theta, p.truth), 1e-12);
    }
  }
}

TEST(methodsAgreeUnderSpecialParameters) {
  for (const Field field : fields) {
    const Problem p = makeProblem(60, 7, field, 0.4);
    const auto fixed = [](VectorRunOptions options, double size) {
      options.step = VectorStep::fixed;
      options.stepSize = size;
      return options;
    };
    const auto same = [&](const VectorRunOptions& a, const VectorRunOptions& b) {
      CHECK_BELOW(distance(iterate(p, a, 20).theta, iterate(p, b, 20).theta), 1e-11);
    };
    const VectorRunOptions amplitude = optionsFor("amplitude-flow", {0.5});
    same(amplitude, optionsFor("truncated-amplitude-flow", {0.5, 1e12}));
    same(amplitude, optionsFor("reweighted-amplitude-flow", {0.5, 1e-20}));
    same(amplitude, optionsFor("reshaped-wirtinger-flow", {0.5}));
    VectorRunOptions descent = fixed(optionsFor("gradient-descent"), 0.3);
    descent.loss.name = "amplitude";
    same(fixed(amplitude, 0.3), descent);
    descent = fixed(optionsFor("gradient-descent"), 0.05);
    descent.loss.name = "wirtinger";
    descent.ridge = 0.1;
    VectorRunOptions wirtinger = fixed(optionsFor("wirtinger-flow"), 0.05);
    wirtinger.ridge = 0.1;
    same(wirtinger, descent);
    wirtinger.ridge = 0;
    same(wirtinger, fixed(optionsFor("reweighted-wirtinger-flow", {1, 1e14}), 0.05));
  }
}

TEST(lBfgsSolvesLinearLeastSquares) {
  constexpr std::int64_t m = 40, n = 12;
  Problem p = makeProblem(m, n, Field::real, 1);
  const double ridge = 0.3;
  // Linear measurements with noise: y = X theta* + e
  const Vector clean = p.fieldAt(p.truth);
  Numbers noise(at(m));
  normals(5, Purpose::noise, 0, m, noise.data());
  for (std::size_t i = 0; i < clean.size(); ++i) p.y[i] = clean[i].real() + 0.3 * noise[i];
  // (X^T X / m + ridge) theta = X^T y / m by elimination
  std::vector<Numbers> a(at(n), Numbers(at(n + 1)));
  for (std::size_t j = 0; j < at(n); ++j) {
    for (std::size_t i = 0; i < at(m); ++i) {
      for (std::size_t k = 0; k < at(n); ++k) a[j][k] += p.rows[i][j].real() * p.rows[i][k].real() / m;
      a[j][at(n)] += p.rows[i][j].real() * p.y[i] / m;
    }
    a[j][j] += ridge;
  }
  for (std::size_t j = 0; j < at(n); ++j) {
    for (std::size_t i = 0; i < at(n); ++i) {
      if (i == j) continue;
      const double factor = a[i][j] / a[j][j];
      for (std::size_t k = 0; k <= at(n); ++k) a[i][k] -= factor * a[j][k];
    }
  }
  Vector expected;
  for (std::size_t j = 0; j < at(n); ++j) expected.push_back(a[j][at(n)] / a[j][j]);
  VectorRunOptions options = optionsFor("l-bfgs");
  options.loss.name = "square";
  options.intensity = false;
  options.ridge = ridge;
  const Outcome outcome = iterate(p, options, 200);
  CHECK(outcome.status == Status::stalled);  // it stops by itself when the loss cannot fall any more
  CHECK_BELOW(distance(outcome.theta, expected), 1e-8);
}

TEST(lBfgsEndsAtAStationaryPointOfTheRegularisedLoss) {
  for (const Field field : fields) {
    const Problem p = makeProblem(200, 10, field, 0.3);
    VectorRunOptions options = optionsFor("l-bfgs");
    options.ridge = 0.2;
    const double start = iterate(p, options, 0).info.gradientNorm;
    const Outcome outcome = iterate(p, options, 300);
    CHECK_BELOW(outcome.info.gradientNorm, 1e-7 * start);
    CHECK(outcome.info.testError > 1e-3);  // the ridge shrinks
  }
}

TEST(gaussNewtonAndProxLinearConvergeQuadratically) {
  for (const Field field : fields) {
    const Problem p = makeProblem(240, 24, field, 0.05);
    std::vector<VectorRunOptions> methods = {optionsFor("gauss-newton", {0, 0, 200}), optionsFor("prox-linear")};
    // Real amplitudes are piecewise linear in theta: Gauss-Newton on them is exact once the signs are right.
    if (field == Field::complex) methods.push_back(optionsFor("gauss-newton", {1, 0, 200}));
    for (const auto& options : methods) {
      double before = iterate(p, options, 0).info.testError;
      for (int k = 1; k <= 3; ++k) {
        const double after = iterate(p, options, k).info.testError;
        CHECK_BELOW(after, 10 * before * before + 1e-3 * before + 1e-14);
        before = after;
      }
      CHECK_BELOW(before, 1e-6);
    }
  }
}

TEST(proxLinearBearsOutliers) {
  for (const Field field : fields) {
    Problem p = makeProblem(400, 20, field, 0.3);
    for (std::size_t i = 0; i < p.y.size(); i += 10) p.y[i] = 9 * p.y[i] + 1;  // every tenth row
    CHECK_BELOW(iterate(p, optionsFor("prox-linear"), 30).info.testError, 1e-9);
    CHECK(iterate(p, optionsFor("gauss-newton"), 30).info.testError > 0.01);
  }
}

TEST(everyMethodRecoversTheSignal) {
  for (const Field field : fields) {
    const Problem p = makeProblem(512, 64, field, 0.4);
    for (VectorRunOptions options : allMethods()) {
      options.stopResidual = 1e-11;
      const Outcome outcome = iterate(p, options, 3000);
      CHECK(outcome.status == Status::residual);
      CHECK_BELOW(outcome.info.testError, 1e-10);
      if (!(outcome.info.testError < 1e-10)) {
        reportFailure(__FILE__, __LINE__, options.method + ": " + show(outcome.info.iterations) + " iterations");
      }
    }
  }
}

TEST(vectorMethodsHaveTheSameBitsForAnyThreadsAndChunks) {
  for (const Field field : fields) {
    const Problem p = makeProblem(300, 20, field, 0.4);
    for (const auto& options : allMethods()) {
      const Numbers first = split(iterate(p, options, 7).theta, field);
      for (const int threads : {2, 3}) {
        const Numbers again = split(iterate(p, options, 7, threads, threads - 1).theta, field);
        CHECK(std::memcmp(first.data(), again.data(), first.size() * sizeof(double)) == 0);
      }
    }
  }
}

TEST(vectorMethodsDoNotAllocateInTheLoop) {
  const Problem p = makeProblem(120, 12, Field::complex, 0.4);
  const Numbers start = split(p.start, p.field);
  for (VectorRunOptions options : allMethods()) {
    options.theta = start.data();
    options.y = p.y.data();
    options.recordEvery = 0;
    VectorRun run(p.design, options);
    Team team(1);
    run.advance(1, team);
    const std::int64_t before = heapCounting() ? heapAllocations() : allocationCount();
    run.advance(10, team);
    const std::int64_t after = heapCounting() ? heapAllocations() : allocationCount();
    CHECK(after - before <= 1);  // the records of the call
  }
}

TEST(vectorMethodsRefuseParametersOutOfRange) {
  const Problem p = makeProblem(20, 3, Field::real, 0.4);
  const auto refused = [&](const char* method, const Numbers& parameters) {
    CHECK_THROWS(ErrorCode::invalidArgument, iterate(p, optionsFor(method, parameters), 1));
  };
  refused("wirtinger-flow", {-0.1, 330});
  refused("truncated-wirtinger-flow", {0, 0.3, 5, 5});
  refused("reweighted-wirtinger-flow", {0.1, 0});
  refused("kaczmarz", {3});
  refused("coordinate-descent", {0.5});
  refused("l-bfgs", {0});
  refused("gauss-newton", {2, 0.1, 10});
  refused("prox-linear", {0, 10});
}

TEST(aZeroStartIsNoTrap) {
  // No method divides by ||theta|| or |r|: from 0 each stays, or ends with a status.
  for (const Field field : fields) {
    Problem p = makeProblem(60, 6, field, 0.4);
    std::fill(p.start.begin(), p.start.end(), Complex(0));
    for (const auto& options : allMethods()) {
      const Outcome outcome = iterate(p, options, 5);
      CHECK(std::isfinite(normOf(outcome.theta)));
      CHECK(outcome.status != Status::numerical && outcome.status != Status::residual);
    }
  }
}
