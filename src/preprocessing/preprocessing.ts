/**
 * The map T of the spectral method, whose estimate is the top eigenvector of X^H diag(T(y)) X / m. A new one is one file
 * beside this one and one line in `index.ts`; a user's own is a function of y, or an object of this shape.
 *
 * T is a function of y at ||theta*|| = 1. Where the norm is another, divide it out first: `normalized`.
 */
import type { Channel } from '../channels/channel';
import type { Field } from '../vector';

export interface PreprocessingSetting {
  readonly field: Field;
  /** m / n */
  readonly delta: number;
  readonly channel: Channel;
}

/** The law of y that T may depend on: that of the data, or that of the channel. */
export interface YLaw {
  /** Mean of f(y). */
  readonly average: (f: (y: number) => number) => number;
  /** The t with P(y > t) = fraction. */
  readonly upperQuantile: (fraction: number) => number;
}

/** T, for one setting and law. */
export interface BoundPreprocessing {
  readonly weight: (y: number) => number;
  /** Values of y at which T has a jump or a corner. */
  readonly breakpoints: readonly number[];
  /**
   * The least upper bound of T, where it is approached and not reached; Infinity: unbounded above. Undefined: the largest
   * value that is found.
   */
  readonly supremum?: number;
  /** The least delta at which T finds anything, where T itself changes with delta. */
  readonly threshold?: number;
}

export interface Preprocessing {
  readonly name: string;
  /** Its numbers, for ledgers. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly bind: (setting: PreprocessingSetting, law: YLaw) => BoundPreprocessing;
  /** T(y) of data, means and quantiles taken from the data. O(m), or O(m log m) where quantiles are needed. */
  readonly weights: (y: Float64Array, setting: PreprocessingSetting) => Float64Array;
}

export function preprocessing(
  name: string,
  parameters: Readonly<Record<string, number>>,
  bind: Preprocessing['bind'],
): Preprocessing {
  return {
    name,
    parameters,
    bind,
    weights: (y, setting) => y.map(bind(setting, dataLaw(y)).weight),
  };
}

/** The empirical law of the data. */
export function dataLaw(y: Float64Array): YLaw {
  return {
    average: (f) => y.reduce((sum, value) => sum + f(value), 0) / y.length,
    upperQuantile: (fraction) => {
      const sorted = Float64Array.from(y).sort();
      const above = Math.min(y.length - 1, Math.max(1, Math.round(fraction * y.length)));
      return sorted[y.length - 1 - above] ?? sorted[0] ?? 0;
    },
  };
}

/** |z| as y shows it: the root of an intensity, else |y|. */
export function amplitudeOf(y: number, channel: Channel): number {
  return channel.intensity ? Math.sqrt(Math.max(0, y)) : Math.abs(y);
}
