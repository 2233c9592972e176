/** Where a DMFT sweep starts: the constants of its spectral or independent start. */
import { LowrankError } from '../errors';
import { native } from '../load';
import { callNative } from '../native-errors';
import { readPreprocessing } from '../preprocessing';
import { amplitudeOf } from '../preprocessing/preprocessing';
import type { DmftPlan } from './dmft-options';
import { solveSpectral, type SpectralPrediction } from './spectral';

export interface StartConstants {
  /** a = <theta*, theta^0> / ||theta^0|| */
  readonly overlap: number;
  /** Of the spectral fixed point; 0 for an independent start. */
  readonly tau: number;
  /** T and what was predicted with it; absent for an independent start. */
  readonly map?: (y: number) => number;
  readonly spectral?: SpectralPrediction;
}

/** Samples in the place of nodes, for channels given by a function. */
const SAMPLES = 1_000_000;

/** @throws LowrankError INVALID_ARGUMENT below the threshold, with it in the message; and what `spectral` throws */
export function dmftStart({ start, delta, field, channel, seed }: DmftPlan): StartConstants {
  if (start.kind === 'independent') return { overlap: start.overlap, tau: 0 };
  const preprocessing = readPreprocessing(start.preprocessing ?? 'optimal', 'start.preprocessing', start.clip);
  const { prediction, bound } = solveSpectral({ delta, field, channel, preprocessing, samples: SAMPLES, seed });
  const { aboveThreshold, preprocessingThreshold, overlap, tau } = prediction;
  if (!aboveThreshold) {
    const found = Number.isFinite(preprocessingThreshold)
      ? `finds nothing below delta = ${Number(preprocessingThreshold.toPrecision(6))}`
      : 'finds nothing at any delta';
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `A spectral start is predicted above its threshold only: preprocessing '${preprocessing.name}' on channel ` +
        `'${channel.name}' (${field}) ${found}, and delta is ${delta}. Take start: { kind: 'independent', overlap } instead.`,
    );
  }
  return { overlap, tau, map: bound.weight, spectral: prediction };
}

/**
 * The least-squares scale of a spectral start, s = E |r| b / E |r|^2 for the unit eigenvector's field r and b the measured
 * amplitudes, from samples (z, y) and normals of stream (seed, 'asymptotics') from number `first` on.
 */
export function leastSquaresScale(
  plan: DmftPlan,
  { overlap, tau, map }: StartConstants,
  z: Float64Array,
  y: Float64Array,
  first: number,
): number {
  const xi = new Float64Array(z.length);
  callNative(() => {
    native.normals(plan.seed, 'asymptotics', first, xi);
  });
  const each = plan.field === 'complex' ? 2 : 1;
  const spread = Math.sqrt(1 - overlap * overlap) / Math.sqrt(each);
  let [product, square] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    let size = 0;
    for (let k = each * i; k < each * (i + 1); k++) size += (overlap * z[k]! + spread * xi[k]!) ** 2;
    const r = Math.sqrt(size) / (map === undefined ? 1 : 1 - map(y[i]!) / tau);
    const b = plan.channel.intensity ? amplitudeOf(y[i]!, plan.channel) : Math.max(0, y[i]!);
    product += r * b;
    square += r * r;
  }
  return product / square;
}
