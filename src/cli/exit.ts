/** Exit codes, and how an error becomes one line on stderr and one of these codes. */
import { LowrankError } from '../errors';

export const ExitCode = {
  /** Done and accepted. */
  ok: 0,
  /** It ran, but it did not converge, or the answer is not to be trusted, or a check failed. */
  notAccepted: 1,
  /** Bad usage or bad input. */
  badInput: 2,
  /** A fault of this program or of its installation. */
  fault: 3,
} as const;

/** Thrown by the command line itself for wrong usage; its message says what, where and what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The reason of an abort that a signal caused. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor(readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
  }

  /** 128 + the signal's number, as shells expect it. */
  get exitCode(): number {
    return { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }[this.signal];
  }
}

/** What the system says about files and memory, in words. Anything not named here is a fault. */
const systemErrors: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder, a file was expected',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EFBIG: 'the file is too large for the file system',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  EIO: 'input or output error of the device',
};

export interface Ending {
  readonly code: number;
  readonly line: string;
}

export function endingOf(error: unknown): Ending {
  if (error instanceof Interrupted) return { code: error.exitCode, line: error.message };
  if (error instanceof UsageError) return { code: ExitCode.badInput, line: error.message };
  if (error instanceof LowrankError) {
    switch (error.code) {
      case 'INVALID_ARGUMENT':
      case 'NON_FINITE':
      case 'BAD_FILE':
      case 'TOO_LARGE':
        return { code: ExitCode.badInput, line: error.message };
      case 'OUT_OF_MEMORY':
        // The advice to set maxMemory is for callers of the library; there is no such flag.
        return { code: ExitCode.badInput, line: error.message.replace(/ Set maxMemory .*$/s, '') };
      case 'NUMERICAL':
        return { code: ExitCode.notAccepted, line: error.message };
      case 'ADDON':
        return { code: ExitCode.fault, line: error.message };
      case 'BUSY':
      case 'INTERNAL':
        return { code: ExitCode.fault, line: describeFault(error) };
    }
  }
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : systemErrors[code];
  if (words !== undefined) return { code: ExitCode.badInput, line: path === undefined ? words : `${path}: ${words}` };
  return { code: ExitCode.fault, line: describeFault(error) };
}

/** One line about something that should not have happened; LOWRANK_DEBUG=1 adds where it did. */
export function describeFault(error: unknown): string {
  const what = error instanceof Error ? error.message : String(error);
  const where = process.env['LOWRANK_DEBUG'] && error instanceof Error ? ` [${error.stack ?? ''}]` : '';
  return oneLine(
    `internal fault: ${what}${/[.!?]$/.test(what) ? '' : '.'} Please report this line with your command and the output of ` +
      `"lowrank doctor --json"; LOWRANK_DEBUG=1 shows where it happened.${where}`,
  );
}

const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/g;

/** Errors are one line each, whatever a message contains; control characters must not reach the terminal. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(controlCharacters, '?').trim();
}
