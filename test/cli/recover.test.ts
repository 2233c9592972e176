/** `lowrank recover` and `lowrank doctor` as processes: what they print, write and return. */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { openNpz } from '../../src/io/npz';
import { writeProblemFile } from '../../src/io/problem-file';
import { lowrank, temporaryFolder } from './process';
import { writeSmallProblem } from './problems';

jest.setTimeout(120_000);

const folder = temporaryFolder();
const finite = z.number();
const count = z.int().nonnegative();

/** The document of the design; `strictObject` so that a field nobody described is noticed. */
const document = z.strictObject({
  rank: z.int().positive(),
  status: z.enum(['residual', 'gradient', 'validation', 'stalled', 'iterations', 'time', 'diverged', 'numerical']),
  converged: z.boolean(),
  residual: finite,
  testError: finite.optional(),
  validationError: finite,
  iterations: count,
  seconds: finite.nonnegative(),
  method: z.string().min(1),
  seed: count,
  trust: z.strictObject({
    verdict: z.enum(['trusted', 'doubtful', 'unidentifiable']),
    reasons: z.array(z.string().min(10)).min(1),
    evidence: z.looseObject({
      measurements: count,
      degreesOfFreedom: count,
      measurementsPerDegree: finite,
      trainResidual: finite,
      validationResidual: finite,
      spectralGap: finite.nullable(),
      conditionNumber: finite.nullable(),
      stopped: z.string(),
    }),
  }),
  info: z.looseObject({
    model: z.enum(['symmetric', 'asymmetric']),
    shape: z.tuple([count, count]),
    measurements: count,
    passes: count,
    threads: count,
    seconds: z.looseObject({ total: finite }),
    versions: z.looseObject({ lowrank: z.string(), node: z.string() }),
  }),
  accepted: z.boolean(),
  file: z.string(),
  singularValues: z.array(finite),
  out: z.string().optional(),
  report: z.string().optional(),
});

beforeAll(async () => {
  await writeSmallProblem(join(folder, 'good.npz'));
  await writeSmallProblem(join(folder, 'asymmetric.npz'), { n1: 12, n2: 15, symmetric: false, measurements: 220 });
  await writeSmallProblem(join(folder, 'few.npz'), { n1: 32, rank: 3, measurements: 75 });
});

test('--json prints one document, and the files hold the same result', async () => {
  const args = ['recover', 'good.npz', '--json', '--out', 'result.npz', '--report', 'report.html'];
  const { code, stdout, stderr } = await lowrank(args, folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  const parsed = document.parse(JSON.parse(stdout));
  expect(parsed).toMatchObject({ rank: 2, converged: true, accepted: true, out: 'result.npz', file: 'good.npz' });
  expect(parsed.trust.verdict).toBe('trusted');
  expect(parsed.testError).toBeLessThan(1e-6);
  expect(parsed.residual).toBeLessThan(1e-8);
  expect(parsed.singularValues).toHaveLength(2);

  const file = await openNpz(join(folder, 'result.npz'));
  try {
    expect((await file.read('U')).shape).toEqual([16, 2]);
    expect((await file.read('X')).shape).toEqual([16, 16]);
    const info = Buffer.from((await file.read('info')).data as Uint8Array).toString('utf8');
    expect({ ...JSON.parse(info), out: 'result.npz', report: 'report.html' }).toEqual(JSON.parse(stdout));
  } finally {
    await file.close();
  }
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(page.match(/<svg /g)).toHaveLength(2);
  expect(page.includes('lowrank recover good.npz --out result.npz --report report.html')).toBe(true);
});

test('without --json a short table', async () => {
  const { code, stdout } = await lowrank(['recover', 'asymmetric.npz', '--quiet'], folder);
  expect(code).toBe(0);
  for (const name of ['rank found', 'residual', 'test error', 'validation error', 'iterations', 'time', 'verdict']) {
    expect(stdout).toMatch(new RegExp(`^${name} +\\S`, 'm'));
  }
  expect(stdout).toMatch(/^rank found +2$/m);
  expect(stdout).toMatch(/^ {2}- \S/m);
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
});

test('too few measurements: exit code 1, a verdict that says why, and the files all the same', async () => {
  const { code, stdout } = await lowrank(['recover', 'few.npz', '--json', '--out', 'few-result.npz'], folder);
  expect(code).toBe(1);
  const parsed = document.parse(JSON.parse(stdout));
  expect(parsed.trust.verdict).toBe('unidentifiable');
  expect(parsed.accepted).toBe(false);
  expect(existsSync(join(folder, 'few-result.npz'))).toBe(true);
});

test('measurements that are all zero: the zero matrix, and nobody is asked to believe it', async () => {
  const zeros = { shape: [3, 3], A: new Float64Array(90).fill(0.5), y: new Float64Array(10) } as const;
  await writeProblemFile(join(folder, 'zero.npz'), zeros);
  const args = ['recover', 'zero.npz', '--json', '--out', 'zero-result.npz', '--report', 'zero.html'];
  const { code, stdout, stderr } = await lowrank(args, folder);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ rank: 0, trust: { verdict: 'doubtful' } });
  expect(readFileSync(join(folder, 'zero.html'), 'utf8').match(/Nothing to draw/g)).toHaveLength(2);
});

