/** The measurement operator behind a problem against explicit loops: measure, adjoint, gradient, packed and single precision. */
import { Matrix, problems } from '../../src';
import * as dense from '../support/dense';
import { normals } from '../support/random';

const SHAPES = [
  { n1: 1, n2: 1, m: 1, k: 1 },
  { n1: 1, n2: 9, m: 4, k: 2 },
  { n1: 9, n2: 1, m: 5, k: 1 },
  { n1: 7, n2: 5, m: 1, k: 3 },
  { n1: 13, n2: 17, m: 37, k: 4 },
  { n1: 40, n2: 33, m: 301, k: 50 },
];
const SQUARE = [
  { n: 1, m: 1, k: 1 },
  { n: 2, m: 3, k: 4 },
  { n: 7, m: 1, k: 2 },
  { n: 16, m: 65, k: 3 },
  { n: 37, m: 259, k: 37 },
];

function gaussianMatrix(rows: number, cols: number, seed: number): Matrix {
  return new Matrix(normals(rows * cols, seed), rows, cols);
}

describe.each(SHAPES)('asymmetric $n1 x $n2, m = $m, k = $k', ({ n1, n2, m, k }) => {
  const A = normals(m * n1 * n2, 1);
  const y = normals(m, 2);
  const left = gaussianMatrix(n1, k, 3);
  const right = gaussianMatrix(n2, k, 4);
  const r = normals(m, 5);
  const problem = problems.sensing({ A, y, shape: [n1, n2] });

  test('measure is y_i = <A_i, L R^T>', () => {
    const got = problem.measure({ left, right });
    const expected = dense.measure(A, dense.product(left, right));
    for (let i = 0; i < m; i++) {
      const bound = dense.measureBound(dense.slice(A, i, n1, n2), left, right);
      expect(Math.abs(got[i]! - expected[i]!)).toBeLessThanOrEqual(bound);
    }
  });

  test('adjoint is sum_i r_i A_i', () => {
    const got = problem.adjoint(r);
    expect([got.rows, got.cols]).toEqual([n1, n2]);
    const expected = dense.adjoint(A, r, n1, n2);
    // Each entry sums m products: (m + 1) EPS |r| . |A[:, j, k]|, summed over entries as norms.
    const bound = (m + 1) * dense.EPS * dense.norm(r) * dense.norm(A);
    expect(dense.distance(got.data, expected.data)).toBeLessThanOrEqual(bound);
  });

  test('dot test: <A(X), r> = <X, A*(r)>', () => {
    const image = problem.measure({ left, right });
    const X = dense.product(left, right);
    const scale = dense.norm(image) * dense.norm(r) + dense.norm(X.data) * dense.norm(problem.adjoint(r).data);
    expect(Math.abs(dense.dot(image, r) - dense.dot(X.data, problem.adjoint(r).data)) / scale).toBeLessThan(1e-12);
  });

  test('gradient: residual, loss and both gradients by the formulas', () => {
    const { loss, residual, left: gradLeft, right: gradRight } = problem.gradient({ left, right });
    const expected = dense.measure(A, dense.product(left, right)).map((value, i) => value - y[i]!);
    const scale = dense.norm(A) * dense.norm(left.data) * dense.norm(right.data) + dense.norm(y);
    const count = (n1 * n2 + k + m + 4) * dense.EPS;
    expect(dense.distance(residual, expected)).toBeLessThanOrEqual(count * scale);
    expect(dense.distance(residual, problem.residual({ left, right }))).toBeLessThanOrEqual(count * scale);
    expect(Math.abs(loss / (dense.dot(residual, residual) / 2) - 1)).toBeLessThanOrEqual((m + 2) * dense.EPS);
    const Z = dense.adjoint(A, expected, n1, n2);
    const image = scale * dense.norm(A);
    expect(dense.distance(gradLeft.data, dense.times(Z, right).data)).toBeLessThanOrEqual(
      2 * count * image * dense.norm(right.data),
    );
    expect(dense.distance(gradRight!.data, dense.times(dense.transpose(Z), left).data)).toBeLessThanOrEqual(
      2 * count * image * dense.norm(left.data),
    );
  });

  test('single-precision storage: as the explicit operator with rounded A_i', () => {
    const rounded = Float32Array.from(A);
    const single = problems.sensing({ A: rounded, y, shape: [n1, n2] });
    expect(single.storage).toBe('float32');
    expect(single.bytes).toBeLessThan(problem.bytes === 8 ? 9 : problem.bytes);
    const got = single.measure({ left, right });
    const exact = dense.measure(rounded, dense.product(left, right));
    for (let i = 0; i < m; i++) {
      const Ai = dense.slice(rounded, i, n1, n2);
      // Rounding X to single precision would cost 2^-24 more; the bound allows that and no more.
      const bound = dense.measureBound(Ai, left, right) + singleRounding(Ai, left, right);
      expect(Math.abs(got[i]! - exact[i]!)).toBeLessThanOrEqual(bound);
    }
  });

  test('single-precision storage: within 2^-24 ||A_i|| ||X|| of the double one', () => {
    const single = problems.sensing({ A, y, shape: [n1, n2], storage: 'float32' });
    const a = single.measure({ left, right });
    const b = problem.measure({ left, right });
    for (let i = 0; i < m; i++) {
      const Ai = dense.slice(A, i, n1, n2);
      const bound = dense.measureBound(Ai, left, right) + 2 * singleRounding(Ai, left, right);
      expect(Math.abs(a[i]! - b[i]!)).toBeLessThanOrEqual(bound);
    }
  });
});

/** What rounding one of two vectors to single precision changes in their inner product: at most 2^-24 ||a|| ||x||. */
function singleRounding(Ai: Matrix, left: Matrix, right: Matrix): number {
  return 2 ** -24 * dense.norm(Ai.data) * dense.norm(dense.product(left, right).data);
}

