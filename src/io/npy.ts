/**
 * Arrays of .npy data as typed arrays, and back. Read: format versions 1 to 3, C and Fortran order, either byte order,
 * f4 f8 c8 c16 i1 i2 i4 i8 u1 u2 u4 u8 b1; refused: objects, structures, text, dates, float16. What is read is always in
 * C order and in this machine's byte order, and float32 stays float32.
 *
 * 64-bit integers become a `Float64Array`, exactly: a value beyond 2^53 - 1 in size is an error, never rounded.
 */
import { LowrankError } from '../errors';
import { allocate, badFile, formatShape } from './fault';
import { encodeNpyHeader, MAX_HEADER_BYTES, parseNpyHeader, type NpyHeader, type NpyKind } from './npy-header';

/** The typed array of each kind. Complex numbers are interleaved: re, im, re, im; bool is 0 or 1. */
export interface NpyDataByKind {
  float64: Float64Array;
  float32: Float32Array;
  complex128: Float64Array;
  complex64: Float32Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: Float64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: Float64Array;
  bool: Uint8Array;
}

export type NpyData = NpyDataByKind[NpyKind];

/** One array: `data` holds the product of `shape` elements in C order, twice as many numbers where it is complex. */
export type NpyArray = {
  [K in NpyKind]: { readonly kind: K; readonly shape: readonly number[]; readonly data: NpyDataByKind[K] };
}[NpyKind];

/** `data` as a given kind. The pairing is made here, in one place, so that users can narrow by `kind`. */
export function npyArray(kind: NpyKind, shape: readonly number[], data: NpyData): NpyArray {
  return { kind, shape, data } as NpyArray;
}

const VIEWS = {
  float64: Float64Array,
  float32: Float32Array,
  complex128: Float64Array,
  complex64: Float32Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: Float64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: Float64Array,
  bool: Uint8Array,
} as const;

export function isComplex(kind: NpyKind): kind is 'complex128' | 'complex64' {
  return kind === 'complex128' || kind === 'complex64';
}

const HIGH = 2 ** 32;

/**
 * Turns raw elements of a file into numbers, in place: `buffer` is exactly those elements and becomes the memory of the
 * returned array. Native floats and small integers cost nothing.
 * @param firstElement index of the first element in its array, for messages
 * @throws LowrankError BAD_FILE for a 64-bit integer that is no safe integer
 */
export function decodeElements(header: NpyHeader, buffer: ArrayBuffer, where: string, firstElement: number): NpyData {
  if (header.swapped) swapWords(buffer, header.wordBytes);
  const data = new VIEWS[header.kind](buffer);
  if (header.kind === 'int64' || header.kind === 'uint64') {
    const bad = integersToDoubles(buffer, header.kind === 'int64');
    if (bad >= 0) {
      throw badFile(
        where,
        `expected ${header.kind} values within +-(2^53 - 1) but element ${firstElement + bad} (in memory order) is beyond`,
      );
    }
  } else if (header.kind === 'bool') {
    // Any other byte is true for NumPy as well.
    const bytes = data as Uint8Array;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) bytes[i] = 1;
  }
  return data;
}

function swapWords(buffer: ArrayBuffer, wordBytes: number): void {
  const bytes = Buffer.from(buffer);
  if (wordBytes === 2) bytes.swap16();
  else if (wordBytes === 4) bytes.swap32();
  else if (wordBytes === 8) bytes.swap64();
}

/** 64-bit integers to doubles over the same memory; -1, or the index of the first that does not fit. */
function integersToDoubles(buffer: ArrayBuffer, signed: boolean): number {
  const words = new Uint32Array(buffer);
  const doubles = new Float64Array(buffer);
  const [low, high] = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];
  for (let i = 0; i < doubles.length; i++) {
    const top = words[2 * i + high]!;
    // Two multiples of 2^32 and a 32-bit integer: exact as long as the sum is a safe integer.
    const value = (signed ? top | 0 : top) * HIGH + words[2 * i + low]!;
    if (!Number.isSafeInteger(value)) return i;
    doubles[i] = value;
  }
  return -1;
}

/**
 * Copies rows (slices along the first axis) firstRow, firstRow + 1, ... of a Fortran-order array to C order.
 * @param source all of the array in Fortran order; complex: interleaved
 * @param out rows x (product of the other axes), C order; its length says how many rows
 */
