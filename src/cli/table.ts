/** Results for people on the terminal: aligned names and values, a verdict in colour where the terminal has colours. */
import type { Verdict } from '../solvers/result';

/** Lines "name  value", the values aligned. */
export function alignedTable(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** A table under a line of names: the first column to the left, numbers to the right, as wide as they need. */
export function columnTable(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [names, ...rows];
  const widths = names.map((_, c) => Math.max(...all.map((row) => (row[c] ?? '').length)));
  const isNumber = (text: string): boolean => /^[<>= ]*[-+]?[0-9.]/.test(text);
  const numeric = names.map((_, c) => c > 0 && rows.some((row) => isNumber(row[c] ?? '')));
  return all
    .map((row) =>
      row
        .map((text, c) => (numeric[c] ? text.padStart(widths[c] ?? 0) : text.padEnd(widths[c] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const colourOf: Record<Verdict, number> = { trusted: 32, doubtful: 33, unidentifiable: 31 };

export function colouredVerdict(verdict: Verdict, stream: NodeJS.WriteStream): string {
  return coloured(verdict, colourOf[verdict], stream);
}

export function coloured(text: string, code: number, stream: NodeJS.WriteStream): string {
  const colours = stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
  return colours ? `\u001b[1;${code}m${text}\u001b[0m` : text;
}

/** Breaks a sentence into lines of at most `width` columns, each below `first` or, from the second on, `rest`. */
export function wrap(text: string, width: number, first = '', rest = ''): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest + word;
    } else {
      line += empty ? word : ` ${word}`;
    }
    empty = false;
  }
  return [...lines, line].join('\n');
}

/** One JSON document: indented for eyes, on one line for programs and logs. Infinity becomes null, as JSON has it. */
export function writeJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0)}\n`);
}
