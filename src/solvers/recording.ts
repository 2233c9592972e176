/** What is written down along the iterations: option `record`, and the trace made of it. */
import * as check from '../checks';
import { LowrankError } from '../errors';
import { native } from '../load';
import type { NativeRun } from '../native';
import type { Problem } from '../problems/problem';
import type { Model, Trace } from './result';

/**
 * In every run:
 * - `trainLoss`: 1/4 (symmetric) or 1/2 (asymmetric) ||A(X) - y||^2 over the training rows; `residual`: ||A(X) - y|| / ||y||
 *   over them; `validationResidual`: the same over the held-out rows. With y = 0 the absolute norm.
 * - `gradientNorm`: of the gradient of the loss, both factors together; `step`: the step size taken to get here.
 * - `passes`: how often the measurement matrices have been read.
 * - `testError`: ||X - X*||_F / ||X*||_F; costs O(n1 n2 rank) each time.
 *
 * Probes. Norms are spectral unless Frobenius is said; sines are of the largest principal angle. V_X spans the columns of
 * the truth X* = X X^T, r is its rank (or `record.reference.rank`), V_X^T U = V S W^T the thin SVD that splits U into a
 * signal U W W^T and a noise U W_perp W_perp^T (arXiv 2106.15013). With k < r columns, what is the r-th of something is 0.
 *
 * Symmetric model, truth known:
 * - `sigmaMin`: r-th singular value of V_X^T U; `signal`: sigma_min(U W), at least as large; `noise`: ||U W_perp||;
 *   `noiseFrobenius`: ||U W_perp W_perp^T U^T||_F; `misalignment`: ||V_X,perp^T V_UW||, sine between truth and signal.
 * - `wDrift`: ||W_{t-1,perp}^T W_t|| from one iteration to the next, NaN at the start (and looked at in every iteration,
 *   whatever `record.every`); `signalError`: ||V_X^T (X X^T - U U^T)||_F.
 * - `alignment`: sine (X, L_t), L_t the r leading left singular vectors of U.
 * - `ripDeviation`: ||(A*A - I)(X X^T - U U^T)||, from the image of the residual: noise is in it, and with held-out rows A is
 *   that of the training rows.
 *
 * Symmetric model, truth or reference rank; M_hat = A*(y) over the training rows, L its r leading eigenvectors:
 * - `alignmentSpectral`: sine (L, L_t); `sigmaSpectral`: r-th singular value of U; `factorNorm`: ||U|| (needs neither).
 * - with a fixed step mu, the power method beside the run, Utilde_t = (I + mu M_hat)^t U_0 with its own Ltilde_t:
 *   `alignmentPower`: sine (L, Ltilde_t); `alignmentToPower`: sine (L_t, Ltilde_t);
 *   `powerDistance`: ||U - Utilde_t|| / ||Utilde_t|| (needs neither).
 *
 * Both models: `singularValues` of U or F. Asymmetric model: `singularValuesRight` of G; `imbalance`, the eigenvalues of
 * F^T F - G^T G, falling; `imbalanceDrift`: ||Delta_t - Delta_0||_F / ||Delta_0||_F of that matrix, from the start or the
 * last event on. These but the last are vectors of `rank` numbers: columns `singularValues1` .. `singularValues<k>`, and so on,
 * in the trace. After `prune` they are shorter; what is missing is NaN.
 */
export type RecordColumn =
  'trainLoss' | 'residual' | 'validationResidual' | 'gradientNorm' | 'step' | 'passes' | 'testError' | Probe;

export type Probe =
  | 'sigmaMin'
  | 'signal'
  | 'noise'
  | 'noiseFrobenius'
  | 'misalignment'
  | 'wDrift'
  | 'signalError'
  | 'alignment'
  | 'ripDeviation'
  | 'alignmentSpectral'
  | 'sigmaSpectral'
  | 'factorNorm'
  | 'alignmentPower'
  | 'alignmentToPower'
  | 'powerDistance'
  | 'singularValues'
  | 'singularValuesRight'
  | 'imbalance'
  | 'imbalanceDrift';

