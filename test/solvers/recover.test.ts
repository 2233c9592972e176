/** recover(): the rank found without being told, the accuracy the data allow, and never a confident wrong matrix. */
import { LowrankError, Matrix, problems, recover, type Problem, type RecoverResult } from '../../src';
import { expectedError } from '../../src/diagnostics/trust';
import { degreesOfFreedom } from '../../src/diagnostics/identifiability';
import { native } from '../../src/load';
import { solve } from '../../src/solvers';
import { distance, measure, norm, product } from '../support/dense';

interface Case {
  readonly shape: [number, number];
  readonly symmetric?: boolean;
  readonly rank: number;
  /** Measurements per degree of freedom. */
  readonly ratio: number;
  readonly kappa?: number;
  readonly noise?: number;
  readonly seed?: number;
}

function made({ shape, symmetric = false, rank, ratio, kappa = 1, noise = 0, seed = 1 }: Case): Problem {
  return problems.gaussianSensing({
    shape,
    symmetric,
    trueRank: rank,
    measurements: Math.max(1, Math.ceil(ratio * degreesOfFreedom({ shape, symmetric }, rank))),
    conditionNumber: rank > 1 ? kappa : 1,
    noise,
    seed,
  });
}

function normals(count: number, seed: number, first = 0): Float64Array {
  const out = new Float64Array(count);
  native.normals(seed, 'test', first, out);
  return out;
}

/** sum_c weights_c u_c u_c^T (or u_c v_c^T), u and v Gaussian of norm about 1. */
function lowRank(rows: number, cols: number, weights: readonly number[], symmetric: boolean, seed: number): Matrix {
  const rank = weights.length;
  const left = new Matrix(normals(rows * rank, seed), rows, rank);
  const right = symmetric ? left : new Matrix(normals(cols * rank, seed, 10_000), cols, rank);
  const weighted = new Matrix(
    left.data.map((value, i) => (value * weights[i % rank]!) / Math.sqrt(rows * cols)),
    rows,
    rank,
  );
  return product(weighted, right);
}

/** Gaussian measurement matrices of the test's own, changed entry by entry. */
function ownProblem(
  truth: Matrix,
  measurements: number,
  options: {
    symmetric?: boolean;
    symmetricMatrices?: boolean;
    entry?: (value: number, i: number, j: number) => number;
  } = {},
): { A: Float64Array; y: Float64Array; problem: Problem } {
  const { rows, cols } = truth;
  const A = normals(measurements * rows * cols, 77, 50_000);
  const at = (k: number, i: number, j: number): number => k * rows * cols + i * cols + j;
  for (let k = 0; k < measurements; k++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        if (options.symmetricMatrices === true && j < i) A[at(k, i, j)] = A[at(k, j, i)]!;
        if (options.entry !== undefined) A[at(k, i, j)] = options.entry(A[at(k, i, j)]!, i, j);
      }
    }
  }
  const y = measure(A, truth);
  return { A, y, problem: sensing(A, y, truth, options.symmetric ?? false) };
}

function sensing(A: Float64Array, y: Float64Array, truth: Matrix, symmetric: boolean): Problem {
  return problems.sensing({ A, y, truth, symmetric, shape: [truth.rows, truth.cols] });
}

/** What is reported must be so. */
function expectConsistent(problem: Problem, result: RecoverResult): void {
  const { estimate, factors, rank, singularValues } = result;
  expect(factors.left.cols).toBe(rank);
  expect(singularValues).toHaveLength(rank);
  const scale = norm(estimate.data);
  expect(distance(product(factors.left, factors.right).data, estimate.data)).toBeLessThanOrEqual(1e-12 * scale);
  expect(norm(singularValues)).toBeCloseTo(scale, 10);
  if (problem.model === 'symmetric') expect(estimate.isSymmetric()).toBe(true);
  const residual = problem.residual({ left: factors.left, right: factors.right });
  expect(norm(residual) / norm(problem.y)).toBeCloseTo(result.residual, 11);
  if (problem.truth !== undefined) {
    const error = distance(estimate.data, problem.truth.data) / norm(problem.truth.data);
    expect(error).toBeCloseTo(result.testError!, 11);
  }
  for (const sentence of result.trust.reasons) expect(sentence).toMatch(/^[A-Z0-9].*[.]$/s);
}

