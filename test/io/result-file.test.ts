import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { Matrix } from '../../src/matrix';
import { openNpz } from '../../src/io/npz';
import { writeResultFile, type ResultFileContent } from '../../src/io/result-file';
import { faultOf, temporaryDirectory } from './support';

const left = Matrix.from([
  [1, 2],
  [3, 4],
  [5, 6],
]);
const right = Matrix.from([
  [1, 0],
  [0, 1],
]);
const asymmetric: ResultFileContent = { model: 'asymmetric', factors: { left, right }, info: { seed: 1 } };

async function written(
  content: ResultFileContent,
): Promise<Record<string, { shape: readonly number[]; data: number[] }>> {
  const path = join(temporaryDirectory(), 'result.npz');
  await writeResultFile(path, content);
  const file = await openNpz(path);
  try {
    const out: Record<string, { shape: readonly number[]; data: number[] }> = {};
    for (const name of file.names) {
      const { shape, data } = await file.read(name);
      out[name] = { shape, data: [...data] };
    }
    return out;
  } finally {
    await file.close();
  }
}

const text = (array: { data: number[] } | undefined): unknown => JSON.parse(Buffer.from(array!.data).toString('utf8'));

describe('writeResultFile', () => {
  it('writes F, G and X = F G^T', async () => {
    const { F, G, X, info, ...rest } = await written(asymmetric);
    expect(F).toEqual({ shape: [3, 2], data: [1, 2, 3, 4, 5, 6] });
    expect(G).toEqual({ shape: [2, 2], data: [1, 0, 0, 1] });
    expect(X).toEqual({ shape: [3, 2], data: [1, 2, 3, 4, 5, 6] });
    expect(text(info)).toEqual({ seed: 1 });
    expect(rest).toEqual({});
  });

  it('writes U and X = U U^T', async () => {
    const arrays = await written({ ...asymmetric, model: 'symmetric', factors: { left, right: left } });
    expect(Object.keys(arrays)).toEqual(['U', 'X', 'info']);
    expect(arrays['X']).toEqual({ shape: [3, 3], data: [5, 11, 17, 11, 25, 39, 17, 39, 61] });
  });

  it('writes the estimate that it is given', async () => {
    const estimate = Matrix.from([
      [9, 9],
      [9, 9],
      [9, 9],
    ]);
    expect((await written({ ...asymmetric, estimate }))['X']?.data).toEqual([9, 9, 9, 9, 9, 9]);
  });

  it('computes a large estimate block by block', async () => {
    const n = 700;
    const u = new Matrix(
      Float64Array.from({ length: n * 20 }, (_, i) => (i * 7919) % 31),
      n,
      20,
    );
    const { X } = await written({ ...asymmetric, factors: { left: u, right: u } });
    for (const [i, j] of [
      [0, 0],
      [1, 699],
      [350, 12],
      [699, 699],
    ] as const) {
      let sum = 0;
      for (let k = 0; k < 20; k++) sum += u.get(i, k) * u.get(j, k);
      expect(X!.data[i * n + j]).toBe(sum);
    }
  });

  it('leaves X out beyond 1e7 entries', async () => {
    const path = join(temporaryDirectory(), 'result.npz');
    for (const [rows, there] of [
      [1000, true],
      [1001, false],
    ] as const) {
      await writeResultFile(path, {
        ...asymmetric,
        factors: { left: Matrix.zeros(rows, 1), right: Matrix.zeros(10_000, 1) },
      });
      const file = await openNpz(path);
      expect(file.names.includes('X')).toBe(there);
      await file.close();
    }
  });

  it('writes the columns of the trace and the ledger', async () => {
    const trace = { length: 2, columns: { iteration: Float64Array.of(0, 10), trainLoss: Float64Array.of(1, NaN) } };
    const info = { model: 'asymmetric', names: ['\u00e9'], spectrum: Float64Array.of(2, Infinity), nothing: undefined };
    const arrays = await written({ ...asymmetric, trace, info });
    expect(arrays['trace_iteration']).toEqual({ shape: [2], data: [0, 10] });
    expect(arrays['trace_trainLoss']).toEqual({ shape: [2], data: [1, NaN] });
    expect(text(arrays['info'])).toEqual({ model: 'asymmetric', names: ['\u00e9'], spectrum: [2, null] });
  });

  it.each<[string, Partial<ResultFileContent>, string]>([
    [
      'factors of two ranks',
      { factors: { left, right: Matrix.zeros(2, 3) } },
      'factors of one rank but received 3 x 2 and 2 x 3',
    ],
    ['different factors of a symmetric model', { model: 'symmetric' }, 'equal factors but received 3 x 2 and 2 x 2'],
    ['another estimate', { estimate: Matrix.zeros(2, 3) }, 'Expected a 3 x 2 matrix for estimate but received 2 x 3'],
    [
      'a short column',
      { trace: { length: 2, columns: { a: Float64Array.of(1) } } },
      'Expected 2 numbers for trace column a but received 1',
    ],
    [
      'a column without a proper name',
      { trace: { length: 1, columns: { 'a/b': Float64Array.of(1) } } },
      'received "trace_a/b"',
    ],
  ])('refuses %s and leaves nothing', async (_what, change, message) => {
    const directory = temporaryDirectory();
    const error = await faultOf(writeResultFile(join(directory, 'result.npz'), { ...asymmetric, ...change }));
    expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(message)]);
    expect(readdirSync(directory)).toEqual([]);
  });
});
