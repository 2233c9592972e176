// Coded diffraction: r_l = F (mask_l o x) for L known complex masks, F the discrete Fourier transform of a height x
// width image (not normalized; height 1: of a vector). Measurement (l, k1, k2) is number (l height + k1) width + k2.
// Nothing but the masks is stored, and a pass costs L transforms: O(L n log n).
#pragma once

#include <memory>
#include <vector>

#include "../runtime/memory.h"
#include "design.h"
#include "fft.h"

namespace lowrank {

class CodedDiffraction final : public Design {
 public:
  // masks: patterns x height x width complex numbers, interleaved; copied. Throws Error(invalidArgument | nonFinite |
  // tooLarge | memory).
  CodedDiffraction(const double* masks, std::int64_t patterns, std::int64_t height, std::int64_t width);

  std::int64_t patterns() const noexcept { return patterns_; }
  std::int64_t height() const noexcept { return height_; }
  std::int64_t imageWidth() const noexcept { return width_; }

  const char* name() const noexcept override { return "coded-diffraction"; }
  Field field() const noexcept override { return Field::complex; }
  std::int64_t measurements() const noexcept override { return patterns_ * n_; }
  std::int64_t dimension() const noexcept override { return n_; }
  std::int64_t bytes() const noexcept override { return masks_.bytes(); }
  std::int64_t bytesPerPass() const noexcept override { return masks_.bytes(); }
  double squaredNorm() const noexcept override;

  std::unique_ptr<DesignWorkspace> workspace() const override;
  bool apply(const double* theta, double* r, DesignWorkspace& workspace, Team& team) const override;
  bool adjoint(const double* g, double* out, DesignWorkspace& workspace, Team& team) const override;
  bool applyAndAdjoint(const double* theta, double* r, const RowMap& map, double* out, DesignWorkspace& workspace,
                       Team& team) const override;
  void readRow(std::int64_t i, double* out) const override;
  void readColumn(std::int64_t j, double* out) const override;
  void squaredRowNorms(double* out) const override;

 private:
  class Workspace;
  struct Scratch;
  template <class Function>
  bool forPatterns(Team& team, const Function& function) const;
  Scratch scratchOf(Workspace& workspace, std::int64_t part) const;
  bool transform(double* re, double* im, double* scratch, Team& team) const;
  bool forward(std::int64_t pattern, const double* theta, double* r, const Scratch& scratch, Team& team) const;
  bool backward(std::int64_t pattern, const Scratch& scratch, Team& team) const;
  void finishImage(Workspace& workspace, double* out, Team& team) const;
  double maskNorm(std::int64_t pattern) const noexcept;

  std::int64_t patterns_, height_, width_, n_;
  std::int64_t stride_;  // n, padded: of one component of a partial image
  std::int64_t parts_;   // fixed by the shape alone: the partition of patterns that every pass sums over
  FourierTransform columns_, rows_;
  std::vector<FourierTransform::Root> columnRoots_, rowRoots_;  // exp(-2 pi i k / height), ... / width
  AlignedBuffer<double> masks_;                                 // pattern by pattern, real parts, then imaginary ones
};

}  // namespace lowrank
