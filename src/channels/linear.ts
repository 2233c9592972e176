/** y = z, with or without additive Gaussian noise: linear regression. */
import { additiveChannel } from './additive';
import type { Channel } from './channel';

/** @param noise standard deviation of the noise on y */
export function linear(noise: number): Channel {
  return additiveChannel(
    {
      name: 'linear',
      fields: ['real'],
      intensity: false,
      even: false,
      value: (z) => z,
      preimages: (y) => [y],
      posteriorSecondMoment: (y) => y * y,
    },
    noise,
  );
}
