/**
 * diagnostics.hessianEdge: the ends of the spectrum of the Hessian of a training loss at a point of a vector problem, by
 * Lanczos with full reorthogonalization on X^H (force' X v) / m + ridge v; the Hessian itself is never formed. What
 * asymptotics.fixedPoint predicts as leftEdge and rightEdge, outliers included.
 */
import { setImmediate } from 'node:timers/promises';
import { LineLoss } from '../asymptotics/fixed-point-row';
import { lossMeasurements } from '../channels/intensities';
import * as check from '../checks';
import { invalid } from '../errors';
import { eigh } from '../linalg';
import { native } from '../load';
import { findLoss, requireDifferentiable, type Loss } from '../losses';
import { Matrix } from '../matrix';
import { refuseAbove } from '../memory';
import { callNative } from '../native-errors';
import { VectorProblem } from '../problems/vector-problem';
import { threadCount } from '../threads';
import { Vector } from '../vector';

export interface HessianEdgeOptions {
  /** Default 'wirtinger'. Must be differentiable in the problem's field. */
  readonly loss?: Loss | undefined;
  /** lambda >= 0, default 0. */
  readonly ridge?: number | undefined;
  /** Of the residuals of the four pairs, over the spread of the spectrum. Default 1e-6. */
  readonly tolerance?: number | undefined;
  /** Most Lanczos steps, each two passes over the design; as many vectors are kept. Default 400. */
  readonly maxSteps?: number | undefined;
  /** Of the starting vector. Default 0. */
  readonly seed?: number | undefined;
  /** 1 .. 64; default 1. Never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Aborting rejects the promise with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Cap on memory in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

/**
 * Eigenvalues of the Hessian, in the complex field of the real 2n x 2n one (half of d^2 f(theta + t v)/dt^2 at unit v), on the
 * directions orthogonal to i theta, along which a phase loss does not change.
 */
export interface HessianEdge {
  readonly smallest: number;
  readonly secondSmallest: number;
  readonly secondLargest: number;
  readonly largest: number;
  /** All four residuals are within the tolerance. */
  readonly converged: boolean;
  /** ||H v - lambda v|| of smallest and largest. */
  readonly residuals: readonly [number, number];
  readonly steps: number;
  /** ||X^H force / m + ridge theta||: 0 at a stationary point. */
  readonly gradientNorm: number;
  /** min and max of force' over the rows (both directions when complex). */
  readonly derivatives: readonly [number, number];
}

const KNOWN = [
  'loss',
  'ridge',
  'tolerance',
  'maxSteps',
  'seed',
  'threads',
  'signal',
  'maxMemory',
] as const satisfies readonly (keyof HessianEdgeOptions)[];

/** Ritz values are looked at every so many steps. */
const LOOK_EVERY = 20;

/**
 * Measures the ends of the spectrum at theta. Cost: two passes over the design for each step, 60 to 300 steps.
 *
 * @param theta n numbers of the problem's field
 * @throws LowrankError (as rejection) INVALID_ARGUMENT, NON_FINITE, OUT_OF_MEMORY. Rejects with `signal.reason`.
 */
export async function hessianEdge(
  problem: VectorProblem,
  theta: Vector,
  options: HessianEdgeOptions = {},
): Promise<HessianEdge> {
  if (!(problem instanceof VectorProblem)) throw invalid('a vector problem', 'problem', problem);
  const given = check.optionsObject(options, 'hessianEdge', KNOWN);
  const { field, measurements: m } = problem;
  const loss = findLoss(given['loss'] ?? 'wirtinger', field);
  requireDifferentiable(loss, field);
  const ridge = check.nonNegativeNumber(given['ridge'] ?? 0, 'ridge');
  const tolerance = check.positiveNumber(given['tolerance'] ?? 1e-6, 'tolerance');
  const maxSteps = check.positiveInteger(given['maxSteps'] ?? 400, 'maxSteps');
  const seed = check.seed(given['seed'] ?? 0, 'seed');
  const threads = threadCount(given['threads']);
  const signal = check.optionalSignal(given['signal'], 'signal');
  signal?.throwIfAborted();
  const size = field === 'real' ? problem.dimension : 2 * problem.dimension;
  const free = field === 'real' ? size : size - 1;
  const steps = Math.min(maxSteps, free);
  refuseAbove(8 * (steps + 4) * size, `${steps} Lanczos vectors need`, given['maxMemory']);

  const r = problem.measure(theta, { threads });
  const y = lossMeasurements(problem.channel, problem.y);
  const curvature = curvatureAt(new LineLoss(loss, field), r, y);
  const force = Vector.zeros(m, field);
  callNative(() => {
    native.lossBatch(loss, field, r.data, y, null, force.data, null);
  });
  const multiply = (v: Float64Array): Float64Array => {
    const weighted = curvature.times(problem.measure(new Vector(v, field), { threads }).data);
    const out = problem.adjoint(new Vector(weighted, field), { threads }).data;
    return out.map((value, j) => value / m + ridge * v[j]!);
  };

  // i theta, interleaved: (re, im) -> (-im, re).
  const gauge =
    field === 'complex' ? theta.data.map((_, j) => (j % 2 === 0 ? -theta.data[j + 1]! : theta.data[j - 1]!)) : null;
  const start = new Float64Array(size);
  callNative(() => {
    native.normals(seed, 'initialVector', 0, start);
  });
  const ends = await lanczosEnds(multiply, start, gauge, steps, tolerance, signal);
  const pulled = problem.adjoint(force, { threads }).data;
  const slope = pulled.map((value, j) => value / m + ridge * theta.data[j]!);
  return { ...ends, gradientNorm: new Vector(slope, field).norm(), derivatives: curvature.range };
}

interface Curvature {
  /** force' u for all rows: f u + g conj(u) when complex. */
  readonly times: (u: Float64Array) => Float64Array;
  readonly range: readonly [number, number];
}

function curvatureAt(line: LineLoss, r: Vector, y: Float64Array): Curvature {
  const { data } = r;
  if (r.field === 'real') {
    const { slope } = line.evaluate(data, y);
    return { times: (u) => u.map((value, i) => value * slope[i]!), range: rangeOf([slope]) };
  }
  const modulus = Float64Array.from(y, (_, i) => Math.hypot(data[2 * i]!, data[2 * i + 1]!));
  const { slope, across } = line.evaluate(modulus, y);
  // With the phase p = r / |r| taken out, u = p (a + i b) goes to p (slope a + i across b).
  const times = (u: Float64Array): Float64Array => {
    const out = new Float64Array(u.length);
    for (let i = 0; i < y.length; i++) {
      const size = modulus[i]!;
      const re = size > 0 ? data[2 * i]! / size : 1;
      const im = size > 0 ? data[2 * i + 1]! / size : 0;
      const a = slope[i]! * (re * u[2 * i]! + im * u[2 * i + 1]!);
      const b = across[i]! * (re * u[2 * i + 1]! - im * u[2 * i]!);
      out[2 * i] = re * a - im * b;
      out[2 * i + 1] = im * a + re * b;
    }
    return out;
  };
  return { times, range: rangeOf([slope, across]) };
}

function rangeOf(lists: readonly Float64Array[]): [number, number] {
  let least = Infinity;
  let largest = -Infinity;
  for (const list of lists) {
    for (const value of list) {
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
  }
  return [least, largest];
}

type Ends = Pick<
  HessianEdge,
  'smallest' | 'secondSmallest' | 'secondLargest' | 'largest' | 'converged' | 'residuals' | 'steps'
>;

async function lanczosEnds(
  multiply: (v: Float64Array) => Float64Array,
  start: Float64Array,
  gauge: Float64Array | null,
  maxSteps: number,
  tolerance: number,
  signal: AbortSignal | undefined,
): Promise<Ends> {
  const kept: Float64Array[] = [];
  if (gauge !== null && dot(gauge, gauge) > 0) kept.push(scaled(gauge, 1 / Math.sqrt(dot(gauge, gauge))));
  const fixed = kept.length;
  const diagonal: number[] = [];
  const beside: number[] = [];
  orthogonalize(start, kept);
  let v = scaled(start, 1 / Math.sqrt(dot(start, start)));
  for (;;) {
    kept.push(v);
    const w = multiply(v);
    diagonal.push(dot(w, v));
    orthogonalize(w, kept);
    const beta = Math.sqrt(dot(w, w));
    const steps = kept.length - fixed;
    // An invariant subspace: in exact arithmetic beta is 0.
    const last = steps >= maxSteps || beta <= 1e-13 * Math.max(...diagonal.map(Math.abs), 1e-300);
    if (last || steps % LOOK_EVERY === 0) {
      const ends = ritzEnds(diagonal, beside, beta, tolerance);
      if (last || ends.converged) return ends;
    }
    beside.push(beta);
    v = scaled(w, 1 / beta);
    await setImmediate();
    signal?.throwIfAborted();
  }
}

function ritzEnds(diagonal: readonly number[], beside: readonly number[], beta: number, tolerance: number): Ends {
  const k = diagonal.length;
  const T = Matrix.zeros(k, k);
  for (let i = 0; i < k; i++) {
    T.data[i * k + i] = diagonal[i]!;
    if (i + 1 < k) T.data[i * k + i + 1] = T.data[(i + 1) * k + i] = beside[i]!;
  }
  const { values, vectors } = eigh(T);
  const residual = (j: number): number => Math.abs(beta * vectors.data[(k - 1) * k + j]!);
  const next = Math.min(1, k - 1);
  const spread = values[0]! - values[k - 1]!;
  const picked = [0, next, k - 1 - next, k - 1];
  return {
    largest: values[0]!,
    secondLargest: values[next]!,
    secondSmallest: values[k - 1 - next]!,
    smallest: values[k - 1]!,
    converged: picked.every((j) => residual(j) <= tolerance * spread) || k === 1,
    residuals: [residual(k - 1), residual(0)],
    steps: k,
  };
}

/** Twice is enough. */
function orthogonalize(w: Float64Array, against: readonly Float64Array[]): void {
  for (let round = 0; round < 2; round++) {
    for (const v of against) {
      const share = dot(v, w);
      for (let j = 0; j < w.length; j++) w[j]! -= share * v[j]!;
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

function scaled(a: Float64Array, factor: number): Float64Array {
  return a.map((value) => value * factor);
}
