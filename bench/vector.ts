/**
 * One iteration of gradient descent on a vector problem: r = X theta, the force of every row, X^H force, as one fused pass over
 * a dense design; as a fraction of this machine's streaming read, and beside NumPy doing both products on as many threads.
 *
 * Roofline. An iteration must read X once: 8 m n bytes, complex 16 m n. NumPy reads it twice, hence a limit of 2 against it.
 * In the complex field both halves of the pass take two multiplications and two additions for every number read (no fused
 * ones: results have the same bits on every processor), which with one thread is about as long as memory needs.
 *
 * Timings alternate in short rounds, each a mean over the same amount of work; ratios are medians over the rounds.
 */
import { native } from '../src/load';
import { problems, solve, type VectorProblem } from '../src/index';
import type { NativeDenseDesign } from '../src/native';
import { designHandle } from '../src/problems/vector-problem';
import { startNumpyDesign, type NumpyMasksCase, type NumpyTimer } from './numpy';

export interface DesignCase {
  readonly field: 'real' | 'complex';
  readonly m: number;
  readonly n: number;
}

export interface DesignRow extends DesignCase {
  readonly threads: number;
  readonly bytes: number;
  /** Median seconds of one iteration; of one streaming read of the same bytes; of one NumPy iteration. */
  readonly seconds: number;
  readonly streamSeconds: number;
  readonly numpySeconds: number | null;
  /** Medians over the rounds of streamSeconds / seconds and numpySeconds / seconds. */
  readonly ofStreaming: number;
  readonly timesNumpy: number | null;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

/** Seconds per iteration inside the loop. */
async function ownSeconds(problem: VectorProblem, iterations: number, threads: number): Promise<number> {
  const run = await solve(problem, {
    loss: 'wirtinger',
    init: { kind: 'random', seed: 1 },
    step: 1e-6,
    stop: { iterations },
    record: { every: 0, columns: [] },
    threads,
  });
  // The start is evaluated too: one more pass.
  return (run.info.seconds.total - run.info.seconds.init) / run.info.passes;
}

function streamSeconds(problem: VectorProblem, reads: number, threads: number): number {
  const design = problem[designHandle] as NativeDenseDesign;
  const start = process.hrtime.bigint();
  for (let i = 0; i < reads; i++) design.streamRead(threads);
  return Number(process.hrtime.bigint() - start) / 1e9 / reads;
}

export async function benchDesign(
  entry: DesignCase,
  threadCounts: readonly number[],
  rounds: number,
  python: string | undefined,
): Promise<DesignRow[]> {
  const { field, m, n } = entry;
  const problem = problems.singleIndex({ dimension: n, measurements: m, field, seed: 1, threads: 2 });
  const iterations = Math.max(3, Math.round(1e9 / problem.bytes));
  const rows: DesignRow[] = [];
  for (const threads of threadCounts) {
    let numpy: NumpyTimer | undefined;
    if (python !== undefined) {
      numpy = await startNumpyDesign(python, { m, n, complex: field === 'complex' }, threads);
      await numpy.time(2);
    }
    await ownSeconds(problem, 3, threads);
    const own: number[] = [];
    const stream: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      stream.push(streamSeconds(problem, iterations, threads));
      own.push(await ownSeconds(problem, iterations, threads));
      if (numpy !== undefined) theirs.push(await numpy.time(2));
    }
    numpy?.close();
    const ratio = (values: readonly number[]): number => median(values.map((value, i) => value / (own[i] ?? 1)));
    rows.push({
      ...entry,
      threads,
      bytes: problem.bytes,
      seconds: median(own),
      streamSeconds: median(stream),
      numpySeconds: numpy === undefined ? null : median(theirs),
      ofStreaming: ratio(stream),
      timesNumpy: numpy === undefined ? null : ratio(theirs),
    });
  }
  return rows;
}

export function designTable(rows: readonly DesignRow[]): string {
  const head = ['field', 'n', 'm', 'threads', 'MB read', 'ms', 'GB/s', 'of streaming read', 'times NumPy'];
  const lines = rows.map((row) => [
    row.field,
    String(row.n),
    String(row.m),
    String(row.threads),
    (row.bytes / 1e6).toFixed(0),
    (row.seconds * 1e3).toFixed(2),
    (row.bytes / row.seconds / 1e9).toFixed(1),
    row.ofStreaming.toFixed(2),
    row.timesNumpy?.toFixed(2) ?? '-',
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export interface MasksRow extends NumpyMasksCase {
  /** Median seconds of the transforms of all patterns, with one thread. */
  readonly seconds: number;
  readonly numpySeconds: number | null;
  /** Median over the rounds. */
  readonly timesNumpy: number | null;
}

/** fft(mask * x) of every pattern with one thread, as numpy.fft has. */
export async function benchMasks(entry: NumpyMasksCase, rounds: number, python: string | undefined): Promise<MasksRow> {
  const { patterns, height, width } = entry;
  const masks = new Float64Array(2 * patterns * height * width);
  native.normals(1, 'test', 0, masks);
  const design = new native.CodedDiffraction(masks, patterns, height, width);
  const x = new Float64Array(2 * height * width).fill(1);
  const r = new Float64Array(masks.length);
  const numpy = python === undefined ? undefined : await startNumpyDesign(python, { patterns, height, width }, 1);
  const own: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 3; i++) native.designApply(design, x, r, 1);
    own.push(Number(process.hrtime.bigint() - start) / 3e9);
    if (numpy !== undefined) theirs.push(await numpy.time(3));
  }
  numpy?.close();
  return {
    ...entry,
    seconds: median(own),
    numpySeconds: numpy === undefined ? null : median(theirs),
    timesNumpy: numpy === undefined ? null : median(theirs.map((value, i) => value / (own[i] ?? 1))),
  };
}

export function masksTable(rows: readonly MasksRow[]): string {
  const head = ['patterns', 'image', 'ms', 'times NumPy'];
  const lines = rows.map((row) => [
    String(row.patterns),
    `${row.height} x ${row.width}`,
    (row.seconds * 1e3).toFixed(2),
    row.timesNumpy?.toFixed(2) ?? '-',
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
