import { readFileSync } from 'node:fs';
import fc from 'fast-check';

import { LowrankError } from '../../src/errors';
import { encodeNpy, parseNpy, type NpyArray } from '../../src/io/npy';
import { parseNpyHeader } from '../../src/io/npy-header';
import { expected, fixture, hexOf, npyOf, npyWithHeader } from './support';

function fault(bytes: Uint8Array): LowrankError {
  try {
    parseNpy(bytes, 'x.npz: array a');
  } catch (error) {
    if (error instanceof LowrankError) return error;
    throw error;
  }
  throw new Error('Expected a LowrankError but nothing was thrown.');
}

const eight = new Uint8Array(8);

describe('parseNpy', () => {
  it.each(['version1.npy', 'version2.npy', 'version3.npy'])('reads what NumPy wrote: %s', (name) => {
    const array = parseNpy(readFileSync(fixture(name)));
    expect(array.kind).toBe('float64');
    expect(array.shape).toEqual([3, 2]);
    expect(hexOf(array.data)).toBe(expected[name]?.['']?.hex);
  });

  it.each([
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"],
    ['{"shape":(1,),"fortran_order":False,"descr":"<f8"}'],
    ["  {  'descr' :'<f8' ,'fortran_order': True,'shape': ( 1 , ) }  \n"],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1L,)}"],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': ()}"],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}"],
  ])('accepts the header %s', (text) => {
    expect(parseNpy(npyWithHeader(text, eight)).data).toHaveLength(1);
  });

  it.each([
    ['', 'expected "{"'],
    ['None', 'expected "{"'],
    ['{', 'expected a quoted string'],
    ['{}', 'expected the keys descr, fortran_order and shape'],
    ["{'descr': '<f8', 'fortran_order': False}", 'expected the keys'],
    ["{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", 'given twice'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}", 'unknown key "more"'],
    ["{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", 'expected True or False'],
    ["{'descr': '<f8', 'fortran_order': Falsey, 'shape': (1,)}", 'expected True or False'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1)}", 'expected a comma'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': 1}", 'expected "("'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", 'expected a non-negative integer'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1.0,)}", 'expected a non-negative integer'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1e0,)}", 'expected a non-negative integer'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (0x1,)}", 'expected a non-negative integer'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} + 1", 'something after the closing brace'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", 'expected "}"'],
    ["{'descr': '<f8\\x00', 'fortran_order': False, 'shape': (1,)}", 'expected a quoted string'],
    ["{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 'object array'],
    ["{'descr': '|O8', 'fortran_order': False, 'shape': (1,)}", 'object array'],
    ["{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", 'structured dtype'],
    ["{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (1,)}", 'structured dtype'],
    ["{'descr': '<f2', 'fortran_order': False, 'shape': (4,)}", 'found dtype "<f2"'],
    ["{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}", 'found dtype "<U2"'],
    ["{'descr': '<M8[D]', 'fortran_order': False, 'shape': (1,)}", 'found dtype "<M8[D]"'],
    ["{'descr': '|f8', 'fortran_order': False, 'shape': (1,)}", 'found dtype "|f8"'],
    ["{'descr': 'constructor', 'fortran_order': False, 'shape': (1,)}", 'found dtype "constructor"'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 'at most 8 dimensions'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", 'expected 16 bytes'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (0,)}", 'expected 0 bytes'],
  ])('refuses the header %s', (text, message) => {
    const error = fault(npyWithHeader(text, eight));
    expect(error.code).toBe('BAD_FILE');
    expect(error.message).toContain('x.npz: array a: ');
    expect(error.message).toContain(message);
  });

  it.each([
    '1152921504606846976',
    '9007199254740993',
    '4503599627370496, 4503599627370496',
    '9'.repeat(400),
    '4503599627370496, 4503599627370496, 0',
  ])('allocates nothing for a claimed shape (%s,)', (shape) => {
    const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape},)}`;
    expect(fault(npyWithHeader(text)).message).toContain('too large');
  });

  it('looks at the length of a header before it reads one', () => {
    const long = npyWithHeader(' '.repeat(10_001));
    expect(fault(long).message).toContain('at most 10000 bytes');
    const claims = Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\xff', 'latin1');
    expect(fault(claims).message).toContain('at most 10000 bytes but it claims 4294967295');
  });

  it('reads any bytes but zero as true', () => {
    const text = "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}";
    expect([...parseNpy(npyWithHeader(text, Uint8Array.of(0, 1, 255))).data]).toEqual([0, 1, 1]);
  });

  it('gives 64-bit integers exactly or not at all', () => {
    const text = (type: string): string => `{'descr': '${type}', 'fortran_order': False, 'shape': (2,)}`;
    const bytes = (...values: bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(values).buffer);
    const most = 2n ** 53n - 1n;
    expect([...parseNpy(npyWithHeader(text('<i8'), bytes(most, -most))).data]).toEqual([2 ** 53 - 1, 1 - 2 ** 53]);
    expect([...parseNpy(npyWithHeader(text('<u8'), bytes(0n, most))).data]).toEqual([0, 2 ** 53 - 1]);
    for (const [type, value] of [
      ['<i8', most + 1n],
      ['<i8', -most - 1n],
      ['<u8', -1n],
      ['<i8', -(2n ** 63n)],
    ] as const) {
      expect(fault(npyWithHeader(text(type), bytes(1n, value))).message).toContain('element 1 ');
    }
  });

  it('takes every prefix and every changed byte of a file', () => {
    const whole = [npyOf([1, 2, 3]), readFileSync(fixture('version2.npy')), readFileSync(fixture('version3.npy'))];
    let valid = 0;
    for (const bytes of whole) {
      for (let n = 0; n < bytes.length; n++) expect(fault(bytes.subarray(0, n)).code).toBe('BAD_FILE');
      for (let i = 0; i < bytes.length; i++) {
        for (let change = 1; change < 256; change++) {
          const changed = Buffer.from(bytes);
          changed[i]! ^= change;
          try {
            const { shape, data, kind } = parseNpy(changed);
            const count = shape.reduce((product, n) => product * n, kind.startsWith('complex') ? 2 : 1);
            if (data.length !== count) throw new Error(`Expected ${count} numbers but received ${data.length}.`);
            valid++;
          } catch (error) {
            if (!(error instanceof LowrankError) || error.code !== 'BAD_FILE') throw error;
          }
        }
      }
    }
    // Every change of the data is another valid array.
    expect(valid).toBeGreaterThan(255 * (24 + 48 + 48));
  });

  it('gives a header or a LowrankError for any text', () => {
    const word = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ',',
      ':',
      ' ',
      '\n',
      "'",
      '"',
      "'descr'",
      "'fortran_order'",
      "'shape'",
      "'<f8'",
      "'|O'",
      'True',
      'False',
      'None',
      '0',
      '1',
      '3L',
      '-',
      '18446744073709551616',
      '\\',
      '#',
      '\0',
      '\u00e9',
    );
    const header = fc
      .record({
        descr: fc.string(),
        order: fc.constantFrom('True', 'False', '1'),
        shape: fc.array(fc.integer(), { maxLength: 10 }),
      })
      .map(
        ({ descr, order, shape }) =>
          `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape.join(', ')},), }`,
      );
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      header,
      fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
    );
    fc.assert(
      fc.property(text, (s) => {
        try {
          const { size, dataBytes, itemBytes } = parseNpyHeader(npyWithHeader(s.slice(0, 3000)), 'fuzz');
          return Number.isSafeInteger(dataBytes) && size * itemBytes === dataBytes;
        } catch (error) {
          return error instanceof LowrankError && error.code === 'BAD_FILE';
        }
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  it('needs time in proportion to a header that is as long as it may be', () => {
    // Ends quadratic scanning by the time limit of the test, not by a clock of its own.
    for (const text of ["{'descr': '", "{'descr': (", '{"', '{ '].map((start) =>
      start.padEnd(10_000, start.slice(-1)),
    )) {
      for (let i = 0; i < 200; i++) expect(fault(npyWithHeader(text)).code).toBe('BAD_FILE');
    }
  });
});

describe('encodeNpy', () => {
  it('writes what it reads, for every kind and shape', () => {
    const reals = fc.array(fc.double(), { minLength: 0, maxLength: 24 });
    fc.assert(
      fc.property(reals, fc.boolean(), (values, column) => {
        const shape = column ? [values.length, 1] : [values.length];
        const back = parseNpy(npyOf(values, shape));
        return (
          JSON.stringify(back.shape) === JSON.stringify(shape) && hexOf(back.data) === hexOf(Float64Array.from(values))
        );
      }),
      { numRuns: 200, seed: 2 },
    );
    const arrays: NpyArray[] = [
      { kind: 'float32', shape: [2], data: Float32Array.of(1.5, NaN) },
      { kind: 'complex128', shape: [1, 2], data: Float64Array.of(1, 2, 3, 4) },
      { kind: 'complex64', shape: [1], data: Float32Array.of(1, 2) },
      { kind: 'int8', shape: [2], data: Int8Array.of(-1, 5) },
      { kind: 'int16', shape: [2], data: Int16Array.of(-1, 500) },
      { kind: 'int32', shape: [], data: Int32Array.of(-70000) },
      { kind: 'int64', shape: [2], data: Float64Array.of(1 - 2 ** 53, 2 ** 40) },
      { kind: 'uint8', shape: [2, 0], data: new Uint8Array(0) },
      { kind: 'uint16', shape: [1], data: Uint16Array.of(65535) },
      { kind: 'uint32', shape: [1], data: Uint32Array.of(4294967295) },
      { kind: 'uint64', shape: [1], data: Float64Array.of(2 ** 53 - 1) },
      { kind: 'bool', shape: [2], data: Uint8Array.of(0, 1) },
    ];
    for (const array of arrays) expect(parseNpy(encodeNpy(array))).toEqual(array);
  });

  it('writes the very bytes that NumPy writes', () => {
    const bytes = readFileSync(fixture('version1.npy'));
    expect(hexOf(encodeNpy(parseNpy(bytes)))).toBe(bytes.toString('hex'));
  });

  it('begins the data at a multiple of 64 bytes, whatever the shape', () => {
    for (let rank = 0; rank <= 8; rank++) {
      const bytes = encodeNpy({ kind: 'float64', shape: new Array<number>(rank).fill(1), data: Float64Array.of(7) });
      expect((bytes.length - 8) % 64).toBe(0);
    }
  });

  it.each([
    [{ kind: 'float64', shape: [3], data: new Float64Array(2) }, 'Expected 3 numbers'],
    [{ kind: 'complex128', shape: [2], data: new Float64Array(2) }, 'Expected 4 numbers'],
    [
      { kind: 'float64', shape: [2], data: new Float32Array(2) },
      'Expected a Float64Array for data (float64) but received Float32Array',
    ],
    [{ kind: 'float64', shape: [-1], data: new Float64Array(1) }, 'non-negative integers for shape'],
    [{ kind: 'float64', shape: [0.5], data: new Float64Array(1) }, 'non-negative integers for shape'],
    [{ kind: 'int64', shape: [1], data: Float64Array.of(0.5) }, 'received 0.5 at index 0'],
    [{ kind: 'uint64', shape: [1], data: Float64Array.of(-1) }, 'received -1 at index 0'],
    [{ kind: 'int64', shape: [1], data: Float64Array.of(2 ** 53) }, 'safe integers'],
  ] as [NpyArray, string][])('refuses an array that does not fit: %j', (array, message) => {
    expect(() => encodeNpy(array)).toThrow(message);
  });
});
