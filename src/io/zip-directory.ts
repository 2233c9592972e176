/**
 * The directory of a zip archive that may be hostile: what members it has and where they are.
 *
 * Strict on purpose: the directory must fill exactly the place that the end record gives it, members must not overlap,
 * and names must be harmless. Nothing is allocated because the archive claims it.
 */
import type { FileHandle } from 'node:fs/promises';

import { badFile, quote } from './fault';

/** What an archive may claim before it is refused. */
export interface ZipLimits {
  /** Most members. Default 4096. */
  readonly members: number;
  /** Most times that a deflated member may be larger than its compressed bytes. Default 256. */
  readonly ratio: number;
  /** Members up to this many bytes may have any ratio. Default 16 MiB. */
  readonly smallBytes: number;
}

const DEFAULT_LIMITS: ZipLimits = { members: 4096, ratio: 256, smallBytes: 2 ** 24 };

export interface ZipMember {
  readonly name: string;
  readonly deflated: boolean;
  /** Bytes of the content, and bytes that it takes in the file. */
  readonly bytes: number;
  readonly compressedBytes: number;
  readonly crc32: number;
  readonly headerOffset: number;
  /** Where the next member or the directory begins: this one must end before. */
  readonly limitOffset: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
/** Bytes before the name in a member's own header. */
export const LOCAL_BYTES = 30;
/** Flags of traditional and strong encryption, and of a masked directory. */
export const ENCRYPTED = 0x2041;
export const U32 = 0xffffffff;
const U16 = 0xffff;
const MAX_DIRECTORY_BYTES = 2 ** 24;
const MAX_NAME_BYTES = 1024;

export async function readAt(file: FileHandle, bytes: number, position: number, where: string): Promise<Buffer> {
  const out = Buffer.alloc(bytes);
  await readFully(file, out, position, where);
  return out;
}

export async function readFully(file: FileHandle, target: Uint8Array, position: number, where: string): Promise<void> {
  for (let done = 0; done < target.length;) {
    const { bytesRead } = await file.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) throw badFile(where, 'the file ends too early: it is truncated, or changed while it was read');
    done += bytesRead;
  }
}

/** A 64-bit field as a number. @throws LowrankError BAD_FILE when it is beyond every file */
function u64(bytes: Buffer, offset: number, where: string): number {
  const value = bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
  if (!Number.isSafeInteger(value)) throw badFile(where, 'malformed zip archive: a size or offset is too large');
  return value;
}

/**
 * The members of the archive of `size` bytes in `file`, in the directory's order.
 * @throws LowrankError BAD_FILE: no zip archive, cut off, or with something that is refused
 */
export async function readDirectory(
  file: FileHandle,
  size: number,
  path: string,
  asked: Partial<ZipLimits>,
): Promise<ZipMember[]> {
  const limits = { ...DEFAULT_LIMITS, ...asked };
  const tailBytes = Math.min(size, END64_BYTES + LOCATOR_BYTES + END_BYTES + U16);
  const tail = await readAt(file, tailBytes, size - tailBytes, path);
  const place = findDirectory(tail, size - tailBytes, path);
  if (place.members > limits.members) {
    throw badFile(path, `expected at most ${limits.members} members but the archive claims ${place.members}`);
  }
  if (place.bytes > MAX_DIRECTORY_BYTES || place.members * ENTRY_BYTES > place.bytes) {
    throw badFile(path, `malformed zip archive: a directory of ${place.bytes} bytes for ${place.members} members`);
  }
  if (place.offset + place.bytes !== place.end) {
    throw badFile(path, 'malformed zip archive: the directory is not where the end record says');
  }
  const directory = await readAt(file, place.bytes, place.offset, path);
  const members: Omit<ZipMember, 'limitOffset'>[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < place.members; i++) {
    const { member, next } = readEntry(directory, at, path, limits);
    if (names.has(member.name)) throw badFile(path, `two members have the name ${quote(member.name)}`);
    names.add(member.name);
    members.push(member);
    at = next;
  }
  if (at !== directory.length) throw badFile(path, 'malformed zip archive: the directory has bytes left over');
  return limitMembers(members, place.offset, path);
}

/** Members one after the other, none inside another: overlapping ones make bombs out of few bytes. */
function limitMembers(members: readonly Omit<ZipMember, 'limitOffset'>[], end: number, path: string): ZipMember[] {
  const order = [...members].sort((a, b) => a.headerOffset - b.headerOffset);
  const limits = new Map(order.map((member, i) => [member, order[i + 1]?.headerOffset ?? end]));
  return members.map((member) => {
    const limitOffset = limits.get(member)!;
    if (member.headerOffset + LOCAL_BYTES + member.compressedBytes > limitOffset) {
      throw badFile(path, `malformed zip archive: member ${quote(member.name)} runs into what follows it`);
    }
    return { ...member, limitOffset };
  });
}

interface DirectoryPlace {
  readonly members: number;
  readonly offset: number;
  readonly bytes: number;
  /** Where the end records begin. */
  readonly end: number;
}

