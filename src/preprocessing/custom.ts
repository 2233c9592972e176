/** The user's own T. */
import { LowrankError } from '../errors';
import { type BoundPreprocessing, type Preprocessing, preprocessing } from './preprocessing';

export type PreprocessingFunction = (y: number) => number;

export function custom(
  T: PreprocessingFunction,
  name: string,
  breakpoints: readonly number[],
  supremum: number | undefined,
): Preprocessing {
  const weight = (y: number): number => {
    const value: unknown = T(y);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw new LowrankError(
      'NON_FINITE',
      `Expected a finite number from preprocessing '${name}' at y = ${y} but received ${String(value)}.`,
    );
  };
  const bound: BoundPreprocessing = { weight, breakpoints, ...(supremum === undefined ? {} : { supremum }) };
  return preprocessing(name, {}, () => bound);
}
