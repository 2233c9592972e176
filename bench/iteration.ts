/**
 * One gradient-descent iteration on dense measurements: seconds, bytes read, the fraction of this machine's streaming
 * read that it reaches, and the ratio to NumPy doing the plain two-product iteration on the same number of threads.
 *
 * Roofline. An iteration must read every stored A_i once: m n1 n2 s bytes (asymmetric) or m n (n + 1) / 2 s (symmetric),
 * s = 8 or 4. All else (factors, X, the partial images) is O(n^2 k) work on data that stay in cache. NumPy reads the
 * full float64 A twice. Hence limits of 2 (asymmetric float64), 4 (symmetric float64) and 8 (symmetric float32).
 *
 * The three timings alternate in short rounds, each a mean over the same amount of work, and ratios are medians over the
 * rounds: the machine's speed drifts from one second to the next.
 */
import { problems, solve, type Problem } from '../src/index';
import type { NativeDenseOperator } from '../src/native';
import { operatorHandle } from '../src/problems/problem';
import { startNumpy, type NumpyTimer } from './numpy';

export interface IterationCase {
  readonly name: string;
  readonly n: number;
  readonly m: number;
  readonly symmetric: boolean;
  readonly storage: 'float64' | 'float32';
  readonly rank: number;
}

export interface IterationRow extends IterationCase {
  readonly threads: number;
  readonly bytes: number;
  /** Median seconds of one iteration; of one streaming read of the same bytes; of one NumPy iteration. */
  readonly seconds: number;
  readonly streamSeconds: number;
  readonly numpySeconds: number | null;
  readonly gigabytesPerSecond: number;
  /** Median over the rounds of streamSeconds / seconds. */
  readonly ofStreaming: number;
  /** Median over the rounds of numpySeconds / seconds. */
  readonly timesNumpy: number | null;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

/** Seconds per iteration inside the loop: the passes and the updates, not the start. */
async function ownSeconds(problem: Problem, rank: number, iterations: number, threads: number): Promise<number> {
  const run = await solve(problem, {
    method: 'gradient-descent',
    rank,
    init: { kind: 'random', scale: 1e-2, seed: 1 },
    step: 1e-6,
    stop: { iterations },
    record: { every: 0, columns: [] },
    threads,
  });
  return (run.info.seconds.total - run.info.seconds.init) / run.iterations;
}

function streamSeconds(problem: Problem, reads: number, threads: number): number {
  const operator = problem[operatorHandle] as NativeDenseOperator;
  const start = process.hrtime.bigint();
  for (let i = 0; i < reads; i++) operator.streamRead(threads);
  return Number(process.hrtime.bigint() - start) / 1e9 / reads;
}

export async function benchIteration(
  entry: IterationCase,
  threadCounts: readonly number[],
  rounds: number,
  python: string | undefined,
): Promise<IterationRow[]> {
  const problem = problems.gaussianSensing({
    shape: [entry.n, entry.n],
    symmetric: entry.symmetric,
    trueRank: 5,
    measurements: entry.m,
    seed: 1,
    storage: entry.storage,
    threads: 2,
  });
  const iterations = Math.max(3, Math.round(1e9 / problem.bytes));
  const rows: IterationRow[] = [];
  for (const threads of threadCounts) {
    let numpy: NumpyTimer | undefined;
    if (python !== undefined) {
      const shape = { n1: entry.n, n2: entry.n, m: entry.m, rank: entry.rank, symmetric: entry.symmetric };
      numpy = await startNumpy(python, shape, threads);
      await numpy.time(2);
    }
    await ownSeconds(problem, entry.rank, 3, threads);
    const own: number[] = [];
    const stream: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      stream.push(streamSeconds(problem, iterations, threads));
      own.push(await ownSeconds(problem, entry.rank, iterations, threads));
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
      gigabytesPerSecond: problem.bytes / median(own) / 1e9,
      ofStreaming: ratio(stream),
      timesNumpy: numpy === undefined ? null : ratio(theirs),
    });
  }
  return rows;
}
