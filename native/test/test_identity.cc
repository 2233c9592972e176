// The identity operator: against its definition, cancellation, held-out rows, and a run that stops for an event.
#include <cmath>
#include <vector>

#include "harness.h"
#include "matrices.h"
#include "operators/identity.h"
#include "solvers/run.h"

namespace lowrank::test {
namespace {

struct Shape {
  std::int64_t rows, cols, rank;
  bool symmetric;
};
const Shape shapes[] = {{1, 1, 1, true},  {1, 5, 2, false}, {5, 1, 1, false},  {9, 7, 3, false},
                        {8, 8, 11, true}, {8, 8, 2, false}, {70, 70, 5, true}, {40, 70, 300, false}};

}  // namespace

TEST(identityMeasuresEveryEntryOnce) {
  Team team(1);
  for (const Shape& s : shapes) {
    const IdentityOperator op(s.rows, s.cols, s.symmetric);
    const std::int64_t m = op.measurements();
    CHECK_EQUAL(m, s.symmetric ? s.rows * (s.rows + 1) / 2 : s.rows * s.cols);
    CHECK_EQUAL(op.squaredNorm(), static_cast<double>(m));
    const auto workspace = op.workspace();
    const Dense left = gaussian(s.rows, s.rank, 1), right = s.symmetric ? left : gaussian(s.cols, s.rank, 2);
    Dense x(s.rows, s.cols), image(s.rows, s.cols);
    multiply(1, left, Transpose::no, right, Transpose::yes, 0, x);
    for (const bool sameFactor : {true, false}) {
      const FactorPair pair{left, sameFactor && s.symmetric ? ConstMatrix(left) : ConstMatrix(right)};
      const Dense residualRandom = gaussian(m, 1, 3);
      Dense y(m, 1), residual(m, 1), second(m, 1);
      CHECK(op.measure(pair, y.data.data(), *workspace, team));
      CHECK_NEAR(std::sqrt(squaredNorm(y)), std::sqrt(squaredNorm(x)), 1e-12 * std::sqrt(squaredNorm(x)));
      CHECK(op.measurePair(pair, pair, residual.data.data(), second.data.data(), *workspace, team));
      CHECK(residual.data == y.data && second.data == y.data);
      // A*(A(X)) = X
      CHECK(op.adjoint(y.data.data(), nullptr, *workspace, team));
      workspace->image().toDense(image);
      for (std::size_t i = 0; i < x.data.size(); ++i) CHECK_NEAR(image.data[i], x.data[i], 1e-12 * s.rank);
      // <A(X), r> = <X, A*(r)>
      CHECK(op.adjoint(residualRandom.data.data(), nullptr, *workspace, team));
      workspace->image().toDense(image);
      const double scale = std::sqrt(squaredNorm(y) * squaredNorm(residualRandom));
      CHECK_NEAR(innerProduct(y, residualRandom), innerProduct(x, image), 1e-13 * scale);
      // The fused pass, with rows held out of the image but not of the residual.
      std::vector<std::uint8_t> heldOut(static_cast<std::size_t>(m), 0);
      for (std::size_t i = 0; i < heldOut.size(); i += 3) heldOut[i] = 1;
      CHECK(op.residualAndImage(pair, residualRandom.data.data(), heldOut.data(), residual.data.data(), *workspace,
                                team));
      Dense masked(m, 1), again(s.rows, s.cols);
      for (std::int64_t i = 0; i < m; ++i) {
        CHECK_NEAR(residual(i, 0), y(i, 0) - residualRandom(i, 0), 1e-13 * (1 + std::abs(y(i, 0))));
        masked(i, 0) = heldOut[static_cast<std::size_t>(i)] != 0 ? 0.0 : residual(i, 0);
      }
      workspace->image().toDense(image);
      op.adjoint(masked.data.data(), nullptr, *workspace, team);
      workspace->image().toDense(again);
      CHECK(image.data == again.data);
    }
  }
  CHECK_THROWS(ErrorCode::invalidArgument, IdentityOperator(3, 4, true));
  CHECK_THROWS(ErrorCode::invalidArgument, IdentityOperator(0, 4, false));
}

TEST(identityPassesEndWhenCancelled) {
  CancelFlag cancel;
  cancel.raise();
  Team team(1, &cancel);
  const IdentityOperator op(6, 5, false);
  const auto workspace = op.workspace();
  const Dense left = gaussian(6, 2, 1), right = gaussian(5, 2, 2);
  Dense y(30, 1);
  CHECK(!op.measure({left, right}, y.data.data(), *workspace, team));
  CHECK(!op.adjoint(y.data.data(), nullptr, *workspace, team));
}

TEST(eventsStopARunAtTheirIteration) {
  Team team(1);
  const auto op = std::make_shared<IdentityOperator>(10, 10, true);
  const Dense u = gaussian(10, 2, 4);
  std::vector<double> y(55);
  op->measure({u, u}, y.data(), *op->workspace(), team);
  RunOptions options;
  options.model = Model::symmetric;
  options.rank = 3;
  options.y = y.data();
  options.step = StepKind::fixed;
  options.stepSize = 0.01;
  options.initScale = 0.1;
  options.columns = {"residual"};
  const auto endOf = [&](auto change) {
    RunOptions changed = options;
    change(changed);
    auto run = std::make_unique<Run>(op, changed);
    run->advance(1000, team);
    return run;
  };
  for (const std::int64_t at : {std::int64_t{0}, std::int64_t{1}, std::int64_t{37}, std::int64_t{1000}}) {
    const auto run = endOf([at](RunOptions& o) { o.stopEventIteration = at; });
    CHECK(run->status() == Status::event);
    CHECK(!statusMeansConverged(run->status()));
    CHECK_EQUAL(run->info().iterations, at);
  }
  const auto byResidual = endOf([](RunOptions& o) { o.stopEventResidual = 0.1; });
  CHECK(byResidual->status() == Status::event);
  const auto& records = byResidual->records();
  CHECK(records[records.size() - 1] <= 0.1);
  CHECK(records[records.size() - 3] > 0.1);
  // A stopping rule that means success comes first; the limit of iterations does not.
  CHECK(endOf([](RunOptions& o) { o.stopResidual = o.stopEventResidual = 0.1; })->status() == Status::residual);
  CHECK(endOf([](RunOptions& o) { o.stopIterations = o.stopEventIteration = 5; })->status() == Status::event);
  // The recorded grid of a run that goes on from iteration 7.
  const auto on = endOf([](RunOptions& o) {
    o.iterationOffset = 7;
    o.recordEvery = 5;
    o.stopIterations = 9;
  });
  const std::vector<double> expected{7, 10, 15, 16};
  CHECK_EQUAL(on->records().size(), 2 * expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK_EQUAL(on->records()[2 * i], expected[i]);
}

}  // namespace lowrank::test
