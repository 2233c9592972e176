/** The whole trajectory of gradient descent, predicted: complex phase retrieval. */
import { experiment } from './experiment';
import { RECONSTRUCTION, shared } from './s2-common';
import { compareCourses } from './s2-trajectories';

const delta = (value: number, what: string) =>
  ({ description: `m/n of ${what}`, kind: 'number', default: value, least: 1.1, most: 50 }) as const;

export const s2DmftComplex = experiment({
  name: 's2-dmft-complex',
  title: 'Mean-field theory beside the run: complex phase retrieval',
  claim:
    'The deterministic trajectory of gradient descent from a spectral start exists for complex signals too, where a phase in ' +
    'the place of a sign is lost. Wirtinger flow and amplitude flow are predicted without a fit and shown beside simulations.',
  source: `arXiv 2509.23527, abstract, real; complex equations derived; ${RECONSTRUCTION}`,
  parameters: {
    dimension: { ...shared.dimension, quick: 250 },
    runs: shared.runs,
    iterations: shared.iterations,
    samples: shared.samples,
    wirtingerDelta: delta(4, 'Wirtinger flow from the spectral start'),
    independentDelta: delta(4, 'Wirtinger flow from an independent start'),
    amplitudeDelta: delta(3, 'smoothed amplitude flow'),
    allowance: {
      description: 'allowed beyond three standard errors',
      kind: 'number',
      default: 0.005,
      quick: 0.02,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, ...context }) => {
    const { wirtingerDelta, independentDelta, amplitudeDelta, ...sizes } = parameters;
    const optimal = { kind: 'spectral', preprocessing: { name: 'optimal', clip: 16 } } as const;
    const wirtinger = {
      channel: 'intensity',
      loss: 'wirtinger',
      step: 0.15,
      ridge: 0.05,
    } as const;
    return compareCourses(
      [
        { name: 'Wirtinger flow', ...wirtinger, delta: wirtingerDelta, start: optimal },
        {
          name: 'Wirtinger flow, independent start',
          ...wirtinger,
          delta: independentDelta,
          start: { kind: 'independent', overlap: 0.6 },
        },
        {
          name: 'amplitude flow (smoothed)',
          channel: 'intensity',
          loss: { name: 'smoothed-amplitude', smoothing: 0.3 },
          delta: amplitudeDelta,
          step: 0.8,
          ridge: 0.05,
          start: optimal,
        },
      ],
      'complex',
      sizes,
      context,
    );
  },
});
