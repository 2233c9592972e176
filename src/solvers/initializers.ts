/** Where a run starts: option `init`, its checks and its defaults. */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { Matrix } from '../matrix';
import type { NativeRunOptions } from '../native';
import { operatorHandle, type Point, type Problem } from '../problems/problem';
import type { MethodDefinition } from './methods';
import type { Model } from './result';

/** Variance of an entry of a random start with scale alpha; n = rows for F and U, cols for G. The two papers differ. */
export type EntryVariance = NativeRunOptions['entryVariance'];

export interface RandomInit {
  readonly kind: 'random';
  /**
   * alpha, a positive number, absolute. Default: the method's relative scale (gradient descent 1e-6, approximate
   * Gauss-Newton 0.1) times the square root of the scale of the data, see `info.init` for the number used.
   */
  readonly scale?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
  /**
   * The start of one of the two papers by its name, instead of `entryVariance` and `ratio`: 'S1' (arXiv 2106.15013, entries of
   * U of variance alpha^2 / k), 'S3-symmetric' (arXiv 2310.01769, alpha^2), 'S3-asymmetric' (alpha^2 / n, and G a third of F).
   */
  readonly convention?: Convention | undefined;
  /** Default 'scale^2/rank' (arXiv 2106.15013) for gradient descent, 'scale^2/n' for approximate Gauss-Newton. */
  readonly entryVariance?: EntryVariance | undefined;
  /** Scale of G over that of F, positive; default 1/3 for gradient descent (arXiv 2310.01769), 1 otherwise. Asymmetric model only. */
  readonly ratio?: number | undefined;
}

/**
 * The leading singular (symmetric model: positive eigen-) vectors of A*(y), weighted with the roots of their values. It
 * assumes A*A to be near the identity on low-rank matrices up to a constant.
 */
export interface SpectralInit {
  readonly kind: 'spectral';
  /** The factors are multiplied by it; positive, default 1. */
  readonly scale?: number | undefined;
  /** Scale of G over that of F, positive; default 1: balanced. Asymmetric model only. */
  readonly ratio?: number | undefined;
}

export interface GivenInit {
  readonly kind: 'given';
  /** U (symmetric model), or { left, right }; finite; copied. */
  readonly factors: Point;
}

export type Init = RandomInit | SpectralInit | GivenInit;

export interface ResolvedInit {
  readonly kind: 'random' | 'spectral' | 'given';
  readonly scale: number;
  readonly ratio: number;
  readonly entryVariance: EntryVariance;
  readonly seed: number;
  readonly left: Float64Array | null;
  readonly right: Float64Array | null;
  /** Columns of given factors. */
  readonly rank?: number;
}

/** What each convention stands for. */
const CONVENTIONS = {
  S1: { model: 'symmetric', entryVariance: 'scale^2/rank', ratio: 1 },
  'S3-symmetric': { model: 'symmetric', entryVariance: 'scale^2', ratio: 1 },
  'S3-asymmetric': { model: 'asymmetric', entryVariance: 'scale^2/n', ratio: 1 / 3 },
} as const satisfies Record<string, { model: Model; entryVariance: EntryVariance; ratio: number }>;
export type Convention = keyof typeof CONVENTIONS;

const VARIANCES = ['scale^2/rank', 'scale^2', 'scale^2/n'] as const satisfies readonly EntryVariance[];

/** @throws LowrankError INVALID_ARGUMENT, NON_FINITE */
export function resolveInit(
  value: unknown,
  problem: Problem,
  model: Model,
  method: MethodDefinition,
  heldOut: Uint8Array | null,
): ResolvedInit {
  const { entryVariance } = method.defaults;
  const common = { scale: 1, ratio: 1, entryVariance, seed: 0, left: null, right: null };
  const kinds = ['random', 'spectral', 'given'] as const;
  const given = value === undefined ? { kind: 'random' } : check.optionsObject(value, 'init', ALL_KEYS);
  const kind = check.oneOf(given['kind'], 'init.kind', kinds);
  check.optionsObject(given, `init of kind '${kind}'`, KEYS[kind]);
  if (kind === 'given') return { ...common, kind, ...givenFactors(given['factors'], problem, model) };
  const scale = given['scale'] === undefined ? undefined : check.positiveNumber(given['scale'], 'init.scale');
  if (given['ratio'] !== undefined && model === 'symmetric') {
    throw invalid('no value (the symmetric model has one factor)', 'init.ratio', given['ratio']);
  }
  const ratio = given['ratio'] === undefined ? undefined : check.positiveNumber(given['ratio'], 'init.ratio');
  const convention = readConvention(given, model);
  if (kind === 'spectral') return { ...common, kind, scale: scale ?? 1, ratio: ratio ?? 1 };
  return {
    ...common,
    kind,
    scale: scale ?? method.defaults.relativeScale * Math.sqrt(dataScale(problem, heldOut)),
    seed: given['seed'] === undefined ? 0 : check.seed(given['seed'], 'init.seed'),
    ratio: model === 'symmetric' ? 1 : (ratio ?? convention?.ratio ?? method.defaults.ratio),
    entryVariance:
      given['entryVariance'] === undefined
        ? (convention?.entryVariance ?? entryVariance)
        : check.oneOf(given['entryVariance'], 'init.entryVariance', VARIANCES),
  };
}

