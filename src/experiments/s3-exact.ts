/** arXiv 2310.01769 with the exact rank: what over-parameterization is compared with. */
import { LowrankError } from '../errors';
import { svd } from '../linalg';
import { population } from '../problems/population';
import type { SolveOptions } from '../solvers/options';
import { solve } from '../solvers/solve';
import { atMost, experiment, type Panel, relativelyNear, type Series, stretch } from './experiment';
import { at, firstAtMost, fitLine, largest, logarithms, median, medianSeries, windowOf } from './statistics';

interface Course {
  readonly scale: number;
  readonly seed: number;
  readonly iteration: Float64Array;
  readonly error: Float64Array;
  /** Decay of ln(error) in one step, where only the slowest part of the error is left and rounding has not begun. */
  readonly rate: number;
  /** Largest distance of ln(error) from the fitted line, as a share of its fall: how straight the decay is. */
  readonly bend: number;
  /** -ln(1 - eta min(sigma_r(F)^2, sigma_r(G)^2)) at the factors found. */
  readonly localRate: number;
  /** The decay before that, while the error along the weakest singular vectors dominates; NaN where it never does. */
  readonly earlyRate: number;
  readonly floor: number;
}

/** Relative errors between which a rate is read. */
interface Window {
  readonly low: number;
  readonly high: number;
}

/** Rounding begins near 1e-15. */
const lowest = 1e-13;
/** Far enough below sqrt(sigma_r) that the factors end balanced, and the rate is that of the truth alone. */
const small = 0.01;
/** Below this there is room for the earlier, faster decay. */
const tiny = 1e-3;

/**
 * What the start puts outside the singular spaces of the truth, about alpha, decays by 1 - eta sigma_r a step; the error
 * along the weakest pair of singular vectors by about 1 - 2 eta sigma_r. The two meet near alpha^2.
 */
function finalWindow(scale: number): Window {
  return { low: lowest, high: Math.min(1e-6, scale ** 2 / 100) };
}

function earlyWindow(scale: number): Window {
  return { low: Math.max(1000 * scale ** 2, lowest), high: 1e-2 };
}

