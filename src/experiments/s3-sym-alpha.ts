/** arXiv 2310.01769, symmetric and over-parameterized: the start decides how long the transient is, not the tail. */
import { atMost, experiment, near, relativelyNear } from './experiment';
import {
  BODY_NOT_READ,
  brief,
  cell,
  common,
  descend,
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
} from './s3-common';
import { firstAtLeast, fitPower, largestRelativeDeviation } from './statistics';

/** The transient counts as over where the error has come to this share of its asymptote. */
const NEARLY = 0.95;

interface Run {
  readonly scale: number;
  readonly course: Course;
  readonly settled: number;
  /** NaN before the warm-up ends. */
  readonly predicted: Float64Array;
  /** First iteration at which the error is 95 % of its asymptote; NaN unless that is after the warm-up. */
  readonly transient: number;
}

export const s3SymAlpha = experiment({
  name: 's3-sym-alpha',
  title: 'Symmetric model, k > r: other scales of the start, the same tail',
  claim:
    'With more columns than the rank the symmetric error falls like 1/t whatever the scale of the start (arXiv 2310.01769, ' +
    'theorem 1.1). In the population limit all scales end on sqrt(k - r) / (2 eta t); the time to come there grows like 1/alpha^2.',
  source:
    `arXiv 2310.01769, theorem 1.1: loss Omega(1/t^2) from its abstract, ${BODY_NOT_READ}; tail, finite-time law and length ` +
    "of the transient derived (S3-a')",
  parameters: {
    ...common,
    rank: { description: 'k, columns of U, above r', kind: 'integer', default: 5, least: 2 },
    scales: {
      description: 'alpha, U_0 with entries N(0, alpha^2 / n)',
      kind: 'numbers',
      default: [0.5, 0.2, 0.05],
      quick: [0.5, 0.2, 0.1],
      least: 1e-3,
      most: 1,
    },
    horizon: {
      description:
        'length of all runs in units of 1 / (2 eta s), s the smallest noise eigenvalue of the smallest start',
      kind: 'number',
      default: 200,
      quick: 150,
      least: 30,
      most: 1e5,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { n, spectrum, step, rank, scales, horizon } = parameters;
    requireRanks([rank], spectrum.length, 1, n);
    const setting = { threads, signal };
    const problem = populationProblem(n, spectrum, 'symmetric', seed);
    const raw = gaussian(n, rank, seed, 'initialLeft');
    const asymptote = (t: number): number => Math.sqrt(rank - spectrum.length) / (2 * step * t);

    const warm = [];
    for (const scale of scales) {
      progress(0, `alpha = ${brief(scale)}`);
      const start = scaled(raw, scale);
      const settled = settlingTime(n, spectrum, step, scale, 14);
      const first = await descend(problem, { left: start, right: start }, { step, iterations: settled }, setting);
      warm.push({ scale, settled, first, noise: squaredSingularValues(first.left).subarray(spectrum.length) });
    }
    const iterations = Math.ceil(
      Math.max(...warm.map(({ settled, noise }) => settled + horizon / (2 * step * Math.min(...noise)))),
    );
    const runs: Run[] = [];
    for (const { scale, settled, first, noise } of warm) {
      progress((0.5 + runs.length) / scales.length, `alpha = ${brief(scale)}`);
      const second = await descend(problem, first, { step, iterations, from: settled }, setting);
      const course = joined(first, second);
      const predicted = new Float64Array(course.iteration.length).fill(NaN);
      predicted.set(
        symmetricNoise(
          noise,
          step,
          second.iteration.map((t) => t - settled),
        ),
        first.iteration.length - 1,
      );
      const share = second.error.map((e, i) => e / asymptote(second.iteration[i]!));
      const over = firstAtLeast(share, NEARLY);
      runs.push({ scale, course, settled, predicted, transient: over > 0 ? second.iteration[over]! : NaN });
    }
    const ends = runs.map(({ course }) => course.error.at(-1)!);
    const seen = runs.filter(({ transient }) => transient > 0);
    const power = fitPower(
      seen.map(({ scale }) => scale),
      seen.map(({ transient }) => transient),
    );
    const first = runs[0]!.course.iteration;
    return {
      checks: [
        ...runs.flatMap(({ scale, course, settled, predicted }) => {
          const from = course.iteration.findIndex((t) => t >= settled);
          return [
            relativelyNear(
              `alpha = ${brief(scale)}: error / (sqrt(k - r) / (2 eta t)) at the end`,
              course.error.at(-1)! / asymptote(iterations),
              1,
              0.01,
            ),
            atMost(
              `alpha = ${brief(scale)}: largest relative deviation from the finite-time law`,
              largestRelativeDeviation(course.error.subarray(from), predicted.subarray(from)),
              0.01,
            ),
          ];
        }),
        atMost('largest over smallest error at the end', Math.max(...ends) / Math.min(...ends), 1.01),
        ...(seen.length > 1 ? [near('power of alpha in the length of the transient', power.slope, -2, 0.15)] : []),
      ],
      table: {
        columns: ['alpha', 't', 'error', 'sqrt(k - r) / (2 eta t)', `iteration of ${100 * NEARLY} %`],
        rows: runs.map(({ scale, course, transient }) => [
          scale,
          iterations,
          course.error.at(-1)!,
          asymptote(iterations),
          cell(transient),
        ]),
      },
      panels: [
        {
          title: `Population, k = ${rank}, r = ${spectrum.length}`,
          x: { label: 'iteration t', scale: 'log' },
          y: { label: 'error \u2016UU\u1d40 - X*\u2016', scale: 'log' },
          series: [
            ...runs.map(({ scale, course }) => ({
              label: `\u03b1 = ${brief(scale)}`,
              x: course.iteration,
              y: course.error,
              style: 'measured' as const,
            })),
            {
              label: '\u221a(k - r) / (2\u03b7t)',
              x: first,
              y: first.map((t) => (t >= runs[0]!.settled / 4 ? asymptote(t) : NaN)),
              style: 'predicted' as const,
            },
          ],
        },
        {
          title: 'Share of the asymptote',
          x: { label: 'iteration t', scale: 'log' },
          y: { label: 'error / (\u221a(k - r) / (2\u03b7t))', scale: 'log' },
          series: runs.flatMap(({ scale, course, settled, predicted }) => {
            const label = `\u03b1 = ${brief(scale)}`;
            const share = (values: Float64Array): Float64Array =>
              values.map((e, i) => (course.iteration[i]! >= settled ? e / asymptote(course.iteration[i]!) : NaN));
            return [
              { label, x: course.iteration, y: share(course.error), style: 'measured' as const },
              {
                label: 'law',
                x: course.iteration,
                y: share(predicted),
                style: 'predicted' as const,
                group: label,
              },
            ];
          }),
        },
      ],
      trace: traceOf(runs),
      notes: [
        'The transient lasts until t is large against 1 / (2 eta s), s ~ alpha^2 the smallest noise eigenvalue; up to then a ' +
          'small start shows a plateau at the level of its noise, not a 1/t line.',
        'The laws hold from the end of the warm-up on, when the signal is fitted; the predicted line starts there from the ' +
          'singular values of U.',
        'In the trace, column run counts the rows of the table.',
      ],
    };
  },
});
