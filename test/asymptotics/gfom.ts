/**
 * A second solver of the same theory, for the tests: any sequence of steps
 *
 *     theta^{t+1} = (keep_t theta^t - gain_t X^T ell_t(X theta^t, y) / n) / scale_t
 *
 * from an independent start (real field), plain and slow, with responses either pathwise or, without any derivative, from
 * the linear system Cov(z, w^0 .. w^t) [kappa_t; R_l(t, .)] = E[(z, w^0 .. w^t) ell_t] that Stein's identity gives.
 * A step may divide by the predicted norm of what it makes: so power iterations on X^T diag(T) X / n are steps too.
 */
import { native } from '../../src/load';

export interface Step {
  readonly keep: number;
  readonly gain: number;
  readonly force: (r: number, y: number) => number;
  readonly slope: (r: number, y: number) => number;
  readonly normalize?: boolean;
}

export interface Gfom {
  readonly m: Float64Array;
  readonly q: Float64Array;
  readonly responseForce: Float64Array[];
  readonly kappa: number[];
}

export function gfom(
  z: Float64Array,
  y: Float64Array,
  delta: number,
  overlap: number,
  steps: readonly Step[],
  seed: number,
  responses: 'pathwise' | 'stein',
): Gfom {
  const samples = z.length;
  const T = steps.length;
  const average = (f: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < samples; i++) sum += f(i);
    return sum / samples;
  };
  const m = new Float64Array(T + 1);
  const C = Array.from({ length: T + 1 }, () => new Float64Array(T + 1));
  const R = Array.from({ length: T + 1 }, () => new Float64Array(T + 1));
  const Cu = Array.from({ length: T + 1 }, () => new Float64Array(T + 1));
  const law: Float64Array[] = [Float64Array.of(1)];
  const draws: Float64Array[] = [z];
  const fields: Float64Array[] = [];
  const forces: Float64Array[] = [];
  const slopes: Float64Array[] = [];
  const out: Gfom = { m, q: new Float64Array(T + 1), responseForce: [], kappa: [] };
  m[0] = overlap;
  C[0]![0] = 1;
  for (let t = 0; t < T; t++) {
    const { keep, gain, force, slope, normalize } = steps[t]!;
    // w^t given z, w^0 .. w^{t-1}
    const row = new Float64Array(t + 2);
    let left = C[t]![t]!;
    for (let k = 0; k <= t; k++) {
      const pivot = law[k]![k]!;
      let value = k === 0 ? m[t]! : C[t]![k - 1]!;
      for (let j = 0; j < k; j++) value -= row[j]! * law[k]![j]!;
      row[k] = pivot > 1e-7 ? value / pivot : 0;
      left -= row[k]! ** 2;
    }
    row[t + 1] = Math.sqrt(Math.max(0, left));
    law.push(row);
    const xi = new Float64Array(samples);
    native.normals(seed, 'test', t * samples, xi);
    draws.push(xi);
    const w = new Float64Array(samples);
    draws.forEach((draw, k) => {
      draw.forEach((value, i) => (w[i]! += row[k]! * value));
    });
    fields.push(w);
    const r = w.map((value, i) => value + forces.reduce((sum, ell, s) => sum + (R[t]![s]! * ell[i]!) / delta, 0));
    forces.push(r.map((value, i) => force(value, y[i]!)));
    slopes.push(r.map((value, i) => slope(value, y[i]!)));
    const ell = forces[t]!;
    for (let s = 0; s <= t; s++) {
      const value = average((i) => ell[i]! * forces[s]![i]!) / delta;
      Cu[t]![s] = value;
      Cu[s]![t] = value;
    }
    const Rl = new Float64Array(t + 1);
    let kappa: number;
    if (responses === 'pathwise') {
      const al: Float64Array[] = [];
      al[t] = slopes[t]!;
      for (let s = t - 1; s >= 0; s--) {
        al[s] = slopes[s]!.map((value, i) => {
          let sum = 0;
          for (let k = s + 1; k <= t; k++) sum += R[k]![s]! * al[k]![i]!;
          return (value * sum) / delta;
        });
      }
      for (let s = 0; s <= t; s++) Rl[s] = average((i) => al[s]![i]!);
      kappa = average((i) => z[i]! * ell[i]!) - Rl.reduce((sum, value, s) => sum + value * m[s]!, 0);
    } else {
      const right = [z, ...fields].map((field) => average((i) => field[i]! * ell[i]!));
      const cov = [z, ...fields].map((a) => [z, ...fields].map((b) => average((i) => a[i]! * b[i]!)));
      const [first, ...rest] = solveLinear(cov, right);
      kappa = first!;
      rest.forEach((value, s) => (Rl[s] = value));
    }
    out.responseForce.push(Rl);
    out.kappa.push(kappa);
    // theta^{t+1} before it is scaled
    m[t + 1] = keep * m[t]! - gain * (kappa + Rl.reduce((sum, value, s) => sum + value * m[s]!, 0));
    for (let s = 0; s < t; s++) R[t + 1]![s] = keep * R[t]![s]!;
    for (let k = 0; k <= t; k++) for (let s = 0; s < k; s++) R[t + 1]![s]! -= gain * Rl[k]! * R[k]![s]!;
    R[t + 1]![t] = -gain;
    for (let s = 0; s <= t + 1; s++) {
      let pull = kappa * m[s]!;
      for (let k = 0; k <= t; k++) pull += Rl[k]! * C[s]![k]! + R[s]![k]! * Cu[k]![t]!;
      C[t + 1]![s] = keep * C[s]![t]! - gain * pull;
      C[s]![t + 1] = C[t + 1]![s]!;
    }
    if (normalize === true) {
      const scale = Math.sqrt(C[t + 1]![t + 1]!);
      m[t + 1]! /= scale;
      for (let s = 0; s <= t; s++) {
        R[t + 1]![s]! /= scale;
        C[t + 1]![s]! /= scale;
        C[s]![t + 1]! /= scale;
      }
      C[t + 1]![t + 1] = 1;
    }
  }
  C.forEach((line, t) => (out.q[t] = line[t]!));
  return out;
}

/** Gaussian elimination with row exchanges. */
function solveLinear(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let value = rows[k]![n]!;
    for (let j = k + 1; j < n; j++) value -= rows[k]![j]! * x[j]!;
    x[k] = value / rows[k]![k]!;
  }
  return x;
}
