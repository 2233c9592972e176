/** svd, eigh, qr: the factors multiply back, are orthonormal, and hold for every shape; degenerate input is refused. */
import { eigh, LowrankError, Matrix, qr, svd } from '../src';
import * as dense from './support/dense';
import { normals } from './support/random';

const { EPS } = dense;

function random(rows: number, cols: number, seed: number): Matrix {
  return new Matrix(normals(rows * cols, seed), rows, cols);
}

/** ||Q^T Q - I||_F */
function departure(q: Matrix): number {
  const gram = dense.product(dense.transpose(q), dense.transpose(q));
  for (let i = 0; i < gram.rows; i++) gram.data[i * gram.cols + i]! -= 1;
  return dense.norm(gram.data);
}

function scaled(a: Matrix, by: Float64Array): Matrix {
  return new Matrix(
    a.data.map((value, i) => value * by[i % a.cols]!),
    a.rows,
    a.cols,
  );
}

/** Backward errors of LAPACK's drivers are a modest multiple of EPS times the size; 20 covers every case here. */
const bound = (rows: number, cols: number): number => 20 * Math.max(rows, cols) * EPS;

describe.each([
  [1, 1],
  [1, 6],
  [6, 1],
  [7, 4],
  [4, 7],
  [30, 30],
  [90, 11],
])('%d x %d', (rows, cols) => {
  const a = random(rows, cols, rows + cols);

  test('svd', () => {
    const { u, values, v } = svd(a);
    expect([u.rows, u.cols, v.rows, v.cols]).toEqual([rows, values.length, cols, values.length]);
    expect(dense.distance(dense.product(scaled(u, values), v).data, a.data)).toBeLessThan(
      bound(rows, cols) * dense.norm(a.data),
    );
    expect(departure(u)).toBeLessThan(bound(rows, cols));
    expect(departure(v)).toBeLessThan(bound(rows, cols));
    expect([...values].sort((x, y) => y - x)).toEqual([...values]);
    expect(values.at(-1)).toBeGreaterThanOrEqual(0);
  });

  test('qr', () => {
    if (rows < cols) {
      expect(() => qr(a)).toThrow(`Expected a matrix with rows >= cols for a but received one of ${rows} x ${cols}.`);
      return;
    }
    const { q, r } = qr(a);
    expect(dense.distance(dense.times(q, r).data, a.data)).toBeLessThan(bound(rows, cols) * dense.norm(a.data));
    expect(departure(q)).toBeLessThan(bound(rows, cols));
    for (let i = 0; i < cols; i++) for (let j = 0; j < i; j++) expect(r.get(i, j)).toBe(0);
  });
});

test.each([1, 2, 5, 40])('eigh, n = %d', (n) => {
  const a = dense.symmetricPart(random(n, n, n));
  const { values, vectors } = eigh(a);
  expect(dense.distance(dense.product(scaled(vectors, values), vectors).data, a.data)).toBeLessThan(
    bound(n, n) * dense.norm(a.data),
  );
  expect(departure(vectors)).toBeLessThan(bound(n, n));
  expect([...values].sort((x, y) => y - x)).toEqual([...values]);
});

test('known answers', () => {
  expect(
    svd(
      Matrix.from([
        [3, 0],
        [0, -5],
      ]),
    ).values,
  ).toEqual(Float64Array.of(5, 3));
  const { values } = eigh(
    Matrix.from([
      [2, 1],
      [1, 2],
    ]),
  );
  expect(values[0]).toBeCloseTo(3, 14);
  expect(values[1]).toBeCloseTo(1, 14);
  expect(svd(Matrix.zeros(3, 2)).values).toEqual(new Float64Array(2));
});

test('the argument is not changed', () => {
  const a = dense.symmetricPart(random(6, 6, 1));
  const copy = a.data.slice();
  svd(a);
  eigh(a);
  qr(a);
  expect(a.data).toEqual(copy);
});

test.each([NaN, Infinity, -Infinity])('%d is refused, not handed to LAPACK', (value) => {
  const a = dense.symmetricPart(random(5, 5, 1));
  a.data[7] = value;
  a.data[11] = value;
  for (const decompose of [svd, eigh, qr]) {
    expect(() => decompose(a)).toThrow(expect.objectContaining({ code: 'NON_FINITE' }));
    expect(() => decompose(a)).toThrow(LowrankError);
  }
});

test('wrong arguments', () => {
  expect(() => svd([[1]] as unknown as Matrix)).toThrow('Expected a Matrix for a but received array.');
  expect(() => svd(Matrix.zeros(0, 3))).toThrow(
    'Expected a matrix with at least one entry for a but received one of 0 x 3.',
  );
  expect(() => eigh(Matrix.zeros(2, 3))).toThrow('Expected a symmetric matrix for a but received one of 2 x 3.');
  expect(() =>
    eigh(
      Matrix.from([
        [1, 2],
        [3, 4],
      ]),
    ),
  ).toThrow('Expected a symmetric matrix for a but received one that differs from its transpose by 1.');
});
