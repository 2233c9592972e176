/** A few lines of dense arithmetic that diagnostics need on matrices with few columns. */
import { Matrix } from '../matrix';

export function eye(n: number): Matrix {
  const out = Matrix.zeros(n, n);
  for (let i = 0; i < n; i++) out.data[i * n + i] = 1;
  return out;
}

/** a b, by rows of b: O(rows inner cols). */
export function times(a: Matrix, b: Matrix): Matrix {
  const out = Matrix.zeros(a.rows, b.cols);
  for (let i = 0; i < a.rows; i++) {
    const row = out.data.subarray(i * b.cols, (i + 1) * b.cols);
    for (let l = 0; l < a.cols; l++) {
      const value = a.data[i * a.cols + l]!;
      if (value === 0) continue;
      const at = l * b.cols;
      for (let j = 0; j < b.cols; j++) row[j] = row[j]! + value * b.data[at + j]!;
    }
  }
  return out;
}

/** a on top of b. */
export function stacked(a: Matrix, b: Matrix): Matrix {
  const out = Matrix.zeros(a.rows + b.rows, a.cols);
  out.data.set(a.data);
  out.data.set(b.data, a.data.length);
  return out;
}

export function frobenius(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}
