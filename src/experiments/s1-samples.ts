/** How many measurements a small random start needs, and what a large one does with too few. */
import { atLeast, atMost, experiment, type Panel, type Series } from './experiment';
import { descend, makeSetup, measurementCount, shared, short } from './s1-common';
import { median } from './statistics';

/** Test error of a success. */
const SUCCESS = 1e-2;

interface Cell {
  readonly scale: number;
  readonly ratio: number;
  readonly measurements: number;
  /** Medians over the seeds; infinite where a run diverged. */
  readonly testError: number;
  readonly residual: number;
  readonly successes: number;
}

export const s1Samples = experiment({
  name: 's1-samples',
  title: 'The region of success grows with the measurements and with 1/alpha',
  claim:
    'With k = n columns and far fewer measurements than entries there are infinitely many exact fits, and gradient descent finds ' +
    'the low-rank one only from a small start (arXiv 2106.15013). Success needs fewer measurements the smaller alpha is, ' +
    'and a large start fits the same data with a high test error.',
  source:
    'arXiv 2106.15013, m >~ n r^2 kappaFactor^8 (restated); in experiments m of the order n r suffices (S1-h, restated)',
  parameters: {
    n: { ...shared.n, default: 50, quick: 30 },
    trueRank: shared.trueRank,
    rank: shared.rank,
    ratios: {
      description: 'm / (n trueRank)',
      kind: 'numbers',
      default: [1, 1.5, 2, 3, 4, 6, 8, 10],
      quick: [1, 2, 3, 5, 10],
      least: 0.1,
      most: 1000,
    },
    scales: {
      description: 'alpha',
      kind: 'numbers',
      default: [1e-1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-8],
      quick: [1e-1, 1e-2, 1e-4, 1e-8],
      least: 1e-12,
      most: 10,
    },
    step: shared.step,
    iterations: { description: 'the fixed stop', kind: 'integer', default: 800, least: 10, most: 1_000_000 },
    seeds: shared.seeds,
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, trueRank, rank, step, iterations, seeds } = parameters;
    const ratios = [...parameters.ratios].sort((a, b) => a - b);
    const scales = [...parameters.scales].sort((a, b) => b - a);
    const cells: Cell[] = [];
    for (const [i, ratio] of ratios.entries()) {
      const measurements = measurementCount(n, trueRank, ratio);
      const errors = scales.map((): number[] => []);
      const residuals = scales.map((): number[] => []);
      for (let trial = 0; trial < seeds; trial++) {
        const setup = makeSetup({ n, trueRank, measurements, seed: seed + trial }, threads);
        for (const [s, scale] of scales.entries()) {
          const share = {
            progress,
            doing: `m = ${measurements}, instance ${trial + 1} of ${seeds}, alpha = ${short(scale)}`,
            run: (i * seeds + trial) * scales.length + s,
            runs: ratios.length * seeds * scales.length,
          };
          const run = await descend(setup, { rank, scale, step, iterations, every: 0 }, { threads, signal, share });
          const diverged = run.status === 'diverged' || run.status === 'numerical';
          errors[s]!.push(diverged ? Infinity : run.testError!);
          residuals[s]!.push(diverged ? Infinity : run.residual);
        }
      }
      scales.forEach((scale, s) =>
        cells.push({
          scale,
          ratio,
          measurements,
          testError: median(errors[s]!),
          residual: median(residuals[s]!),
          successes: errors[s]!.filter((error) => error <= SUCCESS).length / seeds,
        }),
      );
    }
    return outcome(cells, ratios, scales, { n, trueRank });
  },
});

