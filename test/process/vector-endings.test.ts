/** Runs on vectors, eigenpairs and the DMFT: however a process or worker ends, it ends at once and without a crash. */
import type { Child } from './child';
import { resultOf, runProgram } from './program';

jest.setTimeout(120_000);

const works = ['gradient-descent', 'gauss-newton', 'phasemax', 'amp', 'topEigenpair', 'dmft'];

test.each(works)('%s ends within 50 ms of its cancellation', async (name) => {
  // The best of three: other work of the machine can only make it worse.
  let best = Infinity;
  for (let attempt = 0; attempt < 3 && best > 50; attempt++) {
    const { status, milliseconds } = await resultOf<{ status: string; milliseconds: number }>(
      async ({ startVectorWork, sleep, print }: Child) => {
        const { cancel, end } = startVectorWork(process.env['WORK']!, 2);
        await sleep(200);
        const started = performance.now();
        cancel();
        print({ status: await end, milliseconds: performance.now() - started });
      },
      { env: { WORK: name } },
    );
    expect(status.toLowerCase()).toBe('cancelled');
    best = Math.min(best, milliseconds);
  }
  expect(best).toBeLessThanOrEqual(50);
});

test.each(works)('process.exit() while %s is at work', async (name) => {
  const ending = await runProgram(
    async ({ startVectorWork, sleep }: Child) => {
      startVectorWork(process.env['WORK']!, 2);
      await sleep(100);
      process.exit(7);
    },
    { env: { WORK: name } },
  );
  expect(ending).toMatchObject({ code: 7, signal: null, stderr: '' });
});

test('terminate() of a worker with all of them under way, and the process works on', async () => {
  const outcome = await resultOf<{ code: number; milliseconds: number; after: string }>(
    async ({ startWorker, startVectorWork, nextMessage, sleep, print }: Child) => {
      const worker = startWorker(({ startVectorWork, parentPort, workerData }: Child) => {
        (workerData as string[]).forEach((name) => startVectorWork(name));
        parentPort.postMessage('started');
      }, JSON.parse(process.env['WORKS']!));
      await nextMessage(worker);
      await sleep(100);
      const started = performance.now();
      const code = await worker.terminate();
      const milliseconds = performance.now() - started;
      const { cancel, end } = startVectorWork('gradient-descent');
      await sleep(50);
      cancel();
      print({ code, milliseconds, after: await end });
    },
    { env: { WORKS: JSON.stringify(works) } },
  );
  expect(outcome).toMatchObject({ code: 1, after: 'cancelled' });
  expect(outcome.milliseconds).toBeLessThan(2000);
});
