/** What a badly conditioned truth costs: singular values are learned one after the other, each in its own time. */
import { gaussianSensing, population, type Problem } from '../problems';
import type { SolveResult } from '../solvers/result';
import { solve } from '../solvers/solve';
import { atLeast, atMost, experiment, near, relativelyNear, type Panel, type Series, stretch } from './experiment';
import { column, constant, crossing, measurementCount, shared, short, stack } from './s1-common';
import { fitPower, median } from './statistics';

/** Recorded iterations of a run, about. */
const RECORDS = 400;
/** Neighbouring singular values with at least this ratio are learned in visible steps. */
const APART = 1.9;

interface Course {
  readonly kappa: number;
  readonly scale: number;
  /** NaN for the population run, m = infinity. */
  readonly seed: number;
  readonly iteration: Float64Array;
  readonly error: Float64Array;
  /** Eigenvalues of U U^T, the r leading ones. */
  readonly values: readonly Float64Array[];
  /** When singular value j has grown to half its size. */
  readonly times: readonly number[];
  /** How far the test error is from that of the best approximation of rank j in the middle of stage j, j = 1 .. r - 1. */
  readonly plateaus: readonly number[];
}

export const s1Kappa = experiment({
  name: 's1-kappa',
  title: 'Singular values are learned one by one, the weakest in a time like kappaFactor^2 ln(1/alpha)',
  claim:
    'The number of iterations from a small random start grows like kappaFactor^2 ln(1/alpha), kappaFactor^2 the condition number of ' +
    'the truth (arXiv 2106.15013). On the way the singular values are learned one after the other, and between two of them the ' +
    'error rests at that of the best approximation of lower rank.',
  source:
    'arXiv 2106.15013, t = O(ln(1/alpha) / (mu sigma_min(X)^2)) (recalled); steps: arXiv 2301.11500 (restated from its abstract); times derived',
  parameters: {
    n: { ...shared.n, default: 60, quick: 40 },
    trueRank: { ...shared.trueRank, default: 3, quick: 2, least: 2 },
    rank: shared.rank,
    measurementsPerRank: { ...shared.measurementsPerRank, quick: 10 },
    conditionNumbers: {
      description: 'kappaMatrix = kappaFactor^2; the singular values are geometric from 1 to its inverse',
      kind: 'numbers',
      default: [1, 4, 16, 64],
      quick: [1, 4, 16],
      least: 1,
      most: 1e4,
    },
    scales: {
      description: 'alpha, at least two',
      kind: 'numbers',
      default: [1e-3, 1e-6],
      quick: [1e-3, 1e-6],
      least: 1e-12,
      most: 0.01,
    },
    step: shared.step,
    seeds: { ...shared.seeds, default: 3 },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, trueRank: r, rank, measurementsPerRank, step, seeds } = parameters;
    const kappas = [...parameters.conditionNumbers].sort((a, b) => a - b);
    const scales = [...parameters.scales].sort((a, b) => b - a);
    const measurements = measurementCount(n, r, measurementsPerRank);
    const work = kappas.map((kappa) => kappa * scales.length * (seeds + 1));
    const total = work.reduce((sum, one) => sum + one, 0);
    let done = 0;
    const courses: Course[] = [];
    for (const kappa of kappas) {
      const spectrum = singularValues(r, kappa);
      const common = { shape: [n, n] as const, symmetric: true, trueRank: r, conditionNumber: kappa };
      for (let trial = -1; trial < seeds; trial++) {
        const problem: Problem =
          trial < 0
            ? population({ ...common, seed })
            : gaussianSensing({ ...common, measurements, seed: seed + trial, threads });
        for (const scale of scales) {
          const iterations = Math.ceil(1.3 * learningTime(spectrum[r - 1]!, scale, step)) + 100;
          const doing = `condition ${short(kappa)}, alpha = ${short(scale)}, ${trial < 0 ? 'population' : `instance ${trial + 1} of ${seeds}`}`;
          const run = await solve(problem, {
            rank: rank === 0 ? n : rank,
            init: { kind: 'random', scale, seed: seed + Math.max(0, trial), entryVariance: 'scale^2/rank' },
            step,
            stop: { iterations, residual: 0 },
            record: { every: Math.ceil(iterations / RECORDS), columns: ['testError', 'singularValues'] },
            threads,
            signal,
            onProgress: stretch(progress, done / total, (done + kappa) / total, doing),
          });
          done += kappa;
          courses.push(describe(run, spectrum, { kappa, scale, seed: trial < 0 ? NaN : seed + trial }));
        }
      }
    }
    return outcome(courses, { kappas, scales, r, step, n, measurements });
  },
});

function singularValues(rank: number, kappa: number): number[] {
  return Array.from({ length: rank }, (_, j) => (rank === 1 ? 1 : kappa ** (-j / (rank - 1))));
}

