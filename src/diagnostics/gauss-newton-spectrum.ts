/** The exact local rate of one instance: the spectrum of the Gauss-Newton Hessian J^T J at given factors. */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { native } from '../load';
import { Matrix } from '../matrix';
import { refuseAbove } from '../memory';
import type { NativeFactorSvd } from '../native';
import { fromNative } from '../native-errors';
import type { Point, Problem } from '../problems/problem';
import { svd } from '../linalg';
import type { Model } from '../solvers/result';
import { adjointImage, breathe, type ImageOptions } from './images';
import { jacobian, residualFrom } from './jacobian';
import { requireProblem, workOptions } from './require-problem';
import { frobenius, stacked } from './small-matrices';

export interface GaussNewtonSpectrumOptions {
  /** eta of gradient descent, positive; with it come `rate` and `currentRate`. */
  readonly step?: number | undefined;
  /** Most parameters k (n1 + n2), or k n symmetric, that are accepted; default 1500. Time grows with their cube. */
  readonly maxParameters?: number | undefined;
  /** Cap on the memory in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GaussNewtonSpectrum {
  readonly model: Model;
  /** N = k (n1 + n2), or k n symmetric: numbers in the factors. */
  readonly parameters: number;
  /** The min(m, N) largest eigenvalues of J^T J, falling; the other N - min(m, N) are zero. */
  readonly eigenvalues: Float64Array;
  /**
   * Share of each mode in the residual A(X) - y: |<u_j, residual>| / ||residual||; zeros where the residual is zero.
   */
  readonly amplitudes: Float64Array;
  /** The largest eigenvalue. */
  readonly largest: number;
  /** The smallest eigenvalue above `resolution`: it governs the end of the run. 0 where there is none. */
  readonly smallest: number;
  /** Eigenvalues above `resolution`. */
  readonly resolved: number;
  /**
   * Eigenvalues below this are not told from zero: 32 ||A*(residual)||: the true Hessian differs from J^T J by at most
   * ||A*(residual)|| (spectral norm), and columns that vanish have eigenvalues in proportion to it. Rounding where that
   * is more. It falls with the residual: give the factors of a converged run.
   */
  readonly resolution: number;
  /** Eigenvalues above rounding but not above `resolution`. */
  readonly unresolved: number;
  /** Directions that leave X as it is by symmetry, U -> U Q or (F, G) -> (F Z, G Z^-T): zero by construction. */
  readonly gaugeDirections: number;
  /** Other directions along which A(X) does not change to first order: N - resolved - gaugeDirections. */
  readonly flatDirections: number;
  /** Columns that are (near) zero in both factors at once, after a rotation: k - rank([F; G]). */
  readonly emptyColumns: number;
  /**
   * True where there are empty columns: along them the loss is quartic, they shrink like 1/t, and `rate` holds for the
   * rest only.
   */
  readonly sublinear: boolean;
  /** 2 / largest: above it gradient descent with a fixed step leaves these factors. */
  readonly largestStableStep: number;
  /** Rate per step at the end, the least of -ln |1 - step lambda| over the resolved eigenvalues; negative: unstable. */
  readonly rate?: number;
  /** Rate per step of the residual at these factors, from the amplitudes; 0 where the residual is zero. */
  readonly currentRate?: number;
}

const KNOWN = ['step', 'maxParameters', 'maxMemory', 'threads', 'signal'] as const satisfies readonly [
  ...(keyof GaussNewtonSpectrumOptions)[],
];
const HINTS = { eta: 'step', mu: 'step', stepSize: 'step' };
const MAX_PARAMETERS = 1500;

/**
 * Second-order terms move an eigenvalue by at most ||A*(residual)||: this many times that is clear of them. In the
 * symmetric model the eigenvalues of columns that shrink like 1/t are in proportion to it, 2 to 8 times, and must not
 * count.
 */
const CLEARANCE = 32;

