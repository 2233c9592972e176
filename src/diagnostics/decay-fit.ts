/**
 * Weighted least squares of the decays that gradient descent knows, in log y. They are one family with a shape q,
 *
 *     y(t) = c (1 + q lambda t)^(-1/q) + floor,
 *
 * t counted from the start of the stretch: q = 0 is c exp(-lambda t), q = 1 is 1/(t + t0), q = 1/2 is 1/(t + t0)^2, both with
 * the offset t0 = 1/(q lambda) free, as s0/(1 + 2 eta s0 t) needs. The laws are thus nested, and which one holds is the
 * question what q is.
 */
import { coarsened, type Binned } from './decay-bins';

// As in decay-bins.ts.
const { abs, exp, log, log1p, max, min, sqrt } = Math;
const NONE = -Infinity;

export interface DecayFit {
  readonly q: number;
  /** Initial rate, per unit of bin time. */
  readonly lambda: number;
  /** ln c and ln floor; -Infinity without a floor. */
  readonly logScale: number;
  readonly logFloor: number;
  /** Weighted sum of squared residuals. */
  readonly chi2: number;
  /** How many numbers were fitted. */
  readonly parameters: number;
  /** Standard errors for weights that are right: of ln lambda and of q (0 when q was given). */
  readonly lambdaError: number;
  readonly qError: number;
}

/** A point of the parameter space. */
interface Parameters {
  a: number;
  lnLambda: number;
  q: number;
  lnFloor: number;
}

const LEAST_Q = -0.4;
const MOST_Q = 3;
const MOST_ITERATIONS = 60;
/**
 * Of chi2, or of chi2 per bin where that is more than 1: far below what decides between laws, and a parameter is set to a
 * tenth of its standard error. A law that is far from true is not polished.
 */
const LEAST_GAIN = 0.01;
/** Bins on which a start is looked for. */
const GRID_BINS = 24;

/** Below this |q x| a series in q x stands for the power. */
const NEARLY_EXPONENTIAL = 1e-4;

/** ln of the decay without its floor, x = lambda t. */
function logDecay(a: number, q: number, x: number): number {
  const qx = q * x;
  if (abs(qx) < NEARLY_EXPONENTIAL) return a - x * (1 - qx / 2 + (qx * qx) / 3);
  // With q < 0 the decay ends at qx = -1; held back from it the fit is merely bad there.
  return a - log(max(1 + qx, 1e-9)) / q;
}

