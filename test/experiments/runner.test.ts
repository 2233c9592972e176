import { experiments } from '../../src';
import { atLeast, atMost, experiment, near, relativelyNear, type Outcome } from '../../src/experiments/experiment';
import { findExperiment, runExperiment } from '../../src/experiments/runner';
import { repeatCommand, resultDocument, traceCsv } from '../../src/experiments/output';

const good: Outcome = {
  checks: [near('one', 1, 1, 0.1)],
  table: { columns: ['a', 'b'], rows: [['x', 1]] },
  panels: [],
  trace: { t: [0, 1], 'value, "quoted"': [0.5, NaN] },
  notes: [],
};

const make = (outcome: Partial<Outcome> = {}): ReturnType<typeof experiment> =>
  experiment({
    name: 'made-up',
    title: 'Title',
    claim: 'Claim.',
    source: 'nowhere',
    parameters: { n: { description: 'n', kind: 'integer', default: 5, quick: 2 } },
    run: ({ parameters, seed, progress }) => {
      progress(0.5, 'half');
      progress(0.2, 'back');
      progress(NaN, 'nothing');
      progress(7, 'too far');
      return Promise.resolve({ ...good, notes: [`n ${parameters.n} seed ${seed}`], ...outcome });
    },
  });

describe('running an experiment', () => {
  test('gives what was asked, with defaults, and accepts when every check holds', async () => {
    const seen: number[] = [];
    const result = await runExperiment(make(), { onProgress: ({ fraction }) => seen.push(fraction) });
    expect(result).toMatchObject({
      name: 'made-up',
      accepted: true,
      parameters: { n: 5 },
      seed: 1,
      quick: false,
      threads: 1,
    });
    expect(result.notes).toEqual(['n 5 seed 1']);
    expect(seen).toEqual([0.5, 0.5, 0.5, 1]);
    expect(result.seconds).toBeGreaterThanOrEqual(0);
  });

  test('takes seed, quick values and settings', async () => {
    expect((await runExperiment(make(), { quick: true, seed: 9 })).notes).toEqual(['n 2 seed 9']);
    expect((await runExperiment(make(), { quick: true, set: { n: 3 } })).notes).toEqual(['n 3 seed 1']);
  });

  test('one check that fails is enough not to be accepted; NaN fails every rule', async () => {
    const checks = [near('a', 1, 1, 0), atMost('b', 2, 1)];
    expect((await runExperiment(make({ checks }))).accepted).toBe(false);
    for (const check of [near('', NaN, 1, 9), relativelyNear('', NaN, 1, 9), atMost('', NaN, 1), atLeast('', NaN, 1)]) {
      expect(check.ok).toBe(false);
    }
  });

  test.each<[string, Partial<Outcome>]>([
    ['no checks', { checks: [] }],
    ['columns of two lengths', { trace: { a: [1], b: [1, 2] } }],
    ['no columns', { trace: {} }],
    ['a ragged table', { table: { columns: ['a'], rows: [['x', 1]] } }],
  ])('an outcome with %s is a fault', async (_, outcome) => {
    await expect(runExperiment(make(outcome))).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test.each<[unknown, string]>([
    [{ sead: 1 }, 'Did you mean "seed"?'],
    [{ parameters: {} }, 'Did you mean "set"?'],
    [{ seed: -1 }, 'for seed'],
    [{ seed: Number.MAX_SAFE_INTEGER }, 'for seed'],
    [{ quick: 1 }, 'Expected a boolean for quick'],
    [{ threads: 0 }, 'for threads'],
    [{ set: 3 }, 'for set'],
    [{ set: [] }, 'for set'],
    [{ set: null }, 'for set'],
    [{ set: { m: 3 } }, 'Unknown parameter "m" of experiment made-up'],
    [{ signal: {} }, 'for signal'],
    [{ onProgress: 1 }, 'for onProgress'],
    [null, 'for experiments.run'],
  ])('options %j are refused', async (options, message) => {
    await expect(runExperiment(make(), options as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });

  test('ends with the reason of the signal, also when it aborts between two solves', async () => {
    const reason = new Error('enough');
    await expect(runExperiment(make(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const onProgress = (): void => {
      controller.abort(reason);
    };
    await expect(runExperiment(make(), { signal: controller.signal, onProgress })).rejects.toBe(reason);
  });

  test('ends with what onProgress throws', async () => {
    const thrown = new Error('stop');
    const onProgress = (): never => {
      throw thrown;
    };
    await expect(runExperiment(make(), { onProgress })).rejects.toBe(thrown);
  });

  test('an unknown name is refused with the nearest', async () => {
    await expect(experiments.run('toy-sin')).rejects.toThrow('Unknown experiment "toy-sin". Did you mean "toy-sinh"?');
    await expect(experiments.run('zzzzzzzz')).rejects.toThrow('Known experiments:');
    await expect(experiments.run(3 as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(findExperiment([make()], 'made-up').name).toBe('made-up');
  });

  test('is interrupted in the middle of a solve', async () => {
    const controller = new AbortController();
    const running = experiments.run('toy-sinh', { set: { step: 1e-7 }, signal: controller.signal });
    setTimeout(() => {
      controller.abort(new Error('interrupted'));
    }, 100);
    await expect(running).rejects.toThrow('interrupted');
  });
});

describe('what is written', () => {
  test('the CSV has the columns, all digits, and nothing where a value is missing', () => {
    expect(traceCsv(good)).toBe('t,"value, ""quoted"""\n0,0.5\n1,\n');
  });

  test('the document is JSON, with null for what JSON does not know', async () => {
    const result = await runExperiment(make({ checks: [{ ...near('a', 1, 1, 0), predicted: NaN }] }));
    const document = JSON.parse(JSON.stringify(resultDocument(result))) as { checks: unknown[] };
    expect(document.checks[0]).toMatchObject({ what: 'a', measured: 1, predicted: null, tolerance: 0, ok: true });
  });

  test('the command says what differs from the defaults', () => {
    const run = { name: 'made-up', quick: true, seed: 4, threads: 2 };
    expect(repeatCommand(run, { scales: [1, 2], n: 3 })).toBe(
      'lowrank experiment run made-up --set scales=1,2 --set n=3 --quick --seed 4 --threads 2',
    );
  });
});
