/**
 * recover() of a vector from intensities or amplitudes (phase retrieval), and a verdict on it.
 *
 * 1. Fits on a share of the measurements: a spectral start (optimal preprocessing, then others, then random ones), an
 *    amplitude flow, Gauss-Newton to the bottom. Starts are tried until one fits exactly, or two reach the same vector; message
 *    passing (amp) is tried second, as it gets by with the fewest measurements where the design is like a Gaussian one.
 * 2. Validation on the rows held out, which no fit saw. Where nothing was found, once more with a handful held out: near the
 *    threshold every row counts, and a handful is enough to check an exact fit.
 * 3. Refinement on all rows by Gauss-Newton, to machine precision where the data are clean.
 * 4. Checks: rows that differ by more than a factor are counted; a fit started nearby must come back (a direction that no row sees
 *    would keep it away); fits from random starts look for another vector that fits as well. Held-out rows show none of these.
 *
 * Where the data do not determine the answer, the verdict says so: see diagnostics/vector-trust.ts.
 */
import { lossMeasurements } from '../../channels/intensities';
import { LowrankError } from '../../errors';
import { judgeVector, vectorDegrees, type VectorEvidence, type VectorTrust } from '../../diagnostics/vector-trust';
import { refuseAbove } from '../../memory';
import type { VectorProblem } from '../../problems/vector-problem';
import type { Vector } from '../../vector';
import type { Status, Trace } from '../result';
import type { VectorMethod } from './methods';
import { resolveRecoverVector, type RecoverVectorPlan, type RecoverVectorProgress } from './recover-vector-options';
import { holdOutRows, type VectorHoldOut } from './hold-out';
import type { VectorSolveOptions } from './options';
import { joinVectorTraces, type TracePart } from './join-traces';
import type { VectorInfo, VectorProgress, VectorSolveResult } from './result';
import { distance, distinctRows, movedAway } from './rivals';
import { solveVector } from './solve-vector';
import { spectralStart } from './spectral-start';

/** One start that was tried. */
export interface RecoverStart {
  /** Name of the preprocessing of a spectral start, or 'random'. */
  readonly start: string;
  /** First stage of the fit; Gauss-Newton followed. */
  readonly method: string;
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
  /**
   * Of the start that was chosen (column `stage` 0) and of the refinement (2): `iteration`, counted within each fit, `trainLoss`,
   * `residual` on the rows of that fit and, where the truth is known, `overlap` and `testError`.
   */
  readonly trace: Trace;
  /** The refinement's ledger, with passes of all fits, and every start that was tried. */
  readonly info: VectorInfo & { readonly fits: number; readonly starts: readonly RecoverStart[] };
}

/** A fit this good is exact, and no other start is needed. */
const EXACT = 1e-8;
/** Fits this near, relative to their residual, are the same. */
const SAME = 1e-4;
type Preprocessing = 'optimal' | 'weighted' | 'truncated';
/** Spectral starts in the order they are tried, each with the method of the plan or one of its own; then random ones. */
const STARTS: readonly { readonly preprocessing: Preprocessing; readonly method?: 'amp' }[] = [
  { preprocessing: 'optimal' },
  { preprocessing: 'optimal', method: 'amp' },
  { preprocessing: 'weighted' },
  { preprocessing: 'truncated' },
];
/** Held out in a last attempt, where the first found nothing. */
const HANDFUL = 8;
const FLOW = { iterations: 500, residual: 1e-4, change: 1e-7 };
/** Message passing is done sooner, and with noise never comes to rest. */
const PASSING = { ...FLOW, iterations: 250 };
const NEWTON = { iterations: 60, residual: 1e-13, change: 1e-12 };
/** How far the nearby start is moved, relative; and how much of that may be left when it came back. */
const NEARBY = 1e-2;
const CAME_BACK = 1e-3;
/** Random starts that look for another vector: fewer of large problems, one for so many numbers of the design. */
const RIVALS = { least: 1, most: 12, numbers: 2 ** 18 };
const RIVAL = { iterations: 300, residual: 1e-4, change: 1e-7 };
/** A flow that ends with a larger residual than this is at no vector that fits exactly. */
const HOPEFUL = 0.1;
/** A worse fit is no rival, and of a worse fit none is looked for. */
const FITS = 0.3;
/** Far enough to tell whether a fit came back. */
const RETURN = { iterations: 60, residual: 1e-9, change: 1e-10 };
/** To rounding. */
const REFINEMENT = { iterations: 60, residual: 1e-15, change: 1e-13 };

interface Fit extends RecoverStart {
  readonly theta: Vector;
  readonly traces: readonly Trace[];
}

