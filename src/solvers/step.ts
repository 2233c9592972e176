/** Step sizes: option `step`. */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import type { NativeRunOptions } from '../native';
import type { MethodDefinition } from './methods';

export type StepRule = NativeRunOptions['step'];

/**
 * - a number, or { kind: 'fixed', size }: that step size in every iteration. It belongs to the losses 1/4 ||.||^2 (symmetric)
 *   and 1/2 ||.||^2 (asymmetric); with sigma_1(X*) = 1 and E[A*A] = I, 0.25 is the usual choice of gradient descent.
 * - 'auto', or { kind: 'auto' } (default): chosen from the data and halved where it fails.
 * - { kind: 'exact-line-search' }: the minimizer of the quartic along the direction, at the cost of two more applications of A.
 */
export type Step =
  | number
  | 'auto'
  | 'exact-line-search'
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'auto' }
  | { readonly kind: 'exact-line-search' };

export interface ResolvedStep {
  readonly kind: StepRule;
  /** 0 unless fixed. */
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
  const given = check.optionsObject(value, 'step', ['kind', 'size']);
  const kind = check.oneOf(given['kind'], 'step.kind', KINDS);
  if (kind === 'fixed') return { kind, size: check.positiveNumber(given['size'], 'step.size') };
  if (given['size'] !== undefined) throw invalid(`no value (kind is '${kind}')`, 'step.size', given['size']);
  return { kind, size: 0 };
}
