/** Trajectories of gradient descent, simulated and predicted, for a list of models: what two experiments have in common. */
import { dmft } from '../asymptotics';
import type { Field } from '../vector';
import type { ExperimentContext, Outcome, Panel, Series } from './experiment';
import {
  averaged,
  type Estimate,
  excess,
  RECONSTRUCTION,
  simulate,
  type SimulationOptions,
  type Trajectory,
  type TrajectoryColumn,
  withinErrors,
} from './s2-common';

/** A model, a loss and a start. */
export interface Course extends Pick<SimulationOptions, 'delta' | 'channel' | 'loss' | 'step' | 'ridge' | 'start'> {
  readonly name: string;
}

export interface Sizes {
  readonly dimension: number;
  readonly runs: number;
  readonly iterations: number;
  readonly samples: number;
  /** Allowed beyond three standard errors in m and q, and in the losses relative to the first. */
  readonly allowance: number;
}

interface Compared {
  readonly course: Course;
  readonly runs: readonly Trajectory[];
  readonly theory: Awaited<ReturnType<typeof dmft>>;
}

/** Every course on `runs` problems, beside the mean-field theory. */
export async function compareCourses(
  courses: readonly Course[],
  field: Field,
  sizes: Sizes,
  { seed, threads, signal, progress }: Pick<ExperimentContext, 'seed' | 'threads' | 'signal' | 'progress'>,
): Promise<Outcome> {
  const { dimension, runs: count, iterations, samples } = sizes;
  const compared: Compared[] = [];
  for (const [i, course] of courses.entries()) {
    const at = (share: number): number => (i + share) / courses.length;
    const { name, ...model } = course;
    progress(at(0), `${name}: theory`);
    const theory = await dmft({ ...model, field, iterations, samples, seed, threads, signal });
    const runs: Trajectory[] = [];
    for (let run = 0; run < count; run++) {
      progress(at((run + 1) / (count + 1)), `${name}: run ${run + 1} of ${count}`);
      runs.push(await simulate({ ...model, field, dimension, iterations, seed: seed + run, threads, signal }));
    }
    compared.push({ course, runs, theory });
  }
  return outcome(compared, sizes, field);
}

const COLUMNS = ['m', 'q', 'trainLoss', 'testLoss'] as const satisfies readonly TrajectoryColumn[];
const LABELS = { m: 'm_t', q: 'q_t', trainLoss: 'training loss', testLoss: 'test loss' } as const;

function outcome(compared: readonly Compared[], sizes: Sizes, field: Field): Outcome {
  const { dimension, runs: count, allowance } = sizes;
  return {
    checks: compared.flatMap((each) =>
      (['m', 'q'] as const).map((column) =>
        withinErrors(
          `${each.course.name}: ${LABELS[column]} at every t`,
          averaged(each.runs, column),
          each.theory[column],
          allowance,
          each.theory.standardErrors[column],
        ),
      ),
    ),
    table: {
      columns: [
        'model',
        't',
        'm',
        'predicted',
        'q',
        'predicted',
        'training loss',
        'predicted',
        'test loss',
        'predicted',
      ],
      rows: compared.flatMap(({ course, runs, theory }) => {
        const means = Object.fromEntries(COLUMNS.map((c) => [c, averaged(runs, c)])) as Record<
          TrajectoryColumn,
          Estimate[]
        >;
        return shown(theory.m.length).map((t) => [
          course.name,
          t,
          ...COLUMNS.flatMap((column) => [means[column][t]!.mean, theory[column][t]!]),
        ]);
      }),
    },
    panels: [
      ...(['spectral', 'independent'] as const).flatMap((kind) => {
        const own = compared.filter(({ course }) => course.start.kind === kind);
        return own.length === 0 ? [] : [overlapPanel(own, kind)];
      }),
      lossPanel(compared),
    ],
    trace: traceOf(compared),
    notes: [
      `${field === 'real' ? 'Real' : 'Complex'}, n = ${dimension}, means of ${count} problems. m = <theta*, theta>, q = ||theta||^2; ` +
        'the starts have norm 1. The test loss is measured on as many fresh rows.',
      `Largest distance of a loss from its prediction beyond three standard errors, over the first loss: ${worstLoss(compared)}.`,
      `Mean-field theory: ${RECONSTRUCTION}.`,
    ],
  };
}

/** Iterations for the table: the first ones, then every fifth. */
function shown(length: number): number[] {
  return Array.from({ length }, (_, t) => t).filter((t) => t <= 2 || t % 5 === 0 || t === length - 1);
}

function worstLoss(compared: readonly Compared[]): string {
  const shares = compared.flatMap(({ runs, theory }) =>
    (['trainLoss', 'testLoss'] as const).flatMap((column) => {
      const scale = Math.max(theory.testLoss[0]!, theory.trainLoss[0]!);
      return averaged(runs, column).map(
        (mean, t) => excess(mean, theory[column][t]!, theory.standardErrors[column][t]) / scale,
      );
    }),
  );
  return Math.max(0, ...shares).toPrecision(2);
}

function overlapPanel(compared: readonly Compared[], start: 'spectral' | 'independent'): Panel {
  const series = compared.flatMap(({ course, runs, theory }): Series[] => {
    const t = Array.from(theory.m, (_, i) => i);
    const cosine = (run: Trajectory): number[] => Array.from(run.m, (m, i) => m / Math.sqrt(run.q[i]!));
    return [
      ...runs.map((run): Series => ({ label: 'single runs', x: t, y: cosine(run), style: 'seed', group: course.name })),
      { label: course.name, x: t, y: averageOf(runs.map(cosine)), style: 'points', group: course.name },
      { label: 'predicted', x: t, y: theory.overlap, style: 'predicted', group: course.name },
    ];
  });
  return {
    title: `Overlap with the signal, ${start} start`,
    x: { label: 'iteration', scale: 'linear' },
    y: { label: 'overlap', scale: 'linear' },
    series,
  };
}

function lossPanel(compared: readonly Compared[]): Panel {
  const series = compared.flatMap(({ course, runs, theory }): Series[] => {
    const t = Array.from(theory.m, (_, i) => i);
    return [
      { label: course.name, x: t, y: averageOf(runs.map((run) => run.testLoss)), style: 'points', group: course.name },
      { label: 'predicted test loss', x: t, y: theory.testLoss, style: 'predicted', group: course.name },
    ];
  });
  return {
    title: 'Test loss',
    x: { label: 'iteration', scale: 'linear' },
    y: { label: 'mean loss on fresh rows', scale: 'log' },
    series,
  };
}

function averageOf(series: readonly ArrayLike<number>[]): number[] {
  return Array.from(series[0]!, (_, t) => series.reduce((sum, each) => sum + each[t]!, 0) / series.length);
}

function traceOf(compared: readonly Compared[]): Record<string, number[]> {
  const out: Record<string, number[]> = { model: [], iteration: [] };
  for (const column of COLUMNS) {
    out[column] = [];
    out[`${column}Error`] = [];
    out[`${column}Predicted`] = [];
    out[`${column}PredictedError`] = [];
  }
  for (const [i, { runs, theory }] of compared.entries()) {
    for (let t = 0; t < theory.m.length; t++) {
      out['model']!.push(i);
      out['iteration']!.push(t);
    }
    for (const column of COLUMNS) {
      for (const [t, { mean, error }] of averaged(runs, column).entries()) {
        out[column]!.push(mean);
        out[`${column}Error`]!.push(error);
        out[`${column}Predicted`]!.push(theory[column][t]!);
        out[`${column}PredictedError`]!.push(theory.standardErrors[column][t]!);
      }
    }
  }
  return out;
}
