/**
 * What the experiments on single-index models have in common: gradient descent simulated at finite size, on many problems,
 * and its mean with standard errors beside a prediction.
 */
import { type Loss, ridgeTerm } from '../losses';
import type { PreprocessingChoice } from '../preprocessing';
import { native } from '../load';
import { callNative } from '../native-errors';
import { singleIndex, type SingleIndexOptions } from '../problems';
import type { VectorProblem } from '../problems/vector-problem';
import { spectralStart } from '../solvers/vector/spectral-start';
import { type Field, innerProduct, Vector } from '../vector';
import { atMost, type Check, type Parameter } from './experiment';

/** Said by every experiment whose prediction is the mean-field theory. */
export const RECONSTRUCTION =
  'the equations are a reconstruction, checked by simulation, and not quoted from the body of arXiv 2509.23527, which was ' +
  'not read';

/** Parameters under the same name in every S2 experiment; each takes the ones it needs. */
export const shared = {
  dimension: {
    description: 'unknowns of a simulated problem',
    kind: 'integer',
    default: 2000,
    quick: 400,
    least: 20,
    most: 100_000,
  },
  runs: {
    description: 'simulated problems, each with its own design and signal',
    kind: 'integer',
    default: 8,
    quick: 6,
    least: 2,
    most: 10_000,
  },
  iterations: {
    description: 'gradient steps',
    kind: 'integer',
    default: 30,
    quick: 12,
    least: 2,
    most: 500,
  },
  samples: {
    description: 'samples of the mean-field theory, in each of three repeats',
    kind: 'integer',
    default: 200_000,
    quick: 40_000,
    least: 1000,
    most: 10_000_000,
  },
} as const satisfies Record<string, Parameter>;

/** A mean and its standard error. */
export interface Estimate {
  readonly mean: number;
  readonly error: number;
}

/** Mean and standard error of independent values; the error is NaN for a single one. */
export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** How far a measured mean is from its prediction beyond three standard errors of both; at most 0 where it is not. */
export function excess({ mean, error }: Estimate, predicted: number, predictedError = 0): number {
  return Math.abs(mean - predicted) - 3 * Math.hypot(error, predictedError);
}

/**
 * |measured - predicted| <= 3 standard errors + allowance for every entry of a list, as one check: the largest share of what
 * is allowed is at most 1. NaN fails.
 *
 * @param allowance one for all, or one for each
 */
export function withinErrors(
  what: string,
  measured: readonly Estimate[],
  predicted: ArrayLike<number>,
  allowance: number | readonly number[],
  predictedErrors?: ArrayLike<number>,
): Check {
  const shares = measured.map(({ mean, error }, i) => {
    const allowed = typeof allowance === 'number' ? allowance : allowance[i]!;
    return Math.abs(mean - predicted[i]!) / (3 * Math.hypot(error, predictedErrors?.[i] ?? 0) + allowed);
  });
  const least = typeof allowance === 'number' ? allowance : Math.min(...allowance);
  return atMost(
    `${what}: largest |simulated - predicted| over (3 standard errors + ${least})`,
    shares.some(Number.isNaN) ? NaN : Math.max(...shares),
    1,
  );
}

export type SimulatedStart =
  | { readonly kind: 'spectral'; readonly preprocessing: PreprocessingChoice }
  | { readonly kind: 'independent'; readonly overlap: number };

