/**
 * A problem: a measurement operator A, the measurements y, the model, and the truth where it is known. Immutable; any
 * number of solves may use one problem at the same time, and what they have in common is in memory once.
 *
 * Conventions (docs/notation.md): y_i = <A_i, X> = sum_jk A_i[j,k] X[j,k]. Losses
 *   symmetric   f(U)    = 1/4 ||A(U U^T) - y||^2,  grad f = sym(A*(residual)) U
 *   asymmetric  f(F, G) = 1/2 ||A(F G^T) - y||^2,  grad_F = A*(residual) G,  grad_G = A*(residual)^T F
 */
import { firstNonFinite, matrix, nonFinite, optionsObject, refused, vector } from '../checks';
import { invalid, LowrankError } from '../errors';
import { native } from '../load';
import { Matrix } from '../matrix';
import type { NativeModel, NativeOperator } from '../native';
import { callNative } from '../native-errors';
import { threadCount } from '../threads';

/** Under this symbol a problem keeps its native operator; the public object has no raw methods. */
export const operatorHandle: unique symbol = Symbol('lowrank.operator');

export type Storage = 'float64' | 'float32';

/** A point X = left right^T, or X = U U^T where a single matrix U is given. Any number of columns k >= 1. */
export type Point = Matrix | { readonly left: Matrix; readonly right: Matrix };

export interface Gradient {
  /** 1/4 (symmetric) or 1/2 (asymmetric) times ||residual||^2. */
  readonly loss: number;
  /** A(X) - y, m numbers. */
  readonly residual: Float64Array;
  /** Gradient with respect to U, or to F; of the same shape. */
  readonly left: Matrix;
  /** Gradient with respect to G; absent in the symmetric model. */
  readonly right?: Matrix;
}

/** Options of the building blocks below. */
export interface CallOptions {
  /** 1 .. 64; default 1. Never changes a bit of the result. */
  readonly threads?: number | undefined;
}

/** What a builder hands over; validated by it. */
export interface ProblemParts {
  readonly operator: NativeOperator;
  readonly y: Float64Array;
  readonly model: NativeModel;
  readonly storage: Storage;
  readonly truth?: Matrix | undefined;
  readonly trueRank?: number | undefined;
}

export class Problem {
  /** [n1, n2] */
  readonly shape: readonly [number, number];
  /** m */
  readonly measurements: number;
  /** True when every A_i is symmetric (then it is stored packed, in half the memory). */
  readonly symmetric: boolean;
  /** The model that `solve` uses unless told otherwise. */
  readonly model: NativeModel;
  /** The problem's own copy of the measurements, m numbers. Read it; do not write to it. */
  readonly y: Float64Array;
  /** X*, n1 x n2, where it is known: only ever used to record the test error. */
  declare readonly truth?: Matrix;
  /** Rank of the truth, where the problem was generated. */
  declare readonly trueRank?: number;
  /** Precision in which the measurement matrices are kept; arithmetic is in double precision. */
  readonly storage: Storage;
  /** Memory of the measurement matrices. */
  readonly bytes: number;
  /** @internal */
  declare readonly [operatorHandle]: NativeOperator;

  /** Use the builders: `problems.gaussianSensing`, `problems.sensing`, `loadProblem`. */
  constructor(parts: ProblemParts) {
    this.shape = Object.freeze([parts.operator.rows, parts.operator.cols] as [number, number]);
    this.measurements = parts.operator.measurements;
    this.symmetric = parts.operator.symmetric;
    this.model = parts.model;
    this.y = parts.y;
    if (parts.truth !== undefined) this.truth = parts.truth;
    if (parts.trueRank !== undefined) this.trueRank = parts.trueRank;
    this.storage = parts.storage;
    this.bytes = parts.operator.bytes;
    // Not enumerable: a printed or spread problem shows data, not the handle.
    Object.defineProperty(this, operatorHandle, { value: parts.operator });
    Object.freeze(this);
  }

