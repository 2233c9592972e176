/** Reading columns of a trace, with an error that names the nearest one, or says what to record, when one is missing. */
import { isFloatArray, nearestName } from '../checks';
import { invalid, LowrankError } from '../errors';
import type { Trace } from '../solvers/result';

/**
 * The columns asked for and `iteration`, all of one length (0 is allowed). They are not copied.
 *
 * @param purpose what needs them, for the message: "phases with the truth"
 * @throws LowrankError INVALID_ARGUMENT for something that is no trace, and for columns that it lacks
 */
export function traceColumns<T extends string>(
  trace: unknown,
  names: readonly T[],
  purpose: string,
): Record<T | 'iteration', ArrayLike<number>> {
  const columns = columnsOf(trace);
  const wanted: (T | 'iteration')[] = ['iteration', ...names];
  const missing = wanted.filter((name) => !Object.hasOwn(columns, name));
  if (missing.length > 0) throw missingColumns(missing, Object.keys(columns), purpose);
  const length = (columns['iteration'] as ArrayLike<number> | undefined)?.length ?? 0;
  const entries = wanted.map((name) => {
    const column = columns[name];
    if (!isFloatArray(column) && !Array.isArray(column))
      throw invalid('an array of numbers', `column '${name}'`, column);
    if (column.length === length) return [name, column as ArrayLike<number>];
    const message = `Expected ${length} values, as in 'iteration', for column '${name}' but received ${column.length}.`;
    throw new LowrankError('INVALID_ARGUMENT', message);
  });
  return Object.fromEntries(entries) as Record<T | 'iteration', ArrayLike<number>>;
}

/** True when the trace has all of the columns. */
export function hasColumns(trace: unknown, names: readonly string[]): boolean {
  const columns = columnsOf(trace);
  return names.every((name) => Object.hasOwn(columns, name));
}

function columnsOf(trace: unknown): Readonly<Record<string, unknown>> {
  const columns = typeof trace === 'object' && trace !== null ? (trace as Partial<Trace>).columns : undefined;
  if (typeof columns !== 'object') throw invalid('a trace (run.trace)', 'trace', trace);
  return columns;
}

function missingColumns(missing: readonly string[], present: readonly string[], purpose: string): LowrankError {
  const names = missing.map((name) => `'${name.slice(0, 60)}'`).join(', ');
  const near = missing.map((name) => nearestName(name, present)).filter((name) => name !== undefined);
  const advice =
    near.length > 0
      ? `Did you mean ${[...new Set(near)].map((name) => `'${name}'`).join(', ')}?`
      : `Record ${missing.length === 1 ? 'it' : 'them'}: record: { columns: [${names}] } in solve().`;
  const has = present.length > 0 ? present.join(', ') : 'no columns';
  return new LowrankError(
    'INVALID_ARGUMENT',
    `The trace has no column ${names}, needed for ${purpose}; it has ${has}. ${advice}`,
  );
}
