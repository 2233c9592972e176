import { readChannel } from '../../../src/channels';
import {
  LowrankError,
  lossDescriptions,
  solve,
  spectralStart,
  vectorMethods,
  type VectorMethodName,
  type VectorSolveOptions,
} from '../../../src';
import { designHandle, VectorProblem } from '../../../src/problems/vector-problem';
import { innerProduct, Vector } from '../../../src/vector';
import { gaussianVectorProblem } from '../../support/vector-problem';

const complexProblem = gaussianVectorProblem(48, 480, readChannel('intensity', 'channel', 'complex'), 'complex', 3);
const realProblem = gaussianVectorProblem(40, 320, readChannel('intensity', 'channel', 'real'), 'real', 4);
const near = (overlap = 0.8): VectorSolveOptions => ({ init: { kind: 'overlap', overlap, seed: 1 } });

/** The first mistake, as the message of the rejection. */
async function message(problem: VectorProblem, options: unknown): Promise<string> {
  const error = await solve(problem, options as VectorSolveOptions).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(LowrankError);
  expect((error as LowrankError).code).toBe('INVALID_ARGUMENT');
  return (error as LowrankError).message;
}

test.each([complexProblem, realProblem])(
  'gradient descent recovers the signal and says what it did',
  async (problem) => {
    const run = await solve(problem, { ...near(), stop: { residual: 1e-11 } });
    expect(run.status).toBe('residual');
    expect(run.converged).toBe(true);
    expect(run.testError).toBeLessThan(1e-9);
    expect(run.overlap).toBeCloseTo(1, 10);
    // residual and field, recomputed from theta
    const r = problem.measure(run.theta);
    expect(r.data.map((x, k) => Math.abs(x - run.field.data[k]!)).every((d) => d < 1e-12)).toBe(true);
    const width = problem.field === 'complex' ? 2 : 1;
    let [misfit, reference] = [0, 0];
    problem.y.forEach((y, i) => {
      misfit += (Math.hypot(...r.data.subarray(width * i, width * (i + 1))) - Math.sqrt(y)) ** 2;
      reference += y;
    });
    // The last digits of |r| - sqrt(y) are rounding: compare within it.
    expect(Math.abs(run.residual - Math.sqrt(misfit / reference))).toBeLessThan(1e-14);
    expect(run.trace.length).toBe(run.iterations + 1);
    expect(Object.keys(run.trace.columns)).toEqual(['iteration', 'trainLoss', 'residual', 'overlap', 'testError']);
    expect(run.trace.columns['residual']!.at(-1)).toBe(run.residual);
    expect(run.info).toMatchObject({
      model: 'vector',
      channel: 'intensity',
      loss: { name: 'wirtinger', parameters: [] },
      init: { kind: 'overlap', overlap: 0.8, seed: 1 },
      passes: run.iterations + 1 + run.info.rejectedSteps,
    });
  },
);

test('the loss and gradient of the problem are those of the run', async () => {
  const run = await solve(complexProblem, { ...near(), stop: { iterations: 3 } });
  const { loss, gradient } = complexProblem.gradient(run.theta, 'wirtinger');
  expect(Math.abs(run.trainLoss - loss)).toBeLessThan(1e-13 * loss);
  expect(Math.abs(run.gradientNorm - gradient.norm())).toBeLessThan(1e-12 * gradient.norm());
});

test('starts: overlap and norm are met exactly, a random one has the norm of the data, a given one is copied', async () => {
  const only: VectorSolveOptions = { stop: { iterations: 1 }, record: { columns: ['overlap', 'norm'] }, step: 0.01 };
  for (const problem of [complexProblem, realProblem]) {
    for (const overlap of [0, 0.3, 1]) {
      const run = await solve(problem, { ...only, init: { kind: 'overlap', overlap, norm: 2, seed: 7 } });
      expect(run.trace.columns['overlap']![0]).toBeCloseTo(overlap, 12);
      expect(run.trace.columns['norm']![0]).toBeCloseTo(2, 12);
    }
    const random = await solve(problem, { ...only, init: { kind: 'random', seed: 5 } });
    const mean = problem.y.reduce((sum, y) => sum + y, 0) / problem.measurements;
    // The entries of the design have variance 1 in expectation.
    expect(Math.abs(random.trace.columns['norm']![0]! ** 2 - mean)).toBeLessThan(0.05 * mean);
    const theta = new Vector(Float64Array.from(problem.truth!.data), problem.field);
    const given = await solve(problem, { ...only, init: { kind: 'given', theta } });
    expect(given.status).toBe('residual');
    expect(given.iterations).toBe(0);
    expect(given.theta).not.toBe(theta);
    expect(given.testError).toBe(0);
  }
});

