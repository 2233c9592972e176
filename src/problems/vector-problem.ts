/**
 * A vector problem: a design X (rows x_i), measurements y_i = phi(<x_i, theta*>, noise_i), and the signal where it is known.
 * Immutable; any number of solves may use one problem at the same time.
 *
 * Conventions (docs/notation.md): r = X theta without conjugation, r_i = sum_j X[i,j] theta[j]; delta = m / n.
 */
import type { Channel } from '../channels/channel';
import { lossMeasurements } from '../channels/intensities';
import * as check from '../checks';
import { invalid } from '../errors';
import { native } from '../load';
import { findLoss, type Loss } from '../losses';
import type { NativeDesign } from '../native';
import { callNative } from '../native-errors';
import { threadCount } from '../threads';
import { type Field, Vector } from '../vector';

/** Under this symbol a problem keeps its native design; the public object has no raw methods. */
export const designHandle: unique symbol = Symbol('lowrank.design');

/** What a builder hands over; validated by it. */
export interface VectorProblemParts {
  readonly design: NativeDesign;
  readonly y: Float64Array;
  readonly channel: Channel;
  readonly truth?: Vector | undefined;
}

export interface VectorCallOptions {
  /** 1 .. 64; default 1. Never changes a bit of the result. */
  readonly threads?: number | undefined;
}

export class VectorProblem {
  readonly model = 'vector';
  /** n: unknowns. */
  readonly dimension: number;
  /** m */
  readonly measurements: number;
  /** m / n */
  readonly delta: number;
  readonly field: Field;
  readonly channel: Channel;
  /** The problem's own copy of the measurements, m numbers. Read it; do not write to it. */
  readonly y: Float64Array;
  /** theta*, where it is known: only ever used to record overlap and test error. */
  declare readonly truth?: Vector;
  /** 'dense' or 'coded-diffraction'. */
  readonly design: NativeDesign['kind'];
  /** Memory of the design. */
  readonly bytes: number;
  /** @internal */
  declare readonly [designHandle]: NativeDesign;

  /** Use the builders: `problems.singleIndex`, `problems.phaseRetrieval`, `loadProblem`. */
  constructor(parts: VectorProblemParts) {
    this.dimension = parts.design.dimension;
    this.measurements = parts.design.measurements;
    this.delta = this.measurements / this.dimension;
    this.field = parts.design.field;
    this.channel = parts.channel;
    this.y = parts.y;
    if (parts.truth !== undefined) this.truth = parts.truth;
    this.design = parts.design.kind;
    this.bytes = parts.design.bytes;
    Object.defineProperty(this, designHandle, { value: parts.design });
    Object.freeze(this);
  }

  /** X theta, m numbers. @throws LowrankError INVALID_ARGUMENT for a vector of another length or field; NON_FINITE */
  measure(theta: Vector, options?: VectorCallOptions): Vector {
    const x = this.#vector(theta, 'theta', this.dimension);
    const out = Vector.zeros(this.measurements, this.field);
    const threads = callThreads(options);
    callNative(() => {
      native.designApply(this[designHandle], x.data, out.data, threads);
    });
    return out;
  }

  /** X^H g, n numbers. @throws LowrankError as {@link measure} */
  adjoint(g: Vector, options?: VectorCallOptions): Vector {
    const weights = this.#vector(g, 'g', this.measurements);
    const out = Vector.zeros(this.dimension, this.field);
    const threads = callThreads(options);
    callNative(() => {
      native.designAdjoint(this[designHandle], weights.data, out.data, threads);
    });
    return out;
  }

  /**
   * One fused pass over the design: the field r = X theta, the mean loss (1/m) sum L(r_i, y_i), and X^H force(r) / m, its
   * gradient with respect to theta (real) or conj(theta) (complex). Phase losses take the amplitudes of an amplitude channel
   * squared.
   *
   * @throws LowrankError as {@link measure}
   */
  gradient(
    theta: Vector,
    loss: Loss,
    options?: VectorCallOptions,
  ): { readonly loss: number; readonly field: Vector; readonly gradient: Vector } {
    const x = this.#vector(theta, 'theta', this.dimension);
    const chosen = findLoss(loss, this.field);
    const field = Vector.zeros(this.measurements, this.field);
    const gradient = Vector.zeros(this.dimension, this.field);
    const threads = callThreads(options);
    const y = lossMeasurements(this.channel, this.y);
    const value = callNative(() =>
      native.designGradient(this[designHandle], chosen, x.data, y, field.data, gradient.data, threads),
    );
    return { loss: value, field, gradient };
  }

  #vector(value: unknown, name: string, length: number): Vector {
    if (!(value instanceof Vector)) throw invalid('a Vector', name, value);
    if (value.field !== this.field || value.length !== length) {
      throw check.refused(
        `a ${this.field} vector of length ${length}`,
        name,
        `a ${value.field} one of ${value.length}`,
      );
    }
    const index = check.firstNonFinite(value.data);
    if (index >= 0) throw check.nonFinite(`${name}[${index}]`, value.data[index]);
    return value;
  }
}

function callThreads(options: VectorCallOptions | undefined): number {
  return options === undefined ? 1 : threadCount(check.optionsObject(options, 'options', ['threads'])['threads']);
}
