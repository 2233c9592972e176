// Vector runs against plain explicit loops and closed forms, in both fields.
#include <algorithm>
#include <complex>
#include <memory>
#include <vector>

#include "designs/dense_design.h"
#include "harness.h"
#include "linalg/philox.h"
#include "vector/vector_method.h"
#include "vector/vector_run.h"

using namespace lowrank;
using namespace lowrank::test;

namespace {

using Complex = std::complex<double>;
using Vector = std::vector<Complex>;

// A dense design without any cleverness.
class TinyDesign final : public Design {
 public:
  class Workspace final : public DesignWorkspace {
   public:
    explicit Workspace(std::int64_t width) : weight(width) {}
    std::int64_t bytes() const override { return weight.bytes(); }
    AlignedBuffer<double> weight;
  };

  TinyDesign(std::int64_t m, std::int64_t n, Field field, std::uint64_t seed)
      : m_(m), n_(n), field_(field), x_(static_cast<std::size_t>(m * n)) {
    std::vector<double> draws(static_cast<std::size_t>(width(m * n)));
    normals(seed, Purpose::measurements, 0, static_cast<std::int64_t>(draws.size()), draws.data());
    for (std::size_t k = 0; k < x_.size(); ++k) {
      x_[k] = field == Field::real ? Complex(draws[k]) : std::sqrt(0.5) * Complex(draws[2 * k], draws[2 * k + 1]);
    }
  }

  const char* name() const noexcept override { return "tiny"; }
  Field field() const noexcept override { return field_; }
  std::int64_t measurements() const noexcept override { return m_; }
  std::int64_t dimension() const noexcept override { return n_; }
  std::int64_t bytes() const noexcept override { return m_ * n_ * 16; }
  std::int64_t bytesPerPass() const noexcept override { return bytes(); }
  double squaredNorm() const noexcept override {
    double sum = 0;
    for (const Complex& x : x_) sum += std::norm(x);
    return sum;
  }
  std::unique_ptr<DesignWorkspace> workspace() const override { return std::make_unique<Workspace>(width(m_)); }

  bool apply(const double* theta, double* r, DesignWorkspace&, Team& team) const override {
    for (std::int64_t i = 0; i < m_; ++i) {
      if (i == cancelAt && cancel != nullptr) cancel->raise();
      if (team.cancelled()) return false;
      Complex sum = 0;
      for (std::int64_t j = 0; j < n_; ++j) sum += entry(i, j) * get(theta, n_, j);
      put(r, m_, i, sum);
    }
    return true;
  }
  bool adjoint(const double* g, double* out, DesignWorkspace&, Team& team) const override {
    for (std::int64_t j = 0; j < n_; ++j) {
      Complex sum = 0;
      for (std::int64_t i = 0; i < m_; ++i) sum += std::conj(entry(i, j)) * get(g, m_, i);
      put(out, n_, j, sum);
    }
    return !team.cancelled();
  }
  bool applyAndAdjoint(const double* theta, double* r, const RowMap& map, double* out, DesignWorkspace& workspace,
                       Team& team) const override {
    double* weight = static_cast<Workspace&>(workspace).weight.data();
    if (!apply(theta, r, workspace, team)) return false;
    // In two stretches, so that `first` matters.
    const std::int64_t half = m_ / 2;
    const auto part = [&](std::int64_t first, std::int64_t count) {
      map.map(first, count, entriesOf(static_cast<const double*>(r), m_, field_, first),
              entriesOf(weight, m_, field_, first));
    };
    part(half, m_ - half);
    part(0, half);
    return adjoint(weight, out, workspace, team);
  }
  void readRow(std::int64_t i, double* out) const override {
    for (std::int64_t j = 0; j < n_; ++j) put(out, n_, j, entry(i, j));
  }
  void readColumn(std::int64_t j, double* out) const override {
    for (std::int64_t i = 0; i < m_; ++i) put(out, m_, i, entry(i, j));
  }

