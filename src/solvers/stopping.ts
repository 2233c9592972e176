/**
 * When a run ends: option `stop`. Every rule is evaluated natively at every iteration, so that where a run stops does not
 * depend on timing or on how the facade cuts the work into chunks (`timeLimit` excepted). The first that fires names
 * the `status`; `residual`, `gradient` and `validation` mean convergence.
 */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import type { MethodDefinition } from './methods';

export interface Stop {
  /** At most this many iterations; a positive integer. Default 5000 (gradient descent), 1000 (approximate Gauss-Newton). */
  readonly iterations?: number | undefined;
  /** Relative training residual ||A(X) - y|| / ||y|| at or below this; default 1e-10; 0 switches the rule off. */
  readonly residual?: number | undefined;
  /** Norm of the gradient at or below this share of its first value; default 0: off. */
  readonly gradient?: number | undefined;
  /**
   * The training residual fell by less than `decrease` (relative) over `window` iterations, and the gradient did not grow
   * (on the plateau of a small start it does). Off unless given. Default window 100, decrease 1e-3.
   */
  readonly stall?: { readonly window?: number | undefined; readonly decrease?: number | undefined } | undefined;
  /** The held-out residual has not improved for `patience` iterations; the best factors are returned. Needs `holdOut`. */
  readonly validation?: { readonly patience: number } | undefined;
  /** Seconds; positive. Default: none. The one rule that depends on the machine. */
  readonly timeLimit?: number | undefined;
  /** Training residual above this multiple of the larger of 1 and its first value: status `diverged`. Above 1; default 1e6. */
  readonly divergence?: number | undefined;
}

export interface ResolvedStop {
  readonly iterations: number;
  readonly residual: number;
  readonly gradient: number;
  readonly stallWindow: number;
  readonly stallDecrease: number;
  readonly validationPatience: number;
  readonly timeLimit: number;
  readonly divergence: number;
}

const KNOWN = [
  'iterations',
  'residual',
  'gradient',
  'stall',
  'validation',
  'timeLimit',
  'divergence',
] as const satisfies readonly (keyof Stop)[];

const HINTS = {
  maxIterations: 'iterations',
  tolerance: 'residual',
  tol: 'residual',
  time: 'timeLimit',
  patience: 'validation',
};

/** @throws LowrankError INVALID_ARGUMENT */
export function resolveStop(value: unknown, method: MethodDefinition, hasHeldOut: boolean): ResolvedStop {
  const given = value === undefined ? {} : check.optionsObject(value, 'stop', KNOWN, HINTS);
  const or = <T>(key: (typeof KNOWN)[number], fallback: T, read: (value: unknown, name: string) => T): T =>
    given[key] === undefined ? fallback : read(given[key], `stop.${key}`);
  const stall = or('stall', { window: 0, decrease: 0 }, readStall);
  const patience = or('validation', 0, readPatience);
  if (patience > 0 && !hasHeldOut) {
    throw new LowrankError('INVALID_ARGUMENT', 'stop.validation needs held-out measurements: set holdOut.');
  }
  return {
    iterations: or('iterations', method.defaults.iterations, (v, name) => check.positiveInteger(v, name)),
    residual: or('residual', method.defaults.residual, check.nonNegativeNumber),
    gradient: or('gradient', 0, check.nonNegativeNumber),
    stallWindow: stall.window,
    stallDecrease: stall.decrease,
    validationPatience: patience,
    timeLimit: or('timeLimit', 0, check.positiveNumber),
    divergence: or('divergence', 1e6, readDivergence),
  };
}

function readStall(value: unknown, name: string): { window: number; decrease: number } {
  const given = check.optionsObject(value, name, ['window', 'decrease']);
  return {
    window: given['window'] === undefined ? 100 : check.positiveInteger(given['window'], `${name}.window`),
    decrease: given['decrease'] === undefined ? 1e-3 : check.fraction(given['decrease'], `${name}.decrease`),
  };
}

function readPatience(value: unknown, name: string): number {
  return check.positiveInteger(check.optionsObject(value, name, ['patience'])['patience'], `${name}.patience`);
}

function readDivergence(value: unknown, name: string): number {
  if (typeof value === 'number' && value > 1 && value < Infinity) return value;
  throw invalid('a finite number greater than 1', name, value);
}
