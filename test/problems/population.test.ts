/** Population problems: the identity operator against the explicit dense one, and against its definition. */
import { Matrix, problems, solve } from '../../src';
import * as dense from '../support/dense';
import { normals } from '../support/random';

/** The measurement matrices of the identity, as data for `problems.sensing`. */
function identityMatrices(n1: number, n2: number, symmetric: boolean): Float64Array {
  const A: number[] = [];
  for (let p = 0; p < n1; p++) {
    for (let q = symmetric ? p : 0; q < n2; q++) {
      const one = new Float64Array(n1 * n2);
      if (symmetric && p !== q) one[p * n2 + q] = one[q * n2 + p] = Math.SQRT1_2;
      else one[p * n2 + q] = 1;
      A.push(...one);
    }
  }
  return Float64Array.from(A);
}

function gaussianMatrix(rows: number, cols: number, seed: number): Matrix {
  return new Matrix(normals(rows * cols, seed), rows, cols);
}

const CASES = [
  { n1: 1, n2: 1, symmetric: true, k: 1 },
  { n1: 1, n2: 6, symmetric: false, k: 2 },
  { n1: 9, n2: 5, symmetric: false, k: 7 },
  { n1: 6, n2: 6, symmetric: false, k: 3 },
  { n1: 11, n2: 11, symmetric: true, k: 4 },
];

describe.each(CASES)('$n1 x $n2, symmetric: $symmetric', ({ n1, n2, symmetric, k }) => {
  const problem = problems.population({ shape: [n1, n2], symmetric, trueRank: 1, seed: 4 });
  const m = problem.measurements;
  const left = gaussianMatrix(n1, k, 1);
  const right = gaussianMatrix(n2, k, 2);
  const r = normals(m, 3);
  const explicit = problems.sensing({
    A: identityMatrices(n1, n2, symmetric),
    y: problem.y,
    shape: [n1, n2],
    symmetric,
  });

  test('sizes', () => {
    expect(m).toBe(symmetric ? (n1 * (n1 + 1)) / 2 : n1 * n2);
    expect([problem.symmetric, problem.model]).toEqual([symmetric, symmetric ? 'symmetric' : 'asymmetric']);
    expect(problem.bytes).toBe(0);
  });

  test('equals the explicit dense operator', () => {
    const points = symmetric ? [left, { left, right }] : [{ left, right }];
    for (const point of points) {
      const expected = explicit.measure(point);
      expect(dense.distance(problem.measure(point), expected)).toBeLessThan(1e-13 * (1 + dense.norm(expected)));
      const [a, b] = [problem.gradient(point), explicit.gradient(point)];
      expect(a.loss).toBeCloseTo(b.loss, 9);
      expect(dense.distance(a.left.data, b.left.data)).toBeLessThan(1e-12 * (1 + dense.norm(b.left.data)));
    }
    expect(dense.distance(problem.adjoint(r).data, explicit.adjoint(r).data)).toBeLessThan(1e-14 * dense.norm(r));
  });

  test('dot test, A*A = I and ||A(X)|| = ||X||_F', () => {
    const point = symmetric ? left : { left, right };
    const X = dense.product(left, symmetric ? left : right);
    const image = problem.measure(point);
    const back = problem.adjoint(r);
    const scale = dense.norm(image) * dense.norm(r);
    expect(Math.abs(dense.dot(image, r) - dense.dot(X.data, back.data)) / scale).toBeLessThan(1e-13);
    expect(dense.distance(problem.adjoint(image).data, X.data)).toBeLessThan(1e-13 * dense.norm(X.data));
    expect(Math.abs(dense.norm(image) / dense.norm(X.data) - 1)).toBeLessThan(1e-13);
  });

  test('the same bits for any number of threads, with held-out entries too', async () => {
    if (m < 4) return;
    const runs = await Promise.all(
      [1, 2, 3].map((threads) =>
        solve(problem, { rank: k, threads, stop: { iterations: 20 }, holdOut: { fraction: 0.3 }, step: 0.1 }),
      ),
    );
    for (const run of runs) expect([run.factors, run.trace]).toEqual([runs[0]!.factors, runs[0]!.trace]);
    const other = await solve(explicit, { rank: k, stop: { iterations: 20 }, holdOut: { fraction: 0.3 }, step: 0.1 });
    expect(runs[0]!.residual).toBeCloseTo(other.residual, 12);
    expect(runs[0]!.validationError).toBeCloseTo(other.validationError!, 12);
  });
});

