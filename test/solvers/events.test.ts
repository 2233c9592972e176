/** Events: triggers inside the loop, the one-step modification, pruning; one trace and one ledger for the whole. */
import { Matrix, problems, qr, solve, svd, type Factors, type SolveOptions } from '../../src';
import { rebalance } from '../../src/solvers/events';
import * as dense from '../support/dense';
import { normals } from '../support/random';

const population = problems.population({ shape: [20, 20], spectrum: [1, 0.8, 0.6], seed: 1 });
const sensing = problems.gaussianSensing({ shape: [14, 11], trueRank: 2, measurements: 200, seed: 3 });
const symmetric = problems.gaussianSensing({
  shape: [12, 12],
  symmetric: true,
  trueRank: 2,
  measurements: 60,
  seed: 3,
});

const START = { kind: 'random', convention: 'S3-asymmetric', scale: 0.2, seed: 2 } as const;
const base = (changes: Partial<SolveOptions> = {}): SolveOptions => ({
  rank: 5,
  init: START,
  step: 0.1,
  stop: { iterations: 900, residual: 0 },
  ...changes,
});

function pair(n1: number, n2: number, k: number, columns = k): Factors {
  const left = new Matrix(normals(n1 * k, 5), n1, k);
  for (let i = 0; i < n1; i++) for (let j = columns; j < k; j++) left.data[i * k + j] = left.data[i * k]! * 2;
  return { left, right: new Matrix(normals(n2 * k, 6), n2, k) };
}

describe('rebalance', () => {
  test.each([
    [9, 7, 3, 3],
    [9, 7, 5, 2],
    [6, 8, 6, 6],
    [4, 6, 7, 7],
    [1, 1, 1, 1],
  ])('%d x %d, k = %d (%d independent): the product stays, F^T F = beta^2 I', async (n1, n2, k, columns) => {
    const before = pair(n1, n2, k, columns);
    const after = await rebalance(before, 0.7);
    const x = dense.product(before.left, before.right);
    expect(dense.distance(dense.product(after.left, after.right).data, x.data)).toBeLessThan(
      1e-14 * dense.norm(x.data) * Math.sqrt(k),
    );
    const gram = dense.times(dense.transpose(after.left), after.left);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) {
        expect(gram.get(i, j)).toBeCloseTo(i === j && i < Math.min(n1, k) ? 0.49 : 0, 13);
      }
    }
    // What has no part in F has none in the new G.
    const norms = Array.from({ length: k }, (_, j) =>
      Math.hypot(...Array.from({ length: n2 }, (_, i) => after.right.get(i, j))),
    );
    for (let j = columns; j < k; j++) expect(norms[j]).toBeLessThan(1e-13);
  });

  test('the product is preserved when the factors are graded', async () => {
    const scales = [1, 1e-3, 1e-8, 1e-12];
    const scaleColumns = (m: Matrix): Matrix =>
      new Matrix(
        m.data.map((v, i) => v * scales[i % 4]!),
        m.rows,
        m.cols,
      );
    const left = scaleColumns(qr(new Matrix(normals(40, 1), 10, 4)).q);
    const right = scaleColumns(qr(new Matrix(normals(40, 2), 10, 4)).q);
    const after = await rebalance({ left, right }, 3);
    expect(dense.distance(dense.product(after.left, after.right).data, dense.product(left, right).data)).toBeLessThan(
      1e-14,
    );
  });

  test('afterwards the rate is -ln(1 - eta beta^2), whatever the start (reference, section 7)', async () => {
    for (const scale of [0.2, 0.05]) {
      const run = await solve(
        population,
        base({
          init: { ...START, scale },
          events: [{ kind: 'rebalance', when: { iteration: 700 }, beta: 1 }],
          stop: { iterations: 900, residual: 1e-14 },
        }),
      );
      const error = run.trace.columns['testError']!;
      expect(error[701]! / error[700]!).toBeLessThan(1.001);
      const rate = Math.log(error[710]! / error[760]!) / 50;
      expect(rate / -Math.log(1 - 0.1)).toBeCloseTo(1, 1);
      expect(run.events).toEqual([
        { kind: 'rebalance', iteration: 700, residual: expect.any(Number) as number, beta: 1 },
      ]);
    }
  });

  test('beta from the norm of the product, by a residual', async () => {
    const run = await solve(
      population,
      base({ events: [{ kind: 'rebalance', when: { residual: 1e-2 }, beta: { ofNorm: 0.5 } }] }),
    );
    const [event] = run.events!;
    if (event?.kind !== 'rebalance') throw new Error('no rebalancing');
    const { columns } = run.trace;
    const at = columns['residual']!.findIndex((value) => value <= 1e-2);
    expect(columns['iteration']![at]).toBe(event.iteration);
    expect(event.residual).toBe(columns['residual']![at]);
    expect(event.beta).toBeCloseTo(0.5, 2); // sigma_1 = 1
    const plain = await solve(population, base({ events: [{ kind: 'rebalance', when: { residual: 1e-2 } }] }));
    expect(plain.events).toMatchObject([{ iteration: event.iteration, beta: 2 * event.beta }]);
  });
});

