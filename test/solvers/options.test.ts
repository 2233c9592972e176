/** Every option of solve() wrong in turn: one sentence each, before anything is computed. */
import { LowrankError, Matrix, problems, solve, type SolveOptions, type Step } from '../../src';
import { estimateBytes } from '../../src/solvers/estimate';
import { probeNames } from '../../src/solvers/recording';
import { METHODS } from '../../src/solvers/methods';
import { buildInfo, recordColumns } from '../../src';

const symmetric = problems.gaussianSensing({ shape: [6, 6], symmetric: true, trueRank: 1, measurements: 20, seed: 1 });
const asymmetric = problems.gaussianSensing({ shape: [6, 5], trueRank: 1, measurements: 20, seed: 1 });
const unknownTruth = problems.sensing({ A: new Float64Array(12).fill(1), shape: [2, 3], y: [1, 2] });
const U = Matrix.zeros(6, 2);
const V = Matrix.zeros(5, 2);

async function refusal(problem: unknown, options: unknown): Promise<LowrankError> {
  const error: unknown = await solve(problem as problems.Problem, options as SolveOptions).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LowrankError);
  return error as LowrankError;
}

const methods = METHODS.map((method) => `'${method.name}'`).join(', ');
const number = (value: unknown): string => `received ${String(value)} of type number`;
const positive = (name: string, value: unknown): string =>
  `Expected a positive integer for ${name} but ${number(value)}.`;
const finite = (name: string, value: unknown): string =>
  `Expected a positive finite number for ${name} but ${number(value)}.`;
const nonNegative = (name: string, value: unknown): string =>
  `Expected a non-negative finite number for ${name} but ${number(value)}.`;

