// Pointwise losses L(r, y) with their derivatives, in batches: the one place that knows them, for the solvers, the DMFT
// sweep and the fixed point. A new loss is one new file and one line in losses.cc.
//
//   real field     force = dL/dr,          derivative = d force / dr
//   complex field  force = dL/d conj(r),   f = d force / dr,  g = d force / d conj(r)
//
// A phase loss depends on r through s = |r|^2 alone: force = r h(s, y), so that real: derivative = h + 2 s h', complex:
// f = h + s h' (real), g = r^2 h'. Every complex loss here is a phase loss, hence f is real.
// The value convention follows: dL/dr = force in the real field, dL/d conj(r) = force in the complex one, where r and
// conj(r) count as independent: the intensity loss is 1/4 (r^2 - y)^2 real and 1/2 (|r|^2 - y)^2 complex.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../designs/design.h"

namespace lowrank {

// A name and the numbers it takes, in the order of lossParameters(name).
struct LossSpec {
  std::string name = "wirtinger";
  std::vector<double> parameters;
};

// All functions take `count` rows and may be called from many threads at once; none allocates or throws.
class Loss {
 public:
  virtual ~Loss() = default;
  // False when the force jumps somewhere (sgn, hard masks): a pathwise derivative then misses the jump.
  virtual bool differentiable() const noexcept = 0;
  virtual void values(std::int64_t count, Entries r, const double* y, double* out) const = 0;
  virtual void forces(std::int64_t count, Entries r, const double* y, MutableEntries out) const = 0;
  // Real: f = d force / dr, g is not touched (its pointers may be null). Complex: f real, g complex.
  virtual void derivatives(std::int64_t count, Entries r, const double* y, double* f, MutableEntries g) const = 0;
};

// What there is: for the facade's checks and `buildInfo`.
struct LossDescription {
  const char* name;
  std::vector<const char*> parameters;  // names, e.g. {"truncation"}
  std::vector<double> defaults;
  bool real, complex;  // the fields it serves
  bool differentiableReal, differentiableComplex;
  const char* smoothed;  // the differentiable loss to take in its place, or null
};
const std::vector<LossDescription>& lossDescriptions();

// Throws Error(invalidArgument) for an unknown name, a wrong number of parameters, or a field that it does not serve.
std::unique_ptr<Loss> makeLoss(const LossSpec& spec, Field field);

}  // namespace lowrank
