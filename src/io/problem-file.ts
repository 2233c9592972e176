/** problem.npz: which measurement form it holds, told by its arrays, checked against each other; and writing one. */
import { LowrankError } from '../errors';
import { Matrix } from '../matrix';
import { badFile, formatShape } from './fault';
import { isComplex, type NpyArray, type NpyData } from './npy';
import { openNpz, type NpzArrayInfo, type NpzFile } from './npz';
import { writeNpz, type NpzInput, type WriteNpzOptions } from './npz-write';

/** How the measurements are given; see {@link problemForm}. */
export type ProblemForm = 'dense' | 'entries' | 'vectors' | 'masks';

/** Consecutive measurement matrices: `values` holds `rows` of them, n1 x n2 each, row-major, from number `firstRow`. */
export interface MeasurementChunk {
  readonly firstRow: number;
  readonly rows: number;
  readonly values: Float64Array | Float32Array;
}

/** A problem file of the dense form: y[i] = sum_jk A[i,j,k] X[j,k]. A itself is still in the file. */
export interface ProblemFile {
  readonly path: string;
  readonly form: 'dense';
  /** m */
  readonly measurements: number;
  /** [n1, n2] */
  readonly shape: readonly [number, number];
  /** True when the file says that X is symmetric and to be modelled as U U^T. */
  readonly symmetric: boolean;
  /** What {@link chunks} gives: float32 where A is float32, else float64. */
  readonly storage: 'float64' | 'float32';
  /** Type of A in the file, as NumPy writes it: '<f8'. */
  readonly dtype: string;
  /** m numbers, finite. */
  readonly y: Float64Array;
  /** n1 x n2, finite; null where the file has none. */
  readonly truth: Matrix | null;
  /**
   * A from the first to the last matrix, as needed for NativeDenseOperator.fill. Opens the file again and closes it at
   * the end or when the loop is left. A chunk is valid only until the next one is asked for. Memory: two chunks of
   * about `bytesPerChunk` (16 MiB); all of A when the file has it in Fortran order. Whether A is finite is not checked.
   * @throws LowrankError BAD_FILE when the file is damaged, or was replaced since it was described; then nothing of
   *   what came before may be used
   */
  chunks(options?: { readonly bytesPerChunk?: number }): AsyncGenerator<MeasurementChunk, void, undefined>;
}

/** The arrays that tell a form. `shape`, `y`, `symmetric` and `truth` tell none. */
const TELLING: Readonly<Record<ProblemForm, readonly string[]>> = {
  dense: ['A'],
  entries: ['rows', 'cols', 'values'],
  vectors: ['vectors'],
  masks: ['masks'],
};

/**
 * The one measurement form that arrays of these names make:
 * dense (A, y), entries (rows, cols, values, shape), vectors (vectors, y) or masks (masks, y).
 * @throws LowrankError BAD_FILE when they make none, or more than one
 */
export function problemForm(names: readonly string[], path: string): ProblemForm {
  const forms = (Object.keys(TELLING) as ProblemForm[]).filter((form) =>
    TELLING[form].some((name) => names.includes(name)),
  );
  const [form] = forms;
  if (form !== undefined && forms.length === 1) return form;
  const found = names.length === 0 ? 'no array at all' : names.slice(0, 20).join(', ');
  throw badFile(
    path,
    form === undefined
      ? `expected arrays A and y, or rows, cols, values and shape, or vectors and y, or masks and y, but found ${found}`
      : `expected the arrays of one measurement form but found those of ${forms.join(' and ')}: ${found}`,
  );
}

/**
 * Reads everything of a problem file but A, whose type and shape alone are checked.
 * @throws LowrankError BAD_FILE naming the file, the array, what was found and what was expected; for a form other than
 *   dense, naming the form: vectors and masks are read by loadProblem, entries not yet by this version
 */
