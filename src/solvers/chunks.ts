/** A native run is advanced in chunks, so that progress is seen and an abort is heard between them. */
import type { NativeStatus } from '../native';
import { fromNative } from '../native-errors';

/** What every kind of native run has. */
export interface ChunkedRun<Info> {
  advance(iterations: number, threads: number, done: (error: Error | null, info?: Info) => void): void;
}

/** A chunk aims at this many milliseconds: long enough to cost nothing, short enough for progress ten times a second. */
const CHUNK_TIME = 75;
/** Rows recorded by one chunk stay below this, so that no chunk's records are a burden. */
const MOST_ITERATIONS = 100_000;

/**
 * Advances a run until it ends, and gives its last ledger.
 *
 * @param taken called after each chunk, with the run idle
 * @throws what `taken` throws; `signal.reason`; LowrankError
 */
export async function advanceToEnd<Info extends { readonly status: NativeStatus }>(
  run: ChunkedRun<Info>,
  threads: number,
  signal: AbortSignal | undefined,
  taken: (info: Info) => void,
): Promise<Info> {
  let iterations = 1;
  for (;;) {
    const started = performance.now();
    const info = await advance(run, iterations, threads);
    const elapsed = performance.now() - started;
    signal?.throwIfAborted();
    taken(info);
    signal?.throwIfAborted(); // a progress report may have aborted
    if (info.status !== 'running') return info;
    // The first chunk contains the initialization, and timings are noisy: no more than a factor of four at a time.
    const factor = Math.min(4, Math.max(0.25, CHUNK_TIME / Math.max(elapsed, 0.01)));
    iterations = Math.min(MOST_ITERATIONS, Math.max(1, Math.floor(iterations * factor)));
  }
}

function advance<Info>(run: ChunkedRun<Info>, iterations: number, threads: number): Promise<Info> {
  return new Promise((resolve, reject) => {
    run.advance(iterations, threads, (error, info) => {
      if (info === undefined) reject(fromNative(error));
      else resolve(info);
    });
  });
}
