/** arXiv 2310.01769, section 5: one modified step makes the rate independent of the start. */
import { Matrix } from '../matrix';
import { timesTranspose } from '../problems/truth';
import { rebalance } from '../solvers/events';
import { atMost, experiment, relativelyNear, type Series } from './experiment';
import {
  BODY_NOT_READ,
  brief,
  common,
  decayRate,
  descend,
  discreteRate,
  gaussianPair,
  joined,
  norm,
  populationProblem,
  requireRanks,
  requireStep,
  settlingTime,
  traceOf,
  type Course,
  type Pair,
} from './s3-common';
import { at, fitExponential, windowOf } from './statistics';

/** Relative error at which a run ends, and above which its rate is read. */
const LOW = 1e-11;
const FLOOR = 1e-12;

interface Modified {
  readonly scale: number;
  readonly beta: number;
  readonly course: Course;
  readonly at: number;
  /** Relative change of F G^T by the step. */
  readonly change: number;
  /** ||X - X*|| / ||X*|| before and after. */
  readonly before: number;
  readonly after: number;
  readonly rate: number;
  readonly law: number;
  /** NaN before the step. */
  readonly predicted: Float64Array;
  /** The decay per step at the same time without the modified step. */
  readonly unmodified: number;
}

export const s3Onestep = experiment({
  name: 's3-onestep',
  title: 'One modified step: linear convergence that no longer depends on the start',
  claim:
    'Rebalancing the factors once, near the optimum, F = P S Q^T, F <- beta P, G <- G Q S / beta, removes the dependence of the rate on ' +
    'the scale of the start (arXiv 2310.01769, section 5). The product does not change; afterwards the error falls by 1 - eta beta^2 ' +
    'per step for every alpha.',
  source:
    `arXiv 2310.01769, section 5: that it is one step applied once near the optimum from its abstract, ${BODY_NOT_READ}; the form of the ` +
    'step is recalled; invariance of the product and the rate derived (S3-d)',
  parameters: {
    ...common,
    rank: { description: 'k, columns of F and G, above r', kind: 'integer', default: 5, least: 2 },
    scales: {
      description: 'alpha, F_0 with entries N(0, alpha^2 / n), G_0 a third of it',
      kind: 'numbers',
      default: [0.2, 0.05, 0.01],
      quick: [0.2, 0.01],
      least: 1e-4,
      most: 0.5,
    },
    betas: {
      description: 'beta; sqrt(sigma_1) is the natural choice',
      kind: 'numbers',
      default: [0.6, 0.8, 1],
      quick: [0.6, 1],
      least: 0.1,
      most: 10,
    },
    depth: {
      description: 'e-folds by which the signal error has fallen when the step is applied',
      kind: 'number',
      default: 30,
      least: 5,
      most: 40,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, spectrum, step, rank, scales, betas, depth } = parameters;
    requireRanks([rank], spectrum.length, 1, n);
    for (const beta of betas) requireStep(step, beta, spectrum[0]!);
    const setting = { threads, signal };
    const problem = populationProblem(n, spectrum, 'asymmetric', seed);
    const total = norm(problem.truth!);
    const runs: Modified[] = [];
    const plain: { readonly scale: number; readonly course: Course }[] = [];
    for (const [i, scale] of scales.entries()) {
      progress(i / scales.length, `alpha = ${brief(scale)}`);
      const when = settlingTime(n, spectrum, step, scale, depth);
      const start = gaussianPair(n, rank, scale, 1 / 3, seed);
      const first = await descend(problem, start, { step, iterations: when }, setting);
      const mine: Modified[] = [];
      for (const beta of betas) {
        // What the event 'rebalance' of solve does.
        const pair = await rebalance(first, beta);
        const law = discreteRate(step, beta * beta);
        const iterations = when + Math.ceil(60 / law);
        const second = await descend(problem, pair, { step, iterations, from: when, floor: FLOOR }, setting);
        const [before, after] = [first.error.at(-1)!, second.error[0]!];
        const course = joined(first, second);
        mine.push({
          scale,
          beta,
          course,
          at: when,
          change: productChange(first, pair),
          before: before / total,
          after: after / total,
          rate: decayRate(second, after / 10, LOW * total),
          law,
          predicted: course.iteration.map((t) => (t >= when ? after * Math.exp(-law * (t - when)) : NaN)),
          unmodified: NaN,
        });
      }
      const end = Math.max(...mine.map(({ course }) => course.iteration.at(-1)!));
      const rest = await descend(problem, first, { step, iterations: end, from: when, floor: FLOOR }, setting);
      plain.push({ scale, course: joined(first, rest) });
      const unmodified = lastRate(rest);
      runs.push(...mine.map((run) => ({ ...run, unmodified })));
    }
    return {
      checks: runs.flatMap(({ scale, beta, change, before, after, rate, law }) => {
        const what = `alpha = ${brief(scale)}, beta = ${brief(beta)}`;
        return [
          atMost(`${what}: relative change of F G^T by the step, rounding`, change, ROUNDING),
          atMost(`${what}: jump of the relative error at the step`, Math.abs(after - before), 1e-12),
          relativelyNear(`${what}: rate per step afterwards, -ln(1 - eta beta^2)`, rate, law, 0.03),
        ];
      }),
      table: {
        columns: ['alpha', 'beta', 'step at', 'relative error there', 'rate after', 'predicted', 'without the step'],
        rows: runs.map(({ scale, beta, at, after, rate, law, unmodified }) => [
          scale,
          beta,
          at,
          after,
          rate,
          law,
          unmodified,
        ]),
      },
      panels: betas.map((beta) => ({
        title: `\u03b2 = ${brief(beta)}`,
        x: { label: 'iteration t', scale: 'linear' as const },
        y: { label: 'error \u2016FG\u1d40 - X*\u2016', scale: 'log' as const },
        series: runs
          .filter((run) => run.beta === beta)
          .flatMap(({ scale, course, predicted }): Series[] => {
            const label = `\u03b1 = ${brief(scale)}`;
            const without = plain.find((one) => one.scale === scale)!.course;
            const end = course.iteration.at(-1)!;
            const cut = without.error.map((e, i) => (without.iteration[i]! <= end ? e : NaN));
            return [
              { label, x: course.iteration, y: course.error, style: 'measured' },
              { label: `${label}, no step`, x: without.iteration, y: cut, style: 'measured' },
              { label: 'law', x: course.iteration, y: predicted, style: 'predicted', group: label },
            ];
          }),
      })),
      trace: traceOf([...runs, ...plain]),
      notes: [
        'After the step F^T F = beta^2 I, and the noise columns of G are tiny: noise decays by 1 - eta beta^2 per step. Components of the ' +
          'error outside the span of P, which decay by 1 - eta sigma_r^2 / beta^2, are far below the window here, as the step comes late; ' +
          's3-onestep-kappa is about them.',
        'When to apply the step cannot be read off the theorem, whose closeness is not observable; since it does not change the loss, ' +
          'nothing is lost by applying it early, or again. The step size must stay below 2 / (beta^2 + sigma_1^2 / beta^2).',
        'Column "without the step": the decay per step of the unmodified run over the same stretch of time, of order eta alpha^2 or, where ' +
          'that is still to come, as slow as 1/t.',
        'In the trace, column run counts the rows of the table, then the unmodified runs.',
      ],
    };
  },
});

/** Rounding of an SVD and three products. */
const ROUNDING = 64 * Number.EPSILON;

function productChange(before: Pair, after: Pair): number {
  const old = timesTranspose(before.left, before.right);
  const change = timesTranspose(after.left, after.right).data.map((value, i) => value - old.data[i]!);
  return norm(new Matrix(change, old.rows, old.cols)) / norm(old);
}

/** Decay per step over the last half of a course. */
function lastRate({ iteration, error }: Course): number {
  const rows = windowOf(iteration, (iteration[0]! + iteration.at(-1)!) / 2, Infinity);
  return -fitExponential(at(iteration, rows), at(error, rows)).slope;
}
