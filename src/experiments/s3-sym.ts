/** arXiv 2310.01769, symmetric: one column too many turns linear convergence into 1/t, whatever the measurements. */
import { atMost, experiment, near, relativelyNear, type Check, type Series } from './experiment';
import {
  BODY_NOT_READ,
  brief,
  common,
  decayRate,
  descend,
  discreteRate,
  gaussian,
  joined,
  populationProblem,
  requireRanks,
  scaled,
  settlingTime,
  squaredSingularValues,
  symmetricNoise,
  traceOf,
  type Course,
  type Setting,
} from './s3-common';
import { sensingCourse, sensingChecks, sensingRow, sensingSeries } from './s3-sym-sensing';
import { at, fitPower, largestRelativeDeviation, windowOf } from './statistics';

/** Rounding of a product of this n stays below it: the floor of a run that converges linearly. */
const ROUNDING = 64 * Number.EPSILON;

export const s3Sym = experiment({
  name: 's3-sym',
  title: 'Symmetric model: linear with the exact rank, 1/t with one column more',
  claim:
    'Gradient descent on U U^T converges linearly when U has r columns, but its loss falls no faster than 1/t^2 when it has ' +
    'more (arXiv 2310.01769, theorem 1.1). In the population limit the error tends to sqrt(k - r) / (2 eta t), whatever the ' +
    'start; with finitely many measurements the law is the same and the constant another one.',
  source:
    `arXiv 2310.01769, theorem 1.1: loss Omega(1/t^2) from its abstract, ${BODY_NOT_READ}; laws S3-a' (constant, finite t), ` +
    'rate at k = r and the energy law of the sensing panel derived for this library',
  parameters: {
    ...common,
    ranks: {
      description: 'k, columns of U; from r on',
      kind: 'integers',
      default: [3, 4, 5, 10],
      quick: [3, 4, 6],
      least: 1,
    },
    scale: {
      description: 'alpha, U_0 with entries N(0, alpha^2 / n)',
      kind: 'number',
      default: 0.3,
      least: 1e-6,
      most: 1,
    },
    horizon: {
      description: 'length of a run in units of 1 / (2 eta s), s the smallest noise eigenvalue after the warm-up',
      kind: 'number',
      default: 400,
      quick: 200,
      least: 20,
      most: 1e5,
    },
    sensingN: {
      description: 'n with finitely many measurements',
      kind: 'integer',
      default: 30,
      quick: 16,
      least: 2,
      most: 500,
    },
    measurements: { description: 'm, Gaussian', kind: 'integer', default: 400, quick: 115, least: 1 },
    sensingIterations: {
      description: 'iterations with finitely many measurements',
      kind: 'integer',
      default: 20_000,
      quick: 8000,
      least: 1000,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, sensingN, spectrum, ranks } = parameters;
    requireRanks(ranks, spectrum.length, 0, Math.min(n, sensingN));
    const setting = { threads, signal };
    const runs: Run[] = [];
    for (const [i, rank] of ranks.entries()) {
      progress(i / (2 * ranks.length), `population, k = ${rank}`);
      runs.push(await populationRun(parameters, rank, seed, setting));
    }
    const sensed = [];
    for (const [i, rank] of ranks.entries()) {
      progress((ranks.length + i) / (2 * ranks.length), `m = ${parameters.measurements}, k = ${rank}`);
      sensed.push(await sensingCourse(parameters, rank, seed, setting));
    }
    const excess = {
      x: { label: 'iteration t', scale: 'log' },
      y: { label: 'error \u2016UU\u1d40 - X*\u2016', scale: 'log' },
    } as const;
    return {
      checks: [...runs.flatMap((run) => populationChecks(run, parameters)), ...sensed.flatMap(sensingChecks)],
      table: {
        columns: ['measurements', 'k', 't', 'error', 'quantity', 'measured', 'predicted'],
        rows: [...runs.map((run) => populationRow(run, parameters)), ...sensed.map(sensingRow)],
      },
      panels: [
        { title: 'Population (m infinite)', ...excess, series: runs.flatMap(populationSeries) },
        {
          title: `n = ${sensingN}, m = ${parameters.measurements}`,
          ...excess,
          series: sensed.flatMap(sensingSeries),
        },
      ],
      trace: traceOf([...runs, ...sensed]),
      notes: [
        'Loss slope -2 is error slope -1: the loss is a quarter of the squared error. The theorem is a lower bound of that order; ' +
          'the constant sqrt(k - r) / (2 eta) and the finite-time law are derived, and hold in the population limit.',
        'The predicted line follows s+ = s (1 - eta s)^2 for each noise eigenvalue s from the end of the warm-up on.',
        'With finitely many measurements the signal adapts to the noise: each noise direction has a constant of its own, and the ' +
          'slope comes to -1 from above, the slower the more columns. What holds at every time is the balance of energy ' +
          'd ||J||^2 / dt = -8 eta f, J the noise part of U and f the loss: the slope is -8 eta t f / ||J||^2.',
        'With k = r and finitely many measurements the predicted line is the descent linearised at its limit, in the eigenvectors ' +
          'of the Gauss-Newton matrix of this instance; in the end -ln(1 - eta lambda) per step, lambda the smallest eigenvalue ' +
          'that is no rotation of the columns.',
        'In the trace, column run counts the rows of the table.',
      ],
    };
  },
});

