import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

import { openNpz } from '../../src/io/npz';
import { writeNpz, type NpzInput } from '../../src/io/npz-write';
import { expected, faultOf, fixture, hexOf, temporaryDirectory } from './support';

async function readAll(path: string): Promise<Record<string, unknown>> {
  const file = await openNpz(path);
  try {
    const out: Record<string, unknown> = {};
    for (const name of file.names) out[name] = await file.read(name);
    return out;
  } finally {
    await file.close();
  }
}

describe('writeNpz', () => {
  it('writes what NumPy wrote so that it reads the same', async () => {
    const path = join(temporaryDirectory(), 'copy.npz');
    for (const name of ['kinds.npz', 'kinds-fortran-big.npz', 'shapes.npz']) {
      const arrays = (await readAll(fixture(name))) as Record<string, NpzInput>;
      await writeNpz(path, arrays);
      const copy = await readAll(path);
      expect(Object.keys(copy)).toEqual(Object.keys(arrays));
      for (const [array, { shape, hex }] of Object.entries(expected[name]!)) {
        const { shape: found, data } = copy[array] as { shape: number[]; data: Float64Array };
        expect([array, found, hexOf(data)]).toEqual([array, shape, hex]);
      }
    }
  });

  it('makes the same bytes of the same arrays', async () => {
    const directory = temporaryDirectory();
    const arrays = { a: { kind: 'float64', shape: [2], data: Float64Array.of(1, 2) } } as const;
    await writeNpz(join(directory, '1'), arrays);
    await writeNpz(join(directory, '2'), arrays);
    expect(readFileSync(join(directory, '1')).equals(readFileSync(join(directory, '2')))).toBe(true);
  });

  it('writes an array in pieces of any lengths, from any iterable', async () => {
    const path = join(temporaryDirectory(), 'a.npz');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.float({ noNaN: true }), { maxLength: 5 }), { maxLength: 5 }),
        fc.boolean(),
        async (pieces, wait) => {
          const arrays = pieces.map((piece) => Float32Array.from(piece));
          const all = Float32Array.from(pieces.flat());
          const later = async function* (): AsyncGenerator<Float32Array> {
            for (const array of arrays) yield await Promise.resolve(array);
          };
          await writeNpz(path, { a: { kind: 'float32', shape: [all.length, 1], data: wait ? later() : arrays } });
          const { a } = (await readAll(path)) as { a: { data: Float32Array } };
          return hexOf(a.data) === hexOf(all);
        },
      ),
      { numRuns: 40, seed: 4 },
    );
  });

  it('writes views into larger buffers, and more than one piece of the writer', async () => {
    const path = join(temporaryDirectory(), 'a.npz');
    const large = Float64Array.from({ length: 2 ** 20 + 3 }, (_, i) => i);
    const view = large.subarray(3);
    await writeNpz(path, {
      view: { kind: 'float64', shape: [view.length], data: view },
      integers: { kind: 'int64', shape: [large.length], data: large },
    });
    const { view: back, integers } = (await readAll(path)) as Record<string, { data: Float64Array }>;
    expect(Buffer.from(back!.data.buffer).equals(Buffer.from(large.buffer, 24))).toBe(true);
    expect(Buffer.from(integers!.data.buffer).equals(Buffer.from(large.buffer))).toBe(true);
  });

  it('writes a file without arrays', async () => {
    const path = join(temporaryDirectory(), 'a.npz');
    await writeNpz(path, {});
    expect(await readAll(path)).toEqual({});
  });

  const three = (data: unknown): NpzInput => ({ kind: 'float64', shape: [3], data }) as NpzInput;
  const pieces = (...lengths: number[]): Float64Array[] => lengths.map((length) => new Float64Array(length));

  it.each<[string, Record<string, NpzInput>, string]>([
    [
      'too few numbers',
      { a: three(new Float64Array(2)) },
      'Expected 3 numbers for array a of shape (3,) but received 2',
    ],
    [
      'too few numbers in pieces',
      { a: three(pieces(1, 1)) },
      'Expected 3 numbers for array a of shape (3,) but received 2',
    ],
    [
      'too many numbers in pieces',
      { a: three(pieces(2, 2)) },
      'Expected 3 numbers for array a of shape (3,) but received 4',
    ],
    [
      'another type',
      { a: three(new Float32Array(3)) },
      'Expected a Float64Array for a (float64) but received Float32Array',
    ],
    ['another type in pieces', { a: three([new Float64Array(1), new Float32Array(2)]) }, 'received Float32Array'],
    ['a list of numbers', { a: three([1, 2, 3]) }, 'received number'],
    [
      'a name that leads elsewhere',
      { '../a': three(new Float64Array(3)) },
      'for the name of an array but received "../a"',
    ],
    ['no name', { '': three(new Float64Array(3)) }, 'for the name of an array'],
    [
      'a shape that is none',
      { a: { kind: 'float64', shape: [-3], data: new Float64Array(3) } },
      'for shape but received (-3,)',
    ],
    [
      'a fraction for an integer',
      { a: { kind: 'int64', shape: [1], data: Float64Array.of(0.5) } },
      'received 0.5 at index 0',
    ],
  ])('leaves the old file and nothing else after an error: %s', async (_what, arrays, message) => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a.npz');
    writeFileSync(path, 'old');
    const before = three(new Float64Array(3));
    const error = await faultOf(writeNpz(path, { before, ...arrays }));
    expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(message)]);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['a.npz']);
  });

  it('passes on what the source of the pieces throws', async () => {
    const directory = temporaryDirectory();
    const failure = new Error('the source broke');
    const source = function* (): Generator<Float64Array> {
      yield new Float64Array(1);
      throw failure;
    };
    await expect(writeNpz(join(directory, 'a.npz'), { a: three(source()) })).rejects.toBe(failure);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('ends with the reason of an aborted signal and leaves nothing', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a.npz');
    const reason = new Error('enough');
    await expect(writeNpz(path, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const source = function* (): Generator<Float64Array> {
      yield new Float64Array(1);
      controller.abort(reason);
      yield new Float64Array(2);
    };
    await expect(writeNpz(path, { a: three(source()) }, { signal: controller.signal })).rejects.toBe(reason);
    expect(readdirSync(directory)).toEqual([]);
  });
});
