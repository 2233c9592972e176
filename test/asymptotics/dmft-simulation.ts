/** Gradient descent on explicit Gaussian data in plain JavaScript: what the DMFT is to predict. */
import { eigh } from '../../src/linalg';
import { native } from '../../src/load';
import { Matrix } from '../../src/matrix';
import type { NativeField, NativeLoss } from '../../src/native';

export interface SimulationOptions {
  readonly dimension: number;
  readonly delta: number;
  readonly field: NativeField;
  readonly loss: NativeLoss;
  readonly steps: Float64Array;
  readonly ridge: number;
  readonly momentum: number;
  readonly batch: number;
  /** T of a spectral start; or the overlap of an independent one. */
  readonly start: ((y: number) => number) | number;
  readonly seed: number;
  /** This row is left out of everything: it counts among the n, but is zero. */
  readonly omit?: number;
}

export interface SimulatedRun {
  readonly m: number[];
  readonly q: number[];
  readonly trainLoss: number[];
  /** r^t, one after the other, interleaved when complex. */
  readonly fields: Float64Array[];
  readonly y: Float64Array;
  readonly t: Float64Array | undefined;
  /** Top eigenvalue of a spectral start. */
  readonly eigenvalue: number;
  readonly rows: Float64Array;
  readonly thetas: Float64Array[];
  /** x_i theta^t for the row that was left out, interleaved when complex. */
  readonly omitted: number[];
}

/** Intensities of a signal that is the first basis vector. */
export function simulate(options: SimulationOptions): SimulatedRun {
  const { dimension: d, delta, field, loss, steps, ridge, momentum, batch, start, seed } = options;
  const e = field === 'complex' ? 2 : 1;
  const n = Math.round(delta * d);
  const rows = new Float64Array(e * n * d);
  native.normals(seed, 'measurements', 0, rows);
  if (e === 2) rows.forEach((value, i) => (rows[i] = value * Math.SQRT1_2));
  const y = Float64Array.from({ length: n }, (_, i) => {
    const at = e * i * d;
    return rows[at]! ** 2 + (e === 2 ? rows[at + 1]! ** 2 : 0);
  });
  const left = options.omit === undefined ? undefined : e * options.omit * d;
  const leftOut = left === undefined ? undefined : rows.slice(left, left + e * d);
  if (left !== undefined) rows.fill(0, left, left + e * d);
  const t = typeof start === 'function' ? y.map(start) : undefined;
  let eigenvalue = 0;
  let theta: Float64Array = new Float64Array(e * d);
  if (t === undefined) {
    const g = new Float64Array(e * (d - 1));
    native.normals(seed, 'initialVector', 0, g);
    const norm = Math.sqrt(g.reduce((sum, value) => sum + value * value, 0));
    const a = start as number;
    theta[0] = a;
    g.forEach((value, j) => (theta[e + j] = (value / norm) * Math.sqrt(1 - a * a)));
  } else {
    ({ vector: theta, value: eigenvalue } = topVector(rows, t, n, d, e));
  }
  let previous = theta;
  const run: SimulatedRun = {
    m: [],
    q: [],
    trainLoss: [],
    fields: [],
    y,
    t,
    eigenvalue,
    rows,
    thetas: [],
    omitted: [],
  };
  for (let step = 0; ; step++) {
    run.thetas.push(theta);
    if (leftOut !== undefined) run.omitted.push(...apply(leftOut, theta, 1, d, e));
    run.m.push(theta[0]!);
    run.q.push(theta.reduce((sum, value) => sum + value * value, 0));
    const r = apply(rows, theta, n, d, e);
    const values = new Float64Array(n);
    const forces = new Float64Array(e * n);
    native.lossBatch(loss, field, r, y, values, forces, null);
    run.fields.push(r);
    run.trainLoss.push(values.reduce((sum, value) => sum + value, 0) / n);
    if (step === steps.length) return run;
    if (batch < 1) {
      const draws = new Float64Array(n);
      native.uniforms(seed, 'heldOut', step * n, draws);
      forces.forEach((value, i) => (forces[i] = draws[Math.floor(i / e)]! < batch ? value / batch : 0));
    }
    const gradient = adjoint(rows, forces, n, d, e);
    const eta = steps[step]!;
    const before = previous;
    const now = theta;
    previous = theta;
    theta = now.map((value, j) => value - eta * (gradient[j]! / n + ridge * value) + momentum * (value - before[j]!));
  }
}

