import { invalid, LowrankError } from './errors';

/**
 * A dense real matrix over a `Float64Array`, row-major as in NumPy and nested JavaScript arrays: entry (i, j) is
 * `data[i * cols + j]`. The array is shared, not copied.
 */
export class Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly cols: number;

  /** @throws LowrankError INVALID_ARGUMENT when `data` does not hold rows * cols numbers. */
  constructor(data: Float64Array, rows: number, cols: number) {
    if (!Number.isSafeInteger(rows) || rows < 0) throw invalid('a non-negative integer', 'rows', rows);
    if (!Number.isSafeInteger(cols) || cols < 0) throw invalid('a non-negative integer', 'cols', cols);
    if (data.length !== rows * cols) {
      throw new LowrankError(
        'INVALID_ARGUMENT',
        `Expected ${rows} x ${cols} = ${rows * cols} numbers for a matrix but received ${data.length}.`,
      );
    }
    this.data = data;
    this.rows = rows;
    this.cols = cols;
  }

  static zeros(rows: number, cols: number): Matrix {
    return new Matrix(new Float64Array(rows * cols), rows, cols);
  }

  /** From nested arrays of equal length. @throws LowrankError INVALID_ARGUMENT when the rows are ragged. */
  static from(nested: readonly (readonly number[])[]): Matrix {
    const rows = nested.length;
    const cols = nested[0]?.length ?? 0;
    const data = new Float64Array(rows * cols);
    nested.forEach((row, i) => {
      if (row.length !== cols) throw invalid(`${cols} numbers`, `row ${i}`, row.length);
      data.set(row, i * cols);
    });
    return new Matrix(data, rows, cols);
  }

  /** Entry (i, j); undefined behaviour is not: out of range throws. */
  get(i: number, j: number): number {
    const value = i >= 0 && j >= 0 && i < this.rows && j < this.cols ? this.data[i * this.cols + j] : undefined;
    if (value === undefined) throw invalid(`indices within ${this.rows} x ${this.cols}`, 'get', `(${i}, ${j})`);
    return value;
  }

  toArrays(): number[][] {
    return Array.from({ length: this.rows }, (_, i) =>
      Array.from(this.data.subarray(i * this.cols, (i + 1) * this.cols)),
    );
  }

  /** True when every entry equals its mirror image exactly. */
  isSymmetric(): boolean {
    if (this.rows !== this.cols) return false;
    for (let i = 0; i < this.rows; i++) {
      for (let j = 0; j < i; j++) {
        if (this.data[i * this.cols + j] !== this.data[j * this.cols + i]) return false;
      }
    }
    return true;
  }
}
