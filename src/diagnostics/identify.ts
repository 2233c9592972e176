/** Can these measurements determine a matrix of that rank at all? Counting, before any computation. */
import * as check from '../checks';
import type { Problem } from '../problems/problem';
import { degreesOfFreedom, largestRank, type MatrixSpace } from './identifiability';
import { requireProblem } from './require-problem';

/**
 * - `undetermined`: fewer measurements than degrees of freedom; other matrices of that rank fit as well.
 * - `marginal`: enough by counting, but less than twice as many: finding the matrix may fail, and little is left to
 *   check it.
 * - `ample`: at least twice the degrees of freedom, and still fewer than the matrix has entries: the rank is what
 *   helps.
 * - `injective`: as many as the matrix has entries; in general any matrix is determined, and its rank plays no part.
 */
export type IdentifiabilityVerdict = 'undetermined' | 'marginal' | 'ample' | 'injective';

export interface Identifiability {
  /** The rank looked at. */
  readonly rank: number;
  /** m */
  readonly measurements: number;
  /** r (n1 + n2 - r), or r (2n - r + 1) / 2 where the A_i are symmetric. */
  readonly degreesOfFreedom: number;
  /** m over the degrees of freedom. */
  readonly ratio: number;
  /** Numbers that fix any matrix of the space: n1 n2, or n (n + 1) / 2. */
  readonly dimension: number;
  /**
   * m >= dimension: generic measurement matrices then see every matrix, and claims about over-parameterization are
   * trivial.
   */
  readonly injective: boolean;
  /** The largest rank whose degrees of freedom are at most m; 0 when there is none. */
  readonly largestRank: number;
  readonly verdict: IdentifiabilityVerdict;
  /** The verdict as a sentence with its numbers. */
  readonly sentence: string;
}

/**
 * Compares the number of measurements with what a matrix of the given rank has to be told. Necessary, not sufficient:
 * it counts, and takes the measurement matrices to be in general position; {@link restrictedIsometry} and the verdict
 * of `recover` look at them. O(1).
 *
 * Source: dimension of the manifold of matrices of rank r; m >= n (n + 1) / 2 makes a generic A injective on symmetric
 * matrices.
 *
 * @param rank 1 .. min(n1, n2); default: the problem's `trueRank`, or else the largest rank that m could determine (at
 *   least 1)
 * @throws LowrankError INVALID_ARGUMENT
 */
export function identifiability(problem: Problem, rank?: number): Identifiability {
  const { shape, symmetric, measurements, trueRank } = requireProblem(problem, 'identifiability');
  const space: MatrixSpace = { shape, symmetric };
  const least = Math.min(...shape);
  const largest = largestRank(space, measurements);
  const looked = rank === undefined ? (trueRank ?? Math.max(1, largest)) : check.positiveInteger(rank, 'rank', least);
  const degrees = degreesOfFreedom(space, looked);
  const dimension = degreesOfFreedom(space, least);
  const verdict = judge(measurements, degrees, dimension);
  return {
    rank: looked,
    measurements,
    degreesOfFreedom: degrees,
    ratio: measurements / degrees,
    dimension,
    injective: measurements >= dimension,
    largestRank: largest,
    verdict,
    sentence: sentence(verdict, space, looked, measurements, degrees, dimension),
  };
}

/** Methods of low cost need some 1.3 to 2 times the degrees of freedom; beyond twice the count is no obstacle. */
const AMPLE = 2;

function judge(m: number, degrees: number, dimension: number): IdentifiabilityVerdict {
  if (m < degrees) return 'undetermined';
  if (m >= dimension) return 'injective';
  return m < AMPLE * degrees ? 'marginal' : 'ample';
}

function sentence(
  verdict: IdentifiabilityVerdict,
  { shape: [rows, cols], symmetric }: MatrixSpace,
  rank: number,
  m: number,
  degrees: number,
  dimension: number,
): string {
  const kind = `${symmetric ? 'symmetric ' : ''}${rows} x ${cols} matrix of rank ${rank}`;
  const have = m === 1 ? '1 measurement' : `${m} measurements`;
  const ratio = Number((m / degrees).toPrecision(2));
  switch (verdict) {
    case 'undetermined':
      return `A ${kind} has ${degrees} degrees of freedom, more than the ${have}: they cannot determine it.`;
    case 'marginal':
      return (
        `${have} are ${ratio} times the ${degrees} degrees of freedom of a ${kind}: enough in general to determine it, ` +
        `but finding it often takes up to twice as many as there are degrees of freedom.`
      );
    case 'ample':
      return (
        `${have} are ${ratio} times the ${degrees} degrees of freedom of a ${kind} and fewer than the ${dimension} of an ` +
        `arbitrary one: the low rank is what determines it.`
      );
    case 'injective':
      return (
        `${have} are as many as the ${dimension} degrees of freedom of any ${symmetric ? 'symmetric ' : ''}${rows} x ${cols} ` +
        `matrix or more: in general they determine it whatever its rank, and over-parameterization is no risk.`
      );
  }
}