  Complex entry(std::int64_t i, std::int64_t j) const { return x_[static_cast<std::size_t>(i * n_ + j)]; }
  Complex get(const double* v, std::int64_t count, std::int64_t j) const {
    return field_ == Field::real ? Complex(v[j]) : Complex(v[j], v[count + j]);
  }
  void put(double* v, std::int64_t count, std::int64_t j, Complex value) const {
    v[j] = value.real();
    if (field_ == Field::complex) v[count + j] = value.imag();
  }

  mutable std::int64_t cancelAt = -1;
  mutable CancelFlag* cancel = nullptr;

 private:
  std::int64_t m_, n_;
  Field field_;
  std::vector<Complex> x_;
};

struct Problem {
  std::shared_ptr<TinyDesign> design;
  std::vector<double> truth, y, start;
};

std::vector<double> draw(std::int64_t count, std::uint64_t seed, Purpose purpose) {
  std::vector<double> out(static_cast<std::size_t>(count));
  normals(seed, purpose, 0, count, out.data());
  return out;
}

void normalize(std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) sum += x * x;
  for (double& x : v) x /= std::sqrt(sum);
}

// Intensities of a signal of norm 1, and a start at distance `away` from it.
Problem phaseProblem(std::int64_t m, std::int64_t n, Field field, double away, std::uint64_t seed = 1) {
  Problem problem{std::make_shared<TinyDesign>(m, n, field, seed), {}, {}, {}};
  const std::int64_t wide = problem.design->width(n);
  problem.truth = draw(wide, seed, Purpose::signal);
  normalize(problem.truth);
  problem.start = draw(wide, seed, Purpose::initialVector);
  normalize(problem.start);
  for (std::size_t j = 0; j < problem.start.size(); ++j) problem.start[j] = problem.truth[j] + away * problem.start[j];
  std::vector<double> r(static_cast<std::size_t>(problem.design->width(m)));
  Team team(1);
  problem.design->apply(problem.truth.data(), r.data(), *problem.design->workspace(), team);
  for (std::int64_t i = 0; i < m; ++i) problem.y.push_back(std::norm(problem.design->get(r.data(), m, i)));
  return problem;
}

VectorRunOptions optionsFor(const Problem& problem, const char* loss = "wirtinger") {
  VectorRunOptions options;
  options.loss = {loss, {}};
  for (const auto& described : lossDescriptions()) {
    if (std::string(described.name) == loss) options.loss.parameters = described.defaults;
  }
  options.y = problem.y.data();
  options.theta = problem.start.data();
  options.truth = problem.truth.empty() ? nullptr : problem.truth.data();
  options.columns = {"trainLoss", "residual", "overlap", "testError", "norm", "step"};
  return options;
}

double distance(const double* a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t j = 0; j < b.size(); ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(sum);
}

}  // namespace

