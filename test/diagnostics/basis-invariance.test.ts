/** Methods that do not see the basis of the factors agree to rounding. */
import { problems, solve } from '../../src';
import { basisInvariance } from '../../src/diagnostics/basis-invariance';

const symmetric = problems.gaussianSensing({
  shape: [20, 20],
  symmetric: true,
  trueRank: 2,
  measurements: 150,
  seed: 1,
});
const asymmetric = problems.gaussianSensing({ shape: [12, 15], trueRank: 2, measurements: 120, seed: 2 });

// Rounding of one step is some n eps; a run of T steps that amplifies no relative difference adds them up at worst.
const ROUNDING = 1e-12;

test.each([
  ['gradient descent, symmetric, over-parameterized', symmetric, { rank: 20, step: 0.25 }],
  ['gradient descent, asymmetric', asymmetric, { rank: 4, step: 0.2, ratio: 0.5 }],
  ['automatic steps', asymmetric, { rank: 3 }],
  ['exact line search', asymmetric, { rank: 3, step: 'exact-line-search' as const }],
  [
    'approximate Gauss-Newton',
    asymmetric,
    { rank: 3, method: 'approximate-gauss-newton' as const, scale: 0.1, iterations: 40 },
  ],
])('%s', async (_, problem, options) => {
  const result = await basisInvariance(problem, { seed: 3, ...options });
  expect(result.largest).toBeLessThan(ROUNDING);
  expect(result.largest).toBe(Math.max(...result.differences));
  expect(result.iterations[0]).toBe(1);
  expect(result.iterations.at(-1)).toBe('iterations' in options ? options.iterations : 200);
});

test('the start is that of solve, and what is compared is not trivial', async () => {
  const run = await solve(symmetric, {
    rank: 3,
    init: { kind: 'random', scale: 0.1, seed: 4 },
    step: 0.25,
    stop: { iterations: 60, residual: 0 },
  });
  expect(run.testError).toBeLessThan(0.5);
  const { differences } = await basisInvariance(symmetric, {
    rank: 3,
    scale: 0.1,
    seed: 4,
    step: 0.25,
    iterations: 60,
  });
  // Two computations in different bases do not round alike: zeros would mean that Q was forgotten.
  expect(differences.some((difference) => difference > 0)).toBe(true);
});

test('a run that diverges has nothing to compare', async () => {
  await expect(basisInvariance(symmetric, { rank: 2, scale: 1, step: 50 })).rejects.toThrow(/take a smaller step/);
});

test('bad input', async () => {
  await expect(basisInvariance(symmetric, {} as { rank: number })).rejects.toThrow(/positive integer for rank/);
  await expect(basisInvariance(symmetric, { rank: 2, ratio: 0.5 })).rejects.toThrow(/ratio/);
  await expect(basisInvariance(symmetric, { rank: 2, method: 'adam' as 'gradient-descent' })).rejects.toThrow(/method/);
  await expect(basisInvariance(symmetric, { rank: 2, alpha: 1 } as { rank: number })).rejects.toThrow(
    /Did you mean "scale"/,
  );
});