describe('one run out of several', () => {
  test.each([1, 10, 7, 0])('record.every %d: the rows of one run, each iteration once', async (every) => {
    const options = base({ record: { every }, stop: { iterations: 100, residual: 0 } });
    const run = await solve(sensing, {
      ...options,
      events: [
        { kind: 'rebalance', when: { iteration: 33 }, beta: 1 },
        { kind: 'prune', when: { iteration: 50 }, rank: 3 },
      ],
    });
    const grid = Array.from({ length: 101 }, (_, i) => i);
    const expected = grid.filter((i) => (every > 0 && i % every === 0) || [0, 33, 50, 100].includes(i));
    expect([...run.trace.columns['iteration']!]).toEqual(expected);
    expect(run.iterations).toBe(100);
    expect(run.status).toBe('iterations');
    expect(run.info).toMatchObject({ rank: 3, iterations: 100, init: { kind: 'random' } });
    expect(run.events).toMatchObject([{ iteration: 33 }, { iteration: 50, rank: 3 }]);
    expect(run.factors.left.cols).toBe(3);
  });

  test('is what separate runs give, to the last bit, and the ledger is their sum', async () => {
    const events = [{ kind: 'rebalance', when: { iteration: 30 }, beta: 0.9 }] as const;
    const joined = await solve(sensing, base({ events, stop: { iterations: 80, residual: 0 } }));
    const first = await solve(sensing, base({ stop: { iterations: 30, residual: 0 } }));
    const factors = await rebalance(first.factors, 0.9);
    const second = await solve(
      sensing,
      base({ init: { kind: 'given', factors }, stop: { iterations: 50, residual: 0 } }),
    );
    expect(joined.factors).toEqual(second.factors);
    for (const name of ['trainLoss', 'residual', 'testError']) {
      const parts = [...first.trace.columns[name]!, ...second.trace.columns[name]!.slice(1)];
      expect([...joined.trace.columns[name]!]).toEqual(parts);
    }
    for (const key of ['passes', 'forwardCount', 'adjointCount'] as const) {
      expect(joined.info[key]).toBe(first.info[key] + second.info[key]);
    }
    const { total, init, passes, updates } = joined.info.seconds;
    expect(init + passes + updates).toBeLessThanOrEqual(total * (1 + 1e-9));
  });

  test('threads and chunks do not move an event', async () => {
    const events = [{ kind: 'prune', when: { residual: 0.3 }, rank: 2 }] as const;
    const runs = await Promise.all(
      [1, 2].flatMap((threads) =>
        [undefined, () => undefined].map((onProgress) => solve(sensing, base({ events, threads, onProgress }))),
      ),
    );
    for (const run of runs) expect([run.events, run.factors]).toEqual([runs[0]!.events, runs[0]!.factors]);
  });

  test('events at the start, at the same iteration, at the end, and one that never comes', async () => {
    const run = await solve(
      sensing,
      base({
        stop: { iterations: 40, residual: 0 },
        events: [
          { kind: 'rebalance', when: { iteration: 0 }, beta: 1 },
          { kind: 'rebalance', when: { iteration: 20 }, beta: 1 },
          { kind: 'prune', when: { iteration: 10 }, rank: 4 },
          { kind: 'prune', when: { iteration: 40 }, rank: 3 },
          { kind: 'prune', when: { residual: 1e-12 }, rank: 2 },
        ],
      }),
    );
    expect(run.events!.map((event) => event.iteration)).toEqual([0, 20, 20, 40]);
    expect([...run.trace.columns['iteration']!]).toEqual(Array.from({ length: 41 }, (_, i) => i));
    expect(run.factors.left.cols).toBe(3);
    expect(run.status).toBe('iterations');
  });

  test('progress and time limit are those of the whole', async () => {
    const seen: number[] = [];
    const run = await solve(
      sensing,
      base({
        events: [{ kind: 'rebalance', when: { iteration: 5 }, beta: 1 }],
        stop: { iterations: 50, residual: 0, timeLimit: 100 },
        onProgress: ({ iterations, maxIterations }) => {
          expect(maxIterations).toBe(50);
          seen.push(iterations);
        },
      }),
    );
    expect(seen.at(-1)).toBe(50);
    expect(run.info.seconds.total).toBeGreaterThan(0);
  });

  test('abort ends it', async () => {
    const controller = new AbortController();
    const run = solve(
      sensing,
      base({
        events: [{ kind: 'rebalance', when: { iteration: 5 }, beta: 1 }],
        stop: { iterations: 1e9, residual: 0 },
        signal: controller.signal,
      }),
    );
    setTimeout(() => {
      controller.abort(new Error('enough'));
    }, 50);
    await expect(run).rejects.toThrow('enough');
  });
});

