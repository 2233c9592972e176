/** Single-index models with a Gaussian design and a known signal. */
import { type Channel, type ChannelChoice, channelNoise, readChannel } from '../channels';
import * as check from '../checks';
import { native } from '../load';
import { refuseAbove } from '../memory';
import type { NativeDesign } from '../native';
import { callNative } from '../native-errors';
import { threadCount } from '../threads';
import { type Field, Vector } from '../vector';
import { makeSignal, type SignalChoice } from './signals';
import { VectorProblem } from './vector-problem';

export interface SingleIndexOptions {
  /** n: unknowns, at least 1. */
  readonly dimension: number;
  /** m, at least 1. Exactly one of `measurements` and `delta` is given. */
  readonly measurements?: number | undefined;
  /** m / n, above 0: m is the nearest integer, at least 1. */
  readonly delta?: number | undefined;
  /** Default 'real'. */
  readonly field?: Field | undefined;
  /** Default 'intensity'. */
  readonly channel?: ChannelChoice | undefined;
  /** Standard deviation of Gaussian noise on y, for channels that know `noise`; default: none. */
  readonly noise?: number | undefined;
  /** theta*; default 'sphere', of norm 1. */
  readonly signal?: SignalChoice | undefined;
  /** 0 .. 2^53 - 1. The problem is a function of the options, with the same bits for any number of threads. */
  readonly seed: number;
  /** 1 .. 64, default 1. */
  readonly threads?: number | undefined;
  /** Cap on the memory of the design in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

const KNOWN = [
  'dimension',
  'measurements',
  'delta',
  'field',
  'channel',
  'noise',
  'signal',
  'seed',
  'threads',
  'maxMemory',
] as const satisfies readonly (keyof SingleIndexOptions)[];

/**
 * y_i = phi(<x_i, theta*>, noise_i), without conjugation, with x_i standard Gaussian: entries N(0, 1), or CN(0, 1) with
 * E|x|^2 = 1, so that for a signal of norm 1 every <x_i, theta*> is a standard normal.
 *
 * Synchronous. Memory 8 m n bytes (complex 16 m n); about 10 ns per number stored and thread.
 *
 * @throws LowrankError INVALID_ARGUMENT, OUT_OF_MEMORY
 */
export function singleIndex(options: SingleIndexOptions): VectorProblem {
  const given = check.optionsObject(options, 'singleIndex', KNOWN, HINTS);
  const n = check.positiveInteger(given['dimension'], 'dimension');
  const m = readMeasurements(given, n);
  const field = readField(given['field']);
  const channel = readChannel(given['channel'] ?? 'intensity', 'channel', field, readNoise(given['noise']));
  const seed = check.seed(given['seed'], 'seed');
  const threads = threadCount(given['threads']);
  const truth = makeSignal(given['signal'], n, field, seed);
  const design = gaussianDesign(m, n, field, seed, threads, given['maxMemory']);
  return generated(design, truth, channel, seed, threads);
}

const HINTS = { n: 'dimension', m: 'measurements', alpha: 'delta', link: 'channel', truth: 'signal', sigma: 'noise' };

export function readField(value: unknown): Field {
  return value === undefined ? 'real' : check.oneOf(value, 'field', ['real', 'complex']);
}

export function readNoise(value: unknown): number | undefined {
  return value === undefined ? undefined : check.nonNegativeNumber(value, 'noise');
}

/** m from `measurements` or `delta`. */
export function readMeasurements(given: Readonly<Record<string, unknown>>, n: number): number {
  const { measurements, delta } = given as { measurements?: unknown; delta?: unknown };
  if ((measurements === undefined) === (delta === undefined)) {
    throw check.refused('exactly one of them', 'measurements and delta', delta === undefined ? 'neither' : 'both');
  }
  if (delta === undefined) return check.positiveInteger(measurements, 'measurements');
  const m = Math.max(1, Math.round(check.positiveNumber(delta, 'delta') * n));
  if (!Number.isSafeInteger(m)) throw check.refused('m = delta n below 2^53', 'delta', `delta n = ${m}`);
  return m;
}

/** Bytes of a dense design: an estimate from above by less than one cache line per row. */
export function denseDesignBytes(m: number, n: number, field: Field): number {
  return 8 * m * n * (field === 'complex' ? 2 : 1);
}

export function gaussianDesign(
  m: number,
  n: number,
  field: Field,
  seed: number,
  threads: number,
  maxMemory: unknown,
): NativeDesign {
  refuseAbove(denseDesignBytes(m, n, field), 'The design needs', maxMemory);
  return callNative(() => {
    const design = new native.DenseDesign(m, n, field);
    design.fillGaussian(seed, threads);
    return design;
  });
}

/** The problem that a signal makes with a design. */
export function generated(
  design: NativeDesign,
  truth: Vector,
  channel: Channel,
  seed: number,
  threads: number,
): VectorProblem {
  const r = Vector.zeros(design.measurements, design.field);
  callNative(() => {
    native.designApply(design, truth.data, r.data, threads);
  });
  const y = channel.sample(r.data, design.field, channelNoise(seed, 'noise'));
  const index = check.firstNonFinite(y);
  if (index >= 0) throw check.nonFinite(`y[${index}] of channel '${channel.name}'`, y[index]);
  return new VectorProblem({ design, y, channel, truth });
}
