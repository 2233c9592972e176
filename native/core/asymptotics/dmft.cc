#include "dmft.h"

#include <algorithm>
#include <cmath>

#include "dmft_common.h"
#include "dmft_pass.h"

namespace lowrank {
namespace {

// Rows of lower triangular factors, appended one at a time.
class GrowingFactor {
 public:
  explicit GrowingFactor(std::int64_t size) : size_(size), rows_(size * size) {}
  double* row(std::int64_t k) { return rows_.data() + k * size_; }
  const double* row(std::int64_t k) const { return rows_.data() + k * size_; }

 private:
  std::int64_t size_;
  AlignedBuffer<double> rows_;
};

// A pivot below this share of the field's own size carries nothing but rounding: the field is a combination of earlier
// ones.
constexpr double leastPivot = 1e-7;

// The law of (z, w^0, ..., w^t) as w^t = sum_k basis[k] x_k over the drawn numbers x = (z, xi_0, ..., xi_t).
class FieldLaw {
 public:
  explicit FieldLaw(std::int64_t iterations)
      : law_(iterations + 2), gram_(iterations + 2), covariance_(iterations + 2), basis_(iterations + 2) {
    law_.row(0)[0] = 1;
  }

  // The first drawn numbers are z.
  void begin(double squaredZ) { gram_.row(0)[0] = std::sqrt(squaredZ); }

  // products: of xi_t with z, xi_0, ..., xi_t, means over the samples. Its Cholesky row makes combinations of the drawn
  // numbers whose empirical covariance is exact: about a third of the standard error of plain draws at the same cost.
  void addDraw(std::int64_t t, const std::vector<double>& products) {
    double* const row = gram_.row(t + 1);
    double left = products[static_cast<std::size_t>(t + 1)];
    for (std::int64_t k = 0; k <= t; ++k) {
      const double* const other = gram_.row(k);
      double value = products[static_cast<std::size_t>(k)];
      for (std::int64_t j = 0; j < k; ++j) value -= row[j] * other[j];
      row[k] = value / other[k];
      left -= row[k] * row[k];
    }
    row[t + 1] = std::sqrt(left);
  }

  const double* coefficients(std::int64_t t, double m, const double* covarianceRow) {
    double* const row = law_.row(t + 1);
    covariance_[0] = m;
    for (std::int64_t s = 0; s < t; ++s) covariance_[s + 1] = covarianceRow[s];
    double left = covarianceRow[t];
    const double scale = std::sqrt(std::max(covarianceRow[t], 0.0));
    for (std::int64_t k = 0; k <= t; ++k) {
      const double* const other = law_.row(k);
      double value = covariance_[k];
      for (std::int64_t j = 0; j < k; ++j) value -= row[j] * other[j];
      row[k] = other[k] > leastPivot * std::max(1.0, scale) ? value / other[k] : 0;
      left -= row[k] * row[k];
    }
    row[t + 1] = std::sqrt(std::max(left, 0.0));

    // In the empirically orthonormal basis q, x = gram q; z itself is taken as it is.
    for (std::int64_t k = t + 1; k >= 0; --k) {
      double value = k == 0 ? row[0] * gram_.row(0)[0] : row[k];
      for (std::int64_t j = k + 1; j <= t + 1; ++j) value -= basis_[j] * gram_.row(j)[k];
      basis_[k] = value / gram_.row(k)[k];
    }
    return basis_.data();
  }

 private:
  GrowingFactor law_, gram_;
  AlignedBuffer<double> covariance_, basis_;
};

}  // namespace

DmftResult dmftSweep(const DmftOptions& given, Team& team, std::atomic<std::int64_t>& progress) {
  const DmftOptions options = checkedDmftOptions(given, false);
  const std::int64_t T = options.iterations;
  DmftRecursions recursions(options);
  DmftSamples samples(options, false);
  DmftMeans means(T);
  FieldLaw law(T);
  ScaledResponses scaled(options);
  DmftResult result;

  const auto cancelled = [&] {
    result.cancelled = true;
    return result;
  };
  if (!samples.begin(means, team)) return cancelled();
  law.begin(means.squaredZ);
  law.addDraw(0, means.gram);
  for (std::int64_t t = 0; t <= T; ++t) {
    DmftCoefficients coefficients;
    coefficients.basis = law.coefficients(t, recursions.m[t], recursions.covariance.data() + t * (T + 1));
    scaled.setRow(t, recursions, coefficients);
    if (!samples.step(t, coefficients, means, team)) return cancelled();
    recordMeans(t, options, means, recursions);
    result.trainLoss.push_back(means.trainLoss);
    result.testLoss.push_back(means.testLoss);
    result.squaredForce.push_back(means.products[static_cast<std::size_t>(t + 1)]);
    result.q.push_back(recursions.covariance[t * (T + 1) + t]);
    if (t < T) {
      law.addDraw(t + 1, means.gram);
      recursions.advance(t, options.steps[static_cast<std::size_t>(t)]);
    }
    progress.store(t + 1, std::memory_order_relaxed);
  }
  result.m = toVector(recursions.m);
  result.kappa = toVector(recursions.kappa);
  result.covariance = toVector(recursions.covariance);
  result.responseForce = toVector(recursions.responseForce);
  result.forceCovariance = toVector(recursions.forces);
  splitResponse(recursions, result.responseTheta, result.responseSpectral);
  return result;
}

std::int64_t dmftBytes(const DmftOptions& options) noexcept { return DmftSamples::bytes(options, false); }

}  // namespace lowrank
