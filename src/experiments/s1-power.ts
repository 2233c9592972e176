/** Gradient descent beside the power method on A*A(X*): how close they stay, and where they part. */
import { powerMethodCloseness } from '../diagnostics';
import type { RecordColumn } from '../solvers/recording';
import { atMost, experiment, type Panel, relativelyNear, type Series } from './experiment';
import {
  column,
  constant,
  crossing,
  descend,
  makeInstance,
  measurementCount,
  seedLines,
  shared,
  shareOf,
  short,
  spectralSine,
  stack,
} from './s1-common';
import { median, medianSeries } from './statistics';

/** As in s1-phases. */
const ALIGNED = 0.1;
const CLOSE = 0.1;

const COLUMNS = [
  'powerDistance',
  'alignmentSpectral',
  'alignmentPower',
  'alignmentToPower',
] as const satisfies readonly RecordColumn[];
type Column = (typeof COLUMNS)[number];

interface Course {
  readonly seed: number;
  readonly scale: number;
  readonly columns: Readonly<Record<Column, Float64Array>>;
  /** End of phase I. */
  readonly aligned: number;
  /** When the distance reaches CLOSE. */
  readonly parted: number;
  readonly slope: number;
  readonly predictedSlope: number;
  readonly spectral: number;
}

export const s1Power = experiment({
  name: 's1-power',
  title: 'A small random start follows the power method until it is of order one',
  claim:
    'Through the first phase U_t stays close to the power iterate (I + mu M)^t U_0, M = A*A(X*), and its leading singular vectors turn like ' +
    'those of the power method (arXiv 2106.15013). The relative distance grows like alpha^2 (1 + mu ||M||)^(2 t), so that they part later ' +
    'by ln 10 / ln(1 + mu ||M||) iterations for each decade of alpha.',
  source:
    'arXiv 2106.15013, spectral phase (bound on U_t - Utilde_t restated from K25, ICML 2025, at tube length 1; slope derived)',
  parameters: {
    n: shared.n,
    trueRank: shared.trueRank,
    rank: shared.rank,
    measurementsPerRank: { ...shared.measurementsPerRank, quick: 15 },
    scales: {
      description: 'alpha, at least two',
      kind: 'numbers',
      default: [1e-4, 1e-5, 1e-6, 1e-7],
      quick: [1e-4, 1e-7],
      least: 1e-12,
      most: 0.01,
    },
    step: shared.step,
    iterations: { description: 'the fixed stop', kind: 'integer', default: 150, least: 50, most: 1_000_000 },
    seeds: shared.seeds,
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, trueRank, rank, measurementsPerRank, step, iterations, seeds } = parameters;
    const scales = [...parameters.scales].sort((a, b) => b - a);
    const measurements = measurementCount(n, trueRank, measurementsPerRank);
    const courses: Course[] = [];
    for (let trial = 0; trial < seeds; trial++) {
      const instance = await makeInstance({ n, trueRank, measurements, step, seed: seed + trial }, { threads, signal });
      const norm = instance.prediction.eigenvalues[0]!;
      const spectral = spectralSine(instance);
      for (const [i, scale] of scales.entries()) {
        const share = shareOf(progress, { trial, seeds }, scales, i);
        const run = await descend(
          instance,
          { rank, scale, step, iterations, columns: COLUMNS },
          { threads, signal, share },
        );
        const columns = Object.fromEntries(COLUMNS.map((name) => [name, column(run, name)])) as Course['columns'];
        const { slope, predictedSlope } = powerMethodCloseness(run.trace, { step, norm });
        courses.push({
          seed: seed + trial,
          scale,
          columns,
          aligned: crossing(columns.alignmentSpectral, ALIGNED, 'falls'),
          parted: crossing(columns.powerDistance, CLOSE, 'rises', 1),
          slope,
          predictedSlope,
          spectral,
        });
      }
    }
    return outcome(courses, scales, { n, trueRank, measurements });
  },
});

