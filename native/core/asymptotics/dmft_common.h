// What the sweep and the data-driven twin share: checks, and the way between averages, responses and a step's pass.
#pragma once

#include <cstdint>

#include "../runtime/memory.h"
#include "dmft.h"
#include "dmft_pass.h"
#include "dmft_recursions.h"

namespace lowrank {

// Throws Error(invalidArgument). Without its memory a spectral start is an independent one.
DmftOptions checkedDmftOptions(const DmftOptions& given, bool twin);

// R_theta / delta in the order in which the samples read it.
class ScaledResponses {
 public:
  explicit ScaledResponses(const DmftOptions& options);
  // R_theta(t, .) is known now: fills what step t needs.
  void setRow(std::int64_t t, const DmftRecursions& recursions, DmftCoefficients& coefficients);

 private:
  double delta_;
  std::int64_t sizeT_;
  AlignedBuffer<double> response_, star_, memory_;
};

// R_l(t, .), C_u(t, .) and kappa_t from the means of step t. Throws Error(numerical) where they are not finite.
void recordMeans(std::int64_t t, const DmftOptions& options, const DmftMeans& means, DmftRecursions& recursions);

std::vector<double> toVector(const AlignedBuffer<double>& buffer);
// R_theta(t, s) and R_theta(t, *) apart.
void splitResponse(const DmftRecursions& recursions, std::vector<double>& theta, std::vector<double>& spectral);

}  // namespace lowrank
