/**
 * Weighted least squares of the decays that gradient descent knows, in log y. They are one family with a shape q,
 *
 *     y(t) = c (1 + q lambda t)^(-1/q) + floor,
 *
 * t counted from the start of the stretch: q = 0 is c exp(-lambda t), q = 1 is 1/(t + t0), q = 1/2 is 1/(t + t0)^2, both with
 * the offset t0 = 1/(q lambda) free, as s0/(1 + 2 eta s0 t) needs. The laws are thus nested, and which one holds is the
 * question what q is. The points are binned first: a fit costs the same for any number of them.
 */

// Taken out once: these loops run inside sandboxes too (test runners), where each look-up of a global costs more than a logarithm.
const { abs, exp, log, log1p, max, min } = Math;
const NONE = -Infinity;

/** A stretch of a series as bins. Time runs from 0 to 1; `span` iterations are one unit. */
export interface Binned {
  readonly time: Float64Array;
  /** Mean of ln y. */
  readonly level: Float64Array;
  /** 1 / variance of `level`. */
  readonly weight: Float64Array;
  /** Index of the first point of each bin. */
  readonly first: Int32Array;
  readonly span: number;
}

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
/** Of chi2: far below what decides between laws. */
const LEAST_GAIN = 3e-3;

/**
 * Bins the points [from, to) so that bins are even half in t, half in log t: the first half sees an exponential best, the
 * second a power law. Never more than `most` bins, none empty. O(to - from).
 *
 * @param variance variance of the noise in ln y at each point
 * @param model variance of a bin that no number of points takes away: how far a law may be from true
 */
export function bin(
  t: Float64Array,
  logY: Float64Array,
  variance: Float64Array,
  from: number,
  to: number,
  most: number,
  model: number,
): Binned {
  const first = t[from]!;
  const span = t[to - 1]! - first;
  const knee = max(t[from + 1]! - first, span / 200) / span;
  const single = to - from <= most;
  const place = (at: number): number => {
    const tau = (at - first) / span;
    return min(most - 1, Math.floor((most / 2) * (tau + log1p(tau / knee) / log1p(1 / knee))));
  };
  const time: number[] = [];
  const level: number[] = [];
  const weight: number[] = [];
  const firsts: number[] = [];
  for (let i = from; i < to;) {
    const here = place(t[i]!);
    firsts.push(i);
    let [count, sumT, sumL, sumV] = [0, 0, 0, 0];
    for (; i < to && (count === 0 || (!single && place(t[i]!) === here)); i++, count++) {
      sumT += t[i]! - first;
      sumL += logY[i]!;
      sumV += variance[i]!;
    }
    time.push(sumT / count / span);
    level.push(sumL / count);
    weight.push(1 / (sumV / (count * count) + model));
  }
  return {
    time: Float64Array.from(time),
    level: Float64Array.from(level),
    weight: Float64Array.from(weight),
    first: Int32Array.from(firsts),
    span,
  };
}

/** Below this |q x| a series in q x stands for the power. */
const NEARLY_EXPONENTIAL = 1e-4;

/** ln of the decay without its floor, x = lambda t. */
function logDecay(a: number, q: number, x: number): number {
  const qx = q * x;
  if (abs(qx) < NEARLY_EXPONENTIAL) return a - x * (1 - qx / 2 + (qx * qx) / 3);
  // With q < 0 the decay ends at qx = -1; held back from it the fit is merely bad there.
  return a - log(max(1 + qx, 1e-9)) / q;
}

