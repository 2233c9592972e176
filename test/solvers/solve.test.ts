/** solve(): that it recovers, that what it reports is what the data say, and that single steps are the formulas. */
import { eigh, Matrix, problems, solve, type SolveResult } from '../../src';
import * as dense from '../support/dense';
import { normals } from '../support/random';

function gaussianMatrix(rows: number, cols: number, seed: number, scale = 1): Matrix {
  return new Matrix(
    normals(rows * cols, seed).map((value) => scale * value),
    rows,
    cols,
  );
}

const symmetric = problems.gaussianSensing({
  shape: [20, 20],
  symmetric: true,
  trueRank: 2,
  measurements: 200,
  conditionNumber: 2,
  seed: 1,
});
const asymmetric = problems.gaussianSensing({
  shape: [16, 20],
  trueRank: 2,
  measurements: 300,
  conditionNumber: 2,
  seed: 2,
});

/** Residuals, loss and test error again, from the factors, y and the truth. */
function expectHonest(problem: problems.Problem, run: SolveResult, heldOut?: Uint8Array): void {
  const { left, right } = run.factors;
  const fitted = problem.measure({ left, right });
  const pick = (values: Float64Array, held: number): Float64Array =>
    values.filter((_, i) => (heldOut?.[i] ?? 0) === held);
  const train = dense.distance(pick(fitted, 0), pick(problem.y, 0));
  expect(run.residual).toBeCloseTo(train / dense.norm(pick(problem.y, 0)), 12);
  const constant = run.info.model === 'symmetric' ? 1 / 4 : 1 / 2;
  expect(Math.abs(run.trainLoss - constant * train * train)).toBeLessThanOrEqual(1e-12 * (train * train + 1e-12));
  if (heldOut === undefined) expect(run.validationError).toBeUndefined();
  else {
    const validation = dense.distance(pick(fitted, 1), pick(problem.y, 1)) / dense.norm(pick(problem.y, 1));
    expect(run.validationError).toBeCloseTo(validation, 12);
  }
  const truth = problem.truth!;
  const error = dense.distance(dense.product(left, right).data, truth.data) / dense.norm(truth.data);
  expect(run.testError).toBeCloseTo(error, 12);
}

