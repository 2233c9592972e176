/** The derivative of the measurements with respect to the factors, as a dense matrix. */
import { Matrix } from '../matrix';
import type { NativeDenseOperator, NativeOperator } from '../native';
import { callNative } from '../native-errors';
import { operatorHandle, type Problem } from '../problems/problem';
import { breathe, type ImageOptions } from './images';

/** Multiplications between two looks at the event loop: a few milliseconds. */
const SLICE = 2_000_000;

/**
 * J, m x N. Columns are the entries of F row by row (index i k + c), then those of G: J d = A(D_F G^T + F D_G^T).
 * Symmetric model (right null): J d = A(D U^T + U D^T) / sqrt(2), so that J^T J is the Gauss-Newton Hessian of 1/4
 * ||A(U U^T) - y||^2 as it is of 1/2 ||A(F G^T) - y||^2 otherwise.
 */
export async function jacobian(
  problem: Problem,
  left: Matrix,
  right: Matrix | null,
  work: ImageOptions,
): Promise<Matrix> {
  const operator = problem[operatorHandle];
  const J = Matrix.zeros(problem.measurements, left.data.length + (right?.data.length ?? 0));
  if (isDense(operator)) await fromMatrices(J, operator, left, right, work);
  else await fromDirections(J, problem, left, right, work);
  return J;
}

/** A(X) - y: J applied to the factors is A(X) times a constant, so that no pass is needed. */
export async function residualFrom(
  J: Matrix,
  y: Float64Array,
  left: Matrix,
  right: Matrix | null,
): Promise<Float64Array> {
  // J F = A(F G^T) with D_G = 0; symmetric: J U = sqrt(2) A(U U^T).
  const scale = right === null ? Math.SQRT1_2 : 1;
  const out = new Float64Array(J.rows);
  let done = 0;
  for (let i = 0; i < J.rows; i++) {
    let sum = 0;
    for (let at = 0; at < left.data.length; at++) sum += J.data[i * J.cols + at]! * left.data[at]!;
    out[i] = scale * sum - y[i]!;
    done += left.data.length;
    if (done > SLICE) {
      done = 0;
      await breathe();
    }
  }
  return out;
}

function isDense(operator: NativeOperator): operator is NativeDenseOperator {
  return operator.kind === 'dense';
}

/** Row i is (A_i G, A_i^T F), or sqrt(2) sym(A_i) U: m n1 n2 k multiplications per factor. */
async function fromMatrices(
  J: Matrix,
  operator: NativeDenseOperator,
  left: Matrix,
  right: Matrix | null,
  { signal }: ImageOptions,
): Promise<void> {
  const { rows, cols } = operator;
  const k = left.cols;
  const A = new Float64Array(rows * cols);
  let done = 0;
  for (let i = 0; i < J.rows; i++) {
    callNative(() => {
      operator.readMatrix(i, A);
    });
    const row = J.data.subarray(i * J.cols, (i + 1) * J.cols);
    if (right === null) {
      addProduct(row, A, rows, cols, left.data, k);
      for (let at = 0; at < row.length; at++) row[at] = row[at]! * Math.SQRT2;
    } else {
      addProduct(row.subarray(0, left.data.length), A, rows, cols, right.data, k);
      addTransposedProduct(row.subarray(left.data.length), A, rows, cols, left.data, k);
    }
    done += 2 * A.length * k;
    if (done > SLICE) {
      done = 0;
      await breathe();
      signal?.throwIfAborted();
    }
  }
}

/** out += A B, with B cols x k. */
function addProduct(out: Float64Array, A: Float64Array, rows: number, cols: number, B: Float64Array, k: number): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = A[i * cols + j]!;
      for (let c = 0; c < k; c++) out[i * k + c] = out[i * k + c]! + value * B[j * k + c]!;
    }
  }
}

/** out += A^T B, with B rows x k. */
function addTransposedProduct(
  out: Float64Array,
  A: Float64Array,
  rows: number,
  cols: number,
  B: Float64Array,
  k: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const value = A[i * cols + j]!;
      for (let c = 0; c < k; c++) out[j * k + c] = out[j * k + c]! + value * B[i * k + c]!;
    }
  }
}

/** One measurement of a matrix of rank one per column of J: any operator can do that. */
async function fromDirections(
  J: Matrix,
  problem: Problem,
  left: Matrix,
  right: Matrix | null,
  { threads, signal }: ImageOptions,
): Promise<void> {
  const [rows, cols] = problem.shape;
  const k = left.cols;
  let column = 0;
  const take = async (one: Matrix, other: Matrix, scale: number): Promise<void> => {
    const image = problem.measure({ left: one, right: other }, { threads });
    for (let i = 0; i < J.rows; i++) J.data[i * J.cols + column] = scale * image[i]!;
    column++;
    await breathe();
    signal?.throwIfAborted();
  };
  // e_i u_c^T + u_c e_i^T has the measurements of 2 e_i u_c^T where the A_i are symmetric.
  const [partner, scale] = right === null ? [left, Math.SQRT2] : [right, 1];
  const fixed = Array.from({ length: k }, (_, c) => columnOf(partner, c));
  for (let i = 0; i < rows; i++) for (let c = 0; c < k; c++) await take(unit(rows, i), fixed[c]!, scale);
  if (right === null) return;
  const moved = Array.from({ length: k }, (_, c) => columnOf(left, c));
  for (let j = 0; j < cols; j++) for (let c = 0; c < k; c++) await take(moved[c]!, unit(cols, j), 1);
}

function unit(n: number, at: number): Matrix {
  const out = Matrix.zeros(n, 1);
  out.data[at] = 1;
  return out;
}

function columnOf(a: Matrix, c: number): Matrix {
  return new Matrix(
    Float64Array.from({ length: a.rows }, (_, i) => a.data[i * a.cols + c]!),
    a.rows,
    1,
  );
}
