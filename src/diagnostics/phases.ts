/**
 * When the three phases of gradient descent from a small random start end: I alignment (spectral phase), II saddle avoidance,
 * III local refinement. With the truth known, and as a user without it would see them.
 *
 * Source: arXiv 2106.15013, sections 8 and 9, in the form of Karnik, Veselovska, Iwen and Krahmer (ICML 2025) with tubes of
 * length 1; the boundaries without the truth are derived.
 */
import * as check from '../checks';
import { LowrankError } from '../errors';
import type { Trace } from '../solvers/result';
import { hasColumns, traceColumns } from './trace-columns';

export interface PhaseOptions {
  /**
   * true: with the truth, and an error where its columns are missing; false: without it only. Default: whatever the columns
   * allow.
   */
  readonly truth?: boolean | undefined;
  /** k and r: columns of the factor, rank of the truth. The end of III with the truth needs both. */
  readonly rank?: number | undefined;
  readonly trueRank?: number | undefined;
  /** n: rows of the factor. Only needed where k > n. */
  readonly rows?: number | undefined;
  /**
   * sigma_min(X), the root of the smallest non-zero singular value of the truth X X^T. Default: the last `sigmaMin`, where the run
   * ends at a test error below 0.2.
   */
  readonly sigmaMin?: number | undefined;
  /** ||X X^T||_F. Default: from `signalError` and `testError` at the start, where U is small. */
  readonly truthNorm?: number | undefined;
  /**
   * lambda_r(A*(y)), the last of the r eigenvalues that belong to the signal: `predictedFloor(problem, ...).eigenvalues[r - 1]`.
   * Default: the last `sigmaSpectral` squared, where the run ends at a residual below 0.2.
   */
  readonly eigenvalue?: number | undefined;
  /** Phase I ends when the sine between L_t and L is at most this, in (0, 1). Default 0.05. */
  readonly alignment?: number | undefined;
  /**
   * Phase III ends, without the truth, when ln(residual) falls by less than this per iteration. Default: a twentieth of the
   * fastest fall since the end of phase II.
   */
  readonly tolerance?: number | undefined;
}

/** Iterations, among those recorded, at which the phases end; undefined where the trace ends before or cannot tell. */
export interface PhaseEnds {
  /** I: L_t, the r leading left singular vectors of U_t, has come as near to L, those of A*(y), as matters. */
  readonly spectral: number | undefined;
  /** II: the signal has grown to the size of the truth. */
  readonly saddle: number | undefined;
  /** III: noise takes over, or nothing improves any more. */
  readonly refinement: number | undefined;
}

/** What one boundary rests on. */
export interface PhaseEvidence {
  readonly boundary: keyof PhaseEnds;
  readonly truth: boolean;
  readonly iteration: number | undefined;
  readonly column: string;
  /** Of the column there, and what it was compared with. NaN where there was nothing to compare. */
  readonly value: number;
  readonly threshold: number;
  /** The rule, or why there is no answer. */
  readonly rule: string;
}

export interface Phases {
  readonly withTruth?: PhaseEnds;
  readonly withoutTruth?: PhaseEnds;
  readonly evidence: readonly PhaseEvidence[];
}

const WITH_TRUTH = ['alignmentSpectral', 'sigmaMin', 'noiseFrobenius', 'testError'] as const;
const WITHOUT_TRUTH = ['alignmentSpectral', 'sigmaSpectral', 'residual'] as const;
const KNOWN = [
  'truth',
  'rank',
  'trueRank',
  'rows',
  'sigmaMin',
  'truthNorm',
  'eigenvalue',
  'alignment',
  'tolerance',
] as const satisfies readonly (keyof PhaseOptions)[];

const ALIGNED = 0.05;
/** Share of the root of lambda_r at which phase II is over, without the truth; 1 / sqrt(10) with it. */
const GROWN = 0.3;
/** A last value stands for the limit when the run ends at an error below this. */
const FITTED = 0.2;
const SLOW_SHARE = 0.05;
/** A hold-out residual within this factor of its minimum counts as there. */
const NEAR_MINIMUM = 1.01;

type Column = ArrayLike<number>;

/**
 * Dates the three phases on a recorded run of the symmetric model. O(length).
 *
 * With the truth (columns `alignmentSpectral`, `sigmaMin`, `noiseFrobenius`, `testError`, and `signalError` unless `truthNorm` is given):
 * - I: first t at which the sine (L, L_t) is at most 0.05, or at its minimum before the end of II if it never gets there. While the
 *   factor is small L_t is that of the power method, so that this does not depend on the scale of the start.
 * - II: first t from there with sigma_min(V_X^T U_t) >= sigma_min(X) / sqrt(10).
 * - III: first t from there with (sqrt(min(n, k) - r) + 1) ||U W_perp W_perp^T U^T||_F >= ||X X^T - U U^T||_F. With k = r there is no noise
 *   and no end.
 *
 * Without it (columns `alignmentSpectral`, `sigmaSpectral`, `residual`; `validationResidual` if there):
 * - I: as above, with the end of II below. Needs a reference rank, not the truth.
 * - II: first t from there at which the r-th singular value of U_t is 0.3 sqrt(lambda_r(A*(y))).
 * - III: the minimum of the hold-out residual where that lies inside the trace; else where ln(residual) falls by less than
 *   `tolerance` per iteration.
 *
 * @throws LowrankError INVALID_ARGUMENT for missing columns (it says which to record), unknown options, values out of range
 */
