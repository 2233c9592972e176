/**
 * However a process or a worker ends, with work running, queued or done: with the exit code it ought to have, soon, and
 * without a crash. A crash shows as a signal (or 134, 139), a wait for work as the deadline's SIGKILL.
 */
import type { Child } from './child';
import { resultOf, runProgram } from './program';

/** Endless runs never end by themselves, so any end within the deadline is one that did not wait for them. */
const clean = { signal: null, stderr: '' };

jest.setTimeout(120_000);

describe('a process that ends', () => {
  test.each([1, 12])('by process.exit() with %d runs under way', async (count) => {
    for (let repeat = 0; repeat < 3; ++repeat) {
      const ending = await runProgram(
        async ({ startEndless, sleep }: Child) => {
          startEndless(Number(process.env['COUNT']), 2);
          await sleep(50);
          process.exit(7);
        },
        { env: { COUNT: String(count) } },
      );
      expect(ending).toMatchObject({ ...clean, code: 7 });
    }
  });

  test('by process.exit() in the callback of a run, others being under way', async () => {
    const ending = await runProgram(({ startEndless, makeRun }: Child) => {
      startEndless(3);
      const run = makeRun();
      run.advance(1, 1, () => process.exit(8));
      setTimeout(() => {
        run.cancel();
      }, 50);
    });
    expect(ending).toMatchObject({ ...clean, code: 8 });
  });

  test('by process.exit() while factorSvd, which cannot be interrupted, is at work', async () => {
    const ending = await runProgram(async ({ native, sleep }: Child) => {
      const n = 2500;
      const factor = new Float64Array(n * n);
      native.normals(1, 'test', 0, factor);
      native.factorSvd(factor, null, n, n, n, () => undefined);
      await sleep(50);
      process.exit(9);
    });
    expect(ending).toMatchObject({ ...clean, code: 9 });
    expect(ending.milliseconds).toBeLessThan(15_000);
  });

  test('by an exception that nobody catches', async () => {
    const ending = await runProgram(({ startEndless }: Child) => {
      startEndless(3);
      setTimeout(() => {
        throw new Error('nobody catches this');
      }, 50);
    });
    expect(ending).toMatchObject({ code: 1, signal: null });
    expect(ending.stderr).toContain('nobody catches this');
  });

  test('by an exception in the callback of a run', async () => {
    const ending = await runProgram(({ makeRun }: Child) => {
      makeRun().advance(1, 1, () => {
        throw new Error('from the callback');
      });
    });
    expect(ending).toMatchObject({ code: 1, signal: null });
    expect(ending.stderr).toContain('from the callback');
    expect(ending.stderr).not.toContain('DEP0168');
  });

  test('such an exception reaches uncaughtException, and later callbacks are called', async () => {
    const seen = await resultOf<string[]>(async ({ makeRun, advance, print }: Child) => {
      const seen: string[] = [];
      process.on('uncaughtException', (error) => seen.push(error.message));
      const run = makeRun();
      for (const message of ['first', 'second']) {
        await new Promise<void>((resolve) => {
          run.advance(1, 1, () => {
            setImmediate(resolve);
            throw new Error(message);
          });
        });
      }
      seen.push((await advance(run, 1)).status);
      print(seen);
    });
    expect(seen).toEqual(['first', 'second', 'running']);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)('by %s', async (signal) => {
    const ending = await runProgram(
      ({ startEndless }: Child) => {
        startEndless(4, 2);
        process.stdout.write('ready');
      },
      { signal },
    );
    expect(ending).toMatchObject({ code: null, signal, stderr: '' });
  });

  test('by itself: at once when the addon is idle, after the last callback otherwise', async () => {
    expect(
      await runProgram(({ makeRun }: Child) => {
        makeRun();
      }),
    ).toMatchObject({ ...clean, code: 0 });
    const ending = await runProgram(async ({ makeRun, advance }: Child) => {
      const infos = await Promise.all([1, 2, 3].map((i) => advance(makeRun(), 10 * i)));
      process.stdout.write(infos.map(({ iterations }) => iterations).join());
    });
    expect(ending).toMatchObject({ ...clean, code: 0, stdout: '10,20,30' });
  });

  test('with work begun in its last moment', async () => {
    const ending = await runProgram(({ startEndless }: Child) => {
      process.on('exit', () => {
        startEndless(5);
      });
    });
    expect(ending).toMatchObject({ ...clean, code: 0 });
  });

  test('while workers are at work', async () => {
    const ending = await runProgram(async ({ startWorker, nextMessage }: Child) => {
      const workers = [1, 2, 3].map(() =>
        startWorker(({ startEndless, parentPort }: Child) => {
          startEndless(3);
          parentPort.postMessage('started');
        }),
      );
      await Promise.all(workers.map(nextMessage));
      process.exit(6);
    });
    expect(ending).toMatchObject({ ...clean, code: 6 });
  });
});

describe('a worker that ends', () => {
  test.each([
    ['with a run under way', 1],
    ['with runs under way and queued', 12],
  ])('by terminate() %s', async (_what, count) => {
    const outcome = await resultOf<{ code: number; milliseconds: number; after: string }>(
      async ({ startWorker, nextMessage, sleep, makeRun, advance, print }: Child) => {
        const worker = startWorker(({ startEndless, parentPort, workerData }: Child) => {
          startEndless(Number(workerData), 2);
          parentPort.postMessage('started');
        }, Number(process.env['COUNT']));
        await nextMessage(worker);
        await sleep(50);
        const started = performance.now();
        const code = await worker.terminate();
        const milliseconds = performance.now() - started;
        print({ code, milliseconds, after: (await advance(makeRun(), 2)).status });
      },
      { env: { COUNT: String(count) } },
    );
    expect(outcome).toMatchObject({ code: 1, after: 'running' });
    expect(outcome.milliseconds).toBeLessThan(2000);
  });

  test('by terminate() while factorSvd is at work does not wait for it', async () => {
    const { milliseconds } = await resultOf<{ milliseconds: number }>(
      async ({ startWorker, nextMessage, sleep, print }: Child) => {
        const worker = startWorker(({ native, parentPort }: Child) => {
          const n = 2500;
          const factor = new Float64Array(n * n);
          native.normals(1, 'test', 0, factor);
          native.factorSvd(factor, null, n, n, n, () => undefined);
          parentPort.postMessage('started');
        });
        await nextMessage(worker);
        await sleep(50);
        const started = performance.now();
        await worker.terminate();
        print({ milliseconds: performance.now() - started });
        process.exit(0);
      },
    );
    expect(milliseconds).toBeLessThan(2000);
  });

  test.each(['process.exit', 'throw'])('by %s with work queued', async (how) => {
    const outcome = await resultOf<{ code: number; error?: string }>(
      async ({ startWorker, exitOf, print }: Child) => {
        const worker = startWorker(({ startEndless, workerData }: Child) => {
          startEndless(12, 2);
          setTimeout(() => {
            if (workerData === 'throw') throw new Error('in the worker');
            process.exit(5);
          }, 50);
        }, process.env['HOW']);
        let error: string | undefined;
        worker.on('error', (thrown: Error) => (error = thrown.message));
        print({ code: await exitOf(worker), error });
      },
      { env: { HOW: how } },
    );
    expect(outcome).toEqual(how === 'throw' ? { code: 1, error: 'in the worker' } : { code: 5 });
  });

  test('by itself, after its last callback', async () => {
    const outcome = await resultOf(async ({ startWorker, nextMessage, exitOf, print }: Child) => {
      const worker = startWorker(async ({ advance, makeRun, parentPort }: Child) => {
        parentPort.postMessage((await advance(makeRun(), 7)).iterations);
      });
      const ended = exitOf(worker);
      print([await nextMessage(worker), await ended]);
    });
    expect(outcome).toEqual([7, 0]);
  });

  test('leaves the work of others alone', async () => {
    const outcome = await resultOf(async ({ startWorker, nextMessage, makeRun, advance, print }: Child) => {
      const mine = advance(makeRun(), 400);
      const worker = startWorker(({ startEndless, parentPort }: Child) => {
        startEndless(6);
        parentPort.postMessage('started');
      });
      await nextMessage(worker);
      await worker.terminate();
      const { status, iterations } = await mine;
      print({ status, iterations });
    });
    expect(outcome).toEqual({ status: 'running', iterations: 400 });
  });

  test('twenty times over', async () => {
    const { iterations, codes } = await resultOf<{ iterations: number[]; codes: number[] }>(
      async ({ startWorker, nextMessage, exitOf, print }: Child) => {
        const iterations: number[] = [];
        const codes: number[] = [];
        for (let life = 0; life < 20; ++life) {
          const worker = startWorker(async ({ startEndless, advance, makeRun, parentPort }: Child) => {
            const { iterations } = await advance(makeRun(), 3, 2);
            startEndless(4, 2);
            parentPort.postMessage(iterations);
          });
          const ended = exitOf(worker);
          iterations.push(await nextMessage(worker));
          void worker.terminate();
          codes.push(await ended);
        }
        print({ iterations, codes });
      },
    );
    expect(iterations).toEqual(new Array(20).fill(3));
    expect(codes).toEqual(new Array(20).fill(1));
  });
});

test('the processor keeps its denormal numbers, on the main thread and in a worker', async () => {
  const outcome = await resultOf(async ({ startWorker, nextMessage, advance, makeRun, print }: Child) => {
    const doubled = () => Number('1e-310') * 2;
    await advance(makeRun(), 2);
    const worker = startWorker(async ({ advance, makeRun, parentPort }: Child) => {
      const before = Number('1e-310') * 2;
      await advance(makeRun(), 2);
      parentPort.postMessage([before, Number('1e-310') * 2]);
    });
    print([doubled(), ...(await nextMessage(worker))]);
  });
  expect(outcome).toEqual([2e-310, 2e-310, 2e-310]);
});
