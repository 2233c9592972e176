/**
 * The gradient against the loss: |f(p + t d) - f(p) - t <grad f(p), d>| falls as t^2. Taken over t = 1e-1 .. 1e-6 in half
 * decades; the slope is read on the longest straight stretch, for at large t the quartic terms bend the line and at
 * small t rounding does.
 */
import { Matrix, problems } from '../../src';
import * as dense from '../support/dense';
import { normals } from '../support/random';

function longestStraightSlope(error: (t: number) => number): { slope: number; points: number } {
  const exponents = Array.from({ length: 11 }, (_, i) => -1 - i / 2);
  const logs = exponents.map((e) => Math.log10(error(10 ** e)));
  const local = logs.slice(1).map((value, i) => (logs[i]! - value) / 0.5);
  let best = { slope: NaN, points: 0 };
  for (let from = 0; from < local.length; from++) {
    for (let to = from + 1; to <= local.length; to++) {
      const stretch = local.slice(from, to);
      if (Math.max(...stretch) - Math.min(...stretch) > 0.1) break;
      if (to - from + 1 > best.points) {
        best = { slope: stretch.reduce((sum, value) => sum + value, 0) / stretch.length, points: to - from + 1 };
      }
    }
  }
  return best;
}

function moved(point: Matrix, direction: Matrix, t: number): Matrix {
  return dense.combine(point, t, direction);
}

describe.each(['float64', 'float32'] as const)('%s', (storage) => {
  test.each([
    [6, true],
    [12, true],
    [12, false],
  ])('symmetric, n = %d, packed %s', (n, packed) => {
    const m = 3 * n;
    const scale = 1 / Math.sqrt(m);
    const A = normals(m * n * n, 1).map((value) => value * scale);
    const y = normals(m, 2);
    const U = new Matrix(normals(n * 3, 3), n, 3);
    const D = new Matrix(normals(n * 3, 4), n, 3);
    const problem = problems.sensing({ A, y, shape: [n, n], symmetric: packed, storage });
    const loss = (P: Matrix): number => dense.dot(problem.residual(P), problem.residual(P)) / 4;
    const slopeAtZero = dense.dot(problem.gradient(U).left.data, D.data);
    const { slope, points } = longestStraightSlope((t) => Math.abs(loss(moved(U, D, t)) - loss(U) - t * slopeAtZero));
    expect(points).toBeGreaterThanOrEqual(4);
    expect(slope).toBeGreaterThan(1.9);
    expect(slope).toBeLessThan(2.1);
  });

  test.each([
    [7, 5],
    [5, 11],
  ])('asymmetric, %d x %d', (n1, n2) => {
    const m = 40;
    const A = normals(m * n1 * n2, 5).map((value) => value / Math.sqrt(m));
    const y = normals(m, 6);
    const point = { left: new Matrix(normals(n1 * 2, 7), n1, 2), right: new Matrix(normals(n2 * 2, 8), n2, 2) };
    const along = { left: new Matrix(normals(n1 * 2, 9), n1, 2), right: new Matrix(normals(n2 * 2, 10), n2, 2) };
    const problem = problems.sensing({ A, y, shape: [n1, n2], storage });
    const loss = (t: number): number => {
      const residual = problem.residual({
        left: moved(point.left, along.left, t),
        right: moved(point.right, along.right, t),
      });
      return dense.dot(residual, residual) / 2;
    };
    const gradient = problem.gradient(point);
    const slopeAtZero =
      dense.dot(gradient.left.data, along.left.data) + dense.dot(gradient.right!.data, along.right.data);
    const { slope, points } = longestStraightSlope((t) => Math.abs(loss(t) - loss(0) - t * slopeAtZero));
    expect(points).toBeGreaterThanOrEqual(4);
    expect(slope).toBeGreaterThan(1.9);
    expect(slope).toBeLessThan(2.1);
  });
});

test('loss constants: central differences of 1/4 ||A(UU^T) - y||^2 and 1/2 ||A(FG^T) - y||^2', () => {
  const n = 5;
  const m = 30;
  const A = normals(m * n * n, 1);
  const y = normals(m, 2);
  const problem = problems.sensing({ A, y, shape: [n, n] });
  const U = new Matrix(normals(n * 2, 3), n, 2);
  const G = new Matrix(normals(n * 2, 4), n, 2);
  const f = (left: Matrix, right: Matrix, constant: number): number => {
    const residual = dense.measure(A, dense.product(left, right)).map((value, i) => value - y[i]!);
    return constant * dense.dot(residual, residual);
  };
  // Error of a central difference: h^2 f'''/6 + EPS f / h, least near h = EPS^(1/3).
  const h = Math.cbrt(dense.EPS);
  const symmetric = problem.gradient(U);
  const asymmetric = problem.gradient({ left: U, right: G });
  for (let at = 0; at < U.data.length; at++) {
    const e = Matrix.zeros(n, 2);
    e.data[at] = 1;
    const [plus, minus] = [moved(U, e, h), moved(U, e, -h)];
    const differences = [
      (f(plus, plus, 1 / 4) - f(minus, minus, 1 / 4)) / (2 * h),
      (f(plus, G, 1 / 2) - f(minus, G, 1 / 2)) / (2 * h),
      (f(U, moved(G, e, h), 1 / 2) - f(U, moved(G, e, -h), 1 / 2)) / (2 * h),
    ];
    const gradients = [symmetric.left.data[at]!, asymmetric.left.data[at]!, asymmetric.right!.data[at]!];
    const size = f(U, U, 1) + f(U, G, 1);
    differences.forEach((value, i) => {
      expect(Math.abs(value - gradients[i]!)).toBeLessThan(1e-8 * size);
    });
  }
});