describe('exact data', () => {
  const cases: Case[] = [
    { shape: [24, 24], symmetric: true, rank: 3, ratio: 5, kappa: 3 },
    { shape: [20, 25], rank: 2, ratio: 5, kappa: 2 },
    { shape: [24, 24], symmetric: true, rank: 3, ratio: 2, kappa: 1000 },
    { shape: [20, 25], rank: 3, ratio: 2, kappa: 1000 },
    { shape: [20, 25], rank: 6, ratio: 1.6 },
    { shape: [24, 24], symmetric: true, rank: 6, ratio: 1.6 },
    { shape: [20, 25], rank: 1, ratio: 2 },
    { shape: [12, 10], rank: 10, ratio: 1.5 },
    { shape: [1, 1], rank: 1, ratio: 5 },
    { shape: [1, 6], rank: 1, ratio: 3 },
    { shape: [2, 2], symmetric: true, rank: 2, ratio: 3 },
  ];
  test.each(cases)('%j', async (settings) => {
    const problem = made(settings);
    const result = await recover(problem);
    expect(result.rank).toBe(settings.rank);
    expect(result.testError).toBeLessThanOrEqual(1e-9);
    expect(result.residual).toBeLessThanOrEqual(1e-10);
    expect(result.converged).toBe(true);
    expect(result.trust.verdict).toBe('trusted');
    expectConsistent(problem, result);
  });

  test('costs 100 to 300 passes where m allows', async () => {
    const { info, trace, iterations } = await recover(made({ shape: [24, 24], symmetric: true, rank: 3, ratio: 5 }));
    expect(info.passes).toBeLessThan(300);
    expect(info.iterations).toBe(iterations);
    const { stage, passes } = trace.columns;
    expect(stage![0]).toBe(0);
    expect(stage!.at(-1)).toBe(2);
    expect(passes!.every((value, i) => i === 0 || value >= passes![i - 1]!)).toBe(true);
  });

  test.each(['gradient-descent', 'approximate-gauss-newton'] as const)('%s', async (method) => {
    const result = await recover(made({ shape: [16, 18], rank: 2, ratio: 5 }), { method });
    expect(result).toMatchObject({ rank: 2, method, converged: true, trust: { verdict: 'trusted' } });
    expect(result.testError).toBeLessThanOrEqual(1e-8);
  });
});

