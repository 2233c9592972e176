/** Problem files of phase retrieval: `vectors` and `y`, or `masks` and `y`, both intensities. */
import { setImmediate } from 'node:timers/promises';
import { readChannel } from '../channels';
import * as check from '../checks';
import { LowrankError } from '../errors';
import { native } from '../load';
import { refuseAbove } from '../memory';
import type { NativeDesign } from '../native';
import { callNative } from '../native-errors';
import { fillDesign } from '../problems/phase-retrieval';
import { VectorProblem } from '../problems/vector-problem';
import { type Field, Vector } from '../vector';
import { badFile, formatShape } from './fault';
import { isComplex, type NpyData } from './npy';
import { openNpz, type NpzArrayInfo, type NpzFile } from './npz';
import { problemForm, type ProblemForm } from './problem-file';
import type { LoadProgress } from './load-problem';

export interface LoadVectorProblemOptions {
  /** Aborting rejects the promise with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Cap on the memory of the design in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

const KNOWN = ['signal', 'onProgress', 'maxMemory'] as const satisfies readonly (keyof LoadVectorProblemOptions)[];

const CHUNK_BYTES = 4 * 2 ** 20;

/** Which measurement form a file holds. @throws LowrankError BAD_FILE */
export async function fileForm(path: string): Promise<ProblemForm> {
  const file = await openNpz(path);
  try {
    return problemForm(file.names, path);
  } finally {
    await file.close();
  }
}

/**
 * Reads a file of phase retrieval. Meaning: y[i] = |sum_j vectors[i,j] x[j]|^2 (no conjugation), or y[l] = |fft(masks[l] * x)|^2,
 * unnormalized, in one or two dimensions; y are intensities, none negative. Optional: `truth`. Nothing is rescaled.
 *
 * @throws LowrankError (as rejection) BAD_FILE for what is wrong with the file, with the array and the place; OUT_OF_MEMORY
 *   before anything is allocated. Rejects with `signal.reason` when aborted.
 */
export async function loadVectorProblem(path: string, options: LoadVectorProblemOptions = {}): Promise<VectorProblem> {
  if (typeof path !== 'string') throw check.refused('a path', 'path', typeof path);
  const given = check.optionsObject(options, 'loadVectorProblem', KNOWN);
  const signal = check.optionalSignal(given['signal'], 'signal');
  const onProgress = check.optionalFunction(
    given['onProgress'],
    'onProgress',
  ) as LoadVectorProblemOptions['onProgress'];
  signal?.throwIfAborted();
  const file = await openNpz(path);
  try {
    const form = problemForm(file.names, path);
    if (form !== 'vectors' && form !== 'masks') {
      throw badFile(
        path,
        `expected arrays vectors and y, or masks and y, but found measurements of the form "${form}"`,
      );
    }
    const telling = file.info(form);
    const shape = describe(path, form, telling);
    const yInfo = file.info('y');
    const expected = form === 'vectors' ? shape.slice(0, 1) : shape;
    requireShape(path, yInfo, expected, `as ${form}`);
    if (isComplex(yInfo.kind)) throw badFile(at(path, 'y'), `expected real numbers but found dtype ${yInfo.dtype}`);
    const y = await readReals(file, 'y');
    const negative = y.findIndex((value) => value < 0);
    if (negative >= 0) {
      throw badFile(
        at(path, 'y'),
        `expected intensities, none negative, but found ${y[negative]} at [${negative}]; set to 0 what noise made negative`,
      );
    }
    if (!y.some((value) => value > 0)) throw badFile(at(path, 'y'), 'expected at least one number above 0');

    const field: Field = form === 'masks' || isComplex(telling.kind) ? 'complex' : 'real';
    const numbers = shape.reduce((product, size) => product * size, 1) * (field === 'complex' ? 2 : 1);
    refuseAbove(8 * numbers, 'The design needs', given['maxMemory']);
    const truthShape = shape.slice(1);
    const truth = await readTruth(file, truthShape, field);
    const design =
      form === 'vectors' ? await readVectors(file, field, shape, signal, onProgress) : await readMasks(file, shape);
    signal?.throwIfAborted();
    onProgress?.({ fraction: 1, read: y.length, measurements: y.length });
    return new VectorProblem({ design, y, channel: readChannel('intensity', 'channel', field), truth });
  } finally {
    await file.close();
  }
}

/** The shape of the telling array, checked. */
function describe(path: string, form: 'vectors' | 'masks', { shape, name }: NpzArrayInfo): readonly number[] {
  const axes = form === 'vectors' ? [2] : [2, 3];
  const wanted = form === 'vectors' ? '(m, n)' : '(L, n) or (L, h, w)';
  if (!axes.includes(shape.length)) {
    throw badFile(at(path, name), `expected shape ${wanted} but found ${formatShape(shape)}`);
  }
  if (shape.includes(0)) throw badFile(at(path, name), `expected no empty axis but found shape ${formatShape(shape)}`);
  return shape;
}

async function readVectors(
  file: NpzFile,
  field: Field,
  [m, n]: readonly number[],
  signal: AbortSignal | undefined,
  onProgress: LoadVectorProblemOptions['onProgress'],
): Promise<NativeDesign> {
  const design = callNative(() => new native.DenseDesign(m!, n!, field));
  for await (const { firstRow, rows, data } of file.readChunks('vectors', {
    bytesPerChunk: CHUNK_BYTES,
    reuse: true,
  })) {
    signal?.throwIfAborted();
    const values = floats(data);
    inFile(file.path, 'vectors', () => {
      fillDesign(design, firstRow, values, 'vectors');
    });
    onProgress?.({ fraction: (firstRow + rows) / m!, read: firstRow + rows, measurements: m! });
    await setImmediate();
  }
  return design;
}

async function readMasks(file: NpzFile, shape: readonly number[]): Promise<NativeDesign> {
  const { kind, data } = await file.read('masks');
  const masks = isComplex(kind) ? Float64Array.from(floats(data)) : interleavedReals(floats(data));
  const [patterns, a, b] = shape;
  const [height, width] = b === undefined ? [1, a!] : [a!, b];
  return inFile(file.path, 'masks', () =>
    callNative(() => new native.CodedDiffraction(masks, patterns!, height, width)),
  );
}

async function readTruth(file: NpzFile, shape: readonly number[], field: Field): Promise<Vector | undefined> {
  const info = file.find('truth');
  if (info === undefined) return undefined;
  requireShape(file.path, info, shape, 'the unknowns');
  if (field === 'real' && isComplex(info.kind)) {
    throw badFile(at(file.path, 'truth'), `expected real numbers, as vectors, but found dtype ${info.dtype}`);
  }
  const { kind, data } = await file.read('truth');
  const values = floats(data);
  const bad = check.firstNonFinite(values);
  if (bad >= 0) throw badFile(at(file.path, 'truth'), `expected finite numbers but found ${values[bad]} at [${bad}]`);
  const own = field === 'complex' && !isComplex(kind) ? interleavedReals(values) : Float64Array.from(values);
  return new Vector(own, field);
}

async function readReals(file: NpzFile, name: string): Promise<Float64Array> {
  const values = Float64Array.from(floats((await file.read(name)).data));
  const bad = check.firstNonFinite(values);
  if (bad >= 0) throw badFile(at(file.path, name), `expected finite numbers but found ${values[bad]} at [${bad}]`);
  return values;
}

function requireShape(path: string, { name, shape }: NpzArrayInfo, expected: readonly number[], why: string): void {
  if (shape.length === expected.length && shape.every((size, axis) => size === expected[axis])) return;
  throw badFile(at(path, name), `expected shape ${formatShape(expected)}, ${why}, but found ${formatShape(shape)}`);
}

function floats(data: NpyData): Float64Array | Float32Array {
  return data instanceof Float64Array || data instanceof Float32Array ? data : Float64Array.from(data);
}

function interleavedReals(values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(2 * values.length);
  for (let i = 0; i < values.length; i++) out[2 * i] = values[i]!;
  return out;
}

/** A number that is not finite is a fault of the file. */
function inFile<T>(path: string, name: string, work: () => T): T {
  try {
    return callNative(work);
  } catch (error) {
    if (!(error instanceof LowrankError) || error.code !== 'NON_FINITE') throw error;
    throw badFile(at(path, name), error.message.replace(/^E/, 'e').replace(/\.$/, ''), error);
  }
}

function at(path: string, name: string): string {
  return `${path}: array ${name}`;
}