function logSum(a: number, b: number): number {
  if (b === NONE) return a;
  return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

/** ln y of the fitted decay at bin time t. */
export function predict(fit: DecayFit, t: number): number {
  return logSum(logDecay(fit.logScale, fit.q, fit.lambda * t), fit.logFloor);
}

function chiSquared(bins: Binned, p: Parameters): number {
  const lambda = exp(p.lnLambda);
  let sum = 0;
  for (let b = 0; b < bins.time.length; b++) {
    const r = bins.level[b]! - logSum(logDecay(p.a, p.q, lambda * bins.time[b]!), p.lnFloor);
    sum += bins.weight[b]! * r * r;
  }
  return sum;
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
  if (near === undefined) best = gridStart(bins, shape);
  else {
    best = { a: near.logScale, lnLambda: log(near.lambda), q: shape.q ?? near.q, lnFloor: near.logFloor };
    if (shape.floor && best.lnFloor === NONE) best.lnFloor = bins.level[bins.level.length - 1]! - 1.5;
  }
  const free = (shape.q === undefined ? 1 : 0) + (shape.floor ? 1 : 0) + 2;
  let chi2 = chiSquared(bins, best);
  let damping = 1e-2;
  let normal = normalEquations(bins, best, shape);
  for (let i = 0; i < MOST_ITERATIONS; i++) {
    const step = solve(normal.matrix, normal.gradient, damping);
    const next = moved(best, step, shape);
    const value = chiSquared(bins, next);
    if (value < chi2) {
      const gain = chi2 - value;
      best = next;
      chi2 = value;
      damping = max(damping / 8, 1e-9);
      normal = normalEquations(bins, best, shape);
      if (gain < LEAST_GAIN) break;
    } else {
      damping *= 6;
      if (damping > 1e7) break;
    }
  }
  const { matrix } = normal;
  return {
    q: best.q,
    lambda: exp(best.lnLambda),
    logScale: best.a,
    logFloor: best.lnFloor,
    chi2,
    parameters: free,
    lambdaError: standardError(matrix, 1),
    qError: shape.q === undefined ? standardError(matrix, 2) : 0,
  };
}

function gridStart(bins: Binned, shape: FitShape): Parameters {
  const last = bins.level.length - 1;
  const q = shape.q ?? 0;
  const low = bins.level.reduce((least, value) => min(least, value), Infinity);
  const floors = shape.floor ? [low - 0.5, bins.level[last]!] : [NONE];
  let best: Parameters = { a: bins.level[0]!, lnLambda: 0, q, lnFloor: NONE };
  let bestChi2 = Infinity;
  for (const lnFloor of floors) {
    // How much of ln y the floor takes away, where the decay is well above it.
    const excess = bins.level.map((l) => (lnFloor === NONE ? 0 : log1p(-exp(-max(l - lnFloor, 0.05)))));
    for (let lnLambda = -3; lnLambda < (q === 0 ? 7.1 : 13); lnLambda += q === 0 ? 1 : 1.5) {
      const lambda = exp(lnLambda);
      let [sum, total] = [0, 0];
      for (let b = 0; b <= last; b++) {
        if (bins.level[b]! - lnFloor < 0.5 && b > 1) continue;
        sum += bins.weight[b]! * (bins.level[b]! + excess[b]! - logDecay(0, q, lambda * bins.time[b]!));
        total += bins.weight[b]!;
      }
      const p = { a: sum / total, lnLambda, q, lnFloor };
      const value = chiSquared(bins, p);
      if (value < bestChi2) [best, bestChi2] = [p, value];
    }
  }
  return best;
}

interface Normal {
  /** 4 x 4, in the order ln c, ln lambda, q, ln floor; rows of what is not fitted hold a 1 on the diagonal only. */
  readonly matrix: number[][];
  readonly gradient: number[];
}

function normalEquations(bins: Binned, p: Parameters, shape: FitShape): Normal {
  const matrix = [0, 1, 2, 3].map(() => [0, 0, 0, 0]);
  const gradient = [0, 0, 0, 0];
  const by = [0, 0, 0, 0];
  const fitted = [0, 1];
  if (shape.q === undefined) fitted.push(2);
  if (shape.floor) fitted.push(3);
  const lambda = exp(p.lnLambda);
  for (let b = 0; b < bins.time.length; b++) {
    const x = lambda * bins.time[b]!;
    const qx = p.q * x;
    const value = logDecay(p.a, p.q, x);
    const all = logSum(value, p.lnFloor);
    const share = exp(value - all);
    const u = max(1 + qx, 1e-9);
    by[0] = share;
    by[1] = (-share * x) / u;
    by[2] = share * (abs(qx) < NEARLY_EXPONENTIAL ? x * x * (0.5 - (2 / 3) * qx) : (p.a - value) / p.q - x / (p.q * u));
    by[3] = 1 - share;
    const w = bins.weight[b]!;
    const r = bins.level[b]! - all;
    for (const i of fitted) {
      const wi = w * by[i]!;
      gradient[i]! += wi * r;
      const row = matrix[i]!;
      for (const k of fitted) row[k]! += wi * by[k]!;
    }
  }
  for (let i = 0; i < 4; i++) if (!fitted.includes(i)) matrix[i]![i] = 1;
  return { matrix, gradient };
}

/** (matrix + damping diag(matrix))^-1 right, by elimination; the matrix is positive semidefinite, 4 x 4. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[], damping: number): number[] {
  const rows = matrix.map((row, i) => {
    const copy = [...row, right[i]!];
    copy[i] = row[i]! * (1 + damping) + 1e-12;
    return copy;
  });
  for (let c = 0; c < 4; c++) {
    for (let i = c + 1; i < 4; i++) {
      const factor = rows[i]![c]! / rows[c]![c]!;
      for (let j = c; j <= 4; j++) rows[i]![j]! -= factor * rows[c]![j]!;
    }
  }
  const x = [0, 0, 0, 0];
  for (let i = 3; i >= 0; i--) {
    let sum = rows[i]![4]!;
    for (let j = i + 1; j < 4; j++) sum -= rows[i]![j]! * x[j]!;
    x[i] = sum / rows[i]![i]!;
  }
  return x;
}

function standardError(matrix: readonly (readonly number[])[], which: number): number {
  const unit = [0, 0, 0, 0];
  unit[which] = 1;
  const variance = solve(matrix, unit, 1e-9)[which]!;
  return variance > 0 ? Math.sqrt(variance) : Infinity;
}

function moved(p: Parameters, step: readonly number[], shape: FitShape): Parameters {
  const limited = (value: number, most: number): number => max(-most, min(most, value));
  return {
    a: p.a + limited(step[0]!, 5),
    lnLambda: max(-12, min(30, p.lnLambda + limited(step[1]!, 1.5))),
    q: shape.q ?? max(LEAST_Q, min(MOST_Q, p.q + limited(step[2]!, 0.4))),
    lnFloor: shape.floor ? p.lnFloor + limited(step[3]!, 3) : NONE,
  };
}
