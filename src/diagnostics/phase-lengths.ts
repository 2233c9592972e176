/** What theory says about how long the phases of gradient descent from a small random start last: pure formulas. */
import * as check from '../checks';

export interface PhaseOneQuantities {
  /** mu, of the loss 1/4 ||A(U U^T) - y||^2. */
  readonly step: number;
  /** sigma_r and sigma_{r+1} of M_hat = A*(y); the second may be 0. */
  readonly eigenvalue: number;
  readonly nextEigenvalue: number;
  /** kappaFactor = ||X|| / sigma_min(X), at least 1. */
  readonly kappaFactor: number;
  /** ||U|| of the start U_0 = alpha U: about 1 + sqrt(n / k) for entries of variance 1 / k. */
  readonly startNorm: number;
  /** sigma_min(V_L^T U) of the same U, V_L the r leading eigenvectors of M_hat. */
  readonly overlap: number;
  /** c, what the misalignment is to fall to in units of kappaFactor^-2; the paper leaves it open. Default 1. */
  readonly constant?: number | undefined;
}

const ONE = ['step', 'eigenvalue', 'nextEigenvalue', 'kappaFactor', 'startNorm', 'overlap', 'constant'];

/**
 * Length of the spectral phase in iterations,
 *
 *     t_I = ceil( ln(2 kappa^2 ||U|| / (c sigma_min(V_L^T U))) / ln((1 + mu sigma_r) / (1 + mu sigma_{r+1})) ),
 *
 * without the scale alpha of the start. Infinity where sigma_{r+1} = sigma_r; at least 0.
 *
 * Source: arXiv 2106.15013, spectral phase, as restated by Karnik et al. (ICML 2025).
 *
 * @throws LowrankError INVALID_ARGUMENT for values out of range, or sigma_{r+1} > sigma_r
 */
export function phaseOneLength(quantities: PhaseOneQuantities): number {
  const given = check.optionsObject(quantities, 'phaseOneLength', ONE);
  const step = check.positiveNumber(given['step'], 'step');
  const own = check.positiveNumber(given['eigenvalue'], 'eigenvalue');
  const next = check.nonNegativeNumber(given['nextEigenvalue'], 'nextEigenvalue');
  if (next > own) throw check.refused('nextEigenvalue <= eigenvalue', 'phaseOneLength', `${next} > ${own}`);
  const kappa = check.numberAtLeast(given['kappaFactor'], 'kappaFactor', 1);
  const norm = check.positiveNumber(given['startNorm'], 'startNorm');
  const overlap = check.positiveNumber(given['overlap'], 'overlap');
  const constant = given['constant'] === undefined ? 1 : check.positiveNumber(given['constant'], 'constant');
  const distance = Math.log((2 * kappa * kappa * norm) / (constant * overlap));
  const speed = Math.log1p(step * own) - Math.log1p(step * next);
  return speed === 0 ? Infinity : Math.max(0, Math.ceil(distance / speed));
}

export interface PhaseTwoQuantities {
  /** mu, of the loss 1/4 ||A(U U^T) - y||^2. */
  readonly step: number;
  /** sigma_min(X), the root of the smallest non-zero singular value of the truth. */
  readonly sigmaMin: number;
  /** gamma_I: the signal at the end of phase I is at least this, the noise at most twice this. */
  readonly signal: number;
  /** lambda_r(M_hat), for the estimate. Default: sigmaMin^2, right for many measurements. */
  readonly eigenvalue?: number | undefined;
}

export interface PhaseTwoLength {
  /** (16 / (mu sigma_min^2)) ln(2 sigma_min / (sqrt(10) gamma_I)): the paper's bound. */
  readonly atMost: number;
  /**
   * ln(sigma_min / (sqrt(10) gamma_I)) / ln(1 + mu lambda_r), the time at the speed of the power method: derived. It grows by
   * ln(10) / ln(1 + mu lambda_r) per decade of the scale of the start.
   */
  readonly estimate: number;
}

/**
 * Length of the saddle avoidance phase in iterations: the bound and an estimate, both at least 0, neither rounded. It grows
 * with ln(1 / alpha), through `signal`.
 *
 * Source: arXiv 2106.15013, as restated by Karnik et al. (ICML 2025); the estimate is derived.
 *
 * @throws LowrankError INVALID_ARGUMENT for values that are not positive
 */
export function phaseTwoLength(quantities: PhaseTwoQuantities): PhaseTwoLength {
  const given = check.optionsObject(quantities, 'phaseTwoLength', ['step', 'sigmaMin', 'signal', 'eigenvalue']);
  const step = check.positiveNumber(given['step'], 'step');
  const sigma = check.positiveNumber(given['sigmaMin'], 'sigmaMin');
  const signal = check.positiveNumber(given['signal'], 'signal');
  const own =
    given['eigenvalue'] === undefined ? sigma * sigma : check.positiveNumber(given['eigenvalue'], 'eigenvalue');
  const growth = sigma / (Math.sqrt(10) * signal);
  return {
    atMost: Math.max(0, (16 / (step * sigma * sigma)) * Math.log(2 * growth)),
    estimate: Math.max(0, Math.log(growth) / Math.log1p(step * own)),
  };
}
