/** The number of measurements per unknown below which no spectral method finds anything. */
import type { Field } from '../vector';
import type { Channel } from './channel';

const known = new WeakMap<Channel, Map<Field, number>>();

/**
 * delta_weak = 1 / E[(E[|z|^2 | y] - 1)^2], the least over all preprocessings (Mondelli and Montanari, arXiv 1708.05932): 1/2
 * and 1 for real and complex intensities without noise. Infinity where even statistics carry nothing (sign, logistic).
 * Undefined for a channel without nodes or E[|z|^2 | y].
 */
export function weakThreshold(channel: Channel, field: Field): number | undefined {
  const { nodes, posteriorSecondMoment } = channel;
  if (nodes === undefined || posteriorSecondMoment === undefined) return undefined;
  const fields = known.get(channel) ?? new Map<Field, number>();
  known.set(channel, fields);
  let threshold = fields.get(field);
  if (threshold === undefined) {
    const { weight, y } = nodes(field, []);
    let sum = 0;
    for (let k = 0; k < y.length; k++) sum += weight[k]! * (posteriorSecondMoment(y[k]!, field) - 1) ** 2;
    // What is left of a sum that is 0 is rounding.
    threshold = sum > 1e-20 ? 1 / sum : Infinity;
    fields.set(field, threshold);
  }
  return threshold;
}
