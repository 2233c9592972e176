/** Preprocessings made from E[|z|^2 | y]. */
import type { Channel } from '../channels/channel';
import { weakThreshold } from '../channels/weak-threshold';
import { LowrankError } from '../errors';
import type { Field } from '../vector';
import { type Preprocessing, preprocessing } from './preprocessing';

/** Below this T no longer matters to any digit: T / (tau - T) is -1. */
const FLOOR = 1e15;

/**
 * T*(y) = 1 - 1/E[|z|^2 | y], optimal at every delta (Luo, Alghamdi and Lu, arXiv 1811.04420), but not below -clip: T* itself
 * goes to -infinity where y says that z = 0, which costs an iterative eigensolver its speed and gains next to nothing.
 *
 * @param clip above 0; Infinity: none
 */
export function optimal(clip: number): Preprocessing {
  return preprocessing('optimal', { clip }, ({ channel, field }) => {
    const moment = posterior(channel, 'optimal');
    const least = -Math.min(clip, FLOOR);
    return {
      weight: (y) => Math.max(least, 1 - 1 / moment(y, field)),
      breakpoints: clip < FLOOR ? crossings(channel, field, 1 / (1 + clip)) : [],
      supremum: 1,
    };
  });
}

/**
 * T(y) = (p - 1) / (p + sqrt(delta / delta_weak) - 1), p = E[|z|^2 | y]: finds the signal as soon as any T does (Mondelli and
 * Montanari, arXiv 1708.05932), with less overlap above. Below delta_weak, where nothing is found, taken at delta_weak.
 */
export function mondelliMontanari(): Preprocessing {
  return preprocessing('mondelli-montanari', {}, ({ channel, field, delta }) => {
    const moment = posterior(channel, 'mondelli-montanari');
    const weak = weakThreshold(channel, field);
    if (weak === undefined) throw lacking(channel, 'mondelli-montanari', 'quadrature nodes');
    if (weak === Infinity) return { weight: () => 0, breakpoints: [], threshold: weak };
    const shift = Math.max(0, Math.sqrt(delta / weak) - 1);
    const weight = (y: number): number => {
      const p = moment(y, field);
      return Math.max(-FLOOR, (p - 1) / (p + shift));
    };
    return { weight, breakpoints: [], supremum: 1, threshold: weak };
  });
}

function posterior(channel: Channel, name: string): NonNullable<Channel['posteriorSecondMoment']> {
  const { posteriorSecondMoment } = channel;
  if (posteriorSecondMoment === undefined) throw lacking(channel, name, 'posteriorSecondMoment');
  return posteriorSecondMoment;
}

function lacking(channel: Channel, name: string, what: string): LowrankError {
  return new LowrankError(
    'INVALID_ARGUMENT',
    `Expected a channel with ${what} for preprocessing '${name}' but received '${channel.name}', which has none; give it one, or another preprocessing.`,
  );
}

/** The y at which E[|z|^2 | y] passes `level`: corners of the clipped map. */
function crossings(channel: Channel, field: Field, level: number): number[] {
  const { nodes, posteriorSecondMoment: moment } = channel;
  if (nodes === undefined || moment === undefined) return [];
  const ys = Float64Array.from(new Set(nodes(field, []).y)).sort();
  const found: number[] = [];
  let before = false;
  for (let k = 0; k < ys.length; k++) {
    const above = moment(ys[k]!, field) > level;
    if (k > 0 && above !== before) {
      let [low, high] = [ys[k - 1]!, ys[k]!];
      for (let step = 0; step < 60; step++) {
        const middle = (low + high) / 2;
        if (moment(middle, field) > level === before) low = middle;
        else high = middle;
      }
      found.push((low + high) / 2);
    }
    before = above;
  }
  return found;
}
