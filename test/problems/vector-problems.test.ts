/** Vector problems: y is what the formula says, generated data have the promised law, bad data are refused with the place. */
import { LowrankError, Matrix, problems } from '../../src';
import { designHandle } from '../../src/problems/vector-problem';
import type { NativeDenseDesign } from '../../src/native';
import { type Field, innerProduct, Vector } from '../../src/vector';

const { singleIndex, phaseRetrieval } = problems;

function rowsOf(problem: problems.VectorProblem): Float64Array[] {
  const width = problem.field === 'complex' ? 2 * problem.dimension : problem.dimension;
  return Array.from({ length: problem.measurements }, (_, i) => {
    const row = new Float64Array(width);
    (problem[designHandle] as NativeDenseDesign).readRow(i, row);
    return row;
  });
}

/** |sum_j row[j] x[j]|^2, written out. */
function squaredModulus(row: Float64Array, x: Float64Array, field: Field): number {
  let [re, im] = [0, 0];
  for (let j = 0; j < row.length; j += field === 'complex' ? 2 : 1) {
    if (field === 'real') re += row[j]! * x[j]!;
    else {
      re += row[j]! * x[j]! - row[j + 1]! * x[j + 1]!;
      im += row[j]! * x[j + 1]! + row[j + 1]! * x[j]!;
    }
  }
  return re * re + im * im;
}

test.each(['real', 'complex'] as const)('intensities of a Gaussian design, by an explicit loop (%s)', (field) => {
  const problem = singleIndex({ dimension: 13, delta: 3, field, seed: 4 });
  expect(problem).toMatchObject({ dimension: 13, measurements: 39, delta: 3, field, design: 'dense', model: 'vector' });
  const x = problem.truth!;
  expect(x.norm()).toBeCloseTo(1, 14);
  rowsOf(problem).forEach((row, i) => {
    expect(Math.abs(problem.y[i]! - squaredModulus(row, x.data, field))).toBeLessThan(1e-13);
  });
});

test.each(['real', 'complex'] as const)('z has the standard law (%s)', (field) => {
  const problem = singleIndex({ dimension: 20, measurements: 20000, field, seed: 9 });
  const mean = (f: (y: number) => number): number => problem.y.reduce((sum, y) => sum + f(y), 0) / problem.measurements;
  // E y = 1, E y^2 = 3 or 2, within five standard errors.
  expect(Math.abs(mean((y) => y) - 1)).toBeLessThan(5 * Math.sqrt((field === 'real' ? 2 : 1) / 20000));
  expect(Math.abs(mean((y) => y * y) - (field === 'real' ? 3 : 2))).toBeLessThan(
    5 * Math.sqrt((field === 'real' ? 96 : 20) / 20000),
  );
});

test.each([
  ['sign', (y: number) => y === 1 || y === -1],
  ['relu', (y: number) => y >= 0],
  ['logistic', (y: number) => y === 0 || y === 1],
  ['cubic', (y: number) => Number.isFinite(y)],
  [{ name: 'poisson', gain: 4 }, (y: number) => y >= 0 && Number.isInteger(4 * y)],
  [(z: number, noise: number) => Math.sin(z) + 0.1 * noise, (y: number) => Math.abs(y) < 2],
] as const)('channel %j', (channel, valid) => {
  const problem = singleIndex({ dimension: 10, measurements: 500, channel, seed: 2 });
  expect(problem.y.every(valid)).toBe(true);
  expect(new Set(problem.y).size).toBeGreaterThan(1);
});

test('a problem is a function of its options, with the same bits for any number of threads', () => {
  const make = (threads: number, seed = 7): problems.VectorProblem =>
    singleIndex({ dimension: 31, delta: 4, field: 'complex', noise: 0.2, seed, threads });
  expect(make(2).y).toEqual(make(1).y);
  expect(make(1, 8).y).not.toEqual(make(1).y);
  const noise = make(1).y.map((y, i) => y - singleIndex({ dimension: 31, delta: 4, field: 'complex', seed: 7 }).y[i]!);
  const variance = noise.reduce((sum, e) => sum + e * e, 0) / noise.length;
  expect(Math.abs(variance / 0.04 - 1)).toBeLessThan(5 * Math.sqrt(2 / noise.length));
});

