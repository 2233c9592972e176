/** Everything this library throws on purpose is a {@link LowrankError}; its `code` is for programs, its message for people. */

export type ErrorCode =
  /** An argument or option is wrong: the message says which, where and what was expected. */
  | 'INVALID_ARGUMENT'
  /** NaN or infinity where finite numbers are required. */
  | 'NON_FINITE'
  /** A file is malformed, truncated, of an unsupported kind, or lacks an array. */
  | 'BAD_FILE'
  /** The work would not fit in memory, or an allocation failed. */
  | 'OUT_OF_MEMORY'
  /** A dimension does not fit LAPACK's 32-bit integers. */
  | 'TOO_LARGE'
  /** LAPACK gave no finite answer. */
  | 'NUMERICAL'
  /** The object is at work, or was disposed. */
  | 'BUSY'
  /** The native addon could not be loaded. */
  | 'ADDON'
  /** A fault of this library. */
  | 'INTERNAL';

export class LowrankError extends Error {
  override readonly name = 'LowrankError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** "received 0 of type number": how every message ends that refuses a value. */
export function received(value: unknown): string {
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  if (type === 'number' || type === 'boolean' || type === 'bigint') return `received ${String(value)} of type ${type}`;
  if (typeof value === 'string') return `received ${JSON.stringify(value.slice(0, 60))} of type string`;
  if (ArrayBuffer.isView(value)) return `received a ${value.constructor.name}`;
  return `received ${type}`;
}

export function invalid(expected: string, name: string, value: unknown): LowrankError {
  return new LowrankError('INVALID_ARGUMENT', `Expected ${expected} for ${name} but ${received(value)}.`);
}
