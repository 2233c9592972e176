/** Option `loss` of the predictions. */
import { findLoss, requireDifferentiable, type Loss } from '../losses';
import type { NativeLoss } from '../native';
import type { Field } from '../vector';

export type LossChoice = Loss;

/**
 * @param needs `differentiable`: refuses a loss whose force jumps, and names the smooth one to take
 * @throws LowrankError INVALID_ARGUMENT
 */
export function readLoss(value: unknown, field: Field, needs: { readonly differentiable: boolean }): NativeLoss {
  const loss = findLoss(value, field);
  if (needs.differentiable) requireDifferentiable(loss, field);
  return loss;
}