TEST(vectorGradientDescentIsThePlainLoop) {
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    const Problem problem = phaseProblem(90, 12, field, 0.5);
    VectorRunOptions options = optionsFor(problem);
    options.step = VectorStep::fixed;
    options.stepSize = 0.07;
    options.ridge = 0.03;
    options.momentum = 0.4;
    VectorRun run(problem.design, options);
    run.advance(9, team);

    const TinyDesign& x = *problem.design;
    Vector theta(12), before(12);
    for (std::int64_t j = 0; j < 12; ++j) theta[static_cast<std::size_t>(j)] = x.get(problem.start.data(), 12, j);
    before = theta;
    double loss = 0;
    for (int t = 0; t <= 9; ++t) {
      Vector next(12);
      loss = 0;
      for (std::int64_t i = 0; i < 90; ++i) {
        Complex r = 0;
        for (std::int64_t j = 0; j < 12; ++j) r += x.entry(i, j) * theta[static_cast<std::size_t>(j)];
        const double misfit = std::norm(r) - problem.y[static_cast<std::size_t>(i)];
        loss += (field == Field::real ? 0.25 : 0.5) * misfit * misfit / 90;
        for (std::int64_t j = 0; j < 12; ++j)
          next[static_cast<std::size_t>(j)] -= std::conj(x.entry(i, j)) * misfit * r / 90.0;
      }
      for (std::size_t j = 0; j < 12; ++j) {
        loss += (field == Field::real ? 0.5 : 1) * 0.03 * std::norm(theta[j]);
        next[j] = theta[j] + 0.07 * (next[j] - 0.03 * theta[j]) + 0.4 * (theta[j] - before[j]);
      }
      if (t == 9) break;
      before = theta;
      theta = next;
    }
    for (std::int64_t j = 0; j < 12; ++j) {
      CHECK_NEAR(std::abs(x.get(run.theta(), 12, j) - theta[static_cast<std::size_t>(j)]), 0, 1e-12);
    }
    CHECK_NEAR(run.info().trainLoss, loss, 1e-12);
    CHECK_EQUAL(run.info().passes, std::int64_t{10});
    CHECK_EQUAL(run.info().iterations, std::int64_t{9});
  }
}

TEST(vectorRunsReportWhatTheDataSay) {
  // overlap, test error, residual and loss of the records, recomputed from theta.
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    const Problem problem = phaseProblem(120, 10, field, 0.8);
    const VectorRunOptions options = optionsFor(problem);
    VectorRun run(problem.design, options);
    run.advance(7, team);
    const TinyDesign& x = *problem.design;
    Complex inner = 0;
    double norm = 0, nearest = 1e9;
    for (std::int64_t j = 0; j < 10; ++j) {
      inner += std::conj(x.get(problem.truth.data(), 10, j)) * x.get(run.theta(), 10, j);
      norm += std::norm(x.get(run.theta(), 10, j));
    }
    const int turns = field == Field::real ? 2 : 20000;
    for (int k = 0; k < turns; ++k) {
      double sum = 0;
      const Complex phase = std::polar(1.0, 2 * M_PI * k / turns);
      for (std::int64_t j = 0; j < 10; ++j)
        sum += std::norm(x.get(run.theta(), 10, j) - phase * x.get(problem.truth.data(), 10, j));
      nearest = std::min(nearest, std::sqrt(sum));
    }
    double residual = 0, reference = 0;
    for (std::int64_t i = 0; i < 120; ++i) {
      Complex r = 0;
      for (std::int64_t j = 0; j < 10; ++j) r += x.entry(i, j) * x.get(run.theta(), 10, j);
      CHECK_NEAR(std::abs(r - x.get(run.field(), 120, i)), 0, 1e-12);
      const double y = problem.y[static_cast<std::size_t>(i)];
      residual += std::pow(std::abs(r) - std::sqrt(y), 2);
      reference += y;
    }
    const VectorRunInfo& info = run.info();
    CHECK_NEAR(info.overlap, std::abs(inner) / std::sqrt(norm), 1e-12);
    CHECK_NEAR(info.testError, nearest, 1e-6);
    CHECK_NEAR(info.residual, std::sqrt(residual / reference), 1e-12);
    const double* last = run.records().data() + run.records().size() - 7;  // iteration and six columns
    CHECK_EQUAL(last[0], 7.0);
    CHECK_EQUAL(last[1], info.trainLoss);
    CHECK_EQUAL(last[2], info.residual);
    CHECK_EQUAL(last[3], info.overlap);
    CHECK_EQUAL(last[4], info.testError);
    CHECK_NEAR(last[5], std::sqrt(norm), 1e-12);
  }
}

