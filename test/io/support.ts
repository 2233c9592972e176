/** What the tests of this room share: fixtures, a directory that goes away, zip archives made by hand. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LowrankError } from '../../src/errors';
import { crc32Portable } from '../../src/io/crc32';
import { encodeNpy, type NpyArray } from '../../src/io/npy';

export function fixture(name: string): string {
  return join(__dirname, 'fixtures', name);
}

export interface Expected {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly hex: string;
}

/** What NumPy said about its files: by file, then by array. */
export const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as Record<
  string,
  Record<string, Expected>
>;

export function hexOf(data: ArrayBufferView): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
}

const directories: string[] = [];

/** A new directory; removed after the test file. */
export function temporaryDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'lowrank-io-'));
  directories.push(made);
  return made;
}

afterAll(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function temporaryFile(bytes: string | Uint8Array, name = 'file.npz'): string {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, bytes);
  return path;
}

/** The LowrankError that a promise rejects with; anything else fails the test. */
export async function faultOf(promise: Promise<unknown>): Promise<LowrankError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof LowrankError) return error;
    throw error;
  }
  throw new Error('Expected a LowrankError but nothing was thrown.');
}

export interface HandMember {
  readonly name: string | Buffer;
  /** What is in the file. */
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** Claims; the truth by default. */
  readonly bytes?: number;
  readonly compressedBytes?: number;
  readonly crc32?: number;
  readonly offset?: number;
  readonly extra?: Buffer;
}

export interface HandArchive {
  readonly count?: number;
  readonly comment?: string;
  /** Bytes between the members and the directory. */
  readonly gap?: Buffer;
  /** In place of the end record. */
  readonly end?: (directory: Buffer, offset: number) => Buffer;
}

/** A zip archive made by hand, so that it can lie. */
export function handZip(members: readonly HandMember[], archive: HandArchive = {}): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = typeof member.name === 'string' ? Buffer.from(member.name) : member.name;
    const { data, method = 0, flags = 0, extra = Buffer.alloc(0) } = member;
    const sum = member.crc32 ?? crc32Portable(data);
    const sizes = [member.compressedBytes ?? data.length, member.bytes ?? data.length] as const;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(method, 8);
    local.writeUInt32LE(sum, 14);
    local.writeUInt32LE(sizes[0], 18);
    local.writeUInt32LE(sizes[1], 22);
    local.writeUInt16LE(name.length, 26);
    parts.push(local, name, Buffer.from(data));
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(sum, 16);
    entry.writeUInt32LE(sizes[0], 20);
    entry.writeUInt32LE(sizes[1], 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(member.offset ?? offset, 42);
    entries.push(entry, name, extra);
    offset += local.length + name.length + data.length;
  }
  if (archive.gap !== undefined) parts.push(archive.gap);
  offset += archive.gap?.length ?? 0;
  const directory = Buffer.concat(entries);
  const count = archive.count ?? members.length;
  const end = archive.end?.(directory, offset) ?? endRecord(count, directory.length, offset, archive.comment);
  return Buffer.concat([...parts, directory, end]);
}

export function endRecord(count: number, bytes: number, offset: number, comment = ''): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(Buffer.byteLength(comment), 20);
  return Buffer.concat([end, Buffer.from(comment)]);
}

/** The zip64 end record and its locator for a directory, then an end record that refers to them. */
export function endRecords64(count: bigint, bytes: bigint, offset: bigint, at: bigint): Buffer {
  const out = Buffer.alloc(56 + 20);
  out.writeUInt32LE(0x06064b50, 0);
  out.writeBigUInt64LE(44n, 4);
  out.writeBigUInt64LE(count, 24);
  out.writeBigUInt64LE(count, 32);
  out.writeBigUInt64LE(bytes, 40);
  out.writeBigUInt64LE(offset, 48);
  out.writeUInt32LE(0x07064b50, 56);
  out.writeBigUInt64LE(at, 64);
  out.writeUInt32LE(1, 72);
  return Buffer.concat([out, endRecord(0xffff, 0xffffffff, 0xffffffff)]);
}

export function npyOf(values: readonly number[], shape: readonly number[] = [values.length]): Buffer {
  const array: NpyArray = { kind: 'float64', shape, data: Float64Array.from(values) };
  return Buffer.from(encodeNpy(array));
}

/** A version 1 file with this header text, as is. */
export function npyWithHeader(text: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const start = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  start.writeUInt16LE(Buffer.byteLength(text, 'latin1'), 8);
  return Buffer.concat([start, Buffer.from(text, 'latin1'), data]);
}