interface Run {
  readonly rank: number;
  readonly course: Course;
  /** NaN before the warm-up ends. */
  readonly predicted: Float64Array;
  /** Iteration from which the law is asked to hold. */
  readonly settled: number;
}

interface Numbers {
  readonly n: number;
  readonly spectrum: readonly number[];
  readonly step: number;
  readonly scale: number;
  readonly horizon: number;
}

async function populationRun(numbers: Numbers, rank: number, seed: number, setting: Setting): Promise<Run> {
  const { n, spectrum, step, scale, horizon } = numbers;
  const problem = populationProblem(n, spectrum, 'symmetric', seed);
  const start = scaled(gaussian(n, rank, seed, 'initialLeft'), scale);
  const exact = rank === spectrum.length;
  // Linear convergence to rounding takes about 37 e-folds.
  const settled = settlingTime(n, spectrum, step, scale, exact ? 45 : 14);
  const first = await descend(problem, { left: start, right: start }, { step, iterations: settled }, setting);
  if (exact) return { rank, course: first, predicted: linearLaw(first, numbers), settled };

  const noise = squaredSingularValues(first.left).subarray(spectrum.length);
  const iterations = settled + Math.ceil(horizon / (2 * step * Math.min(...noise)));
  const second = await descend(problem, first, { step, iterations, from: settled }, setting);
  const course = joined(first, second);
  const law = symmetricNoise(
    noise,
    step,
    second.iteration.map((t) => t - settled),
  );
  const predicted = new Float64Array(course.iteration.length).fill(NaN);
  predicted.set(law, first.iteration.length - 1);
  return { rank, course, predicted, settled };
}

/** The relative error between which an exponential is fitted. */
const HIGH = 1e-5;
const LOW = 1e-11;

/** The exponential of the predicted rate through the middle of the window in which it is fitted. */
function linearLaw({ iteration, error }: Course, { spectrum, step }: Numbers): Float64Array {
  const rate = discreteRate(step, spectrum[spectrum.length - 1]!);
  const total = Math.hypot(...spectrum);
  const anchor = error.findIndex((e) => e <= total * Math.sqrt(HIGH * LOW));
  const level = Math.log(error[anchor] ?? NaN);
  return iteration.map((t, i) => {
    const value = Math.exp(level - rate * (t - iteration[anchor]!));
    return error[i]! < total * 0.1 && value > total * Number.EPSILON ? value : NaN;
  });
}

function populationChecks({ rank, course, predicted, settled }: Run, numbers: Numbers): Check[] {
  const { spectrum, step } = numbers;
  const { iteration, error, loss } = course;
  const last = error.length - 1;
  const total = Math.hypot(...spectrum);
  const what = `population, k = ${rank}`;
  if (rank === spectrum.length) {
    const rate = decayRate(course, HIGH * total, LOW * total);
    return [
      relativelyNear(
        `${what}: rate per step, -ln(1 - eta sigma_r)`,
        rate,
        discreteRate(step, spectrum[rank - 1]!),
        0.02,
      ),
      atMost(`${what}: relative error at the end, rounding`, error[last]! / total, ROUNDING),
    ];
  }
  const from = iteration.findIndex((t) => t >= settled);
  // The last decade of time.
  const tail = windowOf(iteration, iteration[last]! / 10, Infinity);
  return [
    relativelyNear(
      `${what}: error / (sqrt(k - r) / (2 eta t)) at the end`,
      error[last]! / asymptote(rank, numbers, iteration[last]!),
      1,
      0.01,
    ),
    atMost(
      `${what}: largest relative deviation from the finite-time law`,
      largestRelativeDeviation(error.subarray(from), predicted.subarray(from)),
      0.01,
    ),
    near(
      `${what}: slope of the error in the last decade`,
      fitPower(at(iteration, tail), at(error, tail)).slope,
      -1,
      0.03,
    ),
    near(
      `${what}: slope of the loss in the last decade`,
      fitPower(at(iteration, tail), at(loss, tail)).slope,
      -2,
      0.06,
    ),
  ];
}

function asymptote(rank: number, { spectrum, step }: Numbers, t: number): number {
  return Math.sqrt(rank - spectrum.length) / (2 * step * t);
}

function populationRow({ rank, course }: Run, numbers: Numbers): (string | number)[] {
  const { spectrum, step } = numbers;
  const last = course.error.length - 1;
  const [t, error] = [course.iteration[last]!, course.error[last]!];
  if (rank === spectrum.length) {
    const total = Math.hypot(...spectrum);
    const rate = decayRate(course, HIGH * total, LOW * total);
    return ['infinite', rank, t, error, 'rate per step', rate, discreteRate(step, spectrum[rank - 1]!)];
  }
  return ['infinite', rank, t, error, 'error', error, asymptote(rank, numbers, t)];
}

function populationSeries({ rank, course, predicted }: Run): Series[] {
  const label = `k = ${brief(rank)}`;
  return [
    { label, x: course.iteration, y: course.error, style: 'measured' },
    { label: 'law', x: course.iteration, y: predicted, style: 'predicted', group: label },
  ];
}