/** ln y of the fitted decay at bin time t. */
export function predict(fit: DecayFit, t: number): number {
  const [a, b] = [logDecay(fit.logScale, fit.q, fit.lambda * t), fit.logFloor];
  if (b === NONE) return a;
  return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

/** What is fitted beside ln c and lambda. */
export interface FitShape {
  /** Given, or fitted when undefined. */
  readonly q?: number | undefined;
  readonly floor: boolean;
}

/**
 * The best fit of the family. Levenberg-Marquardt from the best of a grid of starts (or from `near`); O(bins) per iteration.
 * Without a minimum inside the bounds chi2 is still that of the point returned.
 */
export function fitDecay(bins: Binned, shape: FitShape, near?: DecayFit): DecayFit {
  let best: Parameters;
  if (near === undefined) best = gridStart(coarsened(bins, GRID_BINS), shape);
  else {
    best = { a: near.logScale, lnLambda: log(near.lambda), q: shape.q ?? near.q, lnFloor: near.logFloor };
    if (!shape.floor) best.lnFloor = NONE;
    else if (best.lnFloor === NONE) best.lnFloor = bins.level[bins.level.length - 1]! - 1.5;
  }
  let damping = 1e-2;
  let chi2 = evaluate(bins, best);
  normalEquations(bins, best, shape);
  for (let i = 0, last = false; i < MOST_ITERATIONS && !last; i++) {
    const step = solve(gradient, damping);
    // What the step gains if the model is right; where that is little there is nothing to be won with a shorter one.
    const least = LEAST_GAIN * max(1, chi2 / bins.time.length);
    last = dot(step, gradient) < least;
    const next = moved(best, step, shape);
    const value = evaluate(bins, next);
    if (value < chi2) {
      last ||= chi2 - value < least;
      best = next;
      chi2 = value;
      damping = max(damping / 8, 1e-9);
      normalEquations(bins, best, shape);
    } else {
      damping *= 6;
      last ||= damping > 1e7;
    }
  }
  return {
    q: best.q,
    lambda: exp(best.lnLambda),
    logScale: best.a,
    logFloor: best.lnFloor,
    chi2,
    parameters: (shape.q === undefined ? 1 : 0) + (shape.floor ? 1 : 0) + 2,
    lambdaError: standardError(1),
    qError: shape.q === undefined ? standardError(2) : 0,
  };
}

/** The best of some rates, with the floor (if there is to be one) at either of two levels; a given q, or 0. */
function gridStart(bins: Binned, shape: FitShape): Parameters {
  const { time, level, weight } = bins;
  const last = level.length - 1;
  const q = shape.q ?? 0;
  const [to, by] = q === 0 ? [7.1, 1] : [13, 1.5];
  const lowest = level.reduce((least, value) => min(least, value), Infinity);
  const floors = shape.floor ? [lowest - 0.5, level[last]!] : [NONE];
  let best: Parameters = { a: level[0]!, lnLambda: 0, q, lnFloor: NONE };
  let bestChi2 = Infinity;
  for (const lnFloor of floors) {
    // What the decay alone would be, where it is well above the floor.
    const decay = level.map((l) => (lnFloor === NONE ? l : l + log1p(-exp(-max(l - lnFloor, 0.05)))));
    for (let lnLambda = -3; lnLambda < to; lnLambda += by) {
      const lambda = exp(lnLambda);
      let [sum, total] = [0, 0];
      for (let b = 0; b <= last; b++) {
        if (level[b]! - lnFloor < 0.5 && b > 1) continue;
        sum += weight[b]! * (decay[b]! - logDecay(0, q, lambda * time[b]!));
        total += weight[b]!;
      }
      const p = { a: sum / total, lnLambda, q, lnFloor };
      const value = evaluate(bins, p);
      if (value < bestChi2) [best, bestChi2] = [p, value];
    }
  }
  return best;
}

/**
 * Memory of the one fit that runs at a time. `evaluate` leaves here what it saw at each bin, so that the derivatives there cost
 * no exponential and no logarithm; the 4 x 4 system is in the order ln c, ln lambda, q, ln floor, where rows of what is not
 * fitted hold a 1 on the diagonal only.
 */
const seen = { decay: new Float64Array(128), share: new Float64Array(128), residual: new Float64Array(128) };
const matrix = new Float64Array(16);
const gradient = new Float64Array(4);
const rows = new Float64Array(16);
const solution = new Float64Array(4);

/** chi2 at a point; leaves behind what `normalEquations` needs. */
function evaluate({ time, level, weight }: Binned, { a, lnLambda, q, lnFloor }: Parameters): number {
  const { decay, share, residual } = seen;
  const lambda = exp(lnLambda);
  let chi2 = 0;
  for (let b = 0; b < time.length; b++) {
    const alone = logDecay(a, q, lambda * time[b]!);
    let r = level[b]! - alone;
    let part = 1;
    if (lnFloor !== NONE) {
      // Held below overflow: that far under its floor the decay no longer counts.
      const below = exp(min(lnFloor - alone, 300));
      part = 1 / (1 + below);
      r -= lnFloor - alone < 300 ? log1p(below) : lnFloor - alone;
    }
    decay[b] = alone;
    share[b] = part;
    residual[b] = r;
    chi2 += weight[b]! * r * r;
  }
  return chi2;
}

/** Fills matrix and gradient, at the point that was evaluated last. */
function normalEquations({ time, weight }: Binned, { a, lnLambda, q }: Parameters, shape: FitShape): void {
  const { decay, share, residual } = seen;
  matrix.fill(0);
  gradient.fill(0);
  const [qFitted, floorFitted] = [shape.q === undefined, shape.floor];
  const lambda = exp(lnLambda);
  for (let b = 0; b < time.length; b++) {
    const x = lambda * time[b]!;
    const qx = q * x;
    const u = max(1 + qx, 1e-9);
    const byA = share[b]!;
    const byLambda = (-byA * x) / u;
    const w = weight[b]!;
    const wr = w * residual[b]!;
    gradient[0]! += byA * wr;
    gradient[1]! += byLambda * wr;
    matrix[0]! += w * byA * byA;
    matrix[1]! += w * byA * byLambda;
    matrix[5]! += w * byLambda * byLambda;
    let byQ = 0;
    if (qFitted) {
      byQ = byA * (abs(qx) < NEARLY_EXPONENTIAL ? x * x * (0.5 - (2 / 3) * qx) : (a - decay[b]!) / q - x / (q * u));
      gradient[2]! += byQ * wr;
      matrix[2]! += w * byA * byQ;
      matrix[6]! += w * byLambda * byQ;
      matrix[10]! += w * byQ * byQ;
    }
    if (floorFitted) {
      const byFloor = 1 - byA;
      gradient[3]! += byFloor * wr;
      matrix[3]! += w * byA * byFloor;
      matrix[7]! += w * byLambda * byFloor;
      matrix[11]! += w * byQ * byFloor;
      matrix[15]! += w * byFloor * byFloor;
    }
  }
  if (!qFitted) matrix[10] = 1;
  if (!floorFitted) matrix[15] = 1;
  for (let i = 1; i < 4; i++) for (let j = 0; j < i; j++) matrix[4 * i + j] = matrix[4 * j + i]!;
}

/** (matrix + damping diag(matrix))^-1 right, by elimination; the matrix is positive semidefinite. Valid until the next call. */
function solve(right: ArrayLike<number>, damping: number): Float64Array {
  const x = solution;
  rows.set(matrix);
  x.set(right);
  for (let i = 0; i < 4; i++) rows[5 * i] = rows[5 * i]! * (1 + damping) + 1e-12;
  for (let c = 0; c < 4; c++) {
    for (let i = c + 1; i < 4; i++) {
      const factor = rows[4 * i + c]! / rows[5 * c]!;
      for (let j = c; j < 4; j++) rows[4 * i + j]! -= factor * rows[4 * c + j]!;
      x[i]! -= factor * x[c]!;
    }
  }
  for (let i = 3; i >= 0; i--) {
    for (let j = i + 1; j < 4; j++) x[i]! -= rows[4 * i + j]! * x[j]!;
    x[i]! /= rows[5 * i]!;
  }
  return x;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function standardError(which: number): number {
  const unit = [0, 0, 0, 0];
  unit[which] = 1;
  const variance = solve(unit, 1e-9)[which]!;
  return variance > 0 ? sqrt(variance) : Infinity;
}

function moved(p: Parameters, step: Float64Array, shape: FitShape): Parameters {
  const limited = (value: number, most: number): number => max(-most, min(most, value));
  return {
    a: p.a + limited(step[0]!, 5),
    lnLambda: max(-12, min(30, p.lnLambda + limited(step[1]!, 1.5))),
    q: shape.q ?? max(LEAST_Q, min(MOST_Q, p.q + limited(step[2]!, 0.4))),
    lnFloor: shape.floor ? p.lnFloor + limited(step[3]!, 3) : NONE,
  };
}
