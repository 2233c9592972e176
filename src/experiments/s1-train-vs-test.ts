/** Whether the fit of the measurements tells the error of the matrix, along one long run from small and large starts. */
import { atLeast, atMost, experiment, relativelyNear, type Series } from './experiment';
import {
  column,
  constant,
  descend,
  makeSetup,
  measurementCount,
  seedLines,
  shared,
  shareOf,
  short,
  stack,
} from './s1-common';
import { median, medianSeries } from './statistics';

/** Starts up to this scale are small, starts from `LARGE` on are large. */
const SMALL = 1e-3;
const LARGE = 0.1;

interface Course {
  readonly seed: number;
  readonly scale: number;
  readonly test: Float64Array;
  readonly train: Float64Array;
}

export const s1TrainVsTest = experiment({
  name: 's1-train-vs-test',
  title: 'Train and test error fall together from a small start, and part from a large one',
  claim:
    'From a small random start the test error falls with the residual down to the floor, with no overfitting though k = n columns ' +
    'could fit anything (arXiv 2106.15013). From a large start the residual goes on falling while the test error stays behind.',
  source:
    'arXiv 2106.15013 (opening; figure design recalled, restated from K25); interval of the ratio derived from the singular values of Gaussian matrices',
  parameters: {
    n: shared.n,
    trueRank: shared.trueRank,
    rank: shared.rank,
    measurementsPerRank: { ...shared.measurementsPerRank, quick: 8 },
    scales: {
      description: `alpha; up to ${SMALL} it counts as small, from ${LARGE} on as large`,
      kind: 'numbers',
      default: [1e-6, 1e-4, 1e-1, 0.5],
      quick: [1e-6, 1e-4, 1e-1],
      least: 1e-12,
      most: 10,
    },
    step: shared.step,
    iterations: {
      description: 'the fixed stop',
      kind: 'integer',
      default: 1200,
      quick: 800,
      least: 100,
      most: 1_000_000,
    },
    seeds: shared.seeds,
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, trueRank: r, rank, measurementsPerRank, step, iterations, seeds } = parameters;
    const measurements = measurementCount(n, r, measurementsPerRank);
    const scales = [...parameters.scales].sort((a, b) => a - b);
    const courses: Course[] = [];
    for (let trial = 0; trial < seeds; trial++) {
      const setup = makeSetup({ n, trueRank: r, measurements, seed: seed + trial }, threads);
      for (const [i, scale] of scales.entries()) {
        const share = shareOf(progress, { trial, seeds }, scales, i);
        const run = await descend(setup, { rank, scale, step, iterations }, { threads, signal, share });
        courses.push({ seed: seed + trial, scale, test: column(run, 'testError'), train: column(run, 'residual') });
      }
    }
    const freedom = (r * (2 * n - r + 1)) / 2;
    return outcome(scales, courses, { n, r, measurements, freedom });
  },
});

