// Probes: norms and leading subspaces against full decompositions, no allocation per iteration, refusals. Their values
// against dense evaluations of the definitions are tested in TypeScript.
#include <cmath>
#include <vector>

#include "harness.h"
#include "linalg/lapack.h"
#include "matrices.h"
#include "operators/dense.h"
#include "solvers/probes/norms.h"
#include "solvers/run.h"

namespace lowrank::test {
namespace {

std::vector<double> singularValues(ConstMatrix a) {
  const std::int64_t t = std::min(a.rows, a.cols);
  Dense u(a.rows, t), vt(t, a.cols);
  std::vector<double> values(static_cast<std::size_t>(t));
  SingularValueDecomposition(a.rows, a.cols).compute(a, u, values.data(), vt);
  return values;
}

// Spectrum with a gap behind `count` values of ratio `gap`.
std::vector<double> spectrumWithGap(std::int64_t size, std::int64_t count, double gap) {
  std::vector<double> s(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i) {
    const double within = 1 - 0.5 * static_cast<double>(i) / static_cast<double>(size);
    s[static_cast<std::size_t>(i)] = i < count ? within : within * gap;
  }
  return s;
}

const std::vector<std::string> symmetricNames = {
    "sigmaMin",          "signal",           "noise",         "noiseFrobenius",
    "misalignment",      "wDrift",           "signalError",   "alignment",
    "alignmentSpectral", "sigmaSpectral",    "factorNorm",    "ripDeviation",
    "alignmentPower",    "alignmentToPower", "powerDistance", "singularValues",
};

}  // namespace

TEST(spectralNormsEqualTheLargestSingularValue) {
  for (const Kind kind :
       {Kind::gaussian, Kind::rankDeficient, Kind::graded, Kind::clustered, Kind::zero, Kind::identity, Kind::ones}) {
    const std::int64_t shapes[][2] = {{1, 1}, {5, 3}, {3, 40}, {33, 33}, {100, 60}, {60, 100}, {130, 130}};
    for (const auto& shape : shapes) {
      Dense a = make(kind, shape[0], shape[1], 5);
      for (const double scale : {1.0, 1e-9, 1e9}) {
        Dense scaled = a;
        scaleBy(scaled, scale);
        SpectralNorm norm(shape[0], shape[1]);
        const double expected = singularValues(scaled)[0];
        CHECK_NEAR(norm.compute(scaled), expected, 1e-8 * expected);
      }
    }
  }
  // Equal eigenvalues of both signs, and a spectrum dense at its edge.
  for (const std::int64_t n : {std::int64_t{50}, std::int64_t{120}}) {
    const Dense alternating = withSpectrum(n, n, std::vector<double>(static_cast<std::size_t>(n), 2.0), 3, true);
    CHECK_NEAR(SpectralNorm(n, n).compute(alternating), 2, 1e-8);
  }
  // What is not finite is refused, not looped on.
  Dense bad = gaussian(50, 50, 1);
  bad(3, 4) = std::nan("");
  CHECK_THROWS(ErrorCode::nonFinite, SpectralNorm(50, 50).compute(bad));
}

TEST(smallSinesAreRight) {
  const std::int64_t n = 60;
  Dense q = gaussian(n, 6, 2), triangle(6, 6);
  QrDecomposition(n, 6).compute(q, q, triangle);
  for (const double angle : {0.0, 1e-12, 1e-7, 0.3}) {
    Dense basis(n, 3), turned(n, 3);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < 3; ++j) {
        basis(i, j) = q(i, j);
        turned(i, j) = j == 1 ? std::cos(angle) * q(i, 1) + std::sin(angle) * q(i, 4) : q(i, j);
      }
    }
    CHECK_NEAR(Sine(n, 3, 3).compute(basis, turned), std::sin(angle), 1e-15);
  }
}

TEST(leadingVectorsSpanWhatAFullDecompositionSays) {
  const std::int64_t shapes[][2] = {{10, 4}, {60, 60}, {80, 50}, {50, 90}};
  for (const auto& shape : shapes) {
    const std::int64_t t = std::min(shape[0], shape[1]), count = 3;
    LeadingVectors leading(shape[0], shape[1], count);
    std::int64_t calls = 0;
    for (const double gap : {0.9, 0.3, 1e-1, 1e-2, 1e-6, 0.02}) {
      // A subspace that turns a little from call to call.
      for (const double turn : {0.0, 1e-3, 1e-2}) {
        Dense a = withSpectrum(shape[0], shape[1], spectrumWithGap(t, count, gap), 8, false);
        const Dense noise = gaussian(shape[0], shape[1], 9);
        for (std::size_t i = 0; i < a.data.size(); ++i) a.data[i] += turn * gap * noise.data[i] / 20;
        leading.compute(a);
        ++calls;
        Dense u(shape[0], t), vt(t, shape[1]), first(shape[0], count);
        std::vector<double> values(static_cast<std::size_t>(t));
        SingularValueDecomposition(shape[0], shape[1]).compute(a, u, values.data(), vt);
        for (std::int64_t i = 0; i < shape[0]; ++i) {
          for (std::int64_t j = 0; j < count; ++j) first(i, j) = u(i, j);
        }
        CHECK_BELOW(Sine(shape[0], count, count).compute(first, leading.vectors()), 1e-11);
        for (std::int64_t j = 0; j < count; ++j)
          CHECK_NEAR(leading.values()[j], values[static_cast<std::size_t>(j)], 1e-13);
      }
    }
    if (t > 24) CHECK(leading.fullCount() < calls);
  }
}