describe('noise', () => {
  test.each([1e-8, 1e-4, 1e-2, 5e-2])('level %d: the rank, and an error near that of least squares', async (noise) => {
    for (const symmetric of [true, false]) {
      const problem = made({ shape: [20, 20], symmetric, rank: 2, ratio: 6, kappa: 2, noise, seed: 3 });
      const result = await recover(problem);
      expect(result.rank).toBe(2);
      expect(result).toMatchObject({ converged: true, trust: { verdict: 'trusted' } });
      expectConsistent(problem, result);
      // least squares at the true rank, started at the truth
      const truth = await recover(made({ shape: [20, 20], symmetric, rank: 2, ratio: 6, kappa: 2, seed: 3 }));
      const oracle = await solve(problem, {
        method: 'riemannian-gauss-newton',
        init: { kind: 'given', factors: symmetric ? truth.factors.left : truth.factors },
        stop: { iterations: 20, residual: 0 },
      });
      expect(result.testError).toBeLessThanOrEqual(1.01 * oracle.testError!);
      const expected = expectedError(result.residual, problem.measurements, result.trust.evidence.degreesOfFreedom);
      expect(result.testError! / expected).toBeGreaterThan(0.5);
      expect(result.testError! / expected).toBeLessThan(2);
    }
  });

  test('the expected error holds for measurement matrices that see some entries ten times better than others', async () => {
    const truth = lowRank(14, 16, [1, 0.7], false, 15);
    const weights = normals(14 * 16, 16).map((value) => Math.exp(value));
    const { A, y } = ownProblem(truth, 300, { entry: (value, i, j) => value * weights[i * 16 + j]! });
    const noise = normals(300, 17);
    const size = (0.003 * norm(y)) / norm(noise);
    const noisy = sensing(
      A,
      y.map((value, i) => value + size * noise[i]!),
      truth,
      false,
    );
    const { testError, trust } = await recover(noisy);
    expect(trust.verdict).toBe('trusted');
    expect(testError! / trust.evidence.expectedError!).toBeGreaterThan(0.4);
    expect(testError! / trust.evidence.expectedError!).toBeLessThan(2.5);
  });

  test('no structure at all in y', async () => {
    const { A } = ownProblem(lowRank(10, 12, [1], false, 4), 90);
    const result = await recover(problems.sensing({ A, shape: [10, 12], y: normals(90, 5) }));
    expect(result.trust.verdict).toBe('unidentifiable');
  });

  test('outliers are not fitted with confidence', async () => {
    const truth = lowRank(12, 14, [1, 0.7], false, 6);
    const { A, y } = ownProblem(truth, 220);
    for (let i = 0; i < y.length; i += 40) y[i]! += 30;
    const result = await recover(sensing(A, y, truth, false));
    expect(result.trust.verdict).not.toBe('trusted');
  });
});

describe('what the measurements do not determine is never trusted', () => {
  const shapes: readonly [Omit<Case, 'rank' | 'ratio'>, number][] = [
    [{ shape: [12, 14] }, 12],
    [{ shape: [14, 14], symmetric: true }, 14],
  ];
  const cases = shapes.flatMap(([base, full]) => [
    ...[0.3, 0.6, 0.9, 1].flatMap((ratio) =>
      [1, 3].flatMap((rank) => [1, 30, 1000].map((kappa): Case => ({ ...base, rank, ratio, kappa }))),
    ),
    ...[0.3, 0.6, 0.9].flatMap((ratio) => [1, 100].map((kappa): Case => ({ ...base, rank: full, ratio, kappa }))),
  ]);
  test('too few of them, at random', async () => {
    for (const settings of cases) {
      for (const seed of [1, 2, 3]) {
        const { trust, rank } = await recover(made({ ...settings, seed }), { seed });
        expect({ settings, seed, rank, verdict: trust.verdict }).not.toMatchObject({ verdict: 'trusted' });
      }
    }
  });

  test('fewer measurements than degrees of freedom: unidentifiable, and the reason counts them', async () => {
    const { trust } = await recover(made({ shape: [24, 24], symmetric: true, rank: 3, ratio: 0.85 }));
    expect(trust.verdict).toBe('unidentifiable');
    expect(trust.reasons[0]).toContain('A matrix of rank 3 has 69 degrees of freedom, more than the 59 measurements');
  });

  test('a row that is never measured: the held-out rows fit perfectly, the matrix is not determined', async () => {
    const truth = lowRank(14, 16, [1, 0.7], false, 7);
    const { problem } = ownProblem(truth, 260, { entry: (value, i) => (i === 3 ? 0 : value) });
    const { trust, validationError } = await recover(problem);
    expect(validationError).toBeLessThan(1e-8);
    expect(trust.verdict).toBe('unidentifiable');
    expect(trust.reasons[0]).toContain('did not come back');
  });

  test('symmetric measurement matrices without the flag: the antisymmetric part is free', async () => {
    const truth = lowRank(14, 14, [1, 0.7], true, 8);
    const { A, y, problem } = ownProblem(truth, 260, { symmetricMatrices: true });
    const { trust } = await recover(problem);
    expect(trust.verdict).toBe('unidentifiable');
    expect(trust.reasons.at(-1)).toContain('symmetric: true');
    const told = await recover(sensing(A, y, truth, true));
    expect(told).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
  });

  test('the same measurements over and over', async () => {
    const truth = lowRank(12, 14, [1, 0.7], false, 9);
    const { A, y } = ownProblem(truth, 40);
    const copies = (values: Float64Array): Float64Array =>
      Float64Array.from([1, 2, 3, 4, 5].flatMap(() => [...values]));
    const { trust } = await recover(sensing(copies(A), copies(y), truth, false));
    expect(trust.verdict).not.toBe('trusted');
  });
});

