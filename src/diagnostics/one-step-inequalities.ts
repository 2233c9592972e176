/** The six one-step inequalities behind the convergence proof of small random initialization, checked along a run. */
import * as check from '../checks';
import { invalid } from '../errors';
import type { Trace } from '../solvers/result';
import { requireEveryIteration } from './every-iteration';
import { traceColumns } from './trace-columns';

export interface OneStepInequalitiesOptions {
  /** mu, the fixed step of the run; positive. */
  readonly step: number;
  /**
   * Singular values of the factor X of the truth X X^T (roots of the eigenvalues of the truth), r of them, positive.
   */
  readonly singularValues: ArrayLike<number>;
  /**
   * c of the hypotheses, positive; default 1. The proof asks for "a sufficiently small absolute constant" and does not
   * say which: see `cNeeded` for what a run would need.
   */
  readonly c?: number | undefined;
  /** Which of the six, by number; default all. A trace needs the columns of these only. */
  readonly inequalities?: readonly number[] | undefined;
}

export interface InequalityReport {
  /** 1 .. 6, as numbered below. */
  readonly number: number;
  /** In words. */
  readonly states: string;
  /** Iterations (steps, or points for number 5) at which it could be evaluated, and at how many of these it held. */
  readonly evaluated: number;
  readonly held: number;
  /** The same where the hypotheses held: the proof claims these two to be equal. */
  readonly evaluatedUnderHypotheses: number;
  readonly heldUnderHypotheses: number;
  /**
   * The smallest (bound - value) / |bound| (number 1: (value - bound) / |bound|) over the iterations that satisfy the
   * hypotheses, over all where none does; negative: violated. NaN where nothing was evaluated.
   */
  readonly worstMargin: number;
  /** Iteration of the worst margin; NaN where nothing was evaluated. */
  readonly worstAt: number;
  /** First iteration t at which it failed under the hypotheses; absent where it never did. */
  readonly firstViolation?: number;
}

export interface OneStepInequalities {
  readonly reports: readonly InequalityReport[];
  /** True where no inequality failed under the hypotheses. With `hypotheses.all` = 0 this says nothing. */
  readonly allHeld: boolean;
  /** At how many recorded iterations each hypothesis held, and all of them together. */
  readonly hypotheses: {
    /** mu <= c kappa^-2 ||X||^-2: holds always or never. */
    readonly step: number;
    /** ||U_t|| <= 3 ||X|| */
    readonly norm: number;
    /** misalignment <= c / kappa */
    readonly misalignment: number;
    /** d_t <= c sigma_min^2 */
    readonly ripDeviation: number;
    readonly all: number;
  };
  readonly c: number;
  /** Recorded iterations. */
  readonly iterations: number;
  /** The smallest c with which every hypothesis on c holds at some iteration, and at all of them. */
  readonly cNeeded: { readonly some: number; readonly all: number };
}

const KNOWN = ['step', 'singularValues', 'c', 'inequalities'] as const satisfies readonly [
  ...(keyof OneStepInequalitiesOptions)[],
];
const HINTS = { mu: 'step', eta: 'step', stepSize: 'step', sigma: 'singularValues' };

/** What the truth and the run give to every formula. sigma is sigma_min(X), size is ||X||. */
interface Setting {
  readonly mu: number;
  readonly sigma: number;
  readonly size: number;
  readonly rank: number;
  /** ||X X^T||_F */
  readonly truthNorm: number;
}

type Column =
  | 'sigmaMin'
  | 'noise'
  | 'noiseFrobenius'
  | 'misalignment'
  | 'ripDeviation'
  | 'factorNorm'
  | 'signalError'
  | 'testError'
  | 'wDrift';
/** The numbers of one recorded iteration; of columns that were not asked for, NaN. */
type Row = Readonly<Record<Column, number>>;

interface Inequality {
  readonly states: string;
  readonly columns: readonly Column[];
  /** Hypothesis of its own, besides the common ones. */
  readonly only?: (s: Setting, now: Row) => boolean;
  /** True where it relates two neighbouring iterations. */
  readonly steps: boolean;
  /** Natural size of the two sides. */
  readonly unit: (s: Setting) => number;
  /** value <= bound, or value >= bound where `atLeast`; `next` is iteration t + 1. */
  readonly atLeast?: true;
  readonly sides: (s: Setting, now: Row, next: Row) => readonly [value: number, bound: number];
}

