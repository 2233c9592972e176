/** arXiv 2310.01769, asymmetric and over-parameterized: linear convergence at a rate that the scale of the start decides. */
import { eigh } from '../linalg';
import { Matrix } from '../matrix';
import { atLeast, atMost, experiment, near, relativelyNear, type Check, type Series } from './experiment';
import {
  BODY_NOT_READ,
  brief,
  cell,
  common,
  decayRate,
  descend,
  discreteRate,
  gaussianPair,
  populationProblem,
  requireRanks,
  slowestCurvature,
  squaredSingularValues,
  traceOf,
  transposeTimes,
  type Course,
  type Pair,
} from './s3-common';
import { fitPower } from './statistics';

/** Relative errors between which the line is fitted: below every transient, above rounding. */
const HIGH = 1e-8;
const MIDDLE = 1e-10;
const LOW = 1e-12;

interface Run {
  readonly scale: number;
  readonly course: Course;
  /** Per step, in the window. */
  readonly rate: number;
  /** From the singular values of the factors at the end. */
  readonly law: number;
  /** Whether q belongs to a noise column of F; a large start leaves so little signal in G that q is sigma_r(G)^2. */
  readonly byNoise: boolean;
  /** Rates in the two halves of the window, in the logarithm of the error. */
  readonly halves: readonly [number, number];
  /** Rates at the two eigenvalues of Delta_0 between which the curvature lies; none where Delta_0 is indefinite. */
  readonly bracket: readonly [number, number] | undefined;
  /** NaN outside the window and its surroundings. */
  readonly predicted: Float64Array;
}

export const s3AsymAlpha = experiment({
  name: 's3-asym-alpha',
  title: 'Asymmetric model, k > r: linear convergence, faster from a larger start',
  claim:
    'With F_0 of scale alpha and G_0 of scale alpha / 3, gradient descent on F G^T converges linearly also with more columns ' +
    'than the rank, at a rate of order alpha^2 (arXiv 2310.01769, theorem 1.3). In the population limit the rate per step is ' +
    '-ln(1 - eta q), q the smallest squared singular value left in the factors.',
  source:
    `arXiv 2310.01769, theorem 1.3: exp(-Omega(alpha^2 t)) from its abstract, ${BODY_NOT_READ}; scales alpha and alpha / 3 from ` +
    "its public reviews, entry variance 1/n recalled; rate and bracket derived (S3-c', sharpened)",
  parameters: {
    ...common,
    rank: { description: 'k, columns of F and G, above r', kind: 'integer', default: 5, least: 2 },
    scales: {
      description: 'alpha, F_0 with entries N(0, alpha^2 / n)',
      kind: 'numbers',
      default: [1, 0.5, 0.2, 0.1, 0.05],
      quick: [0.5, 0.2, 0.1],
      least: 1e-3,
      most: 1,
    },
    ratio: { description: 'scale of G_0 over that of F_0', kind: 'number', default: 1 / 3, least: 0.01, most: 0.9 },
    iterations: { description: 'at most', kind: 'integer', default: 2_000_000, quick: 400_000, least: 100 },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, spectrum, step, rank, scales, ratio, iterations } = parameters;
    requireRanks([rank], spectrum.length, 1, n);
    const problem = populationProblem(n, spectrum, 'asymmetric', seed);
    const total = Math.hypot(...spectrum);
    const runs: Run[] = [];
    for (const scale of scales) {
      progress(runs.length / scales.length, `alpha = ${brief(scale)}`);
      const start = gaussianPair(n, rank, scale, ratio, seed);
      const course = await descend(problem, start, { step, iterations, floor: LOW / 3 }, { threads, signal });
      const law = discreteRate(step, slowestCurvature(course));
      const rate = (high: number, low: number): number => decayRate(course, high * total, low * total);
      runs.push({
        scale,
        course,
        law,
        byNoise: law < discreteRate(step, squaredSingularValues(course.right)[spectrum.length - 1]! * 0.999),
        rate: rate(HIGH, LOW),
        halves: [rate(HIGH, MIDDLE), rate(MIDDLE, LOW)],
        bracket: bracket(start, spectrum.length, step),
        predicted: line(course, law, MIDDLE * total, 1e-3 * total),
      });
    }
    // The law is that of small scales, where the noise does not reach the signal.
    const smallest = runs
      .filter(({ byNoise }) => byNoise)
      .sort((a, b) => a.scale - b.scale)
      .slice(0, 2);
    const power = fitPower(
      smallest.map(({ scale }) => scale),
      smallest.map(({ rate }) => rate),
    );
    return {
      checks: [
        ...runs.flatMap(checks),
        ...(smallest.length > 1
          ? [near('power of alpha in the rate, between the two smallest', power.slope, 2, 0.15)]
          : []),
      ],
      table: {
        columns: ['alpha', 'iterations', 'rate per step', 'predicted', 'rate / (eta alpha^2)', 'least', 'most'],
        rows: runs.map(({ scale, course, rate, law, bracket: range }) => [
          scale,
          course.iteration.at(-1)!,
          cell(rate),
          law,
          cell(rate / (step * scale * scale)),
          cell(range?.[0]),
          cell(range?.[1]),
        ]),
      },
      panels: [
        {
          title: `Population, k = ${rank}, r = ${spectrum.length}`,
          x: { label: 'iteration t', scale: 'linear' },
          y: { label: 'error \u2016FG\u1d40 - X*\u2016', scale: 'log' },
          series: runs.flatMap((run) => series(run, 1)),
        },
        {
          title: 'On the clock of the start',
          x: { label: 'flow time \u03b7\u03b1\u00b2t', scale: 'linear' },
          y: { label: 'error \u2016FG\u1d40 - X*\u2016', scale: 'log' },
          series: runs.flatMap((run) => series(run, step * run.scale ** 2)),
        },
      ],
      trace: traceOf(runs),
      notes: [
        'Near the limit E+ = E - eta (F F^T E + E G G^T), so the slowest factor is exactly 1 - eta q at any stable step, with ' +
          'q the smallest squared singular value of F or G at the limit that is not zero. To first order in eta that is ' +
          'eta (sigma_k(F)^2 + sigma_k(G)^2) as long as noise columns survive in one factor only.',
        'Gradient flow conserves Delta = F^T F - G^T G, and at the limit F^T F = Delta + G^T G with G^T G of rank r: q lies between the ' +
          'k-th and the (k - r)-th eigenvalue of Delta_0, both of order alpha^2. Columns least and most of the table are the rates there; ' +
          'descent drifts from Delta_0 by O(eta), for which 5 % are allowed.',
        'Where alpha^2 comes near sigma_r, F has taken so much of the signal that q is sigma_r(G)^2 and no longer grows with alpha: there ' +
          'the power of alpha and the bracket do not apply.',
        'A small start first shows a plateau, and 1 / (2 eta t), until t is of the order of 1 / (eta alpha^2).',
        'In the trace, column run counts the rows of the table.',
      ],
    };
  },
});

