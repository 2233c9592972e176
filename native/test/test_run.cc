// Runs: gradients against finite differences, exact formulas as oracles, stopping rules, same bits, no allocation.
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "harness.h"
#include "matrices.h"
#include "operators/dense.h"
#include "solvers/run.h"
#include "solvers/steps.h"

namespace lowrank::test {
namespace {

struct Problem {
  std::shared_ptr<DenseOperator> op;
  Dense truth;
  std::vector<double> y;
};

// Gaussian measurements of a matrix with spectrum 1, .., 1 of the given rank.
Problem makeProblem(std::int64_t m, std::int64_t rows, std::int64_t cols, bool symmetric, std::int64_t rank) {
  Team team(1);
  Problem problem{std::make_shared<DenseOperator>(m, rows, cols, symmetric, DenseOperator::Storage::float64),
                  Dense(rows, cols), std::vector<double>(static_cast<std::size_t>(m))};
  problem.op->fillGaussian(3, 1 / std::sqrt(static_cast<double>(m)), team);
  Dense left = gaussian(rows, rank, 11), right = gaussian(cols, rank, 12), triangle(rank, rank);
  QrDecomposition(rows, rank).compute(left, left, triangle);
  QrDecomposition(cols, rank).compute(right, right, triangle);
  const FactorPair x{left, symmetric ? left : right};
  problem.op->measure(x, problem.y.data(), *problem.op->workspace(), team);
  multiply(1, x.left, Transpose::no, x.right, Transpose::yes, 0, problem.truth);
  return problem;
}

// Measures every entry once: A(X) = vec(X), A*A = identity (population mode).
Problem makeIdentity(std::int64_t rows, std::int64_t cols, std::int64_t rank) {
  Problem problem = makeProblem(rows * cols, rows, cols, false, rank);
  std::vector<double> one(static_cast<std::size_t>(rows * cols), 0.0);
  for (std::int64_t i = 0; i < rows * cols; ++i) {
    one[static_cast<std::size_t>(i)] = 1;
    CHECK_EQUAL(problem.op->fill(i, one.data(), 1), -1);
    one[static_cast<std::size_t>(i)] = 0;
  }
  problem.y = problem.truth.data;
  return problem;
}

RunOptions optionsFor(const Problem& problem, Model model, std::int64_t rank) {
  RunOptions options;
  options.model = model;
  options.rank = rank;
  options.y = problem.y.data();
  options.truth = problem.truth.data.data();
  options.initScale = 1e-3;
  options.seed = 5;
  options.columns = {"residual", "testError", "trainLoss"};
  return options;
}

std::vector<double> factorsOf(const Run& run) {
  std::vector<double> all(run.left().data, run.left().data + run.left().size());
  all.insert(all.end(), run.right().data, run.right().data + run.right().size());
  return all;
}

}  // namespace

TEST(gradientDescentFindsTheTruthFromSmallStarts) {
  Team team(1);
  const Problem symmetric = makeProblem(300, 20, 20, true, 2), general = makeProblem(500, 18, 22, false, 2);
  for (const bool isSymmetric : {true, false}) {
    const Problem& problem = isSymmetric ? symmetric : general;
    RunOptions options = optionsFor(problem, isSymmetric ? Model::symmetric : Model::asymmetric, 2);
    options.stopIterations = 3000;
    options.stopResidual = 1e-12;
    for (const StepKind step : {StepKind::fixed, StepKind::automatic, StepKind::exactLineSearch}) {
      options.step = step;
      options.stepSize = step == StepKind::fixed ? 0.25 : 0;
      options.init = step == StepKind::exactLineSearch ? InitKind::spectral : InitKind::random;
      options.initScale = step == StepKind::exactLineSearch ? 1 : 1e-3;
      Run run(problem.op, options);
      CHECK(run.advance(5000, team) == Status::residual);
      CHECK_BELOW(run.info().testError, 1e-10);
      CHECK_BELOW(run.info().trainResidual, 1e-12);
    }
  }
}

TEST(lossFallsByTheSquaredGradientForSmallSteps) {
  // f(U - eta g) = f(U) - eta ||g||^2 + O(eta^2): the error must fall by four when eta is halved.
  Team team(1);
  for (const bool symmetric : {true, false}) {
    const Problem problem = makeProblem(200, 12, 12, symmetric, 2);
    RunOptions options = optionsFor(problem, symmetric ? Model::symmetric : Model::asymmetric, 3);
    options.step = StepKind::fixed;
    options.initScale = 0.7;
    double previous = 0;
    for (int halving = 0; halving < 6; ++halving) {
      options.stepSize = 1e-3 / (1 << halving);
      Run run(problem.op, options);
      run.advance(0, team);
      const double before = run.info().trainLoss, gradient = run.info().gradientNorm;
      run.advance(1, team);
      const double error = std::abs(run.info().trainLoss - (before - options.stepSize * gradient * gradient));
      if (halving > 0) {
        const double slope = std::log2(previous / error);
        CHECK_NEAR(slope, 2, 0.1);
      }
      previous = error;
    }
  }
}

TEST(oneSweepOfGaussNewtonIsExactForTheIdentity) {
  // delta = 0, eta = 1: one sweep reaches the truth for any rank >= true rank (J24).
  Team team(1);
  const Problem problem = makeIdentity(7, 9, 2);
  for (const std::int64_t rank : {2, 3, 5}) {
    RunOptions options = optionsFor(problem, Model::asymmetric, rank);
    options.method = "approximate-gauss-newton";
    options.initScale = 1;
    Run run(problem.op, options);
    run.advance(1, team);
    CHECK_BELOW(run.info().testError, 1e-12);
    CHECK_BELOW(run.info().trainResidual, 1e-12);
  }
}

TEST(gaussNewtonIsInvariantToTheScaleOfTheOperator) {
  Team team(1);
  Problem problem = makeProblem(500, 15, 17, false, 2);
  for (const StepKind step : {StepKind::fixed, StepKind::automatic, StepKind::exactLineSearch}) {
    RunOptions options = optionsFor(problem, Model::asymmetric, 2);
    options.method = "approximate-gauss-newton";
    options.step = step;
    options.stepSize = 0.7;
    options.init = InitKind::spectral;
    options.initScale = 1;
    options.stopIterations = 400;
    options.stopResidual = 1e-11;
    Run run(problem.op, options);
    CHECK(run.advance(400, team) == Status::residual);
    CHECK_BELOW(run.info().testError, 1e-9);
    const std::int64_t iterations = run.info().iterations;

    Problem scaled = problem;
    scaled.op = std::make_shared<DenseOperator>(500, 15, 17, false, DenseOperator::Storage::float64);
    scaled.op->fillGaussian(3, 64 / std::sqrt(500.0), team);
    for (double& value : scaled.y) value *= 64;
    options.y = scaled.y.data();
    Run other(scaled.op, options);
    CHECK(other.advance(400, team) == Status::residual);
    CHECK(std::abs(other.info().iterations - iterations) <= 1);
  }
}

TEST(riemannianGaussNewtonConvergesFastNearTheDegreesOfFreedom) {
  // m about twice the degrees of freedom; one more column than needed must not spoil the limit.
  Team team(1);
  const Problem symmetric = makeProblem(160, 24, 24, true, 3), general = makeProblem(280, 22, 26, false, 3);
  for (const bool isSymmetric : {true, false}) {
    for (const std::int64_t rank : {3, 4}) {
      const Problem& problem = isSymmetric ? symmetric : general;
      RunOptions options = optionsFor(problem, isSymmetric ? Model::symmetric : Model::asymmetric, rank);
      options.method = "riemannian-gauss-newton";
      options.init = InitKind::spectral;
      options.initScale = 1;
      options.stopIterations = 200;
      options.stopResidual = 1e-12;
      Run run(problem.op, options);
      CHECK(run.advance(200, team) == Status::residual);
      if (rank == 3) CHECK_BELOW(run.info().testError, 1e-10);
      CHECK(run.info().iterations < 100);
    }
  }
}

TEST(riemannianGaussNewtonSolvesTheIdentityAtOnce) {
  // A*A = identity: the least squares problem of the tangent space is solved by one conjugate gradient step, and near
  // the answer the error is squared by every iteration.
  Team team(1);
  const Problem problem = makeIdentity(9, 8, 2);
  RunOptions options = optionsFor(problem, Model::asymmetric, 2);
  options.method = "riemannian-gauss-newton";
  options.initScale = 1;
  options.stopIterations = 60;
  options.stopResidual = 1e-13;
  Run run(problem.op, options);
  CHECK(run.advance(60, team) == Status::residual);
  const std::vector<double>& records = run.records();  // iteration, residual, testError, trainLoss
  const std::size_t width = static_cast<std::size_t>(run.recordWidth());
  int squared = 0;
  for (std::size_t i = 0; i + width < records.size(); i += width) {
    const double before = records[i + 2], after = records[i + width + 2];
    if (before > 1e-2 || before < 1e-7) continue;
    CHECK_BELOW(after, 30 * before * before + 1e-13);
    ++squared;
  }
  CHECK(squared > 0);
}

TEST(populationGradientDescentFollowsTheExactRecursion) {
  // One entry, symmetric, M* = 0 and k = 1: s(t + 1) = s (1 - eta s)^2 with s = u^2 (3, S3-a' before the limit).
  Team team(1);
  auto op = std::make_shared<DenseOperator>(1, 1, 1, true, DenseOperator::Storage::float64);
  const double one = 1, zero = 0, start = 0.8;
  op->fill(0, &one, 1);
  RunOptions options;
  options.model = Model::symmetric;
  options.y = &zero;
  options.init = InitKind::given;
  options.left = &start;
  options.step = StepKind::fixed;
  options.stepSize = 0.05;
  options.stopIterations = 200;
  options.columns = {"residual"};
  Run run(op, options);
  CHECK(run.advance(200, team) == Status::iterations);
  double u = start;
  for (std::int64_t t = 0; t <= 200; ++t) {
    CHECK_NEAR(run.records()[static_cast<std::size_t>(2 * t + 1)], u * u, 1e-14);
    u -= 0.05 * u * u * u;
  }
}

TEST(quarticMinimiserBeatsABruteForceScan) {
  std::vector<double> numbers(3 * 6);
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    normals(seed, Purpose::test, 0, 18, numbers.data());
    const double *r0 = numbers.data(), *r1 = r0 + 6, *r2 = r1 + 6;
    const auto dot = [](const double* a, const double* b) {
      double sum = 0;
      for (int i = 0; i < 6; ++i) sum += a[i] * b[i];
      return sum;
    };
    const double slope = dot(r0, r1), sign = slope < 0 ? 1 : -1;
    const auto loss = [&](double a) {
      double sum = 0;
      for (int i = 0; i < 6; ++i) {
        const double r = r0[i] + a * sign * r1[i] + a * a * r2[i];
        sum += r * r;
      }
      return sum;
    };
    const double best = quarticMinimiser(dot(r1, r1), sign * slope, dot(r0, r2), sign * dot(r1, r2), dot(r2, r2));
    CHECK(best > 0);
    double scan = loss(0);
    for (double a = 1e-3; a < 20; a *= 1.01) scan = std::fmin(scan, loss(a));
    CHECK(loss(best) <= scan * (1 + 1e-12));
  }
  CHECK_EQUAL(quarticMinimiser(1, 0.5, 0, 0, 1), 0);
  CHECK_EQUAL(quarticMinimiser(2, -1, 0, 0, 0), 0.5);
  CHECK_EQUAL(quarticMinimiser(NAN, -1, 0, 0, 1), 0);
}

