// Step sizes: a safe automatic step for gradient descent and the exact minimiser of a loss along a direction.
#pragma once

#include "state.h"

namespace lowrank {

// Spectral norm of the adjoint image in the workspace by power iteration from a fixed start; `u` and `v` are scratch of
// rows and cols numbers. An estimate from below, within a few per cent after the iterations made.
double imageNorm(const AdjointImage& image, std::int64_t rows, std::int64_t cols, double* u, double* v);

// Positive global minimiser a of ||r0 + a r1 + a^2 r2||^2 over the training rows, given that the loss falls at a = 0
// (matrix sensing: the residual along a direction of the factors is exactly this quadratic, the loss a quartic).
// Returns 0 when the loss does not fall or the coefficients are not finite.
double quarticMinimiser(double r1r1, double r0r1, double r0r2, double r1r2, double r2r2);

}  // namespace lowrank