test('signals: sphere, Gaussian, signs, and one of the caller that is copied', () => {
  const make = (signal: problems.SignalChoice, field: Field = 'real'): Vector =>
    singleIndex({ dimension: 400, measurements: 1, field, signal, seed: 3 }).truth!;
  expect(make('sphere', 'complex').norm()).toBeCloseTo(1, 13);
  expect(Math.abs(make('gaussian').norm() - 1)).toBeLessThan(5 / Math.sqrt(800));
  expect(make('gaussian').norm()).not.toBeCloseTo(1, 6);
  for (const value of make('rademacher').data) expect(Math.abs(value)).toBeCloseTo(0.05, 14);
  expect(make('rademacher', 'complex').norm()).toBeCloseTo(1, 13);
  const own = new Vector(new Float64Array(400).fill(0.5));
  const kept = make(own);
  own.data[0] = 9;
  expect(kept.data[0]).toBe(0.5);
});

test.each(['real', 'complex'] as const)('vectors of the user, flat or one by one (%s)', (field) => {
  const source = singleIndex({ dimension: 6, measurements: 15, field, seed: 1 });
  const rows = rowsOf(source);
  const flat = Float64Array.from(rows.flatMap((row) => Array.from(row)));
  const one = phaseRetrieval({ vectors: flat, dimension: 6, field, y: source.y, truth: source.truth });
  const other = phaseRetrieval({ vectors: rows.map((row) => new Vector(row, field)), y: source.y });
  expect(one.channel.intensity).toBe(true);
  expect(other.truth).toBeUndefined();
  const expected = source.measure(source.truth!).data;
  expect(one.measure(source.truth!).data).toEqual(expected);
  expect(other.measure(source.truth!).data).toEqual(expected);
  const single = phaseRetrieval({ vectors: Float32Array.from(flat), dimension: 6, field, y: source.y });
  expect(rowsOf(single)[3]).toEqual(Float64Array.from(Float32Array.from(rows[3]!)));
});

/** |fft2(mask o x)|^2 by the defining sum. */
function diffraction(mask: Float64Array, x: Float64Array, height: number, width: number): number[] {
  const out: number[] = [];
  for (let k = 0; k < height; k++) {
    for (let l = 0; l < width; l++) {
      let [re, im] = [0, 0];
      for (let a = 0; a < height; a++) {
        for (let b = 0; b < width; b++) {
          const j = 2 * (a * width + b);
          const angle = -2 * Math.PI * ((k * a) / height + (l * b) / width);
          const [u, v] = [mask[j]! * x[j]! - mask[j + 1]! * x[j + 1]!, mask[j]! * x[j + 1]! + mask[j + 1]! * x[j]!];
          re += u * Math.cos(angle) - v * Math.sin(angle);
          im += u * Math.sin(angle) + v * Math.cos(angle);
        }
      }
      out.push(re * re + im * im);
    }
  }
  return out;
}

test.each([[[7]], [[3, 5]]] as const)('masks of the user, shape %j: y by the defining sum', (shape) => {
  const [height, width] = shape.length === 1 ? [1, shape[0]] : shape;
  const n = height * width;
  const masks = singleIndex({ dimension: n, measurements: 2, field: 'complex', seed: 5 });
  const flat = Float64Array.from(rowsOf(masks).flatMap((row) => Array.from(row)));
  const x = masks.truth!;
  const y = [0, 1].flatMap((l) => diffraction(flat.slice(2 * n * l, 2 * n * (l + 1)), x.data, height, width));
  const problem = phaseRetrieval({ masks: flat, shape, y, truth: x });
  expect(problem).toMatchObject({ design: 'coded-diffraction', measurements: 2 * n, dimension: n, field: 'complex' });
  const r = problem.measure(x).data;
  y.forEach((value, i) => {
    expect(Math.abs(r[2 * i]! ** 2 + r[2 * i + 1]! ** 2 - value)).toBeLessThan(1e-12 * (1 + value));
  });
});

test('generated coded diffraction: energy is kept, the adjoint is one, masks are octanary', () => {
  const problem = phaseRetrieval({ design: 'coded-diffraction', shape: [8, 16], patterns: 6, seed: 3 });
  const energy = problem.y.reduce((sum, y) => sum + y, 0) / problem.measurements;
  // The mean of |mask|^2 has standard error sqrt(Var |mask|^2 / (L n)), here amplified at most by the peaks of the signal.
  expect(Math.abs(energy - 1)).toBeLessThan(0.25);
  const g = problem.measure(problem.truth!);
  const [left] = innerProduct(problem.adjoint(g), problem.truth!);
  expect(left).toBeCloseTo(g.norm() ** 2, 10);
  // The rows of pattern l at frequency 0 are the mask itself.
  const gaussian = phaseRetrieval({ design: 'gaussian', dimension: 8, delta: 2, field: 'complex', seed: 3 });
  expect(gaussian.y).toEqual(singleIndex({ dimension: 8, delta: 2, field: 'complex', seed: 3 }).y);
});