describe.each<[string, Record<string, unknown>, string]>([
  ['rank', { rank: 0 }, positive('rank', 0)],
  ['rank', { rank: -3 }, positive('rank', -3)],
  ['rank', { rank: 1.5 }, positive('rank', 1.5)],
  ['rank', { rank: NaN }, positive('rank', NaN)],
  ['rank', { rank: Infinity }, positive('rank', Infinity)],
  ['rank', { rank: 25 }, `Expected a positive integer of at most 24 for rank but ${number(25)}.`],
  ['rank', { rank: '2' }, 'Expected a positive integer for rank but received "2" of type string.'],
  ['rank', { rank: undefined }, 'Expected a positive integer for rank but received undefined.'],
  ['rank', { rank: 2n }, 'Expected a positive integer for rank but received 2 of type bigint.'],
  [
    'method',
    { method: 'gradient-decent' },
    `Expected one of ${methods} for method but received "gradient-decent" of type string. Did you mean 'gradient-descent'?`,
  ],
  [
    'method',
    { method: { name: 'newton' } },
    `Expected one of ${methods} for method.name but received "newton" of type string.`,
  ],
  ['method', { method: null }, `Expected one of ${methods} for method but received null.`],
  [
    'method',
    { method: { name: 'gradient-descent', dampin: 1 } },
    'Unknown option "dampin" for method. Known options: name.',
  ],
  [
    'model',
    { model: 'symetric' },
    `Expected one of 'symmetric', 'asymmetric' for model but received "symetric" of type string. Did you mean 'symmetric'?`,
  ],
  [
    'model',
    { method: 'approximate-gauss-newton' },
    'Method approximate-gauss-newton cannot be used here: the measurement matrices are symmetric and cannot see the antisymmetric part of F G^T. Build the problem without symmetric storage.',
  ],
  [
    'model',
    { model: 'asymmetric' },
    'A random start of the asymmetric model cannot be used here: the measurement matrices are symmetric and cannot see the antisymmetric part of F G^T. Build the problem without symmetric storage, or use a spectral start.',
  ],
  [
    'model',
    { model: 'symmetric', method: 'approximate-gauss-newton' },
    'Method approximate-gauss-newton has no symmetric form.',
  ],
  ['init', { init: 'random' }, 'Expected an options object for init but received "random" of type string.'],
  [
    'init.kind',
    { init: { kind: 'spectrel' } },
    `Expected one of 'random', 'spectral', 'given' for init.kind but received "spectrel" of type string. Did you mean 'spectral'?`,
  ],
  ['init.scale', { init: { kind: 'random', scale: 0 } }, finite('init.scale', 0)],
  ['init.scale', { init: { kind: 'random', scale: NaN } }, finite('init.scale', NaN)],
  ['init.scale', { init: { kind: 'spectral', scale: -1 } }, finite('init.scale', -1)],
  [
    'init.seed',
    { init: { kind: 'random', seed: 0.5 } },
    `Expected a non-negative integer for init.seed but ${number(0.5)}.`,
  ],
  [
    'init.seed',
    { init: { kind: 'spectral', seed: 1 } },
    `Unknown option "seed" for init of kind 'spectral'. Known options: kind, scale, ratio.`,
  ],
  [
    'init.ratio',
    { init: { kind: 'random', ratio: 1 } },
    `Expected no value (the symmetric model has one factor) for init.ratio but ${number(1)}.`,
  ],
  [
    'init.entryVariance',
    { init: { kind: 'random', entryVariance: 'scale^2/m' } },
    `Expected one of 'scale^2/rank', 'scale^2', 'scale^2/n' for init.entryVariance but received "scale^2/m" of type string. Did you mean 'scale^2/n'?`,
  ],
  ['init.factors', { init: { kind: 'given' } }, 'Expected a Matrix U for init.factors but received undefined.'],
  [
    'init.factors',
    { init: { kind: 'given', factors: Matrix.zeros(5, 2) } },
    'Expected a 6 x 2 matrix for init.factors but received 5 x 2.',
  ],
  [
    'init.factors',
    { init: { kind: 'given', factors: { left: U, right: Matrix.zeros(6, 2) } } },
    'Expected a Matrix U, or a pair with right === left, for init.factors: the model is symmetric.',
  ],
  [
    'init.factors',
    { rank: 3, init: { kind: 'given', factors: U } },
    'Expected 3 columns (rank) for init.factors but received 2.',
  ],
  [
    'init.factors',
    { init: { kind: 'given', factors: Matrix.zeros(6, 0) }, rank: undefined },
    'Expected at least one column for init.factors but received none.',
  ],
  ['step', { step: 0 }, finite('step', 0)],
  ['step', { step: -0.25 }, finite('step', -0.25)],
  ['step', { step: NaN }, finite('step', NaN)],
  [
    'step',
    { step: 'automatic' },
    `Expected one of 'fixed', 'auto', 'exact-line-search' for step but received "automatic" of type string.`,
  ],
  [
    'step',
    { step: 'fixed' },
    `Expected a number or { kind: 'fixed', size } for step but received "fixed" of type string.`,
  ],
  ['step', { step: null }, `Expected a positive number, 'auto' or a step rule for step but received null.`],
  ['step.size', { step: { kind: 'fixed' } }, 'Expected a positive finite number for step.size but received undefined.'],
  [
    'step.size',
    { step: { kind: 'auto', size: 1 } },
    `Expected no value (kind is 'auto') for step.size but ${number(1)}.`,
  ],
  ['step.cap', { step: { kind: 'exact-line-search', cap: -1 } }, finite('step.cap', -1)],
  ['stop', { stop: 100 }, `Expected an options object for stop but ${number(100)}.`],
  ['stop', { stop: { maxIterations: 3 } }, 'Unknown option "maxIterations" for stop. Did you mean "iterations"?'],
  ['stop', { stop: { tolerance: 3 } }, 'Unknown option "tolerance" for stop. Did you mean "residual"?'],
  ['stop.iterations', { stop: { iterations: 0 } }, positive('stop.iterations', 0)],
  ['stop.iterations', { stop: { iterations: 10.5 } }, positive('stop.iterations', 10.5)],
  ['stop.iterations', { stop: { iterations: NaN } }, positive('stop.iterations', NaN)],
  ['stop.residual', { stop: { residual: -1e-3 } }, nonNegative('stop.residual', -1e-3)],
  ['stop.residual', { stop: { residual: NaN } }, nonNegative('stop.residual', NaN)],
  ['stop.gradient', { stop: { gradient: -1 } }, nonNegative('stop.gradient', -1)],
  ['stop.gradient', { stop: { gradient: NaN } }, nonNegative('stop.gradient', NaN)],
  [
    'stop.stall',
    { stop: { stall: true } },
    'Expected an options object for stop.stall but received true of type boolean.',
  ],
  ['stop.stall.window', { stop: { stall: { window: 0 } } }, positive('stop.stall.window', 0)],
  [
    'stop.stall.decrease',
    { stop: { stall: { decrease: NaN } } },
    `Expected a number between 0 and 1 (both excluded) for stop.stall.decrease but ${number(NaN)}.`,
  ],
  [
    'stop.validation',
    { stop: { validation: { patience: 5 } } },
    'stop.validation needs held-out measurements: set holdOut.',
  ],
  [
    'stop.validation.patience',
    { stop: { validation: { patience: 0 } }, holdOut: { fraction: 0.2 } },
    positive('stop.validation.patience', 0),
  ],
  ['stop.timeLimit', { stop: { timeLimit: 0 } }, finite('stop.timeLimit', 0)],
  ['stop.timeLimit', { stop: { timeLimit: NaN } }, finite('stop.timeLimit', NaN)],
  [
    'stop.divergence',
    { stop: { divergence: 1 } },
    `Expected a finite number greater than 1 for stop.divergence but ${number(1)}.`,
  ],
  [
    'stop.divergence',
    { stop: { divergence: NaN } },
    `Expected a finite number greater than 1 for stop.divergence but ${number(NaN)}.`,
  ],
  ['holdOut', { holdOut: 0.2 }, `Expected an options object for holdOut but ${number(0.2)}.`],
  ['holdOut', { holdOut: [0, 1] }, 'Expected { fraction, seed } or a Uint8Array for holdOut but received array.'],
  [
    'holdOut.fraction',
    { holdOut: { fraction: 1 } },
    `Expected a number between 0 and 1 (both excluded) for holdOut.fraction but ${number(1)}.`,
  ],
  [
    'holdOut.fraction',
    { holdOut: { fraction: NaN } },
    `Expected a number between 0 and 1 (both excluded) for holdOut.fraction but ${number(NaN)}.`,
  ],
  [
    'holdOut.seed',
    { holdOut: { fraction: 0.5, seed: -1 } },
    `Expected a non-negative integer for holdOut.seed but ${number(-1)}.`,
  ],
  [
    'holdOut mask',
    { holdOut: new Uint8Array(3) },
    'Expected 20 bytes (one per measurement) for holdOut but received 3.',
  ],
  ['holdOut mask', { holdOut: new Uint8Array(20).fill(2, 4, 5) }, `Expected 0 or 1 for holdOut[4] but ${number(2)}.`],
  [
    'holdOut mask',
    { holdOut: new Uint8Array(20) },
    'Expected some measurements held out and some left for holdOut but 0 of 20 are held out.',
  ],
  [
    'holdOut mask',
    { holdOut: new Uint8Array(20).fill(1) },
    'Expected some measurements held out and some left for holdOut but 20 of 20 are held out.',
  ],
  ['record.every', { record: { every: -1 } }, `Expected a non-negative integer for record.every but ${number(-1)}.`],
  [
    'record.columns',
    { record: { columns: 'step' } },
    'Expected an array of column names for record.columns but received string.',
  ],
  ['record.columns', { record: { columns: ['step', 'step'] } }, `Column 'step' occurs twice in record.columns.`],
  [
    'record.columns',
    { record: { columns: ['validationResidual'] } },
    `Recorded column 'validationResidual' needs held-out measurements: set holdOut.`,
  ],
  ['threads', { threads: 0 }, positive('threads', 0)],
  ['threads', { threads: NaN }, positive('threads', NaN)],
  ['signal', { signal: { aborted: false } }, 'Expected an AbortSignal for signal but received object.'],
  ['signal', { signal: null }, 'Expected an AbortSignal for signal but received null.'],
  ['onProgress', { onProgress: 1 }, `Expected a function for onProgress but ${number(1)}.`],
  ['maxMemory', { maxMemory: 0 }, positive('maxMemory', 0)],
  ['unknown', { rnak: 2 }, 'Unknown option "rnak" for solve. Did you mean "rank"?'],
  ['unknown', { maxIterations: 2 }, 'Unknown option "maxIterations" for solve. Did you mean "stop.iterations"?'],
  ['unknown', { sparkles: [] }, /^Unknown option "sparkles" for solve\. Known options: method, rank, .*\.$/.source],
])('%s', (_, change, message) => {
  test(message, async () => {
    const error = await refusal(symmetric, { rank: 2, ...change });
    expect(error.code).toBe('INVALID_ARGUMENT');
    if (message.startsWith('^')) expect(error.message).toMatch(new RegExp(message));
    else expect(error.message).toBe(message);
  });
});

