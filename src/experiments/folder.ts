/** The folder of an experiment's results: there as a whole or not at all, and never over anything else. */
import { randomBytes } from 'node:crypto';
import { constants, renameSync, rmSync } from 'node:fs';
import { access, lstat, mkdir, open, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { LowrankError } from '../errors';

export const outputFiles = ['result.json', 'trace.csv', 'figure.svg', 'figure.png', 'report.html'] as const;
export type OutputFile = (typeof outputFiles)[number];

/** A result.json of ours is far smaller; nothing larger is read to find out. */
const mostBytes = 64e6;

/**
 * Checks, before anything is computed, that results of `experiment` may go to `path`: nothing is there, or an empty folder,
 * or what an earlier run of the same experiment wrote and nobody added to.
 *
 * @throws LowrankError BAD_FILE
 */
export async function checkOutputFolder(path: string, experiment: string): Promise<void> {
  const target = await resolveFolder(path);
  const parent = dirname(target);
  const found = await stat(parent).catch(() => undefined);
  if (!found) throw refuse(path, `the folder ${parent} does not exist`);
  if (!found.isDirectory()) throw refuse(path, `${parent} is not a folder`);
  await access(parent, constants.W_OK).catch(() => {
    throw refuse(path, `the folder ${parent} cannot be written to`);
  });
  await checkReplaceable(path, target, experiment);
}

/**
 * Writes `files` to a new folder beside `path`, flushes them, and puts it at the place of `path` in one step. On failure
 * or when `signal` aborts, and when the process exits meanwhile, the new folder is removed and the old one untouched.
 *
 * @throws LowrankError BAD_FILE; `signal.reason`; what the system says
 */
export async function writeOutputFolder(
  path: string,
  experiment: string,
  files: Readonly<Partial<Record<OutputFile, string | Uint8Array>>>,
  signal?: AbortSignal,
): Promise<void> {
  const target = await resolveFolder(path);
  const sibling = (end: string): string =>
    join(dirname(target), `.${basename(target).slice(0, 100)}.${process.pid}.${randomBytes(6).toString('hex')}.${end}`);
  const fresh = sibling('tmp');
  const removeFresh = (): void => {
    rmSync(fresh, { recursive: true, force: true });
  };
  process.on('exit', removeFresh);
  try {
    await mkdir(fresh);
    for (const [name, content] of Object.entries(files)) {
      signal?.throwIfAborted();
      await writeFlushed(join(fresh, name), content);
    }
    await syncFolder(fresh);
    signal?.throwIfAborted();
    // Again, for what happened since the run began.
    await checkReplaceable(path, target, experiment);
    const old = (await lstat(target).catch(() => undefined)) === undefined ? undefined : sibling('old');
    signal?.throwIfAborted();
    putInPlace(fresh, target, old);
    if (old !== undefined) await rm(old, { recursive: true, force: true });
    await syncFolder(dirname(target));
  } finally {
    removeFresh();
    process.off('exit', removeFresh);
  }
}

/** Synchronous, so that nothing of this process comes between the two renames; a folder cannot replace a full one in one. */
function putInPlace(fresh: string, target: string, old: string | undefined): void {
  if (old !== undefined) renameSync(target, old);
  try {
    renameSync(fresh, target);
  } catch (error) {
    if (old !== undefined) renameSync(old, target);
    throw error;
  }
}

/** Through a symbolic link to a folder; the link stays. */
async function resolveFolder(path: string): Promise<string> {
  const given = resolve(path);
  const link = await lstat(given).catch(() => undefined);
  if (!link?.isSymbolicLink()) return given;
  return realpath(given).catch(() => {
    throw refuse(path, 'it is a symbolic link that leads nowhere');
  });
}

async function checkReplaceable(path: string, target: string, experiment: string): Promise<void> {
  const found = await lstat(target).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isDirectory()) throw refuse(path, 'it is not a folder');
  const names = await readdir(target);
  if (names.length === 0) return;
  const foreign = names.find((name) => !(outputFiles as readonly string[]).includes(name));
  if (foreign !== undefined) {
    throw refuse(path, `it is a folder that holds something else (${JSON.stringify(foreign)}), which would be lost`);
  }
  const made = await madeBy(join(target, 'result.json'));
  if (made === experiment) return;
  throw refuse(path, made === undefined ? 'it is not the result of an experiment' : `it holds the result of ${made}`);
}

/** The experiment whose result a file holds. */
async function madeBy(file: string): Promise<string | undefined> {
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > mostBytes) return undefined;
    const document = JSON.parse(await readFile(file, 'utf8')) as { name?: unknown; checks?: unknown } | null;
    return Array.isArray(document?.checks) && typeof document.name === 'string' ? document.name : undefined;
  } catch {
    return undefined;
  }
}

async function writeFlushed(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes names durable. Some file systems cannot; the files are whole either way. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // Durability of the names only: not worth failing a result that is in place.
  }
}

function refuse(path: string, why: string): LowrankError {
  return new LowrankError(
    'BAD_FILE',
    `Expected a new folder, an empty one or an earlier result of the same experiment for --out ${path}, but ${why}.`,
  );
}
