/** result.npz: factors, estimate, trace and ledger of a run, for NumPy to read. */
import { LowrankError } from '../errors';
import type { Matrix } from '../matrix';
import type { Factors, Model, Trace } from '../solvers/result';
import type { NpzInput, WriteNpzOptions } from './npz-write';
import { writeNpz } from './npz-write';

/** The estimate is written when it has at most so many entries. */
export const MAX_ESTIMATE_ENTRIES = 1e7;

export interface ResultFileContent {
  readonly model: Model;
  /** X = left right^T; in the symmetric model `right` is `left`. */
  readonly factors: Factors;
  /** X where it is at hand, else it is computed from the factors. */
  readonly estimate?: Matrix;
  /** Columns of equal length. */
  readonly trace?: Trace;
  /** Anything that JSON can hold; typed arrays become lists, numbers that are not finite null. */
  readonly info: unknown;
}

/**
 * Writes `U` (symmetric model) or `F` and `G`; `X` (rows x cols) when it has at most 1e7 entries; the trace as
 * `trace_<column>`; `info`, JSON text (UTF-8) as bytes: in NumPy `json.loads(bytes(file['info']))`. Whole or not at all:
 * see {@link writeNpz}.
 * @throws LowrankError INVALID_ARGUMENT when sizes do not fit together; BAD_FILE when the system refuses
 */
export async function writeResultFile(
  path: string,
  content: ResultFileContent,
  options: WriteNpzOptions = {},
): Promise<void> {
  const { left, right } = content.factors;
  const symmetric = content.model === 'symmetric';
  if (left.cols !== right.cols || (symmetric && left.rows !== right.rows)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected ${symmetric ? 'equal factors' : 'factors of one rank'} but received ${left.rows} x ${left.cols} and ${right.rows} x ${right.cols}.`,
    );
  }
  const arrays: Record<string, NpzInput> = symmetric
    ? { U: matrixInput(left) }
    : { F: matrixInput(left), G: matrixInput(right) };
  const [rows, cols] = [left.rows, right.rows];
  if (rows * cols <= MAX_ESTIMATE_ENTRIES) arrays['X'] = estimateInput(content, rows, cols);

  const { trace } = content;
  for (const [name, column] of Object.entries(trace?.columns ?? {})) {
    if (column.length !== trace?.length) {
      throw new LowrankError(
        'INVALID_ARGUMENT',
        `Expected ${trace?.length} numbers for trace column ${name} but received ${column.length}.`,
      );
    }
    arrays[`trace_${name}`] = { kind: 'float64', shape: [column.length], data: column };
  }
  const json = new Uint8Array(Buffer.from(toJson(content.info), 'utf8'));
  arrays['info'] = { kind: 'uint8', shape: [json.length], data: json };
  await writeNpz(path, arrays, options);
}

function matrixInput({ data, rows, cols }: Matrix): NpzInput {
  return { kind: 'float64', shape: [rows, cols], data };
}

function estimateInput({ estimate, factors }: ResultFileContent, rows: number, cols: number): NpzInput {
  if (estimate === undefined) return { kind: 'float64', shape: [rows, cols], data: products(factors) };
  if (estimate.rows !== rows || estimate.cols !== cols) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected a ${rows} x ${cols} matrix for estimate but received ${estimate.rows} x ${estimate.cols}.`,
    );
  }
  return matrixInput(estimate);
}

/** left right^T in blocks of rows: written as they come, and the event loop turns in between. */
function* products({ left, right }: Factors): Generator<Float64Array, void, undefined> {
  const { rows, cols: rank, data: l } = left;
  const { rows: cols, data: r } = right;
  const block = Math.max(1, Math.floor(2 ** 22 / Math.max(1, cols * rank)));
  for (let first = 0; first < rows; first += block) {
    const count = Math.min(block, rows - first);
    const out = new Float64Array(count * cols);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < cols; j++) {
        let sum = 0;
        // In bounds: both factors have rank columns.
        for (let k = 0; k < rank; k++) sum += l[(first + i) * rank + k]! * r[j * rank + k]!;
        out[i * cols + j] = sum;
      }
    }
    yield out;
  }
}

export function toJson(info: unknown): string {
  const text = JSON.stringify(info, (_, value: unknown) =>
    ArrayBuffer.isView(value) && !(value instanceof DataView)
      ? Array.from(value as unknown as ArrayLike<number>)
      : value,
  ) as string | undefined;
  return text ?? 'null';
}