describe('odd problems', () => {
  test('a symmetric matrix with negative eigenvalues is found as F G^T', async () => {
    const truth = lowRank(14, 14, [1, -0.7, 0.4], true, 10);
    const { problem } = ownProblem(truth, 170, { symmetric: true });
    const result = await recover(problem);
    expect(result).toMatchObject({ rank: 3, info: { model: 'asymmetric' }, trust: { verdict: 'trusted' } });
    expect(result.testError).toBeLessThan(1e-9);
    expect(result.estimate.isSymmetric()).toBe(true);
    expect(result.trust.reasons.at(-1)).toContain('negative eigenvalues');
    const insisted = await recover(problem, { model: 'symmetric' });
    expect(insisted.info.model).toBe('symmetric');
    expect(insisted.trust.verdict).not.toBe('trusted');
  });

  test('a slightly indefinite one is not mistaken for noise', async () => {
    const truth = lowRank(14, 14, [1, -0.01], true, 11);
    const result = await recover(ownProblem(truth, 170, { symmetric: true }).problem);
    expect(result).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
    expect(result.testError).toBeLessThan(1e-9);
  });

  test('zero measurements', async () => {
    for (const symmetric of [true, false]) {
      const truth = Matrix.zeros(6, 6);
      const { A } = ownProblem(truth, 30);
      const result = await recover(sensing(A, new Float64Array(30), truth, symmetric));
      expect(result).toMatchObject({ rank: 0, residual: 0, testError: 0, trust: { verdict: 'doubtful' } });
      expect(norm(result.estimate.data)).toBe(0);
    }
  });

  test('one measurement', async () => {
    const { trust, rank } = await recover(made({ shape: [4, 5], rank: 1, ratio: 0.1 }));
    expect(rank).toBe(1);
    expect(trust.verdict).toBe('unidentifiable');
    const scalar = await recover(made({ shape: [1, 1], rank: 1, ratio: 1 }));
    expect(scalar.trust.verdict).toBe('doubtful');
    expect(scalar.testError).toBeLessThan(1e-12);
  });

  test('y of any size, and A of any scale', async () => {
    const truth = lowRank(12, 14, [1, 0.7], false, 12);
    const { A, y } = ownProblem(truth, 200);
    const plain = await recover(sensing(A, y, truth, false));
    expect(plain.trust.verdict).toBe('trusted');
    for (const factor of [1e-300, 1e-150, 2 ** -40, 1e3, 1e150, 1e300]) {
      const times = (values: Float64Array): Float64Array => values.map((value) => value * factor);
      const big = sensing(A, times(y), new Matrix(times(truth.data), 12, 14), false);
      const result = await recover(big);
      expect(result).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
      expect(result.testError).toBeLessThan(1e-10);
      expect(result.singularValues[0]! / factor / plain.singularValues[0]!).toBeCloseTo(1, 10);
      if (factor === 2 ** -40) expect(result.estimate.data).toEqual(times(plain.estimate.data));
    }
    for (const factor of [1e-60, 1e-3, 1e3, 1e60]) {
      const result = await recover(
        sensing(
          A.map((value) => value * factor),
          y,
          new Matrix(
            truth.data.map((v) => v / factor),
            12,
            14,
          ),
          false,
        ),
      );
      expect(result).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
    }
  });

  test('measurement matrices far from Gaussian', async () => {
    const truth = lowRank(14, 16, [1, 0.7], false, 13);
    const sign = ownProblem(truth, 220, { entry: Math.sign });
    expect(await recover(sign.problem)).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
    const heavy = ownProblem(truth, 220, { entry: (value) => value ** 3 });
    expect(await recover(heavy.problem)).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
  });
});

