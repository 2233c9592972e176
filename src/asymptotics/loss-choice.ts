/** Option `loss`: a name, or a name with its parameters, e.g. { name: 'tanh-amplitude', sharpness: 4 }. */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { native } from '../load';
import type { NativeLoss } from '../native';
import type { Field } from '../vector';

export type LossChoice = string | ({ readonly name: string } & Readonly<Record<string, unknown>>);

/**
 * @param needs `differentiable`: refuses a loss whose force jumps, and names the smooth one to take
 * @throws LowrankError INVALID_ARGUMENT
 */
export function readLoss(value: unknown, field: Field, needs: { readonly differentiable: boolean }): NativeLoss {
  const list = native.lossDescriptions();
  const names = list.map(({ name }) => name);
  let given: Record<string, unknown> = {};
  let asked = value;
  if (typeof value === 'object' && value !== null) {
    given = value as Record<string, unknown>;
    asked = given['name'];
  } else if (typeof value !== 'string') throw invalid('a name or { name, ... }', 'loss', value);
  const name = check.oneOf(asked, 'loss', names);
  const found = list.find((one) => one.name === name)!;
  if (!found.fields.includes(field)) {
    throw check.refused(
      `a loss of the ${field} field`,
      'loss',
      `'${name}', which is ${found.fields.join(' and ')} only`,
    );
  }
  if (needs.differentiable && !found.differentiable.includes(field)) {
    const advice = found.smoothed === null ? '' : ` Take '${found.smoothed}'.`;
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected a loss with a continuous force for loss but that of '${name}' jumps.${advice}`,
    );
  }
  check.optionsObject(given, `loss '${name}'`, ['name', ...found.parameters]);
  const parameters = found.parameters.map((parameter, k) => {
    const own = given[parameter];
    return own === undefined ? found.defaults[k]! : check.positiveNumber(own, `loss.${parameter}`);
  });
  return { name, parameters };
}
