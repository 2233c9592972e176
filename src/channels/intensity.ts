/** y = |z|^2, with or without additive Gaussian noise: what phase retrieval measures. */
import { additiveChannel } from './additive';
import type { Channel } from './channel';

/** @param noise standard deviation of the noise on y */
export function intensity(noise: number): Channel {
  return additiveChannel(
    {
      name: 'intensity',
      fields: ['real', 'complex'],
      intensity: true,
      even: true,
      value: (z) => z * z,
      preimages: (y) => (y > 0 ? [-Math.sqrt(y), Math.sqrt(y)] : [0]),
      posteriorSecondMoment: (y) => Math.max(0, y),
    },
    noise,
  );
}
