/** The doctor's questions to the addon: what it is, how fast memory is, and whether it computes what it should. */
import { availableParallelism, freemem } from 'node:os';

import { formatNumber } from '../figures/format';
import type { NativeAddon } from '../native';
import { oneLine } from './exit';
import { type Engine, loadEngine } from './lazy';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** One sentence for people; what to do, where it failed. */
  readonly detail: string;
  /** The same for programs. */
  readonly values?: Readonly<Record<string, unknown>>;
}

export async function inspectAddon(): Promise<Check[]> {
  let engine: Engine;
  let described: Check[];
  try {
    engine = loadEngine();
    described = describeAddon(engine.native);
  } catch (error) {
    // The loader's message says what it tried and the command that mends it.
    return [{ name: 'addon', ok: false, detail: messageOf(error), values: { error: messageOf(error) } }];
  }
  const { native } = engine;
  const questions: readonly (readonly [name: string, ask: () => Omit<Check, 'name'> | Promise<Omit<Check, 'name'>>])[] =
    [
      ['memory speed', () => streamSpeed(native)],
      ['random numbers', () => knownAnswers(native)],
      ['adjoint', () => dotTest(native)],
      ['SVD', () => svdResidual(engine)],
      ['recovery', () => tinyRecovery(engine)],
    ];
  const answers: Check[] = [];
  for (const [name, ask] of questions) {
    try {
      answers.push({ name, ...(await ask()) });
    } catch (error) {
      answers.push({ name, ok: false, detail: messageOf(error) });
    }
  }
  return [...described, ...answers];
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

function describeAddon(native: NativeAddon): Check[] {
  const info = native.buildInfo();
  const path = addonPath();
  const openblas = info.openblasConfig.trim();
  const threadWord = info.openblasThreads === 1 ? 'thread' : 'threads';
  return [
    {
      name: 'addon',
      ok: true,
      detail: `${path}, Node-API ${info.napi}, compiler ${info.compiler}`,
      values: { path, napi: info.napi, compiler: info.compiler, methods: info.methods },
    },
    {
      name: 'OpenBLAS',
      ok: true,
      detail: `${openblas}; core ${info.openblasCore}; ${info.openblasThreads} ${threadWord}`,
      values: { config: openblas, core: info.openblasCore, threads: info.openblasThreads },
    },
    { name: 'kernels', ok: true, detail: `${info.simd} instructions`, values: { simd: info.simd } },
  ];
}

/**
 * The machine's streaming-read bandwidth, by reading measurement matrices as the solvers do. The data must not fit in the
 * caches, and must have been written: pages never touched are all one page of zeros.
 */
function streamSpeed(native: NativeAddon): Omit<Check, 'name'> {
  const side = 256;
  const matrices = freemem() > 2e9 ? 512 : 64;
  const operator = new native.DenseOperator(matrices, side, side, false, 'float64');
  const chunk = new Float64Array(16 * side * side).fill(1 / 3);
  for (let row = 0; row < matrices; row += 16) operator.fill(row, chunk);
  const all = availableParallelism();
  const speeds = [...new Set([1, all])].map((threads) => {
    operator.streamRead(threads);
    let best = Infinity;
    const start = performance.now();
    do {
      const before = performance.now();
      operator.streamRead(threads);
      best = Math.min(best, performance.now() - before);
    } while (performance.now() - start < 200);
    return { threads, bytesPerSecond: Math.round(operator.bytesPerPass / (best / 1000)) };
  });
  const words = speeds.map(
    ({ threads, bytesPerSecond }) =>
      `${formatNumber(Number((bytesPerSecond / 1e9).toPrecision(3)))} GB/s with ${threads} thread${threads === 1 ? '' : 's'}`,
  );
  return { ok: true, detail: `streaming read ${words.join(', ')}`, values: { speeds } };
}

/** Numbers 0 to 3 of stream (seed 1, 'test'), from NumPy: Philox(key=1 + (8 << 64)), its top 52 bits plus a half. */
const uniformAnswers = [0.26694958589826234, 0.5019292176893396, 0.7197826831723736, 0.30202700913094704];
/** Numbers 20 to 23 of stream (seed 20260131, 'test'), the same way. */
const laterAnswers = [0.9130747479083726, 0.43691062141219505, 0.1051305338857419, 0.30428883706629384];
/** The first four as normals, by Python's statistics.NormalDist().inv_cdf; another algorithm, hence the tolerance. */
const normalAnswers = [-0.6220649335088023, 0.004835850456040418, 0.5821960500522453, -0.5185794849164282];

function knownAnswers(native: NativeAddon): Omit<Check, 'name'> {
  const out = new Float64Array(4);
  native.uniforms(1, 'test', 0, out);
  let exact = out.every((value, i) => value === uniformAnswers[i]);
  native.uniforms(20260131, 'test', 20, out);
  exact &&= out.every((value, i) => value === laterAnswers[i]);
  native.normals(1, 'test', 0, out);
  const near = out.every((value, i) => Math.abs(value - (normalAnswers[i] ?? NaN)) < 1e-14);
  const ok = exact && near;
  return {
    ok,
    detail: ok ? 'Philox gives the known answers' : 'Philox does not give the known answers: rebuild the addon',
  };
}

/** <A(L R^T), r> = <L R^T, A*(r)> for random L, R and r. */
function dotTest(native: NativeAddon): Omit<Check, 'name'> {
  const [m, rows, cols, rank] = [37, 11, 9, 3];
  const operator = new native.DenseOperator(m, rows, cols, false, 'float64');
  operator.fillGaussian(1, 1, 1);
  const random = (length: number, first: number): Float64Array => {
    const out = new Float64Array(length);
    native.normals(2, 'test', first, out);
    return out;
  };
  const left = random(rows * rank, 0);
  const right = random(cols * rank, 1000);
  const r = random(m, 2000);
  const measured = new Float64Array(m);
  native.measure(operator, left, right, rank, measured, 1);
  const image = new Float64Array(rows * cols);
  native.adjoint(operator, r, image, 1);
  const forward = dot(measured, r);
  let backward = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const x = dot(left.subarray(i * rank, (i + 1) * rank), right.subarray(j * rank, (j + 1) * rank));
      backward += x * (image[i * cols + j] ?? NaN);
    }
  }
  const error = Math.abs(forward - backward) / Math.sqrt(dot(measured, measured) * dot(r, r));
  const ok = error < 1e-12;
  return {
    ok,
    detail: ok
      ? `dot test ${formatNumber(error)}`
      : `dot test ${formatNumber(error)}, expected below 1e-12: rebuild the addon`,
    values: { error },
  };
}

