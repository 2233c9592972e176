/** Generated problems: the truth has the promised spectrum, the ensemble the promised moments, the noise the promised size. */
import { LowrankError, Matrix, problems, svd, type GaussianSensingOptions } from '../../src';
import { operatorHandle } from '../../src/problems/problem';
import type { NativeDenseOperator } from '../../src/native';
import * as dense from '../support/dense';

const base: GaussianSensingOptions = { shape: [12, 9], trueRank: 3, measurements: 200, seed: 1 };

function measurementMatrices(problem: problems.Problem): Float64Array {
  const operator = problem[operatorHandle] as NativeDenseOperator;
  const size = problem.shape[0] * problem.shape[1];
  const all = new Float64Array(problem.measurements * size);
  for (let i = 0; i < problem.measurements; i++) operator.readMatrix(i, all.subarray(i * size, (i + 1) * size));
  return all;
}

test.each([
  [{ ...base, conditionNumber: 100 }, [1, 0.1, 0.01]],
  [{ ...base, conditionNumber: 1 }, [1, 1, 1]],
  [{ ...base, trueRank: 1, conditionNumber: 7 }, [1]],
  [{ ...base, shape: [9, 9] as [number, number], symmetric: true, conditionNumber: 4 }, [1, 0.5, 0.25]],
])('the truth has unit norm and a geometric spectrum', (options, expected) => {
  const problem = problems.gaussianSensing(options);
  const truth = problem.truth!;
  const { values } = svd(truth);
  expected.forEach((sigma, j) => {
    expect(Math.abs(values[j]! - sigma)).toBeLessThan(1e-14 * truth.rows);
  });
  for (const rest of values.subarray(expected.length)) expect(rest).toBeLessThan(1e-14 * truth.rows);
  expect(problem.trueRank).toBe(options.trueRank);
});

test('a symmetric truth is symmetric to the bit and positive semidefinite', () => {
  const problem = problems.gaussianSensing({ ...base, shape: [10, 10], symmetric: true });
  expect(problem.truth!.isSymmetric()).toBe(true);
  expect(problem.model).toBe('symmetric');
  expect(problem.symmetric).toBe(true);
  for (let i = 0; i < 10; i++) expect(problem.truth!.get(i, i)).toBeGreaterThanOrEqual(0);
});

test.each([false, true])('y = A(X*) without noise, by an explicit loop (symmetric %s)', (symmetric) => {
  const problem = problems.gaussianSensing({ ...base, shape: [9, 9], symmetric });
  const A = measurementMatrices(problem);
  const expected = dense.measure(A, problem.truth!);
  expect(dense.distance(problem.y, expected)).toBeLessThan(1e-13 * dense.norm(expected));
});

test('entries have mean 0 and variance 1/m; symmetric ones 1/m on the diagonal and 1/(2m) off it', () => {
  const n = 20;
  const m = 2000;
  for (const symmetric of [false, true]) {
    const problem = problems.gaussianSensing({ shape: [n, n], symmetric, trueRank: 1, measurements: m, seed: 5 });
    const A = measurementMatrices(problem);
    const sums = { diagonal: [0, 0, 0], off: [0, 0, 0] };
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < n; k++) {
          const sum = j === k ? sums.diagonal : sums.off;
          const value = A[(i * n + j) * n + k]! * Math.sqrt(m);
          sum[0]! += 1;
          sum[1]! += value;
          sum[2]! += value * value;
        }
      }
    }
    for (const [sum, variance] of [
      [sums.diagonal, 1],
      [sums.off, symmetric ? 0.5 : 1],
    ] as const) {
      const [count, first, second] = sum as [number, number, number];
      // Six standard errors of a mean (variance / N) and of a mean square (2 variance^2 / N); the two triangles of a
      // symmetric matrix hold the same numbers, so only half of them count.
      const independent = symmetric ? count / 2 : count;
      expect(Math.abs(first / count)).toBeLessThan(6 * Math.sqrt(variance / independent));
      expect(Math.abs(second / count - variance)).toBeLessThan(6 * variance * Math.sqrt(2 / independent));
    }
  }
});

test('E[A*A] = I: ||A(X)||^2 is ||X||^2 up to its standard deviation ||X||^2 sqrt(2/m)', () => {
  for (const symmetric of [false, true]) {
    const problem = problems.gaussianSensing({ shape: [15, 15], symmetric, trueRank: 2, measurements: 5000, seed: 8 });
    const ratio = (dense.norm(problem.y) / dense.norm(problem.truth!.data)) ** 2;
    expect(Math.abs(ratio - 1)).toBeLessThan(6 * Math.sqrt(2 / 5000));
  }
});

test('noise has the stated size relative to ||A(X*)||', () => {
  const clean = problems.gaussianSensing({ ...base, measurements: 4000 });
  const noisy = problems.gaussianSensing({ ...base, measurements: 4000, noise: 0.03 });
  const ratio = dense.distance(noisy.y, clean.y) / dense.norm(clean.y);
  // The norm of m standard normals is sqrt(m) (1 +- 1/sqrt(2m)); six deviations.
  expect(Math.abs(ratio / 0.03 - 1)).toBeLessThan(6 / Math.sqrt(8000));
  expect(noisy.truth).toEqual(clean.truth);
});

test('a function of the seed alone, whatever the threads; different seeds differ', () => {
  const one = problems.gaussianSensing(base);
  const two = problems.gaussianSensing({ ...base, threads: 2 });
  expect(two.y).toEqual(one.y);
  expect(two.truth).toEqual(one.truth);
  expect(measurementMatrices(two)).toEqual(measurementMatrices(one));
  expect(problems.gaussianSensing({ ...base, seed: 2 }).y).not.toEqual(one.y);
});

