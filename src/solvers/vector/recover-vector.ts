/**
 * recover() of a vector from intensities or amplitudes (phase retrieval), and a verdict on it.
 *
 * 1. Fits on a share of the measurements: a spectral start (optimal preprocessing, then others, then random ones), an
 *    amplitude flow, Gauss-Newton to the bottom. Starts are tried until one fits exactly, or two reach the same vector.
 * 2. Validation on the rows held out, which no fit saw.
 * 3. Refinement on all rows by Gauss-Newton, to machine precision where the data are clean.
 *
 * Where the data do not determine the answer, the verdict says so: see diagnostics/vector-trust.ts.
 */
import { givesIntensities, lossMeasurements } from '../../channels/intensities';
import * as check from '../../checks';
import { invalid, LowrankError } from '../../errors';
import { judgeVector, vectorDegrees, type VectorTrust } from '../../diagnostics/vector-trust';
import { refuseAbove } from '../../memory';
import type { VectorProblem } from '../../problems/vector-problem';
import { threadCount } from '../../threads';
import { innerProduct, type Vector } from '../../vector';
import type { Status, Trace } from '../result';
import { findVectorMethod, type VectorMethod } from './methods';
import { holdOutRows, type VectorHoldOut } from './hold-out';
import type { VectorSolveOptions } from './options';
import type { VectorInfo, VectorProgress, VectorSolveResult } from './result';
import { solveVector } from './solve-vector';
import { spectralStart } from './spectral-start';

export interface RecoverVectorOptions {
  /** First stage of every fit; Gauss-Newton follows. Default 'reweighted-amplitude-flow'. */
  readonly method?: VectorMethod | undefined;
  /** A vector has rank 1: nothing else is accepted. */
  readonly rank?: 1 | undefined;
  readonly model?: 'vector' | undefined;
  /** Of the choice of held-out rows and of starts; default 0. */
  readonly seed?: number | undefined;
  /**
   * Share of the rows that check the fit. Default: a tenth, but no more than max(40, 2 sqrt(m)) rows. Coded diffraction holds
   * out one whole pattern, where there are three or more.
   */
  readonly holdOut?: { readonly fraction: number } | undefined;
  /** Starts tried after the first; default 6. */
  readonly restarts?: number | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Seconds, positive: stops with the best so far, `status` 'time'. Default: none. */
  readonly timeLimit?: number | undefined;
  /** Aborting rejects the promise with `signal.reason` within 50 ms. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: RecoverVectorProgress) => void) | undefined;
  /** Cap on the memory of the copy without held-out rows and of one fit, in bytes each; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

export interface RecoverVectorProgress extends VectorProgress {
  readonly stage: 'search' | 'refinement';
  readonly rank: 1;
  /** Fits finished before the one at work. */
  readonly fits: number;
}

/** One start that was tried. */
export interface RecoverStart {
  /** Name of the preprocessing of a spectral start, or 'random'. */
  readonly start: string;
  readonly trainResidual: number;
  readonly validationResidual: number;
  readonly iterations: number;
}

export interface RecoverVectorResult {
  readonly model: 'vector';
  readonly rank: 1;
  /** theta; its sign (real) or phase (complex) is not determined by the data. */
  readonly estimate: Vector;
  readonly status: Status;
  /** True when the refinement ended at rounding or where nothing changes any more. */
  readonly converged: boolean;
  /** norm(|X theta| - b) / norm(b) over all rows, b the measured amplitudes. */
  readonly residual: number;
  /** The same over rows that the fit before the refinement did not see; NaN where none could be held out. */
  readonly validationError: number;
  /** Relative distance to the truth up to sign or phase, where the problem knows it. */
  readonly testError?: number;
  /** Of all fits. */
  readonly iterations: number;
  readonly seconds: number;
  readonly method: string;
  readonly seed: number;
  readonly trust: VectorTrust;
  /** Of the refinement. */
  readonly trace: Trace;
  /** The refinement's ledger, with passes of all fits, and every start that was tried. */
  readonly info: VectorInfo & { readonly fits: number; readonly starts: readonly RecoverStart[] };
}

