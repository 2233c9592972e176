#include "dmft_recursions.h"

namespace lowrank {

DmftRecursions::DmftRecursions(const DmftOptions& options)
    : sizeT(options.iterations + 1),
      sizeS(options.iterations + 2),
      ridge(options.ridge),
      momentum(options.momentum),
      m(sizeT),
      kappa(sizeT),
      covariance(sizeT * sizeT),
      response(sizeT * sizeS),
      responseForce(sizeT * sizeT),
      forces(sizeS * sizeS) {
  m[0] = options.norm * options.overlap;
  covariance[0] = options.norm * options.norm;
  if (options.spectral && options.spectralMemory) response[0] = options.delta / options.tau;
}

double DmftRecursions::carry(std::int64_t t, double step) const { return 1 - step * ridge + (t > 0 ? momentum : 0); }

void DmftRecursions::advanceResponse(std::int64_t t, double step) {
  const double* const forceRow = responseForce.data() + t * sizeT;
  double* const next = response.data() + (t + 1) * sizeS;
  const double* const now = response.data() + t * sizeS;
  for (std::int64_t s = 0; s <= t; ++s) next[s] = carry(t, step) * now[s];
  if (t > 0) {
    for (std::int64_t s = 0; s < t; ++s) next[s] -= momentum * (now - sizeS)[s];
  }
  for (std::int64_t k = 0; k <= t; ++k) {
    const double weight = step * forceRow[k];
    const double* const row = response.data() + k * sizeS;
    for (std::int64_t s = 0; s <= k; ++s) next[s] -= weight * row[s];  // R_theta(k, .) ends at column k
  }
  next[t + 1] = -step;
}

void DmftRecursions::advance(std::int64_t t, double step) {
  advanceResponse(t, step);
  const double* const forceRow = responseForce.data() + t * sizeT;
  const double* const noiseRow = forces.data() + (t + 1) * sizeS;  // C_u(t, .)
  const double a = carry(t, step);
  double drift = kappa[t];
  for (std::int64_t k = 0; k <= t; ++k) drift += forceRow[k] * m[k];
  m[t + 1] = a * m[t] - (t > 0 ? momentum * m[t - 1] : 0) - step * drift;

  // For s = t + 1 the entries C(t+1, k), k <= t, are those just found.
  for (std::int64_t s = 0; s <= t + 1; ++s) {
    const double* const column = covariance.data() + s * sizeT;  // C(s, .) = C(., s)
    const double* const source = response.data() + s * sizeS;
    double pull = kappa[t] * m[s];
    for (std::int64_t k = 0; k <= t; ++k) pull += forceRow[k] * column[k];
    for (std::int64_t k = 0; k <= s; ++k) pull += source[k] * noiseRow[k];  // E[theta^s u^t], by causality of R_theta
    const double value = a * column[t] - (t > 0 ? momentum * column[t - 1] : 0) - step * pull;
    covariance[(t + 1) * sizeT + s] = value;
    covariance[s * sizeT + t + 1] = value;
  }
}

}  // namespace lowrank
