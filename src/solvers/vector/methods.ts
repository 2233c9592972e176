/** The methods of vector problems: option `method`. Names, parameters and defaults come from native code, which has the rules. */
import * as check from '../../checks';
import { LowrankError } from '../../errors';
import { native } from '../../load';
import type { NativeVectorMethodDescription } from '../../native';
import { givesIntensities } from '../../channels/intensities';
import type { VectorProblem } from '../../problems/vector-problem';

/** {@link vectorMethods} lists them with their parameters and defaults; docs/phase-retrieval.md says what each does. */
export type VectorMethodName =
  | 'gradient-descent'
  | 'l-bfgs'
  | 'wirtinger-flow'
  | 'truncated-wirtinger-flow'
  | 'reweighted-wirtinger-flow'
  | 'amplitude-flow'
  | 'truncated-amplitude-flow'
  | 'reweighted-amplitude-flow'
  | 'reshaped-wirtinger-flow'
  | 'incremental-reshaped-wirtinger-flow'
  | 'polyak-subgradient'
  | 'kaczmarz'
  | 'coordinate-descent'
  | 'gauss-newton'
  | 'prox-linear'
  | 'error-reduction'
  | 'hio'
  | 'raar'
  | 'admm'
  | 'phasemax'
  | 'phaselamp'
  | 'amp';

/** A method by name, or with numbers of its own: `{ name: 'raar', beta: 0.9 }`. */
export type VectorMethod =
  VectorMethodName | { readonly name: VectorMethodName; readonly [parameter: string]: VectorMethodName | number };

/** What a method takes and serves. */
export interface VectorMethodDescription {
  readonly name: VectorMethodName;
  /** Of `method: { name, ... }`, with their defaults in the same order; 0 where the default depends on the field. */
  readonly parameters: readonly string[];
  readonly defaults: readonly number[];
  readonly fields: readonly ('real' | 'complex')[];
  /** Minimizes any loss of the list (option `loss`); others bring their own. */
  readonly anyLoss: boolean;
  /** Needs measurements that are intensities or amplitudes. */
  readonly intensityOnly: boolean;
  /** Which of these options it takes. */
  readonly ridge: boolean;
  readonly step: boolean;
  readonly momentum: boolean;
  /** Default of `stop.iterations`: about twice what the hardest problems took on which the method succeeds. */
  readonly stopIterations: number;
  /** Default of `stop.gradient`; 0 where the gradient need not vanish at a solution. */
  readonly stopGradient: number;
}

/** Every method for vector problems. */
export function vectorMethods(): readonly VectorMethodDescription[] {
  return native.vectorMethodDescriptions() as readonly VectorMethodDescription[];
}

export interface ResolvedVectorMethod extends NativeVectorMethodDescription {
  /** In the order of `parameters`. */
  readonly values: readonly number[];
}

/** @throws LowrankError INVALID_ARGUMENT: unknown (names the nearest), another field or channel, unknown parameters */
export function findVectorMethod(value: unknown, problem: VectorProblem): ResolvedVectorMethod {
  const all = native.vectorMethodDescriptions();
  const isObject = typeof value === 'object' && value !== null;
  const asked = isObject ? (value as { name?: unknown }).name : (value ?? 'gradient-descent');
  const names = all.map((one) => one.name);
  const name = check.oneOf(asked, isObject ? 'method.name' : 'method', names);
  const method = all.find((one) => one.name === name)!;
  const given = isObject ? check.optionsObject(value, `method '${name}'`, ['name', ...method.parameters]) : {};
  if (!method.fields.includes(problem.field)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Method '${name}' is for ${method.fields.join(' and ')} problems but this one is ${problem.field}.`,
    );
  }
  if (method.intensityOnly && !givesIntensities(problem.channel)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Method '${name}' needs intensities |z|^2 (or amplitudes) but the channel is '${problem.channel.name}'. ` +
        `Use 'gradient-descent' with a loss of that channel.`,
    );
  }
  const values = method.parameters.map((key, k) =>
    given[key] === undefined ? method.defaults[k]! : finiteNumber(given[key], `method.${key}`),
  );
  return { ...method, values };
}

function finiteNumber(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw check.refused('a finite number', name, `${String(value)} of type ${typeof value}`);
}
