/** The spectral estimator: its overlap with the signal against the number of measurements, predicted and simulated. */
import { spectral } from '../asymptotics';
import { singleIndex } from '../problems';
import { spectralStart } from '../solvers/vector/spectral-start';
import { type Field, overlap } from '../vector';
import { atMost, type Check, experiment, type Panel, type Series } from './experiment';
import { breathe, estimate, type Estimate, shared, withinErrors } from './s2-common';
import { logSpaced } from './statistics';

/** T*, the family that shares its threshold, and two classics. */
const PREPROCESSINGS = ['optimal', 'mondelli-montanari', 'truncated', 'subset'] as const;
type Name = (typeof PREPROCESSINGS)[number];
const FIELDS = ['real', 'complex'] as const satisfies readonly Field[];

interface Point {
  readonly field: Field;
  readonly name: Name;
  readonly delta: number;
  readonly squared: Estimate;
  readonly eigenvalue: Estimate;
  readonly predicted: { readonly overlapSquared: number; readonly eigenvalue: number };
  /** m/n is so near the threshold of this T that a finite problem does not know on which side it is. */
  readonly critical: boolean;
}

export const s2Spectral = experiment({
  name: 's2-spectral',
  title: 'Spectral start: overlap with the signal against measurements per unknown',
  claim:
    'The leading eigenvector of X^H diag(T(y)) X has, with many unknowns, an overlap with the signal that is a function of ' +
    'm/n and T alone, and the optimal T = 1 - 1/E[|z|^2 | y] beats the others at every m/n. Shown for noiseless phase ' +
    'retrieval, real and complex, beside simulations.',
  source:
    'Lu and Li, arXiv 1702.06435; Mondelli and Montanari, 1708.05932; Luo, Alghamdi and Lu, 1811.04420 (recalled and derived ' +
    'again; checked here by simulation)',
  parameters: {
    dimension: { ...shared.dimension, quick: 800 },
    runs: shared.runs,
    deltas: {
      description: 'm/n',
      kind: 'numbers',
      default: [0.6, 1, 1.5, 2, 3, 4, 6, 8],
      quick: [2, 4, 8],
      least: 0.1,
      most: 100,
    },
    clip: {
      description: 'the optimal T is cut at minus this; predictions are of the cut T',
      kind: 'number',
      default: 16,
      least: 1,
      most: 1000,
    },
    allowance: {
      description: 'distance from the prediction allowed beyond three standard errors: what finite size may do',
      kind: 'number',
      default: 0.01,
      quick: 0.04,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { dimension, runs, deltas, clip, allowance } = parameters;
    const points: Point[] = [];
    const total = FIELDS.length * deltas.length * runs;
    let done = 0;
    for (const field of FIELDS) {
      for (const delta of deltas) {
        const measured = PREPROCESSINGS.map((): { squared: number[]; eigenvalue: number[] } => ({
          squared: [],
          eigenvalue: [],
        }));
        for (let run = 0; run < runs; run++) {
          progress(done++ / total, `${field}, m/n = ${delta}, run ${run + 1} of ${runs}`);
          const problem = singleIndex({ dimension, delta, field, channel: 'intensity', seed: seed + run, threads });
          for (const [i, name] of PREPROCESSINGS.entries()) {
            const preprocessing = choice(name, clip, field);
            const found = await spectralStart(problem, {
              preprocessing,
              seed: seed + run,
              tolerance: 1e-5,
              threads,
              signal,
            });
            measured[i]!.squared.push(overlap(found.theta, problem.truth!) ** 2);
            measured[i]!.eigenvalue.push(found.eigenvalue);
          }
          await breathe(signal);
        }
        for (const [i, name] of PREPROCESSINGS.entries()) {
          const predicted = spectral({ delta, field, channel: 'intensity', preprocessing: choice(name, clip, field) });
          const { squared, eigenvalue } = measured[i]!;
          points.push({
            field,
            name,
            delta,
            squared: estimate(squared),
            eigenvalue: estimate(eigenvalue),
            predicted,
            critical: Math.abs(delta / predicted.preprocessingThreshold - 1) < 2 * Math.cbrt(1 / dimension),
          });
        }
      }
    }
    return {
      checks: FIELDS.flatMap((field) => [
        ...PREPROCESSINGS.map((name) => agreement(points, field, name, allowance, Math.cbrt(1 / dimension))),
        best(points, field),
      ]),
      table: {
        columns: [
          'field',
          'T',
          'm/n',
          'overlap^2',
          'standard error',
          'predicted',
          'eigenvalue',
          'predicted eigenvalue',
        ],
        rows: points.map(({ field, name, delta, squared, eigenvalue, predicted }) => [
          field,
          name,
          delta,
          squared.mean,
          squared.error,
          predicted.overlapSquared,
          eigenvalue.mean,
          predicted.eigenvalue,
        ]),
      },
      panels: FIELDS.map((field) => panel(points, field, clip, deltas)),
      trace: {
        complex: points.map(({ field }) => (field === 'complex' ? 1 : 0)),
        preprocessing: points.map(({ name }) => PREPROCESSINGS.indexOf(name)),
        delta: points.map(({ delta }) => delta),
        overlapSquared: points.map(({ squared }) => squared.mean),
        standardError: points.map(({ squared }) => squared.error),
        predicted: points.map(({ predicted }) => predicted.overlapSquared),
        eigenvalue: points.map(({ eigenvalue }) => eigenvalue.mean),
        predictedEigenvalue: points.map(({ predicted }) => predicted.eigenvalue),
      },
      notes: [
        'T: optimal, cut; Mondelli and Montanari; y up to 9 (complex: 5) times its mean, else 0; 1 above 2 (complex: 1.5), else 0.',
        `n = ${dimension}, ${runs} problems for each m/n; all T of one problem see the same rows. Column "preprocessing" of ` +
          `trace.csv counts ${PREPROCESSINGS.join(', ')} from 0.`,
        'Below the threshold of a T the prediction is overlap 0; a finite problem has one of order 1/n. Within 2 n^(-1/3) of the ' +
          'threshold (relative), where the transition is not sharp at this n, n^(-1/3) is allowed besides.',
      ],
    };
  },
});

function choice(name: Name, clip: number, field: Field) {
  if (name === 'optimal') return { name, clip };
  // As in the tables of the literature: the upper tail of y.
  if (name === 'subset') return { name, threshold: field === 'real' ? 2 : 1.5 };
  // Trimmed at 9 as by truncated Wirtinger flow. A complex y reaches 9 so rarely, P = e^-9, that no row of a problem of
  // this size lies near the supremum of T, which decides in the limit: at 5 some do.
  if (name === 'truncated') return { name, threshold: field === 'real' ? 9 : 5 };
  return { name };
}

function agreement(points: readonly Point[], field: Field, name: Name, allowance: number, width: number): Check {
  const own = points.filter((point) => point.field === field && point.name === name);
  return withinErrors(
    `${field}, ${name}: overlap^2`,
    own.map(({ squared }) => squared),
    own.map(({ predicted }) => predicted.overlapSquared),
    own.map(({ critical }) => allowance + (critical ? width : 0)),
  );
}

/** No other T does better than the optimal one, beyond the errors of the comparison. */
function best(points: readonly Point[], field: Field): Check {
  const lead = points
    .filter((point) => point.field === field && point.name !== 'optimal')
    .map(({ delta, squared }) => {
      const optimal = points.find((each) => each.field === field && each.name === 'optimal' && each.delta === delta)!;
      return squared.mean - optimal.squared.mean - 3 * Math.hypot(squared.error, optimal.squared.error);
    });
  return atMost(
    `${field}: overlap^2 of another T above that of the optimal one, less 3 standard errors`,
    Math.max(...lead),
    0,
  );
}

function panel(points: readonly Point[], field: Field, clip: number, deltas: readonly number[]): Panel {
  const grid = logSpaced(Math.min(...deltas), Math.max(...deltas), 60);
  const series = PREPROCESSINGS.flatMap((name): Series[] => {
    const own = points.filter((point) => point.field === field && point.name === name);
    const predicted = Array.from(
      grid,
      (delta) =>
        spectral({ delta, field, channel: 'intensity', preprocessing: choice(name, clip, field) }).overlapSquared,
    );
    return [
      { label: 'predicted', x: grid, y: predicted, style: 'predicted', group: name },
      { label: name, x: own.map(({ delta }) => delta), y: own.map(({ squared }) => squared.mean), style: 'points' },
    ];
  });
  return {
    title: field === 'real' ? 'Real' : 'Complex',
    x: { label: 'm/n', scale: 'log' },
    y: { label: 'overlap squared', scale: 'linear' },
    series,
  };
}