test('single precision holds the rounded numbers of double precision, and y belongs to what is stored', () => {
  const double = problems.gaussianSensing(base);
  const single = problems.gaussianSensing({ ...base, storage: 'float32' });
  expect(single.bytes).toBeLessThan(0.6 * double.bytes);
  const A = measurementMatrices(single);
  expect(A).toEqual(Float64Array.from(measurementMatrices(double), Math.fround));
  // y is computed from the rounded A_i; X may have been rounded to single precision for it.
  const expected = dense.measure(A, single.truth!);
  expect(dense.distance(single.y, expected)).toBeLessThan(2 ** -23 * dense.norm(A) * dense.norm(single.truth!.data));
});

test('unsymmetric measurement matrices for a symmetric truth', () => {
  const problem = problems.gaussianSensing({ ...base, shape: [9, 9], symmetric: true, symmetricMeasurements: false });
  expect(problem.symmetric).toBe(false);
  expect(problem.model).toBe('asymmetric');
  expect(problem.truth!.isSymmetric()).toBe(true);
});

test('shows data, not the native handle', () => {
  const problem = problems.gaussianSensing({ ...base, shape: [2, 2], trueRank: 1, measurements: 1 });
  expect(Object.keys(problem)).not.toContain('operator');
  expect(Object.assign({}, problem)).not.toHaveProperty([operatorHandle]);
  expect(Object.isFrozen(problem)).toBe(true);
});

test.each<[Record<string, unknown>, string]>([
  [{ trueRank: 0 }, 'Expected a positive integer for trueRank but received 0 of type number.'],
  [{ trueRank: 10 }, 'Expected a positive integer of at most 9 for trueRank but received 10 of type number.'],
  [{ trueRank: NaN }, 'Expected a positive integer for trueRank but received NaN of type number.'],
  [{ trueRank: '3' }, 'Expected a positive integer for trueRank but received "3" of type string.'],
  [{ trueRank: undefined }, 'Expected a positive integer for trueRank but received undefined.'],
  [{ measurements: 0 }, 'Expected a positive integer for measurements but received 0 of type number.'],
  [{ measurements: 2.5 }, 'Expected a positive integer for measurements but received 2.5 of type number.'],
  [{ shape: [3] }, 'Expected a pair [n1, n2] for shape but received array.'],
  [{ shape: [3, -1] }, 'Expected a positive integer for shape[1] but received -1 of type number.'],
  [{ seed: -1 }, 'Expected a non-negative integer for seed but received -1 of type number.'],
  [{ seed: 2 ** 53 }, `Expected a non-negative integer for seed but received ${2 ** 53} of type number.`],
  [{ seed: undefined }, 'Expected a non-negative integer for seed but received undefined.'],
  [
    { conditionNumber: 0.5 },
    'Expected a finite number of at least 1 for conditionNumber but received 0.5 of type number.',
  ],
  [
    { conditionNumber: NaN },
    'Expected a finite number of at least 1 for conditionNumber but received NaN of type number.',
  ],
  [{ noise: -1 }, 'Expected a non-negative finite number for noise but received -1 of type number.'],
  [{ noise: Infinity }, 'Expected a non-negative finite number for noise but received Infinity of type number.'],
  [
    { storage: 'flaot32' },
    `Expected one of 'float64', 'float32' for storage but received "flaot32" of type string. Did you mean 'float32'?`,
  ],
  [{ symmetric: 1 }, 'Expected a boolean for symmetric but received 1 of type number.'],
  [{ symmetric: true }, 'Expected n1 = n2 (symmetric) for shape but received [12, 9].'],
  [
    { symmetricMeasurements: true },
    'Expected false (symmetric is false) for symmetricMeasurements but received true of type boolean.',
  ],
  [{ threads: 0 }, 'Expected a positive integer for threads but received 0 of type number.'],
  [{ threads: 65 }, 'Expected a positive integer of at most 64 for threads but received 65 of type number.'],
  [{ maxMemory: -5 }, 'Expected a positive integer for maxMemory but received -5 of type number.'],
  [{ mesurements: 3 }, 'Unknown option "mesurements" for gaussianSensing. Did you mean "measurements"?'],
  [{ rank: 3 }, 'Unknown option "rank" for gaussianSensing. Did you mean "trueRank"?'],
])('refuses %p', (change, message) => {
  expect(() => problems.gaussianSensing({ ...base, ...change })).toThrow(new LowrankError('INVALID_ARGUMENT', message));
});

test('refuses what would not fit, before allocating it', () => {
  const huge = { ...base, shape: [1e5, 1e5] as [number, number], measurements: 1e6 };
  expect(() => problems.gaussianSensing(huge)).toThrow(/The measurement matrices need about 71\.1 PiB/);
  expect(() => problems.gaussianSensing({ ...base, maxMemory: 1000 })).toThrow(/more than 1000 bytes \(maxMemory\)/);
  expect(() => problems.gaussianSensing({ ...base, shape: [2 ** 30, 2 ** 30] })).toThrow(
    /Expected n1 \* n2 below 2\^53/,
  );
});

test('the factors of a Gaussian problem may be any Matrix', () => {
  const problem = problems.gaussianSensing(base);
  expect(problem.measure({ left: Matrix.zeros(12, 1), right: Matrix.zeros(9, 1) })).toEqual(new Float64Array(200));
});
