/** y = max(z, 0), with or without additive Gaussian noise. */
import { additiveChannel } from './additive';
import type { Channel } from './channel';

/** @param noise standard deviation of the noise on y */
export function relu(noise: number): Channel {
  return additiveChannel(
    {
      name: 'relu',
      fields: ['real'],
      intensity: false,
      even: false,
      value: (z) => Math.max(z, 0),
      preimages: (y) => [Math.max(y, 0)],
      // y = 0 says that z <= 0, and nothing else.
      posteriorSecondMoment: (y) => (y > 0 ? y * y : 1),
    },
    noise,
  );
}
