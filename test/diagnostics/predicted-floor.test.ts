/** The law of the floor: exact formulas where A*(y) is known, measured floors of real runs elsewhere. */
import { problems, solve } from '../../src';
import { predictedFloor } from '../../src/diagnostics/predicted-floor';

test('population: A*(y) is the truth, nothing else grows, p = 2', async () => {
  const problem = problems.population({ shape: [12, 12], symmetric: true, trueRank: 3, conditionNumber: 4, seed: 1 });
  const { exponent, iterationsPerDecade, eigenvalues, rank, status } = await predictedFloor(problem, { step: 0.25 });
  expect(exponent).toBeCloseTo(2, 12);
  expect(iterationsPerDecade).toBeCloseTo(Math.log(10) / Math.log(1 + 0.25 * 0.25), 10);
  expect(rank).toBe(3);
  expect(status).toBe('derived');
  [1, 0.5, 0.25, 0, 0].forEach((value, i) => {
    expect(eigenvalues[i]).toBeCloseTo(value, 12);
  });
});

test('the formula on given eigenvalues, with another rank than the true one', async () => {
  const spectrum = [1, 0.4, 0.1];
  const problem = problems.population({ shape: [8, 8], symmetric: true, spectrum, seed: 2 });
  const step = 0.3;
  const { exponent, signalGrowth, noiseGrowth } = await predictedFloor(problem, { step, rank: 2 });
  expect(signalGrowth).toBeCloseTo(Math.log(1 + step * 0.4), 12);
  expect(noiseGrowth).toBeCloseTo(Math.log(1 + step * 0.1), 12);
  expect(exponent).toBeCloseTo(2 * (1 - Math.log(1.03) / Math.log(1.12)), 12);
});

/** Fractional iteration at which a falling series passes `level`. */
function crossing(values: Float64Array, level: number): number {
  const after = values.findIndex((value) => value <= level);
  const [above, below] = [values[after - 1]!, values[after]!];
  return after - 1 + Math.log(above / level) / Math.log(above / below);
}

test.each([
  [30, 1, 240, 1],
  [30, 1, 360, 2],
  [30, 2, 450, 3],
  [30, 2, 600, 4],
  [30, 1, 465, 7],
])('measured exponent and delay: n = %d, r = %d, m = %d', async (n, trueRank, measurements, seed) => {
  const problem = problems.gaussianSensing({ shape: [n, n], symmetric: true, trueRank, measurements, seed });
  const step = 0.25;
  const predicted = await predictedFloor(problem, { step });
  const runs = [];
  for (const scale of [1e-2, 1e-5]) {
    runs.push(
      await solve(problem, {
        rank: n,
        init: { kind: 'random', scale, seed },
        step,
        stop: { iterations: 400, residual: 0 },
        record: { columns: ['testError'] },
      }),
    );
  }
  const [large, small] = runs;
  const exponent = Math.log10(large!.testError! / small!.testError!) / 3;
  expect(Math.abs(exponent - predicted.exponent)).toBeLessThan(0.15);
  const [early, late] = runs.map((run) => crossing(run.trace.columns['testError']!, 0.5));
  expect(Math.abs((late! - early!) / 3 / predicted.iterationsPerDecade - 1)).toBeLessThan(0.1);
});

test('population: in stages too, and their lengths by hand', async () => {
  const spectrum = [1, 0.4];
  const step = 0.25;
  const problem = problems.population({ shape: [8, 8], symmetric: true, spectrum, seed: 3 });
  const { staged, iterationsPerDecade } = await predictedFloor(problem, { step });
  // Fitting the first leaves the growth of the second as it is, and no noise at all: one long stage cut in two.
  const [fast, slow] = [Math.log(1.25), Math.log(1.1)];
  expect(staged!.exponent).toBeCloseTo(2, 6);
  expect(staged!.stages.map((stage) => stage.fitted)).toEqual([0, 1]);
  expect(staged!.stages[0]!.duration).toBeCloseTo(1 / fast, 8);
  expect(staged!.stages[1]!.duration).toBeCloseTo((1 - slow / fast) / slow, 6);
  expect(staged!.iterationsPerDecade).toBeCloseTo(iterationsPerDecade, 5);
  const plain = await predictedFloor(problem, { step, staged: false });
  expect(plain).toMatchObject({ iterationsPerDecade, doubts: [] });
  expect(plain).not.toHaveProperty('staged');
});

