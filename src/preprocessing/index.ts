/** Preprocessings by name. A new one is one file beside this one and one line in `BUILDERS`. */
import type { Channel } from '../channels/channel';
import { isAmplitude } from '../channels/intensities';
import * as check from '../checks';
import { invalid } from '../errors';
import type { Field } from '../vector';
import { amplitude } from './amplitude';
import { custom, type PreprocessingFunction } from './custom';
import { mondelliMontanari, optimal } from './optimal';
import { plain } from './plain';
import type { Preprocessing } from './preprocessing';
import { orthogonalityPromoting, subset } from './subset';
import { truncated } from './truncated';
import { weighted } from './weighted';

export type { BoundPreprocessing, Preprocessing, PreprocessingSetting, YLaw } from './preprocessing';
export type { PreprocessingFunction } from './custom';

export type PreprocessingName =
  | 'plain'
  | 'truncated'
  | 'amplitude'
  | 'orthogonality-promoting'
  | 'subset'
  | 'weighted'
  | 'optimal'
  | 'mondelli-montanari';

/** A preprocessing by name, with its numbers. */
export interface PreprocessingOptions {
  readonly name: PreprocessingName;
  /**
   * `truncated`, `amplitude`: trimmed above so many times the mean; default 9. `subset`: T = 1 above this y; default 2. Above 0.
   */
  readonly threshold?: number | undefined;
  /** `orthogonality-promoting`, `weighted`: the fraction of largest measurements, between 0 and 1; defaults 1/6 and 3/13. */
  readonly fraction?: number | undefined;
  /** `optimal`: T is not below -clip; above 0, Infinity allowed. Default 64. */
  readonly clip?: number | undefined;
}

/** The user's own T. */
export interface CustomPreprocessingOptions {
  readonly name?: string | undefined;
  /** T(y), finite. */
  readonly T: PreprocessingFunction;
  /** Values of y at which T has a jump or a corner; predictions lose digits without them. */
  readonly breakpoints?: readonly number[] | undefined;
  /** The least upper bound of T, where it is approached and not reached. */
  readonly supremum?: number | undefined;
}

export type PreprocessingChoice =
  PreprocessingName | PreprocessingOptions | CustomPreprocessingOptions | PreprocessingFunction | Preprocessing;

export const DEFAULT_CLIP = 64;

type Parameter = 'threshold' | 'fraction' | 'clip';

interface Builder {
  readonly parameter?: Parameter;
  readonly standard?: number;
  readonly build: (value: number) => Preprocessing;
}

const BUILDERS: Readonly<Record<PreprocessingName, Builder>> = {
  plain: { build: plain },
  truncated: { parameter: 'threshold', standard: 9, build: truncated },
  amplitude: { parameter: 'threshold', standard: 9, build: amplitude },
  'orthogonality-promoting': { parameter: 'fraction', standard: 1 / 6, build: orthogonalityPromoting },
  subset: { parameter: 'threshold', standard: 2, build: subset },
  weighted: { parameter: 'fraction', standard: 3 / 13, build: weighted },
  optimal: { parameter: 'clip', standard: DEFAULT_CLIP, build: optimal },
  'mondelli-montanari': { build: mondelliMontanari },
};

export const preprocessingNames = Object.keys(BUILDERS) as readonly PreprocessingName[];

/**
 * The preprocessing that a user asks for: a name, a name with its numbers, a function T(y), or a Preprocessing.
 *
 * @param clip given beside the name (`--clip`); undefined: none was given
 * @throws LowrankError INVALID_ARGUMENT
 */
export function readPreprocessing(choice: unknown, name: string, clip?: number): Preprocessing {
  if (typeof choice === 'function')
    return withoutClip(custom(choice as PreprocessingFunction, 'custom', [], undefined), clip);
  if (typeof choice === 'string') return named({}, check.oneOf(choice, name, preprocessingNames), name, clip);
  if (typeof choice !== 'object' || choice === null) {
    throw invalid('a preprocessing: a name, options or a function', name, choice);
  }
  if ('bind' in choice && 'weights' in choice) return withoutClip(choice as Preprocessing, clip);
  if ('T' in choice) return withoutClip(own(choice, name), clip);
  const given = check.optionsObject(choice, name, ['name', 'threshold', 'fraction', 'clip']);
  return named(given, check.oneOf(given['name'], `${name}.name`, preprocessingNames), name, clip);
}

function own(choice: object, name: string): Preprocessing {
  const given = check.optionsObject(choice, name, ['name', 'T', 'breakpoints', 'supremum']);
  if (typeof given['T'] !== 'function') throw invalid('a function T(y)', `${name}.T`, given['T']);
  const label = given['name'] ?? 'custom';
  if (typeof label !== 'string') throw invalid('a string', `${name}.name`, label);
  const breakpoints =
    given['breakpoints'] === undefined ? [] : [...check.vector(given['breakpoints'], `${name}.breakpoints`)];
  const { supremum } = given;
  if (supremum !== undefined && (typeof supremum !== 'number' || !(supremum > -Infinity))) {
    throw invalid('a number or Infinity', `${name}.supremum`, supremum);
  }
  return custom(given['T'] as PreprocessingFunction, label, breakpoints, supremum);
}

function named(
  given: Record<string, unknown>,
  kind: PreprocessingName,
  name: string,
  clip: number | undefined,
): Preprocessing {
  const { parameter, standard, build } = BUILDERS[kind];
  check.optionsObject(given, `${name} '${kind}'`, parameter === undefined ? ['name'] : ['name', parameter]);
  if (parameter === undefined || standard === undefined) return withoutClip(build(0), clip);
  const place = `${name}.${parameter}`;
  const value = given[parameter] ?? (parameter === 'clip' ? clip : undefined) ?? standard;
  if (parameter === 'fraction') return withoutClip(build(check.fraction(value, place)), clip);
  if (parameter === 'threshold') return withoutClip(build(check.positiveNumber(value, place)), clip);
  if (typeof value !== 'number' || !(value > 0)) throw invalid('a positive number, or Infinity', 'clip', value);
  return build(value);
}

function withoutClip(chosen: Preprocessing, clip: number | undefined): Preprocessing {
  if (clip === undefined) return chosen;
  throw check.refused(`none (only preprocessing 'optimal' is clipped)`, 'clip', `${clip} with '${chosen.name}'`);
}

/**
 * ||theta*|| as the size of y shows it, for channels y = |z|^2 or |z| with noise of mean 0: the root of mean(y), or mean(y) over
 * E|z|. 1 for the others, which are taken at norm 1, and where the mean is not above 0.
 */
export function signalNorm(y: Float64Array, channel: Channel, field: Field): number {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  if (!(mean > 0)) return 1;
  if (channel.intensity) return Math.sqrt(mean);
  if (isAmplitude(channel)) return mean / (field === 'real' ? Math.sqrt(2 / Math.PI) : Math.sqrt(Math.PI) / 2);
  return 1;
}

/** y over what {@link signalNorm} says, so that it is that of a signal of norm about 1, for which preprocessings are made. */
export function normalized(y: Float64Array, channel: Channel, field: Field): Float64Array {
  const norm = signalNorm(y, channel, field);
  const scale = channel.intensity ? norm * norm : norm;
  return y.map((value) => value / scale);
}