function findDirectory(tail: Buffer, tailOffset: number, path: string): DirectoryPlace {
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(END);
  let at = tail.length - END_BYTES;
  // The end record is the last one whose comment ends with the file.
  for (; at >= 0; at--) {
    at = tail.lastIndexOf(signature, at);
    if (at < 0 || at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) break;
  }
  if (at < 0) {
    const isNpy = tailOffset === 0 && tail.toString('latin1', 0, 6) === '\x93NUMPY';
    const found = isNpy ? 'a single .npy array' : 'no end of a zip archive: it is truncated or something else';
    throw badFile(path, `expected a .npz file but found ${found}`);
  }
  const end = {
    disks: [tail.readUInt16LE(at + 4), tail.readUInt16LE(at + 6)],
    here: tail.readUInt16LE(at + 8),
    members: tail.readUInt16LE(at + 10),
    bytes: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const locatorAt = at - LOCATOR_BYTES;
  if (locatorAt < 0 || tail.readUInt32LE(locatorAt) !== LOCATOR) {
    if (end.disks[0] !== 0 || end.disks[1] !== 0 || end.here !== end.members) throw multiDisk(path);
    return { members: end.members, offset: end.offset, bytes: end.bytes, end: tailOffset + at };
  }

  const recordAt = u64(tail, locatorAt + 8, path) - tailOffset;
  if (recordAt < 0 || recordAt + END64_BYTES > locatorAt || tail.readUInt32LE(recordAt) !== END64) {
    throw badFile(path, 'malformed zip archive: no zip64 end record where its locator says');
  }
  const place = {
    members: u64(tail, recordAt + 32, path),
    bytes: u64(tail, recordAt + 40, path),
    offset: u64(tail, recordAt + 48, path),
    end: tailOffset + recordAt,
  };
  const disks = [tail.readUInt32LE(recordAt + 16), tail.readUInt32LE(recordAt + 20), tail.readUInt32LE(locatorAt + 4)];
  if (disks.some((disk) => disk !== 0) || u64(tail, recordAt + 24, path) !== place.members) throw multiDisk(path);
  // Two directories in one archive are a way to show different readers different contents.
  const same =
    recordAt + 12 + u64(tail, recordAt + 4, path) === locatorAt &&
    (end.members === U16 || end.members === place.members) &&
    (end.bytes === U32 || end.bytes === place.bytes) &&
    (end.offset === U32 || end.offset === place.offset);
  if (!same) throw badFile(path, 'malformed zip archive: its two end records differ');
  return place;
}

function multiDisk(path: string): Error {
  return badFile(path, 'expected one whole zip archive but found a part of a divided one');
}

function readEntry(
  directory: Buffer,
  at: number,
  path: string,
  limits: ZipLimits,
): { member: Omit<ZipMember, 'limitOffset'>; next: number } {
  const malformed = (what: string): Error => badFile(path, `malformed zip archive: ${what}`);
  if (at + ENTRY_BYTES > directory.length || directory.readUInt32LE(at) !== ENTRY) {
    throw malformed('the directory is cut off');
  }
  const flags = directory.readUInt16LE(at + 8);
  const method = directory.readUInt16LE(at + 10);
  const nameAt = at + ENTRY_BYTES;
  const extraAt = nameAt + directory.readUInt16LE(at + 28);
  const commentAt = extraAt + directory.readUInt16LE(at + 30);
  const next = commentAt + directory.readUInt16LE(at + 32);
  if (next > directory.length) throw malformed('the directory is cut off');
  const name = memberName(directory.subarray(nameAt, extraAt), (flags & 0x800) !== 0, path);

  if ((flags & ENCRYPTED) !== 0) throw badFile(path, `member ${quote(name)} is encrypted`);
  if (method !== 0 && method !== 8) {
    throw badFile(path, `expected stored or deflated members but ${quote(name)} has compression method ${method}`);
  }
  const disk = directory.readUInt16LE(at + 34);
  const wide = zip64Fields(directory.subarray(extraAt, commentAt), path);
  let used = 0;
  const field = (offset: number): number => {
    const value = directory.readUInt32LE(offset);
    if (value !== U32) return value;
    // The 64-bit values stand for the fields that are all ones, in this order.
    if (wide === null || used + 8 > wide.length) throw malformed(`member ${quote(name)} lacks its 64-bit sizes`);
    used += 8;
    return u64(wide, used - 8, path);
  };
  const bytes = field(at + 24);
  const compressedBytes = field(at + 20);
  const headerOffset = field(at + 42);
  if (disk !== 0) throw multiDisk(path);

  const deflated = method === 8;
  if (!deflated && bytes !== compressedBytes)
    throw malformed(`member ${quote(name)} is stored with two different sizes`);
  if (deflated && bytes > limits.smallBytes && bytes > limits.ratio * compressedBytes) {
    throw badFile(
      path,
      `member ${quote(name)} claims to inflate from ${compressedBytes} to ${bytes} bytes, more than ${limits.ratio} times; store it uncompressed`,
    );
  }
  return {
    member: { name, deflated, bytes, compressedBytes, crc32: directory.readUInt32LE(at + 16), headerOffset },
    next,
  };
}

/** The content of the zip64 extra field, or null. */
function zip64Fields(extra: Buffer, path: string): Buffer | null {
  let at = 0;
  while (at + 4 <= extra.length) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (end > extra.length) throw badFile(path, 'malformed zip archive: an extra field is cut off');
    if (extra.readUInt16LE(at) === 1) return extra.subarray(at + 4, end);
    at = end;
  }
  return null;
}

function memberName(bytes: Buffer, utf8: boolean, path: string): string {
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) {
    throw badFile(path, `expected member names of 1 to ${MAX_NAME_BYTES} bytes but found ${bytes.length}`);
  }
  const name = bytes.toString(utf8 ? 'utf8' : 'latin1');
  // Names are only ever compared, never used as paths; archives with such names are attacks nevertheless.

  const harmful = /[\u0000-\u001f\u007f\\]|^\/|^[a-zA-Z]:|(?:^|\/)\.\.(?:\/|$)/.test(name);
  if (harmful) throw badFile(path, `the member name ${quote(name)} is not accepted`);
  return name;
}
