/** Reading ranks from spectra, and the arithmetic on factors that goes with it. */
import { Matrix } from '../../src';
import { distance, extrapolate, factorSvd, nearby, product, truncate } from '../../src/solvers/factor-arithmetic';
import { leadingRank, prefersLarger, searchRanks, spectralGap } from '../../src/solvers/rank-selection';
import { distance as difference, norm, product as explicit } from '../support/dense';
import { normals } from '../support/random';

const values = (...list: number[]): Float64Array => Float64Array.from(list);

test('the largest break', () => {
  expect(leadingRank(values(3, 2, 1, 1e-9, 1e-10))).toBe(3);
  expect(leadingRank(values(1, 0.9, 0.05, 0.04))).toBe(2);
  expect(leadingRank(values(1, 0.9, 0.8))).toBe(3);
  expect(leadingRank(values(5))).toBe(1);
  // what is below rounding does not count as a break
  expect(leadingRank(values(1, 0.5, 1e-17, 1e-30))).toBe(2);
});

test('gaps', () => {
  expect(spectralGap(values(4, 2, 0), 1)).toBeCloseTo(2);
  expect(spectralGap(values(4, 2, 0), 2)).toBeGreaterThan(1e13);
  expect(spectralGap(values(4, 2), 2)).toBeNaN();
});

test('search ranks rise, and leave measurements to spare', () => {
  const space = { shape: [48, 48], symmetric: true } as const;
  expect(searchRanks(space, 648)).toEqual([7, 11, 15]);
  expect(searchRanks(space, 20)).toEqual([1]);
  expect(searchRanks(space, 1e6)).toEqual([48]);
});

test('one more direction must beat noise, on the rows not seen as well', () => {
  const space = { shape: [20, 20], symmetric: false } as const;
  const one = { rank: 1, residual: 0.5, validation: 0.55 };
  expect(prefersLarger(space, 300, one, { rank: 2, residual: 0.01, validation: 0.012 })).toBe(true);
  expect(prefersLarger(space, 300, one, { rank: 2, residual: 0.01, validation: 0.6 })).toBe(false);
  // noise of 300 rows, of which 37 more parameters take their share and somewhat more
  const noise = { rank: 2, residual: 0.5 * Math.sqrt(1 - (2 * 37) / 300), validation: 0.54 };
  expect(prefersLarger(space, 300, one, noise)).toBe(false);
});

describe('factors', () => {
  const left = new Matrix(normals(7 * 3, 1), 7, 3);
  const right = new Matrix(normals(9 * 3, 2), 9, 3);

  test('truncation keeps the product, balances the factors', async () => {
    const svd = await factorSvd({ left, right });
    const pair = truncate(svd, 3, false);
    const x = explicit(left, right);
    expect(difference((await product(pair, false)).data, x.data)).toBeLessThan(1e-13 * norm(x.data));
    expect(await distance(pair, x)).toBeLessThan(1e-13 * norm(x.data));
    expect(norm(pair.left.data)).toBeCloseTo(norm(pair.right.data), 12);
    expect(await distance(truncate(svd, 2, false), x)).toBeCloseTo(svd.values[2]!, 12);
  });

  test('a symmetric product is symmetric to the last bit', async () => {
    const x = await product({ left, right: left }, true);
    expect(x.isSymmetric()).toBe(true);
  });

  test('nearby is as far as asked, to first order', async () => {
    const x = explicit(left, right);
    expect((await distance(nearby({ left, right }, 1e-6, 1, false), x)) / 1e-6).toBeCloseTo(1, 4);
    const one = { left, right: left };
    const moved = nearby(one, 1e-6, 1, true);
    expect(moved.right).toBe(moved.left);
    expect((await distance(moved, explicit(left, left))) / 1e-6).toBeCloseTo(1, 4);
    // F G^T with G = F diag(1, -1, 1) stays symmetric
    const signed = new Matrix(
      left.data.map((value, i) => (i % 3 === 1 ? -value : value)),
      7,
      3,
    );
    const tied = nearby({ left, right: signed }, 1e-3, 1, true);
    const y = explicit(tied.left, tied.right);
    expect(difference(y.data, explicit(tied.right, tied.left).data)).toBeLessThan(1e-13);
  });

  test('extrapolation goes on in the same direction', async () => {
    const x = explicit(left, right);
    const moved = nearby({ left, right }, 1e-5, 3, false);
    const further = await extrapolate({ left, right }, moved, 10, false);
    expect((await distance(further, x)) / 1e-4).toBeCloseTo(1, 3);
    expect((await distance(moved, explicit(further.left, further.right))) / 0.9e-4).toBeCloseTo(1, 3);
  });
});
