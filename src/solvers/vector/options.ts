/** The options of `solve` on a vector problem: their types, and the one function that checks them and fills in defaults. */
import { givesIntensities } from '../../channels/intensities';
import * as check from '../../checks';
import { invalid, LowrankError } from '../../errors';
import { findLoss, type Loss, type LossName } from '../../losses';
import { native } from '../../load';
import type { NativeLoss } from '../../native';
import type { VectorProblem } from '../../problems/vector-problem';
import { threadCount } from '../../threads';
import { findVectorMethod, type ResolvedVectorMethod, type VectorMethod } from './methods';
import type { VectorProgress } from './result';
import type { VectorInit } from './start';

/** When a vector run ends. The first rule that fires names the `status`; `residual` and `gradient` mean convergence. */
export interface VectorStop {
  /** At most this many iterations; a positive integer. Default by method, 1000 to 5000: {@link vectorMethods} has it. */
  readonly iterations?: number | undefined;
  /** The residual at or below this; default 1e-10; 0 switches the rule off. */
  readonly residual?: number | undefined;
  /**
   * Norm of the gradient at or below this share of its first value, with a residual that is not above the larger of 1 and
   * its first value. Default 1e-12 for methods that follow a gradient, which with noise, a ridge or a biased loss is how
   * convergence shows; for the others 0: off.
   */
  readonly gradient?: number | undefined;
  /** norm(theta - theta before) / norm(theta) at or below this: status `stalled`. Default 0: off. */
  readonly change?: number | undefined;
  /** Seconds; positive. Default: none. The one rule that depends on the machine. */
  readonly timeLimit?: number | undefined;
  /** Residual above this multiple of the larger of 1 and its first value: status `diverged`. Above 1; default 1e6. */
  readonly divergence?: number | undefined;
}

/**
 * `trainLoss`, `residual`, `gradientNorm`, `step` (taken to get here), `norm` of theta, `seconds`; with the truth `overlap`,
 * `testError` and `m`, overlap times norm.
 */
export type VectorColumn =
  'trainLoss' | 'residual' | 'gradientNorm' | 'step' | 'norm' | 'overlap' | 'testError' | 'm' | 'seconds';

export interface VectorRecord {
  /** Record every so many iterations; 0: only the first and the last. Default 1. */
  readonly every?: number | undefined;
  /** Default: trainLoss, residual, and with the truth overlap and testError. */
  readonly columns?: readonly VectorColumn[] | undefined;
}

/**
 * - a number, or { kind: 'fixed', size }: that step in every iteration, of the loss as docs/notation.md writes it.
 * - 'auto' or { kind: 'auto' } (default): the method's own rule, which needs no tuning.
 */
export type VectorStep =
  number | 'auto' | { readonly kind: 'fixed'; readonly size: number } | { readonly kind: 'auto' };