const KNOWN = [
  'method',
  'rank',
  'model',
  'seed',
  'holdOut',
  'restarts',
  'threads',
  'timeLimit',
  'signal',
  'onProgress',
  'maxMemory',
] as const satisfies readonly (keyof RecoverVectorOptions)[];

const DEFAULT_METHOD = 'reweighted-amplitude-flow';
const DEFAULT_RESTARTS = 6;
/** A fit this good is exact, and no other start is needed. */
const EXACT = 1e-8;
/** Fits this near, relative to their residual, are the same. */
const SAME = 1e-4;
/** Spectral starts in the order they are tried; then random ones. */
const PREPROCESSINGS = ['optimal', 'weighted', 'truncated'] as const;
const FLOW = { iterations: 500, residual: 1e-4, change: 1e-7 };
const NEWTON = { iterations: 60, residual: 1e-13, change: 1e-12 };
/** To rounding. */
const REFINEMENT = { iterations: 60, residual: 1e-15, change: 1e-13 };

interface Fit {
  readonly start: string;
  readonly theta: Vector;
  readonly trainResidual: number;
  readonly validationResidual: number;
  readonly iterations: number;
}

/** See `recover`; the options are checked here. */
export async function recoverVector(problem: VectorProblem, options: unknown): Promise<RecoverVectorResult> {
  const given = check.optionsObject(options ?? {}, 'recover', KNOWN, { timeout: 'timeLimit', validation: 'holdOut' });
  if (given['rank'] !== undefined && given['rank'] !== 1) {
    throw invalid('1 (the problem is one of a vector)', 'rank', given['rank']);
  }
  if (given['model'] !== undefined && given['model'] !== 'vector') {
    throw invalid("'vector' (the problem is one of a vector)", 'model', given['model']);
  }
  if (!givesIntensities(problem.channel)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `recover needs intensities |z|^2 or amplitudes |z| but the channel is '${problem.channel.name}'. Use solve with a loss of that channel.`,
    );
  }
  const method = given['method'] ?? DEFAULT_METHOD;
  const first = findVectorMethod(method, problem);
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed');
  const share = resolveShare(given['holdOut'], problem.measurements);
  const restarts =
    given['restarts'] === undefined ? DEFAULT_RESTARTS : check.integer(given['restarts'], 'restarts', 0, 1000);
  const signal = check.optionalSignal(given['signal'], 'signal');
  const maxMemory =
    given['maxMemory'] === undefined ? undefined : check.positiveInteger(given['maxMemory'], 'maxMemory');
  const recovery = new VectorRecovery(problem, {
    method: method as VectorMethod,
    name: first.name === 'gauss-newton' ? first.name : `${first.name}, gauss-newton`,
    seed,
    restarts,
    threads: threadCount(given['threads']),
    timeLimit: given['timeLimit'] === undefined ? undefined : check.positiveNumber(given['timeLimit'], 'timeLimit'),
    signal,
    onProgress: check.optionalFunction(given['onProgress'], 'onProgress') as RecoverVectorOptions['onProgress'],
    maxMemory,
  });
  signal?.throwIfAborted();
  if (!problem.y.some((value) => value > 0)) {
    throw new LowrankError('INVALID_ARGUMENT', 'Expected at least one positive measurement for y but received none.');
  }
  refuseAbove(problem.bytes, 'The copy without held-out rows needs', maxMemory);
  return recovery.run(holdOutRows(problem, share, seed));
}

interface Plan {
  readonly method: VectorMethod;
  readonly name: string;
  readonly seed: number;
  readonly restarts: number;
  readonly threads: number;
  readonly timeLimit: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: RecoverVectorOptions['onProgress'];
  readonly maxMemory: number | undefined;
}