/** When a direction of singular value sigma, growing by 1 + mu sigma from alpha, has its half: derived, overlap of order one. */
function learningTime(sigma: number, scale: number, step: number): number {
  return Math.log(Math.sqrt(sigma) / scale) / Math.log1p(step * sigma);
}

/** Relative test error of the best approximation of rank j. */
function bestError(spectrum: readonly number[], j: number): number {
  const squares = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(spectrum.slice(j)) / squares(spectrum));
}

function describe(
  run: SolveResult,
  spectrum: readonly number[],
  known: { kappa: number; scale: number; seed: number },
): Course {
  const iteration = column(run, 'iteration');
  const error = column(run, 'testError');
  const values = spectrum.map((_, j) => column(run, `singularValues${j + 1}`).map((value) => value * value));
  const every = iteration[1]! - iteration[0]!;
  const times = values.map((value, j) => every * crossing(value, spectrum[j]! / 2, 'rises'));
  const plateaus = spectrum.slice(1).map((_, j) => {
    const [from, to] = [times[j]!, times[j + 1]!];
    const middle = error.filter(
      (_, i) => iteration[i]! >= from + (to - from) / 3 && iteration[i]! <= to - (to - from) / 3,
    );
    const deviations = middle.map((value) => Math.abs(value / bestError(spectrum, j + 1) - 1));
    return middle.length === 0 ? NaN : Math.max(...deviations);
  });
  return { ...known, iteration, error, values, times, plateaus };
}

interface Setting {
  readonly kappas: readonly number[];
  readonly scales: readonly number[];
  readonly r: number;
  readonly step: number;
  readonly n: number;
  readonly measurements: number;
}

function outcome(courses: readonly Course[], { kappas, scales, r, step, n, measurements }: Setting) {
  const sigma = (kappa: number): number => singularValues(r, kappa)[r - 1]!;
  const chosen = (kappa: number, scale: number, sensing: boolean): Course[] =>
    courses.filter((one) => one.kappa === kappa && one.scale === scale && Number.isNaN(one.seed) !== sensing);
  const time = (kappa: number, scale: number, sensing: boolean): number =>
    median(chosen(kappa, scale, sensing).map(({ times }) => times[r - 1]!));
  const [first, last] = [scales[0]!, scales[scales.length - 1]!];
  const decades = Math.log10(first / last);
  const perDecade = (kappa: number, sensing: boolean): number =>
    (time(kappa, last, sensing) - time(kappa, first, sensing)) / decades;
  const law = (kappa: number): number => Math.LN10 / Math.log1p(step * sigma(kappa));
  const exponent = (measure: (kappa: number) => number): number => fitPower(kappas, kappas.map(measure)).slope;
  const stepped = kappas.filter((kappa) => kappa ** (1 / (r - 1)) >= APART);
  return {
    checks: [
      ...kappas.flatMap((kappa) => [
        relativelyNear(
          `condition ${short(kappa)}, population: iterations per decade of alpha, ln 10 / ln(1 + mu sigma_r)`,
          perDecade(kappa, false),
          law(kappa),
          0.05,
        ),
        atMost(
          `condition ${short(kappa)}, sensing: iterations per decade over that law (growth before its turn shortens)`,
          perDecade(kappa, true) / law(kappa),
          1.3,
        ),
        atLeast(`condition ${short(kappa)}, sensing: the same, its order`, perDecade(kappa, true) / law(kappa), 0.5),
      ]),
      ...scales.map((scale) =>
        near(
          `alpha = ${short(scale)}, sensing: exponent of the iterations in kappaFactor^2, against ln(sqrt(sigma_r)/alpha) / ln(1 + mu sigma_r)`,
          exponent((kappa) => time(kappa, scale, true)),
          exponent((kappa) => learningTime(sigma(kappa), scale, step)),
          0.15,
        ),
      ),
      ...stepped.flatMap((kappa) =>
        [false, true].map((sensing) =>
          atMost(
            `condition ${short(kappa)}, alpha = ${short(last)}, ${sensing ? 'sensing' : 'population'}: largest distance from a plateau in ` +
              'the middle third of its stage, median of the seeds',
            Math.max(
              ...singularValues(r, kappa)
                .slice(1)
                .map((_, j) => median(chosen(kappa, last, sensing).map(({ plateaus }) => plateaus[j]!))),
            ),
            sensing ? 0.15 : 0.05,
          ),
        ),
      ),
      atLeast(
        `condition numbers with steps that can be told apart (neighbours at least ${APART} apart)`,
        stepped.length,
        1,
      ),
    ],
    table: {
      columns: [
        'kappaFactor^2',
        'alpha',
        'iterations, sensing',
        'population',
        'law',
        'sensing / law',
        'plateau off by at most',
      ],
      rows: kappas.flatMap((kappa) =>
        scales.map((scale) => {
          const predicted = learningTime(sigma(kappa), scale, step);
          return [
            kappa,
            scale,
            time(kappa, scale, true),
            time(kappa, scale, false),
            predicted,
            time(kappa, scale, true) / predicted,
            stepped.includes(kappa)
              ? Math.max(...chosen(kappa, scale, true).flatMap(({ plateaus }) => plateaus))
              : 'one step',
          ];
        }),
      ),
    },
    panels: panels(courses, { kappas, scales, r, step, n, measurements }, time),
    trace: stack(
      courses.map(({ kappa, scale, seed, iteration, error, values }) => ({
        kappaMatrix: constant(iteration.length, kappa),
        scale: constant(iteration.length, scale),
        seed: constant(iteration.length, seed),
        iteration,
        testError: error,
        ...Object.fromEntries(values.map((value, j) => [`eigenvalue${j + 1}`, value])),
      })),
    ),
    notes: [
      `n = ${n}, rank of the truth ${r}, m = ${measurements}: ${short(measurements / ((n * (n + 1)) / 2))} measurements per dimension of the ` +
        'symmetric matrices. Seed NaN in the trace is the population run (m = infinity).',
      'Iterations: until the weakest singular value has grown to half its size. The law takes a start of size alpha in every direction ' +
        'and growth by 1 + mu sigma_r a step from the beginning; it is derived, and exact per decade of alpha in population.',
      'With finitely many measurements a weak direction also grows with the noise of A*A while stronger ones are learned, so that its own ' +
        'turn is shorter: a constant factor below the law, of which only the order (0.5 to 1.3) is checked. The paper bounds the time ' +
        'from above.',
      'Plateaus: the test error in the middle third between two learning times, against that of the best approximation of that rank.',
    ],
  };
}