export interface SimulationOptions {
  readonly dimension: number;
  readonly delta: number;
  readonly field: Field;
  readonly channel: SingleIndexOptions['channel'];
  readonly loss: Loss;
  readonly step: number;
  readonly ridge: number;
  readonly iterations: number;
  /** Both starts have norm 1, and a non-negative inner product with the signal. */
  readonly start: SimulatedStart;
  readonly seed: number;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/** iterations + 1 numbers each. */
export interface Trajectory {
  /** <theta*, theta>, real part. */
  readonly m: Float64Array;
  /** ||theta||^2 */
  readonly q: Float64Array;
  /** Mean loss on the rows used, the ridge included, and on as many fresh ones, without it. */
  readonly trainLoss: Float64Array;
  readonly testLoss: Float64Array;
  /** What was descended on, and where it ended. */
  readonly problem: VectorProblem;
  readonly theta: Vector;
}

export type TrajectoryColumn = 'm' | 'q' | 'trainLoss' | 'testLoss';

/**
 * Gradient descent from one start on one problem, step by step: theta <- theta - step (X^H force / m + ridge theta). The
 * event loop runs between the steps.
 */
export async function simulate(options: SimulationOptions): Promise<Trajectory> {
  const { iterations, loss, step, ridge, threads, signal } = options;
  const { problem, fresh, truth } = makeProblems(options);
  const theta = await start(problem, truth, options);
  const out = {
    problem,
    theta,
    m: new Float64Array(iterations + 1),
    q: new Float64Array(iterations + 1),
    trainLoss: new Float64Array(iterations + 1),
    testLoss: new Float64Array(iterations + 1),
  };
  for (let t = 0; ; t++) {
    const { loss: train, gradient } = problem.gradient(theta, loss, { threads });
    out.m[t] = innerProduct(truth, theta)[0];
    out.q[t] = theta.norm() ** 2;
    out.trainLoss[t] = train + ridgeTerm(ridge, out.q[t]!, problem.field);
    out.testLoss[t] = fresh.gradient(theta, loss, { threads }).loss;
    if (t === iterations) return out;
    for (let j = 0; j < theta.data.length; j++) {
      theta.data[j] = theta.data[j]! - step * (gradient.data[j]! + ridge * theta.data[j]!);
    }
    await breathe(signal);
  }
}

/** Lets the event loop run, and ends an aborted experiment. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** A problem, and a second one of the same signal with fresh rows, for the test loss. Seeds 2 s and 2 s + 1. */
function makeProblems({ dimension, delta, field, channel, seed, threads }: SimulationOptions) {
  const common = { dimension, delta, field, channel, threads };
  const problem = singleIndex({ ...common, seed: 2 * seed });
  const truth = problem.truth!;
  const fresh = singleIndex({ ...common, signal: truth, seed: 2 * seed + 1 });
  return { problem, fresh, truth };
}

async function start(problem: VectorProblem, truth: Vector, options: SimulationOptions): Promise<Vector> {
  const { start: wanted, seed, threads, signal } = options;
  if (wanted.kind === 'independent') return independentStart(truth, wanted.overlap, seed);
  const { theta } = await spectralStart(problem, { preprocessing: wanted.preprocessing, seed, threads, signal });
  return aligned(theta, truth);
}

/** theta of norm 1, turned so that <truth, theta> is real and not negative. */
export function aligned(theta: Vector, truth: Vector): Vector {
  const [re, im] = innerProduct(truth, theta);
  const modulus = Math.hypot(re, im);
  const norm = theta.norm();
  const [c, s] = modulus > 0 ? [re / modulus / norm, -im / modulus / norm] : [1 / norm, 0];
  const out = Vector.zeros(theta.length, theta.field);
  const x = theta.data;
  if (theta.field === 'real') {
    for (let j = 0; j < x.length; j++) out.data[j] = c * x[j]!;
    return out;
  }
  for (let j = 0; j < x.length; j += 2) {
    out.data[j] = c * x[j]! - s * x[j + 1]!;
    out.data[j + 1] = s * x[j]! + c * x[j + 1]!;
  }
  return out;
}

/** Norm 1 and exactly this overlap with the truth (of norm 1), otherwise of uniform direction, independent of the design. */
export function independentStart(truth: Vector, overlap: number, seed: number): Vector {
  const out = Vector.zeros(truth.length, truth.field);
  callNative(() => {
    native.normals(seed, 'initialVector', 0, out.data);
  });
  const [re, im] = innerProduct(truth, out);
  // out <- out - truth <truth, out>
  for (let j = 0; j < out.data.length; j++) {
    const [a, b] =
      truth.field === 'real'
        ? [truth.data[j]!, 0]
        : j % 2 === 0
          ? [truth.data[j]!, -truth.data[j + 1]!]
          : [truth.data[j]!, truth.data[j - 1]!];
    out.data[j] = out.data[j]! - (re * a + im * b);
  }
  const scale = Math.sqrt(1 - overlap * overlap) / out.norm();
  for (let j = 0; j < out.data.length; j++) out.data[j] = scale * out.data[j]! + overlap * truth.data[j]!;
  return out;
}

/** Mean and standard error at every iteration over runs. */
export function averaged(runs: readonly Trajectory[], column: TrajectoryColumn): Estimate[] {
  return Array.from(runs[0]![column], (_, t) => estimate(runs.map((run) => run[column][t]!)));
}
