// The discrete-time dynamical mean-field theory of gradient descent on a single-index model, from a spectral or an
// independent start: one causal sweep over t = 0 .. T (docs/dmft.md has the equations; they are a
// reconstruction checked by simulation, and are not quoted from arXiv 2509.23527).
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "../designs/design.h"
#include "../losses/loss.h"

namespace lowrank {

// Samples of the row process. z is standard normal (complex: split, E|z|^2 = 1), y = phi(z, eps) and t = T(y) come with
// it, so that the sweep knows no channel and no preprocessing.
struct DmftOptions {
  Field field = Field::real;
  double delta = 0;  // n/d > 0
  LossSpec loss;
  std::int64_t iterations = 0;  // T
  std::vector<double> steps;    // eta_t, T of them
  double ridge = 0;             // lambda
  double momentum = 0;          // theta^{t+1} += momentum (theta^t - theta^{t-1})
  double batch = 1;             // Bernoulli fraction b of a minibatch, 0 < b <= 1: force times s/b
  bool spectral = true;
  double tau = 0;              // of the spectral fixed point
  double overlap = 0;          // a, -1 to 1
  double norm = 1;             // c = ||theta^0||
  bool spectralMemory = true;  // false drops the * source: only for tests that show it matters
  std::uint64_t seed = 0;
  // Sample i of this call is number firstSample + i of the stream (seed, asymptotics): so that repeats share nothing.
  std::int64_t firstSample = 0;
  std::int64_t samples = 0;  // N
  const double* z = nullptr;
  const double* y = nullptr;
  const double* t = nullptr;  // null for an independent start
};

struct DmftResult {
  bool cancelled = false;
  // T + 1 numbers each: <theta*, theta^t>, ||theta^t||^2, E L(r^t, y) and E L(w^t, y) (neither with the ridge),
  // E |ell_t|^2 (of the minibatch force where b < 1), E d ell_t / d z.
  std::vector<double> m, q, trainLoss, testLoss, squaredForce, kappa;
  // Row-major (T + 1) x (T + 1): C(t, s), R_theta(t, s) for s < t, R_l(t, s) for s <= t.
  std::vector<double> covariance, responseTheta, responseForce;
  // R_theta(t, *), t = 0 .. T (zero for an independent start); C_u(s, s') with index 0 for *, (T + 2) x (T + 2).
  std::vector<double> responseSpectral, forceCovariance;
};

// Memory: 3 N T doubles (7 N T in the complex field). Time: N T^3 / 3 + O(N T^2) flops (complex: 4 times that). The
// same bits for any number of threads. `progress` counts the steps done. Throws Error: invalidArgument for options out
// of range and for a loss whose force jumps, numerical when the iterates overflow, memory.
//
// Numbers of the stream (seed, asymptotics), in blocks of 2^44: blocks 0, 1 and 2 are left to the caller (z and its
// noise), block 3 + 2 t has the field of step t, block 4 + 2 t the minibatch masks of step t.
DmftResult dmftSweep(const DmftOptions& options, Team& team, std::atomic<std::int64_t>& progress);
std::int64_t dmftBytes(const DmftOptions& options) noexcept;

// The same recursions on the rows of a real run, whose r^t are known (m x (T+1), one iterate after the other, complex
// split per iterate): leave-one-out fields w^t and what they estimate, without knowing channel or signal.
// responseTheta as in DmftResult. O(m T^2) flops for the fields and m T^3 / 3 for the responses, no pass over the
// design.
struct TwinResult {
  bool cancelled = false;
  std::vector<double> testLoss, trainLoss, squaredNorm;  // mean L(w, y), mean L(r, y), mean |w|^2: T + 1 each
  std::vector<double> responseTheta, responseSpectral;
};
// options.samples = m, options.y and options.t are the run's; options.z, overlap, norm and seed are not used, the batch
// must be 1. `w` receives w^t, laid out as r.
TwinResult dataDrivenTwin(const DmftOptions& options, const double* r, double* w, Team& team,
                          std::atomic<std::int64_t>& progress);

}  // namespace lowrank