/** Rates at the k-th and the (k - r)-th eigenvalue of F_0^T F_0 - G_0^T G_0, if that is positive definite. */
function bracket({ left, right }: Pair, trueRank: number, step: number): readonly [number, number] | undefined {
  const ff = transposeTimes(left, left);
  const gg = transposeTimes(right, right);
  const rank = left.cols;
  const { values } = eigh(
    new Matrix(
      ff.data.map((value, i) => value - gg.data[i]!),
      rank,
      rank,
    ),
  );
  const [least, most] = [values[rank - 1]!, values[rank - trueRank - 1]!];
  return least > 0 ? [discreteRate(step, least), discreteRate(step, most)] : undefined;
}

/** The exponential of the predicted rate through the course at `level`, from `high` on. */
function line({ iteration, error }: Course, rate: number, level: number, high: number): Float64Array {
  const anchor = error.findIndex((e) => e <= level);
  return iteration.map((t, i) =>
    error[i]! <= high ? (error[anchor] ?? NaN) * Math.exp(-rate * (t - iteration[anchor]!)) : NaN,
  );
}

function checks({ scale, rate, law, byNoise, halves, bracket: range }: Run): Check[] {
  const what = `alpha = ${brief(scale)}`;
  return [
    relativelyNear(`${what}: rate per step, -ln(1 - eta q)`, rate, law, 0.02),
    relativelyNear(
      `${what}: straight, rate of the lower half of the window over the upper`,
      halves[1] / halves[0],
      1,
      0.03,
    ),
    ...(range === undefined || !byNoise
      ? []
      : [
          atLeast(`${what}: rate, from the k-th eigenvalue of Delta_0`, rate, 0.95 * range[0]),
          atMost(`${what}: rate, from the (k - r)-th eigenvalue of Delta_0`, rate, 1.05 * range[1]),
        ]),
  ];
}

function series({ scale, course, predicted }: Run, clock: number): Series[] {
  const label = `\u03b1 = ${brief(scale)}`;
  const x = course.iteration.map((t) => clock * t);
  return [
    { label, x, y: course.error, style: 'measured' },
    { label: 'law', x, y: predicted, style: 'predicted', group: label },
  ];
}
