/**
 * Validation of what users pass in, by hand: one sentence per mistake, in the form "Expected a positive integer for rank
 * but received 0 of type number.", and unknown options are errors that name the nearest known one. Every function
 * returns the checked value, so that a caller reads as a list of assignments.
 */
import { types } from 'node:util';
import { invalid, LowrankError, received } from './errors';
import { Matrix } from './matrix';

/** Number of single-character insertions, deletions and replacements that turn `a` into `b`. O(|a| |b|). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The known name most like `name`, or undefined when none is near enough to be a misspelling of it. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.slice(0, 60).toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  // A third of the letters wrong (but at least two) still looks like a slip of the keyboard.
  return bestDistance <= Math.max(2, Math.floor(wanted.length / 3)) ? best : undefined;
}

/**
 * Checks that `value` is an options object with no key outside `known`.
 *
 * @param hints names that other libraries use, and what they are called here
 * @throws LowrankError INVALID_ARGUMENT
 */
export function optionsObject(
  value: unknown,
  name: string,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw invalid('an options object', name, value);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const hint = Object.hasOwn(hints, key) ? hints[key] : nearestName(key, known);
    const advice = hint === undefined ? `Known options: ${known.join(', ')}.` : `Did you mean "${hint}"?`;
    throw new LowrankError('INVALID_ARGUMENT', `Unknown option "${key.slice(0, 60)}" for ${name}. ${advice}`);
  }
  return value as Record<string, unknown>;
}

/** An integer from `least` to `most`. */
export function integer(value: unknown, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  if (most !== Number.MAX_SAFE_INTEGER) throw invalid(`an integer from ${least} to ${most}`, name, value);
  const sort = least === 0 ? 'non-negative' : least === 1 ? 'positive' : undefined;
  throw invalid(sort === undefined ? `an integer of at least ${least}` : `a ${sort} integer`, name, value);
}

/** An integer of at least 1; the message says "positive integer" also when it is too large, and names the limit then. */
export function positiveInteger(value: unknown, name: string, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > most) {
    throw invalid(`a positive integer of at most ${most}`, name, value);
  }
  return integer(value, name, 1);
}

/** A seed of the random streams: an integer from 0 to 2^53 - 1. */
export function seed(value: unknown, name: string): number {
  return integer(value, name, 0);
}

/** A finite number greater than zero. */
export function positiveNumber(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value;
  throw invalid('a positive finite number', name, value);
}

/** A finite number of at least zero. */
export function nonNegativeNumber(value: unknown, name: string): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value;
  throw invalid('a non-negative finite number', name, value);
}

/** A finite number of at least `least`. */
export function numberAtLeast(value: unknown, name: string, least: number): number {
  if (typeof value === 'number' && value >= least && value < Infinity) return value;
  throw invalid(`a finite number of at least ${least}`, name, value);
}

/** A number strictly between 0 and 1. */
export function fraction(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 0 && value < 1) return value;
  throw invalid('a number between 0 and 1 (both excluded)', name, value);
}

export function boolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid('a boolean', name, value);
}

/** One of a fixed list of strings; the message lists them and names the nearest. */
export function oneOf<T extends string>(value: unknown, name: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  const error = invalid(choices.length === 1 ? list : `one of ${list}`, name, value);
  const near = typeof value === 'string' ? nearestName(value, choices) : undefined;
  if (near === undefined) throw error;
  throw new LowrankError('INVALID_ARGUMENT', `${error.message} Did you mean '${near}'?`);
}

export function optionalFunction(value: unknown, name: string): ((argument: never) => void) | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'function') throw invalid('a function', name, value);
  return value as (argument: never) => void;
}

/** An AbortSignal, told by what is used of it, so that one of another realm or a polyfill passes too. */
export function optionalSignal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined) return undefined;
  const signal = value as Partial<AbortSignal> | null | undefined;
  if (
    typeof signal !== 'object' ||
    signal === null ||
    typeof signal.aborted !== 'boolean' ||
    typeof signal.addEventListener !== 'function' ||
    typeof signal.throwIfAborted !== 'function'
  ) {
    throw invalid('an AbortSignal', name, value);
  }
  return value as AbortSignal;
}