describe('recovers', () => {
  test.each([
    ['symmetric', symmetric, 0.25],
    ['symmetric', symmetric, 'auto'],
    ['symmetric', symmetric, 'exact-line-search'],
    ['asymmetric', asymmetric, 0.25],
    ['asymmetric', asymmetric, 'auto'],
    ['asymmetric', asymmetric, 'exact-line-search'],
  ] as const)('gradient descent, %s, exact rank, problem %#', async (model, problem, step) => {
    const run = await solve(problem, { rank: 2, init: { kind: 'random', scale: 1e-3, seed: 3 }, step });
    expect(run.status).toBe('residual');
    expect(run.converged).toBe(true);
    expect(run.residual).toBeLessThanOrEqual(1e-10);
    expect(run.testError).toBeLessThan(1e-6);
    expect(run.info.model).toBe(model);
    expectHonest(problem, run);
  });

  test('gradient descent, over-parameterized: the error floor falls as scale^p', async () => {
    // Power-method phase: p = 2 (1 - ln(1 + eta lambda_{r+1}) / ln(1 + eta lambda_r)), lambda_j the eigenvalues of A*(y):
    // while the signal grows by a factor 1/scale, the strongest noise direction grows by that to the power of a ratio.
    const problem = problems.gaussianSensing({
      shape: [30, 30],
      symmetric: true,
      trueRank: 2,
      measurements: 800,
      seed: 1,
    });
    const step = 0.25;
    const lambda = eigh(problem.adjoint(problem.y)).values;
    const p = 2 * (1 - Math.log1p(step * lambda[2]!) / Math.log1p(step * lambda[1]!));
    const floors = [];
    for (const scale of [1e-3, 1e-7]) {
      const run = await solve(problem, {
        rank: 30,
        init: { kind: 'random', scale, seed: 3 },
        step,
        stop: { iterations: 1000, residual: 0 },
      });
      expect(run.status).toBe('iterations');
      expect(run.converged).toBe(false);
      expectHonest(problem, run);
      floors.push(Math.min(...run.trace.columns['testError']!));
    }
    expect(floors[1]).toBeLessThan(1e-8);
    const measured = Math.log(floors[0]! / floors[1]!) / Math.log(1e4);
    expect(Math.abs(measured / p - 1)).toBeLessThan(0.1); // the law leaves out the end of alignment: some per cent
  });

  test.each([2, 3, 5])('approximate Gauss-Newton at rank %d, linearly', async (rank) => {
    const run = await solve(asymmetric, { method: 'approximate-gauss-newton', rank });
    expect(run.status).toBe('residual');
    if (rank === 2) expect(run.testError).toBeLessThan(1e-8);
    expectHonest(asymmetric, run);
    // Linear: once on its way every iteration takes off a fixed share, down to rounding.
    const residuals = Array.from(run.trace.columns['residual']!).filter((value) => value < 1e-2 && value > 1e-9);
    const factors = residuals.slice(1).map((value, i) => value / residuals[i]!);
    expect(factors.length).toBeGreaterThan(0);
    expect(Math.max(...factors)).toBeLessThan(0.95);
  });

  test('from a spectral start', async () => {
    const run = await solve(symmetric, { rank: 2, init: { kind: 'spectral' } });
    expect(run.converged).toBe(true);
    expect(run.testError).toBeLessThan(1e-8);
    expectHonest(symmetric, run);
  });

  test('single precision storage', async () => {
    const problem = problems.gaussianSensing({
      shape: [20, 20],
      symmetric: true,
      trueRank: 2,
      measurements: 200,
      seed: 1,
      storage: 'float32',
    });
    const run = await solve(problem, { rank: 2, stop: { residual: 1e-6 } });
    expect(run.status).toBe('residual');
    expect(run.testError).toBeLessThan(1e-5);
  });

  test('a default scale follows the units of y', async () => {
    const scaled = problems.sensing({
      A: Array.from({ length: 3 }, (_, i) => gaussianMatrix(3, 3, i + 1)),
      shape: [3, 3],
      y: [1e9, 2e9, -1e9],
    });
    const plain = problems.sensing({
      A: Array.from({ length: 3 }, (_, i) => gaussianMatrix(3, 3, i + 1)),
      shape: [3, 3],
      y: [1, 2, -1],
    });
    const [a, b] = await Promise.all([scaled, plain].map((p) => solve(p, { rank: 1, stop: { iterations: 1 } })));
    expect(a!.info.init.scale / b!.info.init.scale).toBeCloseTo(Math.sqrt(1e9), 6);
  });
});

describe('a symmetric truth in the asymmetric model', () => {
  const common = { shape: [20, 20] as [number, number], symmetric: true, trueRank: 2, measurements: 300, seed: 1 };

  test.each(['gradient-descent', 'approximate-gauss-newton', 'riemannian-gauss-newton'] as const)(
    '%s, unsymmetric A_i',
    async (method) => {
      const problem = problems.gaussianSensing({ ...common, symmetricMeasurements: false });
      const run = await solve(problem, { rank: 2, method });
      expect(run.converged).toBe(true);
      expect(run.testError).toBeLessThan(1e-8);
      expectHonest(problem, run);
    },
  );

  test.each(['gradient-descent', 'riemannian-gauss-newton'] as const)(
    '%s, symmetric A_i: an indefinite X from a spectral start, and it stays symmetric',
    async (method) => {
      const sign = gaussianMatrix(20, 2, 1, 0.3);
      const truth = dense.product(
        sign,
        new Matrix(
          sign.data.map((value, i) => (i % 2 === 0 ? value : -value)),
          20,
          2,
        ),
      );
      const A = normals(400 * 400, 2).map((value) => value / 20);
      const problem = problems.sensing({ A, y: dense.measure(A, truth), shape: [20, 20], symmetric: true, truth });
      const run = await solve(problem, { rank: 2, method, model: 'asymmetric', init: { kind: 'spectral' } });
      expect(run.converged).toBe(true);
      expect(run.testError).toBeLessThan(1e-8);
    },
  );
});

