/** Phase retrieval by every method that there is, from the same spectral start: how many measurements each needs. */
import { singleIndex } from '../problems';
import { solve } from '../solvers/solve';
import { spectralStart } from '../solvers/vector/spectral-start';
import { vectorMethods } from '../solvers/vector/methods';
import { atLeast, experiment, type Series } from './experiment';
import { breathe, shared } from './s2-common';

interface Outcomes {
  readonly name: string;
  /** For each m/n. */
  readonly rates: readonly number[];
  /** m/n at which half of the runs succeed, between the grid points; NaN where none of the grid is enough. */
  readonly half: number;
  /** Medians over the successes at the largest m/n at most `referenceDelta`. */
  readonly iterations: number;
  readonly passes: number;
  readonly milliseconds: number;
}

/** Of theta, up to its phase: the signal was found, not a neighbour. */
const FOUND = 1e-5;
const PER_PANEL = 6;
/** m/n from which message passing recovers a complex Gaussian signal exactly, for large n (recalled: Maillard et al., 2020). */
const MESSAGE_PASSING = 2.03;

export const s2Rivals = experiment({
  name: 's2-rivals',
  title: 'Phase retrieval: every method from the same start',
  claim:
    'Which method recovers a complex signal from how few intensities is a question that papers answer one pair at a time. Here ' +
    'all methods of this library start from the same spectral estimate of the same problems, and the share of runs that find ' +
    'the signal is counted against m/n.',
  source: 'single-index-dmft reference, section 9: methods as published, defaults as in src; the comparison is ours',
  parameters: {
    dimension: { ...shared.dimension, default: 128, quick: 32 },
    runs: { ...shared.runs, default: 8, quick: 5 },
    deltas: {
      description: 'm/n',
      kind: 'numbers',
      default: [2.25, 2.5, 2.75, 3, 3.5, 4, 5, 6],
      quick: [2, 4, 8],
      least: 1,
      most: 100,
    },
    referenceDelta: {
      description: 'm/n at which the best method must succeed, and costs are compared',
      kind: 'number',
      default: 5,
      quick: 8,
      least: 1,
      most: 100,
    },
    iterations: {
      description: 'at most; 0 stands for the limit of each method',
      kind: 'integer',
      default: 0,
      quick: 500,
      least: 0,
      most: 1_000_000,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { dimension, runs, referenceDelta, iterations } = parameters;
    const deltas = [...parameters.deltas].sort((a, b) => a - b);
    const methods = vectorMethods().filter(
      ({ fields, intensityOnly, anyLoss }) => fields.includes('complex') && (intensityOnly || anyLoss),
    );
    const found = new Map(methods.map(({ name }) => [name, deltas.map(() => [] as Run[])]));
    const total = deltas.length * runs;
    for (const [i, delta] of deltas.entries()) {
      for (let run = 0; run < runs; run++) {
        const problem = singleIndex({
          dimension,
          delta,
          field: 'complex',
          channel: 'intensity',
          seed: seed + run,
          threads,
        });
        const start = await spectralStart(problem, {
          preprocessing: { name: 'optimal', clip: 16 },
          seed: seed + run,
          threads,
        });
        for (const [j, { name }] of methods.entries()) {
          progress((i * runs + run + j / methods.length) / total, `m/n = ${delta}, run ${run + 1} of ${runs}: ${name}`);
          const result = await solve(problem, {
            method: name,
            init: { kind: 'given', theta: start.theta },
            stop: { ...(iterations > 0 ? { iterations } : {}), residual: 1e-8 },
            record: { every: 0, columns: [] },
            seed: seed + run,
            threads,
            signal,
          });
          found.get(name)![i]!.push({
            success: result.testError !== undefined && result.testError <= FOUND,
            iterations: result.iterations,
            passes: result.info.passes,
            milliseconds: 1e3 * result.info.seconds.total,
          });
          await breathe(signal);
        }
      }
    }
    const reference = deltas.findLastIndex((delta) => delta <= referenceDelta);
    const all = methods
      .map(({ name }) => summary(name, found.get(name)!, deltas, Math.max(0, reference)))
      .sort((a, b) => order(a) - order(b));
    const most = deltas.length - 1;
    const best = Math.max(...all.map(({ rates }) => rates[Math.max(0, reference)]!));
    return {
      checks: [
        atLeast(`success of the best method at m/n = ${deltas[Math.max(0, reference)]!}`, best, 0.95),
        atLeast(
          `methods that succeed at least as often at m/n = ${deltas[most]!} as at ${deltas[0]!}, of ${all.length}`,
          all.filter(({ rates }) => rates[most]! >= rates[0]!).length,
          all.length,
        ),
      ],
      table: {
        columns: ['method', ...deltas.map((delta) => `m/n = ${delta}`), 'half at', 'iterations', 'passes', 'ms'],
        rows: all.map(({ name, rates, half, iterations: count, passes, milliseconds }) => [
          name,
          ...rates,
          rates[0]! >= 0.5 ? `at most ${deltas[0]!}` : half,
          count,
          passes,
          milliseconds,
        ]),
      },
      panels: Array.from({ length: Math.ceil(all.length / PER_PANEL) }, (_, k) => ({
        title: k === 0 ? 'Share of runs that find the signal' : 'The same, further methods',
        x: { label: 'm/n', scale: 'linear' as const },
        y: { label: 'success rate', scale: 'linear' as const },
        series: [
          ...all
            .slice(k * PER_PANEL, (k + 1) * PER_PANEL)
            .map(({ name, rates }): Series => ({ label: name, x: deltas, y: rates, style: 'measured' })),
          { label: 'message passing, large n', ...transition(deltas), style: 'predicted' as const },
        ],
      })),
      trace: {
        method: all.flatMap((_, i) => deltas.map(() => i)),
        delta: all.flatMap(() => [...deltas]),
        success: all.flatMap(({ rates }) => [...rates]),
      },
      notes: [
        `Complex Gaussian designs, noiseless intensities, n = ${dimension}, ${runs} problems for each m/n; at most ` +
          `${iterations > 0 ? iterations : "each method's own limit of"} iterations. Found: error at most ${FOUND}, up to a global phase. All defaults, no method tuned here.`,
        `Dashed: where message passing succeeds for large n, m/n = ${MESSAGE_PASSING} (recalled from Maillard, Loureiro, Krzakala and ` +
          'Zdeborova, 2020); it is no bound for finite n.',
        'Iterations, passes over the design and milliseconds are medians of the successes at the m/n of the first check; an ' +
          'iteration of kaczmarz, coordinate-descent and incremental methods is one sweep. Column "method" of trace.csv counts ' +
          'the rows of the table from 0.',
      ],
    };
  },
});

interface Run {
  readonly success: boolean;
  readonly iterations: number;
  readonly passes: number;
  readonly milliseconds: number;
}

function summary(
  name: string,
  runs: readonly (readonly Run[])[],
  deltas: readonly number[],
  reference: number,
): Outcomes {
  const rates = runs.map((each) => each.filter(({ success }) => success).length / each.length);
  const successes = runs[reference]!.filter(({ success }) => success);
  const middle = (pick: (run: Run) => number): number => {
    const sorted = successes.map(pick).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? NaN;
  };
  return {
    name,
    rates,
    half: halfway(rates, deltas),
    iterations: middle((run) => run.iterations),
    passes: middle((run) => run.passes),
    milliseconds: middle((run) => run.milliseconds),
  };
}

/** Where the rate last rises through 1/2, by a straight line between two grid points. */
function halfway(rates: readonly number[], deltas: readonly number[]): number {
  for (let i = rates.length - 1; i >= 0; i--) {
    if (rates[i]! >= 0.5) continue;
    const [below, above] = [rates[i]!, rates[i + 1]];
    if (above === undefined) return NaN;
    return deltas[i]! + ((0.5 - below) / (above - below)) * (deltas[i + 1]! - deltas[i]!);
  }
  return deltas[0]!;
}

function transition(deltas: readonly number[]): { readonly x: number[]; readonly y: number[] } {
  const [first, last] = [deltas[0]!, deltas[deltas.length - 1]!];
  const at = Math.min(last, Math.max(first, MESSAGE_PASSING));
  return { x: [first, at, at, last], y: [0, 0, 1, 1] };
}

function order({ half, rates }: Outcomes): number {
  const total = rates.reduce((sum, rate) => sum + rate, 0);
  return Number.isNaN(half) ? 1e6 - total : half - total / 1e3;
}
