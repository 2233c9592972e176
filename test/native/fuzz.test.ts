/** Any arguments whatever: a result or a JavaScript error, never a crash, and the addon works as before afterwards. */
import fc from 'fast-check';

import { native } from '../../src/load';
import { advance, gaussianOperator, normals, runOptions } from './fixtures';

const operator = gaussianOperator(6, 3, 2);
const symmetric = gaussianOperator(4, 3, 3, true, 'float32');
const run = new native.Run(operator, runOptions(operator));

const design = new native.DenseDesign(6, 3, 'real');
const complexDesign = new native.DenseDesign(3, 2, 'complex');
const coded = new native.CodedDiffraction(normals(8), 2, 1, 2);

const throwing = () => {
  throw new Error('never to be called');
};
/** Objects that tell when anything converts them. */
const hostile: unknown[] = [
  { toString: throwing, valueOf: throwing },
  { [Symbol.toPrimitive]: throwing },
  Object.defineProperties({}, { length: { get: throwing }, constructor: { get: throwing } }),
  new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
  new Proxy(throwing, { apply: throwing, get: throwing }),
  Object.create(null),
  Symbol('s'),
  10n,
  throwing,
  new Date(NaN),
  /r/,
  new Map(),
  Object.freeze([]),
  globalThis,
];

/** Values that are right somewhere, so that calls get past their first argument. */
const plausible: unknown[] = [
  operator,
  symmetric,
  run,
  design,
  complexDesign,
  coded,
  'real',
  'complex',
  { name: 'wirtinger', parameters: [] },
  null,
  undefined,
  true,
  false,
  0,
  1,
  2,
  3,
  6,
  'float64',
  'float32',
  'test',
  'noise',
  ...[0, 1, 2, 3, 4, 6, 9, 12].map((length) => normals(length)),
  new Float32Array(6),
  new Uint8Array(6),
  new Float64Array(6).fill(NaN),
  () => undefined,
];

const numbers: unknown[] = [
  -0,
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
  5e-324,
  -(2 ** 63),
];

/** Values wrapped in functions: fast-check itself looks into the values that it makes. */
type Given = () => unknown;
const oneOf = (values: readonly unknown[]) =>
  fc.constantFrom(
    ...values.map(
      (value): Given =>
        () =>
          value,
    ),
  );
const anything = fc.oneof(
  { arbitrary: oneOf(plausible), weight: 12 },
  { arbitrary: oneOf(hostile), weight: 3 },
  { arbitrary: oneOf(numbers), weight: 3 },
  {
    arbitrary: fc.anything({ withTypedArray: true, withBigInt: true, withSparseArray: true }).map(
      (value): Given =>
        () =>
          value,
    ),
    weight: 2,
  },
);
const unwrap = (given: readonly Given[]) => given.map((each) => each());

type Callable = (...args: unknown[]) => unknown;

/** Functions that read options, and so run the getters of what is given for them. */
const READ_OPTIONS: readonly string[] = ['lossBatch', 'designGradient', 'dmft', 'dataDrivenTwin'];

/** A call may throw, but only Errors; what it throws on purpose has one of the codes. */
function attempt(call: () => unknown, name = ''): void {
  try {
    call();
  } catch (error) {
    const { message, code } = error as { message?: unknown; code?: unknown };
    expect(typeof message).toBe('string');
    // Nothing of the caller's is called except getters of options.
    if (!READ_OPTIONS.includes(name)) expect(message).not.toBe('never to be called');
    expect(code).not.toBe('INTERNAL');
  }
}

const usual = { numRuns: 500 };

describe.each(Object.keys(native).filter((name) => name !== 'path' && !/^[A-Z]/.test(name)))('%s', (name) => {
  test('takes any arguments', () => {
    const call = native[name as keyof typeof native] as unknown as Callable;
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 10 }), (args) => {
        attempt(() => call(...unwrap(args)), name);
      }),
      usual,
    );
    fc.assert(
      fc.property(fc.array(anything, { minLength: expected(name), maxLength: expected(name) }), (args) => {
        attempt(() => call(...unwrap(args)), name);
      }),
      usual,
    );
  });
});

/** How many arguments a function takes, asked of its own message. */
function expected(name: string): number {
  try {
    (native[name as keyof typeof native] as unknown as Callable)(...new Array<undefined>(20));
  } catch (error) {
    return Number(/Expected (\d+) arguments/.exec((error as Error).message)?.[1]);
  }
  throw new Error(`${name} takes twenty arguments`);
}

test('constructors and methods take any arguments', () => {
  const Dense = native.DenseOperator as unknown as new (...args: unknown[]) => object;
  const Identity = native.IdentityOperator as unknown as new (...args: unknown[]) => object;
  const Design = native.DenseDesign as unknown as new (...args: unknown[]) => object;
  const Coded = native.CodedDiffraction as unknown as new (...args: unknown[]) => object;
  const small = fc.oneof(
    fc.integer({ min: -1, max: 9 }).map(
      (value): Given =>
        () =>
          value,
    ),
    anything,
  );
  fc.assert(
    fc.property(fc.tuple(small, small, small, anything, anything), (args) => {
      attempt(() => new Dense(...unwrap(args)));
      attempt(() => new Identity(...unwrap(args.slice(0, 3))));
      attempt(() => new Design(...unwrap(args.slice(0, 3))));
      attempt(() => new Coded(...unwrap([args[3], ...args.slice(0, 3)])));
    }),
    usual,
  );
  for (const target of [operator, new native.DenseOperator(4, 2, 2, true, 'float32'), run, design, complexDesign]) {
    const prototype = Object.getPrototypeOf(target) as object;
    const names = Object.getOwnPropertyNames(prototype).filter((name) => {
      const { value } = Object.getOwnPropertyDescriptor(prototype, name)!;
      return typeof value === 'function' && name !== 'constructor' && name !== 'dispose' && name !== 'cancel';
    });
    for (const name of names) {
      const method = (target as unknown as Record<string, Callable>)[name]!;
      fc.assert(
        fc.property(fc.array(anything, { maxLength: 3 }), (args) => {
          attempt(() => method.call(target, ...unwrap(args)));
        }),
        usual,
      );
      for (const receiver of [...hostile, ...plausible]) attempt(() => method.call(receiver, 0, normals(6)));
    }
  }
});

test('the options of a run take any values', () => {
  const names = Object.keys(runOptions(operator));
  const Run = native.Run as unknown as new (...args: unknown[]) => { dispose(): void };
  fc.assert(
    fc.property(
      fc.constantFrom(operator, symmetric),
      fc.constantFrom('symmetric', 'asymmetric'),
      fc.dictionary(fc.constantFrom(...names), anything, { maxKeys: 3 }),
      (op, model, changes) => {
        const values = Object.entries(changes).map(([name, value]) => [name, value()] as const);
        attempt(() => {
          new Run(op, { ...runOptions(op), model, ...Object.fromEntries(values) }).dispose();
        });
      },
    ),
    { numRuns: 3000 },
  );
});

afterAll(async () => {
  const fresh = new native.Run(operator, runOptions(operator));
  expect(await advance(fresh, 3)).toMatchObject({ status: 'running', iterations: 3 });
});