export interface VectorSolveOptions {
  /** Default 'gradient-descent'. */
  readonly method?: VectorMethod | undefined;
  /**
   * Of the methods that minimize any loss. Default by channel: 'wirtinger' for intensities, 'amplitude' for amplitudes,
   * 'logistic' for sign and logistic, 'relu', 'cubic', 'square' for the channels of that kind.
   */
  readonly loss?: Loss | undefined;
  /** Default: { kind: 'spectral' } for even channels (intensities, amplitudes), else { kind: 'random' }. */
  readonly init?: VectorInit | undefined;
  readonly step?: VectorStep | undefined;
  /** lambda of + lambda/2 norm(theta)^2 (real), + lambda norm(theta)^2 (complex); not negative; default 0. Of the methods that take one. */
  readonly ridge?: number | undefined;
  /** theta^{t+1} += momentum (theta^t - theta^{t-1}), 0 .. 1 (excluded); default 0. Of gradient descent with a fixed step. */
  readonly momentum?: number | undefined;
  readonly stop?: VectorStop | undefined;
  readonly record?: VectorRecord | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Of what is random inside a method (the order of rows); default 0. The start has a seed of its own. */
  readonly seed?: number | undefined;
  /** Aborting rejects the promise with `signal.reason` within 50 ms. */
  readonly signal?: AbortSignal | undefined;
  /** Called at most about ten times a second, and once at the end. */
  readonly onProgress?: ((progress: VectorProgress) => void) | undefined;
  /** Cap on the estimated memory of the run in bytes, the problem not counted; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

const KNOWN = [
  'method',
  'loss',
  'init',
  'step',
  'ridge',
  'momentum',
  'stop',
  'record',
  'threads',
  'seed',
  'signal',
  'onProgress',
  'maxMemory',
] as const satisfies readonly (keyof VectorSolveOptions)[];

/** What other libraries call it, and where it is here. */
const HINTS = {
  maxIterations: 'stop.iterations',
  iterations: 'stop.iterations',
  tolerance: 'stop.residual',
  tol: 'stop.residual',
  timeLimit: 'stop.timeLimit',
  stepSize: 'step',
  learningRate: 'step',
  eta: 'step',
  mu: 'step',
  lambda: 'ridge',
  weightDecay: 'ridge',
  x0: 'init',
  columns: 'record.columns',
};

/** Losses that fit a channel, by its name; intensities and amplitudes are told by their flags. */
const LOSS_OF: Readonly<Record<string, LossName>> = {
  sign: 'logistic',
  logistic: 'logistic',
  relu: 'relu',
  'noisy-relu': 'relu',
  cubic: 'cubic',
  'noisy-cubic': 'cubic',
  linear: 'square',
  'noisy-linear': 'square',
};

/** Checked options with every default filled in; the start is resolved by start.ts. */
export interface VectorPlan {
  readonly method: ResolvedVectorMethod;
  readonly loss: NativeLoss;
  readonly init: unknown;
  readonly step: { readonly kind: 'auto' | 'fixed'; readonly size: number };
  readonly ridge: number;
  readonly momentum: number;
  readonly stop: Readonly<Record<keyof VectorStop, number>>;
  readonly every: number;
  readonly columns: readonly string[];
  readonly threads: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: VectorProgress) => void) | undefined;
  readonly maxMemory: number | undefined;
}

/** @throws LowrankError INVALID_ARGUMENT: one sentence for the first thing that is wrong */
export function resolveVectorOptions(problem: VectorProblem, options: unknown): VectorPlan {
  const given = check.optionsObject(options ?? {}, 'solve', KNOWN, HINTS);
  const method = findVectorMethod(given['method'], problem);
  const momentum = given['momentum'] === undefined ? 0 : check.nonNegativeNumber(given['momentum'], 'momentum');
  if (momentum >= 1) throw invalid('a number from 0 to 1 (excluded)', 'momentum', momentum);
  const ridge = given['ridge'] === undefined ? 0 : check.nonNegativeNumber(given['ridge'], 'ridge');
  const step = resolveStep(given['step']);
  requireTaken(method, 'ridge', ridge > 0);
  requireTaken(method, 'momentum', momentum > 0);
  requireTaken(method, 'step', step.kind === 'fixed');
  if (momentum > 0 && step.kind === 'auto') throw check.refused('a number (momentum is set)', 'step', "'auto'");
  return {
    method,
    loss: resolveLoss(given['loss'], method, problem),
    init: given['init'],
    step,
    ridge,
    momentum,
    stop: resolveStop(given['stop'], method),
    ...resolveRecord(given['record'], problem),
    threads: threadCount(given['threads']),
    seed: given['seed'] === undefined ? 0 : check.integer(given['seed'], 'seed', 0),
    signal: check.optionalSignal(given['signal'], 'signal'),
    onProgress: check.optionalFunction(given['onProgress'], 'onProgress') as VectorSolveOptions['onProgress'],
    maxMemory: given['maxMemory'] === undefined ? undefined : check.positiveInteger(given['maxMemory'], 'maxMemory'),
  };
}

function requireTaken(method: ResolvedVectorMethod, option: 'ridge' | 'momentum' | 'step', isSet: boolean): void {
  if (!isSet || method[option]) return;
  const taking = native.vectorMethodDescriptions().filter((one) => one[option]);
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `Method '${method.name}' takes no ${option}; those that do: ${taking.map((one) => one.name).join(', ')}.`,
  );
}

