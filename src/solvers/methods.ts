/**
 * The methods, as the facade knows them: which models and step rules each accepts, and its defaults with their reasons.
 * The update rules themselves are native. A new method is one entry here (and one file in native/core/solvers).
 */
import * as check from '../checks';
import { LowrankError } from '../errors';
import type { NativeRunOptions } from '../native';
import type { Model } from './result';

export type MethodName = 'gradient-descent' | 'approximate-gauss-newton' | 'riemannian-gauss-newton';
/** A name, or an object that holds it: the place for parameters of methods that have some. */
export type Method = MethodName | { readonly name: MethodName };

export interface MethodDefinition {
  readonly name: MethodName;
  readonly models: readonly Model[];
  readonly steps: readonly NativeRunOptions['step'][];
  /** The largest rank it serves, where that is less than what every method allows. */
  readonly mostRank?: (n1: number, n2: number) => number;
  readonly defaults: {
    /** Initialization scale in units of the square root of the data's scale, see initializers.ts. */
    readonly relativeScale: number;
    readonly entryVariance: NativeRunOptions['entryVariance'];
    /** Scale of G over that of F in the asymmetric model. */
    readonly ratio: number;
    readonly step: { readonly kind: NativeRunOptions['step']; readonly size: number };
    readonly iterations: number;
    readonly residual: number;
  };
}

export const METHODS: readonly MethodDefinition[] = [
  {
    // U+ = U - eta grad f(U) (arXiv 2106.15013), F and G simultaneously in the asymmetric model (arXiv 2310.01769).
    name: 'gradient-descent',
    models: ['symmetric', 'asymmetric'],
    steps: ['auto', 'fixed', 'exact-line-search'],
    defaults: {
      // The error floor of an over-parameterized run is about scale^(21/16) or better (2106.15013); 1e-6 puts it near
      // 1e-8 at the price of ln(1e6)/ln(1 + eta lambda_r) iterations of alignment.
      relativeScale: 1e-6,
      entryVariance: 'scale^2/rank',
      // Unequal factors make F^T F - G^T G definite, which turns a 1/t tail into a linear one (2310.01769).
      ratio: 1 / 3,
      step: { kind: 'auto', size: 0 },
      // Enough for alignment and local convergence up to kappaMatrix about 50; a stopping rule usually comes first.
      iterations: 5000,
      residual: 1e-10,
    },
  },
  {
    // F+ = F - eta Res(F G^T) G (G^T G)^+, then G+ from the new F (Jia, Feng, Meng, Sun, NeurIPS 2024). The same step
    // on U U^T alone is no descent method for rank > trueRank: the model is always asymmetric.
    name: 'approximate-gauss-newton',
    models: ['asymmetric'],
    steps: ['auto', 'fixed', 'exact-line-search'],
    defaults: {
      // Any Gaussian start of variance below c sigma_1 / n will do: the method does not see the scale of its factors.
      relativeScale: 0.1,
      entryVariance: 'scale^2/n',
      ratio: 1,
      step: { kind: 'auto', size: 0 },
      // Linear with a rate that does not depend on the condition number.
      iterations: 1000,
      residual: 1e-10,
    },
  },
  {
    // The true linearised least squares on the manifold of rank-k matrices, by conjugate gradients of one pass each
    // (GNMR, Zilber and Nadler 2022; arXiv 2011.08360). Passes do not depend on the condition number; rank <= min(n1, n2).
    name: 'riemannian-gauss-newton',
    models: ['symmetric', 'asymmetric'],
    steps: ['auto'],
    // Its points are on the manifold of matrices of that rank.
    mostRank: (n1, n2) => Math.min(n1, n2),
    defaults: {
      relativeScale: 0.1,
      entryVariance: 'scale^2/n',
      ratio: 1,
      step: { kind: 'auto', size: 0 },
      // Quadratic at the end; an iteration is 10 to 50 passes.
      iterations: 100,
      residual: 1e-10,
    },
  },
];

/** @throws LowrankError INVALID_ARGUMENT for an unknown method, naming the nearest */
export function findMethod(value: unknown): MethodDefinition {
  const names = METHODS.map((method) => method.name);
  const isObject = typeof value === 'object' && value !== null;
  const name = isObject
    ? check.optionsObject(value, 'method', ['name'])['name']
    : value === undefined
      ? 'gradient-descent'
      : value;
  const chosen = check.oneOf(name, isObject ? 'method.name' : 'method', names);
  const definition = METHODS.find((method) => method.name === chosen);
  if (definition === undefined) throw new LowrankError('INTERNAL', `No definition of method ${chosen}.`);
  return definition;
}
