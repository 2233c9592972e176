/** Reads .npz files: zip archives of .npy arrays, whole or in pieces of bounded size. */
import { invalid, LowrankError } from '../errors';
import { allocate, badFile, quote } from './fault';
import {
  allocateElements,
  checkDataBytes,
  decodeElements,
  decodeWhole,
  gatherRows,
  isComplex,
  isInCOrder,
  type NpyArray,
  type NpyData,
} from './npy';
import { MAX_HEADER_BYTES, parseNpyHeader, type NpyHeader, type NpyKind } from './npy-header';
import { ZipArchive, type ZipMemberReader } from './zip';
import type { ZipLimits, ZipMember } from './zip-directory';

/** What is known of an array before its data are read. */
export interface NpzArrayInfo {
  readonly name: string;
  readonly kind: NpyKind;
  /** As in the file: '<f8'. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  readonly compressed: boolean;
  /** Number of elements, and bytes of the data once read. */
  readonly size: number;
  readonly bytes: number;
}

/** Consecutive rows of an array: `rows` slices along the first axis from `firstRow`, in C order. */
export interface NpyChunk {
  readonly firstRow: number;
  readonly rows: number;
  readonly kind: NpyKind;
  readonly data: NpyData;
}

export interface ChunkOptions {
  /** About how many bytes a chunk may have; one row is the least. Default 16 MiB. */
  readonly bytesPerChunk?: number;
  /**
   * Give the same two buffers out again and again: a chunk is then valid only until the next one is asked for, and the
   * whole reading takes twice `bytesPerChunk` of memory. Default false: every chunk has memory of its own.
   */
  readonly reuse?: boolean;
}

interface Entry {
  readonly member: ZipMember;
  /** The header, or why the array cannot be read. */
  readonly header: NpyHeader | LowrankError;
}

const DEFAULT_CHUNK_BYTES = 2 ** 24;

/** An open .npz file. Close it when done. */
export class NpzFile {
  /** Arrays that can be read, in the order of the file. */
  readonly arrays: readonly NpzArrayInfo[];
  /** Names of all arrays, and of members that are none: "notes.txt". */
  readonly names: readonly string[];

