/** loadProblem on files of vectors and masks: what is loaded is what is in the file, and what is wrong is named with its place. */
import { join } from 'node:path';

import { loadProblem, type LoadProgress, problems } from '../../src';
import { type NpzInput, writeNpz } from '../../src/io';
import { designHandle } from '../../src/problems/vector-problem';
import type { NativeDenseDesign } from '../../src/native';
import { type Field, Vector } from '../../src/vector';
import { normals } from '../support/random';
import { faultOf, fixture, temporaryDirectory } from './support';

const floats = (shape: number[], data: Float64Array): NpzInput => ({ kind: 'float64', shape, data });
const complex = (shape: number[], data: Float64Array): NpzInput => ({ kind: 'complex128', shape, data });

async function file(arrays: Record<string, NpzInput>): Promise<string> {
  const path = join(temporaryDirectory(), 'problem.npz');
  await writeNpz(path, arrays);
  return path;
}

function row(problem: problems.VectorProblem, i: number): Float64Array {
  const out = new Float64Array(problem.field === 'complex' ? 2 * problem.dimension : problem.dimension);
  (problem[designHandle] as NativeDenseDesign).readRow(i, out);
  return out;
}

const [m, n] = [12, 5];
const y = normals(m, 1).map(Math.abs);

test.each([
  ['float64', 'real'],
  ['float32', 'real'],
  ['complex128', 'complex'],
  ['complex64', 'complex'],
] as const)('vectors as %s: taken as they are', async (kind, field: Field) => {
  const width = field === 'complex' ? 2 * n : n;
  const wide = normals(m * width, 2);
  const data = kind === 'float32' || kind === 'complex64' ? Float32Array.from(wide) : wide;
  const truth = normals(width, 3);
  const path = await file({
    vectors: { kind, shape: [m, n], data } as NpzInput,
    y: floats([m], y),
    truth: field === 'complex' ? complex([n], truth) : floats([n], truth),
  });
  const reports: LoadProgress[] = [];
  const problem = await loadProblem(path, { model: 'vector', onProgress: (report) => reports.push(report) });
  expect(problem).toMatchObject({ model: 'vector', field, dimension: n, measurements: m, design: 'dense' });
  expect(problem.y).toEqual(y);
  expect(problem.truth).toEqual(new Vector(truth, field));
  for (let i = 0; i < m; i++)
    expect(row(problem, i)).toEqual(Float64Array.from(data.slice(i * width, (i + 1) * width)));
  expect(reports.at(-1)).toEqual({ fraction: 1, read: m, measurements: m });
});

test('what NumPy wrote', async () => {
  const vectors = await loadProblem(fixture('problem-vectors.npz'));
  const masks = await loadProblem(fixture('problem-masks.npz'));
  expect([vectors.model, masks.model]).toEqual(['vector', 'vector']);
});

test.each([[[3, 7]], [[2, 4, 6]]])('masks of shape %j are those of problems.phaseRetrieval', async (shape) => {
  const [patterns = 0, ...image] = shape;
  const size = image.reduce((a, b) => a * b, 1);
  const data = normals(2 * patterns * size, 4);
  const intensities = normals(patterns * size, 5).map(Math.abs);
  const path = await file({
    masks: complex(shape, data),
    y: floats(shape, intensities),
    truth: floats(image, normals(size, 6)),
  });
  const problem = await loadProblem(path, { model: 'vector' });
  const built = problems.phaseRetrieval({ masks: data, shape: image as [number], y: intensities });
  expect(problem).toMatchObject({ design: 'coded-diffraction', measurements: patterns * size, dimension: size });
  const { truth } = problem;
  // A real truth is taken as a complex one.
  expect(truth!.field).toBe('complex');
  expect(problem.measure(truth!).data).toEqual(built.measure(truth!).data);
  expect(problem.y).toEqual(intensities);
});

const good = { vectors: floats([m, n], normals(m * n, 7)), y: floats([m], y) };
const changed = (values: Float64Array, index: number, value: number): Float64Array =>
  values.map((x, i) => (i === index ? value : x));
test.each<[string, Record<string, NpzInput>, string]>([
  [
    'a negative intensity',
    { ...good, y: floats([m], changed(y, 3, -0.25)) },
    'array y: expected intensities, none negative, but found -0.25 at [3]',
  ],
  [
    'NaN in y',
    { ...good, y: floats([m], changed(y, 2, NaN)) },
    'array y: expected finite numbers but found NaN at [2]',
  ],
  [
    'NaN in vectors',
    { ...good, vectors: floats([m, n], changed(normals(m * n, 7), 11, NaN)) },
    'array vectors: expected a finite number at vectors[2, 1]',
  ],
  ['complex y', { ...good, y: complex([m], normals(2 * m, 1)) }, 'array y: expected real numbers but found dtype <c16'],
  [
    'y of another length',
    { ...good, y: floats([m - 1], y.slice(1)) },
    'array y: expected shape (12), as vectors, but found (11)',
  ],
  [
    'truth of another length',
    { ...good, truth: floats([n + 1], normals(n + 1, 1)) },
    'array truth: expected shape (5), the unknowns, but found (6)',
  ],
  [
    'a complex truth of real vectors',
    { ...good, truth: complex([n], normals(2 * n, 1)) },
    'array truth: expected real numbers',
  ],
  [
    'vectors of three axes',
    { ...good, vectors: floats([2, 6, n], normals(m * n, 7)) },
    'array vectors: expected shape (m, n)',
  ],
  ['no y', { vectors: good.vectors }, 'y'],
  [
    'masks with y of another shape',
    { masks: complex([2, 3], normals(12, 1)), y: floats([6], normals(6, 2).map(Math.abs)) },
    'array y: expected shape (2, 3), as masks, but found (6)',
  ],
  [
    'a negative pattern',
    { masks: complex([2, 3], normals(12, 1)), y: floats([2, 3], Float64Array.of(1, 2, 3, 4, -5, 6)) },
    'none negative, but found -5 at [4]',
  ],
  [
    'infinity in masks',
    { masks: complex([2, 3], changed(normals(12, 1), 7, Infinity)), y: floats([2, 3], new Float64Array(6).fill(1)) },
    'array masks: ',
  ],
])('%s', async (_what, arrays, message) => {
  const error = await faultOf(loadProblem(await file(arrays)));
  expect(error.code).toBe('BAD_FILE');
  expect(error.message.replace(/,\)/g, ')')).toContain(message);
});

test('model and storage that do not fit, memory, abort', async () => {
  const path = await file(good);
  expect((await faultOf(loadProblem(path, { model: 'symmetric' }))).message).toMatch(/'vector' for model.*"vectors"/);
  expect((await faultOf(loadProblem(path, { storage: 'float32' }))).message).toMatch(/'float64'/);
  const small = await faultOf(loadProblem(path, { maxMemory: 100 }));
  expect([small.code, small.message]).toEqual([
    'OUT_OF_MEMORY',
    expect.stringContaining('The design needs about 480 bytes'),
  ]);
  const dense = await file({ A: floats([2, 2, 2], normals(8, 1)), y: floats([2], normals(2, 1)) });
  expect((await faultOf(loadProblem(dense, { model: 'vector' }))).message).toMatch(/'symmetric' or 'asymmetric'/);
  const reason = new Error('enough');
  await expect(loadProblem(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});