test('what is no problem, and what are no options', async () => {
  expect((await refusal({}, { rank: 1 })).message).toBe(
    'Expected a Problem (see problems.sensing) for problem but received object.',
  );
  expect((await refusal(symmetric, undefined)).message).toBe(
    'Expected an options object for solve but received undefined.',
  );
  expect((await refusal(symmetric, [2])).message).toBe('Expected an options object for solve but received array.');
});

test('asymmetric problems', async () => {
  expect((await refusal(asymmetric, { rank: 1, model: 'symmetric' })).message).toBe(
    'The symmetric model needs a problem with symmetric measurement matrices but this one is 6 x 5.',
  );
  const square = problems.gaussianSensing({ shape: [3, 3], trueRank: 1, measurements: 4, seed: 1 });
  expect((await refusal(square, { rank: 1, model: 'symmetric' })).message).toMatch(/was built without symmetric: true/);
  expect((await refusal(asymmetric, { init: { kind: 'given', factors: U } })).message).toBe(
    'Expected { left, right } (asymmetric model) for init.factors but received object.',
  );
  expect((await refusal(asymmetric, { init: { kind: 'given', factors: { left: U, right: U } } })).message).toBe(
    'Expected a 5 x 2 matrix for init.factors.right but received 6 x 2.',
  );
});