function outcome(
  scales: readonly number[],
  courses: readonly Course[],
  { n, r, measurements, freedom }: { n: number; r: number; measurements: number; freedom: number },
) {
  // Singular values of A on a space of as many dimensions as the model has degrees of freedom: 1 -/+ sqrt(d / m).
  const spread = Math.sqrt(freedom / measurements);
  const edges = [1 / (1 + spread), 1 / (1 - spread)] as const;
  const summary = scales.map((scale) => summarize(courses.filter((course) => course.scale === scale)));
  return {
    checks: scales.flatMap((scale, i) => {
      const { low, high, atStop, growth, test, overfit } = summary[i]!;
      const name = `alpha = ${short(scale)}`;
      if (scale <= SMALL) {
        return [
          atLeast(`${name}: least test / train on the way down (edge of the spectrum, less 10 %)`, low, 0.9 * edges[0]),
          relativelyNear(
            `${name}: largest test / train on the way down, against 1 / (1 - sqrt(d/m))`,
            high,
            edges[1],
            0.2,
          ),
          atMost(`${name}: test / train at the stop`, atStop, 1.2 * edges[1]),
          atMost(`${name}: test error at the stop over its least (no overfitting)`, overfit, 1.05),
        ];
      }
      if (scale < LARGE) return [];
      return [
        atLeast(
          `${name}: test / train at the stop (overfitting: beyond what an error of rank r allows)`,
          atStop,
          1.2 * edges[1],
        ),
        atLeast(`${name}: growth of test / train over the second half (it does not come back)`, growth, 1),
        atLeast(`${name}: test error at the stop over that of the smallest alpha`, test / summary[0]!.test, 100),
      ];
    }),
    table: {
      columns: [
        'alpha',
        'test error',
        'residual',
        'test / train at the stop',
        'least on the way',
        'largest on the way',
        'edges',
      ],
      rows: scales.map((scale, i) => {
        const one = summary[i]!;
        return [scale, one.test, one.train, one.atStop, dash(one.low), dash(one.high), edges.map(short).join(' .. ')];
      }),
    },
    panels: [
      ...scales.filter((scale, i) => i === 0 || scale >= LARGE).map((scale) => coursePanel(scale, courses)),
      ratioPanel(scales, courses, edges),
    ],
    trace: stack(
      courses.map(({ seed, scale, test, train }) => ({
        seed: constant(test.length, seed),
        scale: constant(test.length, scale),
        iteration: test.map((_, t) => t),
        testError: test,
        residual: train,
      })),
    ),
    notes: [
      `n = ${n}, rank of the truth ${r}, m = ${measurements}: ${short(measurements / ((n * (n + 1)) / 2))} measurements per dimension of the ` +
        'symmetric matrices. Above 1 there is nothing to overfit.',
      `Test / train is the relative Frobenius error over the relative residual. For an error in a space of d = ${freedom} dimensions (the ` +
        'degrees of freedom of rank r) Gaussian measurements keep it between 1 / (1 + sqrt(d/m)) and 1 / (1 - sqrt(d/m)); gradient descent ' +
        'leaves the direction measured worst for last, which is why the largest ratio comes near the upper edge: about 1.5 at m = 10 n r.',
      'On the way down: from test error 0.9 until it is within a factor of two of its value at the stop. All numbers are medians over the seeds.',
      'How much a large start overfits depends on m: with more than about half of n (n + 1) / 2 measurements it too ends at the truth, slowly.',
    ],
  };
}

/** A run from a large start may never come down. */
function dash(value: number): number | string {
  return Number.isFinite(value) ? value : '-';
}

function summarize(courses: readonly Course[]) {
  const each = courses.map(({ test, train }) => {
    const last = test.length - 1;
    const ratio = test.map((error, t) => error / train[t]!);
    const onTheWay = ratio.filter((_, t) => test[t]! <= 0.9 && test[t]! >= 2 * test[last]!);
    return {
      low: onTheWay.length === 0 ? NaN : Math.min(...onTheWay),
      high: onTheWay.length === 0 ? NaN : Math.max(...onTheWay),
      atStop: ratio[last]!,
      growth: ratio[last]! / ratio[last >> 1]!,
      test: test[last]!,
      train: train[last]!,
      overfit: test[last]! / Math.min(...test),
    };
  });
  type Key = keyof (typeof each)[number];
  const middle = (key: Key): number => median(each.map((one) => one[key]));
  return {
    low: middle('low'),
    high: middle('high'),
    atStop: middle('atStop'),
    growth: middle('growth'),
    test: middle('test'),
    train: middle('train'),
    overfit: middle('overfit'),
  };
}

function coursePanel(scale: number, courses: readonly Course[]) {
  const chosen = courses.filter((course) => course.scale === scale);
  return {
    title: `Errors from a start of scale \u03b1 = ${short(scale)}`,
    x: { label: 'iteration', scale: 'linear' as const },
    y: { label: 'relative error', scale: 'log' as const },
    series: [
      ...seedLines('test error', chosen, ({ test }) => test),
      ...seedLines('residual (train)', chosen, ({ train }) => train),
    ],
  };
}

function ratioPanel(scales: readonly number[], courses: readonly Course[], edges: readonly [number, number]) {
  const iterations = courses[0]!.test.map((_, t) => t);
  return {
    title: 'Test error over residual, median of the seeds',
    x: { label: 'iteration', scale: 'linear' as const },
    y: { label: 'test error / residual', scale: 'log' as const },
    series: [
      ...scales.map((scale): Series => ({
        label: `\u03b1 = ${short(scale)}`,
        x: iterations,
        y: medianSeries(
          courses
            .filter((course) => course.scale === scale)
            .map(({ test, train }) => test.map((error, t) => error / train[t]!)),
        ),
        style: 'measured',
      })),
      ...edges.map((edge, i): Series => ({
        label: i === 0 ? '1 / (1 + \u221a(d/m))' : '1 / (1 \u2212 \u221a(d/m))',
        x: [0, iterations.length - 1],
        y: [edge, edge],
        style: 'predicted',
      })),
    ],
  };
}
