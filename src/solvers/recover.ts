/**
 * recover(): a low-rank matrix of unknown rank from its measurements, and a verdict on it.
 *
 * 1. Search: over-parameterized fits from a spectral (or random) start, a share of the measurements held out. The columns
 *    that the truth does not need go to zero (exact data) or to the level of the noise, so that the rank can be read from
 *    the spectrum (arXiv 2106.15013, 2209.10675 for the held-out share).
 * 2. Validation: the estimate is pruned to that rank and its neighbours and fitted again; held-out rows decide.
 * 3. Refinement at the rank found, on all measurements.
 * 4. Check: a fit started nearby must come back. A null direction of A, which held-out rows cannot show, would keep it away.
 *
 * Where the data do not determine the answer, the verdict says so: see diagnostics/trust.ts.
 */
import { worthChecking, judge, type Evidence } from '../diagnostics/trust';
import { degreesOfFreedom, type MatrixSpace } from '../diagnostics/identifiability';
import { native } from '../load';
import { Matrix } from '../matrix';
import type { NativeDenseOperator } from '../native';
import { operatorHandle, type Problem } from '../problems/problem';
import { distance, extrapolate, nearby, product, scaled, truncate } from './factor-arithmetic';
import { leadingRank, prefersLarger, searchRanks, spectralGap } from './rank-selection';
import { resolveRecoverOptions, type RecoverOptions, type RecoverPlan } from './recover-options';
import { FitRunner, joinTraces, startAt, type Fit } from './recover-stages';
import type { Factors, Model, RecoverResult, Status } from './result';
import { VectorProblem } from '../problems/vector-problem';
import { solve } from './solve';
import { recoverVector, type RecoverVectorResult } from './vector/recover-vector';
import type { RecoverVectorOptions } from './vector/recover-vector-options';
import { meanGain, unitProblem, withMeasurements, type UnitProblem } from './unit-problem';

/** Held-out errors below this are exact: nothing is left for another rank to explain. */
const EXACT = 1e-7;
/** Singular values below this share of the first are no part of an exact answer. */
const NEGLIGIBLE = 1e-8;
/** A search that predicts this well without noise in sight is over. */
const FOUND = 1e-6;
/** A fit that comes back this close came back. */
const CLOSE = 1e-6;
/** A prediction error above this is no basis for anything. */
const HOPEFUL = 0.2;
/** Restarts are made while fewer passes than this were needed so far. */
const RESTART_BUDGET = 1000;
const RESTARTS = 2;

/** The outcome of searching with one model. */
interface Selection {
  readonly model: Model;
  /** The over-parameterized fit that the rank was read from. */
  readonly search: Fit;
  /** The fit at the rank found, which did not see the held-out rows. */
  readonly chosen: Fit;
  readonly gap: number;
  readonly validationFits: readonly Fit[];
}

/**
 * Recovers a low-rank matrix: no rank, no step, no scale needed. A result that cannot be trusted is a result, not an error:
 * look at `trust.verdict` before the estimate.
 *
 * The result has the same bits for any number of threads (unless `timeLimit` ends it). Cost: 100 to 300 passes over the
 * measurement matrices for well-posed problems, up to some 3000 near the limit of what m allows.
 *
 * @param options none is needed, see {@link RecoverOptions}
 * @throws LowrankError (as rejection) INVALID_ARGUMENT, OUT_OF_MEMORY, NUMERICAL. Rejects with `signal.reason` when aborted.
 */
export async function recover(problem: Problem, options?: RecoverOptions): Promise<RecoverResult>;
/**
 * Recovers a vector, up to sign or phase, from intensities or amplitudes: no start, no step, no method needed. As above, look at
 * `trust.verdict` first. Cost: a spectral start and some 50 to 500 passes over the design for each start that is tried.
 *
 * @param options none is needed, see {@link RecoverVectorOptions}
 * @throws LowrankError (as rejection) INVALID_ARGUMENT, also for other channels; OUT_OF_MEMORY, NUMERICAL. Rejects with
 *   `signal.reason` when aborted.
 */
