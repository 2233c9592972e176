/** From the text of an argument to a checked value, and the checks on files that come before any work starts. */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import { nearestName } from '../checks';
import { UsageError } from './exit';

function refuse(expected: string, name: string, text: string): UsageError {
  return new UsageError(`Expected ${expected} for ${name} but received ${JSON.stringify(text.slice(0, 60))}.`);
}

export function parseInteger(name: string, least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  const kind = least === 1 ? 'a positive integer' : least === 0 ? 'a non-negative integer' : `an integer from ${least}`;
  const expected = most === Number.MAX_SAFE_INTEGER ? kind : `${kind} of at most ${most}`;
  return (text) => {
    const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < least || value > most) throw refuse(expected, name, text);
    return value;
  };
}

/** A decimal number, such as 4, 0.25 or 1e-3, within bounds: `most` included, `least` included unless `above`. */
export function parseNumber(
  name: string,
  bounds: {
    readonly least?: number;
    readonly above?: number;
    readonly most?: number;
    readonly infinity?: boolean;
  } = {},
): (text: string) => number {
  const { least = -Infinity, above = -Infinity, most = Infinity, infinity = false } = bounds;
  const kind =
    above === 0
      ? 'a positive number'
      : least === 0
        ? 'a non-negative number'
        : least > -Infinity
          ? `a number from ${least}`
          : 'a number';
  const limit = most < Infinity ? `${least > 0 || least < 0 ? ' to' : ' of at most'} ${most}` : '';
  const expected = `${kind}${limit}${infinity ? ' or "infinity"' : ''}`;
  return (text) => {
    if (infinity && /^inf(inity)?$/i.test(text)) return Infinity;
    const value = /^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : NaN;
    if (!(value >= least && value > above && value <= most && Number.isFinite(value)))
      throw refuse(expected, name, text);
    return value;
  };
}

/** A positive number of seconds, such as 90 or 1.5. */
export function parseSeconds(name: string): (text: string) => number {
  return (text) => {
    const value = /^[0-9]*\.?[0-9]+(e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : NaN;
    if (!(value > 0 && Number.isFinite(value))) throw refuse('a positive number of seconds', name, text);
    return value;
  };
}

export function parseChoice<T extends string>(name: string, choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    const nearest = nearestName(text, choices);
    const { message } = refuse(`one of ${choices.join(', ')}`, name, text);
    throw new UsageError(nearest === undefined ? message : `${message} Did you mean ${nearest}?`);
  };
}

/** A file name. What looks like an option is refused: `--out --json` would otherwise write a file called "--json". */
export function parseFile(name: string): (text: string) => string {
  return (text) => {
    if (text === '') throw refuse('a file name', name, text);
    if (text.startsWith('-')) {
      throw new UsageError(
        `Expected a file name after ${name} but found ${text}; a file of that name is written ./${text}.`,
      );
    }
    if (text.includes('\0')) throw refuse('a file name without NUL characters', name, text);
    return text;
  };
}

/** Checks that `path` is a regular file that may be read, before anything is done about it. */
export async function checkInput(path: string): Promise<void> {
  let kind;
  try {
    kind = await stat(path);
    await access(path, constants.R_OK);
  } catch (error) {
    throw fileError(path, 'problem file', error);
  }
  if (kind.isDirectory()) throw new UsageError(`${path}: expected a problem file (.npz) but this is a folder.`);
  if (!kind.isFile()) throw new UsageError(`${path}: expected a problem file (.npz) but this is not a regular file.`);
}

/**
 * Checks that a result can be written to `path` when the work is done: its folder is there and writable, and `path` is
 * neither a folder nor a device nor one of `others`, the files that the same command reads or writes, by what they are.
 */
export async function checkOutput(
  path: string,
  name: string,
  others: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const folder = dirname(resolve(path));
  try {
    if (!(await stat(folder)).isDirectory()) throw new UsageError(`${name} ${path}: ${folder} is not a folder.`);
    await access(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw fileError(folder, `${name} ${path}: the folder`, error);
  }
  for (const [what, other] of Object.entries(others)) {
    if (other === undefined || !(await sameFile(path, other))) continue;
    throw new UsageError(`Expected a file of its own for ${name} but received ${path}, which is the ${what}.`);
  }
  const existing = await stat(path).catch(() => undefined);
  if (!existing) return;
  if (existing.isDirectory()) throw new UsageError(`${name} ${path}: expected a file name but this is a folder.`);
  if (!existing.isFile())
    throw new UsageError(`${name} ${path}: expected a regular file but this is a device or pipe.`);
  try {
    await access(path, constants.W_OK);
  } catch (error) {
    throw fileError(path, name, error);
  }
}

/** Also through links and for files that are not there yet. */
async function sameFile(a: string, b: string): Promise<boolean> {
  if (resolve(a) === resolve(b)) return true;
  const [one, other] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)));
  if (one && other) return one.dev === other.dev && one.ino === other.ino;
  const [left, right] = await Promise.all([a, b].map((path) => realpath(dirname(resolve(path))).catch(() => '')));
  return left !== '' && left === right && basename(a) === basename(b);
}

function fileError(path: string, what: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new UsageError(`${what} ${path}: no such file or folder.`);
  if (code === 'ENOTDIR') return new UsageError(`${what} ${path}: a part of the path is not a folder.`);
  if (code === 'EACCES' || code === 'EPERM') return new UsageError(`${what} ${path}: permission denied.`);
  if (code === 'EROFS') return new UsageError(`${what} ${path}: the file system is read-only.`);
  return error as Error;
}