function panels(
  courses: readonly Course[],
  { kappas, scales, r, step }: Setting,
  time: (kappa: number, scale: number, sensing: boolean) => number,
): Panel[] {
  const worst = kappas[kappas.length - 1]!;
  const smallest = scales[scales.length - 1]!;
  const spectrum = singularValues(r, worst);
  const shown = courses.filter(({ kappa, scale }) => kappa === worst && scale === smallest);
  const sensing = shown.filter(({ seed }) => !Number.isNaN(seed));
  const exact = shown.find(({ seed }) => Number.isNaN(seed))!;
  const end = exact.iteration[exact.iteration.length - 1]!;
  const growth: Series[] = spectrum.flatMap((value, j): Series[] => [
    ...sensing.map((course): Series => ({
      label: `value ${j + 1}, seed ${course.seed}`,
      x: course.iteration,
      y: course.values[j]!,
      style: 'seed',
      group: `eigenvalue ${j + 1}`,
    })),
    { label: `eigenvalue ${j + 1}`, x: exact.iteration, y: exact.values[j]!, style: 'measured' },
    { label: `truth ${j + 1}`, x: [1, end], y: [value, value], style: 'predicted', group: `eigenvalue ${j + 1}` },
  ]);
  return [
    {
      title: `Learned one by one: eigenvalues of the estimate, condition ${short(worst)} (thick: population)`,
      x: { label: 'iteration', scale: 'log' },
      y: { label: 'eigenvalue of U U\u1d40', scale: 'log' },
      series: growth,
    },
    {
      title: `Test error, condition ${short(worst)}, and the best of each rank`,
      x: { label: 'iteration', scale: 'log' },
      y: { label: 'test error', scale: 'log' },
      series: [
        ...sensing.map((course): Series => ({
          label: `seed ${course.seed}`,
          x: course.iteration,
          y: course.error,
          style: 'seed',
          group: 'seeds',
        })),
        { label: 'population', x: exact.iteration, y: exact.error, style: 'measured' },
        ...spectrum.slice(1).map((_, j): Series => ({
          label: `best of rank ${j + 1}`,
          x: [1, end],
          y: [bestError(spectrum, j + 1), bestError(spectrum, j + 1)],
          style: 'predicted',
        })),
      ],
      marks: exact.times.map((at, j) => ({ x: at, label: `value ${j + 1}` })),
    },
    {
      title: 'Iterations until the weakest singular value is learned',
      x: { label: 'condition number kappaFactor\u00b2', scale: 'log' },
      y: { label: 'iterations', scale: 'log' },
      series: scales.flatMap((scale): Series[] => [
        {
          label: `\u03b1 = ${short(scale)}, sensing`,
          x: kappas,
          y: kappas.map((kappa) => time(kappa, scale, true)),
          style: 'measured',
          group: `\u03b1 = ${short(scale)}`,
        },
        {
          label: `\u03b1 = ${short(scale)}, law`,
          x: kappas,
          y: kappas.map((kappa) => learningTime(singularValues(r, kappa)[r - 1]!, scale, step)),
          style: 'predicted',
          group: `\u03b1 = ${short(scale)}`,
        },
      ]),
    },
  ];
}