class VectorRecovery {
  readonly #began = performance.now();
  readonly #amplitudes: Float64Array;
  #fits = 0;
  #iterations = 0;
  #passes = 0;

  constructor(
    private readonly problem: VectorProblem,
    private readonly plan: Plan,
  ) {
    this.#amplitudes = lossMeasurements(problem.channel, problem.y).map((value) => Math.sqrt(Math.max(value, 0)));
  }

  async run(heldOut: VectorHoldOut | null): Promise<RecoverVectorResult> {
    const { problem, plan } = this;
    const training = heldOut?.training ?? problem;
    const fits: Fit[] = [];
    for (let attempt = 0; attempt <= plan.restarts; attempt++) {
      if (fits.length > 0 && this.#late()) break;
      fits.push(await this.#fit(training, heldOut?.heldOut, attempt));
      if (fits[fits.length - 1]!.trainResidual <= EXACT || agreement(fits) !== undefined) break;
    }
    fits.sort((a, b) => a.trainResidual - b.trainResidual);
    const best = fits[0]!;

    const refined = await this.#solve(problem, 'refinement', 'gauss-newton', best.theta, REFINEMENT);
    const stopped = refined.status;
    const { residual } = refined;
    const converged = stopped === 'residual' || stopped === 'gradient' || stopped === 'stalled' || residual <= EXACT;
    const phaseless = problem.channel.even;
    const same = agreement(fits) ?? (fits.length > 1 ? rivalDistance(fits) : undefined);
    const trust = judgeVector({
      measurements: problem.measurements,
      dimension: problem.dimension,
      field: problem.field,
      phaseless,
      degreesOfFreedom: vectorDegrees(problem.dimension, problem.field, phaseless),
      heldOut: heldOut?.heldOut.reduce((sum, byte) => sum + byte, 0) ?? 0,
      trainResidual: best.trainResidual,
      validationResidual: best.validationResidual,
      residual,
      fits: fits.length,
      ...(same !== undefined && { agreement: same }),
      converged,
      timeLimit: stopped === 'time',
    });
    return {
      model: 'vector',
      rank: 1,
      estimate: refined.theta,
      status: stopped,
      converged,
      residual,
      validationError: best.validationResidual,
      ...(refined.testError !== undefined && { testError: refined.testError }),
      iterations: this.#iterations,
      seconds: this.#seconds(),
      method: plan.name,
      seed: plan.seed,
      trust,
      trace: refined.trace,
      info: {
        ...refined.info,
        iterations: this.#iterations,
        passes: this.#passes,
        seed: plan.seed,
        fits: this.#fits,
        starts: fits.map(({ start, trainResidual, validationResidual, iterations }) => ({
          start,
          trainResidual,
          validationResidual,
          iterations,
        })),
      },
    };
  }

  async #fit(training: VectorProblem, heldOut: Uint8Array | undefined, attempt: number): Promise<Fit> {
    const { start, theta } = await this.#start(training, attempt);
    const before = this.#iterations;
    let result: VectorSolveResult;
    if (this.plan.name === 'gauss-newton') {
      result = await this.#solve(training, 'search', this.plan.method, theta, NEWTON);
    } else {
      const flow = await this.#solve(training, 'search', this.plan.method, theta, FLOW);
      // A flow that got lost is no start for Newton's method: what it started from is.
      const from = flow.residual < 1 ? flow.theta : theta;
      result = await this.#solve(training, 'search', 'gauss-newton', from, NEWTON);
    }
    return {
      start,
      theta: result.theta,
      trainResidual: result.residual,
      validationResidual: heldOut === undefined ? NaN : this.#residualOn(result.theta, heldOut),
      iterations: this.#iterations - before,
    };
  }

  async #start(training: VectorProblem, attempt: number): Promise<{ start: string; theta: Vector | null }> {
    const { seed, threads, signal, maxMemory } = this.plan;
    const preprocessing = PREPROCESSINGS[attempt];
    if (preprocessing === undefined) return { start: 'random', theta: null };
    const found = await spectralStart(training, {
      preprocessing,
      seed,
      threads,
      ...(signal && { signal }),
      ...(maxMemory !== undefined && { maxMemory }),
      // A start need not be an eigenvector to many digits.
      tolerance: 1e-4,
      maxPasses: 600,
    });
    this.#passes += found.passes;
    return { start: found.preprocessing, theta: found.theta };
  }

