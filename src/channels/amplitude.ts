/** y = |z|, with or without additive Gaussian noise. */
import { additiveChannel } from './additive';
import type { Channel } from './channel';

/** @param noise standard deviation of the noise on y */
export function amplitude(noise: number): Channel {
  return additiveChannel(
    {
      name: 'amplitude',
      fields: ['real', 'complex'],
      intensity: false,
      even: true,
      value: Math.abs,
      preimages: (y) => (y > 0 ? [-y, y] : [0]),
      posteriorSecondMoment: (y) => y * y,
    },
    noise,
  );
}