function outcome(
  cells: readonly Cell[],
  ratios: readonly number[],
  scales: readonly number[],
  { n, trueRank }: { n: number; trueRank: number },
) {
  const cell = (ratio: number, scale: number): Cell => cells.find((one) => one.ratio === ratio && one.scale === scale)!;
  const thresholds = scales.map((scale) => ratios.find((ratio) => cell(ratio, scale).testError <= SUCCESS) ?? Infinity);
  const [largest, smallest] = [scales[0]!, scales[scales.length - 1]!];
  // Twice n r is twice the degrees of freedom: enough for a small start, far from enough to pin down a matrix of full rank.
  const few = ratios.find((ratio) => ratio >= 2) ?? ratios[ratios.length - 1]!;
  // With no more measurements than degrees of freedom nothing is claimed of alpha.
  const enough = ratios.filter((ratio) => ratio > 1);
  const many = ratios[ratios.length - 1]!;
  const wrong = cell(few, largest);
  const along = (pairs: readonly (readonly [Cell, Cell])[]): number =>
    pairs.filter(([less, more]) => more.testError <= less.testError).length / pairs.length;
  return {
    checks: [
      atLeast(
        'share of steps to more measurements that lower the median test error (success region grows with m)',
        along(scales.flatMap((a) => ratios.slice(1).map((ratio, i) => [cell(ratios[i]!, a), cell(ratio, a)] as const))),
        0.9,
      ),
      atLeast(
        'm > n r: share of steps to a smaller alpha that lower the median test error (it grows with 1/alpha)',
        along(enough.flatMap((q) => scales.slice(1).map((a, i) => [cell(q, scales[i]!), cell(q, a)] as const))),
        0.9,
      ),
      atLeast(
        `least m / (n r) for success, alpha = ${short(largest)} over alpha = ${short(smallest)}`,
        thresholds[0]! / thresholds[thresholds.length - 1]!,
        2,
      ),
      ...ratios
        .filter((ratio) => ratio <= 1)
        .map((ratio) =>
          atLeast(
            `m = ${short(ratio)} n r, alpha = ${short(smallest)}: median test error (degrees of freedom are about n r)`,
            cell(ratio, smallest).testError,
            0.1,
          ),
        ),
      atLeast(
        `m = ${short(many)} n r, alpha = ${short(smallest)}: share of successes`,
        cell(many, smallest).successes,
        1,
      ),
      atMost(
        `m = ${short(few)} n r, alpha = ${short(smallest)}: median test error`,
        cell(few, smallest).testError,
        SUCCESS,
      ),
      atLeast(`the same data, alpha = ${short(largest)}: median test error`, wrong.testError, 0.2),
      atMost(`the same data, alpha = ${short(largest)}: median residual`, wrong.residual, 1e-3),
    ],
    table: {
      columns: ['m / (n r)', 'm', 'm / dim', ...scales.map((scale) => `alpha = ${short(scale)}`)],
      rows: ratios.map((ratio) => {
        const { measurements } = cell(ratio, largest);
        return [
          ratio,
          measurements,
          measurements / ((n * (n + 1)) / 2),
          ...scales.map((scale) => cell(ratio, scale).testError),
        ];
      }),
    },
    panels: [
      panel(
        'Test error at the stop, median of the seeds',
        'test error',
        cells,
        ratios,
        scales,
        (one) => one.testError,
        SUCCESS,
      ),
      panel('Residual at the stop, median of the seeds', 'residual', cells, ratios, scales, (one) => one.residual),
    ],
    trace: {
      scale: Float64Array.from(cells, (one) => one.scale),
      measurements: Float64Array.from(cells, (one) => one.measurements),
      testError: Float64Array.from(cells, (one) => one.testError, SUCCESS),
      residual: Float64Array.from(cells, (one) => one.residual),
      successes: Float64Array.from(cells, (one) => one.successes),
    },
    notes: [
      `The table holds median test errors. n = ${n}, rank of the truth ${trueRank}, ${(trueRank * (2 * n - trueRank + 1)) / 2} degrees of ` +
        `freedom; m / dim is m over the ${(n * (n + 1)) / 2} dimensions of the symmetric matrices. Success: test error <= ${SUCCESS}; where nothing succeeds, the largest m / (n r) stands for the least that is enough.`,
      'Near the threshold convergence is slow: with more iterations the region of success of a small alpha grows a little.',
      'The paper asks for m of the order n r^2 kappaFactor^8 (restated); what is seen here is of the order n r.',
      'From a start larger than those above, the fixed step may diverge with few measurements: an infinite error.',
    ],
  };
}

function panel(
  title: string,
  label: string,
  cells: readonly Cell[],
  ratios: readonly number[],
  scales: readonly number[],
  pick: (cell: Cell) => number,
  threshold?: number,
): Panel {
  return {
    title,
    x: { label: 'measurements m / (n r)', scale: 'linear' },
    y: { label, scale: 'log' },
    series: [
      ...scales.map((scale): Series => ({
        label: `\u03b1 = ${short(scale)}`,
        x: ratios,
        y: cells.filter((one) => one.scale === scale).map((one) => (Number.isFinite(pick(one)) ? pick(one) : NaN)),
        style: 'measured',
      })),
      ...(threshold === undefined ? [] : [success(ratios, threshold)]),
    ],
  };
}

function success(ratios: readonly number[], threshold: number): Series {
  return {
    label: 'success',
    x: [ratios[0]!, ratios[ratios.length - 1]!],
    y: [threshold, threshold],
    style: 'predicted',
  };
}
