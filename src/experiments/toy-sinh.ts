/** The smallest problem of arXiv 2310.01769: one entry, target zero. What is left of over-parameterization in one line. */
import { Matrix } from '../matrix';
import { sensing } from '../problems/sensing';
import type { OnProgress } from '../solvers/progress';
import { solve } from '../solvers/solve';
import { atMost, experiment, near, type Panel, type Series, stretch } from './experiment';
import { fitLine, largestRelativeDeviation } from './statistics';

interface Course {
  readonly label: string;
  /** Flow time eta t. */
  readonly time: Float64Array;
  readonly measured: Float64Array;
  readonly predicted: Float64Array;
}

export const toySinh = experiment({
  name: 'toy-sinh',
  title: 'One noise direction: symmetric 1/t against asymmetric exponential decay',
  claim:
    'With target zero and one column, imbalanced factors make the product decay exponentially, balanced or tied ones only ' +
    'like 1/t (arXiv 2310.01769). Gradient descent follows p(t) = delta / (2 sinh(delta eta t + arcsinh(delta / (2 p0)))) ' +
    'and, symmetric, s(t) = s0 / (1 + 2 eta s0 t).',
  source: "arXiv 2310.01769, one noise direction; closed forms derived (S3-c', S3-a')",
  parameters: {
    step: {
      description: 'eta times the square of F at the start',
      kind: 'number',
      default: 5e-5,
      quick: 1e-4,
      least: 1e-7,
      most: 0.1,
    },
    time: {
      description: 'flow time eta t at the end, times the square of F at the start',
      kind: 'number',
      default: 30,
      quick: 8,
      least: 0.1,
      most: 1000,
    },
    scale: { description: 'F at the start', kind: 'number', default: 1, least: 1e-3, most: 10 },
    ratios: {
      description: 'G over F at the start, one run each; 1 is the balanced start',
      kind: 'numbers',
      default: [0.333, 0.9, 0.99, 1],
      quick: [0.333, 0.9, 1],
      least: 1e-3,
      most: 1,
    },
  },
  run: async ({ parameters, threads, signal, progress }) => {
    const { scale, ratios } = parameters;
    // The problem is the same at every scale in these units.
    const [step, time] = [parameters.step / scale ** 2, parameters.time / scale ** 2];
    const least = Math.min(...ratios);
    const steps = [step, step / 2, step / 4];
    // The smaller steps take as many more iterations.
    const work = ratios.length + 1 + 6;
    let done = 0;
    const options = (share: number, doing: string): Options => {
      const onProgress = stretch(progress, done / work, (done + share) / work, doing);
      done += share;
      return { threads, signal, onProgress };
    };
    const courses: Course[] = [];
    for (const ratio of ratios) courses.push(await asymmetric(step, time, scale, ratio, options(1, nameOf(ratio))));
    // A start of its own, so that the figure shows one tail from two starts.
    const tied = await symmetric(step, time, scale / 2, options(1, 'U U^T'));
    // Gradient descent is Euler's method on the flow that the laws solve: its deviation is of first order in the step.
    const deviations: number[] = [];
    for (const [i, one] of steps.entries()) {
      const known = i === 0 ? courses[ratios.indexOf(least)] : undefined;
      deviations.push(
        deviation(known ?? (await asymmetric(one, time, scale, least, options(2 ** i, `step ${formatStep(one)}`)))),
      );
    }
    const order = fitLine(steps.map(Math.log), deviations.map(Math.log)).slope;

    const everything = [...courses, tied];
    return {
      checks: [
        ...everything.map((course) =>
          atMost(`${course.label}: largest relative deviation from the law`, deviation(course), 1e-3),
        ),
        near('order of that deviation in the step size', order, 1, 0.1),
      ],
      table: {
        columns: ['run', 'eta t', 'measured', 'predicted', 'largest relative deviation'],
        rows: everything.map((course) => {
          const last = course.time.length - 1;
          return [course.label, course.time[last]!, course.measured[last]!, course.predicted[last]!, deviation(course)];
        }),
      },
      panels: [
        panelOf(everything, 'The product of one entry under gradient descent', 'p = F G, or U\u00b2', 'log', (p) => p),
        // What falls like 1 / (2 eta t) becomes level here, what falls faster leaves the level when its imbalance begins to tell.
        panelOf(
          everything,
          'The same, in units of the law 1 / (2 \u03b7 t)',
          '2 \u03b7 t p',
          'linear',
          (p, t) => 2 * t * p,
        ),
      ],
      trace: {
        run: Float64Array.from(everything.flatMap(({ time: at }, i) => Array.from(at, () => i))),
        flowTime: join(everything.map((course) => course.time)),
        measured: join(everything.map((course) => course.measured)),
        predicted: join(everything.map((course) => course.predicted)),
      },
      notes: [
        'Nothing here is random: the seed changes nothing.',
        'While delta eta t is small the product falls like 1 / (2 eta t) whatever the start; then the imbalance delta = F^2 - G^2, ' +
          'which gradient flow conserves, makes the decay exponential with rate delta.',
        'Deviations are relative, and taken while the product is above 1e-12 of the first.',
        'In the trace, column run counts the runs in the order of the table.',
      ],
    };
  },
});

