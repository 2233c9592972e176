/**
 * How far A is from an isometry on matrices of low rank, from below: what sampling can show, never the constant itself.
 */
import * as check from '../checks';
import { native } from '../load';
import { Matrix } from '../matrix';
import { callNative } from '../native-errors';
import { operatorHandle, type Problem } from '../problems/problem';
import { factorSvd } from '../solvers/factor-arithmetic';
import { breathe, normalImage, type ImageOptions } from './images';
import { requireProblem, workOptions } from './require-problem';
import { eye, frobenius, times } from './small-matrices';

export interface RestrictedIsometryOptions {
  /** Rank of the matrices looked at, 1 .. min(n1, n2). */
  readonly rank: number;
  /** Random matrices, at least 1; default 20. */
  readonly samples?: number | undefined;
  /** Steps of local ascent from the most extreme samples, in each of the two directions; default 10, 0 for none. */
  readonly ascentSteps?: number | undefined;
  /** 0 .. 2^53 - 1; default 0. */
  readonly seed?: number | undefined;
  /**
   * s, what ||A(X)||^2 / ||X||_F^2 is compared with; positive. Default: its mean over all matrices, sum_i ||A_i||_F^2 /
   * d with d the dimension of the space, which is 1 for the generated ensembles on average.
   */
  readonly scale?: number | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RestrictedIsometry {
  /**
   * The largest | ||A(X)||^2 / (s ||X||_F^2) - 1 | seen: a LOWER bound on the restricted isometry constant of this rank
   * and scale. The constant itself is at least this and may be much larger; computing it is intractable in general.
   */
  readonly lowerBound: number;
  /** The same before the local ascent: what random matrices alone show. */
  readonly sampledLowerBound: number;
  /** The lower bound for whichever s suits best, (high - low) / (high + low). */
  readonly lowerBoundAtBestScale: number;
  /** Smallest and largest ||A(X)||^2 / ||X||_F^2 seen, not divided by s. */
  readonly low: number;
  readonly high: number;
  /** s, as given or as measured. */
  readonly scale: number;
  readonly rank: number;
  readonly samples: number;
  readonly ascentSteps: number;
  readonly seed: number;
}

const KNOWN = ['rank', 'samples', 'ascentSteps', 'seed', 'scale', 'threads', 'signal'] as const satisfies readonly [
  ...(keyof RestrictedIsometryOptions)[],
];
const HINTS = { r: 'rank', steps: 'ascentSteps', trials: 'samples' };

/** X = left right^T of unit Frobenius norm, ||A(X)||^2 and A*A(X). */
interface Seen {
  readonly left: Matrix;
  readonly right: Matrix;
  readonly squared: number;
  readonly image: Matrix;
}

/**
 * Looks for matrices of a given rank that A stretches or shrinks most: random ones (Gaussian factors, normalized;
 * symmetric where the A_i are), then from the most extreme a few steps of ascent, X+ = the best rank-r part of A*A(X),
 * or of L X - A*A(X), normalized. Each step cannot lower what it raises (the objective is convex, and the second one is
 * for L at least the largest stretch).
 *
 * The result is a lower bound. A small one proves nothing; a large one shows that theorems which assume a small
 * constant do not apply.
 *
 * Source: definition (Recht, Fazel, Parrilo 2010); the ascent is a power method with projection. Cost: 2 (samples + 2
 * ascentSteps) passes over the measurement matrices, off the JavaScript thread.
 *
 * @throws LowrankError (as rejection) INVALID_ARGUMENT; also for an operator that is zero
 */
export async function restrictedIsometry(
  problem: Problem,
  options: RestrictedIsometryOptions,
): Promise<RestrictedIsometry> {
  const checked = requireProblem(problem, 'restrictedIsometry');
  const given = check.optionsObject(options, 'restrictedIsometry', KNOWN, HINTS);
  const rank = check.positiveInteger(given['rank'], 'rank', Math.min(...checked.shape));
  const samples = given['samples'] === undefined ? 20 : check.positiveInteger(given['samples'], 'samples');
  const ascentSteps = given['ascentSteps'] === undefined ? 10 : check.integer(given['ascentSteps'], 'ascentSteps', 0);
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed');
  const scale = given['scale'] === undefined ? meanStretch(checked) : check.positiveNumber(given['scale'], 'scale');
  const work = workOptions(given);

  let lowest: Seen | undefined;
  let highest: Seen | undefined;
  for (let index = 0; index < samples; index++) {
    const seen = await look(checked, ...randomMatrix(checked, rank, seed, index), work);
    if (lowest === undefined || seen.squared < lowest.squared) lowest = seen;
    if (highest === undefined || seen.squared > highest.squared) highest = seen;
    await breathe();
  }
  const sampled = { low: lowest!.squared, high: highest!.squared };
  const high = await ascend(checked, rank, highest!, ascentSteps, work, (x) => x.image);
  // The best that is known of the largest stretch from below; where it is too small a step may fail, and is not counted.
  const largest = Math.max(high, scale);
  const low = await ascend(checked, rank, lowest!, ascentSteps, work, (x) => remainder(x, largest));
  return {
    lowerBound: Math.max(Math.abs(high / scale - 1), Math.abs(low / scale - 1)),
    sampledLowerBound: Math.max(Math.abs(sampled.high / scale - 1), Math.abs(sampled.low / scale - 1)),
    lowerBoundAtBestScale: (high - low) / (high + low),
    low,
    high,
    scale,
    rank,
    samples,
    ascentSteps,
    seed,
  };
}

/** Mean of ||A(X)||^2 over matrices of norm 1. */
function meanStretch(problem: Problem): number {
  const [rows, cols] = problem.shape;
  const mean = problem[operatorHandle].squaredNorm / (problem.symmetric ? (rows * (rows + 1)) / 2 : rows * cols);
  if (mean > 0) return mean;
  throw check.refused('measurement matrices that are not all zero', 'restrictedIsometry', 'zeros');
}

/** Numbers of the stream that one sample may use, so that samples do not depend on how many there are. */
function randomMatrix(problem: Problem, rank: number, seed: number, index: number): [Matrix, Matrix] {
  const [rows, cols] = problem.shape;
  const size = rank * (rows + cols);
  const draws = new Float64Array(size);
  callNative(() => {
    native.normals(seed, 'test', index * size, draws);
  });
  const left = new Matrix(draws.slice(0, rank * rows), rows, rank);
  if (!problem.symmetric) return [left, new Matrix(draws.slice(rank * rows), cols, rank)];
  // U D U^T with signs of either kind: symmetric, of that rank, not only positive semidefinite ones.
  const right = new Matrix(
    left.data.map((value, at) => (draws[rank * rows + (at % rank)]! < 0 ? -value : value)),
    rows,
    rank,
  );
  return [left, right];
}

/** Normalizes X = left right^T and measures it. */
async function look(problem: Problem, left: Matrix, right: Matrix, work: ImageOptions): Promise<Seen> {
  const size = productNorm(left, right);
  const unit = new Matrix(
    left.data.map((value) => value / size),
    left.rows,
    left.cols,
  );
  return { left: unit, right, ...(await normalImage(problem, unit, right, work)) };
}

/** ||left right^T||_F from Gram matrices; 1 for zero, which a random matrix is not. */
function productNorm(left: Matrix, right: Matrix): number {
  const a = times(transposed(left), left);
  const b = times(transposed(right), right);
  return Math.sqrt(a.data.reduce((sum, value, at) => sum + value * b.data[at]!, 0)) || 1;
}

/**
 * The most extreme ||A(X)||^2 met on the way: largest where `direction` is the image, smallest where it is what remains
 * of it.
 */
async function ascend(
  problem: Problem,
  rank: number,
  start: Seen,
  steps: number,
  work: ImageOptions,
  direction: (x: Seen) => Matrix,
): Promise<number> {
  const up = direction(start) === start.image;
  let present = start;
  for (let i = 0; i < steps; i++) {
    const best = await bestOfRank(direction(present), rank, problem.symmetric);
    if (best === undefined) break;
    const next = await look(problem, ...best, work);
    const better = up ? next.squared > present.squared : next.squared < present.squared;
    if (!better) break;
    present = next;
  }
  return present.squared;
}

/** L X - A*A(X) */
function remainder({ left, right, image }: Seen, largest: number): Matrix {
  const x = times(left, transposed(right));
  return new Matrix(
    x.data.map((value, at) => largest * value - image.data[at]!),
    x.rows,
    x.cols,
  );
}

/** The best approximation of that rank, as factors; symmetric where `symmetric`. Undefined for zero. */
async function bestOfRank(a: Matrix, rank: number, symmetric: boolean): Promise<[Matrix, Matrix] | undefined> {
  if (!(frobenius(a.data) > 0)) return undefined;
  const { left, values, right } = await factorSvd({ left: a, right: eye(a.cols) });
  const out = Matrix.zeros(a.rows, rank);
  const other = Matrix.zeros(a.cols, rank);
  for (let c = 0; c < rank; c++) {
    // A symmetric matrix has right singular vectors that are the left ones up to sign: that sign is its eigenvalue's.
    let dot = 0;
    for (let i = 0; i < a.rows && symmetric; i++)
      dot += left.data[i * left.cols + c]! * right.data[i * right.cols + c]!;
    for (let i = 0; i < a.rows; i++) out.data[i * rank + c] = left.data[i * left.cols + c]!;
    for (let j = 0; j < a.cols; j++) {
      const vector = symmetric ? Math.sign(dot) * left.data[j * left.cols + c]! : right.data[j * right.cols + c]!;
      other.data[j * rank + c] = vector * values[c]!;
    }
  }
  return [out, other];
}

function transposed(a: Matrix): Matrix {
  const out = Matrix.zeros(a.cols, a.rows);
  for (let i = 0; i < a.rows; i++) for (let j = 0; j < a.cols; j++) out.data[j * a.rows + i] = a.data[i * a.cols + j]!;
  return out;
}
