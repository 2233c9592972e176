/** A channel given by a function alone. */
import { invalid, LowrankError } from '../errors';
import type { Channel } from './channel';

/** y = phi(z, noise): real z, `noise` a standard normal of its own for each measurement. */
export type ChannelFunction = (z: number, noise: number) => number;

/**
 * Real field. It has no nodes (predictions take samples in their place) and no E[z^2 | y] (no optimal preprocessing).
 *
 * @param even true when the law of y depends on |z| alone
 */
export function custom(phi: ChannelFunction, name = 'custom', even = false): Channel {
  if (typeof phi !== 'function') throw invalid('a function (z, noise) => y', 'phi', phi);
  return {
    name,
    parameters: {},
    fields: ['real'],
    intensity: false,
    even,
    sample: (z, _field, noise) => {
      const normals = noise.normals(z.length);
      return z.map((value, i) => {
        const y: unknown = phi(value, normals[i]!);
        if (typeof y === 'number' && Number.isFinite(y)) return y;
        throw new LowrankError(
          'NON_FINITE',
          `Expected a finite number from phi at z = ${value} but received ${String(y)}.`,
        );
      });
    },
  };
}
