/**
 * Files that are either the old one or the new one, whole: what is written goes to a new file beside the target, is
 * flushed to the disk, and takes the target's place by a rename.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { lstat, open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { LowrankError } from '../errors';
import { isErrorLike, systemFault } from './fault';

/** Temporary files that exist now; removed too when the process exits in the middle of a write. */
const pending = new Set<string>();

function removePending(): void {
  for (const path of pending) rmSync(path, { force: true });
}

function track(path: string): void {
  if (pending.size === 0) process.on('exit', removePending);
  pending.add(path);
}

function untrack(path: string): void {
  pending.delete(path);
  if (pending.size === 0) process.off('exit', removePending);
}

function isMissing(error: unknown): boolean {
  return isErrorLike(error) && error.code === 'ENOENT';
}

/** Where the bytes go and with which permissions: through a symbolic link, never over a device or a directory. */
async function resolveTarget(path: string): Promise<{ target: string; mode: number | null }> {
  try {
    const target = await realpath(path);
    const found = await stat(target);
    if (!found.isFile()) {
      throw new LowrankError('BAD_FILE', `${path}: expected a file to replace but found ${whatIs(found)}.`);
    }
    return { target, mode: found.mode & 0o777 };
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  // realpath misses a link that leads nowhere as well: a rename would silently replace the link.
  const dangling = await lstat(path).catch(() => null);
  if (dangling !== null) throw new LowrankError('BAD_FILE', `${path}: is a symbolic link that leads nowhere.`);
  return { target: path, mode: null };
}

function whatIs(found: { isDirectory(): boolean }): string {
  return found.isDirectory() ? 'a directory' : 'a device, pipe or socket';
}

/**
 * Runs `write` on a new file beside `path`, flushes it and renames it to `path`. When anything fails, or `write`
 * throws, the temporary file is removed and what was at `path` before is untouched. An existing file keeps its
 * permissions; a symbolic link is followed.
 * @throws LowrankError BAD_FILE with the system's reason; what `write` throws on purpose (a LowrankError, or the reason
 *   of an aborted signal) passes unchanged.
 */
export async function writeAtomically(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  let temporary: string | null = null;
  try {
    const { target, mode } = await resolveTarget(path);
    temporary = join(
      dirname(target),
      `.${basename(target).slice(0, 100)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`,
    );
    track(temporary);
    // 'x': never through a file or link that somebody put there.
    const file = await open(temporary, 'wx');
    try {
      await write(file);
      if (mode !== null) await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
    untrack(temporary);
    temporary = null;
    await syncDirectory(dirname(target));
  } catch (error) {
    if (temporary !== null) {
      await rm(temporary, { force: true }).catch(() => undefined);
      untrack(temporary);
    }
    throw isSystemError(error) ? systemFault(path, 'written', error) : error;
  }
}

/** Makes the rename itself durable. Some file systems cannot; the file is whole either way. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch {
    // Durability of the name only: not worth failing a result that is in place.
  }
}

function isSystemError(error: unknown): boolean {
  return isErrorLike(error) && typeof (error as { syscall?: unknown }).syscall === 'string';
}

/** Writes all of `bytes` at `position`; one call to the system takes less than 2 GiB and may write less than asked. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  const most = 1 << 30;
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(most, bytes.length - done), position + done);
    done += bytesWritten;
  }
}

/**
 * Writes a text (as UTF-8) or bytes to `path`: see {@link writeAtomically}.
 * @throws LowrankError BAD_FILE when the system refuses.
 */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  await writeAtomically(path, (file) => writeFully(file, bytes, 0));
}