test.each([
  [36, 2, 700, 3, 1],
  [30, 3, 600, 3, 2],
  [36, 2, 1000, 8, 3],
])('a truth of differing singular values: n = %d, r = %d, m = %d, condition %d', async (n, r, m, kappa, seed) => {
  const problem = problems.gaussianSensing({
    shape: [n, n],
    symmetric: true,
    trueRank: r,
    measurements: m,
    conditionNumber: kappa,
    seed,
  });
  const step = 0.25;
  const predicted = await predictedFloor(problem, { step });
  const ends = [];
  const errors = [];
  for (const scale of [1e-2, 1e-5]) {
    const run = await solve(problem, {
      rank: n,
      init: { kind: 'random', scale, seed },
      step,
      stop: { iterations: 250 * kappa, residual: 0 },
      record: { columns: ['sigmaMin'] },
    });
    errors.push(run.testError!);
    const signal = run.trace.columns['sigmaMin']!;
    ends.push(signal.length - crossing(signal.toReversed(), Math.sqrt(1 / kappa / 10)));
  }
  const exponent = Math.log10(errors[0]! / errors[1]!) / 3;
  expect(Math.abs(exponent - predicted.staged!.exponent)).toBeLessThan(0.2);
  // The law of one stage is not meant for these, and says so.
  expect(Math.abs(exponent - predicted.exponent)).toBeGreaterThan(0.2);
  expect(predicted.doubts.join(' ')).toMatch(/arrives in stages/);
  expect(Math.abs((ends[1]! - ends[0]!) / 3 / predicted.staged!.iterationsPerDecade - 1)).toBeLessThan(0.1);
});

test('too few measurements, and a step too long, are doubts', async () => {
  const problem = problems.gaussianSensing({
    shape: [20, 20],
    symmetric: true,
    trueRank: 3,
    measurements: 60,
    seed: 1,
  });
  const { doubts } = await predictedFloor(problem, { step: 1 });
  expect(doubts.join(' ')).toMatch(/Eigenvalue 4 of A\*\(y\).*too few measurements.*mu lambda_1/);
});

describe('bad input', () => {
  const problem = problems.gaussianSensing({ shape: [5, 5], symmetric: true, trueRank: 1, measurements: 12, seed: 1 });
  test.each<[string, object, RegExp]>([
    ['no step', {}, /positive finite number for step but received undefined/],
    ['the step by another name', { mu: 0.1 }, /Unknown option "mu".*Did you mean "step"/],
    ['a rank without a next eigenvalue', { step: 0.1, rank: 5 }, /at most 4 for rank/],
  ])('%s', async (_, options, message) => {
    await expect(predictedFloor(problem, options as { step: number })).rejects.toThrow(message);
  });

  test('a problem without symmetric measurement matrices', async () => {
    const asymmetric = problems.gaussianSensing({ shape: [5, 5], trueRank: 1, measurements: 12, seed: 1 });
    await expect(predictedFloor(asymmetric, { step: 0.1 })).rejects.toThrow(/symmetric measurement matrices/);
  });

  test('a truth of unknown rank, and measurements without a signal', async () => {
    const A = Array.from({ length: 9 }, (_, i) => Float64Array.from({ length: 9 }, (__, j) => Number(i === j)));
    const zero = problems.sensing({ A, shape: [3, 3], y: new Float64Array(9), symmetric: true });
    await expect(predictedFloor(zero, { step: 0.1 })).rejects.toThrow(/needs rank/);
    await expect(predictedFloor(zero, { step: 0.1, rank: 1 })).rejects.toThrow(/at least 1 positive eigenvalues/);
  });
});
