/**
 * Pointwise losses L(r, y) of vector problems by name, for `solve`, the predictions and the diagnostics. Their formulas are
 * native (native/core/losses) and written out in docs/phase-retrieval.md. Phase losses take y as an intensity |z|^2.
 */
import * as check from './checks';
import { LowrankError } from './errors';
import { native } from './load';
import type { NativeLoss } from './native';
import { callNative } from './native-errors';
import { type Field, Vector } from './vector';

/** Losses without parameters, or with all of them at their defaults. */
export type LossName =
  | 'wirtinger'
  | 'truncated-wirtinger'
  | 'amplitude'
  | 'smoothed-amplitude'
  | 'perturbed-amplitude'
  | 'tanh-amplitude'
  | 'poisson'
  | 'smoothed-poisson'
  | 'intensity-l1'
  | 'smoothed-intensity-l1'
  | 'square'
  | 'cubic'
  | 'relu'
  | 'smoothed-relu'
  | 'logistic'
  | 'hinge'
  | 'squared-hinge';

/** A loss by name, or with its parameter, a positive number. */
export type Loss =
  | LossName
  | { readonly name: LossName }
  | {
      readonly name: 'truncated-wirtinger';
      /** M, in units of y: full force for y and |r|^2 up to M, none beyond 2 M. Default 10. */
      readonly bound?: number | undefined;
    }
  | {
      readonly name: 'smoothed-amplitude' | 'perturbed-amplitude' | 'smoothed-poisson' | 'smoothed-intensity-l1';
      /** e, in units of |r| (of y for smoothed-intensity-l1). Default 0.1. */
      readonly smoothing?: number | undefined;
    }
  | {
      readonly name: 'tanh-amplitude' | 'smoothed-relu';
      /** k, in units of 1 / |r|. Default 4. */
      readonly sharpness?: number | undefined;
    };

/** What a loss takes and serves. */
export interface LossDescription {
  readonly name: LossName;
  /** Of `loss: { name, ... }`, with their defaults in the same order. */
  readonly parameters: readonly string[];
  readonly defaults: readonly number[];
  readonly fields: readonly Field[];
  /** The fields in which the force has no jumps. */
  readonly differentiable: readonly Field[];
  /** The differentiable loss to take in its place; null where there is none. */
  readonly smoothed: LossName | null;
}

/** Every loss with its parameters, defaults and fields; `smoothed` names the differentiable loss to take in its place. */
export function lossDescriptions(): readonly LossDescription[] {
  return native.lossDescriptions() as readonly LossDescription[];
}

/**
 * The loss a user asks for, with its parameters filled in.
 *
 * @param name what the option is called, for messages
 * @throws LowrankError INVALID_ARGUMENT: unknown (names the nearest), a parameter that is not positive, another field
 */
export function findLoss(value: unknown, field: Field, name = 'loss'): NativeLoss {
  const described = native.lossDescriptions();
  const isObject = typeof value === 'object' && value !== null;
  const asked = isObject ? (value as { name?: unknown }).name : value;
  const chosen = check.oneOf(
    asked,
    isObject ? `${name}.name` : name,
    described.map((one) => one.name),
  );
  const loss = described.find((one) => one.name === chosen)!;
  const given = isObject ? check.optionsObject(value, `${name} '${chosen}'`, ['name', ...loss.parameters]) : {};
  if (!loss.fields.includes(field)) {
    const serving = described.filter((one) => one.fields.includes(field)).map((one) => one.name);
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected a loss of the ${field} field for ${name} but '${chosen}' is ${loss.fields.join(' and ')} only. ` +
        `There are ${serving.join(', ')}.`,
    );
  }
  const parameters = loss.parameters.map((key, k) =>
    given[key] === undefined ? loss.defaults[k]! : check.positiveNumber(given[key], `${name}.${key}`),
  );
  return { name: chosen, parameters };
}

/**
 * Refuses a loss whose force jumps where a pathwise derivative is needed.
 *
 * @throws LowrankError INVALID_ARGUMENT with the smoothed loss to use in its place
 */
export function requireDifferentiable(loss: NativeLoss, field: Field, name = 'loss'): void {
  const described = native.lossDescriptions().find((one) => one.name === loss.name);
  if (described === undefined || described.differentiable.includes(field)) return;
  const instead = described.smoothed === null ? '' : ` Use '${described.smoothed}' instead.`;
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `The force of ${name} '${loss.name}' is not differentiable in the ${field} field, which is needed here.${instead}`,
  );
}

/** What a ridge adds to the mean loss, so that the gradient is X^H force / m + ridge theta in either field. */
export function ridgeTerm(ridge: number, squaredNorm: number, field: Field): number {
  return (field === 'complex' ? 1 : 0.5) * ridge * squaredNorm;
}

/** L(r_i, y_i) and its force, dL/dr (real) or dL/d conj(r) (complex), row by row. */
export interface LossEvaluation {
  readonly values: Float64Array;
  readonly forces: Vector;
}

/**
 * Evaluates a loss on m rows.
 *
 * @param r m numbers
 * @param y m numbers; intensities for phase losses
 * @throws LowrankError INVALID_ARGUMENT, NON_FINITE
 */
export function evaluateLoss(loss: Loss, r: Vector, y: ArrayLike<number>): LossEvaluation {
  if (!(r instanceof Vector)) throw check.refused('a Vector', 'r', typeof r);
  const chosen = findLoss(loss, r.field);
  const labels = check.vector(y, 'y', { is: r.length, why: 'one per row of r' });
  const index = check.firstNonFinite(r.data);
  if (index >= 0) throw check.nonFinite(`r[${r.field === 'complex' ? Math.floor(index / 2) : index}]`, r.data[index]);
  const values = new Float64Array(r.length);
  const forces = Vector.zeros(r.length, r.field);
  callNative(() => {
    native.lossBatch(chosen, r.field, r.data, labels, values, forces.data, null);
  });
  return { values, forces };
}
