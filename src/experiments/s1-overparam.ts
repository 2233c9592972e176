/** What more columns than the rank of the truth do: a shorter start, and no exact end. */
import { eigh, svd } from '../linalg';
import { native } from '../load';
import { Matrix } from '../matrix';
import { callNative } from '../native-errors';
import { atLeast, atMost, experiment, type Series } from './experiment';
import {
  column,
  crossing,
  descend,
  growthRates,
  type Instance,
  makeInstance,
  measurementCount,
  shared,
  short,
  upperQuartile,
} from './s1-common';
import { median } from './statistics';

interface Trial {
  readonly seed: number;
  /** Per number of columns. */
  readonly times: readonly number[];
  readonly predicted: readonly number[];
  readonly floors: readonly number[];
  /** How much earlier a start that overlaps perfectly would be at most, per number of columns: the random-matrix edge. */
  readonly gain: readonly number[];
}

export const s1Overparam = experiment({
  name: 's1-overparam',
  title: 'More columns shorten the start; only the exact rank ends in rounding error',
  claim:
    'More columns k than the rank r of the truth make a small random start overlap better with the leading eigenvectors of ' +
    'A*A(X*), so that the first phase is shorter, with little to gain beyond k = 2 r (arXiv 2106.15013). The floor of the ' +
    'error hardly depends on k > r, while k = r converges to rounding error.',
  source:
    'arXiv 2106.15013, exact rank and over-parameterization (recalled; figure design restated from K25, ICML 2025); times from the power method derived',
  parameters: {
    n: { ...shared.n, default: 50 },
    trueRank: { ...shared.trueRank, quick: 2 },
    ranks: {
      description: 'columns k; those below trueRank are left out, and r, r + 1, 2 r are always run (paper: up to 400)',
      kind: 'integers',
      default: [10, 25, 50, 100, 200],
      quick: [10, 40],
      least: 1,
      most: 4000,
    },
    measurementsPerRank: { ...shared.measurementsPerRank, quick: 8 },
    step: shared.step,
    scale: { description: 'alpha', kind: 'number', default: 1e-4, least: 1e-12, most: 0.1 },
    iterations: { description: 'the fixed stop', kind: 'integer', default: 400, least: 10, most: 1_000_000 },
    seeds: { ...shared.seeds, default: 20, quick: 12 },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, trueRank: r, measurementsPerRank, step, scale, iterations, seeds } = parameters;
    const measurements = measurementCount(n, r, measurementsPerRank);
    const ranks = [...new Set([r, r + 1, 2 * r, ...parameters.ranks])]
      .filter((k) => k >= r && k <= 4 * n)
      .sort((a, b) => a - b);
    const trials: Trial[] = [];
    for (let trial = 0; trial < seeds; trial++) {
      const instance = await makeInstance(
        { n, trueRank: r, measurements, step, seed: seed + trial },
        { threads, signal },
      );
      const leading = leadingVectors(instance, threads);
      const rates = growthRates(instance).subarray(0, r);
      const times: number[] = [];
      const floors: number[] = [];
      for (const [i, rank] of ranks.entries()) {
        const share = {
          progress,
          doing: `instance ${trial + 1} of ${seeds}, k = ${rank}`,
          run: trial * ranks.length + i,
          runs: seeds * ranks.length,
        };
        const run = await descend(instance, { rank, scale, step, iterations }, { threads, signal, share });
        const errors = column(run, 'testError');
        times.push(crossing(errors, 0.5, 'falls'));
        floors.push(errors[errors.length - 1]!);
      }
      trials.push({
        seed: seed + trial,
        times,
        predicted: ranks.map((rank) => powerMethodTime(overlap(instance, leading, rank, scale), rates)),
        floors,
        gain: ranks.map((rank) => -Math.log(1 - Math.sqrt(r / rank)) / rates[r - 1]!),
      });
    }
    return outcome(ranks, trials, { n, r, measurements });
  },
});