function svdResidual({ Matrix, native, svd }: Engine): Omit<Check, 'name'> {
  const [rows, cols] = [40, 25];
  const a = Matrix.zeros(rows, cols);
  native.normals(3, 'test', 0, a.data);
  const { u, values, v } = svd(a);
  let error = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      let sum = -a.get(i, j);
      for (let k = 0; k < cols; k++) sum += u.get(i, k) * (values[k] ?? NaN) * v.get(j, k);
      error += sum * sum;
    }
  }
  const relative = Math.sqrt(error / dot(a.data, a.data));
  const ok = relative < 1e-13;
  return {
    ok,
    detail: ok
      ? `residual ${formatNumber(relative)}`
      : `residual ${formatNumber(relative)}, expected below 1e-13: OpenBLAS computes wrongly, install another build of it`,
    values: { residual: relative },
  };
}

async function tinyRecovery({ gaussianSensing, recover }: Engine): Promise<Omit<Check, 'name'>> {
  const trueRank = 2;
  const problem = gaussianSensing({ shape: [14, 14], symmetric: true, trueRank, measurements: 160, seed: 1 });
  const { rank, testError = NaN, seconds } = await recover(problem, { seed: 1 });
  const ok = rank === trueRank && testError < 1e-6;
  const found = `rank ${rank} (true: ${trueRank}), error ${formatNumber(testError)}`;
  return {
    ok,
    detail: ok ? found : `${found}: expected the true rank and an error below 1e-6`,
    values: { rank, testError, seconds },
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? NaN) * (b[i] ?? NaN);
  return sum;
}

function addonPath(): string {
  return Object.keys(require.cache).find((file) => file.endsWith('.node') && file.includes('lowrank')) ?? 'unknown';
}