function resolveLoss(value: unknown, method: ResolvedVectorMethod, problem: VectorProblem): NativeLoss {
  const { channel, field } = problem;
  if (value !== undefined) {
    if (!method.anyLoss) {
      throw new LowrankError('INVALID_ARGUMENT', `Method '${method.name}' brings its own loss: leave loss out.`);
    }
    return findLoss(value, field);
  }
  if (channel.intensity || !method.anyLoss) return findLoss('wirtinger', field);
  if (givesIntensities(channel)) return findLoss('amplitude', field);
  const fitting = LOSS_OF[channel.name];
  if (fitting === undefined) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected a loss: none is known to fit the channel '${channel.name}'. See lossDescriptions().`,
    );
  }
  return findLoss(fitting, field);
}

function resolveStep(value: unknown): VectorPlan['step'] {
  if (value === undefined || value === 'auto') return { kind: 'auto', size: 0 };
  if (typeof value === 'number') return { kind: 'fixed', size: check.positiveNumber(value, 'step') };
  if (typeof value !== 'object' || value === null) {
    throw invalid("a positive number, 'auto' or { kind: 'fixed', size }", 'step', value);
  }
  const given = check.optionsObject(value, 'step', ['kind', 'size']);
  const kind = check.oneOf(given['kind'], 'step.kind', ['auto', 'fixed']);
  if (kind === 'fixed') return { kind, size: check.positiveNumber(given['size'], 'step.size') };
  if (given['size'] !== undefined) throw invalid("no value (kind is 'auto')", 'step.size', given['size']);
  return { kind, size: 0 };
}

const STOPS = ['iterations', 'residual', 'gradient', 'change', 'timeLimit', 'divergence'] as const;
const STOP_HINTS = { maxIterations: 'iterations', tolerance: 'residual', tol: 'residual', stall: 'change' };

function resolveStop(value: unknown, method: ResolvedVectorMethod): VectorPlan['stop'] {
  const given = value === undefined ? {} : check.optionsObject(value, 'stop', STOPS, STOP_HINTS);
  const or = (key: (typeof STOPS)[number], fallback: number, read: (value: unknown, name: string) => number): number =>
    given[key] === undefined ? fallback : read(given[key], `stop.${key}`);
  const stop = {
    iterations: or('iterations', method.stopIterations, (v, name) => check.positiveInteger(v, name)),
    residual: or('residual', 1e-10, check.nonNegativeNumber),
    gradient: or('gradient', method.stopGradient, check.nonNegativeNumber),
    change: or('change', 0, check.nonNegativeNumber),
    timeLimit: or('timeLimit', 0, check.positiveNumber),
    divergence: or('divergence', 1e6, check.positiveNumber),
  };
  if (stop.divergence <= 1) throw invalid('a finite number greater than 1', 'stop.divergence', stop.divergence);
  return stop;
}

const NEEDS_TRUTH: readonly string[] = ['overlap', 'testError', 'm'];

function resolveRecord(value: unknown, problem: VectorProblem): { every: number; columns: readonly string[] } {
  const given = value === undefined ? {} : check.optionsObject(value, 'record', ['every', 'columns']);
  const every = given['every'] === undefined ? 1 : check.integer(given['every'], 'record.every', 0);
  const asked = given['columns'];
  const hasTruth = problem.truth !== undefined;
  if (asked === undefined) {
    return { every, columns: ['trainLoss', 'residual', ...(hasTruth ? ['overlap', 'testError'] : [])] };
  }
  if (!Array.isArray(asked)) throw invalid('an array of column names', 'record.columns', asked);
  const known = native.vectorColumnNames();
  const columns = asked.map((name: unknown, i) => check.oneOf(name, `record.columns[${i}]`, known));
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new LowrankError('INVALID_ARGUMENT', `Column '${twice}' occurs twice in record.columns.`);
  }
  const blind = columns.find((name) => NEEDS_TRUTH.includes(name));
  if (blind !== undefined && !hasTruth) {
    throw new LowrankError('INVALID_ARGUMENT', `Column '${blind}' needs a problem whose truth is known.`);
  }
  return { every, columns };
}
