/** Sensing problems from the user's own measurement matrices and measurements. */
import { types } from 'node:util';
import * as check from '../checks';
import { invalid, LowrankError, received } from '../errors';
import { native } from '../load';
import type { Matrix } from '../matrix';
import { refuseAbove } from '../memory';
import type { NativeDenseOperator } from '../native';
import { callNative } from '../native-errors';
import { Problem, type Storage } from './problem';

/** The measurement matrices: m n1 n2 numbers, A[i, j, k] at i n1 n2 + j n2 + k; or m matrices. */
export type MeasurementMatrices =
  Float64Array | Float32Array | readonly (Matrix | Float64Array | Float32Array | readonly (readonly number[])[])[];

export interface SensingOptions {
  /** Copied; a flat array of m n1 n2 numbers, or m matrices (Matrix, flat typed array or nested arrays). */
  readonly A: MeasurementMatrices;
  /** [n1, n2] of each measurement matrix. */
  readonly shape: readonly [number, number];
  /** m finite numbers; copied. */
  readonly y: Float64Array | Float32Array | readonly number[];
  /**
   * Default false. True: X is sought as U U^T; only the symmetric part (A_i + A_i^T) / 2 is kept, in half the memory, since
   * a symmetric X has the same measurements with it.
   */
  readonly symmetric?: boolean | undefined;
  /** X*, n1 x n2, where it is known: used to record the test error, never by a method. Copied. */
  readonly truth?: Matrix | readonly (readonly number[])[] | undefined;
  /** Default: that of `A`, 'float64' for nested arrays. */
  readonly storage?: Storage | undefined;
  /** Cap on the memory of the stored A_i in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

const KNOWN = [
  'A',
  'shape',
  'y',
  'symmetric',
  'truth',
  'storage',
  'maxMemory',
] as const satisfies readonly (keyof SensingOptions)[];

/**
 * A sensing problem from data: y_i = <A_i, X>. The operator is taken as it is: nothing is rescaled. Synchronous; for data
 * in a file `loadProblem` needs less memory.
 *
 * @throws LowrankError INVALID_ARGUMENT for wrong types, lengths and shapes; NON_FINITE with the place of the first NaN or
 *   infinity; OUT_OF_MEMORY
 */
export function sensing(options: SensingOptions): Problem {
  const given = check.optionsObject(options, 'sensing', KNOWN, { measurements: 'y', X: 'truth', b: 'y' });
  const [rows, cols] = check.shape(given['shape'], 'shape');
  const symmetric = given['symmetric'] === undefined ? false : check.boolean(given['symmetric'], 'symmetric');
  if (symmetric) check.requireSquare([rows, cols], 'shape');
  const A = given['A'];
  const measurements = countMatrices(A, rows * cols);
  const y = check.vector(given['y'], 'y', { is: measurements, why: 'one per measurement matrix' });
  const truth = checkTruth(given['truth'], rows, cols, symmetric);
  const natural: Storage = types.isFloat32Array(A) ? 'float32' : 'float64';
  const storage =
    given['storage'] === undefined ? natural : check.oneOf(given['storage'], 'storage', ['float64', 'float32']);
  refuseAbove(
    operatorBytes(measurements, rows, cols, symmetric, storage),
    'The measurement matrices need',
    given['maxMemory'],
  );

  const operator = callNative(() => new native.DenseOperator(measurements, rows, cols, symmetric, storage));
  if (check.isFloatArray(A)) fillRows(operator, 0, A);
  else
    (A as readonly unknown[]).forEach((one, i) => {
      fillRows(operator, i, oneMatrix(one, `A[${i}]`, rows, cols));
    });
  return new Problem({ operator, y, model: symmetric ? 'symmetric' : 'asymmetric', storage, truth });
}

/** Bytes of m measurement matrices in memory: an estimate from above by less than one cache line per matrix. */
export function operatorBytes(m: number, rows: number, cols: number, symmetric: boolean, storage: Storage): number {
  const numbers = symmetric ? (rows * (rows + 1)) / 2 : rows * cols;
  return m * numbers * (storage === 'float32' ? 4 : 8);
}

/**
 * Copies whole measurement matrices into an operator from matrix `firstRow` on.
 *
 * @throws LowrankError NON_FINITE with the place of the first number that is not finite in the operator's precision
 */
export function fillRows(operator: NativeDenseOperator, firstRow: number, values: Float64Array | Float32Array): void {
  const wrong = callNative(() => operator.fill(firstRow, values));
  if (wrong < 0) return;
  const size = operator.rows * operator.cols;
  const within = wrong % size;
  const place = [firstRow + Math.floor(wrong / size), Math.floor(within / operator.cols), within % operator.cols];
  const value = values[wrong];
  const why = Number.isFinite(value) ? ', which is too large for float32' : '';
  throw new LowrankError(
    'NON_FINITE',
    `Expected a finite number at A[${place.join(', ')}] but ${received(value)}${why}.`,
  );
}

/** A known truth, checked: shape, finite, symmetric where the model is; a copy. */
export function checkTruth(value: unknown, rows: number, cols: number, symmetric: boolean): Matrix | undefined {
  if (value === undefined) return undefined;
  const truth = check.matrixCopy(value, 'truth', rows, cols);
  if (symmetric) checkSymmetric(truth);
  return truth;
}

/** Rounding of a product U U^T stays far below this share of the largest entry; a matrix that is not symmetric far above. */
const SYMMETRY_TOLERANCE = 1e-6;

function checkSymmetric({ data, rows: n }: Matrix): void {
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const gap = Math.abs(data[i * n + j]! - data[j * n + i]!);
      if (gap > SYMMETRY_TOLERANCE * largest) {
        throw new LowrankError(
          'INVALID_ARGUMENT',
          `Expected a symmetric matrix for truth but entries [${i}, ${j}] and [${j}, ${i}] differ by ${gap}.`,
        );
      }
    }
  }
}

function countMatrices(A: unknown, size: number): number {
  if (check.isFloatArray(A)) {
    if (A.length === 0) throw noMeasurements();
    if (A.length % size !== 0) {
      throw new LowrankError(
        'INVALID_ARGUMENT',
        `Expected a multiple of n1 * n2 = ${size} numbers for A but received ${A.length}.`,
      );
    }
    return A.length / size;
  }
  if (!Array.isArray(A)) throw invalid('a Float64Array, a Float32Array or an array of matrices', 'A', A);
  if (A.length === 0) throw noMeasurements();
  return A.length;
}

function oneMatrix(value: unknown, name: string, rows: number, cols: number): Float64Array | Float32Array {
  if (check.isFloatArray(value)) {
    if (value.length === rows * cols) return value;
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected ${rows * cols} numbers for ${name} but received ${value.length}.`,
    );
  }
  return check.matrixCopy(value, name, rows, cols).data;
}

function noMeasurements(): LowrankError {
  return new LowrankError('INVALID_ARGUMENT', 'Expected at least one measurement matrix for A but received none.');
}
