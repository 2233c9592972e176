/** Does a method depend on the basis of its factors? The same run from U_0 and from U_0 Q. */
import * as check from '../checks';
import { LowrankError } from '../errors';
import { qr } from '../linalg';
import { native } from '../load';
import { Matrix } from '../matrix';
import type { NativePurpose } from '../native';
import { callNative } from '../native-errors';
import type { Problem } from '../problems/problem';
import type { Method } from '../solvers/methods';
import type { Factors, Model } from '../solvers/result';
import { solve } from '../solvers/solve';
import type { Step } from '../solvers/step';
import { breathe } from './images';
import { requireProblem, workOptions } from './require-problem';
import { times } from './small-matrices';

export interface BasisInvarianceOptions {
  /** k, columns of the factors. */
  readonly rank: number;
  /** Default 'gradient-descent'. */
  readonly method?: Method | undefined;
  /** Default: that of the problem. */
  readonly model?: Model | undefined;
  /** As in `solve`; default 'auto'. */
  readonly step?: Step | undefined;
  /** alpha of the Gaussian start, entries of variance alpha^2 / k; positive, default 1e-3. */
  readonly scale?: number | undefined;
  /** Scale of G over that of F; positive, default 1/3. Asymmetric model only. */
  readonly ratio?: number | undefined;
  /** Of the start and of Q; default 0. */
  readonly seed?: number | undefined;
  /** Length of the run; default 200. */
  readonly iterations?: number | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface BasisInvariance {
  /** Where the two runs were compared: 1, 2, 4, ... and the last. */
  readonly iterations: Float64Array;
  /** ||X_t - X'_t||_F / ||X_t||_F there, X' from the turned start; 0 where both are zero. */
  readonly differences: Float64Array;
  /** The largest of them: at rounding level for a method that does not see the basis. */
  readonly largest: number;
}

const KNOWN = [
  'rank',
  'method',
  'model',
  'step',
  'scale',
  'ratio',
  'seed',
  'iterations',
  'threads',
  'signal',
] as const satisfies readonly (keyof BasisInvarianceOptions)[];
const HINTS = { alpha: 'scale', eta: 'step', mu: 'step', k: 'rank' };

/**
 * Runs a method twice, from U_0 and from U_0 Q (F_0 Q and G_0 Q) with one random orthogonal k x k matrix Q, and
 * compares X = U U^T (F G^T), which is the same matrix at the start. Gradient descent commutes with Q, so that X stays
 * the same up to rounding, amplified by no more than the run itself amplifies; methods that treat entries of the
 * factors one by one do not, and lose with it the bias to low rank.
 *
 * Source: derived; the property is that of arXiv 2608.05136. Cost: four times the run's iterations, since it is run
 * from the start to each of the iterations 1, 2, 4, ...
 *
 * @throws LowrankError (as rejection) as `solve`; NUMERICAL when a run diverges
 */
export async function basisInvariance(problem: Problem, options: BasisInvarianceOptions): Promise<BasisInvariance> {
  const checked = requireProblem(problem, 'basisInvariance');
  const given = check.optionsObject(options, 'basisInvariance', KNOWN, HINTS);
  const { method, step } = given as Pick<BasisInvarianceOptions, 'method' | 'step'>;
  const rank = check.positiveInteger(given['rank'], 'rank', 4 * Math.max(...checked.shape));
  const model =
    given['model'] === undefined ? checked.model : check.oneOf(given['model'], 'model', ['symmetric', 'asymmetric']);
  const scale = given['scale'] === undefined ? 1e-3 : check.positiveNumber(given['scale'], 'scale');
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed');
  const last = given['iterations'] === undefined ? 200 : check.positiveInteger(given['iterations'], 'iterations');
  if (given['ratio'] !== undefined && model === 'symmetric') {
    throw check.refused('no value (the symmetric model has one factor)', 'ratio', 'one');
  }
  const ratio = given['ratio'] === undefined ? 1 / 3 : check.positiveNumber(given['ratio'], 'ratio');
  const work = workOptions(given);

  const start = randomFactors(checked, model, rank, scale, ratio, seed);
  const turned = turn(start, randomRotation(rank, seed));
  const run = async (from: Factors, iterations: number): Promise<Factors> => {
    const { status, factors } = await solve(checked, {
      method,
      model,
      init: { kind: 'given', factors: model === 'symmetric' ? from.left : from },
      step,
      // Only the length ends a run, so that each is the beginning of the next.
      stop: { iterations, residual: 0 },
      record: { every: 0, columns: [] },
      ...work,
    });
    if (status !== 'diverged' && status !== 'numerical') return factors;
    throw new LowrankError('NUMERICAL', `A run of basisInvariance ended as '${status}': take a smaller step.`);
  };
  const points = checkpoints(last);
  const differences = new Float64Array(points.length);
  for (const [i, iterations] of points.entries()) {
    const one = await run(start, iterations);
    const other = await run(turned, iterations);
    differences[i] = relativeDifference(one, other);
    await breathe();
  }
  return { iterations: Float64Array.from(points), differences, largest: Math.max(...differences) };
}

/** 1, 2, 4, ... and `last`. */
function checkpoints(last: number): number[] {
  const out: number[] = [];
  for (let t = 1; t < last; t *= 2) out.push(t);
  return [...out, last];
}

function randomFactors(
  { shape: [rows, cols] }: Problem,
  model: Model,
  rank: number,
  scale: number,
  ratio: number,
  seed: number,
): Factors {
  const deviation = scale / Math.sqrt(rank);
  const left = gaussian(rows, rank, seed, 'initialLeft', deviation);
  return { left, right: model === 'symmetric' ? left : gaussian(cols, rank, seed, 'initialRight', deviation * ratio) };
}

function randomRotation(rank: number, seed: number): Matrix {
  return qr(gaussian(rank, rank, seed, 'test', 1)).q;
}

function gaussian(rows: number, cols: number, seed: number, purpose: NativePurpose, deviation: number): Matrix {
  const out = Matrix.zeros(rows, cols);
  callNative(() => {
    native.normals(seed, purpose, 0, out.data);
  });
  for (let i = 0; i < out.data.length; i++) out.data[i] = out.data[i]! * deviation;
  return out;
}

function turn({ left, right }: Factors, Q: Matrix): Factors {
  const turned = times(left, Q);
  return { left: turned, right: right === left ? turned : times(right, Q) };
}

/** By rows, so that neither product is formed whole. O(n1 n2 k). */
function relativeDifference(a: Factors, b: Factors): number {
  const k = a.left.cols;
  let squares = 0;
  let size = 0;
  const row = (f: Factors, i: number, j: number): number => {
    let sum = 0;
    for (let c = 0; c < k; c++) sum += f.left.data[i * k + c]! * f.right.data[j * k + c]!;
    return sum;
  };
  for (let i = 0; i < a.left.rows; i++) {
    for (let j = 0; j < a.right.rows; j++) {
      const value = row(a, i, j);
      squares += (value - row(b, i, j)) ** 2;
      size += value * value;
    }
  }
  return squares === 0 ? 0 : Math.sqrt(squares / size);
}
