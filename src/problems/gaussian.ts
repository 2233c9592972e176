/** Random Gaussian sensing problems with a known truth. */
import * as check from '../checks';
import { native } from '../load';
import { refuseAbove } from '../memory';
import { callNative } from '../native-errors';
import { threadCount } from '../threads';
import { Problem, type Storage } from './problem';
import { operatorBytes } from './sensing';
import { generateTruth, readGeneratedSetting } from './truth';

export interface GaussianSensingOptions {
  /** [n1, n2], each at least 1. */
  readonly shape: readonly [number, number];
  /** Default false. True: n1 = n2, the truth is symmetric positive semidefinite, and so are the A_i, unless told otherwise. */
  readonly symmetric?: boolean | undefined;
  /**
   * Whether the A_i are symmetric too; default: what `symmetric` says. `false` with a symmetric truth gives the ensemble
   * of unsymmetric A_i, in which the asymmetric model finds a symmetric truth (arXiv 2310.01769), and is the only one;
   * symmetric A_i cannot see the antisymmetric part of F G^T.
   */
  readonly symmetricMeasurements?: boolean | undefined;
  /** r, 1 .. min(n1, n2). Needed unless `spectrum` is given. */
  readonly trueRank?: number | undefined;
  /** m, at least 1. The model has r (n1 + n2 - r), or r (2n - r + 1) / 2 symmetric, degrees of freedom. */
  readonly measurements: number;
  /** 0 .. 2^53 - 1. The whole problem is a function of the options, with the same bits for any number of threads. */
  readonly seed: number;
  /** kappaMatrix = sigma_1 / sigma_r of the truth, at least 1; default 1. Its singular values are geometric from 1 to 1/kappaMatrix. */
  readonly conditionNumber?: number | undefined;
  /** Singular values of the truth, positive and falling, in the place of `trueRank` and `conditionNumber`. */
  readonly spectrum?: Float64Array | readonly number[] | undefined;
  /**
   * Relative noise level, at least 0; default 0. Independent Gaussian noise of standard deviation
   * `noise * ||A(X*)|| / sqrt(m)` is added to every y_i, so that ||e|| / ||A(X*)|| is `noise` up to O(1/sqrt(m)):
   * 0.01 is a signal-to-noise ratio of 100, or 40 dB.
   */
  readonly noise?: number | undefined;
  /** Precision of the stored A_i; default 'float64'. y is computed from what is stored. */
  readonly storage?: Storage | undefined;
  /** 1 .. 64, default 1. */
  readonly threads?: number | undefined;
  /** Cap on the memory of the A_i in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

const KNOWN = [
  'shape',
  'symmetric',
  'symmetricMeasurements',
  'trueRank',
  'measurements',
  'seed',
  'conditionNumber',
  'spectrum',
  'noise',
  'storage',
  'threads',
  'maxMemory',
] as const satisfies readonly (keyof GaussianSensingOptions)[];

const HINTS = { rank: 'trueRank', m: 'measurements', kappaMatrix: 'conditionNumber', n: 'shape' };

/**
 * A random sensing problem: y_i = <A_i, X*> + noise, A_i with independent entries N(0, 1/m) (symmetric: the symmetric part
 * of such a matrix), so that E[A*A] = I on the matrices of the model. The truth X* has unit spectral norm, rank `trueRank`
 * and a geometric spectrum.
 *
 * Synchronous. Memory 8 m n1 n2 bytes (half of it symmetric, half again in float32); about 10 ns per number stored and thread.
 *
 * @throws LowrankError INVALID_ARGUMENT, OUT_OF_MEMORY
 */
export function gaussianSensing(options: GaussianSensingOptions): Problem {
  const given = check.optionsObject(options, 'gaussianSensing', KNOWN, HINTS);
  const { rows, cols, symmetric, packed, wanted } = readGeneratedSetting(given);
  const { rank } = wanted;
  const measurements = check.positiveInteger(given['measurements'], 'measurements');
  const seed = check.seed(given['seed'], 'seed');
  const noise = given['noise'] === undefined ? 0 : check.nonNegativeNumber(given['noise'], 'noise');
  const storage =
    given['storage'] === undefined ? 'float64' : check.oneOf(given['storage'], 'storage', ['float64', 'float32']);
  const threads = threadCount(given['threads']);
  refuseAbove(
    operatorBytes(measurements, rows, cols, packed, storage),
    'The measurement matrices need',
    given['maxMemory'],
  );

  const truth = generateTruth(rows, cols, symmetric, wanted, seed);
  const operator = callNative(() => {
    const dense = new native.DenseOperator(measurements, rows, cols, packed, storage);
    dense.fillGaussian(seed, 1 / Math.sqrt(measurements), threads);
    return dense;
  });
  const y = new Float64Array(measurements);
  callNative(() => {
    native.measure(operator, truth.left.data, symmetric ? null : truth.right.data, rank, y, threads);
  });
  if (noise > 0) addNoise(y, noise, seed);
  return new Problem({
    operator,
    y,
    model: packed ? 'symmetric' : 'asymmetric',
    storage,
    truth: truth.matrix,
    trueRank: rank,
  });
}

function addNoise(y: Float64Array, level: number, seed: number): void {
  const normals = new Float64Array(y.length);
  callNative(() => {
    native.normals(seed, 'noise', 0, normals);
  });
  let squares = 0;
  for (const value of y) squares += value * value;
  const deviation = level * Math.sqrt(squares / y.length);
  for (let i = 0; i < y.length; i++) y[i] = y[i]! + deviation * normals[i]!;
}
