/** y = sign(z): one bit a measurement. */
import type { Channel } from './channel';
import { noiselessNodes } from './density';

const value = (z: number): number => (z < 0 ? -1 : 1);

export function sign(): Channel {
  return {
    name: 'sign',
    parameters: {},
    fields: ['real'],
    intensity: false,
    even: false,
    sample: (z) => z.map(value),
    nodes: (field) => noiselessNodes(field, [], value),
    // |z| and its sign are independent: even statistics carry nothing.
    posteriorSecondMoment: () => 1,
  };
}