TEST(automaticStepsRecoverTheSignal) {
  Team team(1);
  for (const Field field : {Field::real, Field::complex}) {
    for (const char* loss :
         {"wirtinger", "truncated-wirtinger", "amplitude", "perturbed-amplitude", "smoothed-poisson"}) {
      const Problem problem = phaseProblem(64 * 8, 64, field, 0.5, 3);
      VectorRunOptions options = optionsFor(problem, loss);
      options.stopResidual = 1e-12;
      VectorRun run(problem.design, options);
      CHECK_EQUAL(std::string(statusName(run.advance(2000, team))), std::string("residual"));
      CHECK_BELOW(run.info().testError, 1e-10);
      CHECK_BELOW(static_cast<double>(run.info().passes), 400);
      CHECK_EQUAL(run.info().passes, run.info().iterations + 1 + run.info().rejectedSteps);
    }
  }
}

TEST(ridgeRegressionIsSolvedByItsEquations) {
  // Minimum of 1/(2m) ||X theta - y||^2 + ridge/2 ||theta||^2 by elimination.
  Team team(1);
  const std::int64_t m = 40, n = 6;
  Problem problem = phaseProblem(m, n, Field::real, 1);
  problem.y = draw(m, 9, Purpose::noise);
  problem.truth.clear();
  const double ridge = 0.3;
  std::vector<std::vector<double>> a(6, std::vector<double>(7, 0.0));
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t k = 0; k < n; ++k) {
      for (std::int64_t i = 0; i < m; ++i) {
        a[j][k] += problem.design->entry(i, j).real() * problem.design->entry(i, k).real() / m;
      }
    }
    a[j][j] += ridge;
    for (std::int64_t i = 0; i < m; ++i) a[j][6] += problem.design->entry(i, j).real() * problem.y[i] / m;
  }
  for (std::size_t k = 0; k < 6; ++k) {
    for (std::size_t j = 0; j < 6; ++j) {
      if (j == k) continue;
      const double factor = a[j][k] / a[k][k];
      for (std::size_t l = k; l < 7; ++l) a[j][l] -= factor * a[k][l];
    }
  }
  for (const bool automatic : {true, false}) {
    VectorRunOptions options = optionsFor(problem, "square");
    options.columns = {"trainLoss"};
    options.intensity = false;
    options.ridge = ridge;
    options.step = automatic ? VectorStep::automatic : VectorStep::fixed;
    options.stepSize = automatic ? 0 : 0.5;
    options.stopGradient = 1e-13;
    VectorRun run(problem.design, options);
    CHECK_EQUAL(std::string(statusName(run.advance(1000, team))), std::string("gradient"));
    for (std::size_t j = 0; j < 6; ++j) CHECK_NEAR(run.theta()[j], a[j][6] / a[j][j], 1e-11);
    CHECK_EQUAL(run.info().overlap, -2.0);
    CHECK_EQUAL(run.info().testError, -1.0);
  }
}

TEST(manySamplesGiveTheRecursionOfThePopulation) {
  // E[(r^2 - z^2) r x] = (3 q - 1) theta - 2 m theta*, with m = <theta*, theta>, q = ||theta||^2, ||theta*|| = 1.
  Team team(1);
  const std::int64_t n = 3, m = 400000;
  const Problem problem = phaseProblem(m, n, Field::real, 0.6, 5);
  VectorRunOptions options = optionsFor(problem);
  options.step = VectorStep::fixed;
  options.stepSize = 0.1;
  VectorRun run(problem.design, options);
  run.advance(5, team);
  std::vector<double> theta = problem.start;
  for (int t = 0; t < 5; ++t) {
    double inner = 0, q = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      inner += theta[j] * problem.truth[j];
      q += theta[j] * theta[j];
    }
    for (std::size_t j = 0; j < 3; ++j) theta[j] -= 0.1 * ((3 * q - 1) * theta[j] - 2 * inner * problem.truth[j]);
  }
  CHECK_BELOW(distance(run.theta(), theta), 0.02);
}

