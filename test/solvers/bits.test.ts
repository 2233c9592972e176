/** The same bits: threads, chunks, progress, neighbours at work at the same time, and a worker thread change nothing. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { problems, solve, type SolveOptions, type SolveResult } from '../../src';
import { native } from '../../src/load';
import type { NativeRunInfo } from '../../src/native';
import { operatorHandle } from '../../src/problems/problem';
import { FIRST_SEGMENT, nativeOptions, resolveOptions } from '../../src/solvers/options';

const settings = { shape: [24, 19] as [number, number], trueRank: 2, measurements: 350, seed: 6, noise: 0.01 };
const problem = problems.gaussianSensing(settings);

const CASES: SolveOptions[] = [
  { rank: 5, init: { kind: 'random', scale: 1e-3, seed: 2 }, step: 0.2, stop: { iterations: 60 } },
  { rank: 2, init: { kind: 'spectral' }, step: 'auto', stop: { iterations: 40 }, holdOut: { fraction: 0.1 } },
  { rank: 3, step: 'exact-line-search', stop: { iterations: 40 } },
  { rank: 2, method: 'riemannian-gauss-newton', stop: { iterations: 10 } },
  { rank: 3, method: 'approximate-gauss-newton', stop: { iterations: 20, stall: { window: 5, decrease: 1e-3 } } },
];

/** Everything of a result that must not depend on how it was computed. */
function bits({ factors, trace, residual, status, iterations, trainLoss, testError }: SolveResult): object {
  return { factors, trace, residual, status, iterations, trainLoss, testError };
}

describe.each(CASES.map((options, i) => [i, options] as const))('case %d', (_, options) => {
  let expected: object;
  beforeAll(async () => {
    expected = bits(await solve(problem, options));
  });

  test.each([2, 3])('%d threads', async (threads) => {
    expect(bits(await solve(problem, { ...options, threads }))).toEqual(expected);
  });

  test('progress reports', async () => {
    expect(bits(await solve(problem, { ...options, onProgress: () => undefined }))).toEqual(expected);
  });

  test('eight at once', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => solve(problem, options)));
    for (const run of runs) expect(bits(run)).toEqual(expected);
  });

  test.each([1, 7, 1e6])('chunks of %d iterations', async (chunk) => {
    const { plan } = resolveOptions(problem, options);
    const run = new native.Run(problem[operatorHandle], nativeOptions(problem, plan, FIRST_SEGMENT));
    const rows: number[] = [];
    let info: NativeRunInfo;
    do {
      info = await new Promise((resolve, reject) => {
        run.advance(chunk, 1, (error, done) => {
          if (done === undefined) reject(error ?? new Error('neither an error nor a ledger'));
          else resolve(done);
        });
      });
      const block = new Float64Array(info.recordedRows * (1 + plan.columns.length));
      run.readRecords(block);
      rows.push(...block);
    } while (info.status === 'running');
    const left = new Float64Array(24 * plan.rank);
    const right = new Float64Array(19 * plan.rank);
    run.readFactors(left, right);
    run.dispose();
    const whole = await solve(problem, options);
    expect(left).toEqual(whole.factors.left.data);
    expect(right).toEqual(whole.factors.right.data);
    expect([info.status, info.iterations]).toEqual([whole.status, whole.iterations]);
    const names = ['iteration', ...plan.columns];
    names.forEach((name, c) => {
      expect(rows.filter((_value, at) => at % names.length === c)).toEqual(Array.from(whole.trace.columns[name]!));
    });
  });
});

test('in a worker thread', async () => {
  const root = path.join(__dirname, '..', '..');
  // Plain JavaScript that compiles the library on the fly, as ts-node does on the command line.
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    require('ts-node').register({ transpileOnly: true, cwd: workerData.root });
    const { problems, solve } = require(workerData.root + '/src/index.ts');
    const problem = problems.gaussianSensing(workerData.settings);
    Promise.all(workerData.cases.map((options) => solve(problem, options)))
      .then((runs) => parentPort.postMessage(runs.map((run) => [run.factors.left.data, run.factors.right.data])));
  `;
  const worker = new Worker(code, { eval: true, workerData: { root, settings, cases: CASES } });
  const answers = await new Promise<[Float64Array, Float64Array][]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  for (const [i, options] of CASES.entries()) {
    const { factors } = await solve(problem, options);
    expect(Array.from(answers[i]![0])).toEqual(Array.from(factors.left.data));
    expect(Array.from(answers[i]![1])).toEqual(Array.from(factors.right.data));
  }
});
