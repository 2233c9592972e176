/**
 * The three equations of the long-time fixed point as a map of (m, q, V), its averages over quasi-random rows, and the
 * iteration that looks for where the map stands still.
 */
import { setImmediate } from 'node:timers/promises';
import type { Field } from '../vector';
import { type LineLoss, mean, type RowSolution, solveRows } from './fixed-point-row';

/** Rows without their measurements' law: z, what is independent of it, and y. */
export interface Rows {
  readonly field: Field;
  /** Real: z, complex: |z|. */
  readonly z: Float64Array;
  readonly y: Float64Array;
  /** Standard normal and independent of z; complex: real and imaginary part apart, each of variance 1/2. */
  readonly g: readonly Float64Array[];
}

export interface OrderParameters {
  readonly m: number;
  readonly q: number;
  readonly V: number;
}

/** Everything that one evaluation at (m, q, V) gives. */
export interface Averages {
  readonly xi: number;
  readonly kappa: number;
  readonly squaredForce: number;
  readonly rows: RowSolution;
  /** w (complex: |w|). */
  readonly w: Float64Array;
  /** min over rows (and both directions, when complex) of 1 + V slope. */
  readonly margin: number;
}

/** Averages over the rows at (m, q, V); `previous` are roots to start from. */
export function averagesAt(
  line: LineLoss,
  rows: Rows,
  { m, q, V }: OrderParameters,
  previous: Float64Array | null,
): Averages {
  const { z, y, g } = rows;
  const count = z.length;
  const spread = Math.sqrt(Math.max(q - m * m, 0));
  const w = new Float64Array(count);
  // Cosine of the phase between w and z.
  const cosine = rows.field === 'complex' ? new Float64Array(count) : null;
  for (let i = 0; i < count; i++) {
    const re = m * z[i]! + spread * g[0]![i]!;
    if (cosine === null) w[i] = re;
    else {
      const modulus = Math.hypot(re, spread * g[1]![i]!);
      w[i] = modulus;
      cosine[i] = modulus > 0 ? re / modulus : 1;
    }
  }
  const solved = solveRows(line, V, w, y, previous);
  let xi = 0;
  let correlation = 0;
  let squaredForce = 0;
  let margin = Infinity;
  for (let i = 0; i < count; i++) {
    const along = 1 + V * solved.slope[i]!;
    margin = Math.min(margin, along);
    const force = solved.force[i]!;
    squaredForce += force * force;
    if (cosine === null) {
      xi += solved.slope[i]! / along;
      correlation += z[i]! * force;
    } else {
      const across = 1 + V * solved.across[i]!;
      margin = Math.min(margin, across);
      xi += (solved.slope[i]! / along + solved.across[i]! / across) / 2;
      correlation += z[i]! * force * cosine[i]!;
    }
  }
  xi /= count;
  return {
    xi,
    kappa: correlation / count - m * xi,
    squaredForce: squaredForce / count,
    rows: solved,
    w,
    margin,
  };
}

/** The map itself. Undefined where ridge + xi is not positive: no susceptibility then. */
export function mapped(averages: Averages, delta: number, ridge: number): OrderParameters | undefined {
  const stiffness = ridge + averages.xi;
  if (!(stiffness > 0 && Number.isFinite(averages.kappa) && Number.isFinite(averages.squaredForce))) return undefined;
  const m = -averages.kappa / stiffness;
  return {
    m,
    q: m * m + averages.squaredForce / (delta * stiffness * stiffness),
    V: 1 / (delta * stiffness),
  };
}

export interface IterationOptions {
  readonly delta: number;
  readonly ridge: number;
  readonly start: OrderParameters;
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly signal?: AbortSignal | undefined;
}

export interface IterationResult {
  readonly at: OrderParameters;
  readonly averages: Averages;
  readonly iterations: number;
  /** Largest change of m, q and log V by the map. */
  readonly change: number;
  /** False when the map left its domain (ridge + xi <= 0). */
  readonly defined: boolean;
}

const DAMPING = 0.5;
/** Plain damped steps before differences of earlier steps are used. */
const PLAIN = 4;
const MEMORY = 3;

/**
 * Damped iteration, accelerated by Anderson's mixing of the last steps (in m, q and log V): the limit is the same, near a
 * threshold it comes hundreds of steps sooner. An accelerated step that leaves the domain, or after which the map moves
 * much more than before it, is replaced by a damped one.
 */
