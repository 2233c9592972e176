/**
 * A channel: how y arises from z = <x, theta*> (||theta*|| = 1, z standard normal, or complex with E|z|^2 = 1) and noise.
 * A new channel is one file beside this one and one line in `index.ts`; a user's own is an object of this shape.
 */
import type { Field } from '../vector';

/**
 * Independent standard normals and uniforms for one call of `sample`, drawn by index so that the result is a function of the
 * seed; every draw goes on where the one before it ended.
 */
export interface ChannelNoise {
  /** `count` standard normals. */
  readonly normals: (count: number) => Float64Array;
  /** `count` uniforms in (0, 1). */
  readonly uniforms: (count: number) => Float64Array;
}

/** Nodes of a quadrature over z (and noise): E f(z, y) = sum_k weight_k f(z_k, y_k). */
export interface ChannelNodes {
  readonly weight: Float64Array;
  /** Real field: z itself. Complex field: |z| (every complex channel here depends on |z| alone). */
  readonly z: Float64Array;
  readonly y: Float64Array;
}

export interface Channel {
  readonly name: string;
  /** Its numbers, for ledgers. */
  readonly parameters?: Readonly<Record<string, number>>;
  readonly fields: readonly Field[];
  /** True when y is |z|^2, with or without noise: what phase-retrieval methods need. */
  readonly intensity: boolean;
  /** The law of y depends on |z| alone: then the sign (phase) of theta* is lost. */
  readonly even: boolean;
  /** y (m) for z (m numbers, interleaved when complex). */
  readonly sample: (z: Float64Array, field: Field, noise: ChannelNoise) => Float64Array;
  /**
   * Piecewise Gauss-Legendre nodes over z, in pieces cut where y crosses one of `breakpoints` (where a preprocessing of y
   * has jumps or corners); noise by its own quadrature. Absent for a channel given by a function alone: then samples are
   * taken in the place of nodes, and say so.
   */
  readonly nodes?: (field: Field, breakpoints: readonly number[]) => ChannelNodes;
  /** E[|z|^2 | y], for the optimal preprocessing 1 - 1/E[|z|^2 | y]. Absent: no 'optimal' without the user's own. */
  readonly posteriorSecondMoment?: (y: number, field: Field) => number;
}