/**
 * Eigenvalues of the Gauss-Newton Hessian J^T J of the loss at the given factors: J is the derivative of A(F G^T), or,
 * in the symmetric model, of A(U U^T) / sqrt(2) (the loss constant 1/4 instead of 1/2). Near a solution, gradient
 * descent with step eta multiplies the part of the residual in the mode of eigenvalue lambda by 1 - eta lambda per
 * step, so the slowest rate is -ln(1 - eta lambda) with the smallest eigenvalue that is not zero. In the population (A
 * the identity) the eigenvalues are sigma_i(F)^2 + sigma_j(G)^2, symmetric s_i + s_j with s = sigma(U)^2; with finitely
 * many measurements they are what no general formula tells, and this computes.
 *
 * Exact: J is bilinear and built entry by entry from the measurement matrices (or from A on basis directions where an
 * operator does not show them), and the eigenvalues are squares of its singular values, computed off the JavaScript
 * thread.
 *
 * Source: derived (S3-c' of arXiv 2310.01769 in the population); the Hessian of the paper's loss without its
 * second-order term. Cost: m n1 n2 k multiplications on the JavaScript thread in slices of milliseconds (else one pass
 * per parameter), two passes, and an SVD of m x N numbers: some seconds for m = 3000, N = 1500, and copies of J that
 * hold the event loop for 0.1 s then. Memory 40 m N bytes.
 *
 * @param factors U, or { left: F, right: G }: n1 x k and n2 x k; `run.factors` as solve() returns them. A pair with
 *   right === left on a problem with the symmetric model means the symmetric loss, as in `problem.gradient`
 * @throws LowrankError (as rejection) INVALID_ARGUMENT, also for more than `maxParameters` parameters; NON_FINITE;
 *   OUT_OF_MEMORY
 */
export async function gaussNewtonSpectrum(
  problem: Problem,
  factors: Point,
  options: GaussNewtonSpectrumOptions = {},
): Promise<GaussNewtonSpectrum> {
  const checked = requireProblem(problem, 'gaussNewtonSpectrum');
  const given = check.optionsObject(options, 'gaussNewtonSpectrum', KNOWN, HINTS);
  const step = given['step'] === undefined ? undefined : check.positiveNumber(given['step'], 'step');
  const work = workOptions(given);
  const { left, right } = copyFactors(factors, checked);
  const parameters = left.data.length + (right?.data.length ?? 0);
  refuseLarge(parameters, given['maxParameters']);
  refuseAbove(40 * checked.measurements * parameters, 'The Jacobian and its decomposition need', given['maxMemory']);

  const J = await jacobian(checked, left, right, work);
  const residual = await residualFrom(J, checked.y, left, right);
  const image = largestSingularValue(await adjointImage(checked, residual, work));
  work.signal?.throwIfAborted();
  const { values, left: modes } = await leftSvd(J);
  work.signal?.throwIfAborted();
  const amplitudes = await projections(modes, residual, work);

  const largest = values[0]!;
  const rounding = largest * (Math.max(J.rows, J.cols) * Number.EPSILON) ** 2;
  const resolution = Math.max(CLEARANCE * image, rounding);
  const resolved = countAbove(values, resolution);
  const ranks = factorRanks(left, right, resolution, largest);
  const flat = parameters - resolved - ranks.gauge;
  return {
    model: right === null ? 'symmetric' : 'asymmetric',
    parameters,
    eigenvalues: values,
    amplitudes,
    largest,
    smallest: resolved > 0 ? values[resolved - 1]! : 0,
    resolved,
    resolution,
    unresolved: countAbove(values, rounding) - resolved,
    gaugeDirections: ranks.gauge,
    flatDirections: Math.max(0, flat),
    emptyColumns: ranks.empty,
    sublinear: ranks.empty > 0,
    largestStableStep: 2 / largest,
    ...(step === undefined ? {} : rates(step, values, resolved, amplitudes)),
  };
}

/** Checked copies: what is computed with cannot change meanwhile. */
function copyFactors(factors: unknown, problem: Problem): { left: Matrix; right: Matrix | null } {
  const [rows, cols] = problem.shape;
  if (factors instanceof Matrix) {
    if (!problem.symmetric) {
      const got = 'a single Matrix: the measurement matrices are not symmetric';
      throw check.refused('a pair { left, right }', 'factors', got);
    }
    return { left: copy(factors, 'factors', rows), right: null };
  }
  if (typeof factors !== 'object' || factors === null || !('left' in factors) || !('right' in factors)) {
    throw invalid('a Matrix U or { left, right }', 'factors', factors);
  }
  const left = copy(factors.left, 'factors.left', rows);
  if (factors.right === factors.left && problem.model === 'symmetric') return { left, right: null };
  return { left, right: copy(factors.right, 'factors.right', cols, left.cols) };
}

