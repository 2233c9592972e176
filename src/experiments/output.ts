/** The result of an experiment as text: the JSON document that is printed and kept, and its trace as CSV. */
import { formatSetting } from './parameters';
import type { ExperimentResult } from './runner';

/** One JSON document. Numbers that JSON does not know (NaN where a law has no prediction) are null in it. */
export function resultDocument(result: ExperimentResult): Record<string, unknown> {
  const { name, accepted, checks, parameters, seconds, seed, quick, threads, title, claim, source } = result;
  const { table, notes, versions } = result;
  return {
    name,
    accepted,
    checks,
    parameters,
    seconds,
    seed,
    quick,
    threads,
    title,
    claim,
    source,
    table,
    notes,
    versions,
  };
}

/** RFC 4180 with a header line; numbers with all their digits, nothing where a value is missing. */
export function traceCsv({ trace }: Pick<ExperimentResult, 'trace'>): string {
  const names = Object.keys(trace);
  const columns = Object.values(trace);
  const lines = [names.map(csvField).join(',')];
  const length = columns[0]?.length ?? 0;
  for (let row = 0; row < length; row++) {
    lines.push(columns.map((column) => csvNumber(column[row] ?? NaN)).join(','));
  }
  return `${lines.join('\n')}\n`;
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : '';
}

/** The command that repeats the run; only what differs from the defaults is said. */
export function repeatCommand(
  { name, quick, seed, threads }: Pick<ExperimentResult, 'name' | 'quick' | 'seed' | 'threads'>,
  set: Readonly<Record<string, number | readonly number[]>>,
): string {
  const words = ['lowrank', 'experiment', 'run', name];
  for (const [key, value] of Object.entries(set)) words.push('--set', `${key}=${formatSetting(value)}`);
  if (quick) words.push('--quick');
  words.push('--seed', String(seed));
  if (threads > 1) words.push('--threads', String(threads));
  return words.join(' ');
}
