/** Channels by name. A new one is one file beside this one and one line in `BUILDERS`. */
import * as check from '../checks';
import { invalid } from '../errors';
import type { Field } from '../vector';
import { amplitude } from './amplitude';
import type { Channel } from './channel';
import { cubic } from './cubic';
import { custom, type ChannelFunction } from './custom';
import { intensity } from './intensity';
import { linear } from './linear';
import { logistic } from './logistic';
import { poisson } from './poisson';
import { relu } from './relu';
import { sign } from './sign';

export type { Channel, ChannelNodes, ChannelNoise } from './channel';
export type { ChannelFunction } from './custom';
export { channelNoise } from './noise';

export type ChannelName =
  | 'intensity'
  | 'amplitude'
  | 'noisy-intensity'
  | 'noisy-amplitude'
  | 'poisson'
  | 'sign'
  | 'logistic'
  | 'relu'
  | 'cubic'
  | 'linear';

/** A channel by name, with its numbers. */
export interface ChannelOptions {
  readonly name: ChannelName;
  /**
   * Standard deviation of Gaussian noise added to y: `intensity`, `amplitude`, `relu`, `cubic`, `linear`; default 0. Above 0
   * for `noisy-intensity` and `noisy-amplitude`, which need it.
   */
  readonly noise?: number | undefined;
  /** `poisson`: counts at |z|^2 = 1, above 0; y = counts / gain. Default 1. */
  readonly gain?: number | undefined;
  /** `logistic`: P(y = 1) = 1 / (1 + exp(-slope z)), above 0. Default 1. */
  readonly slope?: number | undefined;
}

/** A channel given by a function: real, without nodes (samples are taken in their place). */
export interface CustomChannelOptions {
  readonly name?: string | undefined;
  /** y = phi(z, noise), `noise` a standard normal of its own for each measurement. */
  readonly phi: ChannelFunction;
  /** True when the law of y depends on |z| alone; default false. */
  readonly even?: boolean | undefined;
}

export type ChannelChoice = ChannelName | ChannelOptions | CustomChannelOptions | ChannelFunction | Channel;

type Parameter = 'noise' | 'gain' | 'slope';

interface Builder {
  readonly parameters: readonly Parameter[];
  readonly build: (value: (parameter: Parameter) => number) => Channel;
}

const additive = (make: (noise: number) => Channel): Builder => ({
  parameters: ['noise'],
  build: (value) => make(value('noise')),
});

const BUILDERS: Readonly<Record<ChannelName, Builder>> = {
  intensity: additive(intensity),
  amplitude: additive(amplitude),
  'noisy-intensity': additive(intensity),
  'noisy-amplitude': additive(amplitude),
  poisson: { parameters: ['gain'], build: (value) => poisson(value('gain')) },
  sign: { parameters: [], build: sign },
  logistic: { parameters: ['slope'], build: (value) => logistic(value('slope')) },
  relu: additive(relu),
  cubic: additive(cubic),
  linear: additive(linear),
};

export const channelNames = Object.keys(BUILDERS) as readonly ChannelName[];

/**
 * The channel that a user asks for: a name, a name with its numbers, a function phi(z, noise), or a Channel of the user's own.
 *
 * @param noise standard deviation of additive noise given beside the name (`--noise`); undefined: none was given
 * @throws LowrankError INVALID_ARGUMENT
 */
export function readChannel(choice: unknown, name: string, field: Field, noise?: number): Channel {
  const channel = build(choice, name, noise);
  if (!channel.fields.includes(field)) {
    throw check.refused(
      `a channel of the ${field} field`,
      name,
      `'${channel.name}', which is ${channel.fields.join(' and ')} only`,
    );
  }
  return channel;
}

function build(choice: unknown, name: string, noise: number | undefined): Channel {
  if (typeof choice === 'function') return withoutNoise(custom(choice as ChannelFunction), noise);
  if (typeof choice === 'string') return named({}, check.oneOf(choice, name, channelNames), name, noise);
  if (typeof choice !== 'object' || choice === null)
    throw invalid('a channel: a name, options or a function', name, choice);
  if ('sample' in choice) return withoutNoise(checkOwn(choice as Partial<Channel>, name), noise);
  if ('phi' in choice) {
    const given = check.optionsObject(choice, name, ['name', 'phi', 'even']);
    const even = given['even'] === undefined ? false : check.boolean(given['even'], `${name}.even`);
    const label = given['name'] ?? 'custom';
    if (typeof label !== 'string') throw invalid('a string', `${name}.name`, label);
    return withoutNoise(custom(given['phi'] as ChannelFunction, label, even), noise);
  }
  const known = check.optionsObject(choice, name, ['name', 'noise', 'gain', 'slope']);
  return named(known, check.oneOf(known['name'], `${name}.name`, channelNames), name, noise);
}

function named(given: Record<string, unknown>, kind: ChannelName, name: string, outer: number | undefined): Channel {
  const { parameters, build: make } = BUILDERS[kind];
  check.optionsObject(given, `${name} '${kind}'`, ['name', ...parameters]);
  if (outer !== undefined && outer !== 0) {
    if (!parameters.includes('noise')) throw noNoise(kind, outer);
    if (given['noise'] !== undefined && given['noise'] !== outer) {
      throw check.refused('one value', 'noise', `${outer} and, in ${name}, another`);
    }
  }
  return make((parameter) => {
    const value = given[parameter] ?? (parameter === 'noise' ? outer : undefined);
    if (parameter !== 'noise') return value === undefined ? 1 : check.positiveNumber(value, `${name}.${parameter}`);
    if (kind.startsWith('noisy-'))
      return check.positiveNumber(value, `noise (its standard deviation) of ${name} '${kind}'`);
    return value === undefined ? 0 : check.nonNegativeNumber(value, `${name}.noise`);
  });
}

function withoutNoise(channel: Channel, noise: number | undefined): Channel {
  if (noise !== undefined && noise !== 0) throw noNoise(channel.name, noise);
  return channel;
}

function noNoise(kind: string, noise: number): Error {
  return check.refused(`none (channel '${kind}' has randomness of its own, or is the user's)`, 'noise', `${noise}`);
}

function checkOwn(own: Partial<Channel>, name: string): Channel {
  if (typeof own.name !== 'string') throw invalid('a string', `${name}.name`, own.name);
  if (typeof own.sample !== 'function') throw invalid('a function', `${name}.sample`, own.sample);
  if (!Array.isArray(own.fields)) throw invalid("an array of 'real' and 'complex'", `${name}.fields`, own.fields);
  check.boolean(own.intensity, `${name}.intensity`);
  check.boolean(own.even, `${name}.even`);
  return own as Channel;
}
