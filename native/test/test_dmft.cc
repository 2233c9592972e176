// The DMFT sweep and the data-driven twin: the reference's case (smoothed amplitude flow, real, delta = 3), bits,
// cancellation, refusals. More of their oracles are in test/asymptotics and test/diagnostics.
#include <cmath>
#include <vector>

#include "asymptotics/dmft.h"
#include "harness.h"
#include "linalg/philox.h"

namespace lowrank::test {
namespace {

struct Case {
  DmftOptions options;
  std::vector<double> z, y, t;
};

// delta = 3, T the Mondelli-Montanari map, b tanh(4 r), step 0.6, ridge 0.05.
void fill(Case& c, std::int64_t samples, std::int64_t iterations) {
  const double delta = 3;
  c.z.resize(static_cast<std::size_t>(samples));
  normals(5, Purpose::asymptotics, 0, samples, c.z.data());
  double squared = 0;
  for (const double z : c.z) squared += z * z / static_cast<double>(samples);
  for (double& z : c.z) z /= std::sqrt(squared);
  for (const double z : c.z) {
    c.y.push_back(z * z);
    c.t.push_back((z * z - 1) / (z * z + std::sqrt(2 * delta) - 1));
  }
  DmftOptions& o = c.options;
  o.delta = delta;
  o.loss = {"tanh-amplitude", {4}};
  o.iterations = iterations;
  o.steps.assign(static_cast<std::size_t>(iterations), 0.6);
  o.ridge = 0.05;
  o.tau = 1.694796;
  o.overlap = std::sqrt(0.626205);
  o.seed = 5;
  o.samples = samples;
  o.z = c.z.data();
  o.y = c.y.data();
  o.t = c.t.data();
}

TEST(dmftReferenceCase) {
  constexpr double m[] = {.7913, .6860, .7432, .7795, .8093, .8327, .8511, .8655, .8769};
  constexpr double q[] = {1, .6021, .6509, .6806, .7098, .7349, .7562, .7740, .7886};
  constexpr double force[] = {.2541, .0707, .0453, .0320, .0235, .0179, .0140, .0113, .0094};
  Case c;
  fill(c, 100000, 8);
  Team team(2);
  std::atomic<std::int64_t> progress{0};
  const DmftResult result = dmftSweep(c.options, team, progress);
  for (std::size_t t = 0; t <= 8; ++t) {
    CHECK_NEAR(result.m[t], m[t], 0.005);
    CHECK_NEAR(result.q[t], q[t], 0.005);
    CHECK_NEAR(result.squaredForce[t], force[t], 0.005);
  }
}

DmftResult sweep(const DmftOptions& options, int threads) {
  Team team(threads);
  std::atomic<std::int64_t> progress{0};
  return dmftSweep(options, team, progress);
}

TEST(dmftBitsDoNotDependOnThreads) {
  for (const std::int64_t samples : {300, 1000, 20001}) {  // one panel, several, and more than there are parts
    Case c;
    fill(c, samples, 6);
    c.options.batch = 0.5;
    c.options.momentum = 0.2;
    const DmftResult one = sweep(c.options, 1);
    for (const int threads : {2, 3}) {
      const DmftResult other = sweep(c.options, threads);
      CHECK(other.covariance == one.covariance);
      CHECK(other.responseForce == one.responseForce);
      CHECK(other.testLoss == one.testLoss);
    }
  }
}

// A sample that is one of the first 100 counts as much as one of the last: sums past the end must not.
TEST(dmftSamplesPastTheEndDoNotCount) {
  Case c;
  fill(c, 1000, 0);
  c.options.spectral = false;
  c.options.t = nullptr;
  c.options.overlap = 1;  // w^0 = z
  const DmftResult result = sweep(c.options, 1);
  double force = 0;
  for (const double z : c.z) {
    const double value = z - std::fabs(z) * std::tanh(4 * z);
    force += value * value / 1000;
  }
  CHECK_NEAR(result.squaredForce[0], force, 1e-12);
}

TEST(dmftEndsWhenCancelled) {
  Case c;
  fill(c, 5000, 20);
  CancelFlag cancel;
  cancel.raise();
  Team team(2, &cancel);
  std::atomic<std::int64_t> progress{0};
  CHECK(dmftSweep(c.options, team, progress).cancelled);
  CHECK_EQUAL(progress.load(), 0);
  std::vector<double> r(5000 * 21), w(r.size());
  CHECK(dataDrivenTwin(c.options, r.data(), w.data(), team, progress).cancelled);
}

TEST(dmftRefuses) {
  const auto with = [](const auto& change) {
    Case c;
    fill(c, 1000, 3);
    change(c.options);
    return sweep(c.options, 1);
  };
  CHECK_THROWS(ErrorCode::invalidArgument, with([](DmftOptions& o) { o.delta = 0; }));
  CHECK_THROWS(ErrorCode::invalidArgument, with([](DmftOptions& o) { o.tau = 0.5; }));  // T(y) reaches 1
  CHECK_THROWS(ErrorCode::invalidArgument, with([](DmftOptions& o) { o.steps.pop_back(); }));
  CHECK_THROWS(ErrorCode::invalidArgument, with([](DmftOptions& o) { o.batch = 1.5; }));
  CHECK_THROWS(ErrorCode::invalidArgument, with([](DmftOptions& o) { o.loss = {"amplitude", {}}; }));
  CHECK_THROWS(ErrorCode::invalidArgument, with([](DmftOptions& o) { o.overlap = 1.5; }));
  CHECK_THROWS(ErrorCode::numerical, with([](DmftOptions& o) {
                 o.loss = {"wirtinger", {}};
                 o.steps.assign(3, 1e200);
               }));
}

// What one allocates, and no more: the estimate is what the facade refuses by.
TEST(dmftBytesAreWhatIsAllocated) {
  for (const Field field : {Field::real, Field::complex}) {
    DmftOptions options;
    options.field = field;
    options.samples = 100000;
    options.iterations = 10;
    const double perSample = static_cast<double>(dmftBytes(options)) / 8 / 100000;
    const double rows = 11;
    const double expected = field == Field::real ? 3 * rows + 2 : 7 * rows + 4;
    CHECK_BELOW(std::fabs(perSample - expected), 0.2 * expected);
  }
}

// The twin on the rows of one step that is known: w^0 = r^0 without a spectral start, and w^1 = r^1 + (eta/delta)
// ell_0.
TEST(twinTakesTheFirstStepBack) {
  constexpr std::int64_t m = 100;
  std::vector<double> r(2 * m), y(m, 1.0), w(2 * m);
  normals(3, Purpose::test, 0, 2 * m, r.data());
  DmftOptions options;
  options.delta = 2;
  options.loss = {"wirtinger", {}};
  options.iterations = 1;
  options.steps = {0.1};
  options.spectral = false;
  options.samples = m;
  options.y = y.data();
  Team team(1);
  std::atomic<std::int64_t> progress{0};
  const TwinResult result = dataDrivenTwin(options, r.data(), w.data(), team, progress);
  double squared = 0;
  for (std::size_t i = 0; i < m; ++i) {
    const double force = (r[i] * r[i] - 1) * r[i];
    CHECK_NEAR(w[i], r[i], 0);
    CHECK_NEAR(w[m + i], r[m + i] + 0.1 / 2 * force, 1e-14);
    squared += w[m + i] * w[m + i] / m;
  }
  CHECK_NEAR(result.squaredNorm[1], squared, 1e-12);
  CHECK_NEAR(result.responseTheta[2], -0.1, 0);
}

}  // namespace
}  // namespace lowrank::test