TEST(runBitsDoNotDependOnThreadsOrChunks) {
  const Problem problem = makeProblem(700, 16, 16, true, 2);
  std::vector<std::uint8_t> heldOut(700, 0);
  for (std::size_t i = 0; i < 700; i += 10) heldOut[i] = 1;
  RunOptions options = optionsFor(problem, Model::symmetric, 6);
  options.heldOut = heldOut.data();
  options.stopIterations = 60;
  Team one(1), two(2);
  Run whole(problem.op, options), chunked(problem.op, options);
  whole.advance(60, one);
  std::vector<double> records;
  for (int i = 0; i < 60; ++i) {
    chunked.advance(1, two);
    records.insert(records.end(), chunked.records().begin(), chunked.records().end());
  }
  CHECK(factorsOf(whole) == factorsOf(chunked));
  CHECK(records == whole.records());
  CHECK_EQUAL(whole.info().validationResidual, chunked.info().validationResidual);
}

TEST(everyStoppingRuleFires) {
  const Problem problem = makeProblem(300, 12, 12, true, 2);
  std::vector<std::uint8_t> heldOut(300, 0);
  for (std::size_t i = 0; i < 300; i += 5) heldOut[i] = 1;
  Team team(1);
  const RunOptions base = optionsFor(problem, Model::symmetric, 4);
  const auto statusOf = [&](auto change) {
    RunOptions options = base;
    options.stopIterations = 20000;
    change(options);
    Run run(problem.op, options);
    const Status status = run.advance(30000, team);
    CHECK(status == run.status());
    CHECK(run.advance(5, team) == status);
    return status;
  };
  CHECK(statusOf([](RunOptions& o) { o.stopResidual = 1e-3; }) == Status::residual);
  CHECK(statusOf([](RunOptions& o) {
          o.stopGradient = 1e-3;
          o.initScale = 1;
        }) == Status::gradient);
  CHECK(statusOf([](RunOptions& o) { o.stopIterations = 7; }) == Status::iterations);
  CHECK(statusOf([](RunOptions& o) { o.stopTimeLimit = 1e-9; }) == Status::time);
  CHECK(statusOf([](RunOptions& o) {
          o.step = StepKind::fixed;
          o.stepSize = 30;
          o.initScale = 1;
          o.stopDivergence = 1e3;
        }) == Status::diverged);
  CHECK(statusOf([](RunOptions& o) {
          o.step = StepKind::fixed;
          o.stepSize = 1e200;
          o.initScale = 1;
        }) == Status::numerical);
  // The plateau of a tiny start lasts longer than the window and must not count as a stall; the rank is too small for
  // the data, so the residual then settles above zero.
  RunOptions stall = base;
  stall.rank = 1;
  stall.initScale = 1e-8;
  stall.stopIterations = 20000;
  stall.stopStallWindow = 10;
  stall.stopStallDecrease = 1e-9;
  Run run(problem.op, stall);
  CHECK(run.advance(20000, team) == Status::stalled);
  CHECK_BELOW(run.info().trainResidual, 0.9);

  // Noise: the held-out residual has a minimum, whose factors are kept.
  Problem noisy = problem;
  for (std::size_t i = 0; i < noisy.y.size(); ++i) noisy.y[i] += 0.3 * gaussian(300, 1, 77).data[i] / std::sqrt(300.0);
  RunOptions validated = optionsFor(noisy, Model::symmetric, 12);
  validated.initScale = 0.3;
  validated.heldOut = heldOut.data();
  validated.stopValidationPatience = 200;
  validated.stopIterations = 20000;
  validated.columns = {"validationResidual"};
  Run early(noisy.op, validated);
  CHECK(early.advance(20000, team) == Status::validation);
  double best = 1e300;
  for (std::size_t i = 1; i < early.records().size(); i += 2) best = std::fmin(best, early.records()[i]);
  CHECK_EQUAL(early.info().validationResidual, best);
}