export async function describeProblemFile(path: string): Promise<ProblemFile> {
  const file = await openNpz(path);
  try {
    const form = problemForm(file.names, path);
    if (form !== 'dense') {
      throw badFile(
        path,
        `holds measurements of the form "${form}" (${TELLING[form].join(', ')}), ` +
          (form === 'entries' ? 'which is not supported yet by this version' : 'which loadProblem reads') +
          '; expected dense measurements A and y',
      );
    }
    return await describeDense(file);
  } finally {
    await file.close();
  }
}

async function describeDense(file: NpzFile): Promise<ProblemFile> {
  const { path, identity } = file;
  const A = file.info('A');
  requireReal(path, A);
  const [m, n1, n2] = A.shape;
  if (m === undefined || n1 === undefined || n2 === undefined || A.shape.length !== 3) {
    throw badFile(at(path, 'A'), `expected shape (m, n1, n2) but found ${formatShape(A.shape)}`);
  }
  if (m === 0 || n1 === 0 || n2 === 0) {
    throw badFile(
      at(path, 'A'),
      `expected at least one measurement matrix with entries but found shape ${formatShape(A.shape)}`,
    );
  }

  const yInfo = file.info('y');
  requireReal(path, yInfo);
  requireShape(path, yInfo, [m], 'one number for each matrix of A');
  const symmetric = await readFlag(file, 'symmetric');
  if (symmetric && n1 !== n2) {
    throw badFile(at(path, 'symmetric'), `is 1, which needs square matrices, but A has shape ${formatShape(A.shape)}`);
  }
  const truthInfo = file.find('truth');
  if (truthInfo !== undefined) {
    requireReal(path, truthInfo);
    requireShape(path, truthInfo, [n1, n2], 'the last two axes of A');
  }
  const y = finite(path, 'y', toFloat64(await file.read('y')), [m]);
  const truth =
    truthInfo === undefined
      ? null
      : new Matrix(finite(path, 'truth', toFloat64(await file.read('truth')), [n1, n2]), n1, n2);
  return {
    path,
    form: 'dense',
    measurements: m,
    shape: [n1, n2],
    symmetric,
    storage: A.kind === 'float32' ? 'float32' : 'float64',
    dtype: A.dtype,
    y,
    truth,
    chunks: (options) => measurementChunks(path, identity, options),
  };
}

async function* measurementChunks(
  path: string,
  identity: string,
  options: { readonly bytesPerChunk?: number } = {},
): AsyncGenerator<MeasurementChunk, void, undefined> {
  const file = await openNpz(path);
  try {
    if (file.identity !== identity) throw badFile(path, 'the file was changed or replaced while it was in use');
    for await (const { firstRow, rows, data } of file.readChunks('A', { ...options, reuse: true })) {
      yield { firstRow, rows, values: toFloats(data) };
    }
  } finally {
    await file.close();
  }
}

function at(path: string, name: string): string {
  return `${path}: array ${name}`;
}

function requireReal(path: string, array: NpzArrayInfo): void {
  if (isComplex(array.kind)) {
    throw badFile(
      at(path, array.name),
      `expected real numbers but found dtype ${array.dtype}, which is not supported yet by this version`,
    );
  }
}

function requireShape(path: string, array: NpzArrayInfo, expected: readonly number[], why: string): void {
  if (array.shape.length === expected.length && array.shape.every((n, axis) => n === expected[axis])) return;
  throw badFile(
    at(path, array.name),
    `expected shape ${formatShape(expected)}, ${why}, but found ${formatShape(array.shape)}`,
  );
}

/** An optional array of one number, 0 or 1, of any real type: programs other than NumPy write doubles. */
async function readFlag(file: NpzFile, name: string): Promise<boolean> {
  const info = file.find(name);
  if (info === undefined) return false;
  requireReal(file.path, info);
  if (info.size !== 1) {
    throw badFile(at(file.path, name), `expected one number, 0 or 1, but found shape ${formatShape(info.shape)}`);
  }
  const { data } = await file.read(name);
  const value = data[0];
  if (value !== 0 && value !== 1) throw badFile(at(file.path, name), `expected 0 or 1 but found ${value}`);
  return value === 1;
}

