/** From a problem file to a problem in memory, without ever holding A twice. */
import { setImmediate } from 'node:timers/promises';
import * as check from '../checks';
import { LowrankError } from '../errors';
import { native } from '../load';
import { refuseAbove } from '../memory';
import type { NativeModel } from '../native';
import { callNative } from '../native-errors';
import { Problem, type Storage } from '../problems/problem';
import { fillRows, operatorBytes } from '../problems/sensing';
import { badFile } from './fault';
import { describeProblemFile, type ProblemFile } from './problem-file';

/** How far reading has come. */
export interface LoadProgress {
  /** 0 .. 1 of the measurement matrices. */
  readonly fraction: number;
  /** Measurement matrices read, and how many there are. */
  readonly read: number;
  readonly measurements: number;
}

export interface LoadProblemOptions {
  /**
   * Default: what the file says (`symmetric`). 'symmetric' keeps the symmetric part of every A_i, in half the memory, and
   * needs square matrices; 'asymmetric' keeps them whole.
   */
  readonly model?: NativeModel | undefined;
  /** Default: that of A in the file, 'float64' for integers. */
  readonly storage?: Storage | undefined;
  /** Aborting rejects the promise with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Called at most about ten times a second, and once at the end. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Cap on the memory of the stored A_i in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

const KNOWN = [
  'model',
  'storage',
  'signal',
  'onProgress',
  'maxMemory',
] as const satisfies readonly (keyof LoadProblemOptions)[];

/** Copying a chunk blocks the event loop: about 1 ms for this many bytes. */
const CHUNK_BYTES = 4 * 2 ** 20;
/** Milliseconds between two progress reports. */
const INTERVAL = 100;

/**
 * Reads a problem file of the dense form (arrays A, y and optionally symmetric, truth; see the file format in the README).
 * A goes chunk by chunk into native memory, float32 as float32, packed when symmetric; files may be larger than 2 GiB.
 * The event loop runs in between. The numbers are taken as they are: nothing is rescaled.
 *
 * @param path an .npz file
 * @throws LowrankError (as rejection) BAD_FILE for what is wrong with the file, with the array and the place;
 *   INVALID_ARGUMENT for what is wrong with the options; OUT_OF_MEMORY before anything is allocated. Rejects with
 *   `signal.reason` when aborted, with what `onProgress` throws.
 */
export async function loadProblem(path: string, options: LoadProblemOptions = {}): Promise<Problem> {
  if (typeof path !== 'string') throw check.refused('a path', 'path', typeof path);
  const given = check.optionsObject(options, 'loadProblem', KNOWN);
  const asked =
    given['model'] === undefined ? undefined : check.oneOf(given['model'], 'model', ['symmetric', 'asymmetric']);
  const storageAsked =
    given['storage'] === undefined ? undefined : check.oneOf(given['storage'], 'storage', ['float64', 'float32']);
  const signal = check.optionalSignal(given['signal'], 'signal');
  const onProgress = check.optionalFunction(given['onProgress'], 'onProgress') as LoadProblemOptions['onProgress'];

  signal?.throwIfAborted();
  const file = await describeProblemFile(path);
  signal?.throwIfAborted();
  const [rows, cols] = file.shape;
  const model = asked ?? (file.symmetric ? 'symmetric' : 'asymmetric');
  const symmetric = model === 'symmetric';
  if (symmetric && rows !== cols) {
    throw check.refused("'asymmetric'", 'model', `'symmetric', but the matrices in ${path} are ${rows} x ${cols}`);
  }
  const storage = storageAsked ?? file.storage;
  const bytes = operatorBytes(file.measurements, rows, cols, symmetric, storage);
  refuseAbove(bytes, 'The measurement matrices need', given['maxMemory']);

  const operator = callNative(() => new native.DenseOperator(file.measurements, rows, cols, symmetric, storage));
  let read = 0;
  let lastReport = -Infinity;
  for await (const chunk of file.chunks({ bytesPerChunk: CHUNK_BYTES })) {
    signal?.throwIfAborted();
    fillFromFile(file, () => {
      fillRows(operator, chunk.firstRow, chunk.values);
    });
    read += chunk.rows;
    const now = performance.now();
    if (onProgress !== undefined && now - lastReport >= INTERVAL && read < file.measurements) {
      lastReport = now;
      onProgress({ fraction: read / file.measurements, read, measurements: file.measurements });
    }
    // A chunk that was in memory already comes without a turn of the event loop.
    await setImmediate();
    signal?.throwIfAborted();
  }
  onProgress?.({ fraction: 1, read, measurements: file.measurements });
  return new Problem({ operator, y: file.y, model, storage, truth: file.truth ?? undefined });
}

/** A number in a file that is not finite is a fault of the file. */
function fillFromFile(file: ProblemFile, fill: () => void): void {
  try {
    fill();
  } catch (error) {
    if (!(error instanceof LowrankError) || error.code !== 'NON_FINITE') throw error;
    const what = error.message.replace(/^E/, 'e').replace(/\.$/, '');
    throw badFile(`${file.path}: array A`, what, error);
  }
}
