/**
 * Images of A* and A*A on a thread of their own, made of one gradient step each: whole n1 x n2 matrices for
 * diagnostics, whatever the operator, with the event loop free.
 */
import { eye } from './small-matrices';
import { Matrix } from '../matrix';
import { operatorHandle, type Problem } from '../problems/problem';
import { solve } from '../solvers/solve';
import { withMeasurements } from '../solvers/unit-problem';

/** What every call here takes besides. */
export interface ImageOptions {
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/** Lets the event loop run. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A*(v), n1 x n2, to the last bit what `problem.adjoint(v)` gives. Two passes over the measurement matrices.
 *
 * One step of gradient descent on 1/2 ||A(F G^T) - v||^2 from F = 0, G = I has the residual -v and ends at F = eta
 * A*(v); with a power of two for eta the division is exact.
 */
export async function adjointImage(problem: Problem, v: Float64Array, options: ImageOptions): Promise<Matrix> {
  const [rows, cols] = problem.shape;
  const step = shortStep(problem);
  // The identity goes to the shorter side: its size squared is what a factor costs.
  const short = Math.min(rows, cols);
  const onRight = cols === short;
  const left = onRight ? Matrix.zeros(rows, short) : eye(short);
  const right = onRight ? eye(short) : Matrix.zeros(cols, short);
  const { factors } = await oneStep(withMeasurements(problem, v), left, right, step, options);
  if (onRight) return divided(factors.left, step, 0, short);
  const transposed = divided(factors.right, step, 0, short);
  const out = Matrix.zeros(rows, cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) out.data[i * cols + j] = transposed.data[j * rows + i]!;
  }
  return out;
}

/** ||A(X)||^2 and A*A(X). */
export interface NormalImage {
  readonly squared: number;
  readonly image: Matrix;
}

/**
 * ||A(X)||^2 and A*A(X), n1 x n2, for X = left right^T. Two passes.
 *
 * The same step with y = 0 from F = [left, 0], G = [right, I]: its loss is 1/2 ||A(X)||^2, and the new columns of F
 * become -eta A*A(X).
 */
export async function normalImage(
  problem: Problem,
  left: Matrix,
  right: Matrix,
  options: ImageOptions,
): Promise<NormalImage> {
  const cols = problem.shape[1];
  const step = shortStep(problem);
  const zero = withMeasurements(problem, new Float64Array(problem.measurements));
  const wide = beside(left, Matrix.zeros(left.rows, cols));
  const { factors, trace } = await oneStep(zero, wide, beside(right, eye(cols)), step, options);
  const image = divided(factors.left, -step, left.cols, cols);
  return { squared: 2 * trace.columns['trainLoss']![0]!, image };
}

/** A power of two below 1 / ||A||^2: the step taken does not leave the range in which runs count as convergent. */
function shortStep(problem: Problem): number {
  const { squaredNorm } = problem[operatorHandle];
  return squaredNorm > 0 ? 2 ** -Math.ceil(Math.log2(squaredNorm)) : 1;
}

function oneStep(problem: Problem, left: Matrix, right: Matrix, step: number, { threads, signal }: ImageOptions) {
  return solve(problem, {
    model: 'asymmetric',
    init: { kind: 'given', factors: { left, right } },
    step,
    stop: { iterations: 1, residual: 0 },
    record: { every: 1, columns: ['trainLoss'] },
    threads,
    signal,
  });
}

function divided(a: Matrix, by: number, first: number, count: number): Matrix {
  const out = Matrix.zeros(a.rows, count);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < count; j++) out.data[i * count + j] = a.data[i * a.cols + first + j]! / by;
  }
  return out;
}

/** [a, b] */
function beside(a: Matrix, b: Matrix): Matrix {
  const cols = a.cols + b.cols;
  const out = Matrix.zeros(a.rows, cols);
  for (let i = 0; i < a.rows; i++) {
    out.data.set(a.data.subarray(i * a.cols, (i + 1) * a.cols), i * cols);
    out.data.set(b.data.subarray(i * b.cols, (i + 1) * b.cols), i * cols + a.cols);
  }
  return out;
}