function toFloat64({ data }: NpyArray): Float64Array {
  const floats = toFloats(data);
  return floats instanceof Float64Array ? floats : Float64Array.from(floats);
}

/** Floats stay what they are; smaller integers become float64. */
function toFloats(data: NpyData): Float64Array | Float32Array {
  return data instanceof Float64Array || data instanceof Float32Array ? data : Float64Array.from(data);
}

function finite(path: string, name: string, values: Float64Array, shape: readonly number[]): Float64Array {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return values;
  const cols = shape[1];
  const index = cols === undefined ? `${bad}` : `${Math.floor(bad / cols)}, ${bad % cols}`;
  throw badFile(at(path, name), `expected finite numbers but found ${values[bad]} at [${index}]`);
}

/** What {@link writeProblemFile} writes. */
export interface ProblemFileContent {
  /** [n1, n2] */
  readonly shape: readonly [number, number];
  /**
   * m x n1 x n2 numbers, row-major: at once, or piece by piece in arrays of any lengths and of one type. They are
   * written in that type.
   */
  readonly A:
    | Float64Array
    | Float32Array
    | Iterable<Float64Array>
    | Iterable<Float32Array>
    | AsyncIterable<Float64Array>
    | AsyncIterable<Float32Array>;
  /** m numbers */
  readonly y: Float64Array;
  readonly symmetric?: boolean;
  /** n1 x n2 */
  readonly truth?: Matrix | null;
}

/**
 * Writes a problem of the dense form, whole or not at all: see {@link writeNpz}.
 * @throws LowrankError INVALID_ARGUMENT when the sizes do not fit together; BAD_FILE when the system refuses
 */
export async function writeProblemFile(
  path: string,
  content: ProblemFileContent,
  options: WriteNpzOptions = {},
): Promise<void> {
  const { shape, y, symmetric = false, truth = null } = content;
  const [n1, n2] = shape;
  if (!ArrayBuffer.isView(y) || y.length === 0) {
    throw new LowrankError('INVALID_ARGUMENT', 'Expected a Float64Array with at least one measurement for y.');
  }
  if (symmetric && n1 !== n2) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected square matrices for a symmetric problem but received ${n1} x ${n2}.`,
    );
  }
  if (truth !== null && (truth.rows !== n1 || truth.cols !== n2)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected a ${n1} x ${n2} matrix for truth but received ${truth.rows} x ${truth.cols}.`,
    );
  }
  await writeNpz(
    path,
    {
      A: await measurementInput(content.A, [y.length, n1, n2]),
      y: { kind: 'float64', shape: [y.length], data: y },
      symmetric: { kind: 'uint8', shape: [], data: Uint8Array.of(symmetric ? 1 : 0) },
      ...(truth === null ? {} : { truth: { kind: 'float64', shape: [n1, n2], data: truth.data } as const }),
    },
    options,
  );
}

/** The first piece says which type is written. */
async function measurementInput(A: ProblemFileContent['A'], shape: readonly number[]): Promise<NpzInput> {
  if (ArrayBuffer.isView(A)) return floatInput(A, shape, A);
  const iterator: Iterator<Float64Array | Float32Array> | AsyncIterator<Float64Array | Float32Array> =
    Symbol.asyncIterator in A ? A[Symbol.asyncIterator]() : A[Symbol.iterator]();
  const first = await iterator.next();
  if (first.done === true)
    throw new LowrankError('INVALID_ARGUMENT', 'Expected measurement matrices for A but received none.');
  const all = async function* (): AsyncGenerator<Float64Array | Float32Array, void, undefined> {
    try {
      yield first.value;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return floatInput(first.value, shape, all());
}

function floatInput(sample: Float64Array | Float32Array, shape: readonly number[], data: unknown): NpzInput {
  const kind = Object.prototype.toString.call(sample) === '[object Float32Array]' ? 'float32' : 'float64';
  // The writer checks every piece against the kind.
  return { kind, shape, data } as NpzInput;
}