export async function recover(problem: VectorProblem, options?: RecoverVectorOptions): Promise<RecoverVectorResult>;
export async function recover(
  problem: Problem | VectorProblem,
  options?: RecoverOptions | RecoverVectorOptions,
): Promise<RecoverResult | RecoverVectorResult> {
  if (problem instanceof VectorProblem) return recoverVector(problem, options);
  const checked = resolveRecoverOptions(problem, options);
  checked.plan.signal?.throwIfAborted();
  const unit = unitProblem(checked.problem);
  if (unit === undefined) return zeroResult(checked.problem, checked.plan);
  return new Recovery(unit, checked.plan).run();
}

class Recovery {
  readonly #runner: FitRunner;
  readonly #space: MatrixSpace;
  readonly #problem: Problem;
  readonly #plan: RecoverPlan;
  readonly #exponent: number;
  readonly #trainCount: number;
  readonly #gain: number;
  readonly #remarks: string[] = [];

  constructor({ problem, exponent }: UnitProblem, plan: RecoverPlan) {
    this.#problem = problem;
    this.#exponent = exponent;
    this.#plan = plan;
    this.#runner = new FitRunner(problem, plan);
    this.#space = { shape: problem.shape, symmetric: problem.symmetric };
    this.#gain = meanGain(problem);
    this.#trainCount = problem.measurements - (plan.heldOut?.reduce((sum, held) => sum + held, 0) ?? 0);
  }

