/** Abort, progress and errors in callbacks: a promise settles once, and nothing is left behind. */
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildInfo, problems, solve, type Progress, type SolveOptions } from '../../src';

const problem = problems.gaussianSensing({
  shape: [60, 60],
  symmetric: true,
  trueRank: 2,
  measurements: 1200,
  seed: 1,
});
/** Goes on until it is stopped. */
const endless: SolveOptions = { rank: 4, step: 1e-9, stop: { iterations: 1e12, residual: 0 }, record: { every: 0 } };
const short: SolveOptions = { rank: 2, step: 0.2, stop: { iterations: 3, residual: 0 } };

/** Native bytes once they are `atMost`: the thread of a run may let go of its memory a moment after its callback. */
async function bytesLeft(atMost: number): Promise<number> {
  for (let tries = 0; tries < 100 && buildInfo().allocatedBytes > atMost; tries++) await sleep(20);
  return buildInfo().allocatedBytes;
}

test('aborted before: rejects with the reason and starts nothing', async () => {
  const controller = new AbortController();
  const reason = new Error('no longer wanted');
  controller.abort(reason);
  const before = buildInfo().allocationCount;
  await expect(solve(problem, { ...endless, signal: controller.signal })).rejects.toBe(reason);
  expect(buildInfo().allocationCount).toBe(before);
});

test.each([0, 1, 30, 150])('aborted after %d ms: rejects with the reason; the listener is gone', async (wait) => {
  const controller = new AbortController();
  const promise = solve(problem, { ...endless, signal: controller.signal });
  const seen = promise.then(
    () => 'fulfilled',
    (reason: unknown) => reason,
  );
  await sleep(wait);
  const reason = { any: 'value' };
  controller.abort(reason);
  controller.abort('a second time');
  expect(await seen).toBe(reason);
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

test('AbortSignal.timeout gives its TimeoutError', async () => {
  await expect(solve(problem, { ...endless, signal: AbortSignal.timeout(40) })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

test('aborted after the end: nothing happens', async () => {
  const controller = new AbortController();
  const run = await solve(problem, { ...short, signal: controller.signal });
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  controller.abort();
  expect(run.status).toBe('iterations');
});

test('one signal for many runs', async () => {
  const controller = new AbortController();
  const runs = Array.from({ length: 6 }, () => solve(problem, { ...endless, signal: controller.signal }));
  const settled = Promise.allSettled(runs);
  await sleep(30);
  controller.abort('all');
  for (const outcome of await settled) expect(outcome).toEqual({ status: 'rejected', reason: 'all' });
});

test('aborted by onProgress itself', async () => {
  const controller = new AbortController();
  const onProgress = (): void => {
    controller.abort('enough');
  };
  await expect(solve(problem, { ...endless, signal: controller.signal, onProgress })).rejects.toBe('enough');
});

test('onProgress that throws rejects with what it threw, and its run is freed', async () => {
  const before = buildInfo().allocatedBytes;
  const error = new Error('from the callback');
  await expect(
    solve(problem, {
      ...endless,
      onProgress: () => {
        throw error;
      },
    }),
  ).rejects.toBe(error);
  expect(await bytesLeft(before)).toBeLessThanOrEqual(before);
});

test('progress: at most about ten a second, rising, and a last one with the status', async () => {
  const reports: Progress[] = [];
  const started = performance.now();
  await solve(problem, {
    ...endless,
    stop: { iterations: 1e12, timeLimit: 0.5 },
    onProgress: (progress) => reports.push(progress),
  });
  const seconds = (performance.now() - started) / 1000;
  expect(reports.length).toBeGreaterThanOrEqual(2);
  expect(reports.length).toBeLessThanOrEqual(2 + 10 * seconds);
  expect(reports.at(-1)!.status).toBe('time');
  expect(reports.slice(0, -1).every((report) => report.status === 'running')).toBe(true);
  const counts = reports.map((report) => report.iterations);
  expect([...counts].sort((a, b) => a - b)).toEqual(counts);
  expect(reports[0]!.maxIterations).toBe(1e12);
  for (const report of reports) {
    expect(report.residual).toBeGreaterThan(0);
    expect(report.testError).toBeGreaterThan(0);
    expect(report.validationError).toBeUndefined();
  }
});

test('every ending frees the native memory of the run', async () => {
  const before = buildInfo().allocatedBytes;
  for (let i = 0; i < 20; i++) {
    await solve(problem, short);
    await expect(solve(problem, { ...endless, signal: AbortSignal.timeout(1) })).rejects.toBeDefined();
  }
  expect(await bytesLeft(before)).toBeLessThanOrEqual(before);
});
