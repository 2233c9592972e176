/** Each stopping rule fires, with its status, at the iteration where its condition first holds. */
import { Matrix, problems, solve, type SolveOptions } from '../../src';
import { normals } from '../support/random';

const problem = problems.gaussianSensing({ shape: [15, 15], symmetric: true, trueRank: 2, measurements: 120, seed: 3 });
const noisy = problems.gaussianSensing({
  shape: [15, 15],
  symmetric: true,
  trueRank: 1,
  measurements: 60,
  noise: 0.3,
  seed: 4,
});
const base: SolveOptions = { rank: 2, init: { kind: 'random', scale: 0.1, seed: 1 }, step: 0.2 };

test('residual: at the first iteration at or below the tolerance', async () => {
  const run = await solve(problem, { ...base, stop: { residual: 1e-5 } });
  const residuals = Array.from(run.trace.columns['residual']!);
  expect(run.status).toBe('residual');
  expect(run.converged).toBe(true);
  expect(run.residual).toBeLessThanOrEqual(1e-5);
  expect(residuals.findIndex((value) => value <= 1e-5)).toBe(residuals.length - 1);
  expect(run.iterations).toBe(residuals.length - 1);
});

test('gradient: relative to its first value', async () => {
  const run = await solve(problem, {
    ...base,
    stop: { residual: 0, gradient: 1e-4 },
    record: { columns: ['gradientNorm'] },
  });
  const norms = Array.from(run.trace.columns['gradientNorm']!);
  expect(run.status).toBe('gradient');
  expect(run.converged).toBe(true);
  expect(norms.findIndex((value) => value <= 1e-4 * norms[0]!)).toBe(norms.length - 1);
  expect(run.gradientNorm).toBe(norms.at(-1));
});

test('iterations', async () => {
  const run = await solve(problem, { ...base, stop: { residual: 0, iterations: 13 } });
  expect([run.status, run.converged, run.iterations]).toEqual(['iterations', false, 13]);
});

test('stalled: less than `decrease` over `window` iterations', async () => {
  // Too few columns: the residual cannot go to zero, and stands still when the best rank-1 fit is reached.
  const run = await solve(problem, { ...base, rank: 1, stop: { stall: { window: 20, decrease: 1e-4 } } });
  const residuals = run.trace.columns['residual']!;
  expect([run.status, run.converged]).toEqual(['stalled', false]);
  const last = residuals.length - 1;
  expect(residuals[last]!).toBeGreaterThan((1 - 1e-4) * residuals[last - 20]!);
});

test('stalled: the plateau of a small start is no stall', async () => {
  const run = await solve(problem, {
    ...base,
    init: { kind: 'random', scale: 1e-8, seed: 1 },
    stop: { stall: { window: 10, decrease: 1e-3 }, residual: 1e-6 },
  });
  expect(run.status).toBe('residual');
});

test('validation: patience without a new best, and the best factors come back', async () => {
  const patience = 40;
  const holdOut = { fraction: 0.2, seed: 1 };
  const run = await solve(noisy, { ...base, rank: 8, holdOut, stop: { residual: 0, validation: { patience } } });
  expect([run.status, run.converged]).toEqual(['validation', true]);
  const values = Array.from(run.trace.columns['validationResidual']!);
  const best = values.indexOf(Math.min(...values));
  expect(run.iterations).toBe(best + patience);
  expect(run.validationError).toBe(values[best]);
  const short = await solve(noisy, { ...base, rank: 8, holdOut, stop: { residual: 0, iterations: best } });
  expect(run.factors).toEqual(short.factors);
  expect(run.residual).toBe(short.residual);
});

test('time', async () => {
  const run = await solve(problem, {
    ...base,
    step: 1e-9,
    stop: { iterations: 1e12, timeLimit: 0.05 },
    record: { every: 0 },
  });
  expect([run.status, run.converged]).toEqual(['time', false]);
  expect(run.info.seconds.total).toBeGreaterThanOrEqual(0.05);
});

test('diverged: a step far too large', async () => {
  const run = await solve(problem, { ...base, step: 2, stop: { divergence: 100, iterations: 1000 } });
  expect(run.converged).toBe(false);
  expect(run.status).toBe('diverged');
  expect(run.residual).toBeGreaterThan(100);
});

test('numerical: overflow ends the run with the last finite factors', async () => {
  const factors = new Matrix(normals(30, 1), 15, 2);
  const run = await solve(problem, { init: { kind: 'given', factors }, step: 1e200 });
  expect([run.status, run.converged]).toEqual(['numerical', false]);
  expect(run.factors.left).toEqual(factors);
  expect(Number.isFinite(run.residual)).toBe(true);
});

test('a start at the answer stops at iteration 0', async () => {
  const exact = problems.sensing({
    A: [
      [
        [1, 0],
        [0, 0],
      ],
    ],
    shape: [2, 2],
    symmetric: true,
    y: [4],
  });
  const run = await solve(exact, { init: { kind: 'given', factors: Matrix.from([[2], [0]]) } });
  expect([run.status, run.converged, run.iterations, run.residual]).toEqual(['residual', true, 0, 0]);
});
