/** Options of `asymptotics.dmft`: types, defaults, checks. */
import { readChannel, type Channel, type ChannelChoice } from '../channels';
import { givesIntensities } from '../channels/intensities';
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { findLoss, requireDifferentiable, type Loss } from '../losses';
import { refuseAbove } from '../memory';
import type { NativeLoss } from '../native';
import type { PreprocessingChoice } from '../preprocessing';
import { threadCount } from '../threads';
import type { Field } from '../vector';

/** Where a sweep stands. */
export interface DmftProgress {
  /** Steps done, of `iterations` in all, over all repeats. */
  readonly iteration: number;
  readonly iterations: number;
  /** Which repeat is at work, from 1. */
  readonly repeat: number;
  readonly repeats: number;
  readonly seconds: number;
}

/** theta^0 from the top eigenvector of the spectral method. */
export interface DmftSpectralStart {
  readonly kind: 'spectral';
  /** T, as `asymptotics.spectral` takes it. Default 'optimal'. */
  readonly preprocessing?: PreprocessingChoice | undefined;
  /** T of 'optimal' is not below -clip: above 0, Infinity for none. Default 64. */
  readonly clip?: number | undefined;
}

/** theta^0 of given overlap with the signal, independent of the data otherwise. */
export interface DmftIndependentStart {
  readonly kind: 'independent';
  /** a = <theta*, theta^0> / ||theta^0||, -1 .. 1. */
  readonly overlap: number;
}

export interface DmftOptions {
  /** m / n, measurements per unknown; positive. */
  readonly delta: number;
  /** Default 'real'. */
  readonly field?: Field | undefined;
  /** Default 'intensity'. */
  readonly channel?: ChannelChoice | undefined;
  /** Standard deviation of Gaussian noise added to y, for channels that take it. */
  readonly noise?: number | undefined;
  /** A differentiable loss: its name, or { name, ...parameters }. */
  readonly loss: Loss;
  /** eta, one number for all iterations. Either this or `steps`. */
  readonly step?: number | undefined;
  /** eta_t, one for each iteration. */
  readonly steps?: Float64Array | readonly number[] | undefined;
  /** lambda: + lambda/2 ||theta||^2 (real), + lambda ||theta||^2 (complex). Default 0. */
  readonly ridge?: number | undefined;
  /** beta, 0 <= beta < 1: theta^{t+1} += beta (theta^t - theta^{t-1}). Default 0. */
  readonly momentum?: number | undefined;
  /** Fraction b of the measurements in each step, each drawn with probability b, its force times 1/b. Default 1. */
  readonly batch?: number | undefined;
  /** T, 0 .. 2000. Default: the number of `steps`. */
  readonly iterations?: number | undefined;
  /** N, Monte Carlo samples of each repeat: at least 1000. Default 100000. */
  readonly samples?: number | undefined;
  /** Default: spectral, with the optimal preprocessing. */
  readonly start?: DmftSpectralStart | DmftIndependentStart | undefined;
  /**
   * ||theta^0||, the signal's norm being 1: a positive number; 'estimate' (default): 1, what the mean of y tells; or
   * 'least-squares': the scale of `spectralStart`, for intensities and amplitudes.
   */
  readonly norm?: number | 'estimate' | 'least-squares' | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /** Sweeps on samples of their own, 2 .. 100: the result is their mean, with standard errors. Default 3. */
  readonly repeats?: number | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Also returns the two-time functions. Default false. */
  readonly kernels?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DmftProgress) => void) | undefined;
  /** Refuses before the work above this many bytes. Default: 80 % of the memory available. */
  readonly maxMemory?: number | undefined;
}

export interface DmftPlan {
  readonly delta: number;
  readonly field: Field;
  readonly channel: Channel;
  readonly loss: NativeLoss;
  readonly iterations: number;
  readonly steps: Float64Array;
  readonly ridge: number;
  readonly momentum: number;
  readonly batch: number;
  readonly samples: number;
  readonly start:
    | { readonly kind: 'spectral'; readonly preprocessing: unknown; readonly clip: number | undefined }
    | { readonly kind: 'independent'; readonly overlap: number };
  readonly norm: number | 'least-squares';
  readonly seed: number;
  readonly repeats: number;
  readonly threads: number;
  readonly kernels: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: DmftProgress) => void) | undefined;
}

const KNOWN = [
  'delta',
  'field',
  'channel',
  'noise',
  'loss',
  'step',
  'steps',
  'ridge',
  'momentum',
  'batch',
  'iterations',
  'samples',
  'start',
  'norm',
  'seed',
  'repeats',
  'threads',
  'kernels',
  'signal',
  'onProgress',
  'maxMemory',
] as const satisfies readonly (keyof DmftOptions)[];

const HINTS = {
  eta: 'step',
  stepSize: 'step',
  lambda: 'ridge',
  beta: 'momentum',
  T: 'iterations',
  N: 'samples',
  c: 'norm',
  alpha: 'delta',
  init: 'start',
  preprocessing: 'start.preprocessing',
  clip: 'start.clip',
  overlap: 'start.overlap',
  batchSize: 'batch',
};

const MOST_ITERATIONS = 2000;
const MOST_REPEATS = 100;
const LEAST_SAMPLES = 1000;
const MOST_SAMPLES = 1e9;