describe('single steps', () => {
  test('gradient descent from given factors is U - eta grad f(U)', async () => {
    const U = gaussianMatrix(20, 3, 5, 0.3);
    const run = await solve(symmetric, {
      init: { kind: 'given', factors: U },
      step: 0.1,
      stop: { iterations: 1 },
    });
    const expected = dense.combine(U, -0.1, symmetric.gradient(U).left);
    expect(dense.distance(run.factors.left.data, expected.data)).toBeLessThan(1e-14 * dense.norm(U.data));
    expect(run.factors.right).toBe(run.factors.left);
    expect(run.info.rank).toBe(3);
  });

  test('gradient descent updates F and G simultaneously', async () => {
    const factors = { left: gaussianMatrix(16, 3, 5, 0.3), right: gaussianMatrix(20, 3, 6, 0.3) };
    const run = await solve(asymmetric, { init: { kind: 'given', factors }, step: 0.1, stop: { iterations: 1 } });
    const gradient = asymmetric.gradient(factors);
    for (const [got, from, direction] of [
      [run.factors.left, factors.left, gradient.left],
      [run.factors.right, factors.right, gradient.right!],
    ] as const) {
      expect(dense.distance(got.data, dense.combine(from, -0.1, direction).data)).toBeLessThan(1e-13);
    }
  });

  test('the exact line search finds the minimum that a scan of the quartic finds', async () => {
    const point = { left: gaussianMatrix(16, 3, 7, 0.5), right: gaussianMatrix(20, 3, 8, 0.5) };
    const U = gaussianMatrix(20, 3, 9, 0.5);
    const cases = [
      {
        run: await solve(asymmetric, {
          init: { kind: 'given', factors: point },
          step: { kind: 'exact-line-search' },
          stop: { iterations: 1 },
        }),
        loss: (a: number): number => {
          const g = asymmetric.gradient(point);
          return asymmetric.gradient({
            left: dense.combine(point.left, -a, g.left),
            right: dense.combine(point.right, -a, g.right!),
          }).loss;
        },
      },
      {
        run: await solve(symmetric, {
          init: { kind: 'given', factors: U },
          step: 'exact-line-search',
          stop: { iterations: 1 },
        }),
        loss: (a: number): number => symmetric.gradient(dense.combine(U, -a, symmetric.gradient(U).left)).loss,
      },
    ];
    for (const { run, loss } of cases) {
      // A scan of 400 points, then around the best one a finer scan, three times over: to 1e-8 of the range.
      let [low, high] = [0, 2];
      let best = 0;
      for (let round = 0; round < 4; round++) {
        const grid = Array.from({ length: 401 }, (_, i) => low + ((high - low) * i) / 400);
        const losses = grid.map(loss);
        const at = losses.indexOf(Math.min(...losses));
        best = grid[at]!;
        [low, high] = [grid[Math.max(0, at - 1)]!, grid[Math.min(400, at + 1)]!];
      }
      // Near a minimum the loss is flat: values agree to rounding, positions to its square root.
      expect(run.info.step.last).toBeCloseTo(best, 6);
      expect(run.trainLoss).toBeLessThanOrEqual(loss(best) * (1 + 1e-12));
    }
  });

  test('the cap of the line search bounds the step', async () => {
    const run = await solve(symmetric, {
      init: { kind: 'given', factors: gaussianMatrix(20, 3, 9, 0.5) },
      step: { kind: 'exact-line-search', cap: 1e-3 },
      stop: { iterations: 1 },
    });
    expect(run.info.step.last).toBe(1e-3);
  });

  test.each([
    [3, 3],
    [3, 5],
    [5, 4],
  ])(
    'one sweep of approximate Gauss-Newton is exact for A = identity, r = 3 (rank %d, %d columns of G)',
    async (rank, n2) => {
      // J24, theorem: with delta = 0 and eta = 1 one sweep suffices for any rank >= r and any full-rank start.
      const n1 = 6;
      const truth = dense.product(gaussianMatrix(n1, 3, 1), gaussianMatrix(n2, 3, 2));
      const A = Array.from({ length: n1 * n2 }, (_, i) => {
        const unit = Matrix.zeros(n1, n2);
        unit.data[i] = 1;
        return unit;
      });
      const identity = problems.sensing({ A, shape: [n1, n2], y: truth.data, truth });
      const run = await solve(identity, {
        method: 'approximate-gauss-newton',
        rank,
        step: 1,
        stop: { iterations: 1, residual: 0 },
      });
      expect(run.iterations).toBe(1);
      expect(run.testError).toBeLessThan(1e-12);
    },
  );

  test('a spectral start is the truncated SVD of A*(y)', async () => {
    const run = await solve(symmetric, { rank: 2, init: { kind: 'spectral' }, step: 1e-300, stop: { iterations: 1 } });
    const X = dense.product(run.factors.left, run.factors.left);
    // Optimality of the truncation: A*(y) / s - X is orthogonal to the columns of U, up to rounding.
    const Z = symmetric.adjoint(symmetric.y);
    const ZU = dense.times(Z, run.factors.left);
    const XU = dense.times(X, run.factors.left);
    const ratio = dense.dot(ZU.data, XU.data) / dense.dot(XU.data, XU.data);
    expect(
      dense.distance(
        ZU.data,
        XU.data.map((value) => value * ratio),
      ),
    ).toBeLessThan(1e-12 * dense.norm(ZU.data));
    expect(ratio).toBeGreaterThan(0.7); // s, the scale of A*A: 1 in expectation
    expect(ratio).toBeLessThan(1.3);
  });
});

