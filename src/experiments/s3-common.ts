/**
 * What the experiments on arXiv 2310.01769 share: starts, descents recorded on a logarithmic grid of times, and the exact
 * laws of gradient descent in the population limit (A*A the identity) that they are compared with.
 */
import { LowrankError } from '../errors';
import { svd } from '../linalg';
import { native } from '../load';
import { Matrix } from '../matrix';
import type { NativePurpose } from '../native';
import { population } from '../problems/population';
import type { Problem } from '../problems/problem';
import { solve } from '../solvers/solve';
import type { ExperimentContext, Parameter } from './experiment';
import { at, fitExponential, windowOf } from './statistics';

export type Setting = Pick<ExperimentContext, 'threads' | 'signal'>;

/** Parameters that most of these experiments have. */
export const common = {
  n: { description: 'the truth is n x n', kind: 'integer', default: 50, quick: 24, least: 2, most: 1000 },
  spectrum: {
    description: 'singular values of X*, falling; their number is r',
    kind: 'numbers',
    default: [1, 0.8, 0.6],
    least: 1e-3,
    most: 10,
  },
  step: { description: 'eta, below 1 / sigma_1', kind: 'number', default: 0.1, least: 1e-4, most: 1 },
} as const satisfies Record<string, Parameter>;

/** What all of them say about their source. */
export const BODY_NOT_READ = 'the body of the paper was not read';

/** A pair F, G, or U twice in the symmetric model. */
export interface Pair {
  readonly left: Matrix;
  readonly right: Matrix;
}

/** A PSD X* with the given singular values, measured by the identity; which model is asked for decides the storage. */
export function populationProblem(
  size: number,
  spectrum: readonly number[],
  model: 'symmetric' | 'asymmetric',
  seed: number,
): Problem {
  return population({
    shape: [size, size],
    symmetric: true,
    symmetricMeasurements: model === 'symmetric',
    spectrum,
    seed,
  });
}

/** @throws LowrankError INVALID_ARGUMENT unless trueRank + excess <= rank <= n for every rank */
export function requireRanks(ranks: readonly number[], trueRank: number, excess: 0 | 1, n: number): void {
  const wrong = ranks.find((rank) => rank < trueRank + excess || rank > n);
  if (wrong === undefined) return;
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `Expected k from ${trueRank + excess} to ${n} (n), as X* has rank ${trueRank}, but received ${wrong}.`,
  );
}

/** @throws LowrankError INVALID_ARGUMENT for a step at which descent from F^T F = beta^2 I is not stable, or not monotone */
export function requireStep(step: number, beta: number, largest: number): void {
  const most = Math.min(2 / (beta * beta + (largest / beta) ** 2), 1 / (beta * beta));
  if (step < most) return;
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `Expected a step below ${brief(most)} with beta = ${brief(beta)} but received ${step}.`,
  );
}

/** rows x cols independent normals of variance 1 / rows: a start of scale 1 in the convention of the tables. */
export function gaussian(rows: number, cols: number, seed: number, purpose: NativePurpose): Matrix {
  const out = Matrix.zeros(rows, cols);
  native.normals(seed, purpose, 0, out.data);
  return scaled(out, 1 / Math.sqrt(rows));
}

export function scaled(a: Matrix, factor: number): Matrix {
  return new Matrix(
    a.data.map((value) => factor * value),
    a.rows,
    a.cols,
  );
}

/** F_0 = scale times Gaussian, G_0 = ratio scale times another Gaussian. The same raw matrices for every scale and ratio. */
export function gaussianPair(size: number, rank: number, scale: number, ratio: number, seed: number): Pair {
  return {
    left: scaled(gaussian(size, rank, seed, 'initialLeft'), scale),
    right: scaled(gaussian(size, rank, seed, 'initialRight'), ratio * scale),
  };
}

