/** Methods of phase retrieval that follow gradients, rows or coordinates, through solve(); their rules: native/test. */
import { readChannel } from '../../../src/channels';
import { LowrankError, problems, solve, type VectorSolveOptions } from '../../../src';
import type { VectorProblem } from '../../../src/problems/vector-problem';
import { gaussianVectorProblem } from '../../support/vector-problem';

const complexProblem = gaussianVectorProblem(64, 512, readChannel('intensity', 'channel', 'complex'), 'complex', 1);
const realProblem = gaussianVectorProblem(64, 512, readChannel('intensity', 'channel', 'real'), 'real', 2);
const start: VectorSolveOptions = { init: { kind: 'overlap', overlap: 0.85, seed: 1 } };

/** A method, and how many passes its iterations take beside those of the start. */
const methods: readonly (readonly [VectorSolveOptions['method'], number, number])[] = [
  ['wirtinger-flow', 1, 1],
  ['truncated-wirtinger-flow', 2, 1],
  ['reweighted-wirtinger-flow', 1, 1],
  ['amplitude-flow', 1, 1],
  ['truncated-amplitude-flow', 1, 1],
  ['reweighted-amplitude-flow', 1, 1],
  ['reshaped-wirtinger-flow', 1, 1],
  ['incremental-reshaped-wirtinger-flow', 1, 2],
  ['polyak-subgradient', 1, 1],
  ['kaczmarz', 1, 2],
  ['coordinate-descent', 2, 1.1],
  ['l-bfgs', 1, 2],
  ['gauss-newton', 1, 40],
  [{ name: 'gauss-newton', amplitudes: 1 }, 1, 40],
  ['prox-linear', 21, 400],
];

test.each(methods)('%j recovers the signal, real and complex, and counts its passes', async (method, first, each) => {
  for (const problem of [complexProblem, realProblem]) {
    const run = await solve(problem, { ...start, method, stop: { iterations: 3000, residual: 1e-11 } });
    expect(run.status).toBe('residual');
    expect(run.testError).toBeLessThan(1e-10);
    expect(run.info.passes).toBeGreaterThan(run.iterations);
    expect(run.info.passes).toBeLessThanOrEqual(first + each * run.iterations);
  }
});

test.each(methods)('%j gives the same bits for any number of threads', async (method) => {
  for (const problem of [complexProblem, realProblem]) {
    const options: VectorSolveOptions = { ...start, method, stop: { iterations: 8, residual: 0 } };
    const one = await solve(problem, options);
    const three = await solve(problem, { ...options, threads: 3 });
    expect(three.theta.data).toEqual(one.theta.data);
    expect(three.trace).toEqual(one.trace);
  }
});

test.each(['wirtinger-flow', 'reweighted-wirtinger-flow'] as const)(
  '%s has enough iterations where measurements are few',
  async (method) => {
    // Seed 1 needs more than 1000 and ends at the signal.
    const problem = gaussianVectorProblem(64, 256, readChannel('intensity', 'channel', 'complex'), 'complex', 1);
    const run = await solve(problem, { method, init: { kind: 'overlap', overlap: 0.8, seed: 1 } });
    expect(run.status).toBe('residual');
    expect(run.iterations).toBeGreaterThan(1000);
    expect(run.testError).toBeLessThan(1e-8);
  },
);

test('Gauss-Newton needs few iterations, Wirtinger flow with a ridge ends off the signal', async () => {
  const newton = await solve(complexProblem, { ...start, method: 'gauss-newton', stop: { residual: 1e-12 } });
  expect(newton.iterations).toBeLessThan(12);
  const ridge = await solve(complexProblem, {
    ...start,
    method: 'wirtinger-flow',
    ridge: 0.2,
    stop: { iterations: 3000, gradient: 1e-9 },
  });
  expect(ridge.status).toBe('gradient');
  // At the minimum X^H force / m = -ridge theta: by the public gradient of the loss alone.
  const { gradient } = complexProblem.gradient(ridge.theta, 'wirtinger');
  expect(Math.abs(gradient.norm() - 0.2 * ridge.theta.norm())).toBeLessThan(1e-6);
  expect(ridge.testError).toBeGreaterThan(1e-3);
});

test('rows in random order depend on the seed', async () => {
  const run = (seed: number, order: number): Promise<Float64Array> =>
    solve(realProblem, { ...start, method: { name: 'kaczmarz', order }, seed, stop: { iterations: 1 } }).then(
      ({ theta }) => theta.data,
    );
  for (const order of [1, 2]) {
    expect(await run(1, order)).toEqual(await run(1, order));
    expect(await run(1, order)).not.toEqual(await run(2, order));
  }
  expect(await run(1, 0)).toEqual(await run(2, 0));
});

const refused: readonly (readonly [VectorSolveOptions['method'], string])[] = [
  [{ name: 'kaczmarz', order: 3 }, 'integer from 0 to 2 for order'],
  [{ name: 'reweighted-wirtinger-flow', eta: 0 }, 'positive number for eta'],
  [{ name: 'gauss-newton', innerIterations: 0.5 }, 'integer from 1 to 1e+06 for innerIterations'],
  [{ name: 'truncated-amplitude-flow', gamma: -1 }, 'at least 0 for gamma'],
  [{ name: 'l-bfgs', memory: 101 }, 'integer from 1 to 100 for memory'],
];
test.each(refused)('%j is refused', async (method, text) => {
  const error = await solve(realProblem, { method }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(LowrankError);
  expect((error as LowrankError).code).toBe('INVALID_ARGUMENT');
  expect((error as LowrankError).message).toContain(text);
});

test('coordinate descent asks for the memory of its copy of the design', async () => {
  const run = (method: VectorSolveOptions['method'], problem: VectorProblem): Promise<unknown> =>
    solve(problem, { ...start, method, maxMemory: 2 ** 21, stop: { iterations: 1 } }).then(
      () => 'done',
      (error: unknown) => (error as LowrankError).code,
    );
  const large = gaussianVectorProblem(128, 2048, readChannel('intensity', 'channel', 'real'), 'real', 3);
  expect(await run('amplitude-flow', large)).toBe('done');
  expect(await run('coordinate-descent', large)).toBe('OUT_OF_MEMORY');
});

test('coded diffraction: steps are in units of the entries of the design', async () => {
  const problem = problems.phaseRetrieval({ design: 'coded-diffraction', shape: [32], patterns: 8, seed: 1 });
  const some = [
    'wirtinger-flow',
    'truncated-wirtinger-flow',
    'reweighted-wirtinger-flow',
    'reweighted-amplitude-flow',
    'polyak-subgradient',
    'kaczmarz',
    'coordinate-descent',
    'gauss-newton',
    'prox-linear',
  ] as const;
  for (const method of some) {
    const run = await solve(problem, { ...start, method, stop: { iterations: 3000, residual: 1e-10 } });
    expect([method, run.status]).toEqual([method, 'residual']);
    expect(run.testError).toBeLessThan(1e-8);
  }
});