  private constructor(
    readonly path: string,
    private readonly archive: ZipArchive,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {
    this.names = [...entries.keys()];
    this.arrays = this.names.flatMap((name) => {
      const entry = entries.get(name);
      if (entry === undefined || isFault(entry.header)) return [];
      const { kind, descr: dtype, shape, fortranOrder, size, dataBytes: bytes } = entry.header;
      return [{ name, kind, dtype, shape, fortranOrder, compressed: entry.member.deflated, size, bytes }];
    });
  }

  /** @internal Use {@link openNpz}. */
  static async open(path: string, limits?: Partial<ZipLimits>): Promise<NpzFile> {
    const archive = await ZipArchive.open(path, limits);
    try {
      const entries = new Map<string, Entry>();
      for (const member of archive.members) {
        const name = member.name.endsWith('.npy') ? member.name.slice(0, -4) : member.name;
        // "A" beside "A.npy": NumPy would give out one of them.
        if (entries.has(name)) throw badFile(path, `two members have the name ${quote(name)}`);
        entries.set(name, { member, header: await readHeader(archive, member, name) });
      }
      return new NpzFile(path, archive, entries);
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  /** What an array is; undefined when the file has none of that name. @throws LowrankError BAD_FILE when it cannot be read */
  find(name: string): NpzArrayInfo | undefined {
    if (this.entries.has(name)) this.entry(name);
    return this.arrays.find((array) => array.name === name);
  }

  /** What an array is. @throws LowrankError BAD_FILE when it is not there or cannot be read */
  info(name: string): NpzArrayInfo {
    this.entry(name);
    return this.find(name) as NpzArrayInfo;
  }

  /**
   * All of an array, in C order. Memory: the array's bytes; twice that for one in Fortran order.
   * @throws LowrankError BAD_FILE (also when the checksum is wrong), OUT_OF_MEMORY
   */
  async read(name: string): Promise<NpyArray> {
    const { member, header, where } = this.entry(name);
    const reader = await this.begin(member, header, where);
    try {
      return decodeWhole(header, await readRest(reader, header, where), where);
    } finally {
      await reader.close();
    }
  }

  /**
   * An array piece by piece: consecutive whole rows (slices along the first axis) as typed arrays in C order; an array
   * without axes is one row. The next piece is read while the caller works on one. Nothing comes out of an array
   * without elements.
   *
   * Memory: two chunks. An array in Fortran order has its rows scattered over the file: all of it is held while its
   * rows are gathered, one chunk at a time.
   *
   * The checksum is known only at the end of the file: it is compared before the last piece is given out, so use
   * nothing of what came before when this throws.
   * @throws LowrankError BAD_FILE, OUT_OF_MEMORY; INVALID_ARGUMENT
   */
  async *readChunks(name: string, options: ChunkOptions = {}): AsyncGenerator<NpyChunk, void, undefined> {
    const { bytesPerChunk = DEFAULT_CHUNK_BYTES, reuse = false } = options;
    if (!Number.isSafeInteger(bytesPerChunk) || bytesPerChunk < 1) {
      throw invalid('a positive integer', 'bytesPerChunk', bytesPerChunk);
    }
    const { member, header, where } = this.entry(name);
    const total = header.shape.length === 0 ? 1 : header.shape[0]!;
    const reader = await this.begin(member, header, where);
    try {
      if (header.size === 0) {
        await reader.finish();
        return;
      }
      const rowBytes = header.dataBytes / total;
      const rowsPerChunk = Math.min(total, Math.max(1, Math.floor(bytesPerChunk / rowBytes)));
      const plan = { header, where, total, rowBytes, rowsPerChunk, reuse };
      yield* isInCOrder(header) ? inOrder(reader, plan) : gathered(reader, plan);
    } finally {
      await reader.close();
    }
  }

  /** Two files opened at the same path are the same one, unchanged, when these are equal. */
  get identity(): string {
    return this.archive.identity;
  }

  async close(): Promise<void> {
    await this.archive.close();
  }

  private entry(name: string): { member: ZipMember; header: NpyHeader; where: string } {
    const entry = this.entries.get(name);
    if (entry === undefined) {
      const found = this.names.length === 0 ? 'no array at all' : this.names.slice(0, 20).join(', ');
      throw badFile(this.path, `expected an array ${name} but found ${found}`);
    }
    if (isFault(entry.header)) throw entry.header;
    return { member: entry.member, header: entry.header, where: label(this.path, name) };
  }

  /** A reader behind the header. */
  private async begin(member: ZipMember, header: NpyHeader, where: string): Promise<ZipMemberReader> {
    const reader = await this.archive.read(member, where);
    try {
      await reader.fill(new Uint8Array(header.headerBytes));
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }
}

/**
 * Opens a .npz file: reads its directory and the headers of its arrays, no data. An array that cannot be read (of
 * Python objects, say) is an error only when it is asked for.
 * @throws LowrankError BAD_FILE: not there, not .npz, cut off, or with something that is refused
 */
export function openNpz(path: string, limits?: Partial<ZipLimits>): Promise<NpzFile> {
  return NpzFile.open(path, limits);
}

function label(path: string, name: string): string {
  return `${path}: array ${name}`;
}

function isFault(header: NpyHeader | LowrankError): header is LowrankError {
  return header instanceof LowrankError;
}

async function readHeader(archive: ZipArchive, member: ZipMember, name: string): Promise<NpyHeader | LowrankError> {
  const where = label(archive.path, name);
  try {
    const reader = await archive.read(member, where);
    try {
      const head = new Uint8Array(Math.min(member.bytes, MAX_HEADER_BYTES));
      await reader.fill(head);
      const header = parseNpyHeader(head, where);
      // Only what is there is ever allocated.
      checkDataBytes(header, member.bytes, where);
      return header;
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (error instanceof LowrankError) return error;
    throw error;
  }
}

async function readRest(reader: ZipMemberReader, header: NpyHeader, where: string): Promise<ArrayBuffer> {
  const buffer = allocate(header.dataBytes, where);
  await reader.fill(new Uint8Array(buffer));
  await reader.finish();
  return buffer;
}

interface ChunkPlan {
  readonly header: NpyHeader;
  readonly where: string;
  readonly total: number;
  readonly rowBytes: number;
  readonly rowsPerChunk: number;
  readonly reuse: boolean;
}

async function* inOrder(reader: ZipMemberReader, plan: ChunkPlan): AsyncGenerator<NpyChunk, void, undefined> {
  const { header, where, total, rowBytes, rowsPerChunk } = plan;
  const buffers: (ArrayBuffer | undefined)[] = [];
  const chunk = async (firstRow: number): Promise<NpyChunk> => {
    const rows = Math.min(rowsPerChunk, total - firstRow);
    const slot = (firstRow / rowsPerChunk) % 2;
    const bytes = rows * rowBytes;
    const kept = plan.reuse ? buffers[slot] : undefined;
    // Only the last chunk is shorter, so that a second buffer of its own size is made at most once.
    const buffer = kept?.byteLength === bytes ? kept : allocate(bytes, where);
    buffers[slot] = plan.reuse ? buffer : undefined;
    await reader.fill(new Uint8Array(buffer));
    if (firstRow + rows === total) await reader.finish();
    const data = decodeElements(header, buffer, where, (firstRow * header.size) / total);
    return { firstRow, rows, kind: header.kind, data };
  };

  let next: Promise<NpyChunk> | null = chunk(0);
  try {
    while (next !== null) {
      const here: NpyChunk = await next;
      const after = here.firstRow + here.rows;
      next = after < total ? chunk(after) : null;
      // It may fail while the caller is at work: it is reported when it is asked for.
      next?.catch(() => undefined);
      yield here;
    }
  } finally {
    // Nothing may write to the buffers, or read from a reader that closes, after this.
    await next?.catch(() => undefined);
  }
}

async function* gathered(reader: ZipMemberReader, plan: ChunkPlan): AsyncGenerator<NpyChunk, void, undefined> {
  const { header, where, total, rowsPerChunk } = plan;
  const source = decodeElements(header, await readRest(reader, header, where), where, 0);
  let kept: NpyData | undefined;
  for (let firstRow = 0; firstRow < total; firstRow += rowsPerChunk) {
    const rows = Math.min(rowsPerChunk, total - firstRow);
    const elements = (rows * header.size) / total;
    const wanted = isComplex(header.kind) ? 2 * elements : elements;
    const data = kept?.length === wanted ? kept : allocateElements(header, elements, where);
    if (plan.reuse) kept = data;
    gatherRows(source, header.shape, isComplex(header.kind), firstRow, rows, data);
    yield { firstRow, rows, kind: header.kind, data };
  }
}
