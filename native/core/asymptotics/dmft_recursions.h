// The coordinate side of the DMFT: with a ridge everything is linear and Gaussian, so m, C and R_theta follow from the
// averages over samples (R_l, kappa, C_u) in closed form (docs/dmft.md, section "The coordinates").
//
// With momentum beta the update is theta^{t+1} = a_t theta^t - beta theta^{t-1} - eta_t (...), a_t = 1 + beta - eta_t
// lambda for t >= 1; the first step has no momentum (theta^{-1} = theta^0).
#pragma once

#include <cstdint>

#include "../runtime/memory.h"
#include "dmft.h"

namespace lowrank {

struct DmftRecursions {
  explicit DmftRecursions(const DmftOptions& options);

  // From R_l(t, .), kappa_t and C_u(t, .) to R_theta(t+1, .), m_{t+1}, C(t+1, .).
  void advance(std::int64_t t, double step);
  // R_theta(t+1, .) alone: all that the data-driven twin needs.
  void advanceResponse(std::int64_t t, double step);

  std::int64_t sizeT, sizeS;  // T + 1, T + 2
  double ridge, momentum;
  AlignedBuffer<double> m, kappa;       // T + 1
  AlignedBuffer<double> covariance;     // C(t, s), (T + 1) x (T + 1)
  AlignedBuffer<double> response;       // R_theta(t, s), (T + 1) x (T + 2), column 0 = *, column s + 1 = s
  AlignedBuffer<double> responseForce;  // R_l(t, s), (T + 1) x (T + 1)
  AlignedBuffer<double> forces;         // C_u, (T + 2) x (T + 2), index 0 = *

  double* row(AlignedBuffer<double>& buffer, std::int64_t t, std::int64_t width) { return buffer.data() + t * width; }

 private:
  double carry(std::int64_t t, double step) const;
};

}  // namespace lowrank