function outcome(
  courses: readonly Course[],
  scales: readonly number[],
  { n, trueRank, measurements }: { n: number; trueRank: number; measurements: number },
) {
  const middle = (scale: number, pick: (course: Course) => number): number =>
    median(courses.filter((course) => course.scale === scale).map(pick));
  const [largest, smallest] = [scales[0]!, scales[scales.length - 1]!];
  const decades = Math.log10(largest / smallest);
  const parted = ({ parted: t }: Course): number => t;
  // 2 ln(1 + mu ||M||) a step and alpha^2 in front: each decade of alpha buys ln(100) over that.
  const perDecade = (course: Course): number => Math.log(100) / course.predictedSlope;
  const throughPhaseOne = (course: Course, name: Column): Float64Array =>
    course.columns[name].subarray(0, Math.floor(course.aligned) + 1);
  const farthest = (course: Course): number => Math.max(...throughPhaseOne(course, 'powerDistance'));
  const apart = (course: Course): number => {
    const power = throughPhaseOne(course, 'alignmentPower');
    return Math.max(...throughPhaseOne(course, 'alignmentSpectral').map((sine, t) => Math.abs(sine / power[t]! - 1)));
  };
  const atStop = ({ columns: { alignmentToPower: sines } }: Course): number => sines[sines.length - 1]!;
  return {
    checks: [
      ...scales.flatMap((scale) => {
        const name = `alpha = ${short(scale)}`;
        return [
          atMost(`${name}: largest relative distance to the power method in phase I`, middle(scale, farthest), CLOSE),
          relativelyNear(
            `${name}: growth of ln(distance) a step, 2 ln(1 + mu ||M||)`,
            middle(scale, ({ slope }) => slope),
            middle(scale, ({ predictedSlope }) => predictedSlope),
            0.1,
          ),
          atMost(
            `${name}: sine (L, L_t) against sine (L, Ltilde_t) in phase I, largest relative difference`,
            middle(scale, apart),
            0.1,
          ),
          relativelyNear(
            `${name}: sine (L_t, Ltilde_t) at the stop, against (L, X): the power method stays at L`,
            middle(scale, atStop),
            middle(scale, ({ spectral }) => spectral),
            0.05,
          ),
        ];
      }),
      relativelyNear(
        'iterations per decade of alpha until they part, ln 10 / ln(1 + mu ||M||)',
        (middle(smallest, parted) - middle(largest, parted)) / decades,
        middle(smallest, perDecade),
        0.1,
      ),
    ],
    table: {
      columns: [
        'alpha',
        'end of phase I',
        'distance there',
        'slope',
        'predicted slope',
        'angles differ by at most',
        'parted (0.1) at',
        'sine (L_t, Ltilde_t) at the stop',
        'sine (L, X)',
      ],
      rows: scales.map((scale) => [
        scale,
        middle(scale, ({ aligned }) => aligned),
        middle(scale, farthest),
        middle(scale, ({ slope }) => slope),
        middle(scale, ({ predictedSlope }) => predictedSlope),
        middle(scale, apart),
        middle(scale, parted),
        middle(scale, atStop),
        middle(scale, ({ spectral }) => spectral),
      ]),
    },
    panels: panels(courses, scales),
    trace: stack(
      courses.map(({ seed, scale, columns }) => ({
        seed: constant(columns.powerDistance.length, seed),
        scale: constant(columns.powerDistance.length, scale),
        iteration: columns.powerDistance.map((_, t) => t),
        ...columns,
      })),
    ),
    notes: [
      `n = ${n}, rank of the truth ${trueRank}, m = ${measurements}: ${short(measurements / ((n * (n + 1)) / 2))} measurements per dimension of ` +
        'the symmetric matrices. All numbers are medians over the seeds; angles are sines of the largest principal angle.',
      `Phase I ends when sine (L, L_t) falls to ${ALIGNED}: the constant is ours, the paper's was not read.`,
      'The slope is fitted between distances 1e-6 and 1e-2. Leading eigenvalues of M that lie close together, but not equal, make it a ' +
        'little smaller; the constants of the bound in the paper are not checked.',
    ],
  };
}

function panels(courses: readonly Course[], scales: readonly number[]): Panel[] {
  const smallest = scales[scales.length - 1]!;
  const shown = courses.filter((course) => course.scale === smallest);
  const x = { label: 'iteration', scale: 'linear' } as const;
  const end = median(shown.map(({ aligned }) => aligned));
  const bands = Number.isFinite(end) ? [{ from: 0, to: end, label: 'I' }] : [];
  const lines = (label: string, name: Column): Series[] => seedLines(label, shown, ({ columns }) => columns[name]);
  return [
    {
      title: 'Relative distance to the power method, median of the seeds',
      x,
      y: { label: '||U_t \u2212 \u0168_t|| / ||\u0168_t||', scale: 'log' },
      series: scales.flatMap((scale) =>
        distanceLines(
          courses.filter((course) => course.scale === scale),
          scale,
        ),
      ),
      bands,
    },
    {
      title: `Angles to the leading eigenvectors L, \u03b1 = ${short(smallest)}`,
      x,
      y: { label: 'sine of the largest angle', scale: 'log' },
      series: [...lines('gradient descent', 'alignmentSpectral'), ...lines('power method', 'alignmentPower')],
      bands,
    },
  ];
}

/** The median, and the predicted line through the place where it reaches 1e-3. */
function distanceLines(courses: readonly Course[], scale: number): Series[] {
  const distance = medianSeries(courses.map(({ columns }) => columns.powerDistance));
  const slope = median(courses.map(({ predictedSlope }) => predictedSlope));
  const anchor = crossing(distance, 1e-3, 'rises', 1);
  const reach = [anchor + Math.log(1e-7) / slope, anchor + Math.log(1e3) / slope];
  const label = `\u03b1 = ${short(scale)}`;
  const positive = distance.map((value) => (value > 0 ? value : NaN));
  return [
    { label, x: positive.map((_, t) => t), y: positive, style: 'measured' },
    {
      label: `${label}, predicted`,
      x: reach,
      y: reach.map((t) => 1e-3 * Math.exp(slope * (t - anchor))),
      style: 'predicted',
      group: label,
    },
  ];
}
