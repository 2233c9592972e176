/** How the readers of this room say what is wrong with a file. */
import { LowrankError } from '../errors';

/** `where` is the file, or the file and the array: "problem.npz: array y". */
export function badFile(where: string, what: string, cause?: unknown): LowrankError {
  return new LowrankError('BAD_FILE', `${where}: ${what}.`, cause === undefined ? undefined : { cause });
}

/** What the operating system refused, in its own words: "no such file or directory". */
export function systemFault(where: string, doing: string, error: unknown): LowrankError {
  const text = error instanceof Error || isErrorLike(error) ? error.message : String(error);
  return badFile(where, `could not be ${doing} (${text})`, error);
}

/** Errors of other realms (jest, worker threads) are not `instanceof Error`. */
export function isErrorLike(error: unknown): error is { message: string; code?: unknown } {
  return typeof error === 'object' && error !== null && typeof (error as { message?: unknown }).message === 'string';
}

/** As NumPy prints a shape: (), (3,), (2, 3). */
export function formatShape(shape: readonly number[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
}

/** A text out of a file as it may appear in a message: quoted, short, without control characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

/**
 * The buffer for `bytes` that a file really holds.
 * @throws LowrankError OUT_OF_MEMORY when this machine cannot give them.
 */
export function allocate(bytes: number, where: string): ArrayBuffer {
  try {
    return new ArrayBuffer(bytes);
  } catch (error) {
    throw new LowrankError('OUT_OF_MEMORY', `${where}: could not allocate ${bytes} bytes.`, { cause: error });
  }
}
