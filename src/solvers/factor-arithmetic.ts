/** Small arithmetic on factor pairs, kept off the event loop or cut into slices that leave it free. */
import { native } from '../load';
import { Matrix } from '../matrix';
import type { NativeFactorSvd } from '../native';
import { fromNative } from '../native-errors';
import type { Factors } from './result';

/** X = left diag(values) right^T with orthonormal columns. */
export interface FactorSvd {
  readonly left: Matrix;
  readonly values: Float64Array;
  readonly right: Matrix;
}

/** Singular values and vectors of left right^T, computed on a thread of the pool. */
export function factorSvd({ left, right }: Factors): Promise<FactorSvd> {
  return new Promise((resolve, reject) => {
    const other = right === left ? null : right.data;
    native.factorSvd(left.data, other, left.rows, right.rows, left.cols, (error, result?: NativeFactorSvd) => {
      if (result === undefined) {
        reject(fromNative(error));
        return;
      }
      const rank = result.values.length;
      resolve({
        left: new Matrix(result.left, left.rows, rank),
        values: result.values,
        right: new Matrix(result.right, right.rows, rank),
      });
    });
  });
}

/** The balanced factors of the best rank-`rank` part: columns weighted with the roots of their singular values. */
export function truncate(svd: FactorSvd, rank: number, symmetric: boolean): Factors {
  const left = weighted(svd.left, svd.values, rank);
  return { left, right: symmetric ? left : weighted(svd.right, svd.values, rank) };
}

function weighted(vectors: Matrix, values: Float64Array, rank: number): Matrix {
  const out = Matrix.zeros(vectors.rows, rank);
  for (let j = 0; j < rank; j++) {
    const root = Math.sqrt(values[j]!);
    for (let i = 0; i < vectors.rows; i++) out.data[i * rank + j] = vectors.data[i * vectors.cols + j]! * root;
  }
  return out;
}

/** The factors times `factor` each. */
export function scaled({ left, right }: Factors, factor: number): Factors {
  const times = (m: Matrix): Matrix =>
    new Matrix(
      m.data.map((value) => value * factor),
      m.rows,
      m.cols,
    );
  const newLeft = times(left);
  return { left: newLeft, right: right === left ? newLeft : times(right) };
}

/** Multiplications between two looks at the event loop: a few milliseconds. */
const SLICE = 2_000_000;

/** Calls `row(i, X_i)` with every row of X = left right^T, in order; lets the event loop run in between. */
async function eachRow({ left, right }: Factors, row: (i: number, values: Float64Array) => void): Promise<void> {
  const rank = left.cols;
  const values = new Float64Array(right.rows);
  let work = 0;
  for (let i = 0; i < left.rows; i++) {
    for (let j = 0; j < right.rows; j++) {
      let sum = 0;
      for (let c = 0; c < rank; c++) sum += left.data[i * rank + c]! * right.data[j * rank + c]!;
      values[j] = sum;
    }
    row(i, values);
    work += right.rows * (rank + 1);
    if (work > SLICE) {
      work = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** left right^T; exactly symmetric where `symmetric` says that it should be. */
export async function product(factors: Factors, symmetric: boolean): Promise<Matrix> {
  const out = Matrix.zeros(factors.left.rows, factors.right.rows);
  await eachRow(factors, (i, values) => {
    out.data.set(values, i * out.cols);
  });
  if (!symmetric) return out;
  const n = out.rows;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const mean = (out.data[i * n + j]! + out.data[j * n + i]!) / 2;
      out.data[i * n + j] = out.data[j * n + i] = mean;
    }
  }
  return out;
}

/** Frobenius norm of left right^T - x. */
export async function distance(factors: Factors, x: Matrix): Promise<number> {
  let squares = 0;
  await eachRow(factors, (i, values) => {
    for (let j = 0; j < values.length; j++) squares += (values[j]! - x.data[i * x.cols + j]!) ** 2;
  });
  return Math.sqrt(squares);
}

/**
 * A point near X = left right^T, in a random direction that the rank allows: both factors moved by Gaussian matrices, X by
 * `size` (Frobenius, to first order). `tied`: X is symmetric and must stay so; the columns of `right` are those of `left` up
 * to sign.
 */
export function nearby(factors: Factors, size: number, seed: number, tied: boolean): Factors {
  const { left, right } = factors;
  const rank = left.cols;
  const same = right === left;
  const draws = new Float64Array(left.data.length + (tied ? 0 : right.data.length));
  native.normals(seed, 'test', 0, draws);
  const moveLeft = new Matrix(draws.slice(0, left.data.length), left.rows, rank);
  const moveRight = tied ? mirrored(moveLeft, factors) : new Matrix(draws.slice(left.data.length), right.rows, rank);
  // ||D_F G^T + F D_G^T||^2 from Gram matrices
  const squares =
    inner(gram(moveLeft, moveLeft), gram(right, right)) +
    inner(gram(moveRight, moveRight), gram(left, left)) +
    2 * inner(gram(left, moveLeft), gram(moveRight, right));
  const step = squares > 0 ? size / Math.sqrt(squares) : 0;
  const moved = (m: Matrix, d: Matrix): Matrix =>
    new Matrix(
      m.data.map((value, i) => value + step * d.data[i]!),
      m.rows,
      rank,
    );
  const newLeft = moved(left, moveLeft);
  return { left: newLeft, right: same ? newLeft : moved(right, moveRight) };
}

/** The best matrix of the same rank near from + factor (to - from). */
export async function extrapolate(from: Factors, to: Factors, factor: number, symmetric: boolean): Promise<Factors> {
  const left = beside(from.left, 1 - factor, to.left, factor);
  const right = beside(from.right, 1, to.right, 1);
  return truncate(await factorSvd({ left, right }), from.left.cols, symmetric);
}

/** [a A, b B] */
function beside(A: Matrix, a: number, B: Matrix, b: number): Matrix {
  const out = Matrix.zeros(A.rows, A.cols + B.cols);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < A.cols; j++) out.data[i * out.cols + j] = a * A.data[i * A.cols + j]!;
    for (let j = 0; j < B.cols; j++) out.data[i * out.cols + A.cols + j] = b * B.data[i * B.cols + j]!;
  }
  return out;
}

function mirrored(move: Matrix, { left, right }: Factors): Matrix {
  const rank = move.cols;
  const out = Matrix.zeros(move.rows, rank);
  for (let c = 0; c < rank; c++) {
    let dot = 0;
    for (let i = 0; i < move.rows; i++) dot += left.data[i * rank + c]! * right.data[i * rank + c]!;
    const sign = dot < 0 ? -1 : 1;
    for (let i = 0; i < move.rows; i++) out.data[i * rank + c] = sign * move.data[i * rank + c]!;
  }
  return out;
}

/** a^T b, rank x rank. */
function gram(a: Matrix, b: Matrix): Float64Array {
  const rank = a.cols;
  const out = new Float64Array(rank * rank);
  for (let i = 0; i < a.rows; i++) {
    for (let c = 0; c < rank; c++) {
      const value = a.data[i * rank + c]!;
      for (let d = 0; d < rank; d++) out[c * rank + d]! += value * b.data[i * rank + d]!;
    }
  }
  return out;
}

function inner(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
