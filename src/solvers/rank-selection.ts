/**
 * Reading the rank from over-parameterized fits: at which ranks to search, where the spectrum breaks off, and whether
 * one more direction explains more than noise.
 */
import { degreesOfFreedom, largestRank, type MatrixSpace } from '../diagnostics/identifiability';

/** What comparing two ranks needs to know of a fit. */
export interface RankFit {
  readonly rank: number;
  /** Relative residuals over the training and over the held-out rows. */
  readonly residual: number;
  readonly validation: number;
}

/**
 * Ranks to search with, rising: the largest ones that leave the training rows 2, 1.3 and 1.05 times the degrees of freedom.
 * Twice is enough for the search to succeed whatever the condition number is; the closer searches are for truths of a
 * rank that fewer measurements than that have to do for. (Measured, a tenth of m held out: with m of 2, 1.5
 * and 1.2 degrees of freedom 160, 150 and 53 of 160 random problems were solved.)
 */
export function searchRanks(space: MatrixSpace, trainCount: number): number[] {
  const ranks = [2, 1.3, 1.05].map((share) => Math.max(1, largestRank(space, trainCount / share)));
  return [...new Set(ranks)];
}

/** sigma_r / sigma_{r+1}, infinity where sigma_{r+1} is zero; values below rounding of the first count as rounding. */
export function spectralGap(spectrum: Float64Array, rank: number): number {
  const floor = 1e-14 * (spectrum[0] ?? 0);
  const last = spectrum[rank - 1] ?? 0;
  const next = spectrum[rank];
  if (next === undefined) return NaN;
  return floor > 0 ? (last + floor) / (next + floor) : Infinity;
}

/** A break smaller than this is no break. */
const LEAST_GAP = 1.5;

/** The rank behind which the spectrum falls most; all of it when it falls nowhere by half. */
export function leadingRank(spectrum: Float64Array): number {
  let best = spectrum.length;
  let bestGap = LEAST_GAP;
  for (let rank = 1; rank < spectrum.length; rank++) {
    const gap = spectralGap(spectrum, rank);
    if (gap > bestGap) {
      best = rank;
      bestGap = gap;
    }
  }
  return best;
}

/**
 * Whether the larger of two fits is the better model: it predicts the held-out rows better, and its squared training
 * residual is lower by more than three times what as many degrees of freedom take off pure noise. (The best direction of
 * noise takes off up to (sqrt(n1) + sqrt(n2))^2 of it, about twice its n1 + n2 degrees of freedom.)
 */
export function prefersLarger(space: MatrixSpace, trainCount: number, smaller: RankFit, larger: RankFit): boolean {
  if (!(larger.validation < smaller.validation)) return false;
  const spare = trainCount - degreesOfFreedom(space, larger.rank);
  // Nothing left to estimate noise with: only a jump counts.
  if (spare <= 0) return larger.validation < 0.1 * smaller.validation;
  const added = degreesOfFreedom(space, larger.rank) - degreesOfFreedom(space, smaller.rank);
  const noise = larger.residual ** 2 / spare;
  return smaller.residual ** 2 - larger.residual ** 2 > 3 * added * noise;
}