export const s3Exact = experiment({
  name: 's3-exact',
  title: 'Exact rank: asymmetric gradient descent is linear to machine precision',
  claim:
    'With k = r gradient descent from a small random start converges linearly, which over-parameterization takes away (arXiv ' +
    '2310.01769). It reaches machine precision, at the end by the factor 1 - eta sigma_r a step, however small the start.',
  source: 'arXiv 2310.01769, exact parameterization; the rates are derived (S3-b)',
  parameters: {
    n: { description: 'the truth is n x n', kind: 'integer', default: 50, quick: 20, least: 2, most: 2000 },
    rank: {
      description: 'rank of the truth and of the model',
      kind: 'integer',
      default: 3,
      quick: 2,
      least: 1,
      most: 200,
    },
    sigma: {
      description: 'sigma_r, the smallest singular value of the truth; the largest is 1 (rank 1: it is 1)',
      kind: 'number',
      default: 0.6,
      least: 0.05,
      most: 1,
    },
    step: { description: 'eta', kind: 'number', default: 0.1, least: 1e-3, most: 0.4 },
    scales: {
      description: 'alpha, scale of F at the start (entries N(0, alpha^2 / n)); that of G is alpha / 3',
      kind: 'numbers',
      default: [0.5, 0.2, 0.01, 1e-4],
      quick: [0.5, 1e-4],
      least: 1e-4,
      most: 0.7,
    },
    seeds: {
      description: 'number of seeds for each scale',
      kind: 'integer',
      default: 5,
      quick: 2,
      least: 1,
      most: 100,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, rank, step, scales, seeds } = parameters;
    // A start in the singular spaces of the truth, as with rank = n, has nothing outside that could decay by one factor only.
    if (rank >= n) throw new LowrankError('INVALID_ARGUMENT', `Expected a rank below n = ${n} but received ${rank}.`);
    const sigma = rank === 1 ? 1 : parameters.sigma;
    const trueRate = -Math.log(1 - step * sigma);
    const earlyTruth = -Math.log(1 - 2 * step * sigma);
    const courses: Course[] = [];
    for (const scale of scales) {
      for (let trial = 0; trial < seeds; trial++) {
        const done = courses.length / (scales.length * seeds);
        const doing = `scale ${scale}, seed ${seed + trial}`;
        const onProgress = stretch(progress, done, done + 1 / (scales.length * seeds), doing);
        courses.push(
          await follow({ n, rank, sigma, step, scale, seed: seed + trial }, { threads, signal, onProgress }),
        );
      }
    }
    const medianOf = (scale: number, pick: (one: Course) => number): number =>
      median(courses.filter((one) => one.scale === scale).map(pick));
    const worst = (pick: (one: Course) => number): number => largest(courses.map(pick));

    return {
      checks: [
        atMost(
          'smallest relative error, worst run',
          worst(({ floor }) => floor),
          1e-14,
        ),
        atMost(
          'bend of ln(error) in the final window, worst run',
          worst(({ bend }) => bend),
          0.02,
        ),
        atMost(
          'final rate against that of the factors found, worst relative deviation',
          // Modes of nearly equal rates, as kappa near 1 has them, do not part within fifteen digits.
          worst(({ rate, localRate }) => Math.abs(rate / localRate - 1)),
          0.1,
        ),
        ...scales
          .filter((scale) => scale <= small)
          .map((scale) =>
            relativelyNear(
              `final rate, alpha = ${scale}, median`,
              medianOf(scale, (c) => c.rate),
              trueRate,
              0.02,
            ),
          ),
        ...scales
          .filter((scale) => scale <= tiny)
          .map((scale) =>
            relativelyNear(
              `earlier rate, alpha = ${scale}, median`,
              medianOf(scale, (c) => c.earlyRate),
              earlyTruth,
              0.1,
            ),
          ),
      ],
      table: {
        columns: [
          'alpha',
          'final rate',
          'of the factors found',
          '-ln(1 - eta sigma_r)',
          'earlier rate',
          'smallest error',
        ],
        rows: scales.map((scale) => [
          String(scale),
          medianOf(scale, (c) => c.rate),
          medianOf(scale, (c) => c.localRate),
          trueRate,
          scale <= tiny ? medianOf(scale, (c) => c.earlyRate) : '-',
          medianOf(scale, (c) => c.floor),
        ]),
      },
      panels: [coursePanel(scales, courses), ratePanel(scales, courses, trueRate)],
      trace: traceOf(courses),
      notes: [
        'Final rates are read between 1e-13 and the smaller of 1e-6 and alpha^2 / 100, the earlier one between 1000 alpha^2 and 1e-2.',
        'At a larger scale the factors do not end balanced, and the rate is eta times the smaller of sigma_r(F)^2 and sigma_r(G)^2, ' +
          'which is below sigma_r.',
        'From a tiny start the error first falls at twice the rate: it lies along the weakest singular vectors, where both ' +
          'factors correct it; what the start put elsewhere, about alpha^2 by then, decays by one factor only.',
        'Population mode: the operator is the identity.',
      ],
    };
  },
});

interface Instance {
  readonly n: number;
  readonly rank: number;
  readonly sigma: number;
  readonly step: number;
  readonly scale: number;
  readonly seed: number;
}

async function follow(
  instance: Instance,
  options: Pick<SolveOptions, 'threads' | 'signal' | 'onProgress'>,
): Promise<Course> {
  const { n, rank, sigma, step, scale, seed } = instance;
  const problem = population({ shape: [n, n], trueRank: rank, conditionNumber: 1 / sigma, seed });
  // Out of the start at the speed of the weakest singular value, down to rounding, and a margin. An imbalance of delta splits
  // sigma into factors of which the weaker has sqrt(delta^2 / 4 + sigma^2) - delta / 2 for its square.
  const delta = 2 * scale ** 2;
  const weaker = Math.sqrt(delta ** 2 / 4 + sigma ** 2) - delta / 2;
  const iterations = Math.ceil((1.5 * (Math.log(1 / scale) + Math.log(n) + 40)) / (step * weaker));
  const { trace, factors } = await solve(problem, {
    rank,
    step,
    init: { kind: 'random', scale, ratio: 1 / 3, entryVariance: 'scale^2/n', seed },
    stop: { iterations, residual: 0 },
    record: { columns: ['testError'] },
    ...options,
  });
  const iteration = trace.columns['iteration']!;
  const error = trace.columns['testError']!;
  const final = decay(iteration, error, finalWindow(scale));
  const weakest = Math.min(...[factors.left, factors.right].map((factor) => svd(factor).values[rank - 1]! ** 2));
  return {
    scale,
    seed,
    iteration,
    error,
    rate: final.rate,
    bend: final.bend,
    localRate: -Math.log(1 - step * weakest),
    earlyRate: scale <= tiny ? decay(iteration, error, earlyWindow(scale)).rate : NaN,
    floor: error.reduce((least, value) => Math.min(least, value), Infinity),
  };
}

