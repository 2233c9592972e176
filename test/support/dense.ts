/** Oracles: explicit loops over dense arrays, and what they may differ by in floating point. */
import { Matrix } from '../../src';

/** Distance from 1 to the next double; every rounding error below is at most EPS / 2 of its result. */
export const EPS = Number.EPSILON;

/** left right^T */
export function product(left: Matrix, right: Matrix): Matrix {
  const out = Matrix.zeros(left.rows, right.rows);
  for (let i = 0; i < left.rows; i++) {
    for (let j = 0; j < right.rows; j++) {
      for (let k = 0; k < left.cols; k++) out.data[i * right.rows + j]! += left.get(i, k) * right.get(j, k);
    }
  }
  return out;
}

/** Ordinary product a b. */
export function times(a: Matrix, b: Matrix): Matrix {
  return product(a, transpose(b));
}

export function transpose(a: Matrix): Matrix {
  const out = Matrix.zeros(a.cols, a.rows);
  for (let i = 0; i < a.rows; i++) for (let j = 0; j < a.cols; j++) out.data[j * a.rows + i] = a.get(i, j);
  return out;
}

export function absolute(a: Matrix): Matrix {
  return new Matrix(a.data.map(Math.abs), a.rows, a.cols);
}

/** (a + a^T) / 2 */
export function symmetricPart(a: Matrix): Matrix {
  const mirrored = transpose(a);
  return new Matrix(
    a.data.map((value, i) => (value + mirrored.data[i]!) / 2),
    a.rows,
    a.cols,
  );
}

export function combine(a: Matrix, factor: number, b: Matrix): Matrix {
  return new Matrix(
    a.data.map((value, i) => value + factor * b.data[i]!),
    a.rows,
    a.cols,
  );
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a));
}

export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return Math.sqrt(sum);
}

/** Measurement matrix i of a flat array of them. */
export function slice(A: ArrayLike<number>, i: number, rows: number, cols: number): Matrix {
  return new Matrix(
    Float64Array.from({ length: rows * cols }, (_, at) => A[i * rows * cols + at]!),
    rows,
    cols,
  );
}

/** y_i = <A_i, X>, by the definition. */
export function measure(A: ArrayLike<number>, X: Matrix): Float64Array {
  const size = X.data.length;
  const out = new Float64Array(A.length / size);
  for (let i = 0; i < out.length; i++) {
    for (let at = 0; at < size; at++) out[i]! += A[i * size + at]! * X.data[at]!;
  }
  return out;
}

/** sum_i r_i A_i, by the definition. */
export function adjoint(A: ArrayLike<number>, r: ArrayLike<number>, rows: number, cols: number): Matrix {
  const out = Matrix.zeros(rows, cols);
  for (let i = 0; i < r.length; i++) {
    for (let at = 0; at < rows * cols; at++) out.data[at]! += r[i]! * A[i * rows * cols + at]!;
  }
  return out;
}

/**
 * How far two computations of <A_i, left right^T> in double precision may be apart, whatever their orders of summation:
 * each is within (N + k + 2) EPS/2 of |A_i| . (|left| |right|^T) with N = n1 n2 products and k columns (Higham,
 * Accuracy and Stability of Numerical Algorithms, 3.1, first order; the EPS/2 that is left over covers the second).
 * Cauchy-Schwarz bounds the inner product by ||A_i||_F || |left| |right|^T ||_F.
 */
export function measureBound(Ai: Matrix, left: Matrix, right: Matrix): number {
  const count = Ai.data.length + left.cols + 3;
  return count * EPS * norm(Ai.data) * norm(product(absolute(left), absolute(right)).data);
}
