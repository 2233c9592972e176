/**
 * Reads the members of zip archives that may be hostile: stored and deflated, of any size, as a stream.
 *
 * Our own because the libraries do not fit: yauzl 3.4.0 crashes the process on a 42-byte file (a zip64 offset beyond
 * 2^53 throws inside its callback) and hands data out in small buffers; fflate has no zip64.
 * Bytes are counted as they come, never believed.
 */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createInflateRaw } from 'node:zlib';

import { LowrankError } from '../errors';
import { crc32 } from './crc32';
import { badFile, isErrorLike, quote, systemFault } from './fault';
import {
  ENCRYPTED,
  LOCAL_BYTES,
  readAt,
  readDirectory,
  readFully,
  U32,
  type ZipLimits,
  type ZipMember,
} from './zip-directory';

/** The content of one member from its beginning, once. Call one method at a time, and `close` at last. */
export interface ZipMemberReader {
  /** Fills all of `target` with the next bytes. @throws LowrankError BAD_FILE */
  fill(target: Uint8Array): Promise<void>;
  /** To be called after the last byte: nothing may follow, and the checksum must be right. @throws LowrankError BAD_FILE */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const LOCAL = 0x04034b50;
/** Pieces in which data are read: one is checksummed while the next is on its way. */
const PIECE = 2 ** 22;

/** An archive open for reading. */
export class ZipArchive {
  private constructor(
    readonly path: string,
    readonly members: readonly ZipMember[],
    /** Two archives opened at the same path are the same file, unchanged, when these are equal. */
    readonly identity: string,
    private readonly file: FileHandle,
  ) {}

  /**
   * Opens an archive and reads its directory.
   * @throws LowrankError BAD_FILE: not there, not a zip archive, cut off, or with something that is refused
   */
  static async open(path: string, limits: Partial<ZipLimits> = {}): Promise<ZipArchive> {
    let file: FileHandle;
    try {
      // Before opening: to open a pipe would wait for its other end.
      if (!(await stat(path)).isFile()) throw badFile(path, 'expected a file but found a directory or a device');
      file = await open(path, 'r');
    } catch (error) {
      throw asFault(path, error);
    }
    try {
      const { size, dev, ino, mtimeMs } = await file.stat();
      if (size === 0) throw badFile(path, 'the file is empty');
      const members = await readDirectory(file, size, path, limits);
      return new ZipArchive(path, members, [dev, ino, size, mtimeMs].join(':'), file);
    } catch (error) {
      await file.close();
      throw asFault(path, error);
    }
  }

  /** A reader at the beginning of a member; `where` names it in errors. */
  async read(member: ZipMember, where = `${this.path}: member ${quote(member.name)}`): Promise<ZipMemberReader> {
    try {
      const start = await dataOffset(this.file, member, where);
      return new Reader(
        member,
        where,
        member.deflated ? inflated(this.file, start, member, where) : stored(this.file, start, where),
      );
    } catch (error) {
      throw asFault(where, error);
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** What the system or zlib report becomes a fault of the file; anything else is a fault of ours and stays what it is. */
function asFault(where: string, error: unknown): unknown {
  const known = error instanceof LowrankError || !isErrorLike(error) || typeof error.code !== 'string';
  return known ? error : systemFault(where, 'read', error);
}

/** Where the content begins: the member's own header, which must agree with the directory, has a length of its own. */
async function dataOffset(file: FileHandle, member: ZipMember, where: string): Promise<number> {
  const header = await readAt(file, LOCAL_BYTES, member.headerOffset, where);
  const nameBytes = header.readUInt16LE(26);
  const start = member.headerOffset + LOCAL_BYTES + nameBytes + header.readUInt16LE(28);
  const flags = header.readUInt16LE(6);
  const sizesFollow = (flags & 8) !== 0;
  const agrees =
    header.readUInt32LE(0) === LOCAL &&
    (flags & ENCRYPTED) === 0 &&
    header.readUInt16LE(8) === (member.deflated ? 8 : 0) &&
    (sizesFollow || header.readUInt32LE(14) === member.crc32) &&
    (sizesFollow || [member.compressedBytes, U32].includes(header.readUInt32LE(18))) &&
    (sizesFollow || [member.bytes, U32].includes(header.readUInt32LE(22))) &&
    start + member.compressedBytes <= member.limitOffset;
  if (!agrees) throw badFile(where, 'malformed zip archive: its header and the directory differ');
  return start;
}

/** Bytes in order: fills the target, or throws. `ended` is true when nothing is left. */
interface Source {
  fill(target: Uint8Array): Promise<void>;
  ended(): Promise<boolean>;
  close(): Promise<void>;
}

/** Straight from the file into the target. */
function stored(file: FileHandle, start: number, where: string): Source {
  let position = start;
  return {
    fill: async (target) => {
      await readFully(file, target, position, where);
      position += target.length;
    },
    ended: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

async function* pieces(file: FileHandle, start: number, bytes: number): AsyncGenerator<Buffer> {
  const size = 2 ** 18;
  for (let done = 0; done < bytes;) {
    const piece = Buffer.allocUnsafe(Math.min(size, bytes - done));
    const { bytesRead } = await file.read(piece, 0, piece.length, start + done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** Through zlib on its own thread, a quarter of a MiB at a time; it waits when nobody asks. */
function inflated(file: FileHandle, start: number, member: ZipMember, where: string): Source {
  const stream = createInflateRaw({ chunkSize: 2 ** 18 });
  // The iterator below rejects with the same error.
  pipeline(pieces(file, start, member.compressedBytes), stream, () => undefined);
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Uint8Array = new Uint8Array(0);
  const refill = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    rest = next.value;
    return true;
  };
  return {
    fill: async (target) => {
      for (let done = 0; done < target.length;) {
        if (rest.length === 0 && !(await refill())) throw badFile(where, 'the compressed data end too early');
        const part = rest.subarray(0, target.length - done);
        target.set(part, done);
        rest = rest.subarray(part.length);
        done += part.length;
      }
    },
    ended: async () => {
      while (rest.length === 0) if (!(await refill())) return true;
      return false;
    },
    close: async () => {
      await iterator.return?.();
      stream.destroy();
    },
  };
}

class Reader implements ZipMemberReader {
  private left: number;
  private sum = 0;

  constructor(
    private readonly member: ZipMember,
    private readonly where: string,
    private readonly source: Source,
  ) {
    this.left = member.bytes;
  }

  async fill(target: Uint8Array): Promise<void> {
    if (target.length > this.left) throw badFile(this.where, 'the member ends too early');
    try {
      let next = this.piece(target, 0);
      for (let at = 0; at < target.length;) {
        const here = await next;
        at += here.length;
        next = this.piece(target, at);
        this.sum = crc32(here, this.sum);
      }
      await next;
      this.left -= target.length;
    } catch (error) {
      throw asFault(this.where, error);
    }
  }

  private async piece(target: Uint8Array, at: number): Promise<Uint8Array> {
    const here = target.subarray(at, at + PIECE);
    await this.source.fill(here);
    return here;
  }

  async finish(): Promise<void> {
    try {
      if (this.left !== 0 || !(await this.source.ended())) {
        throw badFile(this.where, `expected ${this.member.bytes} bytes but found more`);
      }
    } catch (error) {
      throw asFault(this.where, error);
    }
    if (this.sum !== this.member.crc32) throw badFile(this.where, 'the checksum is wrong: the data are damaged');
  }

  close(): Promise<void> {
    return this.source.close();
  }
}