TEST(probesDoNotAllocateAfterTheFirstRecord) {
  if (!heapCounting()) return;
  Team team(2);
  for (const bool symmetric : {true, false}) {
    const std::int64_t n = 44, m = 600;
    auto op = std::make_shared<DenseOperator>(m, n, n, symmetric, DenseOperator::Storage::float64);
    op->fillGaussian(3, 1 / std::sqrt(static_cast<double>(m)), team);
    Dense u = gaussian(n, 2, 4), truth(n, n);
    multiply(1, u, Transpose::no, u, Transpose::yes, 0, truth);
    scaleBy(truth, 1.0 / n);
    scaleBy(u, 1 / std::sqrt(static_cast<double>(n)));
    std::vector<double> y(static_cast<std::size_t>(m));
    op->measure({u, u}, y.data(), *op->workspace(), team);
    for (const std::int64_t rank : {std::int64_t{1}, std::int64_t{5}, n}) {
      RunOptions options;
      options.model = symmetric ? Model::symmetric : Model::asymmetric;
      options.rank = rank;
      options.y = y.data();
      options.truth = truth.data.data();
      options.step = StepKind::fixed;
      options.stepSize = 0.2;
      options.initScale = 1e-3;
      options.columns =
          symmetric ? symmetricNames
                    : std::vector<std::string>{"singularValues", "singularValuesRight", "imbalance", "imbalanceDrift"};
      Run run(op, options);
      run.advance(0, team);
      for (const std::int64_t iterations : {std::int64_t{1}, std::int64_t{60}, std::int64_t{30}}) {
        const std::int64_t before = heapAllocations(), buffers = allocationCount();
        run.advance(iterations, team);
        CHECK_EQUAL(allocationCount(), buffers);
        CHECK(heapAllocations() - before <= 1);  // one advance may reserve its records
        for (const double value : run.records()) CHECK(std::isfinite(value));
      }
    }
  }
}

TEST(probesOfFactorsThatOverflowAreNotANumber) {
  Team team(1);
  const auto op = std::make_shared<DenseOperator>(40, 8, 8, true, DenseOperator::Storage::float64);
  op->fillGaussian(3, 0.1, team);
  const Dense u = gaussian(8, 2, 4);
  Dense truth(8, 8), huge = u;
  multiply(1, u, Transpose::no, u, Transpose::yes, 0, truth);
  scaleBy(huge, 1e120);
  std::vector<double> y(40);
  op->measure({u, u}, y.data(), *op->workspace(), team);
  RunOptions options;
  options.model = Model::symmetric;
  options.rank = 2;
  options.init = InitKind::given;
  options.left = huge.data.data();
  options.y = y.data();
  options.truth = truth.data.data();
  options.step = StepKind::fixed;
  options.stepSize = 1e30;
  options.columns = symmetricNames;
  options.stopDivergence = 0;
  Run run(op, options);
  run.advance(5, team);  // must end, with whatever it recorded
  CHECK(run.status() == Status::numerical);
}

TEST(probesRefuseWhatTheyCannotSee) {
  Team team(1);
  const auto op = std::make_shared<DenseOperator>(40, 8, 8, true, DenseOperator::Storage::float64);
  op->fillGaussian(3, 0.1, team);
  const std::vector<double> y(40, 1.0), zero(64, 0.0);
  RunOptions options;
  options.model = Model::symmetric;
  options.rank = 2;
  options.y = y.data();
  const auto refused = [&](const char* name, auto change) {
    RunOptions changed = options;
    changed.columns = {name};
    change(changed);
    CHECK_THROWS(ErrorCode::invalidArgument, Run(op, changed).advance(0, team));
  };
  refused("noise", [](RunOptions&) {});
  refused("sigmaSpectral", [](RunOptions&) {});
  refused("imbalance", [](RunOptions&) {});
  refused("powerDistance", [](RunOptions&) {});
  refused("factorNorm", [](RunOptions& o) { o.probeRank = 9; });
  refused("noise", [&](RunOptions& o) { o.truth = zero.data(); });
  refused("noise", [&](RunOptions& o) {
    o.model = Model::asymmetric;
    o.truth = zero.data();
  });
}

}  // namespace lowrank::test
