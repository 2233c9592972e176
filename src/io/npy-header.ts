/** What a .npy file says about itself: the header of format versions 1, 2 and 3, read without eval, and written. */
import { endianness } from 'node:os';

import { LowrankError } from '../errors';
import { badFile, formatShape, quote } from './fault';

/** Element types that are read and written. */
export type NpyKind =
  | 'float64'
  | 'float32'
  | 'complex128'
  | 'complex64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool';

/** Everything about an array but its numbers. */
export interface NpyHeader {
  readonly kind: NpyKind;
  /** As in the file: '<f8'. */
  readonly descr: string;
  readonly shape: readonly number[];
  readonly fortranOrder: boolean;
  /** True when the file's byte order is not this machine's. */
  readonly swapped: boolean;
  /** Bytes of one element, and of one of its numbers (a complex element has two). */
  readonly itemBytes: number;
  readonly wordBytes: number;
  /** Number of elements: the product of the shape. */
  readonly size: number;
  /** Where the data begin, and how many bytes they are. */
  readonly headerBytes: number;
  readonly dataBytes: number;
}

/** NumPy's own limit: a longer header is an attack or a mistake. */
export const MAX_HEADER_TEXT = 10_000;
/** The first so many bytes of a file hold every header that is accepted. */
export const MAX_HEADER_BYTES = MAX_HEADER_TEXT + 12;
const MAX_RANK = 8;

const NATIVE = endianness() === 'LE' ? '<' : '>';

const CODES: Readonly<Record<string, NpyKind>> = {
  f8: 'float64',
  f4: 'float32',
  c16: 'complex128',
  c8: 'complex64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
};

function codeOf(kind: NpyKind): string {
  const found = Object.keys(CODES).find((code) => CODES[code] === kind);
  if (found === undefined) throw new LowrankError('INTERNAL', `No .npy code for ${kind}.`);
  return found;
}

/** Bytes of one element, and of one of its numbers. */
export function kindBytes(kind: NpyKind): { itemBytes: number; wordBytes: number } {
  const code = codeOf(kind);
  const itemBytes = Number(code.slice(1));
  return { itemBytes, wordBytes: code.startsWith('c') ? itemBytes / 2 : itemBytes };
}

/**
 * The header at the start of `bytes` (the file's first {@link MAX_HEADER_BYTES} or all of it). Costs no memory beyond
 * the header's own text, whatever it claims.
 * @param where names the file and array in errors
 * @throws LowrankError BAD_FILE: not .npy, cut off, or of a kind that is not read
 */
export function parseNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.length < 10 || data.toString('latin1', 0, 6) !== '\x93NUMPY') {
    throw badFile(where, `expected .npy data but found ${data.length === 0 ? 'nothing' : 'something else'}`);
  }
  const version = data[6]!;
  if (version < 1 || version > 3 || data[7] !== 0) {
    throw badFile(where, `expected .npy format version 1.0, 2.0 or 3.0 but found ${version}.${data[7]}`);
  }
  const start = version === 1 ? 10 : 12;
  if (data.length < start) throw badFile(where, 'the .npy header is cut off');
  const length = version === 1 ? data.readUInt16LE(8) : data.readUInt32LE(8);
  if (length > MAX_HEADER_TEXT) {
    throw badFile(where, `expected a .npy header of at most ${MAX_HEADER_TEXT} bytes but it claims ${length}`);
  }
  if (data.length < start + length) throw badFile(where, 'the .npy header is cut off');
  const text = data.toString(version === 3 ? 'utf8' : 'latin1', start, start + length);
  const { descr, fortranOrder, shape } = new HeaderText(text, where).parse();
  return { ...sizes(descr, shape, where), fortranOrder, headerBytes: start + length };
}

function sizes(
  descr: string,
  shape: readonly number[],
  where: string,
): Omit<NpyHeader, 'fortranOrder' | 'headerBytes'> {
  const match = /^([<>|=]?)([a-zA-Z]\d+)$/.exec(descr);
  const kind = match?.[2] !== undefined && Object.hasOwn(CODES, match[2]) ? CODES[match[2]] : undefined;
  const order = match?.[1];
  if (kind === undefined || order === undefined) throw unsupported(descr, where);
  const { itemBytes, wordBytes } = kindBytes(kind);
  if (order === '|' && wordBytes > 1) throw unsupported(descr, where);

  if (shape.length > MAX_RANK)
    throw badFile(where, `expected at most ${MAX_RANK} dimensions but found ${shape.length}`);
  // Zeros are left out of the product that is checked, so that (2^52, 2^52, 0) is refused as NumPy refuses it.
  let product = itemBytes;
  for (const n of shape) {
    if (!Number.isSafeInteger(n)) throw badFile(where, `the shape ${formatShape(shape)} is too large`);
    if (n > 0) product *= n;
    if (!Number.isSafeInteger(product)) throw badFile(where, `the shape ${formatShape(shape)} is too large`);
  }
  const dataBytes = shape.includes(0) ? 0 : product;
  const swapped = wordBytes > 1 && (order === '<' || order === '>') && order !== NATIVE;
  return { kind, descr, shape, swapped, itemBytes, wordBytes, size: dataBytes / itemBytes, dataBytes };
}