/** [n1, n2], both at least 1, whose product is a safe integer. */
export function shape(value: unknown, name: string): [number, number] {
  if (!Array.isArray(value) || value.length !== 2) throw invalid('a pair [n1, n2]', name, value);
  const rows = positiveInteger(value[0], `${name}[0]`);
  const cols = positiveInteger(value[1], `${name}[1]`);
  if (!Number.isSafeInteger(rows * cols)) {
    throw new LowrankError('TOO_LARGE', `Expected n1 * n2 below 2^53 for ${name} but received [${rows}, ${cols}].`);
  }
  return [rows, cols];
}

/** Told by the engine, not by `instanceof`: arrays of another realm (vm contexts, test runners) are as good. */
export function isFloatArray(value: unknown): value is Float64Array | Float32Array {
  return types.isFloat64Array(value) || types.isFloat32Array(value);
}

/** Index of the first number that is not finite, or -1. */
export function firstNonFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/**
 * A vector of finite numbers as a fresh Float64Array: the copy is what is checked, so that nobody can change it between.
 *
 * @param length what its length must be, and what that length is called in a message
 */
export function vector(
  value: unknown,
  name: string,
  length?: { readonly is: number; readonly why: string },
): Float64Array {
  if (!isFloatArray(value) && !Array.isArray(value)) {
    throw invalid('a Float64Array, a Float32Array or an array of numbers', name, value);
  }
  if (length !== undefined && value.length !== length.is) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected ${length.is} numbers (${length.why}) for ${name} but received ${value.length}.`,
    );
  }
  if (Array.isArray(value)) {
    const wrong = value.findIndex((entry) => typeof entry !== 'number');
    if (wrong >= 0) throw invalid('a number', `${name}[${wrong}]`, value[wrong]);
  }
  const copy = Float64Array.from(value as ArrayLike<number>);
  const index = firstNonFinite(copy);
  if (index >= 0) throw nonFinite(`${name}[${index}]`, copy[index]);
  return copy;
}

/** A Matrix, of a given shape where one is asked for. Its entries are not scanned: native code does that. */
export function matrix(value: unknown, name: string, rows?: number, cols?: number): Matrix {
  if (!(value instanceof Matrix)) throw invalid('a Matrix', name, value);
  if (value.data.length !== value.rows * value.cols) {
    // A transferred or shrunk buffer: the array no longer has what it had when the matrix was made.
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected ${value.rows * value.cols} numbers behind ${name} but its array now holds ${value.data.length}.`,
    );
  }
  if ((rows !== undefined && value.rows !== rows) || (cols !== undefined && value.cols !== cols)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected a ${rows ?? 'any'} x ${cols ?? 'any'} matrix for ${name} but received ${value.rows} x ${value.cols}.`,
    );
  }
  return value;
}

/** A Matrix from a Matrix or from nested arrays, copied, of the given shape and finite. */
export function matrixCopy(value: unknown, name: string, rows: number, cols: number): Matrix {
  let source: Matrix;
  if (value instanceof Matrix) source = matrix(value, name, rows, cols);
  else if (Array.isArray(value)) {
    if (value.length !== rows) {
      throw new LowrankError('INVALID_ARGUMENT', `Expected ${rows} rows for ${name} but received ${value.length}.`);
    }
    const data = new Float64Array(rows * cols);
    value.forEach((row: unknown, i) => {
      data.set(vector(row, `${name}[${i}]`, { is: cols, why: 'one per column' }), i * cols);
    });
    return new Matrix(data, rows, cols);
  } else throw invalid('a Matrix or nested arrays', name, value);
  const data = Float64Array.from(source.data);
  const index = firstNonFinite(data);
  if (index >= 0) throw nonFinite(`${name}[${Math.floor(index / cols)}, ${index % cols}]`, data[index]);
  return new Matrix(data, rows, cols);
}

/** As `invalid`, with words for what was received where its type says nothing: "[3, 2]" for a shape. */
export function refused(expected: string, name: string, got: string): LowrankError {
  return new LowrankError('INVALID_ARGUMENT', `Expected ${expected} for ${name} but received ${got}.`);
}

/** The shape of a symmetric problem. */
export function requireSquare([rows, cols]: readonly [number, number], name: string): void {
  if (rows !== cols) throw refused('n1 = n2 (symmetric)', name, `[${rows}, ${cols}]`);
}

export function nonFinite(place: string, value: unknown): LowrankError {
  return new LowrankError('NON_FINITE', `Expected a finite number at ${place} but ${received(value)}.`);
}
