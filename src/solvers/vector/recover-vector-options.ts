/** Options of recover() for vectors, checked, with every default filled in. */
import { givesIntensities } from '../../channels/intensities';
import * as check from '../../checks';
import { invalid, LowrankError } from '../../errors';
import type { VectorProblem } from '../../problems/vector-problem';
import { threadCount } from '../../threads';
import { findVectorMethod, type VectorMethod } from './methods';
import type { VectorProgress } from './result';

export interface RecoverVectorOptions {
  /** First stage of every fit; Gauss-Newton follows. Default 'reweighted-amplitude-flow'. */
  readonly method?: VectorMethod | undefined;
  /** A vector has rank 1: nothing else is accepted. */
  readonly rank?: 1 | undefined;
  readonly model?: 'vector' | undefined;
  /** Of the choice of held-out rows and of starts; default 0. */
  readonly seed?: number | undefined;
  /**
   * Share of the rows that check the fit. Default: a tenth, but no more than max(40, 2 sqrt(m)) rows. Coded diffraction holds
   * out one whole pattern, where there are three or more.
   */
  readonly holdOut?: { readonly fraction: number } | undefined;
  /** Starts tried after the first; default 6. */
  readonly restarts?: number | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Seconds, positive: stops with the best so far, `status` 'time'. Default: none. */
  readonly timeLimit?: number | undefined;
  /** Aborting rejects the promise with `signal.reason` within 50 ms. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: RecoverVectorProgress) => void) | undefined;
  /** Cap on the memory of the copy without held-out rows and of one fit, in bytes each; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

export interface RecoverVectorProgress extends VectorProgress {
  readonly stage: 'search' | 'refinement' | 'check';
  readonly rank: 1;
  /** Fits finished before the one at work. */
  readonly fits: number;
}

const KNOWN = [
  'method',
  'rank',
  'model',
  'seed',
  'holdOut',
  'restarts',
  'threads',
  'timeLimit',
  'signal',
  'onProgress',
  'maxMemory',
] as const satisfies readonly (keyof RecoverVectorOptions)[];

const DEFAULT_METHOD = 'reweighted-amplitude-flow';
const DEFAULT_RESTARTS = 6;
export interface RecoverVectorPlan {
  /** Share of the rows held out. */
  readonly share: number;
  readonly method: VectorMethod;
  /** Of the method and what follows it. */
  readonly name: string;
  readonly seed: number;
  readonly restarts: number;
  /** Whether another share than the first may be held out. */
  readonly fewer: boolean;
  readonly threads: number;
  readonly timeLimit: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: RecoverVectorOptions['onProgress'];
  readonly maxMemory: number | undefined;
}

/** @throws LowrankError INVALID_ARGUMENT: one sentence for the first thing that is wrong */
export function resolveRecoverVector(problem: VectorProblem, options: unknown): RecoverVectorPlan {
  const given = check.optionsObject(options ?? {}, 'recover', KNOWN, { timeout: 'timeLimit', validation: 'holdOut' });
  if (given['rank'] !== undefined && given['rank'] !== 1) {
    throw invalid('1 (the problem is one of a vector)', 'rank', given['rank']);
  }
  if (given['model'] !== undefined && given['model'] !== 'vector') {
    throw invalid("'vector' (the problem is one of a vector)", 'model', given['model']);
  }
  if (!givesIntensities(problem.channel)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `recover needs intensities |z|^2 or amplitudes |z| but the channel is '${problem.channel.name}'. Use solve with a loss of that channel.`,
    );
  }
  const method = given['method'] ?? DEFAULT_METHOD;
  const first = findVectorMethod(method, problem);
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed');
  const share = resolveShare(given['holdOut'], problem.measurements);
  const restarts =
    given['restarts'] === undefined ? DEFAULT_RESTARTS : check.integer(given['restarts'], 'restarts', 0, 1000);
  const signal = check.optionalSignal(given['signal'], 'signal');
  const maxMemory =
    given['maxMemory'] === undefined ? undefined : check.positiveInteger(given['maxMemory'], 'maxMemory');
  return {
    method: method as VectorMethod,
    name: first.name === 'gauss-newton' ? first.name : `${first.name}, gauss-newton`,
    seed,
    restarts,
    fewer: given['holdOut'] === undefined,
    threads: threadCount(given['threads']),
    timeLimit: given['timeLimit'] === undefined ? undefined : check.positiveNumber(given['timeLimit'], 'timeLimit'),
    signal,
    onProgress: check.optionalFunction(given['onProgress'], 'onProgress') as RecoverVectorOptions['onProgress'],
    maxMemory,
    share,
  };
}

function resolveShare(value: unknown, measurements: number): number {
  if (value === undefined) {
    const count = Math.min(Math.max(1, 0.1 * measurements), Math.max(40, 2 * Math.sqrt(measurements)));
    return Math.min(0.5, count / measurements);
  }
  return check.fraction(check.optionsObject(value, 'holdOut', ['fraction'])['fraction'], 'holdOut.fraction');
}