export function gatherRows(
  source: NpyData,
  shape: readonly number[],
  complex: boolean,
  firstRow: number,
  rows: number,
  out: NpyData,
): void {
  const [n0 = 1, ...inner] = shape;
  const count = inner.reduce((product, n) => product * n, 1);
  const width = complex ? 2 : 1;
  // Element (i0, c) of the source is at i0 + n0 * f(c), where f puts the inner index c into Fortran order: an odometer.
  const strides = inner.map((_, axis) => inner.slice(0, axis).reduce((product, n) => product * n, n0));
  const index = inner.map(() => 0);
  // A block of rows at a time, so that the lines of the source are used while they are in the cache.
  const block = 32;
  for (let b = 0; b < rows; b += block) {
    const end = Math.min(b + block, rows);
    index.fill(0);
    let offset = 0;
    for (let c = 0; c < count; c++) {
      const from = offset + firstRow;
      if (width === 1) {
        for (let i = b; i < end; i++) out[i * count + c] = source[from + i]!;
      } else {
        for (let i = b; i < end; i++) {
          out[2 * (i * count + c)] = source[2 * (from + i)]!;
          out[2 * (i * count + c) + 1] = source[2 * (from + i) + 1]!;
        }
      }
      for (let axis = inner.length - 1; axis >= 0; axis--) {
        const stride = strides[axis]!;
        const next = index[axis]! + 1;
        if (next < inner[axis]!) {
          index[axis] = next;
          offset += stride;
          break;
        }
        offset -= index[axis]! * stride;
        index[axis] = 0;
      }
    }
  }
}

/** True when the order of the elements in memory is C order, whatever the header calls it. */
export function isInCOrder(header: Pick<NpyHeader, 'fortranOrder' | 'shape' | 'size'>): boolean {
  return !header.fortranOrder || header.size < 2 || header.shape.filter((n) => n > 1).length < 2;
}

/**
 * All elements of an array to C order and native numbers. Uses `buffer` as the result's memory; an array in Fortran
 * order needs a second buffer of the same size.
 */
export function decodeWhole(header: NpyHeader, buffer: ArrayBuffer, where: string): NpyArray {
  const data = decodeElements(header, buffer, where, 0);
  if (isInCOrder(header)) return npyArray(header.kind, header.shape, data);
  const out = new VIEWS[header.kind](allocate(header.dataBytes, where));
  gatherRows(data, header.shape, isComplex(header.kind), 0, header.shape[0]!, out);
  return npyArray(header.kind, header.shape, out);
}

/** A typed array for `elements` elements of a kind. @throws LowrankError OUT_OF_MEMORY */
export function allocateElements(header: NpyHeader, elements: number, where: string): NpyData {
  return new VIEWS[header.kind](allocate(elements * header.itemBytes, where));
}

/**
 * The array in the bytes of one .npy file.
 * @param where names the source in errors
 * @throws LowrankError BAD_FILE: malformed, cut off, too long, or of a kind that is not read
 */
export function parseNpy(bytes: Uint8Array, where = '.npy data'): NpyArray {
  const header = parseNpyHeader(bytes.subarray(0, MAX_HEADER_BYTES), where);
  checkDataBytes(header, bytes.length, where);
  const buffer = allocate(header.dataBytes, where);
  new Uint8Array(buffer).set(bytes.subarray(header.headerBytes));
  return decodeWhole(header, buffer, where);
}

/** @throws LowrankError BAD_FILE unless a file of `bytes` is exactly the header and the elements it announces. */
export function checkDataBytes(header: NpyHeader, bytes: number, where: string): void {
  const found = bytes - header.headerBytes;
  if (found !== header.dataBytes) {
    throw badFile(
      where,
      `expected ${header.dataBytes} bytes for dtype ${header.descr} and shape ${formatShape(header.shape)} but found ${found}`,
    );
  }
}

/** Bytes of one piece of an array that is written: integers of 64 bits are converted, everything else is a view. */
export function elementBytes(kind: NpyKind, data: NpyData): Uint8Array {
  if (kind !== 'int64' && kind !== 'uint64') return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const integers = new BigInt64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isSafeInteger(value) || (kind === 'uint64' && value < 0)) {
      throw new LowrankError(
        'INVALID_ARGUMENT',
        `Expected safe integers for an array of kind ${kind} but received ${value} at index ${i}.`,
      );
    }
    integers[i] = BigInt(value);
  }
  return new Uint8Array(integers.buffer);
}

/** @throws LowrankError INVALID_ARGUMENT when `data` is not the typed array of `kind` */
export function checkElements(kind: NpyKind, data: unknown, name: string): asserts data is NpyData {
  const expected = VIEWS[kind].name;
  // By name: under jest and across threads, arrays of another realm are not instanceof.
  const found = ArrayBuffer.isView(data) ? Object.prototype.toString.call(data).slice(8, -1) : typeof data;
  if (found !== expected) {
    throw new LowrankError('INVALID_ARGUMENT', `Expected a ${expected} for ${name} (${kind}) but received ${found}.`);
  }
}

/** Numbers that an array of this kind and shape holds: two for a complex element. */
export function numberCount(kind: NpyKind, shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, isComplex(kind) ? 2 : 1);
}

/**
 * The bytes of a .npy file (version 1, C order) with this array.
 * @throws LowrankError INVALID_ARGUMENT when kind, shape and data do not fit together
 */
export function encodeNpy(array: NpyArray): Uint8Array {
  const header = encodeNpyHeader(array.kind, array.shape);
  checkElements(array.kind, array.data, 'data');
  const expected = numberCount(array.kind, array.shape);
  if (array.data.length !== expected) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected ${expected} numbers for shape ${formatShape(array.shape)} but received ${array.data.length}.`,
    );
  }
  return Buffer.concat([header, elementBytes(array.kind, array.data)]);
}
