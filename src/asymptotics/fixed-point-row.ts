/**
 * The scalar equation of the long-time fixed point, r + V force(r, y) = w, for many rows at once.
 *
 * Losses whose force is odd in r (all phase losses) are solved for rho = |r|, with sign(r) = sign(w), and the largest root;
 * the complex field likewise, where r and the force have the phase of w. Other losses are solved on the whole line, from
 * w on. The first call comes from the right of all roots, later ones start at the roots of the call before, so that a row
 * stays on its branch.
 */
import { native } from '../load';
import type { NativeLoss } from '../native';
import { callNative } from '../native-errors';
import type { Field } from '../vector';

/** What the averages need, at the roots. */
export interface RowSolution {
  /** r (real), or |r| with r = |r| w / |w| (complex, and real with an odd force: there times sign(w)). */
  readonly r: Float64Array;
  /** The force at r, real: in the complex field the factor of w / |w|. */
  readonly force: Float64Array;
  /** d force / dr: along the phase of r in the complex field. */
  readonly slope: Float64Array;
  /** Complex: force / |r|, the derivative across the phase. Real: empty. */
  readonly across: Float64Array;
  /** Rows whose equation could not be solved to rounding. */
  readonly unsolved: number;
}

const MAX_ITERATIONS = 100;

// Called for every row: no look-up of a global.
const { abs, max, sqrt } = Math;
const { isNaN } = Number;

/** A loss along a real line: force and slope where the others are r >= 0 or all of R. */
export class LineLoss {
  readonly odd: boolean;

  constructor(
    readonly loss: NativeLoss,
    readonly field: Field,
  ) {
    this.odd = field === 'complex' || isOdd(loss);
  }

  /** Force and its derivative along the line. */
  evaluate(r: Float64Array, y: Float64Array): { force: Float64Array; slope: Float64Array; across: Float64Array } {
    const count = r.length;
    const derivative = new Float64Array(count);
    if (this.field === 'real') {
      const force = new Float64Array(count);
      callNative(() => {
        native.lossBatch(this.loss, 'real', r, y, null, force, derivative);
      });
      return { force, slope: derivative, across: NONE };
    }
    const both = new Float64Array(2 * count);
    callNative(() => {
      native.lossBatch(this.loss, 'complex', interleaved(r), y, null, both, derivative);
    });
    const force = new Float64Array(count);
    const across = new Float64Array(count);
    const slope = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      force[i] = both[2 * i]!;
      // f = h + s h', force = r h(s): across the phase h, along it h + 2 s h' = 2 f - h.
      across[i] = r[i]! > 0 ? force[i]! / r[i]! : derivative[i]!;
      slope[i] = 2 * derivative[i]! - across[i]!;
    }
    return { force, slope, across };
  }

  /** mean L(r, y), in the complex field at real r >= 0. */
  meanValue(r: Float64Array, y: Float64Array): number {
    const values = new Float64Array(r.length);
    callNative(() => {
      native.lossBatch(this.loss, this.field, this.field === 'real' ? r : interleaved(r), y, values, null, null);
    });
    return mean(values);
  }
}

/**
 * Solves r + V force(r, y) = w for all rows; w is |w| in the complex field.
 *
 * @param previous roots to start from, or null
 */
export function solveRows(
  line: LineLoss,
  V: number,
  w: Float64Array,
  y: Float64Array,
  previous: Float64Array | null,
): RowSolution {
  const count = w.length;
  const { odd } = line;
  const target = odd ? w.map(abs) : w;
  const r = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = previous === null ? NaN : odd ? abs(previous[i]!) : previous[i]!;
    r[i] = isNaN(start) ? (odd ? max(target[i]!, sqrt(max(y[i]!, 0))) : target[i]!) : start;
  }
  const low = new Float64Array(count).fill(odd ? 0 : -Infinity);
  const high = new Float64Array(count).fill(Infinity);

  let active = Int32Array.from({ length: count }, (_, i) => i);
  for (let iteration = 0; iteration < MAX_ITERATIONS && active.length > 0; iteration++) {
    const at = gather(r, active);
    const { force, slope } = line.evaluate(at, gather(y, active));
    let left = 0;
    for (let k = 0; k < active.length; k++) {
      const i = active[k]!;
      const x = at[k]!;
      const gap = x + V * force[k]! - target[i]!;
      if (gap > 0) high[i] = x;
      else low[i] = x;
      const next = gap === 0 ? x : safeguarded(x, gap, 1 + V * slope[k]!, low[i]!, high[i]!);
      r[i] = next;
      // Newton's step below rounding, or nothing between the bounds.
      if (abs(next - x) > 4e-16 * abs(x) && high[i]! - low[i]! > 4e-16 * abs(x)) active[left++] = i;
    }
    active = active.slice(0, left);
  }

  if (odd && line.field === 'real') for (let i = 0; i < count; i++) if (w[i]! < 0) r[i] = -r[i]!;
  const { force, slope, across } = line.evaluate(r, y);
  let unsolved = 0;
  for (let i = 0; i < count; i++) {
    const gap = r[i]! + V * force[i]! - w[i]!;
    // Twice the rounding of the terms would do; a bracket around a jump does not.
    if (!(abs(gap) <= 1e-9 * (1 + abs(w[i]!) + V * abs(force[i]!)))) unsolved++;
  }
  return { r, force, slope, across, unsolved };
}

/** Newton's step where it stays between the bounds, else bisection, else a doubled step away from the known side. */
function safeguarded(x: number, gap: number, slope: number, low: number, high: number): number {
  const newton = x - gap / slope;
  if (slope > 0 && newton > low && newton < high) return newton;
  if (high === Infinity) return 2 * abs(x) + 1;
  if (low === -Infinity) return -2 * abs(x) - 1;
  return (low + high) / 2;
}

const NONE = new Float64Array(0);

function gather(values: Float64Array, indices: Int32Array): Float64Array {
  const out = new Float64Array(indices.length);
  for (let k = 0; k < indices.length; k++) out[k] = values[indices[k]!]!;
  return out;
}

export function interleaved(r: Float64Array): Float64Array {
  const out = new Float64Array(2 * r.length);
  for (let i = 0; i < r.length; i++) out[2 * i] = r[i]!;
  return out;
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** force(-r, y) = -force(r, y), tried on a grid: what makes the sign of r follow that of w. */
function isOdd(loss: NativeLoss): boolean {
  const r: number[] = [];
  const y: number[] = [];
  for (const modulus of [0, 0.11, 0.7, 1.3, 2.9]) {
    for (const value of [0, 0.3, 1, 2.7]) {
      r.push(modulus, -modulus);
      y.push(value, value);
    }
  }
  const force = new Float64Array(r.length);
  callNative(() => {
    native.lossBatch(loss, 'real', Float64Array.from(r), Float64Array.from(y), null, force, null);
  });
  for (let i = 0; i < force.length; i += 2) if (force[i] !== -force[i + 1]!) return false;
  return true;
}
