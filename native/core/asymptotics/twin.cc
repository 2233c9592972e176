#include "dmft_common.h"

namespace lowrank {

// The twin of dmftSweep: sample averages over the rows of a run in place of the Monte Carlo samples. C_u(*, *) and
// C_u(t, s) are computed with the rest but not needed; R_theta follows from R_l alone.
TwinResult dataDrivenTwin(const DmftOptions& given, const double* r, double* w, Team& team,
                          std::atomic<std::int64_t>& progress) {
  const DmftOptions options = checkedDmftOptions(given, true);
  const std::int64_t T = options.iterations;
  const std::int64_t wide = options.samples * (options.field == Field::complex ? 2 : 1);
  DmftRecursions recursions(options);
  DmftSamples samples(options, true);
  DmftMeans means(T);
  ScaledResponses scaled(options);
  TwinResult result;
  for (std::int64_t t = 0; t <= T; ++t) {
    DmftCoefficients coefficients;
    scaled.setRow(t, recursions, coefficients);
    coefficients.given = r + t * wide;
    coefficients.recovered = w + t * wide;
    if (!samples.step(t, coefficients, means, team)) {
      result.cancelled = true;
      return result;
    }
    recordMeans(t, options, means, recursions);
    result.trainLoss.push_back(means.trainLoss);
    result.testLoss.push_back(means.testLoss);
    result.squaredNorm.push_back(means.squaredField);
    if (t < T) recursions.advanceResponse(t, options.steps[static_cast<std::size_t>(t)]);
    progress.store(t + 1, std::memory_order_relaxed);
  }
  splitResponse(recursions, result.responseTheta, result.responseSpectral);
  return result;
}

}  // namespace lowrank
