import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadVectorProblem } from '../../src/io/load-vector-problem';
import { writeNpz, type NpzInput } from '../../src/io/npz-write';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lowrank-vectors-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function load(arrays: Record<string, NpzInput>): ReturnType<typeof loadVectorProblem> {
  const path = join(folder, 'file.npz');
  await writeNpz(path, arrays);
  return loadVectorProblem(path);
}

const real = (shape: number[], data: number[]): NpzInput => ({ kind: 'float64', shape, data: Float64Array.from(data) });
const complex = (shape: number[], data: number[]): NpzInput => ({
  kind: 'complex128',
  shape,
  data: Float64Array.from(data),
});

test('complex vectors: no conjugation', async () => {
  // (1 + i) (2 - i) + 3i = 3 + 4i
  const problem = await load({
    vectors: complex([1, 2], [1, 1, 0, 1]),
    y: real([1], [25]),
    truth: complex([2], [2, -1, 3, 0]),
  });
  expect(problem.field).toBe('complex');
  expect(Array.from(problem.measure(problem.truth!).data)).toEqual([3, 4]);
});

test('real vectors in single precision', async () => {
  const problem = await load({
    vectors: { kind: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    y: real([2], [9, 49]),
    truth: real([2], [1, 1]),
  });
  expect(problem.field).toBe('real');
  expect(Array.from(problem.measure(problem.truth!).data)).toEqual([3, 7]);
});

test('masks in two dimensions: the unnormalized transform', async () => {
  const mask = [1, 2, 0, -1, 1, 3];
  const x = [1, 0, 2, 1, -1, 1];
  const expected: number[] = [];
  for (let p = 0; p < 2; p++) {
    for (let q = 0; q < 3; q++) {
      let [re, im] = [0, 0];
      for (let i = 0; i < 2; i++) {
        for (let j = 0; j < 3; j++) {
          const angle = -2 * Math.PI * ((p * i) / 2 + (q * j) / 3);
          re += mask[3 * i + j]! * x[3 * i + j]! * Math.cos(angle);
          im += mask[3 * i + j]! * x[3 * i + j]! * Math.sin(angle);
        }
      }
      expected.push(re * re + im * im);
    }
  }
  const problem = await load({
    masks: real([1, 2, 3], mask),
    y: real([1, 2, 3], expected),
    truth: real([2, 3], x),
  });
  const r = problem.measure(problem.truth!).data;
  expected.forEach((value, k) => {
    expect(r[2 * k]! ** 2 + r[2 * k + 1]! ** 2).toBeCloseTo(value, 10);
  });
});

test.each<[string, Record<string, NpzInput>, RegExp]>([
  ['negative y', { vectors: real([2, 1], [1, 2]), y: real([2], [1, -4]) }, /array y: .*none negative.*-4 at \[1\]/],
  ['zero y', { vectors: real([2, 1], [1, 2]), y: real([2], [0, 0]) }, /array y: .*above 0/],
  ['nan y', { vectors: real([2, 1], [1, 2]), y: real([2], [1, NaN]) }, /array y: .*NaN at \[1\]/],
  ['short y', { vectors: real([2, 1], [1, 2]), y: real([1], [1]) }, /array y: expected shape \(2,?\)/],
  ['flat vectors', { vectors: real([2], [1, 2]), y: real([2], [1, 4]) }, /array vectors: expected shape \(m, n\)/],
  ['nan vectors', { vectors: real([2, 1], [1, NaN]), y: real([2], [1, 4]) }, /array vectors: .*finite/],
  ['nan masks', { masks: real([2, 1], [1, NaN]), y: real([2, 1], [1, 4]) }, /array masks: .*finite/],
  ['truth', { vectors: real([2, 1], [1, 2]), y: real([2], [1, 4]), truth: real([2], [1, 1]) }, /array truth/],
  ['form', { A: real([1, 1, 1], [1]), y: real([1], [1]) }, /form "dense"/],
])('%s: a clear error', async (_, arrays, message) => {
  await expect(load(arrays)).rejects.toThrow(message);
});
