// The DMFT sweep against the reference's case (smoothed amplitude flow, real, delta = 3).
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

}  // namespace
}  // namespace lowrank::test