/** What a probe needs; native code checks the same. */
const NEEDS: Readonly<Record<Probe, readonly Need[]>> = {
  sigmaMin: ['symmetric', 'truth'],
  signal: ['symmetric', 'truth'],
  noise: ['symmetric', 'truth'],
  noiseFrobenius: ['symmetric', 'truth'],
  misalignment: ['symmetric', 'truth'],
  wDrift: ['symmetric', 'truth'],
  signalError: ['symmetric', 'truth'],
  alignment: ['symmetric', 'truth'],
  ripDeviation: ['symmetric', 'knownTruth'],
  alignmentSpectral: ['symmetric', 'rank'],
  sigmaSpectral: ['symmetric', 'rank'],
  factorNorm: ['symmetric'],
  alignmentPower: ['symmetric', 'rank', 'fixedStep', 'noEvents'],
  alignmentToPower: ['symmetric', 'rank', 'fixedStep', 'noEvents'],
  powerDistance: ['symmetric', 'fixedStep', 'noEvents'],
  singularValues: [],
  singularValuesRight: ['asymmetric'],
  imbalance: ['asymmetric'],
  imbalanceDrift: ['asymmetric'],
};
/** `truth`: known and not zero; `knownTruth`: known; `rank`: a truth that is not zero, or a reference rank. */
type Need = 'symmetric' | 'asymmetric' | 'truth' | 'knownTruth' | 'rank' | 'fixedStep' | 'noEvents';

const VECTORS: readonly RecordColumn[] = ['singularValues', 'singularValuesRight', 'imbalance'];

export interface RecordOptions {
  /** Record iterations 0, every, 2 every, ... and the last; 0: only the first and the last. Default 1. */
  readonly every?: number | undefined;
  /**
   * Default: `trainLoss` and `residual`, `validationResidual` where measurements are held out, `testError` where the
   * truth is known. `iteration` is always there besides.
   */
  readonly columns?: readonly RecordColumn[] | undefined;
  /**
   * r of the probes, 1 .. min(n1, n2). Default: `problem.trueRank`, or else the numerical rank of the truth. Where no truth is
   * known, the probes that compare with the spectral subspace need it.
   */
  readonly reference?: { readonly rank: number } | undefined;
}

export interface ResolvedRecord {
  readonly every: number;
  readonly columns: readonly RecordColumn[];
  /** r of the probes; 0: the numerical rank of the truth. */
  readonly probeRank: number;
}

/** What the run has that a column may need. */
export interface RecordSetting {
  readonly problem: Problem;
  readonly model: Model;
  readonly hasHeldOut: boolean;
  readonly fixedStep: boolean;
  readonly hasEvents: boolean;
}

/** Names of all columns that a run can record. */
export function recordColumns(): readonly RecordColumn[] {
  return native.buildInfo().recordColumns as RecordColumn[];
}

/** Names of all probes. */
export function probeNames(): readonly Probe[] {
  return Object.keys(NEEDS) as Probe[];
}

const NEEDS_TRUTH = ['testError'];
const NEEDS_HELD_OUT = ['validationResidual'];

/** @throws LowrankError INVALID_ARGUMENT; also for a column that needs what the problem does not have */
export function resolveRecord(value: unknown, setting: RecordSetting): ResolvedRecord {
  const { problem, hasHeldOut } = setting;
  const hasTruth = problem.truth !== undefined;
  const hints = { rank: 'reference', probes: 'columns' };
  const given =
    value === undefined ? {} : check.optionsObject(value, 'record', ['every', 'columns', 'reference'], hints);
  const every = given['every'] === undefined ? 1 : check.integer(given['every'], 'record.every', 0);
  const reference = readReference(given['reference'], problem.shape);
  const probeRank = reference ?? problem.trueRank ?? 0;
  const known = recordColumns();
  if (given['columns'] === undefined) {
    const usual: RecordColumn[] = ['trainLoss', 'residual'];
    if (hasHeldOut) usual.push('validationResidual');
    if (hasTruth) usual.push('testError');
    return { every, columns: usual, probeRank };
  }
  const asked = given['columns'];
  if (!Array.isArray(asked)) throw invalidColumns(asked);
  const columns = asked.map((name: unknown, i) => check.oneOf(name, `record.columns[${i}]`, known));
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined)
    throw new LowrankError('INVALID_ARGUMENT', `Column '${twice}' occurs twice in record.columns.`);
  refuse(columns, NEEDS_TRUTH, hasTruth, 'a problem whose truth is known');
  refuse(columns, NEEDS_HELD_OUT, hasHeldOut, 'held-out measurements: set holdOut');
  refuseProbes(columns, setting, reference !== undefined);
  return { every, columns, probeRank };
}