describe('prune', () => {
  test.each([
    ['symmetric', symmetric],
    ['asymmetric', sensing],
  ] as const)('%s: the best approximation of that rank', async (_, problem) => {
    const short = { rank: 6, init: { kind: 'random', scale: 0.3 }, step: 0.1 } as const;
    const first = await solve(problem, { ...short, stop: { iterations: 60 } });
    const run = await solve(problem, {
      ...short,
      stop: { iterations: 60 },
      events: [{ kind: 'prune', when: { iteration: 60 }, rank: 2 }],
    });
    const { u, values, v } = svd(dense.product(first.factors.left, first.factors.right));
    const best = Matrix.zeros(u.rows, v.rows);
    for (let i = 0; i < u.rows; i++) {
      for (let j = 0; j < v.rows; j++) {
        for (let c = 0; c < 2; c++) best.data[i * v.rows + j]! += u.get(i, c) * values[c]! * v.get(j, c);
      }
    }
    const got = dense.product(run.factors.left, run.factors.right);
    expect(dense.distance(got.data, best.data)).toBeLessThan(1e-12);
    if (problem === symmetric) expect(run.factors.right).toBe(run.factors.left);
  });

  test('at the end of phase II it makes the convergence exact', async () => {
    const init = { kind: 'random', scale: 1e-3, seed: 1 } as const;
    const stop = { iterations: 2000, residual: 1e-11 };
    const plain = await solve(symmetric, { rank: 12, init, step: 0.25, stop });
    const pruned = await solve(symmetric, {
      rank: 12,
      init,
      step: 0.25,
      stop,
      events: [{ kind: 'prune', when: { residual: 0.05 }, rank: 2 }],
    });
    expect(plain.converged).toBe(false);
    expect(pruned.converged).toBe(true);
    expect(pruned.testError).toBeLessThan(1e-9);
  });
});

