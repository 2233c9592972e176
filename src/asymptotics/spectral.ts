/** What the spectral method finds, exactly, in the limit m, n -> infinity at m / n = delta. */
import { type Channel, type ChannelChoice, readChannel } from '../channels';
import { weakThreshold } from '../channels/weak-threshold';
import * as check from '../checks';
import { LowrankError } from '../errors';
import {
  type BoundPreprocessing,
  type Preprocessing,
  type PreprocessingChoice,
  readPreprocessing,
} from '../preprocessing';
import type { Field } from '../vector';
import { channelLaw, type WeightedLaw, weightedLaw } from './law';
import { rootMeanSquare, SpectralEquations } from './spectral-equations';

export interface SpectralOptions {
  /** m / n: measurements per unknown, above 0. */
  readonly delta: number;
  /** Default 'real'. */
  readonly field?: Field | undefined;
  /** Default 'intensity'. */
  readonly channel?: ChannelChoice | undefined;
  /** Default 'optimal'. */
  readonly preprocessing?: PreprocessingChoice | undefined;
  /** T of 'optimal' is not below -clip; above 0, Infinity for none. Default 64, as the estimator has it. */
  readonly clip?: number | undefined;
  /** Standard deviation of Gaussian noise on y; for channels that know `noise`. Default: none. */
  readonly noise?: number | undefined;
  /** For a channel without nodes (a function): how many samples are taken in their place. Default 1e6. */
  readonly samples?: number | undefined;
  /** Of those samples; default 0. */
  readonly seed?: number | undefined;
}

export interface SpectralPrediction {
  readonly delta: number;
  readonly field: Field;
  /** Names. */
  readonly channel: string;
  readonly preprocessing: string;
  /** a^2 = |<theta*, v>|^2 for the top eigenvector v: 0 below threshold. */
  readonly overlapSquared: number;
  readonly overlap: number;
  /** The largest eigenvalue of X^H diag(T(y)) X / m; below threshold the bulk edge. */
  readonly eigenvalue: number;
  /** The edge of the bulk: the second eigenvalue. */
  readonly bulkEdge: number;
  /** The spectral constant of the eigenvalue, above sup T; below threshold that of the bulk edge. */
  readonly tau: number;
  /** The least delta at which any preprocessing finds anything; Infinity where none does; null where it is not known. */
  readonly threshold: number | null;
  /** The least delta at which this preprocessing finds anything; Infinity where it does at none. */
  readonly preprocessingThreshold: number;
  /** Whether this preprocessing finds anything at this delta: overlapSquared > 0. */
  readonly aboveThreshold: boolean;
  /** 'samples': the channel has no nodes, and the numbers carry the error of 1 / sqrt(samples). */
  readonly law: 'nodes' | 'samples';
}

const KNOWN = [
  'delta',
  'field',
  'channel',
  'preprocessing',
  'clip',
  'noise',
  'samples',
  'seed',
] as const satisfies readonly (keyof SpectralOptions)[];

const DEFAULT_SAMPLES = 1e6;

/**
 * Overlap, eigenvalue, bulk edge and thresholds of the spectral estimator, for Gaussian designs and ||theta*|| = 1, by
 * quadrature to about 1e-9 (1e-12 without noise). Milliseconds; a second for channels with noise.
 *
 * The equations are those of Lu and Li (arXiv 1702.06435) and of Mondelli and Montanari (arXiv 1708.05932); docs/spectral.md
 * has them. Below threshold the answer is overlap 0 with `aboveThreshold` false, not an exception.
 *
 * @throws LowrankError INVALID_ARGUMENT, also for a T that is unbounded above, or positive nowhere
 */
export function spectral(options: SpectralOptions): SpectralPrediction {
  return solveSpectral(readSpectralOptions(check.optionsObject(options, 'spectral', KNOWN, HINTS))).prediction;
}

const HINTS = { sigma: 'noise', alpha: 'delta', T: 'preprocessing', link: 'channel' };

export interface SpectralSetting {
  readonly delta: number;
  readonly field: Field;
  readonly channel: Channel;
  readonly preprocessing: Preprocessing;
  readonly samples: number;
  readonly seed: number;
}