function panelOf(
  courses: readonly Course[],
  title: string,
  label: string,
  scale: 'linear' | 'log',
  shown: (p: number, t: number) => number,
): Panel {
  return {
    title,
    x: { label: 'flow time \u03b7 t', scale: 'log' },
    y: { label, scale },
    series: courses.flatMap(({ label: group, time, measured, predicted }): Series[] => [
      { label: group, x: time, y: measured.map((p, i) => shown(p, time[i]!)), style: 'measured' },
      { label: 'closed form', x: time, y: predicted.map((p, i) => shown(p, time[i]!)), style: 'predicted', group },
    ]),
  };
}

interface Options {
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
}

function nameOf(ratio: number): string {
  return ratio === 1 ? 'G = F' : `G = ${Number(ratio.toPrecision(3))} F`;
}

function formatStep(step: number): string {
  return String(Number(step.toPrecision(3)));
}

async function asymmetric(step: number, time: number, scale: number, ratio: number, options: Options): Promise<Course> {
  const [left, right] = [scale, ratio * scale];
  const delta = left * left - right * right;
  const p0 = left * right;
  const run = await follow(step, time, false, { left: one(left), right: one(right) }, options);
  return {
    ...run,
    label: nameOf(ratio),
    // The limit of the law for delta = 0 is 1 / (1 / p0 + 2 eta t).
    predicted: run.time.map((t) =>
      delta === 0 ? 1 / (1 / p0 + 2 * t) : delta / (2 * Math.sinh(delta * t + Math.asinh(delta / (2 * p0)))),
    ),
  };
}

async function symmetric(step: number, time: number, scale: number, options: Options): Promise<Course> {
  const run = await follow(step, time, true, one(scale), options);
  const s0 = scale * scale;
  return { ...run, label: 'U U\u1d40', predicted: run.time.map((t) => s0 / (1 + 2 * s0 * t)) };
}

async function follow(
  step: number,
  time: number,
  tied: boolean,
  factors: Matrix | { left: Matrix; right: Matrix },
  options: Options,
): Promise<{ time: Float64Array; measured: Float64Array }> {
  const iterations = Math.max(2, Math.round(time / step));
  const problem = sensing({ A: Float64Array.of(1), shape: [1, 1], y: [0], symmetric: tied });
  const { trace } = await solve(problem, {
    step,
    init: { kind: 'given', factors },
    stop: { iterations, residual: 0 },
    // With y = 0 the residual is the absolute one: |p|.
    record: { every: Math.max(1, Math.floor(iterations / 2000)), columns: ['residual'] },
    ...options,
  });
  return {
    time: trace.columns['iteration']!.map((t) => step * t),
    measured: trace.columns['residual']!,
  };
}

function one(value: number): Matrix {
  return new Matrix(Float64Array.of(value), 1, 1);
}

/** While the product is above 1e-12 of the first: an error of the rate, however small, adds up in the end. */
function deviation({ measured, predicted }: Course): number {
  const kept = predicted.filter((p) => p >= 1e-12 * predicted[0]!).length;
  return largestRelativeDeviation(measured.subarray(0, kept), predicted.subarray(0, kept));
}

function join(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => Array.from(part)));
}