test('a method with a smaller limit for the rank', async () => {
  expect((await refusal(asymmetric, { rank: 6, method: 'riemannian-gauss-newton' })).message).toBe(
    `Expected a positive integer of at most 5 for rank but ${number(6)}.`,
  );
});

test('NaN in given factors, with its place', async () => {
  const left = Matrix.zeros(6, 2);
  left.data[3] = NaN;
  const error = await refusal(asymmetric, { init: { kind: 'given', factors: { left, right: V } } });
  expect(error.code).toBe('NON_FINITE');
  expect(error.message).toBe('Expected a finite number at init.factors.left[1, 1] but received NaN of type number.');
});

test('columns that need the truth', async () => {
  expect((await refusal(unknownTruth, { rank: 1, record: { columns: ['testError'] } })).message).toBe(
    "Recorded column 'testError' needs a problem whose truth is known.",
  );
  const run = await solve(unknownTruth, { rank: 1, stop: { iterations: 2 } });
  expect(run.testError).toBeUndefined();
  expect(Object.keys(run.trace.columns)).not.toContain('testError');
});

test('a single measurement cannot be held out', async () => {
  const single = problems.sensing({ A: [[[1]]], shape: [1, 1], y: [1] });
  expect((await refusal(single, { rank: 1, holdOut: { fraction: 0.5 } })).message).toMatch(
    /there is a single measurement/,
  );
});

test('a refusal is a rejection, never a synchronous throw', () => {
  const promise = solve(symmetric, { rank: NaN });
  return expect(promise).rejects.toBeInstanceOf(LowrankError);
});

test('memory: the cap is respected and the message has the estimate', async () => {
  const error = await refusal(symmetric, { rank: 2, maxMemory: 1000 });
  expect(error.code).toBe('OUT_OF_MEMORY');
  expect(error.message).toMatch(/^The run needs about [\d.]+ KiB, more than 1000 bytes \(maxMemory\)\./);
});

const wide = problems.gaussianSensing({ shape: [30, 40], trueRank: 1, measurements: 2000, seed: 1 });
const runs = METHODS.flatMap((method) =>
  [symmetric, asymmetric, wide].flatMap((problem) =>
    method.steps.flatMap((step) =>
      (['random', 'spectral'] as const).flatMap((kind) =>
        [1, 5, method.mostRank?.(...problem.shape) ?? 4 * Math.max(...problem.shape)].map(
          (rank) => [method.name, step, kind, rank, problem] as const,
        ),
      ),
    ),
  ),
).filter(
  ([method, step, , , problem]) => step !== 'fixed' && !(problem.symmetric && method === 'approximate-gauss-newton'),
);

test.each(runs)(
  'memory: the estimate is above what %s, %s, %s, rank %d reports',
  async (method, step, kind, rank, problem) => {
    const options: SolveOptions = {
      rank,
      method,
      step: { kind: step } as Step,
      init: { kind },
      stop: { iterations: 1 },
    };
    const run = await solve(problem, options);
    expect(estimateBytes(problem, { rank, columns: [] })).toBeGreaterThanOrEqual(run.info.scratchBytes);
  },
);

test('options given as undefined are left out', async () => {
  const options: SolveOptions = {
    rank: 1,
    init: undefined,
    step: undefined,
    stop: { iterations: 1, residual: undefined },
  };
  expect((await solve(symmetric, options)).iterations).toBe(1);
});

test('the facade and the addon know the same methods and columns', () => {
  expect(METHODS.map((method) => method.name).sort()).toEqual([...buildInfo().methods].sort());
  const all = ['trainLoss', 'residual', 'validationResidual', 'gradientNorm', 'step', 'passes', 'testError'];
  expect([...recordColumns()].sort()).toEqual([...all, ...probeNames()].sort());
});