/** X theta, no conjugation. */
export function apply(rows: Float64Array, theta: Float64Array, n: number, d: number, e: number): Float64Array {
  const out = new Float64Array(e * n);
  for (let i = 0; i < n; i++) {
    const at = e * i * d;
    let re = 0;
    let im = 0;
    if (e === 1) for (let j = 0; j < d; j++) re += rows[at + j]! * theta[j]!;
    else {
      for (let j = 0; j < 2 * d; j += 2) {
        re += rows[at + j]! * theta[j]! - rows[at + j + 1]! * theta[j + 1]!;
        im += rows[at + j]! * theta[j + 1]! + rows[at + j + 1]! * theta[j]!;
      }
      out[2 * i + 1] = im;
    }
    out[e * i] = re;
  }
  return out;
}

/** X^H g */
function adjoint(rows: Float64Array, g: Float64Array, n: number, d: number, e: number): Float64Array {
  const out = new Float64Array(e * d);
  for (let i = 0; i < n; i++) {
    const at = e * i * d;
    if (e === 1) for (let j = 0; j < d; j++) out[j]! += rows[at + j]! * g[i]!;
    else {
      const [re, im] = [g[2 * i]!, g[2 * i + 1]!];
      for (let j = 0; j < 2 * d; j += 2) {
        out[j]! += rows[at + j]! * re + rows[at + j + 1]! * im;
        out[j + 1]! += rows[at + j]! * im - rows[at + j + 1]! * re;
      }
    }
  }
  return out;
}

/** Top eigenvector of X^H diag(t) X / n, in the gauge <theta*, v> >= 0; complex through its real embedding. */
function topVector(
  rows: Float64Array,
  t: Float64Array,
  n: number,
  d: number,
  e: number,
): { vector: Float64Array; value: number } {
  // Power iteration shifted by the most negative weight's share; the gap of these cases makes a few hundred steps ample.
  const weights = t.map((value) => value / n);
  let vector: Float64Array = Float64Array.from({ length: e * d }, (_, j) => (j === 0 ? 1 : 0.1 / Math.sqrt(e * d)));
  const basis: Float64Array[] = [];
  // A small Krylov space with a Rayleigh-Ritz step: 40 products are exact to rounding for our gaps.
  const images: Float64Array[] = [];
  for (let k = 0; k < 40; k++) {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of basis) {
        const [re, im] = inner(other, vector, e);
        vector = vector.map((value, j) => value - product(re, im, other, j, e));
      }
    }
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    vector = vector.map((value) => value / norm);
    basis.push(vector);
    const field = apply(rows, vector, n, d, e);
    field.forEach((value, i) => (field[i] = value * weights[Math.floor(i / e)]!));
    vector = adjoint(rows, field, n, d, e);
    images.push(vector);
  }
  const size = e * basis.length;
  // Hermitian matrix B^H D B, embedded as a real symmetric one when complex.
  const small = Matrix.zeros(size, size);
  basis.forEach((a, i) => {
    images.forEach((b, j) => {
      const [re, im] = inner(a, b, e);
      if (e === 1) small.data[i * size + j] = re;
      else {
        small.data[2 * i * size + 2 * j] = re;
        small.data[(2 * i + 1) * size + 2 * j + 1] = re;
        small.data[2 * i * size + 2 * j + 1] = -im;
        small.data[(2 * i + 1) * size + 2 * j] = im;
      }
    });
  });
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const half = (small.data[i * size + j]! + small.data[j * size + i]!) / 2;
      small.data[i * size + j] = half;
      small.data[j * size + i] = half;
    }
  }
  const { values, vectors } = eigh(small);
  const out = new Float64Array(e * d);
  basis.forEach((other, k) => {
    const re = vectors.data[e * k * size]!;
    const im = e === 2 ? vectors.data[(2 * k + 1) * size]! : 0;
    out.forEach((value, j) => (out[j] = value + product(re, im, other, j, e)));
  });
  // The gauge: the first entry real and positive.
  const [re, im] = [out[0]!, e === 2 ? out[1]! : 0];
  const modulus = Math.hypot(re, im);
  const turned = out.map((_, j) => product(re / modulus, -im / modulus, out, j, e));
  return { vector: turned, value: values[0]! };
}

/** sum conj(a) b */
function inner(a: Float64Array, b: Float64Array, e: number): [number, number] {
  let re = 0;
  let im = 0;
  if (e === 1) a.forEach((value, j) => (re += value * b[j]!));
  else {
    for (let j = 0; j < a.length; j += 2) {
      re += a[j]! * b[j]! + a[j + 1]! * b[j + 1]!;
      im += a[j]! * b[j + 1]! - a[j + 1]! * b[j]!;
    }
  }
  return [re, im];
}

/** Entry j of (re + i im) v, as interleaved doubles. */
function product(re: number, im: number, v: Float64Array, j: number, e: number): number {
  if (e === 1) return re * v[j]!;
  return j % 2 === 0 ? re * v[j]! - im * v[j + 1]! : re * v[j]! + im * v[j - 1]!;
}
