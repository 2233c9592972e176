/** Every array argument of the border, with every kind of memory that may be, or no longer be, behind a typed array. */
import { native } from '../../src/load';
import { advance, codeOf, gaussianOperator, normals, runOptions } from './fixtures';

const operator = gaussianOperator(6, 3, 2);
const run = new native.Run(operator, runOptions(operator, { recordEvery: 1, columns: ['trainLoss'] }));
const numbers = (length: number) => new Float64Array(length);

/** One place for an array of `length` numbers in a call that is right otherwise. */
interface Slot {
  readonly length: number;
  readonly call: (array: unknown) => unknown;
}

type Method = (...args: unknown[]) => unknown;

/** A slot for every Float64Array in `args`. */
function slots(target: object, name: string, args: readonly unknown[]): [string, Slot][] {
  const method = (target as Record<string, Method>)[name]!;
  return args.flatMap((given, place): [string, Slot][] => {
    if (!(given instanceof Float64Array)) return [];
    const call = (array: unknown) => method.call(target, ...args.map((each, i) => (i === place ? array : each)));
    return [[`${name}, argument ${place + 1}`, { length: given.length, call }]];
  });
}

function option(name: string, length: number, others: object = {}): [string, Slot] {
  const build = native.Run as unknown as new (...args: unknown[]) => unknown;
  return [
    `Run, ${name}`,
    { length, call: (array) => new build(operator, { ...runOptions(operator), ...others, [name]: array }) },
  ];
}

const places: [string, Slot][] = [
  ...slots(native, 'measure', [operator, numbers(6), numbers(4), 2, numbers(6), 1]),
  ...slots(native, 'adjoint', [operator, numbers(6), numbers(6), 1]),
  ...slots(native, 'gradient', [
    operator,
    numbers(6),
    numbers(6),
    numbers(4),
    2,
    numbers(6),
    numbers(6),
    numbers(4),
    1,
  ]),
  ...slots(native, 'svd', [normals(6), 3, 2, numbers(6), numbers(2), numbers(4)]),
  ...slots(native, 'eigh', [Float64Array.of(2, 1, 1, 3), 2, numbers(2), numbers(4)]),
  ...slots(native, 'qr', [normals(6), 3, 2, numbers(6), numbers(4)]),
  ...slots(native, 'factorSvd', [normals(6), normals(4), 3, 2, 2, () => undefined]),
  ...slots(new native.DenseOperator(2, 3, 2, false, 'float64'), 'fill', [0, numbers(12)]),
  ...slots(operator, 'readMatrix', [0, numbers(6)]),
  ...slots(run, 'readFactors', [numbers(6), numbers(4)]),
  ...slots(run, 'readRecords', [numbers(4)]),
  option('y', 6),
  option('truth', 6),
  option('left', 6, { init: 'given', right: numbers(4) }),
  option('right', 4, { init: 'given', left: numbers(6) }),
];

/** Resizable buffers came to Node before they came to the types of the language level. */
type ResizableBuffer = ArrayBuffer & { resize(bytes: number): void };
const resizable = (bytes: number, most: number) =>
  new (ArrayBuffer as unknown as new (bytes: number, options: object) => ResizableBuffer)(bytes, {
    maxByteLength: most,
  });

