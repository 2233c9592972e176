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
export function fromNative(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof LowrankError) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string' || !CODES.includes(code)) return error;
  return new LowrankError(code as ErrorCode, error.message, { cause: error });
}

/** Runs a native call; its stack then begins here, in JavaScript, at the line of the caller. */
export function callNative<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}
