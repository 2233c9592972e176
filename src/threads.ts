/** How many threads a call may use. */
import { positiveInteger } from './checks';

/**
 * More threads than this are refused: no machine the library was measured on gains from them, a mistyped number would
 * otherwise start thousands, and OpenBLAS as distributions build it knows at most 64 calling threads.
 */
export const MAX_THREADS = 64;

/**
 * The thread count to use: 1 unless asked. A batch that runs one process per core is faster than one that splits every
 * solve, and a result has the same bits for any number of threads, so the quiet default loses nothing but time.
 *
 * @throws LowrankError INVALID_ARGUMENT unless `value` is undefined or an integer from 1 to {@link MAX_THREADS}
 */
export function threadCount(value: unknown, name = 'threads'): number {
  return value === undefined ? 1 : positiveInteger(value, name, MAX_THREADS);
}
