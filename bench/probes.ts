/**
 * What the probes cost: all scalar columns of the symmetric model recorded in every iteration, against the iteration itself,
 * from the run's own ledger (`info.seconds`). Median over rounds of short runs that go through all three phases.
 */
import { problems, solve, type RecordColumn } from '../src/index';

export interface ProbeCase {
  readonly n: number;
  readonly m: number;
  readonly rank: number;
}

export interface ProbeRow extends ProbeCase {
  readonly threads: number;
  /** Median seconds of one iteration without its records, and of one record. */
  readonly iterationSeconds: number;
  readonly recordSeconds: number;
  /** Median over the rounds of recordSeconds / iterationSeconds. */
  readonly share: number;
}

const COLUMNS: readonly RecordColumn[] = [
  'sigmaMin',
  'signal',
  'noise',
  'noiseFrobenius',
  'misalignment',
  'wDrift',
  'signalError',
  'alignment',
  'ripDeviation',
  'alignmentSpectral',
  'sigmaSpectral',
  'factorNorm',
  'alignmentPower',
  'alignmentToPower',
  'powerDistance',
];

const ITERATIONS = 200;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

export async function benchProbes(
  cases: readonly ProbeCase[],
  threadCounts: readonly number[],
  rounds: number,
): Promise<ProbeRow[]> {
  const rows: ProbeRow[] = [];
  for (const { n, m, rank } of cases) {
    const problem = problems.gaussianSensing({
      shape: [n, n],
      symmetric: true,
      trueRank: 5,
      measurements: m,
      seed: 1,
      threads: 2,
    });
    for (const threads of threadCounts) {
      const iterations: number[] = [];
      const records: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const { info } = await solve(problem, {
          rank,
          init: { kind: 'random', convention: 'S1', scale: 1e-4, seed: 1 },
          step: 0.25,
          stop: { iterations: ITERATIONS, residual: 0 },
          record: { columns: COLUMNS },
          threads,
        });
        iterations.push((info.seconds.passes + info.seconds.updates) / ITERATIONS);
        records.push(info.seconds.records / ITERATIONS);
      }
      rows.push({
        n,
        m,
        rank,
        threads,
        iterationSeconds: median(iterations),
        recordSeconds: median(records),
        share: median(records.map((seconds, i) => seconds / iterations[i]!)),
      });
    }
  }
  return rows;
}

export function probeTable(rows: readonly ProbeRow[]): string {
  const head = ['n', 'm', 'rank', 'threads', 'iteration, ms', 'all probes, ms', 'share'];
  const lines = rows.map((row) => [
    String(row.n),
    String(row.m),
    String(row.rank),
    String(row.threads),
    (row.iterationSeconds * 1e3).toFixed(2),
    (row.recordSeconds * 1e3).toFixed(2),
    `${(row.share * 100).toFixed(1)} %`,
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
