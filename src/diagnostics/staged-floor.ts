/** The law of the floor where the signal arrives in stages: singular values of the truth that are not all alike. */
import { Matrix } from '../matrix';
import { eigh } from '../linalg';
import type { Problem } from '../problems/problem';
import { solve } from '../solvers/solve';
import { normalImage, type ImageOptions } from './images';

export interface FloorStage {
  /** Signal directions at their full size when the stage begins: 0, 1, ... r - 1. */
  readonly fitted: number;
  /** Length of the stage in iterations per unit of ln(1 / alpha). */
  readonly duration: number;
  /**
   * ln(1 + mu lambda) of the signal directions still growing, falling, and of the strongest direction that is noise.
   */
  readonly signalGrowth: readonly number[];
  readonly noiseGrowth: number;
}

export interface StagedFloor {
  /** p, as in the law of one stage, which it is for a truth whose singular values are all alike. */
  readonly exponent: number;
  readonly iterationsPerDecade: number;
  readonly stages: readonly FloorStage[];
}

/** ln |1 + mu lambda|, exact also for tiny mu lambda. */
export function growth(step: number, lambda: number): number {
  const x = step * lambda;
  return x > -1 ? Math.log1p(x) : Math.log(-1 - x);
}

/**
 * Sizes are powers of alpha, and the run is a sequence of stages in each of which every direction grows exponentially:
 * by the eigenvalues of M_s = A*(y - A(X_s)), X_s the best fit of rank s, which is what gradient descent from a small
 * start has fitted when s signal directions are at full size. A stage ends when the next of them is. What the noise has
 * grown to by the end of the last, squared, is the floor.
 *
 * Source: derived from S1-e and from the incremental learning of the best fits of rank 1, 2, ... (arXiv 2301.11500);
 * checked numerically, see the tests. Cost: r - 1 runs of rank 1 .. r - 1 to stationarity, off the JavaScript thread.
 *
 * @param image M_0 = A*(y), and its eigenvalues, falling
 * @returns undefined where a signal direction stops growing: its eigenvalue in some M_s is not positive
 */
export async function stagedFloor(
  problem: Problem,
  image: Matrix,
  first: Float64Array,
  step: number,
  rank: number,
  work: ImageOptions,
): Promise<StagedFloor | undefined> {
  const stages: FloorStage[] = [];
  // Exponents of alpha with the sign turned: -1 at the start, 0 at full size.
  let signal = new Array<number>(rank).fill(-1);
  let noise = -1;
  for (let fitted = 0; fitted < rank; fitted++) {
    const values = fitted === 0 ? first : await remaining(problem, image, fitted, work);
    if (!(values[signal.length - 1]! > 0)) return undefined;
    const rates = signal.map((_, j) => growth(step, values[j]!));
    const noiseGrowth = growth(step, values[signal.length]!);
    const times = signal.map((size, j) => Math.max(0, -size) / rates[j]!);
    const duration = Math.min(...times);
    const arrived = times.indexOf(duration);
    signal = signal.map((size, j) => size + duration * rates[j]!).filter((_, j) => j !== arrived);
    noise += duration * noiseGrowth;
    stages.push({ fitted, duration, signalGrowth: rates, noiseGrowth });
  }
  const total = stages.reduce((sum, { duration }) => sum + duration, 0);
  return { exponent: -2 * noise, iterationsPerDecade: Math.LN10 * total, stages };
}

/** A point is stationary enough when the gradient has fallen by this: M_s then is exact to about as much. */
const STATIONARY = 1e-7;
const MOST_ITERATIONS = 5000;

/**
 * Eigenvalues of A*(y - A(X_s)), falling, X_s fitted from a spectral start. Those of the directions of X_s are zero.
 */
async function remaining(problem: Problem, image: Matrix, rank: number, work: ImageOptions): Promise<Float64Array> {
  const { factors } = await solve(problem, {
    model: 'symmetric',
    rank,
    init: { kind: 'spectral' },
    stop: { iterations: MOST_ITERATIONS, residual: 0, gradient: STATIONARY },
    record: { every: 0, columns: [] },
    ...work,
  });
  const fitted = await normalImage(problem, factors.left, factors.left, work);
  const data = image.data.map((value, i) => value - fitted.image.data[i]!);
  return eigh(new Matrix(data, image.rows, image.cols)).values;
}