/** What was recorded along a descent, and where it ended. */
export interface Course extends Pair {
  readonly iteration: Float64Array;
  /** ||X - X*||_F, not relative. */
  readonly error: Float64Array;
  /** 1/4 (symmetric) or 1/2 (asymmetric) times ||A(X) - y||^2. */
  readonly loss: Float64Array;
}

export interface DescentOptions {
  readonly step: number;
  /** The last iteration, `from` included. */
  readonly iterations: number;
  /** Ends the descent at ||A(X) - y|| <= floor ||y||; default: not at all. */
  readonly floor?: number;
  /** Iterations that were made before. */
  readonly from?: number;
}

/** Rows per octave of time. */
const PER_OCTAVE = 128;

/**
 * Gradient descent with a fixed step, each octave of time recorded in at most 128 rows. Fixed-step descent has no memory
 * but its factors: that it is cut into octaves changes no bit.
 *
 * @throws LowrankError INVALID_ARGUMENT when it diverges
 */
export async function descend(
  problem: Problem,
  start: Pair,
  { step, iterations, floor = 0, from = 0 }: DescentOptions,
  { threads, signal }: Setting,
): Promise<Course> {
  const size = norm(problem.truth!);
  const rows: { iteration: number; error: number; loss: number }[] = [];
  let factors = start;
  for (let done = 0, octave = PER_OCTAVE; done < iterations - from; octave *= 2) {
    const count = Math.min(octave - done, iterations - from - done);
    const run = await solve(problem, {
      step,
      init: { kind: 'given', factors: problem.model === 'symmetric' ? factors.left : factors },
      stop: { iterations: count, residual: floor },
      record: { every: Math.max(1, Math.round(octave / PER_OCTAVE)), columns: ['trainLoss', 'testError'] },
      threads,
      signal,
    });
    if (run.status === 'diverged' || run.status === 'numerical') {
      throw new LowrankError(
        'INVALID_ARGUMENT',
        `Expected a step small enough but with ${step} gradient descent diverges.`,
      );
    }
    const { iteration, trainLoss, testError } = run.trace.columns;
    // The first row of an octave is the last one of the octave before.
    for (let i = done === 0 ? 0 : 1; i < run.trace.length; i++) {
      rows.push({ iteration: from + done + iteration![i]!, error: size * testError![i]!, loss: trainLoss![i]! });
    }
    factors = run.factors;
    done += run.iterations;
    if (run.converged) break;
  }
  return {
    ...factors,
    iteration: Float64Array.from(rows, (row) => row.iteration),
    error: Float64Array.from(rows, (row) => row.error),
    loss: Float64Array.from(rows, (row) => row.loss),
  };
}

/** One course after the other; the first row of the second, which repeats the last of the first, is left out. */
export function joined(first: Course, second: Course): Course {
  const join = (a: Float64Array, b: Float64Array): Float64Array => Float64Array.from([...a, ...b.subarray(1)]);
  return {
    left: second.left,
    right: second.right,
    iteration: join(first.iteration, second.iteration),
    error: join(first.error, second.error),
    loss: join(first.loss, second.loss),
  };
}

/** Frobenius norm. */
export function norm(a: Matrix): number {
  let squares = 0;
  for (const value of a.data) squares += value * value;
  return Math.sqrt(squares);
}

/** Squared singular values, falling. */
export function squaredSingularValues(a: Matrix): Float64Array {
  return svd(a).values.map((value) => value * value);
}

/** a^T b */
export function transposeTimes(a: Matrix, b: Matrix): Matrix {
  const out = Matrix.zeros(a.cols, b.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let p = 0; p < a.cols; p++) {
      const left = a.get(i, p);
      for (let q = 0; q < b.cols; q++) out.data[p * b.cols + q]! += left * b.get(i, q);
    }
  }
  return out;
}

/** Per step, of an error that is multiplied by 1 - step * curvature: what "rate eta q" is at a finite step. */
export function discreteRate(step: number, curvature: number): number {
  return -Math.log1p(-step * curvature);
}

