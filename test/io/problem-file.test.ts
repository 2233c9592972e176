import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Matrix } from '../../src/matrix';
import { writeNpz, type NpzInput } from '../../src/io/npz-write';
import { describeProblemFile, problemForm, writeProblemFile, type ProblemFile } from '../../src/io/problem-file';
import { expected, faultOf, fixture, hexOf, temporaryDirectory, temporaryFile } from './support';

async function matrices(
  problem: ProblemFile,
  bytesPerChunk?: number,
): Promise<{ rows: number[]; values: number[]; type: string }> {
  const out = { rows: [] as number[], values: [] as number[], type: '' };
  for await (const chunk of problem.chunks(bytesPerChunk === undefined ? {} : { bytesPerChunk })) {
    expect(chunk.firstRow).toBe(out.rows.reduce((sum, rows) => sum + rows, 0));
    expect(chunk.values).toHaveLength(chunk.rows * problem.shape[0] * problem.shape[1]);
    out.rows.push(chunk.rows);
    out.values.push(...chunk.values);
    out.type = chunk.values.constructor.name;
  }
  return out;
}

const numbers = (file: string, name: string): number[] => {
  const { hex, dtype } = expected[file]![name]!;
  const bytes = Buffer.from(hex, 'hex');
  const size = dtype.endsWith('4') ? 4 : 8;
  return Array.from({ length: bytes.length / size }, (_, i) =>
    size === 4 ? bytes.readFloatLE(4 * i) : bytes.readDoubleLE(8 * i),
  );
};

