/** A lower bound: zero for an isometry, exact at full rank, never above the exact constant. */
import { eigh, Matrix, problems, type Problem } from '../../src';
import { restrictedIsometry } from '../../src/diagnostics/restricted-isometry';
import { product } from '../support/dense';
import { normals } from '../support/random';

test.each([true, false])('population (symmetric %s): an isometry on every matrix', async (symmetric) => {
  const shape: [number, number] = symmetric ? [7, 7] : [7, 5];
  const problem = problems.population({ shape, symmetric, trueRank: 2, seed: 1 });
  const result = await restrictedIsometry(problem, { rank: 2, samples: 5, seed: 1 });
  expect(result.scale).toBeCloseTo(1, 12);
  expect(result.lowerBound).toBeLessThan(1e-12);
});

/** Eigenvalues of A*A on all matrices, or on the symmetric ones, from A A*. */
function extremes(A: Float64Array, n1: number, n2: number, symmetric: boolean): { low: number; high: number } {
  const m = A.length / (n1 * n2);
  const dimension = symmetric ? (n1 * (n1 + 1)) / 2 : n1 * n2;
  const rows = Matrix.zeros(m, dimension);
  for (let i = 0; i < m; i++) {
    let at = i * dimension;
    for (let j = 0; j < n1; j++) {
      for (let l = 0; l < (symmetric ? j + 1 : n2); l++) {
        const one = A[i * n1 * n2 + j * n2 + l]!;
        const mirrored = symmetric ? A[i * n1 * n2 + l * n2 + j]! : one;
        rows.data[at++] = symmetric && j !== l ? (one + mirrored) * Math.SQRT1_2 : one;
      }
    }
  }
  const transposed = Matrix.from(Array.from({ length: dimension }, (_, j) => rows.toArrays().map((row) => row[j]!)));
  const { values } = eigh(product(transposed, transposed));
  return { low: values.at(-1)!, high: values[0]! };
}

test.each([
  ['asymmetric', 4, 3, false],
  ['symmetric', 4, 4, true],
])('full rank, %s: the ascent finds the extreme eigenvalues of A*A', async (_, n1, n2, symmetric) => {
  const m = 30;
  const A = normals(m * n1 * n2, 3).map((value) => value / Math.sqrt(m));
  const problem = problems.sensing({ A, shape: [n1, n2], y: new Float64Array(m), symmetric });
  const exact = extremes(A, n1, n2, symmetric);
  const rank = Math.min(n1, n2);
  const result = await restrictedIsometry(problem, { rank, samples: 3, ascentSteps: 300, seed: 1 });
  expect(result.high).toBeLessThanOrEqual(exact.high * (1 + 1e-12));
  expect(result.low).toBeGreaterThanOrEqual(exact.low * (1 - 1e-12));
  expect(result.high / exact.high).toBeCloseTo(1, 3);
  expect(result.low / exact.low).toBeCloseTo(1, 2);
  // Lower rank: a smaller set, so a smaller constant.
  const one = await restrictedIsometry(problem, { rank: 1, samples: 3, ascentSteps: 300, seed: 1 });
  expect(one.high).toBeLessThanOrEqual(result.high * (1 + 1e-6));
  expect(one.low).toBeGreaterThanOrEqual(result.low * (1 - 1e-6));
});

const problem: Problem = problems.gaussianSensing({
  shape: [12, 12],
  symmetric: true,
  trueRank: 2,
  measurements: 60,
  seed: 1,
});

test('ascent only raises, more samples only raise, the same seed gives the same', async () => {
  const few = await restrictedIsometry(problem, { rank: 2, samples: 4, seed: 5 });
  const again = await restrictedIsometry(problem, { rank: 2, samples: 4, seed: 5, threads: 2 });
  const many = await restrictedIsometry(problem, { rank: 2, samples: 12, ascentSteps: 0, seed: 5 });
  expect(again).toEqual(few);
  expect(few.lowerBound).toBeGreaterThan(few.sampledLowerBound);
  expect(many.lowerBound).toBe(many.sampledLowerBound);
  expect(many.lowerBound).toBeGreaterThanOrEqual(few.sampledLowerBound);
});

test('the scale moves the bound, and what fits best is reported', async () => {
  const options = { rank: 1, samples: 6, ascentSteps: 0, seed: 2 };
  const natural = await restrictedIsometry(problem, options);
  const best = (natural.high + natural.low) / 2;
  const scaled = await restrictedIsometry(problem, { ...options, scale: best });
  expect(scaled.lowerBound).toBeCloseTo(natural.lowerBoundAtBestScale, 12);
  expect(scaled.lowerBound).toBeLessThanOrEqual(natural.lowerBound);
});

test.each<[string, object, RegExp]>([
  ['no rank', {}, /positive integer for rank but received undefined/],
  ['rank above n', { rank: 13 }, /at most 12 for rank/],
  ['samples', { rank: 1, samples: 0 }, /positive integer for samples/],
  ['unknown option', { rank: 1, sample: 3 }, /Did you mean "samples"/],
])('bad input: %s', async (_, options, message) => {
  await expect(restrictedIsometry(problem, options as { rank: number })).rejects.toThrow(message);
});

test('an operator that is zero has no scale', async () => {
  const zero = problems.sensing({ A: new Float64Array(18), shape: [3, 3], y: [0, 0] });
  await expect(restrictedIsometry(zero, { rank: 1 })).rejects.toThrow(/not all zero/);
});
