/** result.npz of a recovered vector. */
import type { Trace } from '../solvers/result';
import type { Vector } from '../vector';
import { writeNpz, type NpzInput, type WriteNpzOptions } from './npz-write';
import { toJson } from './result-file';

export interface VectorResultContent {
  readonly estimate: Vector;
  readonly trace?: Trace;
  /** Anything that JSON can hold. */
  readonly info: unknown;
}

/**
 * Writes `x` (n), float64 or complex128; the trace as `trace_<column>`; `info`, JSON text (UTF-8) as bytes. Whole or not at
 * all: see {@link writeNpz}.
 * @throws LowrankError BAD_FILE when the system refuses
 */
export async function writeVectorResultFile(
  path: string,
  { estimate, trace, info }: VectorResultContent,
  options: WriteNpzOptions = {},
): Promise<void> {
  const kind = estimate.field === 'complex' ? 'complex128' : 'float64';
  const arrays: Record<string, NpzInput> = { x: { kind, shape: [estimate.length], data: estimate.data } };
  for (const [name, column] of Object.entries(trace?.columns ?? {})) {
    arrays[`trace_${name}`] = { kind: 'float64', shape: [column.length], data: column };
  }
  const json = new Uint8Array(Buffer.from(toJson(info), 'utf8'));
  arrays['info'] = { kind: 'uint8', shape: [json.length], data: json };
  await writeNpz(path, arrays, options);
}
