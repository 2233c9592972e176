/** Phase retrieval: intensities y_i = |<x_i, theta*>|^2, from the user's own data or generated. */
import { readChannel } from '../channels';
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { native } from '../load';
import { refuseAbove } from '../memory';
import type { NativeDenseDesign, NativeDesign } from '../native';
import { callNative } from '../native-errors';
import { threadCount } from '../threads';
import { type Field, Vector } from '../vector';
import { checkVector, makeSignal, type SignalChoice } from './signals';
import { denseDesignBytes, gaussianDesign, generated, readField, readMeasurements, readNoise } from './single-index';
import { VectorProblem } from './vector-problem';

interface Shared {
  /** Cap on the memory of the design in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

/** y[i] = |sum_j vectors[i, j] x[j]|^2, without conjugation. */
export interface GivenVectorsOptions extends Shared {
  /**
   * m vectors of one length and field; or m n numbers in one array, row after row, complex ones interleaved (then `dimension`
   * and `field` say how to read it). Copied and taken as they are: nothing is rescaled.
   */
  readonly vectors: readonly Vector[] | Float64Array | Float32Array;
  /** n, with one array. */
  readonly dimension?: number | undefined;
  /** With one array: default 'real'. */
  readonly field?: Field | undefined;
  /** m intensities, at least 0. Copied. */
  readonly y: Float64Array | Float32Array | readonly number[];
  /** theta*, of length n, where it is known: never used by a method. Copied. */
  readonly truth?: Vector | undefined;
}

/** y[l] = |fft(masks[l] * x)|^2, unnormalized, 1-D or 2-D. */
export interface GivenMasksOptions extends Shared {
  /** L n complex numbers, interleaved, mask after mask, row after row within a mask. Copied. */
  readonly masks: Float64Array;
  /** [n], or [height, width] for images. */
  readonly shape: readonly [number] | readonly [number, number];
  /** L n intensities, in the order of the masks. */
  readonly y: Float64Array | Float32Array | readonly number[];
  readonly truth?: Vector | undefined;
}

export interface GeneratedPhaseRetrievalOptions extends Shared {
  /** 'gaussian': rows with entries of variance 1. 'coded-diffraction': random octanary masks; complex. */
  readonly design: 'gaussian' | 'coded-diffraction';
  /** n, for a Gaussian design. */
  readonly dimension?: number | undefined;
  /** Gaussian: m, or `delta` = m / n. */
  readonly measurements?: number | undefined;
  readonly delta?: number | undefined;
  /** Gaussian: default 'real'. Coded diffraction is complex. */
  readonly field?: Field | undefined;
  /** Coded diffraction: L, at least 1; m = L n. */
  readonly patterns?: number | undefined;
  /** Coded diffraction: [n], or [height, width]. */
  readonly shape?: readonly [number] | readonly [number, number] | undefined;
  /** Standard deviation of Gaussian noise on y (whose mean is about 1 for a signal of norm 1); default 0. */
  readonly noise?: number | undefined;
  /** theta*; default 'sphere', of norm 1. */
  readonly signal?: SignalChoice | undefined;
  /** 0 .. 2^53 - 1. The problem is a function of the options, with the same bits for any number of threads. */
  readonly seed: number;
  /** 1 .. 64, default 1. */
  readonly threads?: number | undefined;
}

export type PhaseRetrievalOptions = GivenVectorsOptions | GivenMasksOptions | GeneratedPhaseRetrievalOptions;

const HINTS = { n: 'dimension', m: 'measurements', A: 'vectors', b: 'y', alpha: 'delta', x: 'truth' };

/**
 * A phase-retrieval problem: from vectors and intensities, from masks and diffraction patterns, or generated (`design`).
 * The octanary masks are those of Candes, Li and Soltanolkotabi, arXiv 1310.3240: entries b1 b2 with b1 one of +-1, +-i and
 * b2 = sqrt(1/2) with probability 4/5, sqrt(3) with 1/5, so that E|entry|^2 = 1 and, for a signal of norm 1, E y = 1.
 *
 * Synchronous. Memory: 8 m n bytes (complex 16 m n); masks 16 L n.
 *
 * @throws LowrankError INVALID_ARGUMENT for wrong types and lengths and for negative intensities; NON_FINITE with the place;
 *   OUT_OF_MEMORY with the estimate
 */
export function phaseRetrieval(options: PhaseRetrievalOptions): VectorProblem {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalid('an options object', 'phaseRetrieval', options);
  }
  if ('vectors' in options) return fromVectors(options);
  if ('masks' in options) return fromMasks(options);
  if ('design' in options) return fromDesign(options);
  throw check.refused(
    "vectors and y, masks and y, or a design ('gaussian', 'coded-diffraction')",
    'phaseRetrieval',
    'none of these',
  );
}