describe('describeProblemFile', () => {
  it('reads a problem that NumPy wrote', async () => {
    const problem = await describeProblemFile(fixture('problem.npz'));
    expect(problem).toMatchObject({
      form: 'dense',
      measurements: 6,
      shape: [3, 4],
      symmetric: false,
      storage: 'float32',
      dtype: '<f4',
    });
    expect(hexOf(problem.y)).toBe(expected['problem.npz']!['y']!.hex);
    expect(problem.truth).toMatchObject({ rows: 3, cols: 4 });
    expect(hexOf(problem.truth!.data)).toBe(expected['problem.npz']!['truth']!.hex);
    for (const [bytesPerChunk, rows] of [
      [undefined, [6]],
      [48, [1, 1, 1, 1, 1, 1]],
      [200, [4, 2]],
    ] as const) {
      expect(await matrices(problem, bytesPerChunk)).toEqual({
        rows,
        values: numbers('problem.npz', 'A'),
        type: 'Float32Array',
      });
    }
  });

  it('reads a symmetric problem in Fortran order', async () => {
    const problem = await describeProblemFile(fixture('problem-symmetric.npz'));
    expect(problem).toMatchObject({ measurements: 5, shape: [3, 3], symmetric: true, storage: 'float64' });
    expect(await matrices(problem, 150)).toEqual({
      rows: [2, 2, 1],
      values: numbers('problem-symmetric.npz', 'A'),
      type: 'Float64Array',
    });
  });

  it('agrees with the measurements: y = <A, truth>', async () => {
    for (const name of ['problem.npz', 'problem-symmetric.npz']) {
      const problem = await describeProblemFile(fixture(name));
      const { values } = await matrices(problem);
      const x = problem.truth!.data;
      problem.y.forEach((y, i) => {
        const inner = x.reduce((sum, v, k) => sum + v * values[i * x.length + k]!, 0);
        expect(Math.abs(inner - y)).toBeLessThan(1e-12);
      });
    }
  });

  it.each([
    ['entries', 'not supported yet by this version'],
    ['vectors', 'which loadProblem reads'],
    ['masks', 'which loadProblem reads'],
  ])('recognizes the form "%s": %s', async (form, what) => {
    const error = await faultOf(describeProblemFile(fixture(`problem-${form}.npz`)));
    expect(error.code).toBe('BAD_FILE');
    expect(error.message).toMatch(
      new RegExp(`problem-${form}\\.npz: holds measurements of the form "${form}" .*${what}.*; expected dense`),
    );
  });

  it('finds the form of each set of arrays', () => {
    expect(problemForm(['A', 'y', 'truth', 'notes'], 'p')).toBe('dense');
    expect(problemForm(['A'], 'p')).toBe('dense');
    expect(problemForm(['values', 'shape'], 'p')).toBe('entries');
    expect(problemForm(['vectors', 'y'], 'p')).toBe('vectors');
    expect(problemForm(['masks', 'y'], 'p')).toBe('masks');
    expect(() => problemForm(['A', 'vectors', 'y'], 'p')).toThrow(
      'p: expected the arrays of one measurement form but found those of dense and vectors: A, vectors, y.',
    );
    expect(() => problemForm(['y', 'shape', 'symmetric', 'truth'], 'p')).toThrow(
      'but found y, shape, symmetric, truth',
    );
    expect(() => problemForm([], 'p')).toThrow('but found no array at all');
  });

  const floats = (shape: number[], ...values: number[]): NpzInput => {
    const data = new Float64Array(shape.reduce((product, n) => product * n, 1));
    data.set(values);
    return { kind: 'float64', shape, data };
  };
  const complex = (shape: number[]): NpzInput => ({ ...floats([...shape, 2]), kind: 'complex128', shape }) as NpzInput;
  const good = { A: floats([2, 3, 3]), y: floats([2]) };

  it.each<[string, Record<string, NpzInput>, string]>([
    ['no y', { A: good.A }, 'expected an array y but found A'],
    [
      'complex A',
      { ...good, A: complex([2, 3, 3]) },
      'array A: expected real numbers but found dtype <c16, which is not supported yet',
    ],
    ['complex y', { ...good, y: complex([2]) }, 'array y: expected real numbers but found dtype <c16'],
    ['complex truth', { ...good, truth: complex([3, 3]) }, 'array truth: expected real numbers but found dtype <c16'],
    ['A of two axes', { ...good, A: floats([2, 9]) }, 'array A: expected shape (m, n1, n2) but found (2, 9)'],
    [
      'A of four axes',
      { ...good, A: floats([2, 3, 3, 1]) },
      'array A: expected shape (m, n1, n2) but found (2, 3, 3, 1)',
    ],
    [
      'no measurements',
      { A: floats([0, 3, 3]), y: floats([0]) },
      'array A: expected at least one measurement matrix with entries but found shape (0, 3, 3)',
    ],
    ['no entries', { A: floats([2, 3, 0]), y: floats([2]) }, 'found shape (2, 3, 0)'],
    [
      'another number of y',
      { ...good, y: floats([3]) },
      'array y: expected shape (2,), one number for each matrix of A, but found (3,)',
    ],
    [
      'y in a column',
      { ...good, y: floats([2, 1]) },
      'array y: expected shape (2,), one number for each matrix of A, but found (2, 1)',
    ],
    ['NaN in y', { ...good, y: floats([2], 1, NaN) }, 'array y: expected finite numbers but found NaN at [1]'],
    [
      'infinity in y',
      { ...good, y: floats([2], -Infinity) },
      'array y: expected finite numbers but found -Infinity at [0]',
    ],
    [
      'another shape of truth',
      { ...good, truth: floats([3, 2]) },
      'array truth: expected shape (3, 3), the last two axes of A, but found (3, 2)',
    ],
    [
      'NaN in truth',
      { ...good, truth: floats([3, 3], 0, 0, 0, 0, 0, NaN) },
      'array truth: expected finite numbers but found NaN at [1, 2]',
    ],
    ['symmetric of two', { ...good, symmetric: floats([], 2) }, 'array symmetric: expected 0 or 1 but found 2'],
    [
      'two symmetric',
      { ...good, symmetric: floats([2], 1, 1) },
      'array symmetric: expected one number, 0 or 1, but found shape (2,)',
    ],
    [
      'symmetric but not square',
      { A: floats([2, 3, 4]), y: floats([2]), symmetric: floats([], 1) },
      'array symmetric: is 1, which needs square matrices, but A has shape (2, 3, 4)',
    ],
    ['two forms', { ...good, masks: floats([1]) }, 'dense and masks'],
  ])('refuses %s, naming file and array', async (_what, arrays, message) => {
    const path = join(temporaryDirectory(), 'p.npz');
    await writeNpz(path, arrays);
    const error = await faultOf(describeProblemFile(path));
    expect(error.code).toBe('BAD_FILE');
    expect(error.message.startsWith(path)).toBe(true);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  it.each<[string, string | Buffer, string]>([
    ['an empty file', '', 'the file is empty'],
    ['a text', 'A = 1', 'expected a .npz file'],
    ['a cut file', readFileSync(fixture('problem.npz')).subarray(0, 500), 'truncated'],
    ['Python objects', readFileSync(fixture('refused.npz')), 'expected arrays A and y'],
  ])('refuses %s', async (_what, bytes, message) => {
    expect((await faultOf(describeProblemFile(temporaryFile(bytes)))).message).toContain(message);
  });

  it('reads integers and flags of any type as numbers', async () => {
    const path = join(temporaryDirectory(), 'p.npz');
    for (const flag of [
      { kind: 'float64', shape: [1], data: Float64Array.of(1) },
      { kind: 'bool', shape: [], data: Uint8Array.of(1) },
      { kind: 'int64', shape: [1, 1], data: Float64Array.of(1) },
    ] as const) {
      await writeNpz(path, {
        A: { kind: 'int8', shape: [2, 1, 1], data: Int8Array.of(-3, 4) },
        y: { kind: 'float32', shape: [2], data: Float32Array.of(0.5, 2) },
        symmetric: flag,
        truth: { kind: 'uint16', shape: [1, 1], data: Uint16Array.of(7) },
      });
      const problem = await describeProblemFile(path);
      expect(problem).toMatchObject({ symmetric: true, storage: 'float64', dtype: '|i1', y: Float64Array.of(0.5, 2) });
      expect(problem.truth).toEqual(Matrix.from([[7]]));
      expect(await matrices(problem)).toEqual({ rows: [2], values: [-3, 4], type: 'Float64Array' });
    }
  });

  it('leaves the finiteness of A to the operator', async () => {
    const path = join(temporaryDirectory(), 'p.npz');
    await writeNpz(path, { ...good, A: floats([2, 3, 3], NaN) });
    expect((await matrices(await describeProblemFile(path))).values[0]).toBeNaN();
  });

  it('notices that the file was replaced since', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'p.npz');
    writeFileSync(path, readFileSync(fixture('problem.npz')));
    writeFileSync(join(directory, 'other'), readFileSync(fixture('problem.npz')));
    const problem = await describeProblemFile(path);
    expect((await matrices(problem)).rows).toEqual([6]);
    renameSync(join(directory, 'other'), path);
    expect((await faultOf(matrices(problem))).message).toContain('the file was changed or replaced');
  });
});

