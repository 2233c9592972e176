/** Population problems: m = infinity, the operator is the identity, and the laws of the papers hold exactly. */
import * as check from '../checks';
import { native } from '../load';
import { callNative } from '../native-errors';
import { Problem } from './problem';
import { generateTruth, readGeneratedSetting } from './truth';

export interface PopulationOptions {
  /** [n1, n2], each at least 1. */
  readonly shape: readonly [number, number];
  /** Default false. True: n1 = n2, the truth is symmetric positive semidefinite. */
  readonly symmetric?: boolean | undefined;
  /**
   * Default: what `symmetric` says. `false` with a symmetric truth measures all entries, so that the asymmetric model finds
   * a symmetric truth from a random start (arXiv 2310.01769). The truth is the same either way.
   */
  readonly symmetricMeasurements?: boolean | undefined;
  /** r, 1 .. min(n1, n2). Needed unless `spectrum` is given. */
  readonly trueRank?: number | undefined;
  /** 0 .. 2^53 - 1; the singular spaces of the truth. */
  readonly seed: number;
  /** kappaMatrix = sigma_1 / sigma_r of the truth, at least 1; default 1. Its singular values are geometric from 1 to 1/kappaMatrix. */
  readonly conditionNumber?: number | undefined;
  /** Singular values of the truth, positive and falling, in the place of `trueRank` and `conditionNumber`. */
  readonly spectrum?: Float64Array | readonly number[] | undefined;
}

const KNOWN = [
  'shape',
  'symmetric',
  'symmetricMeasurements',
  'trueRank',
  'seed',
  'conditionNumber',
  'spectrum',
] as const satisfies readonly (keyof PopulationOptions)[];

const HINTS = { rank: 'trueRank', kappaMatrix: 'conditionNumber', n: 'shape', singularValues: 'spectrum' };

/**
 * A problem that measures X* itself: every entry once, m = n1 n2; symmetric: the upper triangle with off-diagonal entries
 * times sqrt(2), m = n (n + 1) / 2, so that ||A(X)|| = ||X||_F and A*A = I on the matrices of the model. Nothing is stored,
 * a pass costs O(n1 n2 rank). For the same seed, shape and spectrum the truth is that of `gaussianSensing`.
 *
 * @throws LowrankError INVALID_ARGUMENT
 */
export function population(options: PopulationOptions): Problem {
  const given = check.optionsObject(options, 'population', KNOWN, HINTS);
  const { rows, cols, symmetric, packed, wanted } = readGeneratedSetting(given);
  const seed = check.seed(given['seed'], 'seed');

  const truth = generateTruth(rows, cols, symmetric, wanted, seed);
  const operator = callNative(() => new native.IdentityOperator(rows, cols, packed));
  const y = new Float64Array(operator.measurements);
  callNative(() => {
    native.measure(operator, truth.left.data, symmetric ? null : truth.right.data, wanted.rank, y, 1);
  });
  return new Problem({
    operator,
    y,
    model: packed ? 'symmetric' : 'asymmetric',
    storage: 'float64',
    truth: truth.matrix,
    trueRank: wanted.rank,
  });
}