/** @throws LowrankError INVALID_ARGUMENT; OUT_OF_MEMORY where the samples would not fit, with the estimate */
export function readDmftOptions(options: unknown): DmftPlan {
  const given = check.optionsObject(options, 'dmft', KNOWN, HINTS);
  const delta = check.positiveNumber(given['delta'], 'delta');
  const field = given['field'] === undefined ? 'real' : check.oneOf(given['field'], 'field', ['real', 'complex']);
  const noise = given['noise'] === undefined ? undefined : check.nonNegativeNumber(given['noise'], 'noise');
  const channel = readChannel(given['channel'] ?? 'intensity', 'channel', field, noise);
  const loss = findLoss(given['loss'], field);
  requireDifferentiable(loss, field);
  const { iterations, steps } = readSteps(given);
  const least = Math.max(LEAST_SAMPLES, 8 * (iterations + 2));
  const samples =
    given['samples'] === undefined ? 100_000 : check.integer(given['samples'], 'samples', least, MOST_SAMPLES);
  refuseAbove(
    dmftMemory(samples, iterations, field),
    `${samples} samples over ${iterations} iterations need`,
    given['maxMemory'],
  );
  const signal = check.optionalSignal(given['signal'], 'signal');
  return {
    delta,
    field,
    channel,
    loss,
    iterations,
    steps,
    ridge: given['ridge'] === undefined ? 0 : check.nonNegativeNumber(given['ridge'], 'ridge'),
    momentum: given['momentum'] === undefined ? 0 : zeroOrFraction(given['momentum'], 'momentum'),
    batch: given['batch'] === undefined || given['batch'] === 1 ? 1 : check.fraction(given['batch'], 'batch'),
    samples,
    start: readStart(given['start']),
    norm: readNorm(given['norm'], channel),
    seed: given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed'),
    repeats: given['repeats'] === undefined ? 3 : check.integer(given['repeats'], 'repeats', 2, MOST_REPEATS),
    threads: threadCount(given['threads']),
    kernels: given['kernels'] === undefined ? false : check.boolean(given['kernels'], 'kernels'),
    signal,
    onProgress: check.optionalFunction(given['onProgress'], 'onProgress') as DmftPlan['onProgress'],
  };
}

function readSteps(given: Readonly<Record<string, unknown>>): { iterations: number; steps: Float64Array } {
  const { step, steps, iterations } = given;
  if ((step === undefined) === (steps === undefined)) {
    throw new LowrankError('INVALID_ARGUMENT', 'Expected either step (one number) or steps (one for each iteration).');
  }
  if (step !== undefined) {
    const size = check.positiveNumber(step, 'step');
    const count = check.integer(iterations, 'iterations', 0, MOST_ITERATIONS);
    return { iterations: count, steps: new Float64Array(count).fill(size) };
  }
  const list = check.vector(steps, 'steps');
  list.forEach((size, t) => check.positiveNumber(size, `steps[${t}]`));
  const count = check.integer(iterations ?? list.length, 'iterations', 0, MOST_ITERATIONS);
  if (count > list.length) {
    throw check.refused(`at least ${count} numbers (one for each iteration)`, 'steps', String(list.length));
  }
  return { iterations: count, steps: list.slice(0, count) };
}

function readStart(value: unknown): DmftPlan['start'] {
  if (value === undefined) return { kind: 'spectral', preprocessing: undefined, clip: undefined };
  const given = check.optionsObject(value, 'start', ['kind', 'preprocessing', 'clip', 'overlap']);
  const kind = check.oneOf(given['kind'], 'start.kind', ['spectral', 'independent']);
  if (kind === 'independent') {
    check.optionsObject(value, 'start (independent)', ['kind', 'overlap']);
    const overlap = given['overlap'];
    if (typeof overlap === 'number' && overlap >= -1 && overlap <= 1) return { kind, overlap };
    throw invalid('a number from -1 to 1', 'start.overlap', overlap);
  }
  check.optionsObject(value, 'start (spectral)', ['kind', 'preprocessing', 'clip']);
  const { clip } = given;
  if (clip !== undefined && !(typeof clip === 'number' && clip > 0)) {
    throw invalid('a positive number, or Infinity', 'start.clip', clip);
  }
  return { kind, preprocessing: given['preprocessing'], clip };
}

function readNorm(value: unknown, channel: Channel): DmftPlan['norm'] {
  if (value === undefined || value === 'estimate') return 1;
  if (value !== 'least-squares') return check.positiveNumber(value, 'norm');
  if (givesIntensities(channel)) return value;
  throw check.refused("a number or 'estimate'", 'norm', `'least-squares' with channel '${channel.name}'`);
}

function zeroOrFraction(value: unknown, name: string): number {
  return value === 0 ? 0 : check.fraction(value, name);
}

/** Bytes of one sweep: 3 N T doubles (7 N T complex) for the samples, their inputs twice, and the two-time functions. */
export function dmftMemory(samples: number, iterations: number, field: Field): number {
  const rows = iterations + 2;
  const perSample = (field === 'complex' ? 7 : 3) * rows + (field === 'complex' ? 9 : 6);
  return 8 * (samples * perSample + 16 * rows * rows);
}
