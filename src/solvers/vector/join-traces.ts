/** The traces of several fits as one. */
import type { Trace } from '../result';

export interface TracePart {
  readonly stage: 'search' | 'refinement';
  readonly trace: Trace;
}

/** Numbers of column `stage`, as in traces of matrix recoveries. */
const STAGE_NUMBERS: Readonly<Record<TracePart['stage'], number>> = { search: 0, refinement: 2 };

/** One below the other, with a column `stage`; what a part did not record is NaN. */
export function joinVectorTraces(parts: readonly TracePart[]): Trace {
  const names = new Set(['iteration', 'stage', ...parts.flatMap(({ trace }) => Object.keys(trace.columns))]);
  const length = parts.reduce((sum, { trace }) => sum + trace.length, 0);
  const columns = Object.fromEntries([...names].map((name) => [name, new Float64Array(length).fill(NaN)]));
  let row = 0;
  for (const { stage, trace } of parts) {
    for (const [name, values] of Object.entries(trace.columns)) columns[name]!.set(values, row);
    columns['stage']!.fill(STAGE_NUMBERS[stage], row, row + trace.length);
    row += trace.length;
  }
  return { length, columns };
}
