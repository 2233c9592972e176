/** The three phases of a small random start: aligned with the spectral method first, then away from it to the truth. */
import { phases } from '../diagnostics';
import type { RecordColumn } from '../solvers/recording';
import type { SolveResult } from '../solvers/result';
import { atLeast, atMost, experiment, near, type Panel, relativelyNear, type Series } from './experiment';
import {
  column,
  constant,
  descend,
  type Instance,
  makeInstance,
  measurementCount,
  seedLines,
  shared,
  shareOf,
  short,
  spectralSine,
  stack,
} from './s1-common';
import { median } from './statistics';

/** Phase I ends when the leading singular vectors of U are this close to the leading eigenvectors of M_hat (sine): our constant. */
const ALIGNED = 0.1;

const COLUMNS = [
  'testError',
  'residual',
  'sigmaMin',
  'sigmaSpectral',
  'noiseFrobenius',
  'alignment',
  'alignmentSpectral',
] as const satisfies readonly RecordColumn[];
type Column = (typeof COLUMNS)[number];

interface Course {
  readonly seed: number;
  readonly scale: number;
  readonly columns: Readonly<Record<Column, Float64Array>>;
  /** Sine of the spectral method's own error, angle (L, X). */
  readonly spectral: number;
  /** Ends of phases I, II, III: the first iteration of the next. NaN where it is not reached. */
  readonly ends: readonly [number, number, number];
  readonly perDecade: number;
}

export const s1Phases = experiment({
  name: 's1-phases',
  title: 'Three phases: spectral alignment, saddle avoidance, local refinement',
  claim:
    'From a small random start gradient descent first turns into the leading eigenvectors L of A*A(X*) like the power method, then grows ' +
    'there while the error stays near 1, and then leaves L for the truth X down to a small error (arXiv 2106.15013). The angles ' +
    '(L, L_t) and (X, L_t) of the leading singular vectors L_t of U_t show it, and only the second phase depends on alpha.',
  source:
    'arXiv 2106.15013, sections on the spectral and the convergence phase (restated from K25, ICML 2025, at tube length 1); figure design recalled',
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
    iterations: {
      description: 'the fixed stop (paper: 400)',
      kind: 'integer',
      default: 400,
      least: 50,
      most: 1_000_000,
    },
    seeds: shared.seeds,
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, trueRank, rank, measurementsPerRank, step, iterations, seeds } = parameters;
    const scales = [...parameters.scales].sort((a, b) => b - a);
    const measurements = measurementCount(n, trueRank, measurementsPerRank);
    const courses: Course[] = [];
    for (let trial = 0; trial < seeds; trial++) {
      const instance = await makeInstance({ n, trueRank, measurements, step, seed: seed + trial }, { threads, signal });
      for (const [i, scale] of scales.entries()) {
        const share = shareOf(progress, { trial, seeds }, scales, i);
        const run = await descend(
          instance,
          { rank, scale, step, iterations, columns: COLUMNS },
          { threads, signal, share },
        );
        courses.push(describe(run, instance, scale, rank === 0 ? n : rank));
      }
    }
    return outcome(courses, scales, { n, trueRank, measurements, rank: rank === 0 ? n : rank });
  },
});

function describe(run: SolveResult, instance: Instance, scale: number, rank: number): Course {
  const { n, trueRank, seed, prediction } = instance;
  // The truth has equal singular values 1.
  const known = { rank, trueRank, rows: n, sigmaMin: 1, truthNorm: Math.sqrt(trueRank) };
  const ends = phases(run.trace, { ...known, truth: true, alignment: ALIGNED }).withTruth;
  return {
    seed,
    scale,
    columns: Object.fromEntries(COLUMNS.map((name) => [name, column(run, name)])) as Course['columns'],
    spectral: spectralSine(instance),
    ends: [ends?.spectral ?? NaN, ends?.saddle ?? NaN, ends?.refinement ?? NaN],
    perDecade: prediction.iterationsPerDecade,
  };
}

interface Setting {
  readonly n: number;
  readonly trueRank: number;
  readonly measurements: number;
  readonly rank: number;
}