describe('writeProblemFile', () => {
  const A = Float64Array.from({ length: 24 }, (_, i) => i / 7);
  const y = Float64Array.of(1, 2, 3, 4, 5, 6);

  it('writes what describeProblemFile reads', async () => {
    const path = join(temporaryDirectory(), 'p.npz');
    const truth = Matrix.from([
      [1, 2],
      [2, 5],
    ]);
    await writeProblemFile(path, { A, y, shape: [2, 2], symmetric: true, truth });
    const problem = await describeProblemFile(path);
    expect(problem).toMatchObject({ measurements: 6, shape: [2, 2], symmetric: true, storage: 'float64', y });
    expect(problem.truth).toEqual(truth);
    expect((await matrices(problem)).values).toEqual([...A]);
    await writeProblemFile(path, { A, y, shape: [1, 4] });
    expect(await describeProblemFile(path)).toMatchObject({ shape: [1, 4], symmetric: false, truth: null });
  });

  it('writes A in pieces, in the type of the pieces', async () => {
    const path = join(temporaryDirectory(), 'p.npz');
    const single = Float32Array.from(A);
    const later = async function* (): AsyncGenerator<Float32Array> {
      for (let at = 0; at < 24; at += 5) yield await Promise.resolve(single.subarray(at, at + 5));
    };
    for (const pieces of [later(), [single.subarray(0, 1), single.subarray(1)], single]) {
      await writeProblemFile(path, { A: pieces, y, shape: [2, 2] });
      const problem = await describeProblemFile(path);
      expect(problem.storage).toBe('float32');
      expect((await matrices(problem)).values).toEqual([...single]);
    }
  });

  it.each<[string, Partial<Parameters<typeof writeProblemFile>[1]>, string]>([
    ['too few numbers', { A: A.subarray(1) }, 'Expected 24 numbers for array A of shape (6, 2, 2) but received 23'],
    ['too few pieces', { A: [A.subarray(1)] }, 'Expected 24 numbers for array A of shape (6, 2, 2) but received 23'],
    ['no pieces', { A: [] as Float64Array[] }, 'Expected measurement matrices for A but received none'],
    ['no measurements', { y: new Float64Array(0) }, 'at least one measurement for y'],
    ['another truth', { truth: Matrix.zeros(2, 3) }, 'Expected a 2 x 2 matrix for truth but received 2 x 3'],
    ['a symmetric problem that is not square', { shape: [1, 4], symmetric: true }, 'Expected square matrices'],
  ])('refuses %s and leaves nothing', async (_what, change, message) => {
    const directory = temporaryDirectory();
    const error = await faultOf(writeProblemFile(join(directory, 'p.npz'), { A, y, shape: [2, 2], ...change }));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lets the source of the pieces go when it cannot write', async () => {
    let released = false;
    const source = function* (): Generator<Float64Array> {
      try {
        for (;;) yield A;
      } finally {
        released = true;
      }
    };
    const path = join(temporaryDirectory(), 'p.npz');
    expect((await faultOf(writeProblemFile(path, { A: source(), y, shape: [2, 2] }))).message).toContain('received 48');
    expect(released).toBe(true);
  });
});
