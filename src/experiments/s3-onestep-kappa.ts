/** arXiv 2310.01769, section 5: what the condition number does to the rate after the modified step. */
import { LowrankError } from '../errors';
import { rebalance } from '../solvers/events';
import { experiment, near, relativelyNear, type Series } from './experiment';
import {
  BODY_NOT_READ,
  brief,
  cell,
  common,
  descend,
  discreteRate,
  gaussianPair,
  joined,
  populationProblem,
  requireRanks,
  requireStep,
  traceOf,
  type Course,
  type Setting,
} from './s3-common';
import { at, fitExponential, fitPower, windowOf } from './statistics';

/** beta = sqrt(sigma_1), and the spectra are scaled to sigma_1 = 1. */
const BETA = 1;
/** E-folds of the predicted decay that are followed; the rate is read in the second half. */
const FOLLOWED = 8;
const FLOOR = 1e-12;

interface Run {
  readonly kappa: number;
  readonly scale: number;
  readonly course: Course;
  /** Iteration at which the step is applied. */
  readonly at: number;
  readonly rate: number;
  readonly law: number;
  /** Over the same stretch without the modified step; NaN once that run has converged. */
  readonly unmodified: number;
  readonly predicted: Float64Array;
}

export const s3OnestepKappa = experiment({
  name: 's3-onestep-kappa',
  title: 'After the modified step: the rate falls with the square of the condition number',
  claim:
    'After the modified step the rate does not depend on the scale of the start but on the spectrum of X* (arXiv 2310.01769, theorem 5.1). ' +
    'With beta = sqrt(sigma_1), applied as soon as the weakest singular value is roughly fitted, it is eta sigma_r^2 / sigma_1 per step.',
  source:
    `arXiv 2310.01769, theorem 5.1, recalled as (1 - eta sigma_r^2 / (64 sigma_1))^t, ${BODY_NOT_READ}; the rate without the 64 derived ` +
    '(S3-d)',
  parameters: {
    n: common.n,
    trueRank: { description: 'r', kind: 'integer', default: 3, least: 2, most: 100 },
    rank: { description: 'k, columns of F and G, above r', kind: 'integer', default: 5, least: 2 },
    conditions: {
      description: 'kappaMatrix = sigma_1 / sigma_r, geometric from sigma_1 = 1 down',
      kind: 'numbers',
      default: [1, 10, 100],
      quick: [1, 5, 20],
      least: 1,
      most: 1000,
    },
    scales: {
      description: 'alpha, F_0 with entries N(0, alpha^2 / n), G_0 a third of it',
      kind: 'numbers',
      default: [0.2, 0.05],
      least: 1e-4,
      most: 0.5,
    },
    step: { description: 'eta, below 1', kind: 'number', default: 0.25, least: 1e-3, most: 0.9 },
    near: {
      description: 'the step is applied at an error of this share of sigma_r',
      kind: 'number',
      default: 0.03,
      least: 1e-4,
      most: 0.1,
    },
    iterations: { description: 'at most, until the step', kind: 'integer', default: 1_000_000, least: 100 },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, rank, trueRank, step, conditions, scales } = parameters;
    requireRanks([rank], trueRank, 1, n);
    requireStep(step, BETA, 1);
    const runs: Run[] = [];
    for (const kappa of conditions) {
      for (const scale of scales) {
        progress(runs.length / (conditions.length * scales.length), `kappa = ${brief(kappa)}, alpha = ${brief(scale)}`);
        runs.push(await follow(parameters, kappa, scale, seed, { threads, signal }));
      }
    }
    // The curvature that a rate at a finite step belongs to.
    const power = fitPower(
      runs.map(({ kappa }) => kappa),
      runs.map(({ rate }) => -Math.expm1(-rate) / step),
    );
    return {
      checks: [
        ...runs.map(({ kappa, scale, rate, law }) =>
          relativelyNear(
            `kappa = ${brief(kappa)}, alpha = ${brief(scale)}: rate per step, -ln(1 - eta sigma_r^2 / sigma_1)`,
            rate,
            law,
            0.05,
          ),
        ),
        ...(new Set(conditions).size > 1
          ? [near('power of kappaMatrix in (1 - exp(-rate)) / eta', power.slope, -2, 0.05)]
          : []),
      ],
      table: {
        columns: ['kappaMatrix', 'alpha', 'step at', 'rate after', 'predicted', 'without the step'],
        rows: runs.map(({ kappa, scale, at: when, rate, law, unmodified }) => [
          kappa,
          scale,
          when,
          cell(rate),
          law,
          cell(unmodified),
        ]),
      },
      panels: [
        {
          title: `After the step, k = ${rank}, r = ${trueRank}`,
          x: { label: 'iterations after the step, times \u03b7\u03c3\u1d63\u00b2/\u03c3\u2081', scale: 'linear' },
          y: { label: 'error / error at the step', scale: 'log' },
          series: runs.flatMap(({ kappa, scale, course, predicted, at: when }): Series[] => {
            const label = `\u03ba = ${brief(kappa)}, \u03b1 = ${brief(scale)}`;
            const from = course.iteration.indexOf(when);
            const x = course.iteration.subarray(from).map((t) => ((t - when) * step) / kappa ** 2);
            const unit = course.error[from]!;
            const y = (values: Float64Array): Float64Array => values.subarray(from).map((e) => e / unit);
            return [
              { label, x, y: y(course.error), style: 'measured' },
              { label: 'law', x, y: y(predicted), style: 'predicted', group: label },
            ];
          }),
        },
        {
          title: 'Rate against the condition number',
          x: { label: '\u03ba = \u03c3\u2081/\u03c3\u1d63', scale: 'log' },
          y: { label: 'rate per step', scale: 'log' },
          series: [
            ...scales.map((scale) => {
              const mine = runs.filter((run) => run.scale === scale);
              return {
                label: `\u03b1 = ${brief(scale)}`,
                x: mine.map(({ kappa }) => kappa),
                y: mine.map(({ rate }) => rate),
                style: 'points' as const,
              };
            }),
            {
              label: '-ln(1 - \u03b7\u03c3\u1d63\u00b2/\u03c3\u2081)',
              x: [...conditions].sort((a, b) => a - b),
              y: [...conditions].sort((a, b) => a - b).map((kappa) => discreteRate(step, kappa ** -2)),
              style: 'predicted' as const,
            },
          ],
        },
      ],
      trace: traceOf(runs),
      notes: [
        'After the step F^T F = beta^2 I. Errors outside the span of P, the part of X* that F does not reach yet, decay by ' +
          '1 - eta sigma_r(G)^2 = 1 - eta sigma_r^2 / beta^2; noise decays by 1 - eta beta^2. The first is slower, and is there when the step ' +
          'comes early; in s3-onestep it comes late and only the second is seen.',
        'The constant 64 of the recalled bound is not needed: the rate is the one without it.',
        'The step is no gain everywhere: eta sigma_r^2 / sigma_1 beats the order eta alpha^2 of the unmodified run only for alpha below about ' +
          'sigma_r / sqrt(sigma_1). Column "without the step" shows where it does not. A smaller beta^2, near sigma_r, would ask for a smaller eta.',
        'In the trace, column run counts the rows of the table.',
      ],
    };
  },
});