  async #solve(
    problem: VectorProblem,
    stage: RecoverVectorProgress['stage'],
    method: VectorMethod,
    theta: Vector | null,
    stop: { readonly iterations: number; readonly residual: number; readonly change: number },
  ): Promise<VectorSolveResult> {
    const { seed, threads, signal, onProgress, maxMemory, timeLimit } = this.plan;
    const fits = this.#fits;
    const options: VectorSolveOptions = {
      method,
      init: theta === null ? { kind: 'random', seed: seed + 1 + fits } : { kind: 'given', theta },
      stop: {
        ...stop,
        gradient: 0,
        // What is left, and a moment where nothing is: the run then ends with its start.
        ...(timeLimit !== undefined && { timeLimit: Math.max(1e-3, timeLimit - this.#seconds()) }),
      },
      threads,
      signal,
      maxMemory,
      ...(onProgress && {
        onProgress: (progress: VectorProgress) => {
          onProgress({ ...progress, stage, rank: 1, fits });
        },
      }),
    };
    const result = await solveVector(problem, options);
    this.#fits++;
    this.#iterations += result.iterations;
    this.#passes += result.info.passes;
    return result;
  }

  #residualOn(theta: Vector, rows: Uint8Array): number {
    const r = this.problem.measure(theta, { threads: this.plan.threads }).data;
    let misfit = 0;
    let size = 0;
    this.#amplitudes.forEach((b, i) => {
      if (rows[i] === 0) return;
      const modulus = this.problem.field === 'real' ? Math.abs(r[i]!) : Math.hypot(r[2 * i]!, r[2 * i + 1]!);
      misfit += (modulus - b) ** 2;
      size += b * b;
    });
    return size > 0 ? Math.sqrt(misfit / size) : misfit > 0 ? Infinity : 0;
  }

  #seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  #late(): boolean {
    return this.plan.timeLimit !== undefined && this.#seconds() >= this.plan.timeLimit;
  }
}

function resolveShare(value: unknown, measurements: number): number {
  if (value === undefined) {
    const count = Math.min(Math.max(1, 0.1 * measurements), Math.max(40, 2 * Math.sqrt(measurements)));
    return Math.min(0.5, count / measurements);
  }
  return check.fraction(check.optionsObject(value, 'holdOut', ['fraction'])['fraction'], 'holdOut.fraction');
}

/** min over c of modulus 1 of norm(a - c b) / norm(a). */
function distance(a: Vector, b: Vector): number {
  const inner = Math.hypot(...innerProduct(a, b));
  const square = a.norm() ** 2 + b.norm() ** 2 - 2 * inner;
  return Math.sqrt(Math.max(0, square)) / a.norm();
}

/** Distance of the best two fits where it says that they are the same vector; never for fits that fit badly. */
function agreement(fits: readonly Fit[]): number | undefined {
  if (fits.length < 2) return undefined;
  const [best, next] = [...fits].sort((a, b) => a.trainResidual - b.trainResidual) as [Fit, Fit];
  const apart = distance(best.theta, next.theta);
  return best.trainResidual < 0.3 && apart <= SAME ? apart : undefined;
}

/** Distance to the nearest rival that fits about as well as the best; undefined where none does. */
function rivalDistance(sorted: readonly Fit[]): number | undefined {
  const best = sorted[0]!;
  const rivals = sorted.slice(1).filter((fit) => fit.trainResidual <= 1.1 * best.trainResidual + EXACT);
  return rivals.length === 0 ? undefined : Math.max(...rivals.map((fit) => distance(best.theta, fit.theta)));
}