describe('degenerate problems', () => {
  test.each(['random', 'spectral'] as const)('y = 0, %s start: finite factors near zero', async (kind) => {
    const problem = problems.sensing({ A: normals(5 * 12, 1), shape: [3, 4], y: new Float64Array(5) });
    for (const method of ['gradient-descent', 'approximate-gauss-newton'] as const) {
      const run = await solve(problem, { rank: 2, method, init: { kind }, stop: { iterations: 200 } });
      expect(dense.norm(run.factors.left.data)).toBeLessThan(10);
      expect(run.residual).toBeLessThan(1e-3);
    }
  });

  test.each([
    [1, 1],
    [1, 7],
    [7, 1],
  ])('%d x %d', async (n1, n2) => {
    const truth = gaussianMatrix(n1, n2, 1);
    const A = normals(10 * n1 * n2, 2);
    const problem = problems.sensing({ A, shape: [n1, n2], y: dense.measure(A, truth), truth });
    for (const method of ['gradient-descent', 'approximate-gauss-newton'] as const) {
      const run = await solve(problem, { rank: 1, method, stop: { iterations: 20000 } });
      expect(run.status).toBe('residual');
      expect(run.testError).toBeLessThan(1e-8);
    }
  });

  test('1 x 1 symmetric, one measurement, and rank above the size', async () => {
    const problem = problems.sensing({ A: [[[2]]], shape: [1, 1], y: [6], symmetric: true });
    const run = await solve(problem, { rank: 4 });
    expect(run.status).toBe('residual');
    expect(dense.dot(run.factors.left.data, run.factors.left.data)).toBeCloseTo(3, 8);
  });

  test('A = 0 cannot move and says so without a crash', async () => {
    const problem = problems.sensing({ A: new Float64Array(8), shape: [2, 2], y: [1, 2] });
    const run = await solve(problem, { rank: 1, stop: { iterations: 5 } });
    expect(run.converged).toBe(false);
    expect(run.residual).toBe(1);
  });
});