  /**
   * A(X), m numbers, without forming X. One pass over the measurement matrices.
   *
   * @throws LowrankError INVALID_ARGUMENT when the shapes do not fit; NON_FINITE
   */
  measure(point: Point, options?: CallOptions): Float64Array {
    const { left, right, rank } = this.#factors(point);
    const threads = callThreads(options);
    const out = new Float64Array(this.measurements);
    callNative(() => {
      native.measure(this[operatorHandle], left.data, right?.data ?? null, rank, out, threads);
    });
    return out;
  }

  /**
   * A*(r) = sum_i r_i A_i, n1 x n2. One pass over the measurement matrices.
   *
   * @param r m finite numbers
   * @throws LowrankError INVALID_ARGUMENT, NON_FINITE
   */
  adjoint(r: Float64Array | readonly number[], options?: CallOptions): Matrix {
    const residual = vector(r, 'r', { is: this.measurements, why: 'one per measurement' });
    const threads = callThreads(options);
    const out = Matrix.zeros(...this.shape);
    callNative(() => {
      native.adjoint(this[operatorHandle], residual, out.data, threads);
    });
    return out;
  }

  /** A(X) - y, m numbers. One pass. @throws LowrankError as {@link measure} */
  residual(point: Point, options?: CallOptions): Float64Array {
    const out = this.measure(point, options);
    for (let i = 0; i < out.length; i++) out[i] = out[i]! - this.y[i]!;
    return out;
  }

  /**
   * Loss, residual and gradient in one fused pass over the measurement matrices: the building block of a method of
   * your own. A single matrix U means the symmetric loss; so does { left, right } with `right === left` on a
   * problem whose model is symmetric (what `solve` returns there). Every other pair means the asymmetric loss.
   *
   * @throws LowrankError INVALID_ARGUMENT when the shapes do not fit; NON_FINITE
   */
  gradient(point: Point, options?: CallOptions): Gradient {
    const { left, right, rank } = this.#factors(point);
    const threads = callThreads(options);
    const residual = new Float64Array(this.measurements);
    const gradLeft = Matrix.zeros(left.rows, rank);
    const gradRight = right === null ? null : Matrix.zeros(right.rows, rank);
    const loss = callNative(() =>
      native.gradient(
        this[operatorHandle],
        this.y,
        left.data,
        right?.data ?? null,
        rank,
        residual,
        gradLeft.data,
        gradRight?.data ?? null,
        threads,
      ),
    );
    return { loss, residual, left: gradLeft, ...(gradRight === null ? {} : { right: gradRight }) };
  }

  #factors(point: unknown): { left: Matrix; right: Matrix | null; rank: number } {
    const [rows, cols] = this.shape;
    if (point instanceof Matrix) {
      if (rows !== cols) {
        throw refused(
          'a pair { left, right }',
          'factors',
          `a single Matrix: the problem is ${rows} x ${cols}, not square`,
        );
      }
      const left = finiteFactor(point, 'U', rows);
      return { left, right: null, rank: withColumns(left, 'U') };
    }
    if (typeof point !== 'object' || point === null || !('left' in point) || !('right' in point)) {
      throw invalid('a Matrix or { left, right }', 'factors', point);
    }
    const left = finiteFactor(point.left, 'left', rows);
    const rank = withColumns(left, 'left');
    if (point.right === point.left && this.model === 'symmetric') return { left, right: null, rank };
    return { left, right: finiteFactor(point.right, 'right', cols, rank), rank };
  }
}

function finiteFactor(value: unknown, name: string, rows: number, cols?: number): Matrix {
  const factor = matrix(value, name, rows, cols);
  const index = firstNonFinite(factor.data);
  if (index < 0) return factor;
  throw nonFinite(`${name}[${Math.floor(index / factor.cols)}, ${index % factor.cols}]`, factor.data[index]);
}

function withColumns(factor: Matrix, name: string): number {
  if (factor.cols >= 1) return factor.cols;
  throw new LowrankError('INVALID_ARGUMENT', `Expected at least one column for ${name} but received none.`);
}

function callThreads(options: CallOptions | undefined): number {
  return options === undefined ? 1 : threadCount(optionsObject(options, 'options', ['threads'])['threads']);
}
