/** The law of (|z|^2, y) as weighted points, from a channel's nodes or from samples in their place. */
import { type Channel, channelNoise } from '../channels';
import { squared } from '../channels/density';
import { native } from '../load';
import { callNative } from '../native-errors';
import type { YLaw } from '../preprocessing';
import type { Field } from '../vector';

/** Weights sum to 1. Neighbours of one y are merged: what is averaged here is linear in |z|^2. */
export interface WeightedLaw {
  readonly kind: 'nodes' | 'samples';
  readonly weight: Float64Array;
  /** weight times the mean of |z|^2 there. */
  readonly moment: Float64Array;
  readonly y: Float64Array;
  /** True where |z| is in the outer quarter of its range: where an unbounded T shows itself. */
  readonly outer: Uint8Array;
}

export function weightedLaw(
  channel: Channel,
  field: Field,
  breakpoints: readonly number[],
  samples: number,
  seed: number,
): WeightedLaw {
  const nodes = channel.nodes?.(field, breakpoints);
  return nodes === undefined ? sampled(channel, field, samples, seed) : merged(nodes.weight, nodes.z, nodes.y);
}

function merged(weight: Float64Array, z: Float64Array, y: Float64Array): WeightedLaw {
  const count = weight.length;
  const w = new Float64Array(count);
  const moment = new Float64Array(count);
  const at = new Float64Array(count);
  const outer = new Uint8Array(count);
  const far = 0.75 * z.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let last = -1;
  for (let k = 0; k < count; k++) {
    if (last < 0 || y[k] !== at[last]) at[++last] = y[k]!;
    w[last]! += weight[k]!;
    moment[last]! += weight[k]! * z[k]! * z[k]!;
    if (Math.abs(z[k]!) > far) outer[last] = 1;
  }
  const n = last + 1;
  return {
    kind: 'nodes',
    weight: w.slice(0, n),
    moment: moment.slice(0, n),
    y: at.slice(0, n),
    outer: outer.slice(0, n),
  };
}

function sampled(channel: Channel, field: Field, samples: number, seed: number): WeightedLaw {
  const { z, y } = drawSamples(channel, field, samples, seed);
  const moment = Float64Array.from(y, (_, k) => squared(z, field, k) / samples);
  const far = 0.75 ** 2 * moment.reduce((most, value) => Math.max(most, value), 0);
  return {
    kind: 'samples',
    weight: new Float64Array(samples).fill(1 / samples),
    moment,
    y,
    outer: Uint8Array.from(moment, (value) => (value > far ? 1 : 0)),
  };
}

/** z (interleaved when complex) and y = phi(z, noise) of stream (seed, 'asymptotics'). */
export function drawSamples(
  channel: Channel,
  field: Field,
  samples: number,
  seed: number,
): { readonly z: Float64Array; readonly y: Float64Array } {
  const z = new Float64Array(field === 'real' ? samples : 2 * samples);
  callNative(() => {
    native.normals(seed, 'asymptotics', 0, z);
  });
  if (field === 'complex') for (let i = 0; i < z.length; i++) z[i]! *= Math.SQRT1_2;
  return { z, y: channel.sample(z, field, channelNoise(seed, 'noise')) };
}

/** Means and quantiles of y under the channel. */
export function channelLaw(channel: Channel, field: Field, samples: number, seed: number): YLaw {
  let whole: WeightedLaw | undefined;
  const get = (): WeightedLaw => (whole ??= weightedLaw(channel, field, [], samples, seed));
  const above = (t: number): number => {
    const law = channel.nodes === undefined ? get() : weightedLaw(channel, field, [t], samples, seed);
    return law.weight.reduce((sum, w, k) => (law.y[k]! > t ? sum + w : sum), 0);
  };
  return {
    average: (f) => {
      const { weight, y } = get();
      return weight.reduce((sum, w, k) => sum + w * f(y[k]!), 0);
    },
    upperQuantile: (fraction) => {
      const { weight, y } = get();
      const order = Array.from(y.keys()).sort((a, b) => y[b]! - y[a]!);
      // The panel it is in, from the points; then the place, with a cut at every trial.
      let [mass, k] = [0, 0];
      while (k < order.length - 1 && mass + weight[order[k]!]! <= fraction) mass += weight[order[k++]!]!;
      let high = y[order[Math.max(0, k - 1)]!]!;
      let low = y[order[Math.min(order.length - 1, k + 1)]!]!;
      let [atLow, atHigh] = [above(low) - fraction, above(high) - fraction];
      for (let step = 0; step < 60 && high - low > 1e-13 * (1 + Math.abs(high)) && atLow > 0 && atHigh < 0; step++) {
        const secant = low + ((high - low) * atLow) / (atLow - atHigh);
        // Bisection every third time, so that a curved piece cannot hold one end for ever.
        const middle = step % 3 === 2 ? (low + high) / 2 : secant;
        const value = above(middle) - fraction;
        if (Math.abs(value) < 1e-13) return middle;
        if (value > 0) [low, atLow] = [middle, value];
        else [high, atHigh] = [middle, value];
      }
      return atLow > 0 && atHigh < 0 ? (low + high) / 2 : atLow <= 0 ? low : high;
    },
  };
}