const good = { vectors: Float64Array.of(1, 2, 3, 4), dimension: 2, y: [1, 2] };
test.each<[() => unknown, string, RegExp]>([
  [() => singleIndex({ dimension: 3, seed: 1 }), 'INVALID_ARGUMENT', /exactly one of them.*neither/],
  [() => singleIndex({ dimension: 3, measurements: 3, delta: 1, seed: 1 }), 'INVALID_ARGUMENT', /both/],
  [() => singleIndex({ dimension: 3, delta: 0, seed: 1 }), 'INVALID_ARGUMENT', /positive finite number for delta/],
  [
    () => singleIndex({ dimension: 3, delta: 1, chanel: 'relu', seed: 1 } as never),
    'INVALID_ARGUMENT',
    /Did you mean "channel"/,
  ],
  [
    () => singleIndex({ dimension: 3, delta: 1, field: 'complex', channel: 'relu', seed: 1 }),
    'INVALID_ARGUMENT',
    /real only/,
  ],
  [
    () => singleIndex({ dimension: 1e5, delta: 9, seed: 1, maxMemory: 1e6 }),
    'OUT_OF_MEMORY',
    /design needs about 670\.6 GiB.*maxMemory/,
  ],
  [
    () => singleIndex({ dimension: 3, delta: 1, seed: 1, signal: Vector.zeros(4) }),
    'INVALID_ARGUMENT',
    /real Vector of length 3 for signal/,
  ],
  [
    () => singleIndex({ dimension: 3, delta: 1, seed: 1, signal: 'shere' as never }),
    'INVALID_ARGUMENT',
    /Did you mean 'sphere'/,
  ],
  [() => phaseRetrieval({ ...good, y: [1, -0.5] }), 'INVALID_ARGUMENT', /at least 0 .* for y\[1\] but received -0\.5/],
  [() => phaseRetrieval({ ...good, y: [1, 2, 3] }), 'INVALID_ARGUMENT', /Expected 2 numbers \(one per vector\) for y/],
  [() => phaseRetrieval({ ...good, y: [1, NaN] }), 'NON_FINITE', /y\[1\]/],
  [() => phaseRetrieval({ ...good, vectors: Float64Array.of(1, 2, 3) }), 'INVALID_ARGUMENT', /multiple of 2 numbers/],
  [() => phaseRetrieval({ ...good, vectors: Float64Array.of(1, 2, 3, Infinity) }), 'NON_FINITE', /vectors\[1, 1\]/],
  [
    () => phaseRetrieval({ ...good, truth: Vector.zeros(2, 'complex') }),
    'INVALID_ARGUMENT',
    /real Vector of length 2 for truth/,
  ],
  [() => phaseRetrieval({ ...good, maxMemory: 16 }), 'OUT_OF_MEMORY', /design needs/],
  [
    () => phaseRetrieval({ vectors: [Vector.zeros(2), Vector.zeros(3)], y: [1, 2] }),
    'INVALID_ARGUMENT',
    /vectors\[1\]/,
  ],
  [
    () => phaseRetrieval({ vectors: [Matrix.zeros(2, 2)] as never, y: [1] }),
    'INVALID_ARGUMENT',
    /a Vector with entries/,
  ],
  [
    () => phaseRetrieval({ masks: new Float64Array(6), shape: [2], y: [1, 2] }),
    'INVALID_ARGUMENT',
    /multiple of 4 numbers/,
  ],
  [() => phaseRetrieval({ masks: new Float64Array(4), shape: [0], y: [1] }), 'INVALID_ARGUMENT', /shape\[0\]/],
  [() => phaseRetrieval({ design: 'coded', seed: 1 } as never), 'INVALID_ARGUMENT', /coded-diffraction/],
  [
    () => phaseRetrieval({ design: 'coded-diffraction', shape: [4], patterns: 2, dimension: 4, seed: 1 }),
    'INVALID_ARGUMENT',
    /Unknown option "dimension"/,
  ],
  [() => phaseRetrieval({} as never), 'INVALID_ARGUMENT', /vectors and y/],
])('refuses %s', (call, code, message) => {
  let error: unknown;
  try {
    call();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(LowrankError);
  expect((error as LowrankError).code).toBe(code);
  expect((error as LowrankError).message).toMatch(message);
});
