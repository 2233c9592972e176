/** loadProblem: a problem read from a file is the problem built in memory, to the bit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadProblem, LowrankError, Matrix, problems, type LoadProblemOptions, type LoadProgress } from '../../src';
import { writeProblemFile } from '../../src/io';
import { normals } from '../support/random';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'lowrank-load-'));
});
afterAll(() => rm(folder, { recursive: true }));

const [m, n1, n2] = [40, 5, 7];
const A = normals(m * n1 * n2, 1);
const y = normals(m, 2);
const truth = new Matrix(normals(n1 * n2, 3), n1, n2);
const point = { left: new Matrix(normals(n1 * 2, 4), n1, 2), right: new Matrix(normals(n2 * 2, 5), n2, 2) };

async function written(name: string, content: Parameters<typeof writeProblemFile>[1]): Promise<string> {
  const file = path.join(folder, name);
  await writeProblemFile(file, content);
  return file;
}

async function loadMatrix(file: string, options: LoadProblemOptions = {}): Promise<problems.Problem> {
  const problem = await loadProblem(file, options);
  if (problem.model === 'vector') throw new Error('Expected a matrix problem.');
  return problem;
}

async function refusal(promise: Promise<unknown>): Promise<LowrankError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LowrankError);
  return error as LowrankError;
}

test.each([
  ['float64', A],
  ['float32', Float32Array.from(A)],
] as const)('%s', async (storage, values) => {
  const file = await written(`${storage}.npz`, { shape: [n1, n2], A: values, y, truth });
  const loaded = await loadMatrix(file);
  const built = problems.sensing({ A: values, y, shape: [n1, n2], truth });
  expect(loaded.storage).toBe(storage);
  expect(loaded.model).toBe('asymmetric');
  expect([loaded.shape, loaded.measurements, loaded.bytes]).toEqual([built.shape, m, built.bytes]);
  expect(loaded.truth).toEqual(truth);
  expect(loaded.y).toEqual(y);
  expect(loaded.gradient(point)).toEqual(built.gradient(point));
  const other = storage === 'float64' ? 'float32' : 'float64';
  expect((await loadMatrix(file, { storage: other })).storage).toBe(other);
});

test('symmetric by the file, and by option', async () => {
  const square = normals(30 * 16, 6);
  const U = new Matrix(normals(8, 7), 4, 2);
  const built = problems.sensing({ A: square, y: y.slice(0, 30), shape: [4, 4], symmetric: true });
  const flagged = await written('s.npz', { shape: [4, 4], A: square, y: y.slice(0, 30), symmetric: true });
  const plain = await written('p.npz', { shape: [4, 4], A: square, y: y.slice(0, 30) });
  for (const loaded of [await loadMatrix(flagged), await loadMatrix(plain, { model: 'symmetric' })]) {
    expect([loaded.symmetric, loaded.model, loaded.bytes]).toEqual([true, 'symmetric', built.bytes]);
    expect(loaded.gradient(U)).toEqual(built.gradient(U));
  }
  const whole = await loadProblem(flagged, { model: 'asymmetric' });
  expect([whole.symmetric, whole.model]).toEqual([false, 'asymmetric']);
});

test('a file of many chunks, with progress and a free event loop', async () => {
  const [count, n] = [900, 60]; // 26 MB: seven chunks
  const rows = normals(n * n, 8);
  const big = new Float64Array(count * n * n);
  for (let i = 0; i < count; i++)
    big.set(
      rows.map((value) => value * (i + 1)),
      i * n * n,
    );
  const file = await written('big.npz', { shape: [n, n], A: big, y: new Float64Array(count) });
  const reports: LoadProgress[] = [];
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const loaded = await loadMatrix(file, { onProgress: (report) => reports.push(report) });
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(0);
  expect(reports.at(-1)).toEqual({ fraction: 1, read: count, measurements: count });
  const unit = { left: Matrix.zeros(n, 1), right: Matrix.zeros(n, 1) };
  unit.left.data[3] = 1;
  unit.right.data[5] = 1;
  // <A_i, e_3 e_5^T> = (i + 1) A_0[3, 5], exactly.
  expect(loaded.measure(unit)).toEqual(Float64Array.from({ length: count }, (_, i) => rows[3 * n + 5]! * (i + 1)));
});

test('NaN in A is a fault of the file, with its place', async () => {
  const spoilt = A.slice();
  spoilt[2 * n1 * n2 + n2 + 3] = NaN;
  const file = await written('nan.npz', { shape: [n1, n2], A: spoilt, y });
  const error = await refusal(loadProblem(file));
  expect([error.code, error.message]).toEqual([
    'BAD_FILE',
    `${file}: array A: expected a finite number at A[2, 1, 3] but received NaN of type number.`,
  ]);
});

test('wrong options, missing files, a cap', async () => {
  const file = await written('good.npz', { shape: [n1, n2], A, y });
  expect((await refusal(loadProblem(3 as unknown as string))).message).toBe(
    'Expected a path for path but received number.',
  );
  expect((await refusal(loadProblem(file, { modle: 'symmetric' } as never))).message).toMatch(/Did you mean "model"\?/);
  expect((await refusal(loadProblem(file, { model: 'symmetric' }))).message).toBe(
    `Expected 'asymmetric' for model but received 'symmetric', but the matrices in ${file} are 5 x 7.`,
  );
  expect((await refusal(loadProblem(path.join(folder, 'nothing.npz')))).code).toBe('BAD_FILE');
  expect((await refusal(loadProblem(file, { maxMemory: 100 }))).code).toBe('OUT_OF_MEMORY');
});

test('abort before and during; onProgress that throws', async () => {
  const file = await written('abort.npz', { shape: [n1, n2], A, y });
  await expect(loadProblem(file, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
  const controller = new AbortController();
  const promise = loadProblem(file, { signal: controller.signal });
  controller.abort('changed my mind');
  await expect(promise).rejects.toBe('changed my mind');
  const error = new Error('from the callback');
  await expect(
    loadProblem(file, {
      onProgress: () => {
        throw error;
      },
    }),
  ).rejects.toBe(error);
});
