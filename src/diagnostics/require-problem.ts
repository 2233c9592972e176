/** Arguments that most diagnostics on problems share. */
import * as check from '../checks';
import { invalid } from '../errors';
import { Problem } from '../problems/problem';
import { threadCount } from '../threads';
import type { ImageOptions } from './images';

/** @throws LowrankError INVALID_ARGUMENT */
export function requireProblem(value: unknown, who: string): Problem {
  if (value instanceof Problem) return value;
  throw invalid('a Problem (see problems.sensing)', `the first argument of ${who}`, value);
}

/** Options `threads` and `signal`; an aborted signal throws its reason. */
export function workOptions(given: Readonly<Record<string, unknown>>): ImageOptions {
  const signal = check.optionalSignal(given['signal'], 'signal');
  signal?.throwIfAborted();
  return { threads: threadCount(given['threads']), signal };
}