describe.each(SQUARE)('symmetric n = $n, m = $m, k = $k', ({ n, m, k }) => {
  const A = normals(m * n * n, 11); // not symmetric: the problem keeps the symmetric part
  const y = normals(m, 12);
  const U = gaussianMatrix(n, k, 13);
  const r = normals(m, 14);
  const packed = problems.sensing({ A, y, shape: [n, n], symmetric: true });
  const full = problems.sensing({ A, y, shape: [n, n] });

  test('packed storage takes half the memory and measures U U^T as the full one', () => {
    expect(packed.bytes).toBeLessThanOrEqual(n < 8 ? full.bytes + 64 * m : 0.6 * full.bytes);
    const a = packed.measure(U);
    const b = full.measure({ left: U, right: U });
    const c = full.measure(U);
    for (let i = 0; i < m; i++) {
      const bound = dense.measureBound(dense.slice(A, i, n, n), U, U);
      expect(Math.abs(a[i]! - b[i]!)).toBeLessThanOrEqual(bound);
      expect(Math.abs(c[i]! - b[i]!)).toBeLessThanOrEqual(bound);
    }
  });

  test('packed storage measures L R^T by its symmetric part', () => {
    const R = gaussianMatrix(n, k, 15);
    const got = packed.measure({ left: U, right: R });
    const expected = dense.measure(A, dense.symmetricPart(dense.product(U, R)));
    for (let i = 0; i < m; i++) {
      expect(Math.abs(got[i]! - expected[i]!)).toBeLessThanOrEqual(dense.measureBound(dense.slice(A, i, n, n), U, R));
    }
  });

  test('the adjoint is the symmetric part of sum_i r_i A_i, and symmetric to the bit', () => {
    const got = packed.adjoint(r);
    const expected = dense.symmetricPart(dense.adjoint(A, r, n, n));
    const bound = (m + 2) * dense.EPS * dense.norm(r) * dense.norm(A);
    expect(dense.distance(got.data, expected.data)).toBeLessThanOrEqual(bound);
    expect(got.isSymmetric()).toBe(true);
  });

  test('dot test', () => {
    const image = packed.measure(U);
    const X = dense.product(U, U);
    const Z = packed.adjoint(r);
    const scale = dense.norm(image) * dense.norm(r) + dense.norm(X.data) * dense.norm(Z.data);
    expect(Math.abs(dense.dot(image, r) - dense.dot(X.data, Z.data)) / scale).toBeLessThan(1e-12);
  });

  test('the gradient is sym(A*(residual)) U with loss constant 1/4, packed and full', () => {
    const X = dense.product(U, U);
    const expected = dense.measure(A, X).map((value, i) => value - y[i]!);
    const Z = dense.symmetricPart(dense.adjoint(A, expected, n, n));
    const scale = dense.norm(A) * dense.norm(U.data) ** 2 + dense.norm(y);
    const count = (n * n + k + m + 6) * dense.EPS;
    for (const problem of [packed, full]) {
      const { loss, residual, left, right } = problem.gradient(U);
      expect(right).toBeUndefined();
      expect(dense.distance(residual, expected)).toBeLessThanOrEqual(count * scale);
      expect(Math.abs(loss / (dense.dot(residual, residual) / 4) - 1)).toBeLessThanOrEqual((m + 2) * dense.EPS);
      expect(dense.distance(left.data, dense.times(Z, U).data)).toBeLessThanOrEqual(
        2 * count * scale * dense.norm(A) * dense.norm(U.data),
      );
    }
  });

  test('packed single precision against packed double', () => {
    const single = problems.sensing({ A, y, shape: [n, n], symmetric: true, storage: 'float32' });
    const a = single.measure(U);
    const b = packed.measure(U);
    for (let i = 0; i < m; i++) {
      const Ai = dense.slice(A, i, n, n);
      // Twice: A_i and possibly X are rounded; sqrt(2) because the packed form doubles the off-diagonal entries.
      const bound = dense.measureBound(Ai, U, U) + 2 * Math.SQRT2 * singleRounding(Ai, U, U);
      expect(Math.abs(a[i]! - b[i]!)).toBeLessThanOrEqual(bound);
    }
  });
});

test('the same bits with 1, 2 and 3 threads', () => {
  const problem = problems.gaussianSensing({ shape: [31, 23], trueRank: 2, measurements: 517, seed: 3 });
  const left = gaussianMatrix(31, 5, 1);
  const right = gaussianMatrix(23, 5, 2);
  const one = problem.gradient({ left, right });
  for (const threads of [2, 3]) {
    expect(problem.gradient({ left, right }, { threads })).toEqual(one);
    expect(problem.measure({ left, right }, { threads })).toEqual(problem.measure({ left, right }));
    expect(problem.adjoint(problem.y, { threads })).toEqual(problem.adjoint(problem.y));
  }
});

test('A given flat, nested, as matrices and as typed rows is the same problem', () => {
  const [n1, n2, m] = [3, 4, 6];
  const A = normals(m * n1 * n2, 21);
  const y = normals(m, 22);
  const left = gaussianMatrix(n1, 2, 23);
  const right = gaussianMatrix(n2, 2, 24);
  const each = Array.from({ length: m }, (_, i) => dense.slice(A, i, n1, n2));
  const expected = problems.sensing({ A, y, shape: [n1, n2] }).gradient({ left, right });
  for (const form of [each, each.map((a) => a.data), each.map((a) => a.toArrays())]) {
    const problem = problems.sensing({ A: form, y: Array.from(y), shape: [n1, n2] });
    expect(problem.gradient({ left, right })).toEqual(expected);
  }
});
