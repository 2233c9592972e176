/** Weak recovery: below a number of measurements per unknown the spectral estimator knows nothing of the signal. */
import { spectral } from '../asymptotics';
import { singleIndex } from '../problems';
import { spectralStart } from '../solvers/vector/spectral-start';
import { type Field, overlap } from '../vector';
import { atMost, type Check, experiment, relativelyNear } from './experiment';
import { breathe, estimate, type Estimate, shared, withinErrors } from './s2-common';

interface Point {
  readonly field: Field;
  readonly dimension: number;
  /** delta over the predicted threshold. */
  readonly share: number;
  readonly delta: number;
  readonly squared: Estimate;
  readonly predicted: number;
}

/** Noiseless intensities: 1/2 real, 1 complex (Mondelli and Montanari, theorems 1 and 2). */
const KNOWN = { real: 0.5, complex: 1 } as const;
const FIELDS = ['real', 'complex'] as const satisfies readonly Field[];

export const s2Threshold = experiment({
  name: 's2-threshold',
  title: 'The weak-recovery threshold of the spectral start',
  claim:
    'Spectral estimates of the signal behind noiseless intensities begin to work at m/n = 1/2 (real) and 1 (complex): above, ' +
    'the overlap stays as the dimension grows; below, it vanishes like that of a random vector. Both sides are simulated at ' +
    'two dimensions.',
  source: 'Mondelli and Montanari, arXiv 1708.05932; formula 1/threshold = E[(E[|z|^2 | y] - 1)^2]',
  parameters: {
    dimension: { ...shared.dimension, default: 500, quick: 150 },
    factor: {
      description: 'the larger dimension is this many times the smaller',
      kind: 'integer',
      default: 4,
      least: 2,
      most: 64,
    },
    below: {
      description: 'm/n over the threshold, below it',
      kind: 'numbers',
      default: [0.4, 0.55, 0.7],
      quick: [0.4, 0.5, 0.6],
      least: 0.05,
      most: 0.9,
    },
    above: {
      description: 'm/n over the threshold, above it',
      kind: 'numbers',
      default: [1.5, 2, 3],
      quick: [2, 3],
      least: 1.1,
      most: 50,
    },
    clip: { description: 'the optimal T is cut at minus this', kind: 'number', default: 16, least: 1, most: 1000 },
    runs: { ...shared.runs, default: 24, quick: 24 },
    allowance: {
      description: 'distance from the prediction allowed above, beyond three standard errors',
      kind: 'number',
      default: 0.01,
      quick: 0.03,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { dimension, factor, below, above, clip, runs, allowance } = parameters;
    const shares = [...below, ...above].sort((a, b) => a - b);
    const dimensions = [dimension, factor * dimension];
    const points: Point[] = [];
    const total = FIELDS.length * shares.length * dimensions.length * runs;
    let done = 0;
    const preprocessing = { name: 'optimal' as const, clip };
    const thresholds: Check[] = [];
    for (const field of FIELDS) {
      const threshold = spectral({ delta: 1, field, channel: 'intensity', preprocessing }).threshold ?? NaN;
      thresholds.push(relativelyNear(`${field}: threshold by the formula`, threshold, KNOWN[field], 1e-6));
      for (const share of shares) {
        const delta = share * threshold;
        const predicted = spectral({ delta, field, channel: 'intensity', preprocessing }).overlapSquared;
        for (const n of dimensions) {
          const squares: number[] = [];
          for (let run = 0; run < runs; run++) {
            progress(done++ / total, `${field}, m/n = ${delta}, n = ${n}`);
            const problem = singleIndex({
              dimension: n,
              delta,
              field,
              channel: 'intensity',
              seed: seed + run,
              threads,
            });
            const found = await spectralStart(problem, { preprocessing, seed: seed + run, threads, signal });
            squares.push(overlap(found.theta, problem.truth!) ** 2);
            await breathe(signal);
          }
          points.push({ field, dimension: n, share, delta, squared: estimate(squares), predicted });
        }
      }
    }
    const large = factor * dimension;
    const pick = (field: Field, n: number, list: readonly number[]): Point[] =>
      points.filter((point) => point.field === field && point.dimension === n && list.includes(point.share));
    return {
      checks: [
        ...thresholds,
        ...FIELDS.flatMap((field) => {
          const mean = (n: number): number =>
            pick(field, n, below).reduce((sum, { squared }) => sum + squared.mean, 0) / below.length;
          const own = pick(field, large, above);
          return [
            atMost(
              `${field}, below: mean overlap^2 at n = ${large} over that at n = ${dimension} (predicted ${1 / factor}; at most its root)`,
              mean(large) / mean(dimension),
              1 / Math.sqrt(factor),
            ),
            withinErrors(
              `${field}, above: overlap^2 at n = ${large}`,
              own.map(({ squared }) => squared),
              own.map(({ predicted }) => predicted),
              allowance,
            ),
          ];
        }),
      ],
      table: {
        columns: ['field', 'm/n over threshold', 'm/n', 'n', 'overlap^2', 'standard error', 'predicted', 'n overlap^2'],
        rows: points.map(({ field, share, delta, dimension: n, squared, predicted }) => [
          field,
          share,
          delta,
          n,
          squared.mean,
          squared.error,
          predicted,
          n * squared.mean,
        ]),
      },
      panels: FIELDS.map((field) => ({
        title: field === 'real' ? 'Real' : 'Complex',
        x: { label: 'm/n', scale: 'log' as const },
        y: { label: 'overlap squared', scale: 'log' as const },
        series: [
          ...dimensions.map((n) => {
            const own = points.filter((point) => point.field === field && point.dimension === n);
            return {
              label: `n = ${n}`,
              x: own.map(({ delta }) => delta),
              y: own.map(({ squared }) => squared.mean),
              style: 'points' as const,
            };
          }),
          {
            label: 'predicted',
            x: pick(field, large, above).map(({ delta }) => delta),
            y: pick(field, large, above).map(({ predicted }) => predicted),
            style: 'predicted' as const,
          },
        ],
        marks: [{ x: KNOWN[field], label: 'threshold' }],
      })),
      trace: {
        complex: points.map(({ field }) => (field === 'complex' ? 1 : 0)),
        dimension: points.map(({ dimension: n }) => n),
        delta: points.map(({ delta }) => delta),
        overlapSquared: points.map(({ squared }) => squared.mean),
        standardError: points.map(({ squared }) => squared.error),
        predicted: points.map(({ predicted }) => predicted),
      },
      notes: [
        `Optimal T cut at ${-clip}; the cut moves the threshold by little, and the points above are compared with the cut T. ` +
          `${runs} problems for each point.`,
        'A vector that knows nothing of the signal has n overlap^2 of order 1; below the threshold the spectral one has a ' +
          'larger constant, growing towards the threshold.',
      ],
    };
  },
});
