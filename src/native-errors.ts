/** Native code throws plain Errors with a `code`; users of the library meet {@link LowrankError} only. */
import { LowrankError, type ErrorCode } from './errors';

const CODES: readonly string[] = [
  'INVALID_ARGUMENT',
  'NON_FINITE',
  'NUMERICAL',
  'OUT_OF_MEMORY',
  'TOO_LARGE',
  'BUSY',
  'INTERNAL',
] satisfies readonly ErrorCode[];

/** The same error as a LowrankError with the native one as its cause; errors of other origin pass unchanged. */
export function fromNative(error: unknown): Error {
  // Not `instanceof Error`: the addon makes errors of the realm it was loaded in, which need not be this one.
  if (typeof error !== 'object' || error === null)
    return new LowrankError('INTERNAL', `Native code threw ${String(error)}.`);
  if (error instanceof LowrankError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || typeof message !== 'string' || !CODES.includes(code)) return error as Error;
  return new LowrankError(code as ErrorCode, message, { cause: error });
}

/** Runs a native call; its stack then begins here, in JavaScript, at the line of the caller. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}
