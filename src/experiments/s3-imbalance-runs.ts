/** The runs of s3-imbalance: imbalanced starts of two kinds, the balanced one, and the drift of Delta. */
import { eigh } from '../linalg';
import { Matrix } from '../matrix';
import {
  decayRate,
  descend,
  discreteRate,
  gaussian,
  gaussianPair,
  joined,
  norm,
  populationProblem,
  scaled,
  settlingTime,
  slowestCurvature,
  squaredSingularValues,
  symmetricNoise,
  transposeTimes,
  type Course,
  type Pair,
  type Setting,
} from './s3-common';

export interface Numbers {
  readonly n: number;
  readonly spectrum: readonly number[];
  readonly step: number;
  readonly rank: number;
  readonly scale: number;
  readonly iterations: number;
}

export interface ImbalancedRun {
  readonly ratio: number;
  readonly trial: number;
  readonly course: Course;
  /** Per step; NaN where the error has not come down far enough. */
  readonly rate: number;
  readonly law: number;
  /** NaN before the window. */
  readonly predicted: Float64Array;
}

/** Relative errors between which the line is fitted. */
const HIGH = 1e-8;
const LOW = 1e-12;

export async function imbalancedRun(
  numbers: Numbers,
  ratio: number,
  trial: number,
  seed: number,
  matched: boolean,
  setting: Setting,
): Promise<ImbalancedRun> {
  const { n, spectrum, step, rank, scale, iterations } = numbers;
  const problem = populationProblem(n, spectrum, 'asymmetric', seed + trial);
  const start = matched
    ? matchedPair(problem.truth!, spectrum.length, rank, scale, ratio, seed + trial)
    : gaussianPair(n, rank, scale, ratio, seed + trial);
  const course = await descend(problem, start, { step, iterations, floor: LOW / 3 }, setting);
  // Without noise in G there is none in the product: what is left to converge is the signal.
  const curvature = ratio === 0 ? squaredSingularValues(course.right)[spectrum.length - 1]! : slowestCurvature(course);
  const law = discreteRate(step, curvature);
  const total = norm(problem.truth!);
  const { iteration, error } = course;
  const anchor = error.findIndex((e) => e <= total * Math.sqrt(HIGH * LOW));
  const predicted = iteration.map((t, i) =>
    anchor >= 0 && error[i]! <= 1e-3 * total ? error[anchor]! * Math.exp(-law * (t - iteration[anchor]!)) : NaN,
  );
  return { ratio, trial, course, rate: decayRate(course, HIGH * total, LOW * total), law, predicted };
}

/**
 * G_0 = ratio F_0 on the column space of X*, and with its coordinates outside of it moved on by one: another noise, the same
 * Gram matrix, so that Delta_0 = (1 - ratio^2) F_0^T F_0 exactly and the signal starts in the same rows for every ratio.
 */
function matchedPair(truth: Matrix, trueRank: number, rank: number, scale: number, ratio: number, seed: number): Pair {
  const n = truth.rows;
  const left = scaled(gaussian(n, rank, seed, 'initialLeft'), scale);
  const { vectors } = eigh(truth);
  const coordinates = transposeTimes(vectors, left);
  const moved = Matrix.zeros(n, rank);
  for (let i = 0; i < n; i++) {
    const to = i < trueRank ? i : trueRank + ((i + 1 - trueRank) % (n - trueRank));
    for (let j = 0; j < rank; j++) moved.data[to * rank + j] = ratio * coordinates.get(i, j);
  }
  const back = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) back.data[j * n + i] = vectors.get(i, j);
  return { left, right: transposeTimes(back, moved) };
}

/** F_0 = G_0, which stays so: the symmetric descent, and its law from the end of the warm-up on. */
export async function balancedRun(
  { n, spectrum, step, rank, scale }: Numbers,
  seed: number,
  setting: Setting,
): Promise<{ readonly course: Course; readonly predicted: Float64Array }> {
  const problem = populationProblem(n, spectrum, 'asymmetric', seed);
  const start = scaled(gaussian(n, rank, seed, 'initialLeft'), scale);
  const settled = settlingTime(n, spectrum, step, scale, 14);
  const first = await descend(problem, { left: start, right: start }, { step, iterations: settled }, setting);
  const noise = squaredSingularValues(first.left).subarray(spectrum.length);
  const iterations = settled + Math.ceil(100 / (2 * step * Math.min(...noise)));
  const second = await descend(problem, first, { step, iterations, from: settled }, setting);
  const course = joined(first, second);
  const predicted = new Float64Array(course.iteration.length).fill(NaN);
  predicted.set(
    symmetricNoise(
      noise,
      step,
      second.iteration.map((t) => t - settled),
    ),
    first.iteration.length - 1,
  );
  return { course, predicted };
}

export interface Drift {
  readonly step: number;
  /** ||Delta - Delta_0|| / ||Delta_0|| */
  readonly drift: number;
}

/** Over the flow time in which the signal is fitted, c = 1/3; afterwards the residual is too small to move Delta. */
export async function driftRun(numbers: Numbers, step: number, seed: number, setting: Setting): Promise<Drift> {
  const { n, spectrum, rank, scale, step: largest } = numbers;
  const problem = populationProblem(n, spectrum, 'asymmetric', seed);
  const start = gaussianPair(n, rank, scale, 1 / 3, seed);
  const iterations = Math.round((settlingTime(n, spectrum, largest, scale, 14) * largest) / step);
  const end = await descend(problem, start, { step, iterations }, setting);
  const before = imbalance(start);
  const change = imbalance(end).data.map((value, i) => value - before.data[i]!);
  return { step, drift: norm(new Matrix(change, rank, rank)) / norm(before) };
}

/** F^T F - G^T G */
function imbalance({ left, right }: Pair): Matrix {
  const gg = transposeTimes(right, right);
  return new Matrix(
    transposeTimes(left, left).data.map((value, i) => value - gg.data[i]!),
    left.cols,
    left.cols,
  );
}
