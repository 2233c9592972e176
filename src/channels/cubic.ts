/** y = z^3, with or without additive Gaussian noise. */
import { additiveChannel } from './additive';
import type { Channel } from './channel';

/** @param noise standard deviation of the noise on y */
export function cubic(noise: number): Channel {
  return additiveChannel(
    {
      name: 'cubic',
      fields: ['real'],
      intensity: false,
      even: false,
      value: (z) => z * z * z,
      preimages: (y) => [Math.cbrt(y)],
      posteriorSecondMoment: (y) => Math.cbrt(y) ** 2,
    },
    noise,
  );
}
