/** The options of `recover`: their types, defaults and checks. */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { Problem } from '../problems/problem';
import { threadCount } from '../threads';
import { randomMask, resolveHoldOut, type HoldOut } from './hold-out';
import { findMethod, type Method, type MethodDefinition } from './methods';
import type { Progress } from './progress';
import type { Model } from './result';

export interface RecoverOptions {
  /** Look for a matrix of exactly this rank, 1 .. min(n1, n2). Default: find it. */
  readonly rank?: number | undefined;
  /**
   * 'symmetric' (U U^T) or 'asymmetric' (F G^T). Default: that of the problem; and where no positive semidefinite matrix
   * fits a symmetric problem, symmetric matrices with negative eigenvalues are tried as well (as F G^T).
   */
  readonly model?: Model | undefined;
  /**
   * The update rule of all stages. Default: 'riemannian-gauss-newton', which needs the fewest measurements and passes, hardly
   * more of them for a large condition number. 'approximate-gauss-newton' (asymmetric problems only) takes about four times
   * as many passes, 'gradient-descent' thirty times as many, and 200 times at a condition number of 100.
   */
  readonly method?: Method | undefined;
  /** Of the choice of held-out measurements and of random starts; 0 .. 2^53 - 1, default 0. */
  readonly seed?: number | undefined;
  /**
   * Which measurements check the fit. Default: a tenth of them at random, but no more than max(40, 2 sqrt(m)): enough to
   * judge by, and they are missed in the search. The final fit uses all.
   */
  readonly holdOut?: HoldOut | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Seconds, positive: stops with the best so far, `status` 'time'. Default: none. The one option that depends on the machine. */
  readonly timeLimit?: number | undefined;
  /** Aborting rejects the promise with `signal.reason` within 50 ms. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnRecoverProgress | undefined;
  /** Cap on the estimated memory of one fit in bytes, the problem not counted; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

/** What a recovery is doing: the search, the fits that compare ranks, the final fit, and the fit from nearby. */
export type RecoverStage = 'search' | 'validation' | 'refinement' | 'check';

export interface RecoverProgress extends Progress {
  readonly stage: RecoverStage;
  /** Columns of the fit at work. */
  readonly rank: number;
  /** Fits finished before it. */
  readonly fits: number;
}

/** Called as the `onProgress` of `solve` is, for every fit in turn. */
export type OnRecoverProgress = (progress: RecoverProgress) => void;

const KNOWN = [
  'rank',
  'model',
  'method',
  'seed',
  'holdOut',
  'threads',
  'timeLimit',
  'signal',
  'onProgress',
  'maxMemory',
] as const satisfies readonly (keyof RecoverOptions)[];

const HINTS = { trueRank: 'rank', k: 'rank', timeout: 'timeLimit', time: 'timeLimit', validation: 'holdOut' };

/** Checked options with every default filled in. */
export interface RecoverPlan {
  readonly rank: number | undefined;
  readonly model: Model;
  /** The model was asked for, and no other is to be tried. */
  readonly modelGiven: boolean;
  readonly method: MethodDefinition;
  readonly seed: number;
  readonly heldOut: Uint8Array | null;
  readonly threads: number;
  readonly timeLimit: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnRecoverProgress | undefined;
  readonly maxMemory: number | undefined;
}

/** @throws LowrankError INVALID_ARGUMENT: one sentence for the first thing that is wrong */
export function resolveRecoverOptions(problem: unknown, options: unknown): { problem: Problem; plan: RecoverPlan } {
  if (!(problem instanceof Problem)) throw invalid('a Problem (see problems.sensing)', 'problem', problem);
  const given = options === undefined ? {} : check.optionsObject(options, 'recover', KNOWN, HINTS);
  const method = findMethod(given['method'] ?? 'riemannian-gauss-newton');
  const model = resolveModel(given['model'], problem, method);
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed');
  const rank =
    given['rank'] === undefined ? undefined : check.positiveInteger(given['rank'], 'rank', Math.min(...problem.shape));
  const plan: RecoverPlan = {
    rank,
    model,
    modelGiven: given['model'] !== undefined,
    method,
    seed,
    heldOut: resolveHeldOut(given['holdOut'], problem.measurements, seed),
    threads: threadCount(given['threads']),
    timeLimit: given['timeLimit'] === undefined ? undefined : check.positiveNumber(given['timeLimit'], 'timeLimit'),
    signal: check.optionalSignal(given['signal'], 'signal'),
    onProgress: check.optionalFunction(given['onProgress'], 'onProgress') as OnRecoverProgress | undefined,
    maxMemory: given['maxMemory'] === undefined ? undefined : check.positiveInteger(given['maxMemory'], 'maxMemory'),
  };
  return { problem, plan };
}

function resolveModel(value: unknown, problem: Problem, method: MethodDefinition): Model {
  const model = value === undefined ? problem.model : check.oneOf(value, 'model', ['symmetric', 'asymmetric']);
  if (model === 'symmetric' && !problem.symmetric) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      'The symmetric model needs a problem of symmetric measurement matrices: build it with symmetric: true.',
    );
  }
  // F G^T of a symmetric problem is determined up to its antisymmetric part only, and an alternating method drifts in it.
  if (problem.symmetric && !method.models.includes('symmetric')) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Method ${method.name} has no symmetric form, and symmetric measurement matrices do not determine F G^T: leave out method.`,
    );
  }
  return model;
}

function resolveHeldOut(value: unknown, measurements: number, seed: number): Uint8Array | null {
  if (value !== undefined) return resolveHoldOut(value, measurements);
  if (measurements < 2) return null;
  const count = Math.min(Math.max(1, 0.1 * measurements), Math.max(40, 2 * Math.sqrt(measurements)));
  return randomMask(measurements, count / measurements, seed);
}
