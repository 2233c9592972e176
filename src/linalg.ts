/**
 * Dense decompositions at LAPACK's speed, for methods written in TypeScript. All are synchronous, run on one thread and
 * check that what goes in and what comes out is finite (LAPACK can hang on a NaN).
 */
import { matrix, refused } from './checks';
import type { LowrankError } from './errors';
import { native } from './load';
import { Matrix } from './matrix';
import { callNative } from './native-errors';

export interface Svd {
  /** rows x t, t = min(rows, cols); orthonormal columns. */
  readonly u: Matrix;
  /** t singular values, falling, not negative. */
  readonly values: Float64Array;
  /** cols x t; orthonormal columns: the right singular vectors, NOT transposed. */
  readonly v: Matrix;
}

export interface Eigh {
  /** n eigenvalues, falling (the largest first, unlike LAPACK and NumPy). */
  readonly values: Float64Array;
  /** n x n; column j belongs to eigenvalue j; orthonormal. */
  readonly vectors: Matrix;
}

export interface Qr {
  /** rows x cols, orthonormal columns. */
  readonly q: Matrix;
  /** cols x cols, upper triangular; its diagonal may have either sign. */
  readonly r: Matrix;
}

/**
 * Thin singular value decomposition, a = u diag(values) v^T. Cost O(rows cols min(rows, cols)).
 *
 * @param a any shape with at least one entry; not changed
 * @throws LowrankError INVALID_ARGUMENT; NON_FINITE for NaN or infinity in `a`; NUMERICAL when no driver converges;
 *   TOO_LARGE when a dimension does not fit LAPACK's integers
 */
export function svd(a: Matrix): Svd {
  const { data, rows, cols } = nonEmpty(a);
  const t = Math.min(rows, cols);
  const u = Matrix.zeros(rows, t);
  const values = new Float64Array(t);
  const vt = new Float64Array(t * cols);
  callNative(() => native.svd(data, rows, cols, u.data, values, vt));
  return { u, values, v: new Matrix(transposed(vt, t, cols), cols, t) };
}

/** A matrix counts as symmetric when no entry differs from its mirror image by more than this times the largest entry. */
const SYMMETRY_TOLERANCE = 1e-10;

/**
 * Eigen-decomposition of a symmetric matrix, a = vectors diag(values) vectors^T. Cost O(n^3).
 *
 * @param a n x n, symmetric to within 1e-10 of its largest entry; its symmetric part (a + a^T) / 2 is what is decomposed
 * @throws LowrankError as {@link svd}; INVALID_ARGUMENT also when `a` is not symmetric
 */
export function eigh(a: Matrix): Eigh {
  const { data, rows: n, cols } = nonEmpty(a);
  if (n !== cols) throw notSymmetric(`one of ${n} x ${cols}`);
  const vectors = Matrix.zeros(n, n);
  const values = new Float64Array(n);
  const part = symmetricPart(data, n);
  callNative(() => native.eigh(part, n, values, vectors.data));
  return { values, vectors };
}

/**
 * Thin QR decomposition by Householder reflections, a = q r. Cost O(rows cols^2).
 *
 * @param a rows >= cols >= 1; not changed
 * @throws LowrankError as {@link svd}; INVALID_ARGUMENT also when rows < cols
 */
export function qr(a: Matrix): Qr {
  const { data, rows, cols } = nonEmpty(a);
  if (rows < cols) throw refused('a matrix with rows >= cols', 'a', `one of ${rows} x ${cols}`);
  const q = Matrix.zeros(rows, cols);
  const r = Matrix.zeros(cols, cols);
  callNative(() => {
    native.qr(data, rows, cols, q.data, r.data);
  });
  return { q, r };
}

function nonEmpty(a: unknown): Matrix {
  const checked = matrix(a, 'a');
  if (checked.rows === 0 || checked.cols === 0) {
    throw refused('a matrix with at least one entry', 'a', `one of ${checked.rows} x ${checked.cols}`);
  }
  return checked;
}

function transposed(data: Float64Array, rows: number, cols: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j]!;
  }
  return out;
}

function symmetricPart(data: Float64Array, n: number): Float64Array {
  const out = Float64Array.from(data);
  let largest = 0;
  let gap = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const below = data[i * n + j]!;
      const above = data[j * n + i]!;
      largest = Math.max(largest, Math.abs(below), Math.abs(above));
      gap = Math.max(gap, Math.abs(below - above));
      out[i * n + j] = out[j * n + i] = below / 2 + above / 2;
    }
  }
  // Written so that a NaN passes here and is reported as NON_FINITE by the native scan.
  if (gap > SYMMETRY_TOLERANCE * largest) throw notSymmetric(`one that differs from its transpose by ${gap}`);
  return out;
}

function notSymmetric(how: string): LowrankError {
  return refused('a symmetric matrix', 'a', how);
}