describe('bad input', () => {
  const when = { iteration: 3 };
  test.each<[unknown, string, boolean?]>([
    [{}, 'Expected an array of events for events but received a value of type object.'],
    [
      [{ kind: 'rebalance', when, beta: 0 }],
      'Expected a positive finite number for events[0].beta but received 0 of type number.',
    ],
    [[{ kind: 'rebalance', when, beta: -1 }], 'for events[0].beta but received -1'],
    [[{ kind: 'rebalance', when, beta: { ofNorm: 0 } }], 'for events[0].beta.ofNorm but received 0'],
    [[{ kind: 'rebalance', when, beta: 1 }], "Expected the asymmetric model for events[0] of kind 'rebalance'", true],
    [[{ kind: 'rebalence', when }], "Did you mean 'rebalance'?"],
    [[{ kind: 'rebalance', when, rank: 2 }], 'Unknown option "rank"'],
    [[{ kind: 'rebalance', beta: 1 }], 'Expected an options object for events[0].when'],
    [
      [{ kind: 'rebalance', when: {} }],
      'Expected either { iteration } or { residual } for events[0].when but received neither.',
    ],
    [[{ kind: 'rebalance', when: { iteration: 1, residual: 1 } }], 'but received both.'],
    [[{ kind: 'rebalance', when: { iteration: -1 } }], 'for events[0].when.iteration but received -1'],
    [[{ kind: 'rebalance', when: { residual: 0 } }], 'for events[0].when.residual but received 0'],
    [[{ kind: 'prune', when, rank: 6 }], 'Expected a positive integer of at most 5 for events[0].rank'],
    [
      [
        { kind: 'prune', when, rank: 3 },
        { kind: 'prune', when, rank: 4 },
      ],
      'Expected a positive integer of at most 3 for events[1].rank',
    ],
  ])('%#', async (events, message, onSymmetric = false) => {
    await expect(solve(onSymmetric ? symmetric : sensing, { rank: 5, events: events as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message) as string,
    });
  });

  test('beta from a product that is zero', async () => {
    const zero = { left: Matrix.zeros(14, 2), right: Matrix.zeros(11, 2) };
    const events = [{ kind: 'rebalance', when: { iteration: 0 } }] as const;
    await expect(solve(sensing, { init: { kind: 'given', factors: zero }, step: 0.1, events })).rejects.toMatchObject({
      code: 'NUMERICAL',
      message: expect.stringContaining('give beta as a number') as string,
    });
  });
});

describe('conventions of the papers', () => {
  const start = { kind: 'random', scale: 0.3, seed: 4 } as const;
  const stop = { iterations: 1 };
  test.each([
    ['S1', symmetric, { entryVariance: 'scale^2/rank', ratio: 1 }],
    ['S3-symmetric', symmetric, { entryVariance: 'scale^2', ratio: 1 }],
    ['S3-asymmetric', sensing, { entryVariance: 'scale^2/n', ratio: 1 / 3 }],
  ] as const)('%s', async (convention, problem, expected) => {
    const run = await solve(problem, { rank: 3, step: 0.1, stop, init: { ...start, convention } });
    expect(run.info.init).toMatchObject(expected);
    const { entryVariance, ratio } = expected;
    const init = problem === symmetric ? { ...start, entryVariance } : { ...start, entryVariance, ratio };
    expect((await solve(problem, { rank: 3, step: 0.1, stop, init })).factors).toEqual(run.factors);
  });

  test.each([
    [{ convention: 'S3-asymetric' }, "Did you mean 'S3-asymmetric'?"],
    [
      { convention: 'S1' },
      "init.convention 'S1' is of the symmetric model but the run is asymmetric: expected 'S3-asymmetric'.",
    ],
    [
      { convention: 'S3-asymmetric', ratio: 1 },
      "Expected no value (init.convention 'S3-asymmetric' says it) for init.ratio",
    ],
    [{ convention: 'S3-asymmetric', entryVariance: 'scale^2' }, 'for init.entryVariance'],
  ])('bad input %#', async (init, message) => {
    await expect(solve(sensing, { rank: 3, init: { ...start, ...init } as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message) as string,
    });
  });
});
