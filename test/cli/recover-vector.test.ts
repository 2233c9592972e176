/** `lowrank recover` on files of phase retrieval, as processes: what they print, write and return. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { openNpz } from '../../src/io/npz';
import { type NpzInput, writeNpz } from '../../src/io/npz-write';
import { normals } from '../support/random';
import { lowrank, temporaryFolder } from './process';

jest.setTimeout(120_000);

const folder = temporaryFolder();
const count = z.int().nonnegative();

/** The document of the design; `strictObject` so that a field nobody described is noticed. */
const document = z.strictObject({
  rank: z.literal(1),
  status: z.enum(['residual', 'gradient', 'stalled', 'iterations', 'time', 'diverged', 'numerical']),
  converged: z.boolean(),
  residual: z.number(),
  testError: z.number().optional(),
  validationError: z.number().nullable(),
  iterations: count,
  seconds: z.number().nonnegative(),
  method: z.string().min(1),
  seed: count,
  trust: z.strictObject({
    verdict: z.enum(['trusted', 'doubtful', 'unidentifiable']),
    reasons: z.array(z.string().min(10)).min(1),
    evidence: z.looseObject({ measurements: count, dimension: count, degreesOfFreedom: count, heldOut: count }),
  }),
  info: z.looseObject({
    model: z.literal('vector'),
    measurements: count,
    passes: count,
    threads: count,
    starts: z.array(z.looseObject({ start: z.string(), method: z.string(), iterations: count })).min(1),
    versions: z.looseObject({ lowrank: z.string(), node: z.string() }),
  }),
  accepted: z.boolean(),
  file: z.string(),
  field: z.enum(['real', 'complex']),
  dimension: count,
  out: z.string().optional(),
  report: z.string().optional(),
});

const n = 16;
const truth = normals(2 * n, 3);

/** y[i] = |sum_j vectors[i,j] x[j]|^2, complex. */
function intensities(vectors: Float64Array | Float32Array, x: Float64Array): Float64Array {
  return Float64Array.from({ length: vectors.length / x.length }, (_, i) => {
    let [re, im] = [0, 0];
    for (let j = 0; j < x.length; j += 2) {
      const [a, b] = [vectors[i * x.length + j]!, vectors[i * x.length + j + 1]!];
      re += a * x[j]! - b * x[j + 1]!;
      im += a * x[j + 1]! + b * x[j]!;
    }
    return re * re + im * im;
  });
}

function vectorFile(m: number, seed: number): Record<string, NpzInput> {
  const vectors = Float32Array.from(normals(2 * n * m, seed));
  return {
    vectors: { kind: 'complex64', shape: [m, n], data: vectors },
    y: { kind: 'float64', shape: [m], data: intensities(vectors, truth) },
    truth: { kind: 'complex128', shape: [n], data: truth },
  };
}

/** y[l] = |fft2(masks[l] * x)|^2 by the definition, masks with entries +1, -1, i, -i. */
function maskFile(patterns: number, [h, w]: readonly [number, number]): Record<string, NpzInput> {
  const size = h * w;
  const masks = new Float64Array(2 * patterns * size);
  normals(patterns * size, 9).forEach((draw, k) => {
    masks[2 * k + (Math.abs(draw) > 0.6745 ? 1 : 0)] = draw > 0 ? 1 : -1;
  });
  const rows = new Float64Array(2 * patterns * size * size);
  for (let l = 0; l < patterns; l++) {
    for (let p = 0; p < size; p++) {
      for (let q = 0; q < size; q++) {
        const angle = -2 * Math.PI * ((Math.floor(p / w) * Math.floor(q / w)) / h + ((p % w) * (q % w)) / w);
        const [a, b] = [masks[2 * (l * size + q)]!, masks[2 * (l * size + q) + 1]!];
        const at = 2 * ((l * size + p) * size + q);
        rows[at] = a * Math.cos(angle) - b * Math.sin(angle);
        rows[at + 1] = a * Math.sin(angle) + b * Math.cos(angle);
      }
    }
  }
  return {
    masks: { kind: 'complex128', shape: [patterns, h, w], data: masks },
    y: { kind: 'float64', shape: [patterns, h, w], data: intensities(rows, truth) },
  };
}

async function write(name: string, arrays: Record<string, NpzInput>): Promise<void> {
  await writeNpz(join(folder, name), arrays);
}

beforeAll(async () => {
  await write('vectors.npz', vectorFile(96, 1));
  await write('masks.npz', maskFile(6, [4, 4]));
  await write('few.npz', vectorFile(28, 2));
});