  async run(): Promise<RecoverResult> {
    const { model, modelGiven, method } = this.#plan;
    let selection = await this.#select(model);
    // A symmetric matrix with negative eigenvalues is no U U^T; as F G^T with G = F diag(+-1) it is in reach.
    const other = model === 'symmetric' && !modelGiven && method.name === 'riemannian-gauss-newton';
    if (other && !(selection.chosen.validation <= FOUND) && !this.#runner.isExpired()) {
      const indefinite = await this.#select('asymmetric', 2);
      if (indefinite.chosen.validation < 0.5 * selection.chosen.validation) {
        this.#remarks.push(
          'No positive semidefinite matrix U U^T fits as well (held-out error ' +
            `${selection.chosen.validation.toExponential(1)}): the estimate is a symmetric matrix with negative eigenvalues, F G^T.`,
        );
        selection = indefinite;
      }
    }
    return this.#finish(selection);
  }

  /** Searches and validates at rising search ranks, `most` of them at most, until something convinces. */
  async #select(model: Model, most = Infinity): Promise<Selection> {
    const { rank, heldOut, seed } = this.#plan;
    const ranks = searchRanks(this.#space, this.#trainCount);
    // With the rank given a search above it still helps: it sees the gap, and passes local minima.
    const ladder = rank === undefined ? ranks : [...new Set([...ranks.filter((k) => k > rank).slice(-2), rank])];
    ladder.splice(most);
    let best: Selection | undefined;
    for (const [index, searchRank] of ladder.entries()) {
      const last = index === ladder.length - 1;
      // A random start of the asymmetric model would leave the symmetric matrices.
      const attempts = last && !(model === 'asymmetric' && this.#space.symmetric) ? 1 + RESTARTS : 1;
      for (let attempt = 0; attempt < attempts; attempt++) {
        if (best !== undefined && (this.#runner.isExpired() || (attempt > 0 && this.#runner.passes > RESTART_BUDGET)))
          break;
        const init = this.#runner.strategy.start(attempt, seed);
        const search = await this.#runner.fit('search', model, searchRank, { init, heldOut });
        const found = await this.#readRank(model, search);
        if (best === undefined || this.#isBetter(found, best)) best = found;
        if (this.#accepts(best)) return best;
        // A wider search that confirms what an earlier one found.
        const confirms =
          found.chosen.rank === best.chosen.rank && found.chosen.validation < 1.1 * best.chosen.validation;
        if (confirms && this.#accepts(found)) return found;
      }
    }
    return this.#continued(best!);
  }

  /** Prunes an over-parameterized fit to the rank its spectrum shows, and compares with the neighbours. */
  async #readRank(model: Model, search: Fit): Promise<Selection> {
    const { rank: given, heldOut } = this.#plan;
    const fits = new Map<number, Fit>([[search.rank, search]]);
    const at = async (rank: number): Promise<Fit> => {
      const known = fits.get(rank);
      if (known !== undefined) return known;
      const init = startAt(truncate(search.svd, rank, model === 'symmetric'));
      const fit = await this.#runner.fit('validation', model, rank, { init, heldOut });
      fits.set(rank, fit);
      return fit;
    };
    const larger = async (a: number): Promise<boolean> =>
      prefersLarger(this.#space, this.#trainCount, await at(a), await at(a + 1));

    let rank = given ?? leadingRank(search.svd.values);
    const first = await at(rank);
    if (given === undefined && !(first.validation <= EXACT) && !this.#runner.isExpired()) {
      const start = rank;
      while (rank < search.rank && !this.#runner.isExpired() && (await larger(rank))) rank++;
      if (rank === start) while (rank > 1 && !this.#runner.isExpired() && !(await larger(rank - 1))) rank--;
    }
    return {
      model,
      search,
      chosen: await at(rank),
      gap: rank < search.rank ? spectralGap(search.svd.values, rank) : NaN,
      validationFits: [...fits.values()].filter((fit) => fit !== search),
    };
  }

  #isBetter(a: Selection, b: Selection): boolean {
    if (!(b.chosen.validation >= 0)) return a.chosen.residual < b.chosen.residual;
    if (a.chosen.validation < 0.7 * b.chosen.validation) return true;
    const asGood = a.chosen.validation < 1.1 * b.chosen.validation && a.chosen.rank <= b.chosen.rank;
    return asGood && !(a.gap <= b.gap);
  }

  /** Good enough to end the search: exact, or clearly low rank plus noise with measurements to spare. */
  #accepts({ search, chosen, gap }: Selection): boolean {
    if (chosen.validation <= FOUND) return true;
    if (this.#plan.rank !== undefined) return chosen.validation <= HOPEFUL && search.rank > chosen.rank;
    const least = Math.min(...this.#space.shape);
    const spare = this.#trainCount >= 2 * degreesOfFreedom(this.#space, chosen.rank + 1);
    return chosen.validation <= HOPEFUL && gap >= 5 && spare && search.rank >= Math.min(chosen.rank + 2, least);
  }

  /** A promising fit that ran out of iterations gets more. */
  async #continued(selection: Selection): Promise<Selection> {
    const { chosen, model } = selection;
    const unfinished = chosen.result.status === 'iterations' && chosen.validation > FOUND && chosen.validation < 0.5;
    if (!unfinished || this.#runner.isExpired()) return selection;
    const init = startAt(chosen.result.factors);
    const more = await this.#runner.fit('validation', model, chosen.rank, { init, heldOut: this.#plan.heldOut });
    if (!(more.validation < chosen.validation)) return selection;
    return { ...selection, chosen: more, validationFits: [...selection.validationFits, more] };
  }

  /** The fit to all measurements, the check, the verdict. */
  async #finish(selection: Selection): Promise<RecoverResult> {
    const { model, search, chosen } = selection;
    const expired = this.#runner.isExpired();
    const final = await this.#runner.fit('refinement', model, chosen.rank, {
      init: startAt(truncate(chosen.svd, chosen.rank, model === 'symmetric')),
      heldOut: null,
      ...(expired ? { iterations: 1 } : {}),
    });
    const status: Status = expired ? 'time' : isStationary(final, this.#gain) ? 'gradient' : final.result.status;
    const converged = !expired && (final.result.converged || status === 'gradient');
    const factors = truncate(final.svd, chosen.rank, model === 'symmetric');
    const unitEstimate = await product(factors, this.#space.symmetric);
    this.#plan.signal?.throwIfAborted();

    const significant = final.svd.values.filter((value) => value > NEGLIGIBLE * final.svd.values[0]!).length;
    if (significant < chosen.rank) {
      this.#remarks.push(
        `Only ${significant} of the ${chosen.rank} singular values are more than rounding: the rank is lower.`,
      );
    }
    let evidence = this.#evidence(selection, final, status, converged);
    if (worthChecking(evidence)) {
      evidence = { ...evidence, returned: await this.#returned(model, final, factors, unitEstimate) };
      if (!(chosen.validation <= FOUND) && worthChecking(evidence)) {
        evidence = { ...evidence, response: await this.#response(model, final, factors, unitEstimate) };
      }
      if (!worthChecking(evidence) && hasSymmetricMatrices(this.#problem)) {
        this.#remarks.push('The measurement matrices are symmetric: build the problem with symmetric: true.');
      }
    }
    const trust = judge(evidence);
    const times = 4 ** this.#exponent;
    const { result } = final;
    return {
      estimate: new Matrix(scaledValues(unitEstimate.data, this.#exponent), unitEstimate.rows, unitEstimate.cols),
      rank: chosen.rank,
      factors: scaled(factors, 2 ** this.#exponent),
      searchSpectrum: scaledValues(search.svd.values, this.#exponent),
      singularValues: scaledValues(final.svd.values, this.#exponent),
      status,
      converged,
      residual: result.residual,
      validationError: chosen.validation,
      ...(result.testError === undefined ? {} : { testError: result.testError }),
      ...this.#counts(final),
      method: this.#plan.method.name,
      seed: this.#plan.seed,
      trust,
      trace: joinTraces([search, ...selection.validationFits, final], times * times),
    };
  }

  #counts(final: Fit): Pick<RecoverResult, 'iterations' | 'seconds' | 'info'> {
    const info = this.#runner.info(final.result.info, final.rank);
    return { iterations: info.iterations, seconds: this.#runner.seconds, info };
  }

  #evidence({ search, chosen, gap }: Selection, final: Fit, status: Status, converged: boolean): Evidence {
    const { values } = final.svd;
    const { heldOut, rank } = this.#plan;
    return {
      space: this.#space,
      measurements: this.#problem.measurements,
      rank: chosen.rank,
      rankGiven: rank !== undefined,
      searchRank: search.rank,
      spectralGap: gap,
      heldOut: this.#problem.measurements - this.#trainCount,
      effectiveHeldOut: heldOut === null ? 0 : effectiveCount(this.#problem.y, heldOut),
      trainResidual: chosen.residual,
      validationResidual: chosen.validation,
      residual: final.residual,
      conditionNumber: values[0]! / values[values.length - 1]!,
      stopped: status,
      converged,
      remarks: this.#remarks,
    };
  }

  /** The smallest singular value that is more than rounding: a given rank may be larger than that of the answer. */
  #smallest({ svd: { values } }: Fit): number {
    const floor = NEGLIGIBLE * values[0]!;
    return values.findLast((value) => value > floor) ?? values[0]!;
  }

  /**
   * Starts a fit a tenth of the smallest singular value away and says which share of that way remains at its end. What
   * remains has been bent towards the directions that the measurements determine least, so a second fit is started that far
   * away in its direction: along a direction that is not determined at all it stays where it was put.
   */
  async #returned(model: Model, final: Fit, factors: Factors, estimate: Matrix): Promise<number> {
    const size = 0.1 * this.#smallest(final);
    const symmetric = model === 'symmetric';
    const first = nearby(factors, size, this.#plan.seed, this.#space.symmetric);
    const from = await this.#fitFrom(first, model, final.rank, estimate);
    if (from.share <= CLOSE || from.share > 1) return from.share;
    const second = await extrapolate(factors, from.end, 1 / from.share, symmetric);
    return (await this.#fitFrom(second, model, final.rank, estimate)).share;
  }

  /**
   * The relative error that noise of the size of the residual causes, measured: such noise is added to y, and the distance
   * that the fit moves is the answer. It needs no assumption on A, as the formula `expectedError` does.
   */
  async #response(model: Model, final: Fit, factors: Factors, x: Matrix): Promise<number> {
    const { y, measurements } = this.#problem;
    const spare = measurements - degreesOfFreedom(this.#space, final.rank);
    const deviation = (final.residual * norm(y)) / Math.sqrt(Math.max(1, spare));
    const noise = new Float64Array(measurements);
    native.normals(this.#plan.seed, 'noise', 0, noise);
    const problem = withMeasurements(
      this.#problem,
      y.map((value, i) => value + deviation * noise[i]!),
    );
    const fit = await this.#runner.fit('check', model, final.rank, { init: startAt(factors), heldOut: null, problem });
    return (await distance(fit.result.factors, x)) / norm(x.data);
  }

  async #fitFrom(start: Factors, model: Model, rank: number, x: Matrix): Promise<{ share: number; end: Factors }> {
    const away = await distance(start, x);
    const { result } = await this.#runner.fit('check', model, rank, { init: startAt(start), heldOut: null });
    return { share: away > 0 ? (await distance(result.factors, x)) / away : 0, end: result.factors };
  }
}

/** Gauss-Newton at the least-squares fit of noisy data stands still with a gradient that is small for its residual. */
function isStationary({ result, svd }: Fit, gain: number): boolean {
  if (result.status !== 'stalled') return false;
  // trainLoss is 1/4 or 1/2 ||r||^2; the gradient of a random residual is about gain ||r|| sqrt(sigma_1).
  const residual = Math.sqrt((result.info.model === 'symmetric' ? 4 : 2) * result.trainLoss);
  return result.gradientNorm <= 1e-4 * gain * residual * Math.sqrt(svd.values[0]!);
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

/**
 * How many held-out rows carry the comparison: 3 (sum y^2)^2 / sum y^4, which is their number for Gaussian y and three times
 * that of the nonzero ones where most are zero; at most their number.
 */
function effectiveCount(y: Float64Array, heldOut: Uint8Array): number {
  let count = 0;
  let squares = 0;
  let fourths = 0;
  for (let i = 0; i < y.length; i++) {
    if (heldOut[i] === 0) continue;
    count++;
    squares += y[i]! ** 2;
    fourths += y[i]! ** 4;
  }
  return fourths > 0 ? Math.min(count, (3 * squares ** 2) / fourths) : 0;
}

/** values * 4^exponent, in two steps: the power itself may be out of range. */
function scaledValues(values: Float64Array, exponent: number): Float64Array {
  const root = 2 ** exponent;
  return exponent === 0 ? values : values.map((value) => value * root * root);
}

/** Whether the A_i look symmetric although the problem does not say so; three of them tell. */
function hasSymmetricMatrices(problem: Problem): boolean {
  const operator = problem[operatorHandle] as Partial<NativeDenseOperator>;
  const [rows, cols] = problem.shape;
  if (problem.symmetric || rows !== cols || rows === 1 || operator.readMatrix === undefined) return false;
  const matrix = Matrix.zeros(rows, cols);
  return [0, problem.measurements >> 1, problem.measurements - 1].every((index) => {
    operator.readMatrix?.(index, matrix.data);
    return matrix.isSymmetric();
  });
}

/** y = 0: the zero matrix fits exactly, and nothing can be told from it. */
async function zeroResult(problem: Problem, plan: RecoverPlan): Promise<RecoverResult> {
  const [rows, cols] = problem.shape;
  const left = Matrix.zeros(rows, 1);
  const right = plan.model === 'symmetric' ? left : Matrix.zeros(cols, 1);
  const { method, threads, signal } = plan;
  const run = await solve(problem, {
    method: method.name,
    model: plan.model,
    init: startAt({ left, right }),
    stop: { iterations: 1 },
    threads,
    signal,
  });
  const none = Matrix.zeros(rows, 0);
  return {
    estimate: Matrix.zeros(rows, cols),
    rank: 0,
    factors: { left: none, right: plan.model === 'symmetric' ? none : Matrix.zeros(cols, 0) },
    searchSpectrum: new Float64Array(0),
    singularValues: new Float64Array(0),
    status: 'residual',
    converged: true,
    residual: 0,
    validationError: 0,
    ...(run.testError === undefined ? {} : { testError: run.testError }),
    iterations: 0,
    seconds: run.info.seconds.total,
    method: method.name,
    seed: plan.seed,
    trust: {
      verdict: 'doubtful',
      reasons: [
        'Every measurement is zero: the zero matrix fits them exactly, and nothing else can be told from them.',
      ],
      evidence: {
        measurements: problem.measurements,
        degreesOfFreedom: 0,
        measurementsPerDegree: Infinity,
        trainResidual: 0,
        validationResidual: 0,
        spectralGap: NaN,
        conditionNumber: NaN,
        stopped: 'residual',
      },
    },
    trace: run.trace,
    info: { ...run.info, rank: 0, seed: plan.seed },
  };
}