function readReference(value: unknown, shape: readonly [number, number]): number | undefined {
  if (value === undefined) return undefined;
  const { rank } = check.optionsObject(value, 'record.reference', ['rank'], { r: 'rank', trueRank: 'rank' });
  return check.positiveInteger(rank, 'record.reference.rank', Math.min(...shape));
}

function refuseProbes(columns: readonly RecordColumn[], setting: RecordSetting, hasReference: boolean): void {
  const { problem, model } = setting;
  const probes = columns.filter((column): column is Probe => Object.hasOwn(NEEDS, column));
  const refuseAll = (need: Need, present: boolean, what: string): void => {
    const needing = probes.filter((probe) => NEEDS[probe].includes(need));
    refuse(columns, needing, present, what);
  };
  const known = problem.truth !== undefined;
  refuseAll('symmetric', model === 'symmetric', 'the symmetric model');
  refuseAll('asymmetric', model === 'asymmetric', 'the asymmetric model');
  refuseAll('truth', known, 'a problem whose truth is known');
  refuseAll('knownTruth', known, 'a problem whose truth is known');
  refuseAll('rank', known || hasReference, 'a problem whose truth is known, or record.reference: { rank }');
  const nonZero = hasReference || !known || problem.truth.data.some((entry) => entry !== 0);
  refuseAll('truth', nonZero, 'a truth that is not zero');
  refuseAll('rank', nonZero, 'a truth that is not zero, or record.reference: { rank }');
  refuseAll('fixedStep', setting.fixedStep, 'a fixed step: it compares with the power method of that step');
  refuseAll('noEvents', !setting.hasEvents, 'a run without events: it compares with the power method from the start');
}

/** The columns of the trace: vectors as name1 .. name<rank>. */
function expanded(columns: readonly RecordColumn[], rank: number): string[] {
  return columns.flatMap((name) =>
    VECTORS.includes(name) ? Array.from({ length: rank }, (_, i) => `${name}${i + 1}`) : [name],
  );
}

function refuse(columns: readonly string[], needing: readonly string[], present: boolean, what: string): void {
  const column = present ? undefined : columns.find((name) => needing.includes(name));
  if (column !== undefined) throw new LowrankError('INVALID_ARGUMENT', `Recorded column '${column}' needs ${what}.`);
}

function invalidColumns(value: unknown): LowrankError {
  return new LowrankError(
    'INVALID_ARGUMENT',
    `Expected an array of column names for record.columns but received ${value === null ? 'null' : typeof value}.`,
  );
}

/** Collects what each advance recorded and joins it to one trace. */
export class Recorder {
  /** Of each block, the names of its columns: fewer of a vector column after the factors were pruned. */
  readonly #blocks: { readonly names: readonly string[]; readonly data: Float64Array }[] = [];
  #names: readonly string[] = [];
  #rows = 0;
  #lastIteration = -1;

  constructor(private readonly columns: readonly RecordColumn[]) {}

  /** Before a native run with factors of `rank` columns. */
  begin(rank: number): void {
    this.#names = ['iteration', ...expanded(this.columns, rank)];
  }

  /** Copies the rows of the latest advance out of the run. */
  take(run: NativeRun, rows: number): void {
    if (rows === 0) return;
    const names = this.#names;
    const width = names.length;
    const block = new Float64Array(rows * width);
    run.readRecords(block);
    // A run that goes on after an event begins with the iteration that the one before it ended with.
    const repeated = block[0] === this.#lastIteration;
    this.#blocks.push({ names, data: repeated ? block.subarray(width) : block });
    this.#rows += repeated ? rows - 1 : rows;
    this.#lastIteration = block[block.length - width]!;
  }

  trace(): Trace {
    // The first block has the most columns: events take columns of the factors away and add none.
    const all = this.#blocks[0]?.names ?? this.#names;
    const columns = all.map((name): [string, Float64Array] => {
      const out = new Float64Array(this.#rows);
      let at = 0;
      for (const { names, data } of this.#blocks) {
        const column = names.indexOf(name);
        for (let i = 0; i < data.length; i += names.length) out[at++] = column < 0 ? NaN : data[i + column]!;
      }
      return [name, out];
    });
    return { length: this.#rows, columns: Object.fromEntries(columns) };
  }
}
