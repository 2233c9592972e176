/** The data-driven twin: the test loss along the path from the rows that were fitted, without signal or channel. */
import { dataDriven } from '../diagnostics';
import { ridgeTerm } from '../losses';
import { singleIndex } from '../problems';
import { spectralStart } from '../solvers/vector/spectral-start';
import { innerProduct } from '../vector';
import { atLeast, experiment, near, relativelyNear, type Series } from './experiment';
import { breathe, estimate, RECONSTRUCTION, shared } from './s2-common';

/** t + 1 numbers each. */
interface Run {
  readonly test: Float64Array;
  readonly train: Float64Array;
  readonly estimated: Float64Array;
  readonly overlap: Float64Array;
  readonly estimatedOverlap: Float64Array;
}

export const s2Twin = experiment({
  name: 's2-twin',
  title: 'The data-driven twin: test loss without test data',
  claim:
    'The mean-field recursion run on the rows of one real problem takes back from each row what the fit has learned of it: what ' +
    'is left is the field that a fresh row would see, and its mean loss is the test loss at every iteration. No signal, no ' +
    'held-out row, and but for the overlap no channel is used.',
  source: `derived; in the spirit of Han and Xu, arXiv 2412.09498 (recalled); ${RECONSTRUCTION}`,
  parameters: {
    dimension: shared.dimension,
    runs: { ...shared.runs, default: 5, quick: 4 },
    iterations: shared.iterations,
    delta: { description: 'm/n', kind: 'number', default: 3, least: 0.6, most: 50 },
    noise: {
      description: 'standard deviation of noise on the amplitudes',
      kind: 'number',
      default: 0.2,
      least: 0,
      most: 2,
    },
    step: { description: 'eta', kind: 'number', default: 0.6, least: 0.01, most: 2 },
    ridge: { description: 'lambda', kind: 'number', default: 0.01, least: 0, most: 2 },
    tolerance: {
      description: 'relative, of the estimated test loss, in the mean over runs',
      kind: 'number',
      default: 0.03,
      quick: 0.08,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, seed, threads, signal, progress }) => {
    const { dimension, runs: count, iterations, delta, noise, step, ridge, tolerance } = parameters;
    const channel = { name: 'amplitude' as const, noise };
    const loss = { name: 'tanh-amplitude' as const, sharpness: 4 };
    const runs: Run[] = [];
    for (let run = 0; run < count; run++) {
      progress(run / count, `run ${run + 1} of ${count}`);
      const common = { dimension, delta, channel, threads };
      const problem = singleIndex({ ...common, seed: 2 * (seed + run) });
      const truth = problem.truth!;
      const fresh = singleIndex({ ...common, signal: truth, seed: 2 * (seed + run) + 1 });
      const spectral = { preprocessing: 'mondelli-montanari' as const, scale: 1, seed: seed + run };
      const twin = await dataDriven(problem, {
        loss,
        step,
        ridge,
        iterations,
        start: { kind: 'spectral', ...spectral },
        threads,
        signal,
      });
      // The same path again, for what the twin may not see.
      const { theta } = await spectralStart(problem, { ...spectral, threads, signal });
      const [test, overlap] = [new Float64Array(iterations + 1), new Float64Array(iterations + 1)];
      for (let t = 0; t <= iterations; t++) {
        test[t] = fresh.gradient(theta, loss, { threads }).loss;
        overlap[t] = Math.abs(innerProduct(truth, theta)[0]) / theta.norm();
        const { gradient } = problem.gradient(theta, loss, { threads });
        for (let j = 0; j < theta.data.length; j++) {
          theta.data[j] = theta.data[j]! - step * (gradient.data[j]! + ridge * theta.data[j]!);
        }
        await breathe(signal);
      }
      runs.push({
        test,
        train: twin.trainLoss.map((value, t) => value - ridgeTerm(ridge, twin.squaredNorm[t]!, problem.field)),
        estimated: twin.testLoss,
        overlap,
        estimatedOverlap: twin.overlap ?? new Float64Array(iterations + 1).fill(NaN),
      });
    }
    const mean = (column: keyof Run): number[] =>
      Array.from(runs[0]!.test, (_, t) => estimate(runs.map((run) => run[column][t]!)).mean);
    const [test, train, estimated] = [mean('test'), mean('train'), mean('estimated')];
    const [overlap, estimatedOverlap] = [mean('overlap'), mean('estimatedOverlap')];
    const worst = (a: readonly number[], b: readonly number[]): number => {
      const off = a.map((value, t) => Math.abs(value / b[t]! - 1));
      return off.indexOf(Math.max(...off));
    };
    const t = worst(estimated, test);
    const s = worst(estimatedOverlap, overlap);
    const gap = Math.max(...test.map((value, i) => Math.abs(1 - train[i]! / value)));
    return {
      checks: [
        relativelyNear(`estimated test loss at t = ${t}, where it is furthest off`, estimated[t]!, test[t]!, tolerance),
        atLeast(
          'largest distance of the training loss from the test loss, as a share of it: there was something to estimate',
          gap,
          0.1,
        ),
        near(`estimated overlap at t = ${s}, where it is furthest off`, estimatedOverlap[s]!, overlap[s]!, tolerance),
      ],
      table: {
        columns: ['t', 'training loss', 'estimated test loss', 'test loss', 'estimated overlap', 'overlap'],
        rows: test
          .map((_, i) => i)
          .filter((i) => i <= 2 || i % 5 === 0)
          .map((i) => [i, train[i]!, estimated[i]!, test[i]!, estimatedOverlap[i]!, overlap[i]!]),
      },
      panels: [
        {
          title: 'Loss along the path',
          x: { label: 'iteration', scale: 'linear' },
          y: { label: 'mean loss', scale: 'log' },
          series: [
            ...runs.map((run): Series => line('single runs', run.test, 'seed')),
            line('test loss, on fresh rows', test, 'points'),
            line('estimated from the rows fitted', estimated, 'predicted'),
            line('training loss', train, 'measured'),
          ],
        },
        {
          title: 'Overlap with the signal',
          x: { label: 'iteration', scale: 'linear' },
          y: { label: 'overlap', scale: 'linear' },
          series: [line('overlap', overlap, 'points'), line('estimated', estimatedOverlap, 'predicted')],
        },
      ],
      trace: { iteration: test.map((_, i) => i), train, test, estimated, overlap, estimatedOverlap },
      notes: [
        `n = ${dimension}, m/n = ${delta}, amplitudes with noise ${noise}, means of ${count} problems; loss of amplitudes behind ` +
          `tanh(4 r), step ${step}, ridge ${ridge} (left out of all losses shown), spectral start of norm 1.`,
        'The overlap is estimated with the channel known, up to sign.',
        `Recursion: ${RECONSTRUCTION}.`,
      ],
    };
  },
});

function line(label: string, y: ArrayLike<number>, style: Series['style']): Series {
  return { label, x: Array.from(y, (_, i) => i), y, style };
}