/** Needed for the hypotheses. */
const ALWAYS: readonly Column[] = ['factorNorm', 'misalignment', 'ripDeviation'];

const INEQUALITIES: readonly Inequality[] = [
  {
    states: 'the signal grows: s+ >= s (1 + mu sigma^2 / 4 - mu s^2), s = sigma_min(V_X^T U)',
    columns: ['sigmaMin'],
    steps: true,
    unit: ({ size }) => size,
    atLeast: true,
    sides: ({ mu, sigma }, now, next) => [
      next.sigmaMin,
      now.sigmaMin * (1 + (mu * sigma ** 2) / 4 - mu * now.sigmaMin ** 2),
    ],
  },
  {
    states: 'the noise hardly grows: noise+ <= (1 - mu noise^2 / 2 + 9 mu misalignment ||X||^2 + 2 mu d) noise',
    columns: ['noise'],
    steps: true,
    unit: ({ size }) => size,
    sides: ({ mu, size }, now, next) => [
      next.noise,
      (1 - (mu / 2) * now.noise ** 2 + 9 * mu * now.misalignment * size ** 2 + 2 * mu * now.ripDeviation) * now.noise,
    ],
  },
  {
    states:
      'the signal turns to the truth: misalignment+ <= (1 - mu sigma^2 / 4) misalignment + 150 mu d + 500 mu^2 ||X X^T - U U^T||^2',
    columns: ['noise', 'signalError'],
    steps: true,
    unit: () => 1,
    sides: (s, now, next) => [
      next.misalignment,
      (1 - (s.mu * s.sigma ** 2) / 4) * now.misalignment +
        150 * s.mu * now.ripDeviation +
        500 * s.mu ** 2 * errorNorm(s, now) ** 2,
    ],
  },
  {
    states: 'the split moves slowly: ||W_perp^T W+|| <= mu (sigma^2 / 4800 + ||U W|| noise) misalignment + 4 mu d',
    columns: ['noise', 'wDrift'],
    steps: true,
    unit: () => 1,
    sides: ({ mu, sigma }, now, next) => [
      next.wDrift,
      mu * (sigma ** 2 / 4800 + signalNorm(now) * now.noise) * now.misalignment + 4 * mu * now.ripDeviation,
    ],
  },
  {
    states:
      'the error is signal and noise: ||X X^T - U U^T||_F <= 4 ||V_X^T (X X^T - U U^T)||_F + ||N N^T||_F, N = U W_perp',
    columns: ['testError', 'signalError', 'noiseFrobenius'],
    steps: false,
    unit: ({ truthNorm }) => truthNorm,
    sides: ({ truthNorm }, now) => [now.testError * truthNorm, 4 * now.signalError + now.noiseFrobenius],
  },
  {
    states:
      'the signal error contracts: e+ <= (1 - mu sigma^2 / 200) e + (mu sigma^2 / 100) ||N N^T||_F, e = ||V_X^T (X X^T - U U^T)||_F',
    columns: ['sigmaMin', 'signalError', 'noiseFrobenius'],
    only: ({ sigma }, { sigmaMin }) => sigmaMin >= sigma / Math.sqrt(10),
    steps: true,
    unit: ({ truthNorm }) => truthNorm,
    sides: ({ mu, sigma }, now, next) => [
      next.signalError,
      (1 - (mu * sigma ** 2) / 200) * now.signalError + ((mu * sigma ** 2) / 100) * now.noiseFrobenius,
    ],
  },
];

/** ||U W|| from below: U U^T = (U W)(U W)^T + N N^T, so ||U W||^2 >= ||U||^2 - ||N||^2. */
function signalNorm({ factorNorm, noise }: Row): number {
  return Math.sqrt(Math.max(0, factorNorm ** 2 - noise ** 2));
}

/**
 * ||X X^T - U U^T|| (spectral) from below by what is recorded: by ||V_X^T (.)||_F / sqrt(r), by the block of it outside
 * col(X), which is at least noise^2, and by the difference of the norms.
 */
