/** Generated truths: a matrix of given rank, unit spectral norm and given condition number, with random singular spaces. */
import * as check from '../checks';
import { invalid } from '../errors';
import { qr } from '../linalg';
import { native } from '../load';
import { Matrix } from '../matrix';
import type { NativePurpose } from '../native';
import { callNative } from '../native-errors';

export interface Truth {
  /** Factors of X* = left right^T, n1 x r and n2 x r, balanced: each carries the root of every singular value. */
  readonly left: Matrix;
  /** The same matrix as `left` when X* is symmetric. */
  readonly right: Matrix;
  /** X*, n1 x n2; exactly symmetric where that was asked for. */
  readonly matrix: Matrix;
}

/** The usual spectrum, as roots: sigma_j = kappaMatrix^(-j / (r - 1)), j = 0 .. r-1, geometric from 1 down to 1/kappaMatrix. */
function geometricRoots(rank: number, kappaMatrix: number): number[] {
  return Array.from({ length: rank }, (_, j) => (rank === 1 ? 1 : kappaMatrix ** (-j / (2 * (rank - 1)))));
}

/** What all generators of matrix problems ask for first. */
export interface GeneratedSetting {
  readonly rows: number;
  readonly cols: number;
  /** Of the truth. */
  readonly symmetric: boolean;
  /** Of the measurements: stored packed. */
  readonly packed: boolean;
  readonly wanted: TruthOptions;
}

/**
 * Reads `shape`, `symmetric`, `symmetricMeasurements` (default: what `symmetric` says) and what the truth is.
 *
 * @throws LowrankError INVALID_ARGUMENT
 */
export function readGeneratedSetting(given: Record<string, unknown>): GeneratedSetting {
  const [rows, cols] = check.shape(given['shape'], 'shape');
  const flag = (name: string, otherwise: boolean): boolean =>
    given[name] === undefined ? otherwise : check.boolean(given[name], name);
  const symmetric = flag('symmetric', false);
  if (symmetric) check.requireSquare([rows, cols], 'shape');
  const packed = flag('symmetricMeasurements', symmetric);
  if (packed && !symmetric) throw invalid('false (symmetric is false)', 'symmetricMeasurements', packed);
  return { rows, cols, symmetric, packed, wanted: readTruthOptions(given, Math.min(rows, cols)) };
}

/** The options of a builder that say what the truth is. */
export interface TruthOptions {
  readonly rank: number;
  /** Roots of the singular values, falling. */
  readonly roots: readonly number[];
}

/**
 * Reads `trueRank`, `conditionNumber` and `spectrum`: explicit singular values take the place of the other two, which may
 * be left out then.
 *
 * @throws LowrankError INVALID_ARGUMENT
 */
function readTruthOptions(given: Record<string, unknown>, most: number): TruthOptions {
  const { trueRank, conditionNumber, spectrum } = given;
  if (spectrum === undefined) {
    const rank = check.positiveInteger(trueRank, 'trueRank', most);
    const kappa = conditionNumber === undefined ? 1 : check.numberAtLeast(conditionNumber, 'conditionNumber', 1);
    return { rank, roots: geometricRoots(rank, kappa) };
  }
  const values = check.vector(spectrum, 'spectrum');
  if (values.length < 1 || values.length > most) {
    throw check.refused(`1 to ${most} singular values`, 'spectrum', `${values.length}`);
  }
  values.forEach((value, i) => {
    if (value <= 0) throw invalid('a positive singular value', `spectrum[${i}]`, value);
    if (i > 0 && value > values[i - 1]!) {
      throw check.refused('falling singular values', 'spectrum', `${value} after ${values[i - 1]}`);
    }
  });
  if (trueRank !== undefined && trueRank !== values.length) {
    throw invalid(`no value, or ${values.length} (the length of spectrum),`, 'trueRank', trueRank);
  }
  if (conditionNumber !== undefined) {
    throw invalid('no value (spectrum is given)', 'conditionNumber', conditionNumber);
  }
  return { rank: values.length, roots: Array.from(values, Math.sqrt) };
}

/**
 * X* = P diag(sigma) Q^T with the given roots of sigma. P and Q are uniformly distributed (Haar) orthonormal n x r
 * matrices, Q = P in the symmetric case. Depends on (seed, shape, roots) alone.
 */
export function generateTruth(
  rows: number,
  cols: number,
  symmetric: boolean,
  { rank, roots }: TruthOptions,
  seed: number,
): Truth {
  const left = scaledColumns(orthonormal(rows, rank, seed, 'truthLeft'), roots);
  const right = symmetric ? left : scaledColumns(orthonormal(cols, rank, seed, 'truthRight'), roots);
  return { left, right, matrix: timesTranspose(left, right) };
}

/** Haar-distributed: the q of a Gaussian matrix, each column times the sign of r's diagonal (Mezzadri, 2007). */
function orthonormal(rows: number, rank: number, seed: number, purpose: NativePurpose): Matrix {
  const gaussian = Matrix.zeros(rows, rank);
  callNative(() => {
    native.normals(seed, purpose, 0, gaussian.data);
  });
  const { q, r } = qr(gaussian);
  return scaledColumns(
    q,
    Array.from({ length: rank }, (_, j) => (r.get(j, j) < 0 ? -1 : 1)),
  );
}

function scaledColumns(a: Matrix, by: readonly number[]): Matrix {
  return new Matrix(
    a.data.map((value, index) => value * by[index % a.cols]!),
    a.rows,
    a.cols,
  );
}

/**
 * left right^T by plain loops: n1 n2 r operations, once per problem. Entry (i, j) sums the products in the order of the
 * columns, and multiplication commutes, so that a symmetric truth is symmetric to the last bit.
 */
export function timesTranspose(left: Matrix, right: Matrix): Matrix {
  const out = Matrix.zeros(left.rows, right.rows);
  for (let i = 0; i < left.rows; i++) {
    for (let j = 0; j < right.rows; j++) {
      let sum = 0;
      for (let k = 0; k < left.cols; k++) {
        sum += left.data[i * left.cols + k]! * right.data[j * right.cols + k]!;
      }
      out.data[i * right.rows + j] = sum;
    }
  }
  return out;
}