function outcome(courses: readonly Course[], scales: readonly number[], setting: Setting) {
  const { n, trueRank: r, measurements, rank } = setting;
  const of = (scale: number): Course[] => courses.filter((course) => course.scale === scale);
  const middle = (scale: number, pick: (course: Course) => number): number => median(of(scale).map(pick));
  const at = (name: Column, phase: 0 | 1) => (course: Course) => {
    // The last iteration inside the phase.
    const t = course.ends[phase] - 1;
    return t >= 0 ? course.columns[name][t]! : NaN;
  };
  const last = (name: Column) => (course: Course) => course.columns[name][course.columns[name].length - 1]!;
  const nearest = (course: Course): number => {
    const sines = course.columns.alignmentSpectral;
    return sines.indexOf(Math.min(...sines));
  };
  const [largest, smallest] = [scales[0]!, scales[scales.length - 1]!];
  const decades = Math.log10(largest / smallest);
  const end = (scale: number, phase: 0 | 1 | 2): number => middle(scale, ({ ends }) => ends[phase]);
  const toNoise = (course: Course): number =>
    (last('testError')(course) * Math.sqrt(r)) / last('noiseFrobenius')(course);
  return {
    checks: [
      near(
        `end of phase I: alpha = ${short(smallest)} against alpha = ${short(largest)} (does not depend on alpha)`,
        end(smallest, 0),
        end(largest, 0),
        1,
      ),
      relativelyNear(
        'end of phase II: iterations per decade of alpha, ln 10 / ln(1 + mu lambda_r)',
        (end(smallest, 1) - end(largest, 1)) / decades,
        median(of(smallest).map(({ perDecade }) => perDecade)),
        0.1,
      ),
      ...scales.flatMap((scale) => {
        const name = `alpha = ${short(scale)}`;
        const spectral = middle(scale, (course) => course.spectral);
        return [
          atLeast(`${name}: test error at the end of phase I`, middle(scale, at('testError', 0)), 0.99),
          atLeast(
            `${name}: test error at the end of phase II (one singular value of r still below 1/10)`,
            middle(scale, at('testError', 1)),
            0.85 / Math.sqrt(r),
          ),
          atMost(
            `${name}: when sine (L, L_t) is least, as a share of phases I and II`,
            middle(scale, (course) => nearest(course) / course.ends[1]),
            1,
          ),
          relativelyNear(
            `${name}: sine (X, L_t) then, against that of the spectral method`,
            middle(scale, (course) => course.columns.alignment[nearest(course)]!),
            spectral,
            0.1,
          ),
          relativelyNear(
            `${name}: sine (L, L_t) at the stop, against that of the spectral method (L, X)`,
            middle(scale, last('alignmentSpectral')),
            spectral,
            0.05,
          ),
          atMost(
            `${name}: sine (X, L_t) at the stop over that of the spectral method`,
            middle(scale, (course) => last('alignment')(course) / course.spectral),
            0.01,
          ),
          atMost(`${name}: test error at the stop`, middle(scale, last('testError')), 0.01),
          ...(rank > r
            ? [
                atLeast(
                  `${name}: error at the stop over the noise in it (of which it is made)`,
                  middle(scale, toNoise),
                  0.9,
                ),
                atMost(
                  `${name}: the same, from above: phase III has ended (sqrt(min(n, k) - r) + 1)`,
                  middle(scale, toNoise),
                  Math.sqrt(Math.min(n, rank) - r) + 1,
                ),
              ]
            : []),
        ];
      }),
    ],
    table: {
      columns: [
        'alpha',
        'end of I',
        'end of II',
        'end of III',
        'test error at I',
        'test error at II',
        'test error at the stop',
        'least sine (L, L_t)',
        'sine (L, L_t) at the stop',
        'sine (L, X)',
        'sine (X, L_t) at the stop',
      ],
      rows: scales.map((scale) => [
        scale,
        end(scale, 0),
        end(scale, 1),
        end(scale, 2),
        middle(scale, at('testError', 0)),
        middle(scale, at('testError', 1)),
        middle(scale, last('testError')),
        middle(scale, (course) => course.columns.alignmentSpectral[nearest(course)]!),
        middle(scale, last('alignmentSpectral')),
        middle(scale, (course) => course.spectral),
        middle(scale, last('alignment')),
      ]),
    },
    panels: panels(
      of(smallest),
      [0, 1, 2].map((phase) => end(smallest, phase as 0 | 1 | 2)),
    ),
    trace: stack(
      courses.map(({ seed, scale, columns }) => ({
        seed: constant(columns.testError.length, seed),
        scale: constant(columns.testError.length, scale),
        iteration: columns.testError.map((_, t) => t),
        ...columns,
      })),
    ),
    notes: [
      `n = ${n}, rank of the truth ${r}, k = ${rank}, m = ${measurements}: ${short(measurements / ((n * (n + 1)) / 2))} measurements per ` +
        'dimension of the symmetric matrices. All numbers are medians over the seeds; the figure shows the smallest alpha.',
      `Phase I ends when sine (L, L_t) falls to ${ALIGNED}: the constant is ours, the paper's was not read. Phase II ends when ` +
        'sigma_min(V_X^T U) reaches sigma_min(X) / sqrt(10), phase III when (sqrt(min(n, k) - r) + 1) times the noise reaches the error ' +
        '(both restated).',
      'Angles are sines of the largest principal angle. L_t first comes to L, as the power method does, with the error (L, X) of the spectral ' +
        'method; gradient descent then leaves L, and (L, L_t) rises to just that.',
    ],
  };
}

function panels(courses: readonly Course[], ends: readonly number[]): Panel[] {
  const iterations = courses[0]!.columns.testError.map((_, t) => t);
  const lines = (label: string, pick: (course: Course) => Float64Array): Series[] => seedLines(label, courses, pick);
  const [one, two, three] = ends as [number, number, number];
  const bands = [
    { from: 0, to: one, label: 'I' },
    { from: one, to: two, label: 'II' },
    { from: two, to: three, label: 'III' },
  ].filter(({ from, to }) => Number.isFinite(from) && Number.isFinite(to) && to > from);
  const spectral = median(courses.map((course) => course.spectral));
  const x = { label: 'iteration', scale: 'linear' } as const;
  return [
    {
      title: `Errors along the phases, \u03b1 = ${short(courses[0]!.scale)}`,
      x,
      y: { label: 'relative error', scale: 'log' },
      series: [
        ...lines('test error', ({ columns }) => columns.testError),
        ...lines('residual (train)', ({ columns }) => columns.residual),
        ...lines('|\u03c3_r(U)\u00b2 \u2212 1|', ({ columns }) =>
          columns.sigmaSpectral.map((s) => Math.abs(s * s - 1)),
        ),
      ],
      bands,
    },
    {
      title: 'Angles of the leading singular vectors L_t',
      x,
      y: { label: 'sine of the largest angle', scale: 'log' },
      series: [
        ...lines('(L, L_t)', ({ columns }) => columns.alignmentSpectral),
        ...lines('(X, L_t)', ({ columns }) => columns.alignment),
        {
          label: '(L, X), the spectral method',
          x: [0, iterations.length - 1],
          y: [spectral, spectral],
          style: 'predicted',
        },
      ],
      bands,
    },
  ];
}