function errorNorm({ rank, size }: Setting, { signalError, noise, factorNorm }: Row): number {
  return Math.max(signalError / Math.sqrt(rank), noise ** 2, Math.abs(factorNorm ** 2 - size ** 2));
}

/** A bound met to this share of the natural size of its sides is met: what is recorded is rounded. */
const ROUNDING = 1e-12;

/**
 * Evaluates the six inequalities on neighbouring iterations from which the convergence of gradient descent from a small
 * random start is proved, and the hypotheses under which they are claimed: mu <= c kappa^-2 ||X||^-2, ||U|| <= 3 ||X||,
 * misalignment <= c / kappa, d <= c sigma_min(X)^2, with kappa = ||X|| / sigma_min(X) of the factor X and d = ||(A*A -
 * I)(X X^T - U U^T)||. A failure outside the hypotheses is no contradiction; one inside, with a small c, is.
 *
 * Number 6 belongs to the phase of local refinement and is claimed only where sigma_min(V_X^T U) >= sigma_min(X) /
 * sqrt(10): before, U is too small to contract anything.
 *
 * Two norms on the right-hand sides are not recorded, ||U W|| in number 4 and the spectral norm of the error in number
 * 3; both are replaced by lower bounds, which makes the test stricter, never more lenient.
 *
 * Source: arXiv 2106.15013, sections 8 and 9, in the form of Karnik et al., ICML 2025, at tube length 1, where number 6
 * and part of 5 print V_{X,perp} where the proof has V_X. Cost: O(length).
 *
 * @param trace recorded at every iteration, with columns `factorNorm`, `misalignment`, `ripDeviation` and those of the
 *   inequalities:
 *   1 `sigmaMin`; 2 `noise`; 3 `noise`, `signalError`; 4 `noise`, `wDrift`; 5 `testError`, `signalError`, `noiseFrobenius`;
 *   6 `sigmaMin`, `signalError`, `noiseFrobenius`
 * @throws LowrankError INVALID_ARGUMENT; also for a trace with gaps or without a column
 */
export function oneStepInequalities(trace: Trace, options: OneStepInequalitiesOptions): OneStepInequalities {
  const given = check.optionsObject(options, 'oneStepInequalities', KNOWN, HINTS);
  const setting = readSetting(given);
  const c = given['c'] === undefined ? 1 : check.positiveNumber(given['c'], 'c');
  const numbers = readNumbers(given['inequalities']);
  const chosen = numbers.map((number) => INEQUALITIES[number - 1]!);
  const names = [...new Set([...ALWAYS, ...chosen.flatMap(({ columns }) => columns)])];
  const columns = traceColumns(trace, names, 'oneStepInequalities');
  const iteration = Float64Array.from(columns.iteration);
  requireEveryIteration(iteration, 'oneStepInequalities');

  const rows = Array.from(iteration, (_, i) => rowAt(columns, i));
  const { hypotheses, valid, cNeeded } = testHypotheses(setting, c, rows);
  const reports = chosen.map((inequality, i) => evaluate(numbers[i]!, inequality, setting, rows, valid, iteration));
  return {
    reports,
    allHeld: reports.every((report) => report.firstViolation === undefined),
    hypotheses,
    c,
    iterations: rows.length,
    cNeeded,
  };
}

function readSetting(given: Readonly<Record<string, unknown>>): Setting {
  const mu = check.positiveNumber(given['step'], 'step');
  const values = check.vector(given['singularValues'], 'singularValues');
  if (values.length === 0) throw invalid('at least one number', 'singularValues', given['singularValues']);
  values.forEach((value, i) => check.positiveNumber(value, `singularValues[${i}]`));
  return {
    mu,
    sigma: values.reduce((least, value) => Math.min(least, value)),
    size: values.reduce((most, value) => Math.max(most, value)),
    rank: values.length,
    truthNorm: Math.sqrt(values.reduce((sum, value) => sum + value ** 4, 0)),
  };
}

