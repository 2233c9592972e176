/** What is written down along the iterations: option `record`, and the trace made of it. */
import * as check from '../checks';
import { LowrankError } from '../errors';
import { native } from '../load';
import type { NativeRun } from '../native';
import type { Trace } from './result';

/**
 * - `trainLoss`: 1/4 (symmetric) or 1/2 (asymmetric) ||A(X) - y||^2 over the training rows; `residual`: ||A(X) - y|| / ||y||
 *   over them; `validationResidual`: the same over the held-out rows. With y = 0 the absolute norm.
 * - `gradientNorm`: of the gradient of the loss, both factors together; `step`: the step size taken to get here.
 * - `passes`: how often the measurement matrices have been read.
 * - `testError`: ||X - X*||_F / ||X*||_F; costs O(n1 n2 rank) each time.
 */
export type RecordColumn =
  'trainLoss' | 'residual' | 'validationResidual' | 'gradientNorm' | 'step' | 'passes' | 'testError';

export interface RecordOptions {
  /** Record iterations 0, every, 2 every, ... and the last; 0: only the first and the last. Default 1. */
  readonly every?: number | undefined;
  /**
   * Default: `trainLoss` and `residual`, `validationResidual` where measurements are held out, `testError` where the
   * truth is known. `iteration` is always there besides.
   */
  readonly columns?: readonly RecordColumn[] | undefined;
}

export interface ResolvedRecord {
  readonly every: number;
  readonly columns: readonly RecordColumn[];
}

/** Names of all columns that a run can record. */
export function recordColumns(): readonly RecordColumn[] {
  return native.buildInfo().recordColumns as RecordColumn[];
}

const NEEDS_TRUTH = ['testError'];
const NEEDS_HELD_OUT = ['validationResidual'];

/** @throws LowrankError INVALID_ARGUMENT; also for a column that needs what the problem does not have */
export function resolveRecord(value: unknown, hasTruth: boolean, hasHeldOut: boolean): ResolvedRecord {
  const given = value === undefined ? {} : check.optionsObject(value, 'record', ['every', 'columns']);
  const every = given['every'] === undefined ? 1 : check.integer(given['every'], 'record.every', 0);
  const known = recordColumns();
  if (given['columns'] === undefined) {
    const usual: RecordColumn[] = ['trainLoss', 'residual'];
    if (hasHeldOut) usual.push('validationResidual');
    if (hasTruth) usual.push('testError');
    return { every, columns: usual };
  }
  const asked = given['columns'];
  if (!Array.isArray(asked)) throw invalidColumns(asked);
  const columns = asked.map((name: unknown, i) => check.oneOf(name, `record.columns[${i}]`, known));
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined)
    throw new LowrankError('INVALID_ARGUMENT', `Column '${twice}' occurs twice in record.columns.`);
  refuse(columns, NEEDS_TRUTH, hasTruth, 'a problem whose truth is known');
  refuse(columns, NEEDS_HELD_OUT, hasHeldOut, 'held-out measurements: set holdOut');
  return { every, columns };
}

function refuse(columns: readonly string[], needing: readonly string[], present: boolean, what: string): void {
  const column = present ? undefined : columns.find((name) => needing.includes(name));
  if (column !== undefined) throw new LowrankError('INVALID_ARGUMENT', `Recorded column '${column}' needs ${what}.`);
}

function invalidColumns(value: unknown): LowrankError {
  return new LowrankError(
    'INVALID_ARGUMENT',
    `Expected an array of column names for record.columns but received ${value === null ? 'null' : typeof value}.`,
  );
}

/** Collects what each advance recorded and joins it to one trace. */
export class Recorder {
  readonly #columns: readonly string[];
  readonly #blocks: Float64Array[] = [];
  #rows = 0;
  #lastIteration = -1;

  constructor(columns: readonly string[]) {
    this.#columns = ['iteration', ...columns];
  }

  /** Copies the rows of the latest advance out of the run. */
  take(run: NativeRun, rows: number): void {
    if (rows === 0) return;
    const block = new Float64Array(rows * this.#columns.length);
    run.readRecords(block);
    const width = this.#columns.length;
    // A run that goes on after an event begins with the iteration that the one before it ended with.
    const repeated = block[0] === this.#lastIteration;
    this.#blocks.push(repeated ? block.subarray(width) : block);
    this.#rows += repeated ? rows - 1 : rows;
    this.#lastIteration = block[block.length - width]!;
  }

  trace(): Trace {
    const width = this.#columns.length;
    const columns = this.#columns.map((name, c): [string, Float64Array] => {
      const out = new Float64Array(this.#rows);
      let at = 0;
      for (const block of this.#blocks) {
        for (let i = c; i < block.length; i += width) out[at++] = block[i]!;
      }
      return [name, out];
    });
    return { length: this.#rows, columns: Object.fromEntries(columns) };
  }
}
