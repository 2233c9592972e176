/** The experiments on arXiv 2310.01769: what they refuse, and that their rules hold for other seeds and sizes. */
import { experiments } from '../../src';
import { slowestCurvature, symmetricNoise } from '../../src/experiments/s3-common';
import { Matrix } from '../../src/matrix';

const quick = (name: string, set: Record<string, number | number[]>, seed = 1) =>
  experiments.run(name, { quick: true, set, seed });

test.each([
  ['s3-sym', { ranks: [2] }, 'Expected k from 3 to 16 (n), as X* has rank 3, but received 2.'],
  ['s3-asym-alpha', { rank: 3 }, 'Expected k from 4 to 24 (n), as X* has rank 3, but received 3.'],
  ['s3-onestep', { betas: [0.1] }, 'Expected a step below 0.02 with beta = 0.1 but received 0.1.'],
  ['s3-sym', { step: 1, spectrum: [3, 1] }, 'Expected a step small enough but with 1 gradient descent diverges.'],
  ['s3-onestep-kappa', { conditions: [100], iterations: 100 }, 'Expected iterations enough to come near X*'],
])('%s refuses %j', async (name, set, message) => {
  await expect(quick(name, set)).rejects.toThrow(message);
});

test.each([
  ['s3-sym', { n: 12, spectrum: [2, 0.5], ranks: [2, 4], step: 0.2, sensingN: 12, measurements: 60 }],
  ['s3-sym-alpha', { n: 16, spectrum: [1, 0.5], rank: 4, scales: [0.5, 0.2] }],
  ['s3-asym-alpha', { n: 16, spectrum: [1, 0.9, 0.8, 0.7], rank: 8, scales: [0.3, 0.1] }],
  ['s3-imbalance', { n: 20, spectrum: [1, 0.5], rank: 3, seeds: 3 }],
  ['s3-sym-vs-asym', { n: 16, spectrum: [1, 0.9, 0.8, 0.7], rank: 8 }],
  ['s3-onestep', { n: 40, spectrum: [2, 0.5], rank: 10, betas: [1, 1.4], step: 0.2 }],
  ['s3-onestep-kappa', { n: 30, rank: 10, step: 0.6, conditions: [2, 30] }],
])('%s holds at another size and seed', async (name, set) => {
  const { checks, accepted } = await quick(name, set, 4);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(accepted).toBe(true);
});

test('a decay that is cut off early is not accepted', async () => {
  const { accepted, checks } = await quick('s3-asym-alpha', { scales: [0.1], iterations: 2000 });
  expect(accepted).toBe(false);
  expect(checks.some(({ measured }) => Number.isNaN(measured))).toBe(true);
});

test('the law of noise is exact where it is scalar: U = sqrt(s), X* = 0', () => {
  const [step, s0] = [0.1, 0.5];
  let u = Math.sqrt(s0);
  for (let t = 0; t < 50; t++) u -= step * u * u * u;
  const [first, last] = symmetricNoise([s0], step, [0, 50]);
  expect(first).toBe(s0);
  expect(last).toBeCloseTo(u * u, 14);
});

test('the slowest curvature passes over columns that have vanished', () => {
  const left = Matrix.from([
    [1, 0],
    [0, 0.3],
    [0, 0],
  ]);
  const right = Matrix.from([
    [1, 0],
    [0, 0],
    [0, 1e-9],
  ]);
  expect(slowestCurvature({ left, right })).toBeCloseTo(0.09, 12);
});