/** min over c of modulus 1 of norm(x - c truth) / norm(truth). */
function apart(x: Float64Array): number {
  let [re, im, size, own] = [0, 0, 0, 0];
  for (let j = 0; j < x.length; j += 2) {
    re += x[j]! * truth[j]! + x[j + 1]! * truth[j + 1]!;
    im += x[j + 1]! * truth[j]! - x[j]! * truth[j + 1]!;
    size += truth[j]! ** 2 + truth[j + 1]! ** 2;
    own += x[j]! ** 2 + x[j + 1]! ** 2;
  }
  return Math.sqrt(Math.max(0, own + size - 2 * Math.hypot(re, im)) / size);
}

test.each(['vectors.npz', 'masks.npz'])('%s: one document, and the files hold the same result', async (name) => {
  const args = ['recover', name, '--json', '--out', `x-${name}`, '--report', `${name}.html`];
  const { code, stdout, stderr } = await lowrank(args, folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const parsed = document.parse(JSON.parse(stdout));
  expect(parsed).toMatchObject({ converged: true, accepted: true, field: 'complex', dimension: n, file: name });
  expect(parsed.trust.verdict).toBe('trusted');
  expect(parsed.residual).toBeLessThan(1e-10);

  const file = await openNpz(join(folder, `x-${name}`));
  try {
    const x = await file.read('x');
    expect(x.shape).toEqual([n]);
    expect(apart(x.data as Float64Array)).toBeLessThan(1e-6);
    if (parsed.testError !== undefined) expect(parsed.testError).toBeLessThan(1e-6);
    const [stage, residual] = [await file.read('trace_stage'), await file.read('trace_residual')];
    expect(residual.shape).toEqual(stage.shape);
    expect(new Set(stage.data as Float64Array)).toEqual(new Set([0, 2]));
    const info = JSON.parse(Buffer.from((await file.read('info')).data as Uint8Array).toString('utf8')) as object;
    expect({ ...info, out: parsed.out, report: parsed.report }).toEqual(JSON.parse(stdout));
  } finally {
    await file.close();
  }
  const page = readFileSync(join(folder, `${name}.html`), 'utf8');
  expect(page.match(/<svg /g)).toHaveLength(1);
  expect(page).toContain(`lowrank recover ${name} --out x-${name} --report ${name}.html`);
  for (const reason of parsed.trust.reasons) expect(page).toContain(reason);
  expect(page).not.toMatch(/undefined|NaN|\[object/);
  expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
});

test('too few measurements: a table, a verdict that says why, exit code 1, and the files all the same', async () => {
  const args = ['recover', 'few.npz', '--quiet', '--out', 'few-x.npz', '--report', 'few.html'];
  const { code, stdout, stderr } = await lowrank(args, folder);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  for (const name of ['unknowns', 'residual', 'test error', 'validation error', 'iterations', 'time', 'status']) {
    expect(stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
  }
  expect(stdout).toMatch(/^unknowns +16 complex, up to phase$/m);
  expect(stdout).toMatch(/^verdict +unidentifiable$/m);
  expect(stdout).toMatch(/31 degrees of freedom/);
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
  expect(existsSync(join(folder, 'few-x.npz'))).toBe(true);
  expect(readFileSync(join(folder, 'few.html'), 'utf8')).toContain('class="verdict unidentifiable"');
});

const good = vectorFile(40, 5);
const y = good['y']!.data as Float64Array;

test.each<[string, Record<string, NpzInput>, string[], RegExp]>([
  [
    'short',
    { ...good, y: { kind: 'float64', shape: [39], data: y.subarray(1) } },
    [],
    /array y: expected shape \(40,?\)/,
  ],
  [
    'negative',
    { ...good, y: { kind: 'float64', shape: [40], data: y.map((value, i) => (i === 7 ? -value : value)) } },
    [],
    /array y: .*none negative.* at \[7\]; set to 0 what noise made negative/,
  ],
  [
    'complex-y',
    { ...good, y: { kind: 'complex64', shape: [40], data: new Float32Array(80).fill(1) } },
    [],
    /array y: expected real numbers/,
  ],
  ['rank', good, ['--rank', '2'], /1 .*for --rank.* 2/],
  ['model', good, ['--model', 'symmetric'], /--model/],
  ['method', good, ['--method', 'gradient-decent'], /gradient-descent/],
])('%s: exit code 2, one line, nothing written', async (name, arrays, flags, names) => {
  await write(`${name}.npz`, arrays);
  const { code, stdout, stderr } = await lowrank(['recover', `${name}.npz`, '--out', 'none.npz', ...flags], folder);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^lowrank: [^\n]+\n$/);
  expect(stderr).toMatch(names);
  expect(existsSync(join(folder, 'none.npz'))).toBe(false);
});
