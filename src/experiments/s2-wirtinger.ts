/** Regularized Wirtinger flow: where it ends, over ridge and step. */
import { dmft } from '../asymptotics';
import { atMost, experiment, type Series } from './experiment';
import { estimate, type Estimate, RECONSTRUCTION, shared, simulate, withinErrors } from './s2-common';

interface Point {
  readonly ridge: number;
  readonly step: number;
  readonly m: Estimate;
  readonly q: Estimate;
  readonly predicted: { readonly m: number; readonly q: number; readonly mError: number; readonly qError: number };
  readonly before: number;
}

export const s2Wirtinger = experiment({
  name: 's2-wirtinger',
  title: 'Regularized Wirtinger flow over ridge and step',
  claim:
    'Wirtinger flow with a ridge is the proof of concept of arXiv 2509.23527. After a fixed number of iterations its overlap ' +
    'and its norm are those of the mean-field theory for every ridge and step; once converged they depend on the ridge alone.',
  source: `arXiv 2509.23527, abstract; loss and truncation are ours; ${RECONSTRUCTION}`,
  parameters: {
    dimension: shared.dimension,
    runs: shared.runs,
    iterations: { ...shared.iterations, default: 90, quick: 80 },
    samples: { ...shared.samples, default: 100_000, quick: 10_000 },
    delta: { description: 'm/n', kind: 'number', default: 6, least: 0.6, most: 50 },
    ridges: {
      description: 'lambda',
      kind: 'numbers',
      default: [0.05, 0.2, 0.5],
      quick: [0.1, 0.5],
      least: 0,
      most: 2,
    },
    steps: {
      description: 'eta',
      kind: 'numbers',
      default: [0.05, 0.1, 0.15],
      quick: [0.1, 0.15],
      least: 1e-3,
      most: 1,
    },
    bound: {
      description: 'of the smooth truncation: intensities from this on count less, from its double not at all',
      kind: 'number',
      default: 5,
      least: 1,
      most: 100,
    },
    allowance: {
      description: 'allowed beyond three standard errors',
      kind: 'number',
      default: 0.005,
      quick: 0.015,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { dimension, runs, iterations, samples, delta, ridges, steps, bound, allowance } = parameters;
    const points: Point[] = [];
    for (const ridge of ridges) {
      for (const step of steps) {
        const model = {
          field: 'real' as const,
          delta,
          channel: 'intensity' as const,
          loss: { name: 'truncated-wirtinger' as const, bound },
          step,
          ridge,
          iterations,
          start: { kind: 'spectral' as const, preprocessing: { name: 'optimal' as const, clip: 16 } },
        };
        const share = points.length / (ridges.length * steps.length);
        progress(share, `ridge ${ridge}, step ${step}: theory`);
        const theory = await dmft({ ...model, samples, seed, threads, signal });
        const ends = { m: [] as number[], q: [] as number[] };
        for (let run = 0; run < runs; run++) {
          progress(share, `ridge ${ridge}, step ${step}: run ${run + 1} of ${runs}`);
          const path = await simulate({ ...model, dimension, seed: seed + run, threads, signal });
          ends.m.push(path.m[iterations]!);
          ends.q.push(path.q[iterations]!);
        }
        points.push({
          ridge,
          step,
          m: estimate(ends.m),
          q: estimate(ends.q),
          predicted: {
            m: theory.m[iterations]!,
            q: theory.q[iterations]!,
            mError: theory.standardErrors.m[iterations]!,
            qError: theory.standardErrors.q[iterations]!,
          },
          before: theory.m[Math.floor(iterations / 2)]!,
        });
      }
    }
    // Converged: the second half of the run changed nothing that can be seen.
    const settled = points.filter(({ predicted, before }) => Math.abs(predicted.m - before) < allowance / 5);
    const pairs = settled.flatMap((a, i) =>
      settled
        .slice(i + 1)
        .filter((b) => b.ridge === a.ridge)
        .map((b) => Math.abs(a.m.mean - b.m.mean) / (3 * Math.hypot(a.m.error, b.m.error) + allowance)),
    );
    return {
      checks: [
        withinErrors(
          `m after ${iterations} iterations, every ridge and step`,
          points.map(({ m }) => m),
          points.map(({ predicted }) => predicted.m),
          allowance,
          points.map(({ predicted }) => predicted.mError),
        ),
        withinErrors(
          `q after ${iterations} iterations, every ridge and step`,
          points.map(({ q }) => q),
          points.map(({ predicted }) => predicted.q),
          allowance,
          points.map(({ predicted }) => predicted.qError),
        ),
        // Only where there is something to compare.
        ...(pairs.length > 0
          ? [
              atMost(
                `m of converged runs of one ridge and two steps (${pairs.length} pairs): largest distance over (3 standard errors + ${allowance})`,
                Math.max(...pairs),
                1,
              ),
            ]
          : []),
      ],
      table: {
        columns: ['ridge', 'step', 'm', 'standard error', 'predicted', 'q', 'standard error', 'predicted', 'overlap'],
        rows: points.map(({ ridge, step, m, q, predicted }) => [
          ridge,
          step,
          m.mean,
          m.error,
          predicted.m,
          q.mean,
          q.error,
          predicted.q,
          m.mean / Math.sqrt(q.mean),
        ]),
      },
      panels: (['m', 'q'] as const).map((name) => ({
        title: name === 'm' ? 'Inner product with the signal' : 'Squared norm',
        x: { label: 'ridge', scale: 'linear' as const },
        y: { label: name, scale: 'linear' as const },
        series: steps.flatMap((step): Series[] => {
          const own = points.filter((point) => point.step === step).sort((a, b) => a.ridge - b.ridge);
          const x = own.map(({ ridge }) => ridge);
          const label = `step ${step}`;
          return [
            { label, x, y: own.map((point) => point[name].mean), style: 'points', group: label },
            { label: 'predicted', x, y: own.map(({ predicted }) => predicted[name]), style: 'predicted', group: label },
          ];
        }),
      })),
      trace: {
        ridge: points.map(({ ridge }) => ridge),
        step: points.map(({ step }) => step),
        m: points.map(({ m }) => m.mean),
        mError: points.map(({ m }) => m.error),
        mPredicted: points.map(({ predicted }) => predicted.m),
        q: points.map(({ q }) => q.mean),
        qError: points.map(({ q }) => q.error),
        qPredicted: points.map(({ predicted }) => predicted.q),
      },
      notes: [
        `n = ${dimension}, m/n = ${delta}, means of ${runs} problems, ${iterations} iterations from the spectral start of norm 1. ` +
          `Loss: 1/4 (r^2 - y)^2 whose force is smoothly truncated at ${bound}.`,
        'Converged means here that the predicted m changed by less than a fifth of the allowance over the second half.',
        `Mean-field theory: ${RECONSTRUCTION}.`,
      ],
    };
  },
});
