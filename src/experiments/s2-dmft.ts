/** The whole trajectory of gradient descent, predicted: real single-index models from a spectral or an independent start. */
import { experiment } from './experiment';
import { RECONSTRUCTION, shared } from './s2-common';
import { compareCourses } from './s2-trajectories';

const delta = (value: number, what: string) =>
  ({ description: `m/n of ${what}`, kind: 'number', default: value, least: 0.6, most: 50 }) as const;

export const s2Dmft = experiment({
  name: 's2-dmft',
  title: 'Mean-field theory beside the run: real models',
  claim:
    'Gradient descent from a spectral start follows, with many unknowns, a deterministic trajectory that a finite set of ' +
    'equations gives exactly (arXiv 2509.23527). Overlap, norm, training and test loss are predicted without a fit and shown ' +
    'beside simulations of eight models and starts.',
  source: `arXiv 2509.23527, abstract; ${RECONSTRUCTION}`,
  parameters: {
    dimension: shared.dimension,
    runs: shared.runs,
    iterations: shared.iterations,
    samples: shared.samples,
    amplitudeDelta: delta(3, 'smoothed amplitude flow'),
    wirtingerDelta: delta(4, 'Wirtinger flow'),
    reluDelta: delta(3, 'the ReLU'),
    logisticDelta: delta(4, 'logistic regression on signs'),
    allowance: {
      description: 'allowed beyond three standard errors',
      kind: 'number',
      default: 0.005,
      quick: 0.015,
      least: 0,
      most: 1,
    },
  },
  run: async ({ parameters, ...context }) => {
    const { amplitudeDelta, wirtingerDelta, reluDelta, logisticDelta, ...sizes } = parameters;
    const optimal = { kind: 'spectral', preprocessing: { name: 'optimal', clip: 16 } } as const;
    const amplitude = {
      channel: 'intensity',
      loss: { name: 'tanh-amplitude', sharpness: 4 },
      delta: amplitudeDelta,
      step: 0.6,
      ridge: 0.05,
    } as const;
    const wirtinger = {
      channel: 'intensity',
      loss: { name: 'truncated-wirtinger', bound: 5 },
      delta: wirtingerDelta,
      step: 0.1,
      ridge: 0.05,
    } as const;
    const relu = {
      channel: 'relu',
      loss: { name: 'smoothed-relu', sharpness: 4 },
      delta: reluDelta,
      step: 0.8,
      ridge: 0.01,
    } as const;
    const logistic = { loss: 'logistic', delta: logisticDelta, step: 1, ridge: 0.05 } as const;
    return compareCourses(
      [
        {
          name: 'amplitude flow (tanh)',
          ...amplitude,
          start: { kind: 'spectral', preprocessing: 'mondelli-montanari' },
        },
        { name: 'Wirtinger flow (smooth truncation)', ...wirtinger, start: optimal },
        { name: 'ReLU (smooth)', ...relu, start: optimal },
        { name: 'amplitude flow, independent start', ...amplitude, start: { kind: 'independent', overlap: 0.6 } },
        { name: 'Wirtinger flow, independent start', ...wirtinger, start: { kind: 'independent', overlap: 0.7 } },
        { name: 'ReLU, independent start', ...relu, start: { kind: 'independent', overlap: 0.5 } },
        { name: 'logistic loss on signs', ...logistic, channel: 'sign', start: { kind: 'independent', overlap: 0.3 } },
        {
          name: 'logistic loss and labels',
          ...logistic,
          channel: 'logistic',
          start: { kind: 'independent', overlap: 0.3 },
        },
      ],
      'real',
      sizes,
      context,
    );
  },
});
