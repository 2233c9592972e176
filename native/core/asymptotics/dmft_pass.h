// The sample side of the DMFT: N samples of the row process, kept for all times, and the pass over them that one step
// of the sweep is. The same pass serves the data-driven twin, where the fields are those of a real run.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "../losses/loss.h"
#include "../runtime/memory.h"
#include "dmft.h"

namespace lowrank {

// What a step hands to the samples.
struct DmftCoefficients {
  const double* basis = nullptr;     // w^t = sum_k basis[k] x_k, over z, xi_0, ..., xi_t
  const double* memory = nullptr;    // r^t = w^t + sum_k memory[k] ell_k, over *, 0, ..., t - 1
  const double* response = nullptr;  // R_theta(s', s) / delta at response[s * (T + 1) + s']
  const double* star = nullptr;      // R_theta(s', *) / delta at star[s']
  // The twin: r^t of the run, and where w^t goes.
  const double* given = nullptr;
  double* recovered = nullptr;
};

// Means over the samples.
struct DmftMeans {
  explicit DmftMeans(std::int64_t iterations);
  std::vector<double> responseForce;  // R_l(t, s)
  std::vector<double> products;       // E Re ell_t conj(ell_s), over *, 0, ..., t
  std::vector<double> gram;           // of the newest xi with z, xi_0, ..., itself
  double squaredZ = 0;                // E |z|^2, of begin()
  double squaredStar = 0;             // E |ell_*|^2, of step 0
  double zForce = 0;                  // E Re conj(z) ell_t
  double trainLoss = 0, testLoss = 0, squaredField = 0;
};

class DmftSamples {
 public:
  // `twin`: the fields are given, so nothing is drawn.
  DmftSamples(const DmftOptions& options, bool twin);
  static std::int64_t bytes(const DmftOptions& options, bool twin) noexcept;

  // Draws xi_0: squaredZ and the first Gram row. False when cancelled.
  bool begin(DmftMeans& means, Team& team);
  // Step t, everything in `means` but squaredZ; draws xi_{t+1}. False when cancelled.
  bool step(std::int64_t t, const DmftCoefficients& coefficients, DmftMeans& means, Team& team);

 private:
  struct Panel;
  template <class Work>
  bool forPanels(Team& team, const Work& work);
  void add(DmftMeans& means) const;

  void draw(std::int64_t t, Panel& panel);
  void fields(std::int64_t t, const DmftCoefficients& c, Panel& panel);
  void fieldsOfRun(std::int64_t t, const DmftCoefficients& c, Panel& panel);
  void evaluate(std::int64_t t, Panel& panel);
  void store(std::int64_t t, Panel& panel);
  void respond(std::int64_t t, const DmftCoefficients& c, Panel& panel);

  DmftOptions options_;
  bool twin_, complex_;
  std::unique_ptr<Loss> loss_;
  std::int64_t sizeT_;                                // T + 1
  std::int64_t width_, derivativeWidth_, pairWidth_;  // of a row of a tile
  std::int64_t panels_, parts_, scratchSize_;
  AlignedBuffer<double> basis_, forces_, derivatives_;  // tile by tile: z, xi_0 ..; ell_*, ell_0 ..; derivatives
  AlignedBuffer<double> scratch_;                       // part by part
};

}  // namespace lowrank