test('truths: those of gaussianSensing, and with a spectrum of their own', () => {
  const common = { shape: [8, 8], symmetric: true, trueRank: 3, conditionNumber: 5, seed: 2 } as const;
  const gaussian = problems.gaussianSensing({ ...common, measurements: 10 });
  for (const symmetricMeasurements of [true, false]) {
    const problem = problems.population({ ...common, symmetricMeasurements });
    expect(problem.truth).toEqual(gaussian.truth);
    expect(problem.symmetric).toBe(symmetricMeasurements);
  }
  const rest = { shape: common.shape, symmetric: true, seed: 2 };
  const spectrum = [3, 0.8, 0.8, 0.6];
  for (const problem of [
    problems.population({ ...rest, spectrum }),
    problems.gaussianSensing({ ...rest, spectrum, measurements: 10 }),
    problems.population({ ...rest, shape: [8, 5], symmetric: false, spectrum, trueRank: 4 }),
  ]) {
    expect(problem.trueRank).toBe(4);
    expect(dense.norm(problem.truth!.data)).toBeCloseTo(Math.hypot(...spectrum), 13);
  }
});

test("symmetric law: with k > r the error tends to sqrt(k - r) / (2 eta t) (reference S3-a')", async () => {
  const problem = problems.population({ shape: [12, 12], symmetric: true, spectrum: [1, 0.8], seed: 1 });
  const init = { kind: 'random', convention: 'S3-symmetric', scale: 0.2, seed: 3 } as const;
  const run = await solve(problem, { rank: 4, init, step: 0.1, stop: { iterations: 20_000, residual: 0 } });
  const absolute = run.testError! * dense.norm(problem.truth!.data);
  expect(absolute / (Math.sqrt(2) / (2 * 0.1 * 20_000))).toBeCloseTo(1, 2);
});

test('asymmetric model from a random start with a symmetric truth', async () => {
  const problem = problems.population({
    shape: [12, 12],
    symmetric: true,
    symmetricMeasurements: false,
    trueRank: 2,
    seed: 1,
  });
  const init = { kind: 'random', convention: 'S3-asymmetric', scale: 0.5 } as const;
  const run = await solve(problem, { rank: 4, init, step: 0.1, stop: { iterations: 5000 } });
  expect(run.info.init).toMatchObject({ entryVariance: 'scale^2/n', ratio: 1 / 3 });
  expect(run.converged).toBe(true);
  expect(run.testError).toBeLessThan(1e-9);
});

test.each([
  [{ shape: [4, 4], seed: 1 }, 'Expected a positive integer for trueRank but received undefined.'],
  [
    { shape: [4, 5], symmetric: true, trueRank: 1, seed: 1 },
    'Expected n1 = n2 (symmetric) for shape but received [4, 5].',
  ],
  [{ shape: [4, 4], spectrum: [], seed: 1 }, 'Expected 1 to 4 singular values for spectrum but received 0.'],
  [
    { shape: [4, 4], spectrum: [1, 2], seed: 1 },
    'Expected falling singular values for spectrum but received 2 after 1.',
  ],
  [{ shape: [4, 4], spectrum: [1, 0], seed: 1 }, 'Expected a positive singular value for spectrum[1] but received 0'],
  [{ shape: [4, 4], spectrum: [1], trueRank: 2, seed: 1 }, 'for trueRank but received 2 of type number.'],
  [
    { shape: [4, 4], spectrum: [1], conditionNumber: 2, seed: 1 },
    'Expected no value (spectrum is given) for conditionNumber',
  ],
  [{ shape: [4, 4], trueRank: 1, seed: 1, measurements: 5 }, 'Unknown option "measurements" for population.'],
])('bad input %#', (options, message) => {
  expect(() => problems.population(options as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) as string }),
  );
});
