/** What phase losses, phase-retrieval methods and preprocessings ask of a channel: is y an intensity |z|^2, or |z|? */
import type { Channel } from './channel';

/** y is |z|, with or without additive noise. */
export function isAmplitude(channel: Channel): boolean {
  return channel.even && !channel.intensity && (channel.name === 'amplitude' || channel.name === 'noisy-amplitude');
}

/** True when y, or its square, is an intensity |z|^2, with or without noise. */
export function givesIntensities(channel: Channel): boolean {
  return channel.intensity || isAmplitude(channel);
}

/**
 * The measurements as losses take them: y itself, but y^2 of an amplitude channel (0 where noise made y negative), so that
 * `amplitude` losses see b = |z| and intensity losses |z|^2.
 */
export function lossMeasurements(channel: Channel, y: Float64Array): Float64Array {
  return isAmplitude(channel) ? y.map((value) => (value > 0 ? value * value : 0)) : y;
}
