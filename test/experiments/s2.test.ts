/** The experiments on single-index models: their building blocks, and that their rules hold for other seeds and sizes. */
import { experiments } from '../../src';
import { dmft } from '../../src/asymptotics';
import {
  aligned,
  averaged,
  estimate,
  excess,
  independentStart,
  simulate,
  withinErrors,
} from '../../src/experiments/s2-common';
import { singleIndex } from '../../src/problems';
import { type Field, innerProduct, Vector } from '../../src/vector';

const quick = (name: string, set: Record<string, number | number[]>, seed: number) =>
  experiments.run(name, { quick: true, set, seed });

test('mean and standard error of four numbers by hand', () => {
  const { mean, error } = estimate([1, 2, 4, 5]);
  expect(mean).toBe(3);
  // Variance (4 + 1 + 1 + 4) / 3, over 4.
  expect(error).toBeCloseTo(Math.sqrt(10 / 12), 14);
  expect(excess({ mean: 1, error: 0.1 }, 0.5)).toBeCloseTo(0.2, 14);
});

test('agreement is the largest share of what is allowed, and NaN is none', () => {
  const measured = [
    { mean: 1, error: 0.1 },
    { mean: 2, error: 0 },
  ];
  const check = withinErrors('x', measured, [0.8, 2.05], 0.1);
  expect(check.measured).toBeCloseTo(0.5, 14);
  expect(check.ok).toBe(true);
  expect(withinErrors('x', measured, [0.8, 2.3], 0.1).ok).toBe(false);
  expect(withinErrors('x', measured, [0.8, NaN], 0.1).ok).toBe(false);
  expect(withinErrors('x', [{ mean: 1, error: NaN }], [1], 0.1).ok).toBe(false);
});

describe.each(['real', 'complex'] as const)('%s', (field: Field) => {
  const truth = singleIndex({ dimension: 30, delta: 2, field, channel: 'intensity', seed: 5 }).truth!;

  test('an independent start has norm 1 and just the overlap asked for', () => {
    for (const overlap of [0, 0.3, 1]) {
      const start = independentStart(truth, overlap, 7);
      expect(start.norm()).toBeCloseTo(1, 12);
      const [re, im] = innerProduct(truth, start);
      expect(re).toBeCloseTo(overlap, 12);
      expect(im).toBeCloseTo(0, 12);
    }
  });

  test('alignment takes the sign or phase away, and the norm', () => {
    const turned = Vector.zeros(30, field);
    const [c, s] = field === 'real' ? [-3, 0] : [3 * Math.cos(2), 3 * Math.sin(2)];
    const start = independentStart(truth, 0.6, 8);
    for (let j = 0; j < start.data.length; j += 2) {
      const [a, b] = [start.data[j]!, start.data[j + 1]!];
      turned.data[j] = field === 'real' ? c * a : c * a - s * b;
      turned.data[j + 1] = field === 'real' ? c * b : s * a + c * b;
    }
    const back = aligned(turned, truth);
    const [re, im] = innerProduct(truth, back);
    expect(re).toBeCloseTo(0.6, 12);
    expect(im).toBeCloseTo(0, 12);
    expect(back.norm()).toBeCloseTo(1, 12);
  });
});

test.each([
  ['s2-spectral', { dimension: 300, deltas: [10], clip: 8, runs: 5 }, 4],
  ['s2-dmft', { dimension: 300, amplitudeDelta: 4, wirtingerDelta: 5, reluDelta: 4, logisticDelta: 2, runs: 5 }, 3],
  ['s2-dmft-complex', { dimension: 200, wirtingerDelta: 5, independentDelta: 3, amplitudeDelta: 4 }, 4],
  ['s2-wirtinger', { dimension: 300, delta: 8, ridges: [0.2], steps: [0.08] }, 5],
  ['s2-relaxation', { delta: 5, ridge: 0.2 }, 6],
  ['s2-twin', { dimension: 500, delta: 4, noise: 0.4 }, 4],
])('%s holds at another size and seed', async (name, set, seed) => {
  const { checks, accepted } = await quick(name, set, seed);
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(accepted).toBe(true);
});

test('a prediction of another model is not accepted: simulation at delta 3, ridge 0.05, theory without the ridge', async () => {
  const model = {
    field: 'real' as const,
    delta: 3,
    channel: 'intensity' as const,
    loss: { name: 'tanh-amplitude' as const, sharpness: 4 },
    step: 0.6,
    iterations: 10,
    start: { kind: 'spectral' as const, preprocessing: 'mondelli-montanari' as const },
  };
  const theory = await dmft({ ...model, ridge: 0.05, samples: 20_000, seed: 1 });
  const other = await dmft({ ...model, ridge: 0, samples: 20_000, seed: 1 });
  const runs = [];
  for (let seed = 1; seed <= 4; seed++) {
    runs.push(await simulate({ ...model, ridge: 0.05, dimension: 500, seed, threads: 1, signal: undefined }));
  }
  expect(withinErrors('q', averaged(runs, 'q'), theory.q, 0.01).ok).toBe(true);
  expect(withinErrors('q', averaged(runs, 'q'), other.q, 0.01).ok).toBe(false);
});

test('nothing is accepted below what the claim needs', async () => {
  await expect(quick('s2-relaxation', { delta: 0.5001 }, 1)).rejects.toThrow('delta');
  await expect(quick('s2-dmft', { amplitudeDelta: 0.1 }, 1)).rejects.toThrow('amplitudeDelta');
});