function copy(value: unknown, name: string, rows: number, cols?: number): Matrix {
  const factor = check.matrix(value, name, rows, cols);
  if (factor.cols === 0) throw check.refused('at least one column', name, 'none');
  return check.matrixCopy(factor, name, rows, factor.cols);
}

function refuseLarge(parameters: number, limit: unknown): void {
  const most = limit === undefined ? MAX_PARAMETERS : check.positiveInteger(limit, 'maxParameters');
  if (parameters <= most) return;
  const seconds = Math.ceil(2 * (parameters / MAX_PARAMETERS) ** 3);
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `Expected at most ${most} numbers in the factors for gaussNewtonSpectrum (maxParameters) but received ${parameters}: ` +
      `the time grows with their cube, to about ${seconds} s for these. Set maxParameters to allow it.`,
  );
}

/**
 * Squares of the singular values of J, falling, and its left singular vectors, m x t, computed on a thread of the pool.
 */
function leftSvd(J: Matrix): Promise<NativeFactorSvd> {
  return new Promise((resolve, reject) => {
    native.factorSvd(J.data, null, J.rows, J.rows, J.cols, (error, result?: NativeFactorSvd) => {
      if (result === undefined) reject(fromNative(error));
      else resolve(result);
    });
  });
}

/** Multiplications between two looks at the event loop. */
const SLICE = 2_000_000;

async function projections(modes: Float64Array, residual: Float64Array, work: ImageOptions): Promise<Float64Array> {
  const m = residual.length;
  const count = modes.length / m;
  const out = new Float64Array(count);
  const size = frobenius(residual);
  if (!(size > 0)) return out;
  let done = 0;
  for (let i = 0; i < m; i++) {
    const value = residual[i]! / size;
    for (let j = 0; j < count; j++) out[j] = out[j]! + modes[i * count + j]! * value;
    done += count;
    if (done > SLICE) {
      done = 0;
      await breathe();
      work.signal?.throwIfAborted();
    }
  }
  return out.map(Math.abs);
}

function largestSingularValue(a: Matrix): number {
  return svd(a).values[0]!;
}

function countAbove(falling: Float64Array, bound: number): number {
  let count = 0;
  while (count < falling.length && falling[count]! > bound) count++;
  return count;
}

/**
 * Dimension of the orbit of the symmetry group, and columns that are zero in both factors, by the ranks of the factors.
 */
function factorRanks(
  left: Matrix,
  right: Matrix | null,
  resolution: number,
  largest: number,
): { gauge: number; empty: number } {
  const k = left.cols;
  const leftSquares = squares(left);
  const rightSquares = right === null ? leftSquares : squares(right);
  // An eigenvalue is about this many times a sum of two squared singular values.
  const gain = largest / (leftSquares[0]! + rightSquares[0]! || 1);
  const bound = gain > 0 ? resolution / gain : 0;
  const rankLeft = countAbove(leftSquares, bound);
  if (right === null) {
    // U Z with Z antisymmetric; what moves only empty columns moves nothing.
    const empty = k - rankLeft;
    return { gauge: (k * (k - 1) - empty * (empty - 1)) / 2, empty };
  }
  const rankRight = countAbove(rightSquares, bound);
  const empty = k - countAbove(squares(stacked(left, right)), bound);
  return { gauge: k * k - (k - rankLeft) * (k - rankRight), empty };
}

function squares(a: Matrix): Float64Array {
  return svd(a).values.map((value) => value * value);
}

function rates(
  step: number,
  values: Float64Array,
  resolved: number,
  amplitudes: Float64Array,
): { rate: number; currentRate: number } {
  let rate = Infinity;
  let explained = 0;
  let after = 0;
  values.forEach((lambda, j) => {
    const factor = 1 - step * lambda;
    const share = amplitudes[j]! ** 2;
    if (j < resolved) rate = Math.min(rate, -Math.log(Math.abs(factor)));
    explained += share;
    after += share * factor * factor;
  });
  // What no direction of the factors reaches stays as it is.
  const left = after + Math.max(0, 1 - explained);
  return { rate: resolved > 0 ? rate : 0, currentRate: explained > 0 ? -Math.log(left) / 2 : 0 };
}
