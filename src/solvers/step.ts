/** Step sizes: option `step`. */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import type { NativeRunOptions } from '../native';
import type { MethodDefinition } from './methods';

export type StepRule = NativeRunOptions['step'];

/**
 * - a number, or { kind: 'fixed', size }: that step size in every iteration. It belongs to the losses 1/4 ||.||^2 (symmetric)
 *   and 1/2 ||.||^2 (asymmetric); with sigma_1(X*) = 1 and E[A*A] = I, 0.25 is the usual choice of gradient descent.
 *   For approximate Gauss-Newton it is in units of 1/s, A*A being about s times the identity: 1 is the full step.
 * - 'auto', or { kind: 'auto' } (default): half of the inverse curvature that A*(y) shows (gradient descent) or the full
 *   step (approximate Gauss-Newton), halved for good where the loss rises.
 * - { kind: 'exact-line-search', cap }: the minimizer along the direction (of a quartic; of a parabola in each half step of
 *   approximate Gauss-Newton), for one more pass over the measurement matrices (two). `cap`, a positive number, bounds the
 *   step of gradient descent; default: no bound.
 */
export type Step =
  | number
  | 'auto'
  | 'exact-line-search'
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'auto' }
  | { readonly kind: 'exact-line-search'; readonly cap?: number | undefined };

export interface ResolvedStep {
  readonly kind: StepRule;
  /** Of a fixed step; of an exact line search the cap, 0 for none; 0 otherwise. */
  readonly size: number;
}

const KINDS = ['fixed', 'auto', 'exact-line-search'] as const satisfies readonly StepRule[];

/** @throws LowrankError INVALID_ARGUMENT; also when the method does not know the rule */
export function resolveStep(value: unknown, method: MethodDefinition): ResolvedStep {
  const step = parse(value, method);
  if (method.steps.includes(step.kind)) return step;
  const known = method.steps.map((kind) => `'${kind}'`).join(', ');
  throw new LowrankError('INVALID_ARGUMENT', `Method ${method.name} takes steps of kind ${known}, not '${step.kind}'.`);
}

function parse(value: unknown, method: MethodDefinition): ResolvedStep {
  if (value === undefined) return method.defaults.step;
  if (typeof value === 'number') return { kind: 'fixed', size: check.positiveNumber(value, 'step') };
  if (typeof value === 'string') {
    const kind = check.oneOf(value, 'step', KINDS);
    if (kind === 'fixed') throw invalid("a number or { kind: 'fixed', size }", 'step', value);
    return { kind, size: 0 };
  }
  if (typeof value !== 'object' || value === null)
    throw invalid("a positive number, 'auto' or a step rule", 'step', value);
  const given = check.optionsObject(value, 'step', ['kind', 'size', 'cap']);
  const kind = check.oneOf(given['kind'], 'step.kind', KINDS);
  if (given['cap'] !== undefined && (kind !== 'exact-line-search' || method.name !== 'gradient-descent')) {
    throw invalid("no value (it is for kind 'exact-line-search' of gradient descent)", 'step.cap', given['cap']);
  }
  if (kind === 'fixed') return { kind, size: check.positiveNumber(given['size'], 'step.size') };
  if (given['size'] !== undefined) throw invalid(`no value (kind is '${kind}')`, 'step.size', given['size']);
  return { kind, size: given['cap'] === undefined ? 0 : check.positiveNumber(given['cap'], 'step.cap') };
}
