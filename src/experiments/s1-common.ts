/**
 * What the experiments of arXiv 2106.15013 have in common: parameters, an instance (problem and the spectrum of M_hat), and
 * one run of gradient descent in that paper's convention, U_0 with entries N(0, alpha^2 / k).
 */
import { predictedFloor, type PredictedFloor } from '../diagnostics';
import { eigh, svd } from '../linalg';
import { Matrix } from '../matrix';
import { gaussianSensing, type Problem } from '../problems';
import type { RecordColumn } from '../solvers/recording';
import type { SolveResult } from '../solvers/result';
import { solve } from '../solvers/solve';
import { type ExperimentContext, type Parameter, type Series, stretch } from './experiment';
import { fitLine, medianSeries } from './statistics';

/** Parameters under the same name in every S1 experiment; each takes the ones it needs. */
export const shared = {
  n: { description: 'the truth is n x n (paper: 200)', kind: 'integer', default: 80, quick: 40, least: 4, most: 1000 },
  trueRank: {
    description: 'rank of the truth (paper: 5)',
    kind: 'integer',
    default: 2,
    quick: 1,
    least: 1,
    most: 100,
  },
  rank: {
    description: 'columns k of the factor; 0 stands for n (paper: 200)',
    kind: 'integer',
    default: 0,
    least: 0,
    most: 4000,
  },
  measurementsPerRank: {
    description: 'm / (n trueRank) (paper: 10)',
    kind: 'number',
    default: 10,
    quick: 20,
    least: 0.1,
    most: 1000,
  },
  step: {
    description: 'mu; the truth has norm 1',
    kind: 'number',
    default: 0.25,
    least: 1e-4,
    most: 1,
  },
  seeds: {
    description: 'instances, each with its own truth, measurements and start',
    kind: 'integer',
    default: 5,
    quick: 3,
    least: 1,
    most: 1000,
  },
} as const satisfies Record<string, Parameter>;

export interface InstanceOptions {
  readonly n: number;
  readonly trueRank: number;
  readonly measurements: number;
  /** mu, for the prediction. */
  readonly step: number;
  readonly seed: number;
}

/** What a run starts from. */
export interface Setup {
  readonly problem: Problem;
  readonly n: number;
  readonly seed: number;
}

/** A problem whose truth has equal singular values 1, with what its M_hat = A*A(X*) foretells. */
export interface Instance extends Setup {
  readonly trueRank: number;
  readonly prediction: PredictedFloor;
}

/** What a run needs of the context of an experiment. */
export type Means = Pick<ExperimentContext, 'threads' | 'signal'>;

/** Where in the whole experiment a run is, for progress. */
export interface Share {
  readonly progress: ExperimentContext['progress'];
  readonly doing: string;
  /** This run is number `run`, from 0, of `runs`. */
  readonly run: number;
  readonly runs: number;
}

/** The place of one run when each of `seeds` instances is run from each of `scales`, instance by instance. */
export function shareOf(
  progress: Share['progress'],
  { trial, seeds }: { readonly trial: number; readonly seeds: number },
  scales: readonly number[],
  i: number,
): Share {
  const doing = `instance ${trial + 1} of ${seeds}, alpha = ${short(scales[i]!)}`;
  return { progress, doing, run: trial * scales.length + i, runs: seeds * scales.length };
}

export function makeSetup({ n, trueRank, measurements, seed }: Omit<InstanceOptions, 'step'>, threads: number): Setup {
  const problem = gaussianSensing({ shape: [n, n], symmetric: true, trueRank, measurements, seed, threads });
  return { problem, n, seed };
}

export async function makeInstance(options: InstanceOptions, { threads, signal }: Means): Promise<Instance> {
  const setup = makeSetup(options, threads);
  // One stage: the truth has equal singular values.
  const prediction = await predictedFloor(setup.problem, { step: options.step, staged: false, threads, signal });
  return { ...setup, trueRank: options.trueRank, prediction };
}

export interface DescentOptions {
  /** 0 stands for n. */
  readonly rank: number;
  readonly scale: number;
  readonly step: number;
  readonly iterations: number;
  readonly columns?: readonly RecordColumn[];
  /** Recorded iterations: every so many, 0 the first and the last. Default 1. */
  readonly every?: number;
}

/** One run of exactly `iterations` steps. The start has the seed of the instance: streams differ by purpose. */
export async function descend(
  setup: Setup,
  options: DescentOptions,
  { threads, signal, share }: Means & { readonly share: Share },
): Promise<SolveResult> {
  const { rank, scale, step, iterations, columns = ['testError', 'residual'], every = 1 } = options;
  return solve(setup.problem, {
    model: 'symmetric',
    rank: rank === 0 ? setup.n : rank,
    init: { kind: 'random', scale, seed: setup.seed, entryVariance: 'scale^2/rank' },
    step,
    stop: { iterations, residual: 0 },
    record: { every, columns },
    threads,
    signal,
    onProgress: stretch(share.progress, share.run / share.runs, (share.run + 1) / share.runs, share.doing),
  });
}