export function phases(trace: Trace, options: PhaseOptions = {}): Phases {
  const given = resolve(options);
  const truth = given.truth ?? hasColumns(trace, WITH_TRUTH);
  const without = given.truth !== true && (given.truth === false || hasColumns(trace, WITHOUT_TRUTH));
  if (!truth && !without) throw neither(trace);
  const evidence: PhaseEvidence[] = [];
  return {
    ...(truth ? { withTruth: datedWithTruth(trace, given, evidence) } : {}),
    ...(without ? { withoutTruth: datedWithout(trace, given, evidence) } : {}),
    evidence,
  };
}

function datedWithTruth(trace: Trace, options: PhaseOptions, evidence: PhaseEvidence[]): PhaseEnds {
  const names = options.truthNorm === undefined ? ([...WITH_TRUTH, 'signalError'] as const) : WITH_TRUTH;
  const columns: Record<string, Column> = traceColumns(trace, names, 'phases with the truth');
  const [t, sine, strength] = [columns['iteration']!, columns['alignmentSpectral']!, columns['sigmaMin']!];
  const [noise, error] = [columns['noiseFrobenius']!, columns['testError']!];
  const full = options.sigmaMin ?? (last(error) < FITTED ? last(strength) : NaN);
  const level = full / Math.sqrt(10);
  const say = reporter(t, true, evidence);
  const grown = (from: number): number => firstFrom(strength, from, (value) => value >= level);
  const aligned = alignedAt(sine, grown(0), options.alignment ?? ALIGNED);
  sayAligned(say, aligned, sine, options.alignment ?? ALIGNED);
  const saddle = grown(Math.max(0, aligned));
  const how = Number.isNaN(level)
    ? 'sigma_min(X) is not known: give options.sigmaMin, or run to a test error below 0.2'
    : `sigma_min(V_X^T U) at least sigma_min(X) / sqrt(10)${options.sigmaMin === undefined ? ', sigma_min(X) from the end of the run' : ''}`;
  say('saddle', saddle, 'sigmaMin', strength, level, how);
  const norm = options.truthNorm ?? columns['signalError']![0]! / error[0]!;
  const factor = noiseFactor(options);
  const over =
    saddle < 0
      ? -1
      : firstFrom(
          noise,
          saddle,
          (value, i) => factor !== undefined && factor > 0 && factor * value >= error[i]! * norm,
        );
  const rule =
    factor === undefined
      ? 'options.rank (k) and options.trueRank (r) are needed to compare the noise with the error'
      : factor === 0
        ? 'k = r: there is no noise to take over'
        : '(sqrt(min(n, k) - r) + 1) times the noise is at least the error';
  say('refinement', over, 'noiseFrobenius', noise, over < 0 ? NaN : (error[over]! * norm) / (factor ?? NaN), rule);
  return { spectral: iteration(t, aligned), saddle: iteration(t, saddle), refinement: iteration(t, over) };
}

function datedWithout(trace: Trace, options: PhaseOptions, evidence: PhaseEvidence[]): PhaseEnds {
  const columns = traceColumns(trace, WITHOUT_TRUTH, 'phases without the truth');
  const { iteration: t, alignmentSpectral: sine, sigmaSpectral: size, residual } = columns;
  const root =
    options.eigenvalue !== undefined ? Math.sqrt(options.eigenvalue) : last(residual) < FITTED ? last(size) : NaN;
  const level = GROWN * root;
  const say = reporter(t, false, evidence);
  const grown = (from: number): number => firstFrom(size, from, (value) => value >= level);
  const aligned = alignedAt(sine, grown(0), options.alignment ?? ALIGNED);
  sayAligned(say, aligned, sine, options.alignment ?? ALIGNED);
  const saddle = grown(Math.max(0, aligned));
  const how = Number.isNaN(level)
    ? 'lambda_r(A*(y)) is not known: give options.eigenvalue, or run to a residual below 0.2'
    : `r-th singular value of U at least 0.3 sqrt(lambda_r)${options.eigenvalue === undefined ? ', lambda_r from the end of the run' : ''}`;
  say('saddle', saddle, 'sigmaSpectral', size, level, how);
  let end = -1;
  if (saddle >= 0 && hasColumns(trace, ['validationResidual'])) {
    const { validationResidual: held } = traceColumns(trace, ['validationResidual'], 'phases');
    const least = argMin(held, saddle);
    if (least >= 0 && least < t.length - 1) {
      end = firstFrom(held, saddle, (value) => value <= NEAR_MINIMUM * held[least]!);
      say('refinement', end, 'validationResidual', held, held[least]!, 'within 1 % of the least hold-out residual');
    }
  }
  if (end < 0) {
    const stall = saddle < 0 ? undefined : stalled(t, residual, saddle, options.tolerance);
    end = stall?.at ?? -1;
    const rule = 'ln(residual) falls by less than the threshold per iteration';
    say('refinement', end, 'residual', residual, stall?.tolerance ?? NaN, rule);
  }
  return { spectral: iteration(t, aligned), saddle: iteration(t, saddle), refinement: iteration(t, end) };
}