function fromVectors(options: GivenVectorsOptions): VectorProblem {
  const given = check.optionsObject(
    options,
    'phaseRetrieval',
    ['vectors', 'dimension', 'field', 'y', 'truth', 'maxMemory'],
    HINTS,
  );
  const { vectors } = options;
  let [m, n, field]: [number, number, Field] = [0, 0, 'real'];
  if (check.isFloatArray(vectors)) {
    n = check.positiveInteger(given['dimension'], 'dimension');
    field = readField(given['field']);
    const width = field === 'complex' ? 2 * n : n;
    m = vectors.length / width;
    if (m < 1 || !Number.isInteger(m)) {
      throw check.refused(`a multiple of ${width} numbers (whole ${field} rows)`, 'vectors', `${vectors.length}`);
    }
  } else {
    if (!Array.isArray(vectors) || vectors.length === 0) {
      throw invalid('an array of Vectors, at least one, or a Float64Array', 'vectors', vectors);
    }
    const first: unknown = vectors[0];
    if (!(first instanceof Vector) || first.length === 0) throw invalid('a Vector with entries', 'vectors[0]', first);
    [m, n, field] = [vectors.length, first.length, first.field];
    if (given['dimension'] !== undefined && given['dimension'] !== n) {
      throw invalid(`${n}, the length of the vectors,`, 'dimension', given['dimension']);
    }
    if (given['field'] !== undefined && given['field'] !== field) {
      throw invalid(`'${field}', the field of the vectors,`, 'field', given['field']);
    }
  }
  refuseAbove(denseDesignBytes(m, n, field), 'The design needs', given['maxMemory']);
  const y = intensities(given['y'], m, 'one per vector');
  const truth = given['truth'] === undefined ? undefined : checkVector(given['truth'], 'truth', n, field);
  const design = callNative(() => new native.DenseDesign(m, n, field));
  if (check.isFloatArray(vectors)) fillDesign(design, 0, vectors, 'vectors');
  else {
    vectors.forEach((row, i) => {
      fillDesign(design, i, checkVector(row, `vectors[${i}]`, n, field).data, 'vectors');
    });
  }
  return measured(design, y, truth);
}

function fromMasks(options: GivenMasksOptions): VectorProblem {
  const given = check.optionsObject(options, 'phaseRetrieval', ['masks', 'shape', 'y', 'truth', 'maxMemory'], HINTS);
  const [height, width] = imageShape(given['shape']);
  const n = height * width;
  const masks = check.vector(given['masks'], 'masks');
  const patterns = masks.length / (2 * n);
  if (patterns < 1 || !Number.isInteger(patterns)) {
    throw check.refused(`a multiple of ${2 * n} numbers (whole complex masks)`, 'masks', `${masks.length}`);
  }
  const y = intensities(given['y'], patterns * n, 'one per mask and frequency');
  const truth = given['truth'] === undefined ? undefined : checkVector(given['truth'], 'truth', n, 'complex');
  return measured(maskDesign(masks, patterns, height, width, given['maxMemory']), y, truth);
}