/** A recorded column of a run. */
export function column(run: SolveResult, name: string): Float64Array {
  const values = run.trace.columns[name];
  if (values === undefined) throw new Error(`Column ${name} was not recorded.`);
  return values;
}

/** m = measurementsPerRank n trueRank, at least 1. */
export function measurementCount(n: number, trueRank: number, measurementsPerRank: number): number {
  return Math.max(1, Math.round(measurementsPerRank * n * trueRank));
}

/** Sine of the largest principal angle between the r leading eigenvectors of M_hat and those of the truth: (L, X). */
export function spectralSine({ problem, trueRank: r }: Instance): number {
  if (problem.truth === undefined) return NaN;
  const [found, wanted] = [eigh(problem.adjoint(problem.y)).vectors, eigh(problem.truth).vectors];
  const between = Matrix.zeros(r, r);
  for (let i = 0; i < found.rows; i++) {
    for (let a = 0; a < r; a++) {
      for (let b = 0; b < r; b++) between.data[a * r + b]! += found.get(i, a) * wanted.get(i, b);
    }
  }
  return Math.sqrt(Math.max(0, 1 - svd(between).values[r - 1]! ** 2));
}

/** ln(1 + mu lambda_j), j = 1 .. n: by how much the power method magnifies each eigenvector of M_hat per step. */
export function growthRates({ prediction: { eigenvalues, step } }: Instance): Float64Array {
  return eigenvalues.map((lambda) => Math.log(Math.max(Number.MIN_VALUE, 1 + step * lambda)));
}

/**
 * The law of `predictedFloor` at the scales at hand, where not the leading noise direction alone but all of them count: the
 * slope of alpha^2 (sum_{j > r} (1 + mu lambda_j)^(4 t))^(1/2), (1 + mu lambda_r)^t = 1 / alpha, over `scales`. Tends to
 * that law as alpha tends to 0.
 */
export function finiteFloorExponent(instance: Instance, scales: readonly number[]): number {
  const rates = growthRates(instance);
  const r = instance.trueRank;
  const logFloors = scales.map((alpha) => {
    const t = -Math.log(alpha) / rates[r - 1]!;
    const largest = rates[r]!;
    let sum = 0;
    for (let j = r; j < rates.length; j++) sum += Math.exp(4 * t * (rates[j]! - largest));
    return 2 * Math.log(alpha) + Math.log(sum) / 2 + 2 * t * largest;
  });
  return fitLine(scales.map(Math.log), logFloors).slope;
}

/**
 * When a series first falls to `bound` (from above) or rises to it (from below), in fractions of a step by interpolating
 * the logarithm; NaN when it never does. `from` is the first index that counts.
 */
export function crossing(values: ArrayLike<number>, bound: number, direction: 'falls' | 'rises', from = 0): number {
  const beyond = (value: number): boolean => (direction === 'falls' ? value <= bound : value >= bound);
  for (let i = from; i < values.length; i++) {
    if (!beyond(values[i]!)) continue;
    if (i === from) return i;
    const [before, after] = [Math.log(values[i - 1]!), Math.log(values[i]!)];
    const share = (Math.log(bound) - before) / (after - before);
    return Number.isFinite(share) ? i - 1 + share : i;
  }
  return NaN;
}

/** 1, 1e-3, 0.05: short, for labels. */
export function short(value: number): string {
  const text = Number(value.toPrecision(3));
  return Math.abs(text) >= 1e-2 || text === 0 ? String(text) : text.toExponential();
}

/** One thin line for each course over its iterations 0, 1, 2, ..., and their median. */
export function seedLines<Course extends { readonly seed: number }>(
  label: string,
  courses: readonly Course[],
  pick: (course: Course) => Float64Array,
): Series[] {
  const x = pick(courses[0]!).map((_, t) => t);
  return [
    ...courses.map((course): Series => ({
      label: `${label}, seed ${course.seed}`,
      x,
      y: pick(course),
      style: 'seed',
      group: label,
    })),
    { label, x, y: medianSeries(courses.map(pick)), style: 'median', group: label },
  ];
}

/** Columns of a trace: one row per (run, iteration), from blocks with the same keys. */
export function stack(blocks: readonly Readonly<Record<string, ArrayLike<number>>>[]): Record<string, Float64Array> {
  const keys = Object.keys(blocks[0] ?? {});
  return Object.fromEntries(
    keys.map((key) => [key, Float64Array.from(blocks.flatMap((block) => Array.from(block[key] ?? [])))]),
  );
}

/** The value that a quarter of the values exceed; interpolated. NaN where any is NaN. */
export function upperQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = 0.75 * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return values.some(Number.isNaN) ? NaN : sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** A block's constant column. */
export function constant(length: number, value: number): Float64Array {
  return new Float64Array(length).fill(value);
}