export async function iterate(line: LineLoss, rows: Rows, options: IterationOptions): Promise<IterationResult> {
  const { delta, ridge, tolerance, maxIterations, signal } = options;
  let at = options.start;
  let averages = averagesAt(line, rows, at, null);
  const points: number[][] = [];
  const moves: number[][] = [];
  let best = Infinity;
  for (let iteration = 0; ; iteration++) {
    const to = mapped(averages, delta, ridge);
    if (to === undefined) return { at, averages, iterations: iteration, change: Infinity, defined: false };
    const move = [to.m - at.m, to.q - at.q, Math.log(to.V / at.V)];
    const change = Math.max(...move.map(Math.abs));
    if (change <= tolerance || iteration >= maxIterations) {
      return { at, averages, iterations: iteration, change, defined: true };
    }
    if (change > 10 * best) {
      points.length = 0;
      moves.length = 0;
    }
    best = Math.min(best, change);
    points.push([at.m, at.q, Math.log(at.V)]);
    moves.push(move);
    if (points.length > MEMORY + 1) {
      points.shift();
      moves.shift();
    }
    const damped = points[points.length - 1]!.map((x, k) => x + DAMPING * move[k]!);
    const mixed = iteration < PLAIN ? damped : andersonStep(points, moves);
    const next = admissible(mixed) ? mixed : damped;
    at = { m: next[0]!, q: Math.max(next[1]!, next[0]! ** 2), V: Math.exp(next[2]!) };
    await setImmediate();
    signal?.throwIfAborted();
    averages = averagesAt(line, rows, at, averages.rows.r);
  }
}

function admissible([m, q, logV]: readonly number[]): boolean {
  return [m, q, logV].every(Number.isFinite) && q! >= m! * m! * (1 - 1e-12) && Math.abs(logV!) < 50;
}

/** x + f - (dX + dF) gamma, gamma the least-squares solution of dF gamma = f (Anderson, J. ACM 12, 1965). */
function andersonStep(points: readonly (readonly number[])[], moves: readonly (readonly number[])[]): number[] {
  const last = points.length - 1;
  const x = points[last]!;
  const f = moves[last]!;
  const dX: number[][] = [];
  const dF: number[][] = [];
  for (let k = 0; k < last; k++) {
    dX.push(x.map((value, j) => value - points[k]![j]!));
    dF.push(f.map((value, j) => value - moves[k]![j]!));
  }
  // Gram-Schmidt on the differences of the moves; nearly dependent ones are dropped.
  const out = x.map((value, j) => value + f[j]!);
  const rest = [...f];
  const basis: { unit: number[]; shift: number[] }[] = [];
  for (let k = last - 1; k >= 0; k--) {
    const direction = [...dF[k]!];
    const shift = dX[k]!.map((value, j) => value + dF[k]![j]!);
    const before = norm(direction);
    for (const { unit, shift: other } of basis) {
      const share = dot(unit, direction);
      for (let j = 0; j < 3; j++) {
        direction[j]! -= share * unit[j]!;
        shift[j]! -= share * other[j]!;
      }
    }
    const length = norm(direction);
    if (!(length > 1e-6 * before)) continue;
    const unit = direction.map((value) => value / length);
    basis.push({ unit, shift: shift.map((value) => value / length) });
    const share = dot(unit, rest);
    for (let j = 0; j < 3; j++) {
      rest[j]! -= share * unit[j]!;
      out[j]! -= share * basis[basis.length - 1]!.shift[j]!;
    }
  }
  return out;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, j) => sum + value * b[j]!, 0);
}

function norm(a: readonly number[]): number {
  return Math.sqrt(dot(a, a));
}

/** Makes `g` uncorrelated with z in the sample, and of the given mean square: then linear models are exact. */
export function standardize(g: Float64Array, against: readonly Float64Array[], meanSquare: number): Float64Array {
  const out = Float64Array.from(g);
  const centre = mean(out);
  for (let i = 0; i < out.length; i++) out[i]! -= centre;
  for (const other of against) {
    let cross = 0;
    let square = 0;
    for (let i = 0; i < out.length; i++) {
      cross += out[i]! * other[i]!;
      square += other[i]! * other[i]!;
    }
    for (let i = 0; i < out.length; i++) out[i]! -= (cross / square) * other[i]!;
  }
  let square = 0;
  for (const value of out) square += value * value;
  const factor = Math.sqrt((meanSquare * out.length) / square);
  return out.map((value) => value * factor);
}