TEST(vectorRunBitsDoNotDependOnChunksOrThreads) {
  const Problem problem = phaseProblem(5000, 5, Field::complex, 0.5);
  const VectorRunOptions options = optionsFor(problem);
  Team one(1), three(3);
  VectorRun whole(problem.design, options), pieces(problem.design, options);
  whole.advance(12, one);
  std::vector<double> records;
  for (const int chunk : {0, 1, 4, 7}) {
    pieces.advance(chunk, three);
    records.insert(records.end(), pieces.records().begin(), pieces.records().end());
  }
  CHECK(records == whole.records());
  CHECK(std::equal(whole.theta(), whole.theta() + 10, pieces.theta()));
}

TEST(denseDesignsGiveTheSameBitsAndDoNotAllocate) {
  // The design that users have, on several parts and threads.
  for (const Field field : {Field::real, Field::complex}) {
    const std::int64_t m = 1500, n = 40;
    Problem problem = phaseProblem(m, n, field, 0.6, 8);
    const auto dense = std::make_shared<DenseDesign>(m, n, field);
    Team one(1), three(3);
    dense->fillGaussian(8, one);
    std::vector<double> z(static_cast<std::size_t>(problem.design->width(m)));
    dense->apply(problem.truth.data(), z.data(), *dense->workspace(), one);
    for (std::int64_t i = 0; i < m; ++i)
      problem.y[static_cast<std::size_t>(i)] = std::norm(problem.design->get(z.data(), m, i));
    VectorRunOptions options = optionsFor(problem, "truncated-wirtinger");
    options.ridge = 0.02;
    VectorRun a(dense, options), b(dense, options);
    a.advance(30, one);
    b.advance(3, three);
    const std::int64_t buffers = allocationCount(), heap = heapAllocations();
    b.advance(27, three);
    CHECK_EQUAL(allocationCount(), buffers);
    if (heapCounting()) CHECK(heapAllocations() - heap <= 1);  // the records, reserved once a call
    CHECK(std::equal(a.theta(), a.theta() + problem.design->width(n), b.theta()));
    CHECK_EQUAL(a.info().trainLoss, b.info().trainLoss);
    CHECK_EQUAL(a.info().residual, b.info().residual);
  }
}

TEST(cancelledVectorRunsKeepTheLastCompleteIterate) {
  for (const bool automatic : {true, false}) {
    const Problem problem = phaseProblem(60, 6, Field::complex, 0.5);
    VectorRunOptions options = optionsFor(problem);
    options.step = automatic ? VectorStep::automatic : VectorStep::fixed;
    options.stepSize = automatic ? 0 : 0.1;
    CancelFlag flag;
    Team team(1, &flag), calm(1);
    VectorRun run(problem.design, options), same(problem.design, options);
    run.advance(4, team);
    same.advance(4, calm);
    problem.design->cancel = &flag;
    problem.design->cancelAt = 30;
    CHECK(run.advance(10, team) == Status::cancelled);
    problem.design->cancelAt = -1;
    CHECK(std::equal(same.theta(), same.theta() + 12, run.theta()));
    CHECK(std::equal(same.field(), same.field() + 120, run.field()));
    CHECK_EQUAL(run.info().iterations, std::int64_t{4});
    CHECK_EQUAL(run.info().trainLoss, same.info().trainLoss);
    CHECK_EQUAL(run.info().testError, same.info().testError);
    CHECK(run.advance(10, calm) == Status::cancelled);
  }
  // before the start was evaluated
  const Problem problem = phaseProblem(60, 6, Field::real, 0.5);
  CancelFlag flag;
  flag.raise();
  Team team(1, &flag);
  VectorRun run(problem.design, optionsFor(problem));
  CHECK(run.advance(10, team) == Status::cancelled);
  CHECK(std::equal(problem.start.begin(), problem.start.end(), run.theta()));
}

