/** Writes .npz files that NumPy reads: stored .npy members, zip64 where it is needed, whole or not at all. */
import type { FileHandle } from 'node:fs/promises';

import { LowrankError } from '../errors';
import { writeAtomically, writeFully } from './atomic';
import { crc32 } from './crc32';
import { formatShape, quote } from './fault';
import { checkElements, elementBytes, numberCount, type NpyData, type NpyDataByKind } from './npy';
import { encodeNpyHeader, kindBytes, type NpyKind } from './npy-header';
import { directory, localHeader, type WrittenMember } from './zip-write';

/** An array to write: its elements in C order at once, or piece by piece in typed arrays of any lengths. */
export type NpzInput = {
  [K in NpyKind]: {
    readonly kind: K;
    readonly shape: readonly number[];
    readonly data: NpyDataByKind[K] | Iterable<NpyDataByKind[K]> | AsyncIterable<NpyDataByKind[K]>;
  };
}[NpyKind];

export interface WriteNpzOptions {
  /** Ends the writing; nothing is left behind, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Bytes that are checksummed and handed to the system at a time. */
const PIECE = 2 ** 23;

/**
 * Writes arrays to `path`, in the order of the object's keys, uncompressed. What was at `path` is replaced only when
 * everything is on the disk; after an error, or an abort, it is untouched and nothing else is left. Do not change the
 * arrays until the promise settles.
 * @throws LowrankError INVALID_ARGUMENT when a name, or an array's kind, shape and data do not fit; BAD_FILE when the
 *   system refuses
 */
export async function writeNpz(
  path: string,
  arrays: Readonly<Record<string, NpzInput>>,
  options: WriteNpzOptions = {},
): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  for (const [name, { kind, shape, data }] of Object.entries(arrays)) checkInput(name, kind, shape, data);
  await writeAtomically(path, async (file) => {
    const written: WrittenMember[] = [];
    let offset = 0;
    for (const [name, array] of Object.entries(arrays)) {
      const member = await writeMember(file, name, array, offset, signal);
      written.push(member);
      offset += localHeader(member).length + member.bytes;
    }
    await writeFully(file, directory(written, offset), offset);
  });
}

function checkInput(name: string, kind: NpyKind, shape: readonly number[], data: unknown): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(name)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected letters, digits, _ . - for the name of an array but received ${quote(name)}.`,
    );
  }
  encodeNpyHeader(kind, shape);
  if (!ArrayBuffer.isView(data)) return;
  checkElements(kind, data, name);
  checkCount(name, kind, shape, data.length);
}

function checkCount(name: string, kind: NpyKind, shape: readonly number[], found: number): void {
  const expected = numberCount(kind, shape);
  if (found === expected) return;
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `Expected ${expected} numbers for array ${name} of shape ${formatShape(shape)} but received ${found}.`,
  );
}

async function writeMember(
  file: FileHandle,
  name: string,
  { kind, shape, data }: NpzInput,
  offset: number,
  signal: AbortSignal | undefined,
): Promise<WrittenMember> {
  const header = encodeNpyHeader(kind, shape);
  const expected = numberCount(kind, shape);
  const bytes = header.length + expected * kindBytes(kind).wordBytes;
  const member = { name: Buffer.from(`${name}.npy`, 'latin1'), bytes, crc32: 0, offset };
  const start = offset + localHeader(member).length;

  await writeFully(file, header, start);
  let sum = crc32(header);
  let position = start + header.length;
  let count = 0;
  const add = async (piece: NpyData): Promise<void> => {
    checkElements(kind, piece, name);
    count += piece.length;
    // Before it is written: too much would run into the next member.
    if (count > expected) checkCount(name, kind, shape, count);
    const step = PIECE / 8;
    for (let at = 0; at < piece.length; at += step) {
      signal?.throwIfAborted();
      const part = elementBytes(kind, piece.subarray(at, at + step));
      const writing = writeFully(file, part, position);
      // The checksum is computed while the system writes.
      sum = crc32(part, sum);
      await writing;
      position += part.length;
    }
  };
  if (ArrayBuffer.isView(data)) await add(data);
  else for await (const piece of data as AsyncIterable<NpyData>) await add(piece);
  checkCount(name, kind, shape, count);

  const finished = { ...member, crc32: sum };
  await writeFully(file, localHeader(finished), offset);
  return finished;
}
