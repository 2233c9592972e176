// The pseudo-inverse of a design, prepared once and applied at every iteration: z = A^+ u = (X^H X)^{-1} X^H u.
// What a method has at hand is not u but X^H u, which comes out of its own fused pass for nothing.
#pragma once

#include <memory>

#include "../designs/design.h"
#include "../linalg/cholesky.h"
#include "vector_run.h"

namespace lowrank {

class LeastSquares {
 public:
  // How X^H X is inverted. diagonal: coded diffraction, whose patterns are unitary up to a factor, so that X^H X is the
  // diagonal of the summed |mask|^2. cholesky: n <= maxFactored and m >= n, one factorization of m n^2 + n^3 / 3
  // multiplications, then n^2 per solve. conjugateGradient: all else, and where X^H X is numerically singular; one pass
  // over the design per inner iteration, started from the previous solution, at most maxInner of them.
  enum class Kind { diagonal, cholesky, conjugateGradient };

  static constexpr std::int64_t maxFactored = 3000;
  static constexpr std::int64_t maxInner = 200;
  static constexpr double innerTolerance = 1e-14;  // ||X^H X z - b|| <= innerTolerance ||b||

  // Allocates; reads nothing. The design must outlive it.
  explicit LeastSquares(const Design& design);

  // Reads the design. Counts its passes in `info`. False when cancelled.
  bool prepare(DesignWorkspace& workspace, Team& team, VectorRunInfo& info);
  // z <- the solution of X^H X z = b, of least norm where there are many and z was 0; on entry z is a guess (used by
  // conjugateGradient alone). b and z: width(n), split; b is kept and may not overlap z. Does not allocate. False when
  // cancelled.
  bool solve(const double* b, double* z, DesignWorkspace& workspace, Team& team, VectorRunInfo& info);

  Kind kind() const noexcept { return kind_; }
  std::int64_t bytes() const noexcept;

 private:
  bool factor(Team& team);
  bool conjugateGradient(const double* b, double* z, DesignWorkspace& workspace, Team& team, VectorRunInfo& info);

  const Design& design_;
  std::int64_t n_, wideN_, wideM_;
  Kind kind_;
  std::unique_ptr<Cholesky> cholesky_;
  AlignedBuffer<double> diagonal_, interleaved_, field_, remainder_, direction_, image_;
};

}  // namespace lowrank