function decay(iteration: Float64Array, error: Float64Array, { low, high }: Window): { rate: number; bend: number } {
  const end = firstAtMost(error, low);
  const inside = windowOf(error, low, high).filter((i) => i < end);
  const x = at(iteration, inside);
  const logs = logarithms(at(error, inside));
  const { slope, intercept } = fitLine(x, logs);
  const most = logs.reduce((far, y, i) => Math.max(far, Math.abs(y - intercept - slope * x[i]!)), 0);
  return { rate: -slope, bend: most / Math.log(high / low) };
}

/** One colour for each scale, in both panels. */
function groupOf(scale: number): string {
  return `\u03b1 = ${scale}`;
}

function coursePanel(scales: readonly number[], courses: readonly Course[]): Panel {
  // As far as the slowest run falls; behind it there is only rounding.
  const shown = Math.ceil(1.08 * Math.max(...courses.map(({ error, floor }) => firstAtMost(error, 3 * floor))));
  const series = scales.flatMap((scale): Series[] => {
    const group = groupOf(scale);
    const own = courses.filter((one) => one.scale === scale);
    const middle = medianSeries(own.map(({ error }) => error.subarray(0, shown)));
    const start = Math.max(0, firstAtMost(middle, finalWindow(scale).high));
    const iteration = own[0]!.iteration.subarray(0, shown);
    // The rate of the factors found, laid through the first point of the window: its slope is what counts.
    const slope = median(own.map(({ localRate }) => localRate));
    const end = Math.min(middle.length - 1, start + Math.ceil(Math.log(middle[start]! / 1e-16) / slope));
    const law = {
      x: iteration.subarray(start, end),
      y: iteration.subarray(start, end).map((t) => middle[start]! * Math.exp(-slope * (t - start))),
    };
    return [
      ...(own.length > 1
        ? own.map((one): Series => ({
            label: `seed ${one.seed}`,
            group,
            x: iteration,
            y: one.error.subarray(0, shown),
            style: 'seed',
          }))
        : []),
      { label: group, group, x: iteration, y: middle, style: own.length > 1 ? 'median' : 'measured' },
      { label: 'rate of the factors found', group, ...law, style: 'predicted' },
    ];
  });
  return {
    title: 'Test error of exact-rank gradient descent (median over seeds)',
    x: { label: 'iteration', scale: 'linear' },
    y: { label: 'relative error', scale: 'log' },
    series,
  };
}

function ratePanel(scales: readonly number[], courses: readonly Course[], trueRate: number): Panel {
  const [least, most] = [Math.min(...scales), Math.max(...scales)];
  return {
    title: 'Final rate against the scale of the start',
    x: { label: 'scale \u03b1', scale: 'log' },
    y: { label: 'rate a step', scale: 'linear' },
    series: [
      ...courses.map(({ scale, rate }): Series => ({
        label: 'measured, each seed',
        group: groupOf(scale),
        x: [scale],
        y: [rate],
        style: 'points',
      })),
      { label: '-ln(1 - \u03b7 \u03c3\u1d63)', x: [least, most], y: [trueRate, trueRate], style: 'predicted' },
      {
        label: 'of the factors found',
        x: [...scales].sort((a, b) => a - b),
        y: [...scales]
          .sort((a, b) => a - b)
          .map((scale) => median(courses.filter((c) => c.scale === scale).map((c) => c.localRate))),
        style: 'predicted',
      },
    ],
  };
}

function traceOf(courses: readonly Course[]): Record<string, Float64Array> {
  const column = (pick: (one: Course, i: number) => number): Float64Array =>
    Float64Array.from(courses.flatMap((one) => Array.from(one.error, (_, i) => pick(one, i))));
  return {
    scale: column(({ scale }) => scale),
    seed: column(({ seed }) => seed),
    iteration: column(({ iteration }, i) => iteration[i]!),
    testError: column(({ error }, i) => error[i]!),
  };
}