/**
 * Iterations until the signal has grown from a start of this scale to its size and its error has then fallen by exp(-depth):
 * growth by 1 + eta sigma_r and decay by 1 - eta sigma_r per step.
 */
export function settlingTime(
  size: number,
  spectrum: readonly number[],
  step: number,
  scale: number,
  depth: number,
): number {
  const slowest = step * spectrum[spectrum.length - 1]!;
  const growth = Math.max(0, Math.log(Math.sqrt(size) / scale)) / Math.log1p(slowest);
  return Math.ceil(growth + depth / discreteRate(slowest, 1));
}

/**
 * Once the signal is fitted, the noise part J of U decouples: J+ = (I - eta J J^T) J, each eigenvalue of J J^T by itself,
 * s+ = s (1 - eta s)^2, in continuous time s(t) = s0 / (1 + 2 eta s0 t).
 *
 * @param eigenvalues at time 0
 * @param times integers, rising
 * @returns the norm of the eigenvalues at each time
 */
export function symmetricNoise(eigenvalues: ArrayLike<number>, step: number, times: ArrayLike<number>): Float64Array {
  const s = Float64Array.from(eigenvalues);
  let now = 0;
  return Float64Array.from(times, (time) => {
    for (; now < time; now++) for (let j = 0; j < s.length; j++) s[j]! *= (1 - step * s[j]!) ** 2;
    return Math.hypot(...s);
  });
}

/** Below this share of the largest squared singular value a column has vanished: left over are rounding and the error itself. */
const VANISHED = 1e-12;

/**
 * The slowest decay of F G^T - X* near the limit (F, G). There E+ = E - eta (F F^T E + E G G^T), and E = a b^T with a or b in
 * the column space of F or G: the smallest eigenvalue of F F^T or G G^T that is not zero, as long as k < n. Where all noise
 * columns of G vanish that is sigma_k(F)^2; where noise columns of both survive, sigma_k(F) = sigma_k(G) = 0.
 */
export function slowestCurvature({ left, right }: Pair): number {
  const values = [...squaredSingularValues(left), ...squaredSingularValues(right)];
  const largest = Math.max(...values);
  return Math.min(...values.filter((value) => value > VANISHED * largest));
}

/** Decay per step of an error while it lies between the bounds; NaN with fewer than eight rows. */
export function decayRate(
  { iteration, error }: Pick<Course, 'iteration' | 'error'>,
  high: number,
  low: number,
): number {
  // The last time above `high`: a small start first stays at one level.
  let first = error.length;
  while (first > 0 && error[first - 1]! <= high) first--;
  const rows = windowOf(error, low, high).filter((i) => i >= first);
  if (rows.length < 8) return NaN;
  return -fitExponential(at(iteration, rows), at(error, rows)).slope;
}

/** Columns of a trace made of several courses, `run` counting them. */
export function traceOf(
  courses: readonly { readonly course: Pick<Course, 'iteration' | 'error'>; readonly predicted?: Float64Array }[],
): Record<string, Float64Array> {
  const column = (of: (one: (typeof courses)[number], i: number) => number): Float64Array =>
    Float64Array.from(
      courses.flatMap((one, run) => Array.from(one.course.iteration, (_, i) => of({ ...one, run } as typeof one, i))),
    );
  return {
    run: Float64Array.from(courses.flatMap(({ course }, run) => Array.from(course.iteration, () => run))),
    iteration: column(({ course }, i) => course.iteration[i]!),
    error: column(({ course }, i) => course.error[i]!),
    predicted: column(({ predicted }, i) => predicted?.[i] ?? NaN),
  };
}

/** A cell of a table: what there is no number for is a dash. */
export function cell(value: number | undefined): number | string {
  return value === undefined || Number.isNaN(value) ? '-' : value;
}

/** At most four digits: for labels. */
export function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}