test('a spectral start is the default where the channel is even, and is written down', async () => {
  const run = await solve(complexProblem, { threads: 2 });
  const start = await spectralStart(complexProblem);
  expect(run.info.init).toMatchObject({ kind: 'spectral', norm: start.scale, passes: start.passes, converged: true });
  expect(run.info.init.overlap).toBe(start.overlap);
  expect(run.trace.columns['overlap']![0]).toBeCloseTo(start.overlap!, 12);
  expect(run.testError).toBeLessThan(1e-8);
  const truncated = { kind: 'spectral', preprocessing: 'truncated', norm: 2, seed: 3 } as const;
  const other = await solve(complexProblem, {
    init: truncated,
    record: { columns: ['norm'] },
    stop: { iterations: 1 },
  });
  expect(other.info.init).toMatchObject({ kind: 'spectral', preprocessing: 'truncated', norm: 2, seed: 3 });
  expect(other.trace.columns['norm']![0]).toBeCloseTo(2, 12);
  expect(await message(complexProblem, { init: { kind: 'spectral', preprocessing: 'optimum' } })).toMatch(
    /preprocessing/,
  );
  expect(await message(complexProblem, { init: { kind: 'spectral', scale: 1 } })).toMatch(/Unknown option "scale"/);
  const linear = gaussianVectorProblem(10, 40, readChannel('linear', 'channel', 'real'), 'real', 1);
  expect((await solve(linear, { stop: { iterations: 1 } })).info.init.kind).toBe('random');
});

test('the same bits for any number of threads', async () => {
  const options: VectorSolveOptions = { ...near(0.5), stop: { iterations: 40, residual: 0 }, ridge: 0.01 };
  const one = await solve(complexProblem, options);
  const three = await solve(complexProblem, { ...options, threads: 3 });
  expect(three.theta.data).toEqual(one.theta.data);
  expect(three.trace).toEqual(one.trace);
});

test('channels bring their losses', async () => {
  const stop = { iterations: 200 };
  for (const [name, loss] of [
    ['linear', 'square'],
    ['relu', 'relu'],
    ['logistic', 'logistic'],
    ['sign', 'logistic'],
    ['cubic', 'cubic'],
    ['poisson', 'wirtinger'],
    ['amplitude', 'amplitude'],
  ] as const) {
    const problem = gaussianVectorProblem(20, 400, readChannel(name, 'channel', 'real'), 'real', 5);
    const run = await solve(problem, { ...near(0.7), ridge: 1e-3, stop });
    expect(run.info.loss?.name).toBe(loss);
    expect(run.overlap).toBeGreaterThan(0.85);
  }
  const own = gaussianVectorProblem(
    20,
    400,
    readChannel((z: number) => z * z, 'channel', 'real'),
    'real',
    5,
  );
  expect(await message(own, {})).toMatch(/Expected a loss: none is known to fit the channel 'custom'/);
});

test('amplitudes and their squares are one problem', async () => {
  const make = (name: 'intensity' | 'amplitude'): VectorProblem =>
    gaussianVectorProblem(20, 200, readChannel(name, 'channel', 'complex'), 'complex', 8);
  const options: VectorSolveOptions = { ...near(), loss: 'amplitude', stop: { residual: 1e-11 } };
  const [a, b] = [await solve(make('intensity'), options), await solve(make('amplitude'), options)];
  expect(a.status).toBe('residual');
  expect(b.status).toBe('residual');
  expect(b.testError).toBeLessThan(1e-9);
  // y and sqrt(y) differ by rounding alone
  expect(Math.abs(innerProduct(a.theta, b.theta)[0] - 1)).toBeLessThan(1e-9);
});

test('every loss runs, with its parameters', async () => {
  for (const loss of lossDescriptions()) {
    for (const field of loss.fields) {
      const problem = field === 'real' ? realProblem : complexProblem;
      const run = await solve(problem, {
        ...near(),
        loss: { name: loss.name },
        stop: { iterations: 20 },
      });
      expect(run.info.loss).toEqual({ name: loss.name, parameters: [...loss.defaults] });
      expect(run.trainLoss).toBeLessThanOrEqual(run.trace.columns['trainLoss']![0]!);
    }
  }
});

/** A key for every name of the type, so that the type and the native list cannot drift apart. */
const METHODS: Record<VectorMethodName, true> = {
  'gradient-descent': true,
  'l-bfgs': true,
  'wirtinger-flow': true,
  'truncated-wirtinger-flow': true,
  'reweighted-wirtinger-flow': true,
  'amplitude-flow': true,
  'truncated-amplitude-flow': true,
  'reweighted-amplitude-flow': true,
  'reshaped-wirtinger-flow': true,
  'incremental-reshaped-wirtinger-flow': true,
  'polyak-subgradient': true,
  kaczmarz: true,
  'coordinate-descent': true,
  'gauss-newton': true,
  'prox-linear': true,
  'error-reduction': true,
  hio: true,
  raar: true,
  admm: true,
  phasemax: true,
  phaselamp: true,
  amp: true,
};