/** What the checks of an estimate found; empty where it fits too badly to be checked. */
type Checks = Pick<VectorEvidence, 'distinctRows' | 'nearby' | 'rivals' | 'rivalDistance'>;

/** See `recover`; the options are checked here. */
export async function recoverVector(problem: VectorProblem, options: unknown): Promise<RecoverVectorResult> {
  const plan = resolveRecoverVector(problem, options);
  const { signal, maxMemory, share, seed } = plan;
  signal?.throwIfAborted();
  if (!problem.y.some((value) => value > 0)) {
    throw new LowrankError('INVALID_ARGUMENT', 'Expected at least one positive measurement for y but received none.');
  }
  refuseAbove(problem.bytes, 'The copy without held-out rows needs', maxMemory);
  return new VectorRecovery(problem, plan).run(await holdOutRows(problem, share, seed, signal));
}

class VectorRecovery {
  readonly #began = performance.now();
  readonly #amplitudes: Float64Array;
  #fits = 0;
  #iterations = 0;
  #passes = 0;

  constructor(
    private readonly problem: VectorProblem,
    private readonly plan: RecoverVectorPlan,
  ) {
    this.#amplitudes = lossMeasurements(problem.channel, problem.y).map((value) => Math.sqrt(Math.max(value, 0)));
  }

  async run(heldOut: VectorHoldOut | null): Promise<RecoverVectorResult> {
    const { problem, plan } = this;
    let used = heldOut;
    const tried = await this.#search(heldOut);
    let fits = tried;
    const degrees = vectorDegrees(problem.dimension, problem.field, problem.channel.even);
    const everyRowCounts = problem.design === 'dense' && problem.measurements > Math.max(HANDFUL, degrees);
    if (plan.fewer && everyRowCounts && !(tried[0]!.validationResidual < FITS) && !this.#late()) {
      const handful = await holdOutRows(problem, HANDFUL / problem.measurements, plan.seed, plan.signal);
      const again = await this.#search(handful, [STARTS[1]!]);
      tried.push(...again);
      if (handful !== null && again[0]!.trainResidual <= EXACT && again[0]!.validationResidual <= EXACT) {
        fits = again;
        used = handful;
      }
    }
    const best = fits[0]!;

    const refined = await this.#solve(problem, 'refinement', 'gauss-newton', best.theta, REFINEMENT);
    const stopped = refined.status;
    const { residual } = refined;
    const converged = stopped === 'residual' || stopped === 'gradient' || stopped === 'stalled' || residual <= EXACT;
    const phaseless = problem.channel.even;
    const same = agreement(fits) ?? (fits.length > 1 ? rivalDistance(fits) : undefined);
    const checks = await this.#check(refined.theta, residual);
    const trust = judgeVector({
      ...checks,
      measurements: problem.measurements,
      dimension: problem.dimension,
      field: problem.field,
      phaseless,
      degreesOfFreedom: degrees,
      heldOut: used?.heldOut.reduce((sum, byte) => sum + byte, 0) ?? 0,
      trainResidual: best.trainResidual,
      validationResidual: best.validationResidual,
      residual,
      fits: tried.length,
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
      trace: joinVectorTraces([
        ...best.traces.map((trace): TracePart => ({ stage: 'search', trace })),
        { stage: 'refinement', trace: refined.trace },
      ]),
      info: {
        ...refined.info,
        iterations: this.#iterations,
        passes: this.#passes,
        seed: plan.seed,
        fits: this.#fits,
        starts: tried.map(({ start, method, trainResidual, validationResidual, iterations }) => ({
          start,
          method,
          trainResidual,
          validationResidual,
          iterations,
        })),
      },
    };
  }

  /** A fit from a random start; the flow alone where it does not come near. */
  async #rival(residual: number): Promise<VectorSolveResult> {
    const flow = await this.#solve(this.problem, 'check', this.plan.method, null, RIVAL);
    if (flow.residual > HOPEFUL + 2 * residual) return flow;
    return this.#solve(this.problem, 'check', 'gauss-newton', flow.theta, NEWTON);
  }