/** The options that other predictions share with {@link spectral}; `given` may have more. */
export function readSpectralOptions(given: Readonly<Record<string, unknown>>): SpectralSetting {
  const delta = check.positiveNumber(given['delta'], 'delta');
  const field = given['field'] === undefined ? 'real' : check.oneOf(given['field'], 'field', ['real', 'complex']);
  const noise = given['noise'] === undefined ? undefined : check.nonNegativeNumber(given['noise'], 'noise');
  const channel = readChannel(given['channel'] ?? 'intensity', 'channel', field, noise);
  const preprocessing = readPreprocessing(
    given['preprocessing'] ?? 'optimal',
    'preprocessing',
    given['clip'] as number | undefined,
  );
  const samples =
    given['samples'] === undefined ? DEFAULT_SAMPLES : check.integer(given['samples'], 'samples', 100, 1e8);
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed');
  return { delta, field, channel, preprocessing, samples, seed };
}

/** The prediction, with the T that it is about. */
export function solveSpectral(setting: SpectralSetting): {
  readonly prediction: SpectralPrediction;
  readonly bound: BoundPreprocessing;
} {
  const { delta, field, channel, preprocessing, samples, seed } = setting;
  const bound = preprocessing.bind({ field, delta, channel }, channelLaw(channel, field, samples, seed));
  if (bound.supremum === Infinity) throw unbounded(preprocessing, channel);
  const law = weightedLaw(channel, field, bound.breakpoints, samples, seed);
  const T = law.y.map(bound.weight);
  const supremum = supremumOf(T, law, bound, preprocessing, channel);
  const threshold = weakThreshold(channel, field) ?? null;
  const common = {
    delta,
    field,
    channel: channel.name,
    preprocessing: preprocessing.name,
    threshold,
    law: law.kind,
  };
  const nothing = { overlapSquared: 0, overlap: 0, aboveThreshold: false };
  if (rootMeanSquare(law, T) < 1e-12) {
    // T is 0: E[Z|y] = 1 for every y, and the matrix is 0.
    const prediction = { ...common, ...nothing, eigenvalue: 0, bulkEdge: 0, tau: 0, preprocessingThreshold: Infinity };
    return { prediction, bound };
  }
  if (!(supremum > 0)) {
    throw check.refused(
      'a T that is above 0 somewhere',
      'preprocessing',
      `'${preprocessing.name}', whose supremum is ${supremum}`,
    );
  }

  const equations = new SpectralEquations(law, T, supremum);
  const edge = equations.bulkEdge(delta);
  const bulkEdge = equations.psi(edge, delta);
  const preprocessingThreshold = bound.threshold ?? equations.threshold();
  const u = equations.outlier(delta, edge);
  const below = { ...common, ...nothing, eigenvalue: bulkEdge, bulkEdge, tau: supremum + edge, preprocessingThreshold };
  if (u === undefined) return { prediction: below, bound };
  const { moment, plainSquared, momentSquared } = equations.sums(u);
  const overlapSquared = (1 / delta - plainSquared) / (1 / delta + momentSquared - plainSquared);
  // At the threshold itself the outlier is in the bulk up to rounding.
  if (!(overlapSquared > 0)) return { prediction: below, bound };
  const prediction = {
    ...common,
    overlapSquared,
    overlap: Math.sqrt(overlapSquared),
    // phi, which equals psi here: that loses digits to cancellation where tau is large.
    eigenvalue: (supremum + u) * moment,
    bulkEdge,
    tau: supremum + u,
    preprocessingThreshold,
    aboveThreshold: true,
  };
  return { prediction, bound };
}

/** sup T: what is found, or, where T still rises at the end of the law, what it is known to approach. */
function supremumOf(
  T: Float64Array,
  law: WeightedLaw,
  bound: BoundPreprocessing,
  preprocessing: Preprocessing,
  channel: Channel,
): number {
  let [inner, outer] = [-Infinity, -Infinity];
  for (let k = 0; k < T.length; k++) {
    if (law.outer[k] === 1) outer = Math.max(outer, T[k]!);
    else inner = Math.max(inner, T[k]!);
  }
  const found = Math.max(inner, outer);
  const rises = outer > inner + 1e-9 * Math.abs(inner);
  if (bound.supremum !== undefined) {
    if (found > bound.supremum * (1 + 1e-12) + 1e-300) {
      throw check.refused(
        `a supremum of at least ${found}, a value of T`,
        'preprocessing.supremum',
        `${bound.supremum}`,
      );
    }
    return rises ? bound.supremum : found;
  }
  if (rises) throw unbounded(preprocessing, channel);
  return found;
}

function unbounded(preprocessing: Preprocessing, channel: Channel): LowrankError {
  return new LowrankError(
    'INVALID_ARGUMENT',
    `Expected a T that is bounded above for preprocessing but '${preprocessing.name}' rises without a known bound with the y of channel ` +
      `'${channel.name}', where the top eigenvector follows the few largest rows; take 'optimal' or 'truncated', or name the ` +
      `supremum of your own T.`,
  );
}
