/** What compares neighbouring iterations needs a trace that has each of them. */
import { refused } from '../checks';

/**
 * @param who the diagnostic that asks, for the message
 * @throws LowrankError INVALID_ARGUMENT for a trace with gaps, or of less than two iterations
 */
export function requireEveryIteration(iteration: ArrayLike<number>, who: string): void {
  for (let i = 1; i < iteration.length; i++) {
    if (iteration[i] === iteration[i - 1]! + 1) continue;
    const what = `iteration ${iteration[i]!} after ${iteration[i - 1]!}`;
    throw refused('every iteration (record.every: 1)', `the trace of ${who}`, what);
  }
  if (iteration.length < 2) throw refused('at least two iterations', `the trace of ${who}`, String(iteration.length));
}