interface Numbers {
  readonly n: number;
  readonly rank: number;
  readonly trueRank: number;
  readonly step: number;
  readonly near: number;
  readonly iterations: number;
}

async function follow(numbers: Numbers, kappa: number, scale: number, seed: number, setting: Setting): Promise<Run> {
  const { n, rank, trueRank, step, iterations } = numbers;
  const spectrum = Array.from({ length: trueRank }, (_, j) => kappa ** (-j / (trueRank - 1)));
  const weakest = spectrum[trueRank - 1]!;
  const total = Math.hypot(...spectrum);
  const problem = populationProblem(n, spectrum, 'asymmetric', seed);
  const start = gaussianPair(n, rank, scale, 1 / 3, seed);
  const floor = (numbers.near * weakest) / total;
  const first = await descend(problem, start, { step, iterations, floor }, setting);
  const when = first.iteration.at(-1)!;
  if (first.error.at(-1)! > floor * total * (1 + 1e-9)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected iterations enough to come near X* but after ${iterations} of them the error is ${brief(first.error.at(-1)!)}.`,
    );
  }
  const law = discreteRate(step, Math.min(BETA ** 2, (weakest / BETA) ** 2));
  const end = when + Math.ceil(FOLLOWED / law);
  const pair = await rebalance(first, BETA);
  const second = await descend(problem, pair, { step, iterations: end, from: when, floor: FLOOR }, setting);
  const plain = await descend(problem, first, { step, iterations: end, from: when, floor: FLOOR }, setting);
  const course = joined(first, second);
  const half = secondHalf(second);
  const { iteration } = course;
  // Through the middle of the half in which the rate is read.
  const anchor = half[half.length >> 1];
  const predicted = iteration.map((t) =>
    t >= when && anchor !== undefined ? second.error[anchor]! * Math.exp(-law * (t - second.iteration[anchor]!)) : NaN,
  );
  return { kappa, scale, course, at: when, rate: rateOf(second), law, unmodified: rateOf(plain), predicted };
}

function secondHalf({ iteration }: Course): number[] {
  return windowOf(iteration, (iteration[0]! + iteration.at(-1)!) / 2, Infinity);
}

function rateOf(course: Course): number {
  const rows = secondHalf(course);
  return -fitExponential(at(course.iteration, rows), at(course.error, rows)).slope;
}