function outcome(
  ranks: readonly number[],
  trials: readonly Trial[],
  { n, r, measurements }: { n: number; r: number; measurements: number },
) {
  const middle = (pick: (trial: Trial) => number): number => median(trials.map(pick));
  const last = ranks.length - 1;
  const times = ranks.map((_, i) => middle((trial) => trial.times[i]!));
  const predicted = ranks.map((_, i) => middle((trial) => trial.predicted[i]!));
  const floors = ranks.map((_, i) => middle((trial) => trial.floors[i]!));
  // Against the widest run of the same instance: what differs from instance to instance cancels.
  const later = ranks.map((_, i) => middle((trial) => trial.times[i]! - trial.times[last]!));
  const double = ranks.indexOf(2 * r);
  const over = floors.slice(1);
  return {
    checks: [
      atMost(
        'time to test error 1/2: largest relative deviation of a median from the power method',
        Math.max(...ranks.map((_, i) => middle((trial) => Math.abs(trial.times[i]! / trial.predicted[i]! - 1)))),
        0.05,
      ),
      atLeast(
        `iterations that k = ${ranks[last]!} saves over k = r, upper quartile of the seeds`,
        upperQuartile(trials.map((trial) => trial.times[0]! - trial.times[last]!)),
        0,
      ),
      atMost(
        'iterations still to be gained beyond k = 2 r (edge of a random matrix: -ln(1 - sqrt(1/2)) / ln(1 + mu lambda_r))',
        later[double]!,
        middle((trial) => trial.gain[double]!),
      ),
      atMost('k = r: median error at the stop (rounding)', floors[0]!, 1e-13),
      atLeast('least median error at the stop of k > r over that of k = r', Math.min(...over) / floors[0]!, 1e3),
      atMost('floors of k > r: largest median over least (the same order)', Math.max(...over) / Math.min(...over), 10),
    ],
    table: {
      columns: [
        'k',
        'iterations to 1/2',
        'power method',
        'earliest',
        'latest',
        'later than the widest',
        'error at the stop',
      ],
      rows: ranks.map((k, i) => [
        k,
        times[i]!,
        predicted[i]!,
        Math.min(...trials.map((trial) => trial.times[i]!)),
        Math.max(...trials.map((trial) => trial.times[i]!)),
        later[i]!,
        floors[i]!,
      ]),
    },
    panels: [
      {
        title: 'Iterations until the test error is 1/2',
        x: { label: 'columns k', scale: 'log' as const },
        y: { label: 'iterations', scale: 'linear' as const },
        series: [
          ...seedSeries(ranks, trials, (trial) => trial.times),
          { label: 'median of the seeds', x: ranks, y: times, style: 'median' as const },
          { label: 'power method', x: ranks, y: predicted, style: 'predicted' as const },
        ],
        marks: [{ x: 2 * r, label: 'k = 2 r' }],
      },
      {
        title: 'Test error at the stop',
        x: { label: 'columns k', scale: 'log' as const },
        y: { label: 'test error', scale: 'log' as const },
        series: [
          ...seedSeries(ranks, trials, (trial) => trial.floors),
          { label: 'median of the seeds', x: ranks, y: floors, style: 'median' as const },
        ],
        marks: [{ x: r, label: 'k = r' }],
      },
    ],
    trace: {
      seed: Float64Array.from(trials.flatMap((trial) => ranks.map(() => trial.seed))),
      columns: Float64Array.from(trials.flatMap(() => ranks)),
      iterationsToHalf: Float64Array.from(trials.flatMap((trial) => trial.times)),
      predicted: Float64Array.from(trials.flatMap((trial) => trial.predicted)),
      errorAtStop: Float64Array.from(trials.flatMap((trial) => trial.floors)),
    },
    notes: [
      `n = ${n}, rank of the truth ${r}, m = ${measurements}: ${short(measurements / ((n * (n + 1)) / 2))} measurements per dimension of ` +
        'the symmetric matrices.',
      'Power method: when (I + mu M)^t U_0, seen in the leading r eigenvectors of M = A*A(X*), has test error 1/2 with its squared ' +
        'singular values s^2 saturated to s^2 / (1 + s^2); nothing is fitted.',
      'An r x k Gaussian matrix over sqrt(k) has least singular value about 1 - sqrt(r/k): from k = 2 r on at most a constant number of ' +
        'iterations is left to gain. At k = r the least singular value is of order 1/r with a heavy tail: look at the latest run.',
      'The order of the floors over k > r is measured; the paper bounds them by a power of min(n, k) - r (recalled).',
    ],
  };
}

function seedSeries(
  ranks: readonly number[],
  trials: readonly Trial[],
  pick: (trial: Trial) => readonly number[],
): Series[] {
  return trials.map((trial) => ({
    label: `seed ${trial.seed}`,
    x: ranks,
    y: pick(trial),
    style: 'seed',
    group: 'seeds',
  }));
}

/** n x r: the leading eigenvectors of M_hat. */
function leadingVectors(instance: Instance, threads: number): Matrix {
  const { vectors } = eigh(instance.problem.adjoint(instance.problem.y, { threads }));
  const out = Matrix.zeros(instance.n, instance.trueRank);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = vectors.get(Math.floor(i / out.cols), i % out.cols);
  }
  return out;
}

/** V_L^T U_0, r x k, for the start that `descend` draws: entries N(0, scale^2 / k). */
function overlap({ n, seed }: Instance, leading: Matrix, rank: number, scale: number): Matrix {
  const start = new Float64Array(n * rank);
  callNative(() => {
    native.normals(seed, 'initialLeft', 0, start);
  });
  const out = Matrix.zeros(leading.cols, rank);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < leading.cols; j++) {
      const weight = (leading.get(i, j) * scale) / Math.sqrt(rank);
      for (let c = 0; c < rank; c++) out.data[j * rank + c]! += weight * start[i * rank + c]!;
    }
  }
  return out;
}

/**
 * When the test error of the power method is 1/2, in fractions of a step: its squared singular values s^2 saturated to
 * s^2 / (1 + s^2), as gradient flow on equal singular values 1 saturates them.
 */
function powerMethodTime(start: Matrix, rates: Float64Array): number {
  const error = (t: number): number => {
    const grown = start.data.map((value, i) => value * Math.exp(t * rates[Math.floor(i / start.cols)]!));
    const { values } = svd(new Matrix(grown, start.rows, start.cols));
    const missing = values.reduce((sum, s) => sum + (1 + s * s) ** -2, 0);
    return Math.sqrt(missing / start.rows);
  };
  let [low, high] = [0, 1];
  while (error(high) > 0.5) high *= 2;
  for (let i = 0; i < 40; i++) {
    const half = (low + high) / 2;
    if (error(half) > 0.5) low = half;
    else high = half;
  }
  return high;
}