test('the type lists the methods that there are', () => {
  const names = vectorMethods().map((method) => method.name);
  expect([...names].sort()).toEqual(Object.keys(METHODS).sort());
});

test('memory of every method stays below the estimate', async () => {
  for (const method of vectorMethods()) {
    const problem = method.fields.includes('complex') ? complexProblem : realProblem;
    const run = await solve(problem, {
      ...near(0.9),
      method: method.name,
      stop: { iterations: 3, timeLimit: 2 },
    });
    expect(run.info.scratchBytes).toBeGreaterThan(0);
    const bytes = run.info.scratchBytes - 1;
    await expect(solve(problem, { method: method.name, maxMemory: bytes })).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
    });
  }
});

test('mistakes are named', async () => {
  expect(await message(realProblem, { methd: 1 })).toMatch(/Unknown option "methd" for solve. Did you mean "method"\?/);
  expect(await message(realProblem, { method: 'gradient-decent' })).toMatch(/Did you mean 'gradient-descent'\?/);
  expect(await message(realProblem, { method: { name: 'gradient-descent', beta: 1 } })).toMatch(
    /Unknown option "beta"/,
  );
  expect(await message(complexProblem, { loss: 'logistic' })).toMatch(/'logistic' is real only/);
  expect(await message(realProblem, { loss: 'wirtingr' })).toMatch(/Did you mean 'wirtinger'\?/);
  expect(await message(realProblem, { init: { kind: 'spectrum' } })).toMatch(/init.kind/);
  expect(await message(realProblem, { init: { kind: 'overlap', overlap: 2 } })).toMatch(/from 0 to 1 for init.overlap/);
  expect(await message(realProblem, { init: { kind: 'given', theta: new Vector(new Float64Array(3)) } })).toMatch(
    /Expected a real vector of length 40 for init.theta but received a real one of 3/,
  );
  expect(await message(realProblem, { step: 0 })).toMatch(/positive finite number for step/);
  expect(await message(realProblem, { momentum: 0.5 })).toMatch(/momentum is set/);
  expect(await message(realProblem, { momentum: 1, step: 0.1 })).toMatch(/momentum/);
  expect(await message(realProblem, { ridge: -1 })).toMatch(/non-negative finite number for ridge/);
  expect(await message(realProblem, { stop: { maxIterations: 3 } })).toMatch(/Did you mean "iterations"\?/);
  expect(await message(realProblem, { record: { columns: ['overlop'] } })).toMatch(/Did you mean 'overlap'\?/);
  expect(await message(realProblem, { record: { columns: ['step', 'step'] } })).toMatch(/occurs twice/);
  const linear = gaussianVectorProblem(10, 40, readChannel('linear', 'channel', 'real'), 'real', 1);
  const intensityMethod = vectorMethods().find((method) => method.intensityOnly);
  if (intensityMethod !== undefined) {
    expect(await message(linear, { method: intensityMethod.name })).toMatch(/needs intensities .* channel is 'linear'/);
    expect(await message(realProblem, { method: intensityMethod.name, loss: 'wirtinger' })).toMatch(/its own loss/);
  }
  const blind = new VectorProblem({ design: linear[designHandle], y: linear.y, channel: linear.channel });
  expect(await message(blind, { init: { kind: 'overlap', overlap: 0.5 } })).toMatch(/truth is known/);
  expect(await message(blind, { record: { columns: ['overlap'] } })).toMatch(/'overlap' needs a problem whose truth/);
  expect((await solve(blind)).testError).toBeUndefined();
});

test('an abort rejects with its reason within 50 ms, also in the middle of a pass', async () => {
  const problem = gaussianVectorProblem(800, 4000, readChannel('intensity', 'channel', 'complex'), 'complex', 1);
  const reason = new Error('enough');
  for (const init of [
    { kind: 'random' },
    // Without a signal in it Lanczos does not end so soon.
    { kind: 'spectral', preprocessing: (value: number) => Math.sin(50 * value), tolerance: 0, maxPasses: 1e6 },
  ] as const) {
    const controller = new AbortController();
    const running = solve(problem, { init, stop: { iterations: 100000, residual: 0 }, signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const began = performance.now();
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    // 50 ms on a machine that has nothing else to do.
    expect(performance.now() - began).toBeLessThan(500);
    await expect(solve(problem, { signal: controller.signal })).rejects.toBe(reason);
  }
});

test('progress is reported, and what it throws ends the run', async () => {
  const seen: number[] = [];
  const run = await solve(complexProblem, { ...near(), onProgress: ({ iterations }) => seen.push(iterations) });
  expect(seen.at(-1)).toBe(run.iterations);
  const fault = new Error('no more');
  await expect(
    solve(complexProblem, {
      ...near(),
      onProgress: () => {
        throw fault;
      },
    }),
  ).rejects.toBe(fault);
});