TEST(everyVectorStoppingRuleFires) {
  Team team(1);
  const Problem problem = phaseProblem(200, 8, Field::real, 0.5);
  const auto endOf = [&](const VectorRunOptions& options) {
    VectorRun run(problem.design, options);
    const Status status = run.advance(100000, team);
    CHECK(status == run.status());
    CHECK(run.records().size() >= 2 * 7);
    return std::string(statusName(status));
  };
  VectorRunOptions options = optionsFor(problem);
  options.step = VectorStep::fixed;
  options.stepSize = 0.05;
  options.stopIterations = 3;
  CHECK_EQUAL(endOf(options), std::string("iterations"));
  options.stopIterations = 100000;
  options.stopResidual = 1e-8;
  CHECK_EQUAL(endOf(options), std::string("residual"));
  options.stopResidual = 0;
  options.stopGradient = 1e-6;
  CHECK_EQUAL(endOf(options), std::string("gradient"));
  options.stopGradient = 0;
  options.stopChange = 1e-9;
  CHECK_EQUAL(endOf(options), std::string("stalled"));
  options.stopChange = 0;
  options.recordEvery = 0;
  options.ridge = 0.1;  // else the residual reaches zero
  options.stopTimeLimit = 0.02;
  CHECK_EQUAL(endOf(options), std::string("time"));
  options.stopTimeLimit = 0;
  options.stepSize = 0.6;
  options.stopDivergence = 50;
  CHECK_EQUAL(endOf(options), std::string("diverged"));
  options.stopDivergence = 0;
  options.stepSize = 3;
  VectorRun run(problem.design, options);
  CHECK(run.advance(1000, team) == Status::numerical);
  for (int j = 0; j < 8; ++j) CHECK(std::isfinite(run.theta()[j]));
  CHECK(std::isfinite(run.info().trainLoss) && std::isfinite(run.info().residual));
}

TEST(startsWithoutAGradientStandStill) {
  Team team(1);
  Problem problem = phaseProblem(40, 5, Field::complex, 0.5);
  std::fill(problem.start.begin(), problem.start.end(), 0.0);
  VectorRun run(problem.design, optionsFor(problem));
  CHECK(run.advance(50, team) == Status::stalled);
  CHECK_EQUAL(run.info().iterations, std::int64_t{1});
  // y = 0 and theta = 0: exact from the start
  std::fill(problem.y.begin(), problem.y.end(), 0.0);
  VectorRun exact(problem.design, optionsFor(problem));
  CHECK(exact.advance(50, team) == Status::residual);
  CHECK_EQUAL(exact.info().iterations, std::int64_t{0});
}

TEST(vectorIterationsDoNotAllocate) {
  Team team(2);
  for (const bool automatic : {true, false}) {
    const Problem problem = phaseProblem(300, 10, Field::complex, 0.5);
    VectorRunOptions options = optionsFor(problem);
    options.step = automatic ? VectorStep::automatic : VectorStep::fixed;
    options.stepSize = automatic ? 0 : 0.1;
    options.ridge = 0.01;
    options.columns = vectorColumnNames();
    VectorRun run(problem.design, options);
    run.advance(2, team);
    const std::int64_t buffers = allocationCount(), heap = heapAllocations();
    run.advance(50, team);
    CHECK_EQUAL(allocationCount(), buffers);
    if (heapCounting()) CHECK(heapAllocations() - heap <= 1);  // the records, reserved once a call
  }
}

TEST(vectorRunsRefuseWhatTheyCannotDo) {
  const Problem problem = phaseProblem(30, 4, Field::complex, 0.5);
  const auto make = [&](const auto& change) {
    VectorRunOptions options = optionsFor(problem);
    change(options);
    return VectorRun(problem.design, options).bytes();
  };
  CHECK(make([](VectorRunOptions&) {}) > 0);
  using O = VectorRunOptions;
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.method = "gradient"; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.methodParameters = {1}; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.loss = {"logistic", {}}; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.columns = {"overlapp"}; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.truth = nullptr; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.y = nullptr; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.theta = nullptr; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.momentum = 0.5; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.step = VectorStep::fixed; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](O& o) { o.ridge = -1; }));
}