/** Where the sine first reaches the tolerance; where it never does, its minimum up to the end of phase II. */
function alignedAt(sine: Column, grown: number, tolerance: number): number {
  const until = grown < 0 ? sine.length : grown + 1;
  const reached = firstFrom(sine, 0, (value, i) => i < until && value <= tolerance);
  return reached >= 0 ? reached : argMin(sine, 0, until);
}

/** sqrt(min(n, k) - r) + 1; 0 without noise directions; undefined where k or r is not given. */
function noiseFactor({ rank, trueRank, rows }: PhaseOptions): number | undefined {
  if (rank === undefined || trueRank === undefined) return undefined;
  const spare = Math.min(rank, rows ?? rank) - trueRank;
  return spare > 0 ? Math.sqrt(spare) + 1 : 0;
}

/** First index at which the residual, over the next few records, falls by less than the tolerance per iteration. */
function stalled(
  t: Column,
  residual: Column,
  from: number,
  tolerance: number | undefined,
): { at: number; tolerance: number } | undefined {
  const ahead = Math.max(1, Math.min(10, Math.floor((t.length - from) / 20)));
  const fall = (i: number): number => Math.log(residual[i]! / residual[i + ahead]!) / (t[i + ahead]! - t[i]!);
  let fastest = 0;
  for (let i = from; i + ahead < t.length; i++) {
    const now = fall(i);
    if (now > fastest && now < Infinity) fastest = now;
    if (i > from && now < (tolerance ?? SLOW_SHARE * fastest))
      return { at: i, tolerance: tolerance ?? SLOW_SHARE * fastest };
  }
  return undefined;
}

function firstFrom(column: Column, from: number, holds: (value: number, i: number) => boolean): number {
  for (let i = Math.max(0, from); i < column.length; i++) if (holds(column[i]!, i)) return i;
  return -1;
}

function argMin(column: Column, from: number, until = column.length): number {
  let best = -1;
  for (let i = from; i < until; i++)
    if (!Number.isNaN(column[i]!) && (best < 0 || column[i]! < column[best]!)) best = i;
  return best;
}

function last(column: Column): number {
  return column[column.length - 1] ?? NaN;
}

function iteration(t: Column, at: number): number | undefined {
  return at < 0 ? undefined : t[at];
}

type Say = (
  boundary: keyof PhaseEnds,
  at: number,
  column: string,
  values: Column,
  threshold: number,
  rule: string,
) => void;

function reporter(t: Column, truth: boolean, evidence: PhaseEvidence[]): Say {
  return (boundary, at, column, values, threshold, rule) => {
    const value = at < 0 ? NaN : (values[at] ?? NaN);
    evidence.push({ boundary, truth, iteration: iteration(t, at), column, value, threshold, rule });
  };
}

/** The sine that never reached the tolerance stands where the directions of L came one after another: not as in theory. */
function sayAligned(say: Say, at: number, sine: Column, tolerance: number): void {
  const reached = at >= 0 && sine[at]! <= tolerance;
  const rule = reached
    ? 'sine (L, L_t) at most the threshold'
    : 'least sine (L, L_t) up to the end of II: it never reached the threshold, and this depends on the scale of the start';
  say('spectral', at, 'alignmentSpectral', sine, tolerance, rule);
}

function resolve(options: unknown): PhaseOptions {
  const given = check.optionsObject(options, 'phases', KNOWN);
  const optional = <T>(name: string, read: (value: unknown, name: string) => T): T | undefined =>
    given[name] === undefined ? undefined : read(given[name], name);
  const whole = {
    rank: optional('rank', check.positiveInteger),
    trueRank: optional('trueRank', check.positiveInteger),
    rows: optional('rows', check.positiveInteger),
  };
  if (whole.rank !== undefined && whole.trueRank !== undefined && whole.rank < whole.trueRank) {
    throw check.refused('rank >= trueRank', 'phases', `rank ${whole.rank}, trueRank ${whole.trueRank}`);
  }
  return {
    ...whole,
    truth: optional('truth', check.boolean),
    sigmaMin: optional('sigmaMin', check.positiveNumber),
    truthNorm: optional('truthNorm', check.positiveNumber),
    eigenvalue: optional('eigenvalue', check.positiveNumber),
    alignment: optional('alignment', check.fraction),
    tolerance: optional('tolerance', check.positiveNumber),
  };
}

function neither(trace: Trace): LowrankError {
  const missing = (names: readonly string[]): string => names.filter((name) => !hasColumns(trace, [name])).join(', ');
  return new LowrankError(
    'INVALID_ARGUMENT',
    `The trace lacks columns for phases. Record ${missing([...WITH_TRUTH, 'signalError'])} for the phases with the truth, or ` +
      `${missing(WITHOUT_TRUTH)} for those without it (record.columns in solve()).`,
  );
}