function fromDesign(options: GeneratedPhaseRetrievalOptions): VectorProblem {
  const common = ['design', 'noise', 'signal', 'seed', 'threads', 'maxMemory'];
  const gaussian = options.design !== 'coded-diffraction';
  const given = check.optionsObject(
    options,
    'phaseRetrieval',
    [...common, ...(gaussian ? ['dimension', 'measurements', 'delta', 'field'] : ['patterns', 'shape'])],
    HINTS,
  );
  check.oneOf(given['design'], 'design', ['gaussian', 'coded-diffraction']);
  const field = gaussian ? readField(given['field']) : 'complex';
  const channel = readChannel('intensity', 'channel', field, readNoise(given['noise']));
  const seed = check.seed(given['seed'], 'seed');
  const threads = threadCount(given['threads']);
  if (gaussian) {
    const n = check.positiveInteger(given['dimension'], 'dimension');
    const m = readMeasurements(given, n);
    const truth = makeSignal(given['signal'], n, field, seed);
    const design = gaussianDesign(m, n, field, seed, threads, given['maxMemory']);
    return generated(design, truth, channel, seed, threads);
  }
  const [height, width] = imageShape(given['shape']);
  const n = height * width;
  const patterns = check.positiveInteger(given['patterns'], 'patterns');
  refuseAbove(16 * patterns * n, 'The masks need', given['maxMemory']);
  const truth = makeSignal(given['signal'], n, field, seed);
  const design = maskDesign(octanaryMasks(patterns * n, seed), patterns, height, width, given['maxMemory']);
  return generated(design, truth, channel, seed, threads);
}

/** [height, width] of [n] or [height, width]; height 1 is 1-D. */
function imageShape(value: unknown): [number, number] {
  if (Array.isArray(value) && value.length === 1) return [1, check.positiveInteger(value[0], 'shape[0]')];
  if (!Array.isArray(value) || value.length !== 2) throw invalid('[n] or [height, width]', 'shape', value);
  return check.shape(value, 'shape');
}

/** Two uniforms of stream (seed, 'measurements') an entry. */
function octanaryMasks(count: number, seed: number): Float64Array {
  const uniforms = new Float64Array(2 * count);
  callNative(() => {
    native.uniforms(seed, 'measurements', 0, uniforms);
  });
  for (let i = 0; i < 2 * count; i += 2) {
    const quarter = Math.floor(4 * uniforms[i]!);
    const modulus = uniforms[i + 1]! < 0.8 ? Math.SQRT1_2 : Math.sqrt(3);
    uniforms[i] = quarter === 0 ? modulus : quarter === 2 ? -modulus : 0;
    uniforms[i + 1] = quarter === 1 ? modulus : quarter === 3 ? -modulus : 0;
  }
  return uniforms;
}

/** L complex masks, interleaved. */
export function maskDesign(
  masks: Float64Array,
  patterns: number,
  height: number,
  width: number,
  maxMemory: unknown,
): NativeDesign {
  refuseAbove(16 * patterns * height * width, 'The masks need', maxMemory);
  return callNative(() => new native.CodedDiffraction(masks, patterns, height, width));
}

/** A problem of given intensities, without noise as far as is known. */
export function measured(design: NativeDesign, y: Float64Array, truth: Vector | undefined): VectorProblem {
  return new VectorProblem({ design, y, channel: readChannel('intensity', 'channel', design.field), truth });
}

/**
 * Copies whole rows (complex ones interleaved) from row `firstRow` on.
 *
 * @throws LowrankError NON_FINITE with the place
 */
export function fillDesign(
  design: NativeDenseDesign,
  firstRow: number,
  values: Float64Array | Float32Array,
  name: string,
): void {
  try {
    callNative(() => {
      design.fill(firstRow, values);
    });
  } catch (error) {
    const wrong = error instanceof LowrankError && error.code === 'NON_FINITE' ? check.firstNonFinite(values) : -1;
    if (wrong < 0) throw error;
    const parts = design.field === 'complex' ? 2 : 1;
    const entry = Math.floor(wrong / parts);
    const row = firstRow + Math.floor(entry / design.dimension);
    throw check.nonFinite(`${name}[${row}, ${entry % design.dimension}]`, values[wrong]);
  }
}

function intensities(value: unknown, m: number, why: string): Float64Array {
  const y = check.vector(value, 'y', { is: m, why });
  const negative = firstNegative(y);
  if (negative >= 0)
    throw check.refused(
      'intensities of at least 0 (set to 0 what noise made negative)',
      `y[${negative}]`,
      `${y[negative]}`,
    );
  return y;
}

export function firstNegative(y: Float64Array): number {
  return y.findIndex((value) => value < 0);
}
