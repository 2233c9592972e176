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
import type { VectorProblem } from '../problems/vector-problem';
import { badFile } from './fault';
import { describeProblemFile } from './problem-file';
import { fileForm, loadVectorProblem } from './load-vector-problem';

/** How far reading has come. */
export interface LoadProgress {
  /** 0 .. 1 of the measurement matrices (or vectors). */
  readonly fraction: number;
  /** Measurement matrices (or vectors) read, and how many there are. */
  readonly read: number;
  readonly measurements: number;
}

export interface LoadProblemOptions {
  /**
   * Default: what the file says (`symmetric`). 'symmetric' keeps the symmetric part of every A_i, in half the memory, and
   * needs square matrices; 'asymmetric' keeps them whole. 'vector' is for files of vectors or masks, and for no other.
   */
  readonly model?: NativeModel | 'vector' | undefined;
  /** Default: that of A in the file, 'float64' for integers. Vectors and masks are kept as float64. */
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
 * Reads a problem file (docs/files.md): dense measurements (arrays A, y and optionally symmetric, truth) give a Problem;
 * vectors or masks with intensities y (and optionally truth) a VectorProblem. `model` of the result tells which.
 *
 * The numbers go chunk by chunk into native memory, A in float32 as float32, packed when symmetric; files may be larger than
 * 2 GiB (masks, which are few, are read at once). The event loop runs in between. Nothing is rescaled.
 *
 * @param path an .npz file
 * @throws LowrankError (as rejection) BAD_FILE for what is wrong with the file, with the array and the place;
 *   INVALID_ARGUMENT for what is wrong with the options; OUT_OF_MEMORY before anything is allocated. Rejects with
 *   `signal.reason` when aborted, with what `onProgress` throws.
 */
export async function loadProblem(
  path: string,
  options: LoadProblemOptions & { readonly model: NativeModel },
): Promise<Problem>;
export async function loadProblem(
  path: string,
  options: LoadProblemOptions & { readonly model: 'vector' },
): Promise<VectorProblem>;
export async function loadProblem(path: string, options?: LoadProblemOptions): Promise<Problem | VectorProblem>;
export async function loadProblem(path: string, options: LoadProblemOptions = {}): Promise<Problem | VectorProblem> {
  if (typeof path !== 'string') throw check.refused('a path', 'path', typeof path);
  const given = check.optionsObject(options, 'loadProblem', KNOWN);
  const asked =
    given['model'] === undefined
      ? undefined
      : check.oneOf(given['model'], 'model', ['symmetric', 'asymmetric', 'vector']);
  const storageAsked =
    given['storage'] === undefined ? undefined : check.oneOf(given['storage'], 'storage', ['float64', 'float32']);
  const signal = check.optionalSignal(given['signal'], 'signal');
  const onProgress = check.optionalFunction(given['onProgress'], 'onProgress') as LoadProblemOptions['onProgress'];
  const plan = { path, signal, onProgress, maxMemory: given['maxMemory'] };

  signal?.throwIfAborted();
  const form = await fileForm(path);
  signal?.throwIfAborted();
  const isVector = form === 'vectors' || form === 'masks';
  if (asked !== undefined && isVector !== (asked === 'vector')) {
    throw check.refused(
      isVector ? "'vector'" : "'symmetric' or 'asymmetric'",
      'model',
      `'${asked}', but ${path} holds measurements of the form "${form}"`,
    );
  }
  if (!isVector) return loadMatrixProblem(plan, asked === 'vector' ? undefined : asked, storageAsked);
  if (storageAsked === 'float32') throw check.refused("'float64' (vectors and masks)", 'storage', "'float32'");
  const { maxMemory } = plan;
  return loadVectorProblem(path, {
    signal,
    onProgress,
    ...(maxMemory !== undefined && { maxMemory: maxMemory as number }),
  });
}

interface LoadPlan {
  readonly path: string;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: LoadProblemOptions['onProgress'];
  readonly maxMemory: unknown;
}

async function loadMatrixProblem(
  plan: LoadPlan,
  asked: NativeModel | undefined,
  storageAsked: Storage | undefined,
): Promise<Problem> {
  const { path, signal } = plan;
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
  refuseAbove(bytes, 'The measurement matrices need', plan.maxMemory);

  const operator = callNative(() => new native.DenseOperator(file.measurements, rows, cols, symmetric, storage));
  await readAll(plan, file.measurements, file.chunks({ bytesPerChunk: CHUNK_BYTES }), (chunk) => {
    fillFromFile(path, 'A', () => {
      fillRows(operator, chunk.firstRow, chunk.values);
    });
  });
  return new Problem({ operator, y: file.y, model, storage, truth: file.truth ?? undefined });
}

/** Takes every chunk, reports progress, and lets the event loop run. */
async function readAll<Chunk extends { readonly rows: number }>(
  { signal, onProgress }: LoadPlan,
  measurements: number,
  chunks: AsyncIterable<Chunk>,
  take: (chunk: Chunk) => void,
): Promise<void> {
  let read = 0;
  let lastReport = -Infinity;
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    take(chunk);
    read += chunk.rows;
    const now = performance.now();
    if (onProgress !== undefined && now - lastReport >= INTERVAL && read < measurements) {
      lastReport = now;
      onProgress({ fraction: read / measurements, read, measurements });
    }
    // A chunk that was in memory already comes without a turn of the event loop.
    await setImmediate();
    signal?.throwIfAborted();
  }
  onProgress?.({ fraction: 1, read, measurements });
}

/** A number in a file that is not finite is a fault of the file. */
function fillFromFile(path: string, array: string, fill: () => void): void {
  try {
    fill();
  } catch (error) {
    if (!(error instanceof LowrankError) || error.code !== 'NON_FINITE') throw error;
    const what = error.message.replace(/^E/, 'e').replace(/\.$/, '');
    throw badFile(`${path}: array ${array}`, what, error);
  }
}