  /** Fits on the rows not held out, the best first. */
  async #search(heldOut: VectorHoldOut | null, starts?: typeof STARTS): Promise<Fit[]> {
    const training = heldOut?.training ?? this.problem;
    const fits: Fit[] = [];
    const last = starts === undefined ? this.plan.restarts : starts.length - 1;
    for (let attempt = 0; attempt <= last; attempt++) {
      if (fits.length > 0 && this.#late()) break;
      fits.push(await this.#fit(training, heldOut?.heldOut, (starts ?? STARTS)[attempt]));
      if (fits[fits.length - 1]!.trainResidual <= EXACT || agreement(fits) !== undefined) break;
    }
    return fits.sort((a, b) => a.trainResidual - b.trainResidual);
  }

  async #fit(
    training: VectorProblem,
    heldOut: Uint8Array | undefined,
    from: (typeof STARTS)[number] | undefined,
  ): Promise<Fit> {
    const theta = from === undefined ? null : await this.#spectral(training, from.preprocessing);
    const method = from?.method ?? this.plan.method;
    const before = this.#iterations;
    const traces: Trace[] = [];
    const result = await this.#fitFrom(training, 'search', theta, method, traces);
    return {
      start: from?.preprocessing ?? 'random',
      method: typeof method === 'string' ? method : method.name,
      theta: result.theta,
      trainResidual: result.residual,
      validationResidual: heldOut === undefined ? NaN : this.#residualOn(result.theta, heldOut),
      iterations: this.#iterations - before,
      traces,
    };
  }

  /** A method and Gauss-Newton after it. */
  async #fitFrom(
    problem: VectorProblem,
    stage: RecoverVectorProgress['stage'],
    theta: Vector | null,
    method: VectorMethod,
    traces: Trace[] = [],
  ): Promise<VectorSolveResult> {
    let from = theta;
    const name = typeof method === 'string' ? method : method.name;
    const isNewton = name === 'gauss-newton';
    // Of zeros (all y are 0 that this fit sees) only Newton's method makes something.
    if (!isNewton && !(theta?.norm() === 0)) {
      const flow = await this.#solve(problem, stage, method, theta, name === 'amp' ? PASSING : FLOW);
      // A flow that got lost is no start for Newton's method: what it started from is.
      if (flow.residual < 1) from = flow.theta;
      traces.push(flow.trace);
    }
    const result = await this.#solve(problem, stage, isNewton ? method : 'gauss-newton', from, NEWTON);
    traces.push(result.trace);
    return result;
  }

  /** Looks for what held-out rows cannot show: that other vectors fit as well. */
  async #check(theta: Vector, residual: number): Promise<Checks> {
    const { problem, plan } = this;
    if (!(residual < FITS)) return {};
    const rows = await distinctRows(problem, plan.threads, shifted(plan.seed, 1000), plan.signal);
    let nearby: number | undefined;
    let rivals = 0;
    let rivalDistance: number | undefined;
    if (!this.#late()) {
      const start = movedAway(theta, NEARBY, shifted(plan.seed, 2000));
      const back = await this.#solve(problem, 'check', 'gauss-newton', start, RETURN);
      const left = distance(theta, back.theta) / NEARBY;
      // A fit that stops short of the bottom shows nothing.
      nearby = left > CAME_BACK && !fitsAsWell(back.residual, residual) ? undefined : left;
    }
    const budget = RIVALS.numbers / (problem.measurements * problem.dimension);
    const wanted = Math.min(RIVALS.most, Math.max(RIVALS.least, Math.floor(budget)));
    while (rivals < wanted && !this.#late()) {
      const rival = await this.#rival(residual);
      rivals++;
      if (!fitsAsWell(rival.residual, residual)) continue;
      rivalDistance = Math.max(rivalDistance ?? 0, distance(theta, rival.theta));
    }
    return {
      distinctRows: rows,
      ...(nearby !== undefined && { nearby }),
      rivals,
      ...(rivalDistance !== undefined && { rivalDistance }),
    };
  }

  async #spectral(training: VectorProblem, preprocessing: Preprocessing): Promise<Vector> {
    const { seed, threads, signal, maxMemory } = this.plan;
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
    return found.theta;
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
      init: theta === null ? { kind: 'random', seed: shifted(seed, 1 + fits) } : { kind: 'given', theta },
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

/** Another seed, for every seed there is. */
function shifted(seed: number, by: number): number {
  return (seed + by) % Number.MAX_SAFE_INTEGER;
}

function fitsAsWell(residual: number, best: number): boolean {
  return residual <= 1.1 * best + EXACT;
}

/** Distance of the best two fits where it says that they are the same vector; never for fits that fit badly. */
function agreement(fits: readonly Fit[]): number | undefined {
  if (fits.length < 2) return undefined;
  const [best, next] = [...fits].sort((a, b) => a.trainResidual - b.trainResidual) as [Fit, Fit];
  const apart = distance(best.theta, next.theta);
  return best.trainResidual < FITS && apart <= SAME ? apart : undefined;
}

/** Distance to the nearest rival that fits about as well as the best; undefined where none does. */
function rivalDistance(sorted: readonly Fit[]): number | undefined {
  const best = sorted[0]!;
  const rivals = sorted.slice(1).filter((fit) => fitsAsWell(fit.trainResidual, best.trainResidual));
  return rivals.length === 0 ? undefined : Math.max(...rivals.map((fit) => distance(best.theta, fit.theta)));
}
