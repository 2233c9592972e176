/**
 * Where the test error of a small random start will end, from one look at the data: the exponent of the floor in alpha.
 */
import * as check from '../checks';
import { LowrankError } from '../errors';
import { eigh } from '../linalg';
import type { Problem } from '../problems/problem';
import { adjointImage } from './images';
import { requireProblem, workOptions } from './require-problem';
import { growth, stagedFloor, type StagedFloor } from './staged-floor';

export interface PredictedFloorOptions {
  /** mu, the fixed step of the run; it belongs to the loss 1/4 ||A(U U^T) - y||^2. Positive. */
  readonly step: number;
  /** r, 1 .. n - 1: how many directions are signal. Default: the problem's `trueRank`. */
  readonly rank?: number | undefined;
  /**
   * Whether to follow the stages of a truth with unequal singular values, which is what costs time: r - 1 fits of lower
   * rank. Default true; false where the singular values are known to be alike.
   */
  readonly staged?: boolean | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PredictedFloor {
  /** p: the relative test error at the floor is about a constant times alpha^p. */
  readonly exponent: number;
  /** How many more iterations a ten times smaller alpha takes to reach the signal's full size: ln 10 / signalGrowth. */
  readonly iterationsPerDecade: number;
  /** ln(1 + mu lambda_r): growth of the weakest signal direction per iteration, as a logarithm. */
  readonly signalGrowth: number;
  /** ln(1 + mu lambda_{r+1}): the same of the strongest other direction. */
  readonly noiseGrowth: number;
  /** Eigenvalues of A*(y), n of them, falling; the spectral norm of A*(y) is the largest modulus. */
  readonly eigenvalues: Float64Array;
  readonly rank: number;
  readonly step: number;
  /**
   * The same law in stages, for a truth whose singular values differ: after each signal direction has reached its full
   * size the others, and the noise, go on at the eigenvalues of what is left of A*(y). Prefer it; the two agree where
   * the singular values are alike. Absent where a direction stops growing on the way, or was not asked for.
   */
  readonly staged?: StagedFloor;
  /** Where the law comes from: it is no statement of the paper. */
  readonly status: 'derived';
  /** What the law takes for granted, as sentences. */
  readonly assumes: readonly string[];
  /** What speaks against these assumptions on this instance, as sentences; empty when nothing does. */
  readonly doubts: readonly string[];
}

const KNOWN = [
  'step',
  'rank',
  'staged',
  'threads',
  'signal',
] as const satisfies readonly (keyof PredictedFloorOptions)[];
const HINTS = { mu: 'step', eta: 'step', stepSize: 'step', trueRank: 'rank', r: 'rank' };

const ASSUMES = [
  'The model is symmetric, the method gradient descent with a fixed step, the rank above that of the truth.',
  'The singular values of the truth are alike (exponent, iterationsPerDecade) or not (staged).',
  'Until the signal reaches its full size the factor follows the power method U_t = (I + mu A*(y))^t U_0.',
  'What the other directions have grown to by then stays, and the test error is proportional to its square.',
  'The measurements carry no noise, which would put a floor of its own under the error.',
];

/** Above this ratio of growths the exponent is so low that other effects compete with it. */
const CLEAR_GAP = 0.6;
/** Exponents further apart than this are two predictions. */
const SAME = 0.1;
/** Above this mu lambda_1 the run overshoots and may cycle: gradient descent near its limit mu lambda_1 = 1. */
const LONG_STEP = 0.8;

/**
 * Predicts for this instance how the error floor of gradient descent from a small random start falls with the scale
 * alpha of the start: floor ~ alpha^p with
 *
 *     p = 2 (1 - ln(1 + mu lambda_{r+1}) / ln(1 + mu lambda_r)),    lambda_1 >= lambda_2 >= ... the eigenvalues of A*(y),
 *
 * and ln 10 / ln(1 + mu lambda_r) more iterations per decade of alpha. While the factor is small, its part outside the
 * leading r eigenvectors of A*(y) grows by 1 + mu lambda_{r+1} per step until the signal, growing by 1 + mu lambda_r,
 * is of full size; the error is that part squared. p tends to 2 with many measurements. The exponent 21/16 of arXiv
 * 2106.15013 is a guarantee for the worst case, not this.
 *
 * Source: derived, and checked numerically to about 0.15 in p for alpha from 1e-2 to 1e-5; NOT a statement of the
 * paper. Cost: two passes over the measurement matrices on a thread of its own, and one eigen-decomposition of an n x n
 * matrix.
 *
 * @throws LowrankError (as rejection) INVALID_ARGUMENT; also for a problem without symmetric measurement matrices, and
 *   where
 *   A*(y) has fewer than r positive eigenvalues
 */
export async function predictedFloor(problem: Problem, options: PredictedFloorOptions): Promise<PredictedFloor> {
  const checked = requireProblem(problem, 'predictedFloor');
  const given = check.optionsObject(options, 'predictedFloor', KNOWN, HINTS);
  const step = check.positiveNumber(given['step'], 'step');
  const work = workOptions(given);
  const inStages = given['staged'] === undefined || check.boolean(given['staged'], 'staged');
  if (!checked.symmetric) {
    throw check.refused('a problem with symmetric measurement matrices', 'predictedFloor', 'one without');
  }
  const rank = resolveRank(given['rank'], checked);
  const image = await adjointImage(checked, checked.y, work);
  const { values } = eigh(image);
  const least = values[rank - 1]!;
  if (!(least > 0)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected at least ${rank} positive eigenvalues (rank) of A*(y) for predictedFloor but eigenvalue ${rank} is ${least}.`,
    );
  }
  const signalGrowth = Math.log1p(step * least);
  // The last eigenvalue only counts where it is so negative that a step turns its direction over.
  const noiseGrowth = Math.max(growth(step, values[rank]!), growth(step, values.at(-1)!));
  const exponent = 2 * (1 - noiseGrowth / signalGrowth);
  const staged = inStages ? await stagedFloor(checked, image, values, step, rank, work) : undefined;
  return {
    exponent,
    iterationsPerDecade: Math.LN10 / signalGrowth,
    signalGrowth,
    noiseGrowth,
    eigenvalues: values,
    rank,
    step,
    ...(staged === undefined ? {} : { staged }),
    status: 'derived',
    assumes: ASSUMES,
    doubts: doubts(step, values, rank, noiseGrowth / signalGrowth, exponent, inStages ? staged : 'not asked for'),
  };
}

function resolveRank(value: unknown, { shape: [n], trueRank }: Problem): number {
  if (n < 2) throw check.refused('a problem with n >= 2', 'predictedFloor', `one of ${n} x ${n}`);
  if (value !== undefined) return check.positiveInteger(value, 'rank', n - 1);
  if (trueRank === undefined) {
    throw new LowrankError('INVALID_ARGUMENT', 'predictedFloor needs rank: the problem does not know its trueRank.');
  }
  return check.positiveInteger(trueRank, 'rank (the trueRank of the problem)', n - 1);
}

function doubts(
  step: number,
  values: Float64Array,
  rank: number,
  ratio: number,
  exponent: number,
  staged: StagedFloor | undefined | 'not asked for',
): string[] {
  const out: string[] = [];
  if (ratio > CLEAR_GAP) {
    out.push(
      `Eigenvalue ${rank + 1} of A*(y), ${show(values[rank]!)}, grows nearly as fast as eigenvalue ${rank}, ` +
        `${show(values[rank - 1]!)}: too few measurements, or another rank.`,
    );
  }
  if (staged === undefined) {
    out.push(
      'Once the first signal directions are fitted, another one no longer grows: too few measurements, or another rank.',
    );
  } else if (staged !== 'not asked for' && Math.abs(staged.exponent - exponent) > SAME) {
    out.push(
      `The signal arrives in stages: prefer staged.exponent, ${show(staged.exponent)}, to the exponent of one stage, ` +
        `${show(exponent)}.`,
    );
  }
  if (step * values[0]! > LONG_STEP) {
    out.push(
      `The step is long: mu lambda_1 = ${show(step * values[0]!)}, and above 1 gradient descent does not settle.`,
    );
  }
  return out;
}

function show(value: number): string {
  return String(Number(value.toPrecision(3)));
}