TEST(cancelledRunsKeepTheLastCompleteIteration) {
  const Problem problem = makeProblem(200, 10, 10, true, 2);
  CancelFlag cancel;
  Team team(1, &cancel), free(1);
  RunOptions options = optionsFor(problem, Model::symmetric, 2);
  Run run(problem.op, options), reference(problem.op, options);
  run.advance(15, team);
  reference.advance(15, free);
  cancel.raise();
  CHECK(run.advance(15, team) == Status::cancelled);
  CHECK(factorsOf(run) == factorsOf(reference));
}

TEST(iterationsDoNotAllocate) {
  if (!heapCounting()) return;
  const Problem symmetric = makeProblem(700, 24, 24, true, 2), general = makeProblem(700, 20, 26, false, 2);
  Team team(2);
  const struct {
    const char* method;
    bool symmetric;
    StepKind step;
  } cases[] = {{"gradient-descent", true, StepKind::fixed},
               {"gradient-descent", true, StepKind::automatic},
               {"gradient-descent", true, StepKind::exactLineSearch},
               {"gradient-descent", false, StepKind::exactLineSearch},
               {"approximate-gauss-newton", false, StepKind::automatic},
               {"approximate-gauss-newton", false, StepKind::exactLineSearch},
               {"riemannian-gauss-newton", true, StepKind::automatic},
               {"riemannian-gauss-newton", false, StepKind::automatic}};
  for (const auto& entry : cases) {
    const Problem& problem = entry.symmetric ? symmetric : general;
    RunOptions options = optionsFor(problem, entry.symmetric ? Model::symmetric : Model::asymmetric, 8);
    options.method = entry.method;
    options.step = entry.step;
    options.stepSize = entry.step == StepKind::fixed ? 0.2 : 0;
    options.stopStallWindow = 5;
    Run run(problem.op, options);
    run.advance(3, team);
    const auto allocationsOf = [&](std::int64_t iterations) {
      const std::int64_t before = heapAllocations(), buffers = allocationCount();
      run.advance(iterations, team);
      CHECK_EQUAL(allocationCount(), buffers);
      return heapAllocations() - before;
    };
    // One advance may reserve its records; iterations themselves cost nothing.
    const std::int64_t few = allocationsOf(1), many = allocationsOf(40);
    CHECK(many <= 1 && few <= 1);
  }
}

TEST(runsRefuseWhatTheyCannotDo) {
  const Problem general = makeProblem(60, 5, 6, false, 1);
  const auto make = [&](auto change) {
    RunOptions options = optionsFor(general, Model::asymmetric, 2);
    change(options);
    return Run(general.op, options).bytes();
  };
  CHECK(make([](RunOptions&) {}) > 0);
  CHECK_THROWS(ErrorCode::invalidArgument, make([](RunOptions& o) { o.model = Model::symmetric; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](RunOptions& o) { o.method = "newton"; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](RunOptions& o) { o.columns = {"nonsense"}; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](RunOptions& o) { o.rank = 0; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](RunOptions& o) { o.init = InitKind::given; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](RunOptions& o) { o.stopValidationPatience = 3; }));
  CHECK_THROWS(ErrorCode::invalidArgument, make([](RunOptions& o) { o.y = nullptr; }));
}

}  // namespace lowrank::test
