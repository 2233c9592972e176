/** How long a small random start follows the power method on A*(y), and how fast it leaves it. */
import * as check from '../checks';
import type { Trace } from '../solvers/result';
import { traceColumns } from './trace-columns';

export interface PowerMethodClosenessOptions {
  /** mu, the fixed step of the run; positive. */
  readonly step: number;
  /** ||A*(y)||, the spectral norm: `eigenvalues[0]` of {@link predictedFloor}. Positive. */
  readonly norm: number;
  /** Distances between which the slope is fitted, 0 < low < high <= 1; default [1e-6, 1e-2]. */
  readonly window?: readonly [number, number] | undefined;
}

export interface PowerMethodCloseness {
  /**
   * Slope of ln(powerDistance) against the iteration inside the window, by least squares; NaN where fewer than three
   * recorded iterations lie in it.
   */
  readonly slope: number;
  /** Standard error of the slope: how far from straight the line is; NaN as above. */
  readonly slopeError: number;
  /** 2 ln(1 + mu ||A*(y)||). */
  readonly predictedSlope: number;
  /** slope / predictedSlope - 1. */
  readonly relativeDeviation: number;
  /** First and last recorded iteration of the fit, and how many; NaN, NaN, 0 where there is none. */
  readonly window: { readonly from: number; readonly to: number; readonly points: number };
  /** The last recorded iteration before the distance first reaches 0.1; NaN where the first is already that far. */
  readonly lastClose: number;
  /** True where the trace ends before the distance reaches 0.1: `lastClose` is then only where it ends. */
  readonly stillClose: boolean;
  /**
   * t_star = min { j : ||V_{j-1} - U_{j-1}|| > ||V_{j-1}|| }, V the power iterate, up to which the bound of the theory
   * holds; Infinity where no recorded iteration has a distance above 1: U stays bounded while V grows, so the distance
   * tends to 1, and most often from below.
   */
  readonly tStar: number;
}

const KNOWN = ['step', 'norm', 'window'] as const satisfies readonly (keyof PowerMethodClosenessOptions)[];
const HINTS = { mu: 'step', eta: 'step', stepSize: 'step', spectralNorm: 'norm' };

/** What counts as close. */
const CLOSE = 0.1;
/** Below, initial directions still compete; above, the distance bends to its limit 1. */
const WINDOW = [1e-6, 1e-2] as const;
const LEAST_POINTS = 3;

/**
 * Compares gradient descent from a small start with the power method V_t = (I + mu A*(y))^t U_0 run beside it: the
 * relative distance ||U_t - V_t|| / ||V_t|| grows like alpha^2 (1 + mu ||A*(y)||)^(2t), so its logarithm has the slope
 * 2 ln(1 + mu ||A*(y)||) per iteration once the leading eigenvector dominates. Leading eigenvalues that lie close
 * together make the slope a little smaller, for longer the closer they are.
 *
 * Source: arXiv 2106.15013 (the bound on ||U_t - V_t|| of its spectral phase, as restated for tensors by Karnik et al.,
 * ICML 2025, at tube length 1); t_star is the paper's. Cost: O(length).
 *
 * @param trace with column `powerDistance`, of a run of gradient descent with a fixed step
 * @throws LowrankError INVALID_ARGUMENT; also for a trace without the column
 */
export function powerMethodCloseness(trace: Trace, options: PowerMethodClosenessOptions): PowerMethodCloseness {
  const given = check.optionsObject(options, 'powerMethodCloseness', KNOWN, HINTS);
  const step = check.positiveNumber(given['step'], 'step');
  const norm = check.positiveNumber(given['norm'], 'norm');
  const [low, high] = readWindow(given['window']);
  const columns = traceColumns(trace, ['powerDistance'], 'powerMethodCloseness');
  const iteration = Float64Array.from(columns.iteration);
  const powerDistance = Float64Array.from(columns.powerDistance);

  const predictedSlope = 2 * Math.log1p(step * norm);
  const leaves = powerDistance.findIndex((distance) => !(distance < CLOSE));
  const beyond = powerDistance.findIndex((distance) => distance > 1);
  const fit = fitWindow(iteration, powerDistance, low, high, leaves < 0 ? iteration.length : leaves + 1);
  const last = leaves < 0 ? iteration.length - 1 : leaves - 1;
  return {
    slope: fit.slope,
    slopeError: fit.error,
    predictedSlope,
    relativeDeviation: fit.slope / predictedSlope - 1,
    window: { from: fit.from, to: fit.to, points: fit.points },
    lastClose: iteration[last] ?? NaN,
    stillClose: leaves < 0,
    tStar: beyond < 0 ? Infinity : iteration[beyond]! + 1,
  };
}

function readWindow(value: unknown): readonly [number, number] {
  if (value === undefined) return WINDOW;
  const [low, high] = check.vector(value, 'window', { is: 2, why: 'low and high' }) as unknown as [number, number];
  if (low > 0 && low < high && high <= 1) return [low, high];
  throw check.refused('[low, high] with 0 < low < high <= 1', 'window', `[${low}, ${high}]`);
}

interface Fit {
  readonly slope: number;
  readonly error: number;
  readonly from: number;
  readonly to: number;
  readonly points: number;
}

/**
 * The last stretch of growth through the window before row `end`; earlier visits (rounding at the start) do not count.
 */
function fitWindow(iteration: Float64Array, distance: Float64Array, low: number, high: number, end: number): Fit {
  let to = end - 1;
  while (to >= 0 && !(distance[to]! <= high)) to--;
  let from = to;
  while (from > 0 && distance[from - 1]! >= low) from--;
  if (to < 0 || !(distance[to]! >= low)) return { slope: NaN, error: NaN, from: NaN, to: NaN, points: 0 };
  const x = iteration.subarray(from, to + 1);
  const y = distance.subarray(from, to + 1).map(Math.log);
  const span = { from: x[0]!, to: x.at(-1)!, points: x.length };
  if (x.length < LEAST_POINTS) return { slope: NaN, error: NaN, ...span };
  return { ...line(x, y), ...span };
}

/** Ordinary least squares. */
function line(x: Float64Array, y: Float64Array): { slope: number; error: number } {
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const xMean = mean(x);
  const yMean = mean(y);
  let xx = 0;
  let xy = 0;
  x.forEach((value, i) => {
    xx += (value - xMean) ** 2;
    xy += (value - xMean) * (y[i]! - yMean);
  });
  const slope = xy / xx;
  const squares = y.reduce((sum, value, i) => sum + (value - yMean - slope * (x[i]! - xMean)) ** 2, 0);
  return { slope, error: Math.sqrt(squares / (x.length - 2) / xx) };
}