function readNumbers(value: unknown): number[] {
  if (value === undefined) return INEQUALITIES.map((_, i) => i + 1);
  if (!Array.isArray(value) || value.length === 0)
    throw invalid('an array of numbers from 1 to 6', 'inequalities', value);
  const numbers = value.map((one: unknown, i) => check.integer(one, `inequalities[${i}]`, 1, INEQUALITIES.length));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function rowAt(columns: Readonly<Record<string, ArrayLike<number>>>, i: number): Row {
  const at = (name: Column): number => columns[name]?.[i] ?? NaN;
  return {
    sigmaMin: at('sigmaMin'),
    noise: at('noise'),
    noiseFrobenius: at('noiseFrobenius'),
    misalignment: at('misalignment'),
    ripDeviation: at('ripDeviation'),
    factorNorm: at('factorNorm'),
    signalError: at('signalError'),
    testError: at('testError'),
    wDrift: at('wDrift'),
  };
}

function testHypotheses(
  { mu, sigma, size }: Setting,
  c: number,
  rows: readonly Row[],
): Pick<OneStepInequalities, 'hypotheses' | 'cNeeded'> & { readonly valid: readonly boolean[] } {
  const kappa = size / sigma;
  const stepNeeds = mu * kappa ** 2 * size ** 2;
  const count = { step: 0, norm: 0, misalignment: 0, ripDeviation: 0, all: 0 };
  const cNeeded = { some: Infinity, all: 0 };
  const valid = rows.map((row) => {
    const needs = [stepNeeds, row.misalignment * kappa, row.ripDeviation / sigma ** 2] as const;
    const step = needs[0] <= c;
    const norm = row.factorNorm <= 3 * size;
    const misalignment = needs[1] <= c;
    const ripDeviation = needs[2] <= c;
    const all = step && norm && misalignment && ripDeviation;
    count.step += Number(step);
    count.norm += Number(norm);
    count.misalignment += Number(misalignment);
    count.ripDeviation += Number(ripDeviation);
    count.all += Number(all);
    const need = Math.max(...needs);
    cNeeded.some = Math.min(cNeeded.some, need);
    cNeeded.all = Math.max(cNeeded.all, need);
    return all;
  });
  return { hypotheses: count, valid, cNeeded };
}

function evaluate(
  number: number,
  inequality: Inequality,
  setting: Setting,
  rows: readonly Row[],
  valid: readonly boolean[],
  iteration: Float64Array,
): InequalityReport {
  const counts = { evaluated: 0, held: 0, evaluatedUnderHypotheses: 0, heldUnderHypotheses: 0 };
  // Of the iterations with the hypotheses, and of all.
  const worst = { inside: { margin: Infinity, at: NaN }, all: { margin: Infinity, at: NaN } };
  let firstViolation: number | undefined;
  const slack = ROUNDING * inequality.unit(setting);
  const last = inequality.steps ? rows.length - 1 : rows.length;
  for (let i = 0; i < last; i++) {
    const now = rows[i]!;
    const [value, bound] = inequality.sides(setting, now, rows[i + 1] ?? now);
    if (Number.isNaN(value) || Number.isNaN(bound)) continue;
    const room = inequality.atLeast ? value - bound : bound - value;
    const margin = Math.abs(room) <= slack ? 0 : room / Math.abs(bound);
    const held = margin >= 0;
    counts.evaluated++;
    counts.held += Number(held);
    lower(worst.all, margin, iteration[i]!);
    if (!valid[i]! || !(inequality.only?.(setting, now) ?? true)) continue;
    counts.evaluatedUnderHypotheses++;
    counts.heldUnderHypotheses += Number(held);
    lower(worst.inside, margin, iteration[i]!);
    if (!held) firstViolation ??= iteration[i]!;
  }
  const { margin, at } = counts.evaluatedUnderHypotheses > 0 ? worst.inside : worst.all;
  return {
    number,
    states: inequality.states,
    ...counts,
    worstMargin: counts.evaluated > 0 ? margin : NaN,
    worstAt: at,
    ...(firstViolation === undefined ? {} : { firstViolation }),
  };
}

function lower(worst: { margin: number; at: number }, margin: number, at: number): void {
  if (!(margin < worst.margin)) return;
  worst.margin = margin;
  worst.at = at;
}