/** A convention says both, so that neither may be given beside it; nor may it be one of the other model. */
function readConvention(
  given: Record<string, unknown>,
  model: Model,
): { entryVariance: EntryVariance; ratio: number } | undefined {
  if (given['convention'] === undefined) return undefined;
  const names = Object.keys(CONVENTIONS) as Convention[];
  const name = check.oneOf(given['convention'], 'init.convention', names);
  for (const key of ['entryVariance', 'ratio']) {
    if (given[key] !== undefined) {
      throw invalid(`no value (init.convention '${name}' says it)`, `init.${key}`, given[key]);
    }
  }
  if (CONVENTIONS[name].model === model) return CONVENTIONS[name];
  const fitting = names.filter((one) => CONVENTIONS[one].model === model).map((one) => `'${one}'`);
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `init.convention '${name}' is of the ${CONVENTIONS[name].model} model but the run is ${model}: expected ${fitting.join(' or ')}.`,
  );
}

const KEYS = {
  random: ['kind', 'scale', 'seed', 'convention', 'entryVariance', 'ratio'],
  spectral: ['kind', 'scale', 'ratio'],
  given: ['kind', 'factors'],
} as const;
const ALL_KEYS = [...new Set([...KEYS.random, ...KEYS.spectral, ...KEYS.given])];

/**
 * About ||X||_F, from the data alone: ||y|| divided by the mean gain of A, the root of sum_i ||A_i||_F^2 / d with d the
 * dimension of the space of matrices. Only the training rows are looked at. 1 where y = 0. It makes default scales
 * follow the units of y and A.
 */
export function dataScale(problem: Problem, heldOut: Uint8Array | null): number {
  let squares = 0;
  let rows = 0;
  problem.y.forEach((value, i) => {
    if (heldOut !== null && heldOut[i] !== 0) return;
    squares += value * value;
    rows++;
  });
  const [n1, n2] = problem.shape;
  const dimension = problem.symmetric ? (n1 * (n1 + 1)) / 2 : n1 * n2;
  const gain = (problem[operatorHandle].squaredNorm / dimension) * (rows / problem.measurements);
  const scale = Math.sqrt(squares / gain);
  return scale > 0 && scale < Infinity ? scale : 1;
}

function givenFactors(
  value: unknown,
  problem: Problem,
  model: Model,
): { left: Float64Array; right: Float64Array | null; rank: number } {
  const [rows, cols] = problem.shape;
  if (value instanceof Matrix) {
    if (model !== 'symmetric') throw invalid('{ left, right } (asymmetric model)', 'init.factors', value);
    const left = check.matrixCopy(value, 'init.factors', rows, value.cols);
    return { left: left.data, right: null, rank: withColumns(left) };
  }
  if (typeof value !== 'object' || value === null || !('left' in value) || !('right' in value)) {
    throw invalid(model === 'symmetric' ? 'a Matrix U' : '{ left, right }', 'init.factors', value);
  }
  const columns = value.left instanceof Matrix ? value.left.cols : 0;
  const left = check.matrixCopy(value.left, 'init.factors.left', rows, columns);
  if (model === 'symmetric') {
    if (value.right === value.left) return { left: left.data, right: null, rank: withColumns(left) };
    throw new LowrankError(
      'INVALID_ARGUMENT',
      'Expected a Matrix U, or a pair with right === left, for init.factors: the model is symmetric.',
    );
  }
  const right = check.matrixCopy(value.right, 'init.factors.right', cols, columns);
  return { left: left.data, right: right.data, rank: withColumns(left) };
}

function withColumns(factor: Matrix): number {
  if (factor.cols >= 1) return factor.cols;
  throw new LowrankError('INVALID_ARGUMENT', 'Expected at least one column for init.factors but received none.');
}
