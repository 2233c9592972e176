/** From what a user sets to the checked parameters of an experiment: defaults, quick values, lists, bounds, misspellings. */
import { nearestName } from '../checks';
import { LowrankError, received } from '../errors';
import type { Experiment, Parameter } from './experiment';

export type ParameterValue = number | readonly number[];

/** A list longer than this is a mistake, not an experiment. */
const MOST_VALUES = 1000;

/**
 * Every parameter with its value: what `set` says, else the quick value under `quick`, else the default.
 *
 * @throws LowrankError INVALID_ARGUMENT that names the nearest known parameter, or what was expected
 */
export function resolveParameters(
  { name: experiment, parameters }: Pick<Experiment, 'name' | 'parameters'>,
  set: Readonly<Record<string, unknown>>,
  quick: boolean,
): Record<string, ParameterValue> {
  for (const key of Object.keys(set)) knownParameter(experiment, parameters, key);
  return Object.fromEntries(
    Object.entries(parameters).map(([key, parameter]) => {
      const given = Object.hasOwn(set, key) ? set[key] : undefined;
      if (given === undefined) return [key, quick ? (parameter.quick ?? parameter.default) : parameter.default];
      return [key, checkValue(key, parameter, given)];
    }),
  );
}

/**
 * The value that the text of `--set key=value` stands for: one number, or numbers between commas where a list is expected.
 *
 * @throws LowrankError INVALID_ARGUMENT
 */
export function parseSetting(
  { name: experiment, parameters }: Pick<Experiment, 'name' | 'parameters'>,
  key: string,
  text: string,
): ParameterValue {
  const parameter = knownParameter(experiment, parameters, key);
  const list = isList(parameter);
  const values = (list ? text.split(',') : [text]).map((word) => parseNumber(word.trim()));
  if (values.some((value) => Number.isNaN(value))) throw refuse(key, parameter, JSON.stringify(text.slice(0, 60)));
  return checkValue(key, parameter, list ? values : values[0]);
}

/** "an integer from 1 to 5", "numbers of at least 0, separated by commas": what a parameter takes, in words. */
export function describeValues({ kind, least, most }: Parameter): string {
  const what = { number: 'a number', integer: 'an integer', numbers: 'numbers', integers: 'integers' }[kind];
  const bounds =
    least !== undefined && most !== undefined
      ? ` from ${least} to ${most}`
      : least !== undefined
        ? ` of at least ${least}`
        : most !== undefined
          ? ` of at most ${most}`
          : '';
  return `${what}${bounds}${kind.endsWith('s') ? ', separated by commas' : ''}`;
}

/** As it would be typed after `--set key=`. */
export function formatSetting(value: ParameterValue): string {
  return typeof value === 'number' ? String(value) : value.join(',');
}

function isList({ kind }: Parameter): boolean {
  return kind === 'numbers' || kind === 'integers';
}

function knownParameter(experiment: string, parameters: Readonly<Record<string, Parameter>>, key: string): Parameter {
  const found = Object.hasOwn(parameters, key) ? parameters[key] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(parameters);
  const nearest = nearestName(key, names);
  const advice = nearest === undefined ? `Its parameters: ${names.join(', ')}.` : `Did you mean "${nearest}"?`;
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `Unknown parameter "${key.slice(0, 60)}" of experiment ${experiment}. ${advice}`,
  );
}

/** Decimal notation and nothing else: no hexadecimal, no blanks, no "1e", no infinity. */
function parseNumber(text: string): number {
  return /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(text) ? Number(text) : NaN;
}

function checkValue(key: string, parameter: Parameter, value: unknown): ParameterValue {
  if (!isList(parameter)) {
    if (!isAllowed(parameter, value)) throw refuse(key, parameter, said(value));
    return value;
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_VALUES) {
    const count = Array.isArray(value) ? `${value.length} numbers` : said(value);
    throw refuse(key, parameter, count);
  }
  return Array.from(value as unknown[], (one) => {
    if (!isAllowed(parameter, one)) throw refuse(key, parameter, said(one));
    return one;
  });
}

function isAllowed({ kind, least = -Infinity, most = Infinity }: Parameter, value: unknown): value is number {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  if ((kind === 'integer' || kind === 'integers') && !Number.isSafeInteger(value)) return false;
  return value >= least && value <= most;
}

function said(value: unknown): string {
  return received(value).replace(/^received /, '');
}

function refuse(key: string, parameter: Parameter, got: string): LowrankError {
  return new LowrankError('INVALID_ARGUMENT', `Expected ${describeValues(parameter)} for ${key} but received ${got}.`);
}