/** The types of the language level have no WebAssembly. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (sizes: object) => { buffer: ArrayBuffer; grow(pages: number): void } };
};

const refused: [string, (length: number) => unknown][] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['an array', (n) => Array.from({ length: n }, () => 0)],
  ['an array-like object', (n) => ({ length: n, 0: 0 })],
  ['a DataView', (n) => new DataView(new ArrayBuffer(8 * n))],
  ['an ArrayBuffer', (n) => new ArrayBuffer(8 * n)],
  ['a BigInt64Array', (n) => new BigInt64Array(n)],
  ['a Uint8Array', (n) => new Uint8Array(8 * n)],
  ['a Buffer', (n) => Buffer.alloc(8 * n)],
  ['a proxy', (n) => new Proxy(numbers(n), {})],
  ['an object with its prototype', () => Object.create(Float64Array.prototype) as unknown],
  ['a longer array', (n) => numbers(n + 1)],
  ['a shorter array', (n) => numbers(n - 1)],
  ['an empty array', () => numbers(0)],
  [
    'a shorter array that says it is longer',
    (n) =>
      new (class extends Float64Array {
        override get length() {
          return n;
        }
      })(n - 1),
  ],
  [
    'a detached array',
    (n) => {
      const array = numbers(n);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      return array;
    },
  ],
  [
    'an array over a buffer that shrank',
    (n) => {
      const buffer = resizable(8 * n, 8 * n);
      const array = new Float64Array(buffer, 0, n);
      buffer.resize(8 * n - 8);
      return array;
    },
  ],
  [
    'an array over a buffer that shrank to nothing',
    (n) => {
      const buffer = resizable(8 * n, 8 * n);
      const array = new Float64Array(buffer);
      buffer.resize(0);
      return array;
    },
  ],
  [
    'an array that grew with its buffer',
    (n) => {
      const buffer = resizable(8 * n, 16 * n);
      const array = new Float64Array(buffer);
      buffer.resize(8 * n + 8);
      return array;
    },
  ],
  [
    'an array over WebAssembly memory that grew',
    (n) => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
      const array = new Float64Array(memory.buffer, 0, n);
      memory.grow(1);
      return array;
    },
  ],
];

const accepted: [string, (length: number) => Float64Array][] = [
  ['plain memory', (n) => new Float64Array(n)],
  ['the middle of a buffer', (n) => new Float64Array(new ArrayBuffer(8 * n + 24), 8, n)],
  ['shared memory', (n) => new Float64Array(new SharedArrayBuffer(8 * n))],
  ['WebAssembly memory', (n) => new Float64Array(new WebAssembly.Memory({ initial: 1 }).buffer, 16, n)],
  [
    'a resizable buffer',
    (n) => {
      const buffer = resizable(8, 8 * n);
      const array = new Float64Array(buffer);
      buffer.resize(8 * n);
      return array;
    },
  ],
  [
    'a subclass whose getters throw',
    (n) =>
      new (class extends Float64Array {
        override get length(): number {
          throw new Error('never asked');
        }
        override get buffer(): ArrayBuffer {
          throw new Error('never asked');
        }
      })(n),
  ],
];

beforeAll(async () => {
  await advance(run, 1);
});

describe.each(places)('%s', (name, { length, call }) => {
  test.each(refused)('refuses %s', (kind, make) => {
    if (name === 'Run, truth' && ['nothing', 'null'].includes(kind)) return;
    expect(codeOf(() => call(make(length)))).toBe('INVALID_ARGUMENT');
  });

  test.each(accepted)('takes %s', (_kind, make) => {
    expect(() => call(make(length))).not.toThrow();
  });
});

describe('heldOut', () => {
  const build = (heldOut: unknown) => new native.Run(operator, runOptions(operator, { heldOut: heldOut as never }));

  test('takes six bytes, from shared memory too', () => {
    expect(() => build(new Uint8Array(6))).not.toThrow();
    expect(() => build(new Uint8Array(new SharedArrayBuffer(6)))).not.toThrow();
  });

  test.each([new Uint8Array(5), new Uint8ClampedArray(6), new Int8Array(6), new DataView(new ArrayBuffer(6)), [0]])(
    'refuses anything else: %p',
    (wrong) => {
      expect(codeOf(() => build(wrong))).toBe('INVALID_ARGUMENT');
    },
  );
});

test('what the caller does to arrays after the call does not reach the run', async () => {
  const outcome = async (disturb: (y: Float64Array<ArrayBuffer>) => void) => {
    const y = new Float64Array(new ArrayBuffer(48));
    y.set(normals(6));
    const mine = new native.Run(operator, runOptions(operator, { y }));
    disturb(y);
    return (await advance(mine, 500)).trainLoss;
  };
  const quiet = await outcome(() => undefined);
  expect(await outcome((y) => y.fill(NaN))).toBe(quiet);
  expect(await outcome((y) => structuredClone(y.buffer, { transfer: [y.buffer] }))).toBe(quiet);
});

test('outputs may share memory with inputs', () => {
  const a = Float64Array.of(2, 1, 1, 3);
  const values = numbers(2);
  const vectors = numbers(4);
  native.eigh(a, 2, values, vectors);
  native.eigh(a, 2, numbers(2), a);
  expect(a).toEqual(vectors);
  const shared = normals(6);
  const apart = numbers(6);
  native.measure(operator, shared, normals(4), 2, apart, 1);
  native.measure(operator, shared, normals(4), 2, shared, 1);
  expect(shared).toEqual(apart);
});