describe('the ledger and the trace', () => {
  test('counts, sizes and versions', async () => {
    const run = await solve(asymmetric, {
      rank: 2,
      step: 0.1,
      init: { kind: 'random', seed: 9 },
      stop: { iterations: 7 },
      threads: 2,
    });
    expect(run.info).toMatchObject({
      model: 'asymmetric',
      rank: 2,
      shape: [16, 20],
      measurements: 300,
      iterations: 7,
      seed: 9,
      threads: 2,
      storage: 'float64',
      operatorBytes: asymmetric.bytes,
      generator: 'philox4x64-10/v1',
      init: { kind: 'random', ratio: 1 / 3, entryVariance: 'scale^2/rank' },
      step: { kind: 'fixed', last: 0.1 },
    });
    expect(run.info.passes).toBe(8); // one at the start and one an iteration
    expect(run.info.forwardCount).toBe(8);
    expect(run.info.adjointCount).toBe(8);
    expect(run.info.scratchBytes).toBeGreaterThan(0);
    expect(run.info.versions.node).toBe(process.versions.node);
    expect(run.method).toBe('gradient-descent');
  });

  test('the trace has every `every`-th iteration and the last, in the columns asked for', async () => {
    const common = { rank: 2, step: 0.1, stop: { iterations: 10 } } as const;
    const run = await solve(symmetric, { ...common, record: { every: 4, columns: ['step', 'testError'] } });
    expect(Array.from(run.trace.columns['iteration']!)).toEqual([0, 4, 8, 10]);
    expect(Object.keys(run.trace.columns)).toEqual(['iteration', 'step', 'testError']);
    expect(run.trace.length).toBe(4);
    expect(run.trace.columns['testError']![3]).toBe(run.testError);
    const ends = await solve(symmetric, { ...common, record: { every: 0 } });
    expect(Array.from(ends.trace.columns['iteration']!)).toEqual([0, 10]);
    expect(Object.keys(ends.trace.columns)).toEqual(['iteration', 'trainLoss', 'residual', 'testError']);
  });

  test('a recorded residual is that of the factors of its iteration', async () => {
    const long = await solve(symmetric, { rank: 2, step: 0.2, stop: { iterations: 30 } });
    const short = await solve(symmetric, { rank: 2, step: 0.2, stop: { iterations: 17 } });
    expect(long.trace.columns['residual']![17]).toBe(short.residual);
    expectHonest(symmetric, short);
  });
});

describe('held-out measurements', () => {
  test('a fraction: exactly that share, a function of the seed, reported apart', async () => {
    const options = { rank: 2, stop: { iterations: 20 }, step: 0.2 } as const;
    const run = await solve(symmetric, { ...options, holdOut: { fraction: 0.25, seed: 4 } });
    const again = await solve(symmetric, { ...options, holdOut: { fraction: 0.25, seed: 4 } });
    const other = await solve(symmetric, { ...options, holdOut: { fraction: 0.25, seed: 5 } });
    expect(again.factors).toEqual(run.factors);
    expect(other.validationError).not.toBe(run.validationError);
    expect(Object.keys(run.trace.columns)).toContain('validationResidual');
  });

  test('a mask: held-out rows do not touch the fit', async () => {
    const mask = Uint8Array.from({ length: 200 }, (_, i) => (i % 5 === 0 ? 1 : 0));
    const A = normals(200 * 16, 1);
    const y = normals(200, 2);
    const spoilt = y.map((value, i) => (mask[i] === 1 ? 1e6 : value));
    const options = { rank: 2, holdOut: mask, step: 1e-3, stop: { iterations: 30 } } as const;
    const a = await solve(problems.sensing({ A, y, shape: [4, 4] }), options);
    const b = await solve(problems.sensing({ A, y: spoilt, shape: [4, 4] }), options);
    expect(b.factors).toEqual(a.factors);
    expect(b.residual).toBe(a.residual);
    expect(b.validationError).not.toBe(a.validationError);
    const run = await solve(symmetric, { rank: 2, holdOut: mask, stop: { iterations: 15 } });
    expectHonest(symmetric, run, mask);
  });
});
