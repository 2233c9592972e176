/** Where a DMFT sweep starts: the constants of its spectral or independent start. */
import { LowrankError } from '../errors';
import { native } from '../load';
import { callNative } from '../native-errors';
import { readPreprocessing } from '../preprocessing';
import { amplitudeOf, type BoundPreprocessing } from '../preprocessing/preprocessing';
import type { DmftPlan } from './dmft-options';
import { solveSpectral, type SpectralPrediction } from './spectral';

export interface StartConstants {
  /** a = <theta*, theta^0> / ||theta^0|| */
  readonly overlap: number;
  /** Of the spectral fixed point; 0 for an independent start. */
  readonly tau: number;
  /** T of many numbers, from a table where one value costs a quadrature; absent for an independent start. */
  readonly map?: (y: Float64Array) => Float64Array;
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
  const costly = (channel.parameters?.['noise'] ?? 0) > 0 && FROM_POSTERIOR.includes(preprocessing.name);
  const map = costly ? tabulated(bound) : (y: Float64Array): Float64Array => y.map((value) => bound.weight(value));
  return { overlap, tau, map, spectral: prediction };
}

/** Made from E[|z|^2 | y], which is a quadrature of some 50 microseconds where the channel has additive noise. */
const FROM_POSTERIOR = ['optimal', 'mondelli-montanari'];
const TABLE = 4096;
const TAIL_GAP = 0.01;

/**
 * T by linear interpolation between quantiles of the first samples: off by some 1e-7 / noise^2 where the rows are, far below
 * the Monte Carlo error unless the noise is far below 0.01.
 */
export function tabulated({ weight, breakpoints }: BoundPreprocessing): (y: Float64Array) => Float64Array {
  let at: Float64Array | undefined;
  let values: Float64Array;
  return (y) => {
    if (at === undefined) {
      const sorted = Float64Array.from(y).sort();
      const last = sorted.length - 1;
      const quantiles = Array.from({ length: TABLE }, (_, k) => sorted[Math.round((k * last) / (TABLE - 1))]!);
      const inside = breakpoints.filter((point) => point > sorted[0]! && point < sorted[last]!);
      // Quantiles are far apart in the tails.
      const graded: number[] = [];
      for (let point = sorted[0]!; point < sorted[last]!; point += TAIL_GAP * (1 + Math.abs(point))) graded.push(point);
      at = Float64Array.from(new Set([...quantiles, ...inside, ...graded])).sort();
      values = at.map((value) => weight(value));
    }
    const table = at;
    return y.map((value) => {
      if (!(value >= table[0]! && value < table.at(-1)!)) return weight(value);
      let [low, high] = [0, table.length - 1];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (table[middle]! <= value) low = middle;
        else high = middle;
      }
      const share = (value - table[low]!) / (table[high]! - table[low]!);
      return (1 - share) * values[low]! + share * values[high]!;
    });
  };
}

/**
 * The least-squares scale of a spectral start, s = E |r| b / E |r|^2 for the unit eigenvector's field r and b the measured
 * amplitudes, from samples (z, y) and normals of stream (seed, 'asymptotics') from number `first` on.
 */
export function leastSquaresScale(
  plan: DmftPlan,
  { overlap, tau }: StartConstants,
  z: Float64Array,
  y: Float64Array,
  t: Float64Array | null,
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
    const r = Math.sqrt(size) / (t === null ? 1 : 1 - t[i]! / tau);
    const b = plan.channel.intensity ? amplitudeOf(y[i]!, plan.channel) : Math.max(0, y[i]!);
    product += r * b;
    square += r * r;
  }
  return product / square;
}