test('the same seed gives the same bytes of the arrays, whatever the threads', async () => {
  const arrays: string[] = [];
  for (const threads of ['1', '2']) {
    const out = `threads-${threads}.npz`;
    const { code } = await lowrank(['recover', 'good.npz', '--threads', threads, '--out', out, '--quiet'], folder);
    expect(code).toBe(0);
    const file = await openNpz(join(folder, out));
    try {
      const { data } = await file.read('U');
      arrays.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'));
    } finally {
      await file.close();
    }
  }
  expect(arrays[0]).toBe(arrays[1]);
});

test('an existing result is replaced whole', async () => {
  writeFileSync(join(folder, 'again.npz'), 'old');
  const { code } = await lowrank(['recover', 'good.npz', '--out', 'again.npz', '--quiet'], folder);
  expect(code).toBe(0);
  await (await openNpz(join(folder, 'again.npz'))).close();
  expect(readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([]);
});

test('a time limit ends the run with exit code 1 and the best so far', async () => {
  await writeSmallProblem(join(folder, 'large.npz'), { n1: 40, measurements: 800, rank: 3 });
  const { code, stdout } = await lowrank(['recover', 'large.npz', '--time-limit', '1e-4', '--json'], folder);
  expect(code).toBe(1);
  expect(document.parse(JSON.parse(stdout))).toMatchObject({ status: 'time', converged: false });
});

test('a result that cannot be written is printed all the same', async () => {
  await writeSmallProblem(join(folder, 'long.npz'), { n1: 80, rank: 12, measurements: 800 });
  mkdirSync(join(folder, 'vanishing'));
  const slow = ['--method', 'gradient-descent', '--rank', '9', '--time-limit', '2'];
  const args = ['recover', 'long.npz', ...slow, '--out', 'vanishing/result.npz', '--json', '--quiet'];
  const { code, stdout, stderr } = await lowrank(args, folder, () => {
    setTimeout(() => {
      rmSync(join(folder, 'vanishing'), { recursive: true });
    }, 1200);
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^lowrank: [^\n]*vanishing[^\n]*\n$/);
  expect(document.parse(JSON.parse(stdout)).out).toBeUndefined();
});

test('a pipe that closes early is no fault', async () => {
  const { code, stderr } = await lowrank(['recover', 'good.npz', '--json'], folder, (child) => child.stdout?.destroy());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('doctor finds this installation sound', async () => {
  const { code, stdout, stderr } = await lowrank(['doctor'], folder);
  expect({ code, stderr, failed: /FAILED.*/.exec(stdout)?.[0] }).toEqual({ code: 0, stderr: '', failed: undefined });
  for (const name of [
    'Node',
    'addon',
    'OpenBLAS',
    'processor',
    'memory',
    'memory speed',
    'random numbers',
    'recovery',
  ]) {
    expect(stdout).toMatch(new RegExp(`^ok +${name} +\\S`, 'm'));
  }
});

test('doctor --json', async () => {
  const { stdout } = await lowrank(['doctor', '--json'], folder);
  const check = z.strictObject({
    name: z.string(),
    ok: z.boolean(),
    detail: z.string(),
    values: z.record(z.string(), z.unknown()).optional(),
  });
  z.strictObject({ ok: z.literal(true), lowrank: z.string(), checks: z.array(check).min(9) }).parse(JSON.parse(stdout));
});