function unsupported(descr: string, where: string): LowrankError {
  const expected = 'expected real or complex floats of 4 or 8 bytes, integers or bool';
  if (/^[<>|=]?O/.test(descr)) {
    return badFile(where, `${expected} but found an object array: it holds pickled Python objects, which are not read`);
  }
  return badFile(where, `${expected} but found dtype ${quote(descr)}`);
}

/**
 * The one Python expression that a header is: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`. Every step
 * moves forward through at most {@link MAX_HEADER_TEXT} characters, and nothing nests.
 */
class HeaderText {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly where: string,
  ) {}

  parse(): { descr: string; fortranOrder: boolean; shape: readonly number[] } {
    let descr: string | undefined;
    let fortranOrder: boolean | undefined;
    let shape: readonly number[] | undefined;
    const seen = new Set<string>();
    this.expect('{');
    while (!this.accept('}')) {
      const key = this.string();
      if (seen.has(key)) throw this.fault(`key ${quote(key)} given twice`);
      seen.add(key);
      this.expect(':');
      if (key === 'descr') descr = this.descr();
      else if (key === 'fortran_order') fortranOrder = this.boolean();
      else if (key === 'shape') shape = this.shape();
      else throw this.fault(`unknown key ${quote(key)}`);
      if (!this.accept(',')) {
        this.expect('}');
        break;
      }
    }
    if (this.take(/[ \t\r\n]*$/y) === null) throw this.fault('something after the closing brace');
    if (descr === undefined || fortranOrder === undefined || shape === undefined) {
      throw this.fault('expected the keys descr, fortran_order and shape');
    }
    return { descr, fortranOrder, shape };
  }

  /** The match of a sticky expression here, after white space. */
  private take(expression: RegExp): string | null {
    while (this.at < this.text.length && ' \t\r\n'.includes(this.text.charAt(this.at))) this.at++;
    expression.lastIndex = this.at;
    const match = expression.exec(this.text);
    if (match === null) return null;
    this.at = expression.lastIndex;
    return match[0];
  }

  private accept(character: string): boolean {
    while (this.at < this.text.length && ' \t\r\n'.includes(this.text.charAt(this.at))) this.at++;
    if (this.text.charAt(this.at) !== character) return false;
    this.at++;
    return true;
  }

  private expect(character: string): void {
    if (!this.accept(character)) throw this.fault(`expected "${character}"`);
  }

  private string(): string {
    // No escapes: no name or type that is read needs one.
    const found = this.take(/'[^'\\\n]*'|"[^"\\\n]*"/y);
    if (found === null) throw this.fault('expected a quoted string');
    return found.slice(1, -1);
  }

  private descr(): string {
    if (this.take(/(?=[[({])/y) !== null) {
      throw badFile(this.where, 'expected an array of numbers but found a structured dtype, which is not read');
    }
    return this.string();
  }

  private boolean(): boolean {
    const found = this.take(/(?:True|False)\b/y);
    if (found === null) throw this.fault('expected True or False');
    return found === 'True';
  }

  private shape(): readonly number[] {
    this.expect('(');
    const shape: number[] = [];
    while (!this.accept(')')) {
      // Python 2 wrote long integers as 3L.
      const digits = this.take(/(?:0|[1-9]\d*)L?(?![\w.])/y);
      if (digits === null) throw this.fault('expected a non-negative integer in the shape');
      shape.push(Number.parseInt(digits, 10));
      if (shape.length > MAX_RANK) throw badFile(this.where, `expected at most ${MAX_RANK} dimensions but found more`);
      if (this.accept(',')) continue;
      // (3) is a number in Python and no tuple.
      if (shape.length === 1) throw this.fault('expected a comma in the shape');
      this.expect(')');
      break;
    }
    return shape;
  }

  private fault(what: string): LowrankError {
    const around = this.text.slice(Math.max(0, this.at - 10), this.at + 20);
    return badFile(this.where, `malformed .npy header: ${what} at ${quote(around)}`);
  }
}

/**
 * The header of a C-order array in this machine's byte order: format version 1, padded so that the data begin at a
 * multiple of 64 bytes, as NumPy writes it.
 * @throws LowrankError INVALID_ARGUMENT when the shape is not one
 */
export function encodeNpyHeader(kind: NpyKind, shape: readonly number[]): Uint8Array {
  const wrong = shape.findIndex((n) => !Number.isSafeInteger(n) || n < 0);
  if (wrong >= 0 || shape.length > MAX_RANK) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected at most ${MAX_RANK} non-negative integers for shape but received ${formatShape(shape)}.`,
    );
  }
  const order = kindBytes(kind).wordBytes === 1 ? '|' : NATIVE;
  const dict = `{'descr': '${order}${codeOf(kind)}', 'fortran_order': False, 'shape': ${formatShape(shape)}, }`;
  const total = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const out = Buffer.alloc(total, ' ');
  out.write('\x93NUMPY\x01\x00', 0, 'latin1');
  out.writeUInt16LE(total - 10, 8);
  out.write(dict, 10, 'latin1');
  out.write('\n', total - 1);
  return out;
}