describe('options', () => {
  const problem = made({ shape: [16, 18], rank: 2, ratio: 5 });

  test('a given rank is kept', async () => {
    expect(await recover(problem, { rank: 2 })).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
    const small = await recover(problem, { rank: 1 });
    expect(small.rank).toBe(1);
    expect(small.trust.verdict).not.toBe('trusted');
    const large = await recover(problem, { rank: 4 });
    expect(large.rank).toBe(4);
    expect(large.testError).toBeLessThan(1e-9);
    expect(large.trust.reasons.at(-1)).toContain('the rank is lower');
  });

  test('the same bits for any number of threads, with progress or without', async () => {
    const bits = ({ estimate, factors, trace, trust, status, validationError }: RecoverResult): object => {
      return { estimate, factors, trace, trust, status, validationError };
    };
    for (const settings of [{ noise: 0 }, { noise: 0.02 }]) {
      const one = made({ shape: [20, 20], symmetric: true, rank: 2, ratio: 4, ...settings });
      const expected = bits(await recover(one));
      expect(bits(await recover(one, { threads: 2, onProgress: () => undefined }))).toEqual(expected);
      expect(bits(await recover(one, { threads: 3 }))).toEqual(expected);
    }
  });

  test('progress names the stage', async () => {
    const stages: string[] = [];
    await recover(problem, { onProgress: ({ stage }) => stages.push(stage) });
    expect([...new Set(stages)]).toEqual(['search', 'validation', 'refinement', 'check']);
  });

  test('abort', async () => {
    const big = made({ shape: [40, 40], rank: 8, ratio: 1.3, noise: 0.1 });
    const controller = new AbortController();
    const reason = new Error('enough');
    const running = recover(big, { signal: controller.signal });
    setTimeout(() => {
      controller.abort(reason);
    }, 30);
    await expect(running).rejects.toBe(reason);
    await expect(recover(big, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a time limit returns the best so far, not accepted', async () => {
    const result = await recover(problem, { timeLimit: 1e-6 });
    expect(result).toMatchObject({ status: 'time', converged: false });
    expect(result.trust.verdict).not.toBe('trusted');
  });

  test('what is held out can be chosen', async () => {
    const mask = new Uint8Array(problem.measurements).fill(1, 0, 30);
    const { trust } = await recover(problem, { holdOut: mask });
    expect(trust.reasons[0]).toContain('On 30 measurements');
  });

  test.each([
    [{ ranks: 3 }, /Unknown option "ranks" for recover. Did you mean "rank"\?/],
    [{ rank: 0 }, /Expected a positive integer.* for rank but received 0 of type number/],
    [{ rank: 17 }, /at most 16 for rank/],
    [{ method: 'gradient' }, /for method/],
    [{ model: 'symmetric' }, /needs a problem of symmetric measurement matrices/],
    [{ seed: -1 }, /for seed/],
    [{ threads: 0 }, /for threads/],
    [{ timeLimit: 0 }, /for timeLimit/],
    [{ holdOut: { fraction: 1 } }, /holdOut.fraction/],
    [{ signal: {} }, /AbortSignal for signal/],
    [7, /Expected an options object for recover/],
  ])('%j is refused', async (options, message) => {
    const error: unknown = await recover(problem, options as object).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LowrankError);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringMatching(message) as string });
  });

  test('something else than a problem', async () => {
    const nothing: unknown = {};
    await expect(recover(nothing as Problem)).rejects.toThrow(/Expected a Problem/);
  });
});
