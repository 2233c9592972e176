/** Generated truths: a matrix of given rank, unit spectral norm and given condition number, with random singular spaces. */
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

/**
 * X* = P diag(sigma) Q^T with sigma_j = kappaMatrix^(-j / (r - 1)), j = 0 .. r-1: geometric from 1 down to 1/kappaMatrix
 * (r = 1: the single value 1). P and Q are uniformly distributed (Haar) orthonormal n x r matrices, Q = P in the
 * symmetric case. Depends on (seed, shape, rank, kappaMatrix) alone.
 */
export function generateTruth(
  rows: number,
  cols: number,
  symmetric: boolean,
  rank: number,
  kappaMatrix: number,
  seed: number,
): Truth {
  const roots = Array.from({ length: rank }, (_, j) => (rank === 1 ? 1 : kappaMatrix ** (-j / (2 * (rank - 1)))));
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
