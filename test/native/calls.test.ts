/** What the functions of the border compute, against definitions. */
import { native } from '../../src/load';
import type { NativeFactorSvd, NativeOperator } from '../../src/native';
import { gaussianOperator, normals } from './fixtures';

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** left right^T, rows x cols. */
function product(left: Float64Array, right: Float64Array, rows: number, cols: number, rank: number): Float64Array {
  return Float64Array.from({ length: rows * cols }, (_, index) => {
    const i = Math.floor(index / cols);
    const j = index % cols;
    return dot(left.subarray(i * rank, (i + 1) * rank), right.subarray(j * rank, (j + 1) * rank));
  });
}

const difference = (a: Float64Array, b: Float64Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

const factorSvd = (left: Float64Array, right: Float64Array | null, rows: number, cols: number, rank: number) =>
  new Promise<NativeFactorSvd>((resolve, reject) => {
    native.factorSvd(left, right, rows, cols, rank, (error, result) => {
      if (error) reject(error);
      else resolve(result!);
    });
  });

describe.each<[string, NativeOperator, boolean]>([
  ['asymmetric', gaussianOperator(30, 5, 4), false],
  ['symmetric', gaussianOperator(30, 5, 5, true), true],
  ['symmetric on an operator that is not', gaussianOperator(30, 5, 5), true],
])('operator calls, %s model', (_name, operator, symmetric) => {
  const { rows, cols, measurements } = operator;
  const rank = 2;
  const left = normals(rows * rank, 5);
  const right = symmetric ? null : normals(cols * rank, 6);
  const y = normals(measurements, 7);

  const loss = (u: Float64Array, v: Float64Array | null) => {
    const grads = [new Float64Array(rows * rank), v && new Float64Array(cols * rank)] as const;
    const residual = new Float64Array(measurements);
    const value = native.gradient(operator, y, u, v, rank, residual, ...grads, 1);
    return { value, grads, residual };
  };

  test('<A(X), r> = <X, A*(r)>', () => {
    const image = new Float64Array(rows * cols);
    const measured = new Float64Array(measurements);
    native.adjoint(operator, y, image, 2);
    native.measure(operator, left, right, rank, measured, 2);
    const x = product(left, right ?? left, rows, cols, rank);
    expect(Math.abs(dot(measured, y) - dot(x, image))).toBeLessThan(1e-12 * Math.hypot(...measured) * Math.hypot(...y));
    expect(
      difference(
        loss(left, right).residual,
        measured.map((value, i) => value - y[i]!),
      ),
    ).toBeLessThan(1e-13);
  });

  test('the gradient is the derivative of the loss', () => {
    const { grads } = loss(left, right);
    const along = [normals(left.length, 8), right && normals(right.length, 9)] as const;
    const slope = dot(grads[0], along[0]) + (right ? dot(grads[1]!, along[1]!) : 0);
    const at = (t: number) => {
      const move = (base: Float64Array, way: Float64Array) => base.map((value, i) => value + t * way[i]!);
      return loss(move(left, along[0]), right && move(right, along[1]!)).value;
    };
    const h = 1e-5;
    expect((at(h) - at(-h)) / (2 * h) / slope).toBeCloseTo(1, 7);
  });
});

test.each([
  ['tall factors', 7, 5, 3, false],
  ['more columns than the matrix has', 4, 6, 9, false],
  ['one symmetric factor', 6, 6, 3, true],
  ['a wide symmetric factor', 3, 3, 5, true],
])('factorSvd of %s', async (_name, rows, cols, rank, symmetric) => {
  const left = normals(rows * rank, 1);
  const right = symmetric ? null : normals(cols * rank, 2);
  const svd = await factorSvd(left, right, rows, cols, rank);
  const count = Math.min(rows, cols, rank);
  expect([...svd.values]).toEqual([...svd.values].sort((a, b) => b - a));
  expect([svd.values.length, svd.left.length, svd.right.length]).toEqual([count, rows * count, cols * count]);
  const scaled = svd.left.map((value, i) => value * svd.values[i % count]!);
  const x = product(left, right ?? left, rows, cols, rank);
  expect(
    difference(product(Float64Array.from(scaled), Float64Array.from(svd.right), rows, cols, count), x),
  ).toBeLessThan(1e-12);
});
