// The algebraically largest eigenpair of D = (1/m) X^H diag(t) X by Lanczos without forming D: the spectral estimator
// (Lu and Li, arXiv 1702.06435). t may be negative and large, so power iteration could go to the wrong end.
#pragma once

#include <cstdint>

#include "../designs/design.h"

namespace lowrank {

struct EigenpairOptions {
  const double* weights = nullptr;  // t, m numbers
  std::uint64_t seed = 0;           // of the start vector
  // ||D v - lambda v|| <= tolerance |lambda|, or where rounding forbids it, 64 units of rounding times the spread of
  // the Ritz values (times two: the residual reported is that of one more pass, not Lanczos's estimate).
  double tolerance = 1e-10;
  std::int64_t maxPasses = 2000;
  double* field = nullptr;  // when not null: width(m), split, receives X vector
};

struct Eigenpair {
  double value = 0;
  double second = 0;  // the next Ritz value: an estimate of the next eigenvalue, from below
  double residual = 0;
  std::int64_t passes = 0;
  bool converged = false;
  bool cancelled = false;
};

// vector: width(n), split, of norm 1. Full reorthogonalization, thick restarts; the memory of 40 to 60 vectors.
Eigenpair topEigenpair(const Design& design, const EigenpairOptions& options, double* vector, Team& team);

}  // namespace lowrank
