/**
 * The data-driven twin of the dynamical mean-field theory: test error along gradient descent, estimated from the rows at
 * hand, without the signal and without knowledge of the channel.
 */
import { runTask } from '../asymptotics/task';
import { lossMeasurements } from '../channels/intensities';
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { native } from '../load';
import { findLoss, requireDifferentiable, ridgeTerm, type Loss } from '../losses';
import { refuseAbove } from '../memory';
import type { NativeLoss, NativeTwinResult, NativeVectorRun } from '../native';
import { callNative, fromNative } from '../native-errors';
import { normalized, readPreprocessing, type PreprocessingChoice } from '../preprocessing';
import { designHandle, VectorProblem } from '../problems/vector-problem';
import { spectralStart } from '../solvers/vector/spectral-start';
import { threadCount } from '../threads';
import { Vector } from '../vector';
import { estimatedOverlap, spectralConstant } from './leave-one-out';

export interface DataDrivenSpectralStart {
  readonly kind: 'spectral';
  /** As `spectralStart` takes it, with the same default. */
  readonly preprocessing?: PreprocessingChoice | undefined;
  /** ||theta^0||, positive. Default: as `spectralStart`. */
  readonly scale?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

export interface DataDrivenGivenStart {
  readonly kind: 'given';
  /** theta^0: n numbers of the problem's field. */
  readonly theta: Vector;
  /**
   * T(y_i), m numbers, where theta^0 is the top eigenvector of X^H diag(T) X / m at any scale. Absent: theta^0 does not depend
   * on the measurements.
   */
  readonly weights?: Float64Array | readonly number[] | undefined;
}

export interface DataDrivenOptions {
  /** A differentiable loss. */
  readonly loss: Loss;
  /** eta, fixed and positive. */
  readonly step: number;
  /** T, 0 .. 2000. */
  readonly iterations: number;
  /** lambda >= 0, default 0. */
  readonly ridge?: number | undefined;
  /** 0 <= beta < 1, default 0. */
  readonly momentum?: number | undefined;
  /** Default: spectral. */
  readonly start?: DataDrivenSpectralStart | DataDrivenGivenStart | undefined;
  /** Also returns the leave-one-out fields w^t. Default false. */
  readonly fields?: boolean | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Refuses before the work above this many bytes. Default: 80 % of the memory available. */
  readonly maxMemory?: number | undefined;
}

export interface DataDriven {
  readonly iterations: number;
  /** Estimate of the mean loss of theta^t on a fresh row, t = 0 .. T: mean_i L(w_i^t, y_i), without the ridge. */
  readonly testLoss: Float64Array;
  /** mean_i L(r_i^t, y_i) + ridge ||theta^t||^2, half of that in the real field, as `solve` records it. */
  readonly trainLoss: Float64Array;
  /** t at which the estimated test loss is least: where to stop early. */
  readonly bestIteration: number;
  /**
   * Estimate of |<theta*, theta^t>| / (||theta*|| ||theta^t||), from how w^t and y go together. Only where the channel has nodes:
   * this one number per t needs to know it.
   */
  readonly overlap?: Float64Array;
  /** ||theta^t||^2 */
  readonly squaredNorm: Float64Array;
  /** mean_i |w_i^t|^2 over the mean square of an entry of X: equal to `squaredNorm` where the theory holds. */
  readonly squaredField: Float64Array;
  /** Largest |squaredField / squaredNorm - 1|: some 1 / sqrt(m) where the theory holds. */
  readonly normMismatch: number;
  /** Of a spectral start: the top eigenvalue, and the constant tau with the same eigenvalue, link-free. */
  readonly eigenvalue?: number;
  readonly tau?: number;
  /** theta^T */
  readonly theta: Vector;
  /** w^t, t = 0 .. T, m numbers each; on request. */
  readonly fields?: readonly Vector[];
  /** Where the estimate comes from: it is no statement of a paper. */
  readonly status: 'derived';
  /** What it takes for granted, as sentences. */
  readonly assumes: readonly string[];
  readonly seconds: number;
}

const KNOWN = [
  'loss',
  'step',
  'iterations',
  'ridge',
  'momentum',
  'start',
  'fields',
  'threads',
  'signal',
  'maxMemory',
] as const satisfies readonly (keyof DataDrivenOptions)[];
const HINTS = { eta: 'step', stepSize: 'step', lambda: 'ridge', beta: 'momentum', init: 'start', T: 'iterations' };

const MOST_ITERATIONS = 2000;

const ASSUMES = [
  'The rows of the design are independent and nearly Gaussian, with entries of one variance and no correlations.',
  'Rows and unknowns are many: the estimates are off by some 1 / sqrt(m).',
  'The run is gradient descent with this fixed step on all rows; a spectral start is the top eigenvector itself.',
];

interface Plan {
  readonly loss: NativeLoss;
  readonly step: number;
  readonly iterations: number;
  readonly ridge: number;
  readonly momentum: number;
  readonly fields: boolean;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Runs gradient descent and estimates its test loss on the way, from the rows it is fitted to: row by row it takes back what
 * the row has done to the iterate, w_i^t = r_i^t - (1/delta) [R_theta(t, *) T_i r_i^0 + sum_s R_theta(t, s) force_s,i], so
 * that w_i^t is what x_i would have met had it been left out. The responses R_theta come from averages over the same rows.
 * Nothing is held out, nothing is known of signal and channel; it tells when to stop early, and how far training and test
 * loss are apart.
 *
 * Status: derived, and checked against refits without the row and against fresh data (docs/dmft.md); in the spirit of Han
 * and Xu (arXiv 2412.09498), extended to a start that depends on the data. NOT a statement of arXiv 2509.23527.
 *
 * Cost: T + 1 passes over the design and m T^3 / 3 + O(m T^2) flops, on threads of its own; memory of about 7 m T doubles
 * (complex 14 m T).
 *
 * @throws LowrankError (as rejection) INVALID_ARGUMENT for options, a loss whose force jumps, a design that is not dense, a
 *   spectral start whose eigenvalue does not stand out of the bulk; OUT_OF_MEMORY; NUMERICAL where the run diverges.
 *   Rejects with `signal.reason` when aborted.
 */
export async function dataDriven(problem: VectorProblem, options: DataDrivenOptions): Promise<DataDriven> {
  const began = performance.now();
  if (!(problem instanceof VectorProblem))
    throw invalid('a VectorProblem', 'the first argument of dataDriven', problem);
  const given = check.optionsObject(options, 'dataDriven', KNOWN, HINTS);
  const plan = readPlan(given, problem);
  plan.signal?.throwIfAborted();
  const { measurements: m, field } = problem;
  const each = field === 'complex' ? 2 : 1;
  refuseAbove(8 * m * (plan.iterations + 2) * 7 * each, 'The fields of all iterations need', given['maxMemory']);

  const start = await readStart(given['start'], problem, plan);
  const { r, squaredNorm, theta } = await descend(problem, plan, start.theta);

  // The theory is for entries of variance 1: X = s X_0 runs like X_0 with s theta, step s^2 eta and ridge lambda / s^2.
  const variance = problem[designHandle].squaredNorm / (m * problem.dimension);
  const y = lossMeasurements(problem.channel, problem.y);
  const spectral = start.weights === undefined ? undefined : eigenvalueOf(start.weights, r, squaredNorm[0]!, m, each);
  const tau = start.weights === undefined ? 0 : spectralConstant(start.weights, spectral! / variance, problem.delta);
  const twin = await runTask<NativeTwinResult>(
    (done) =>
      callNative(() =>
        native.dataDrivenTwin(
          {
            field,
            delta: problem.delta,
            loss: plan.loss,
            iterations: plan.iterations,
            steps: new Float64Array(plan.iterations).fill(plan.step * variance),
            ridge: plan.ridge / variance,
            momentum: plan.momentum,
            batch: 1,
            spectral: start.weights !== undefined,
            tau,
            overlap: 0,
            norm: 1,
            spectralMemory: true,
            seed: 0,
            firstSample: 0,
            z: new Float64Array(0),
            y,
            t: start.weights ?? null,
          },
          r,
          plan.threads,
          done,
        ),
      ),
    plan.signal,
  );
  const squaredField = twin.squaredNorm.map((value) => value / variance);
  const wide = each * m;
  const fieldAt = (t: number): Float64Array => twin.fields.subarray(t * wide, (t + 1) * wide);
  const overlap = estimatedOverlap(problem, plan.iterations, fieldAt, twin.squaredNorm);
  return {
    iterations: plan.iterations,
    testLoss: twin.testLoss,
    trainLoss: twin.trainLoss.map((value, t) => value + ridgeTerm(plan.ridge, squaredNorm[t]!, field)),
    bestIteration: twin.testLoss.indexOf(Math.min(...twin.testLoss)),
    ...(overlap === undefined ? {} : { overlap }),
    squaredNorm,
    squaredField,
    normMismatch: squaredField.reduce((most, value, t) => Math.max(most, Math.abs(value / squaredNorm[t]! - 1)), 0),
    ...(spectral === undefined ? {} : { eigenvalue: spectral, tau }),
    theta,
    ...(plan.fields
      ? { fields: Array.from({ length: plan.iterations + 1 }, (_, t) => new Vector(fieldAt(t).slice(), field)) }
      : {}),
    status: 'derived',
    assumes: ASSUMES,
    seconds: (performance.now() - began) / 1e3,
  };
}

function readPlan(given: Readonly<Record<string, unknown>>, problem: VectorProblem): Plan {
  if (problem.design !== 'dense') {
    throw check.refused('a problem with a dense design (independent rows)', 'dataDriven', `a ${problem.design} design`);
  }
  const loss = findLoss(given['loss'], problem.field);
  requireDifferentiable(loss, problem.field);
  const momentum = given['momentum'] ?? 0;
  return {
    loss,
    step: check.positiveNumber(given['step'], 'step'),
    iterations: check.integer(given['iterations'], 'iterations', 0, MOST_ITERATIONS),
    ridge: check.nonNegativeNumber(given['ridge'] ?? 0, 'ridge'),
    momentum: momentum === 0 ? 0 : check.fraction(momentum, 'momentum'),
    fields: check.boolean(given['fields'] ?? false, 'fields'),
    threads: threadCount(given['threads']),
    signal: check.optionalSignal(given['signal'], 'signal'),
  };
}

interface Start {
  readonly theta: Vector;
  /** T(y_i) of a spectral start. */
  readonly weights: Float64Array | undefined;
}

async function readStart(value: unknown, problem: VectorProblem, plan: Plan): Promise<Start> {
  const { channel, field, delta, y, measurements } = problem;
  const given = check.optionsObject(value ?? { kind: 'spectral' }, 'start', [
    'kind',
    'preprocessing',
    'scale',
    'seed',
    'theta',
    'weights',
  ]);
  if (check.oneOf(given['kind'], 'start.kind', ['spectral', 'given']) === 'given') {
    check.optionsObject(given, 'start (given)', ['kind', 'theta', 'weights']);
    const theta = given['theta'];
    if (!(theta instanceof Vector)) throw invalid('a Vector', 'start.theta', theta);
    const { weights } = given;
    return {
      theta,
      weights:
        weights === undefined
          ? undefined
          : check.vector(weights, 'start.weights', { is: measurements, why: 'one per measurement' }),
    };
  }
  check.optionsObject(given, 'start (spectral)', ['kind', 'preprocessing', 'scale', 'seed']);
  const standard =
    channel.posteriorSecondMoment !== undefined
      ? 'optimal'
      : channel.intensity
        ? 'truncated'
        : 'orthogonality-promoting';
  const preprocessing = readPreprocessing(given['preprocessing'] ?? standard, 'start.preprocessing');
  const { theta } = await spectralStart(problem, {
    preprocessing,
    scale: given['scale'] as number | undefined,
    seed: given['seed'] as number | undefined,
    tolerance: 1e-10,
    threads: plan.threads,
    signal: plan.signal,
  });
  return { theta, weights: preprocessing.weights(normalized(y, channel, field), { field, delta, channel }) };
}

/** The eigenvalue that the start belongs to, as its Rayleigh quotient. */
function eigenvalueOf(weights: Float64Array, r: Float64Array, squaredNorm: number, m: number, each: number): number {
  let sum = 0;
  for (let i = 0; i < each * m; i++) sum += weights[Math.floor(i / each)]! * r[i]! ** 2;
  return sum / (m * squaredNorm);
}

interface Descent {
  /** r^0 .. r^T, m numbers each. */
  readonly r: Float64Array;
  readonly squaredNorm: Float64Array;
  readonly theta: Vector;
}

/** Gradient descent, one native iteration at a time, so that every field can be kept. */
async function descend(problem: VectorProblem, plan: Plan, start: Vector): Promise<Descent> {
  const { channel, dimension, field, measurements } = problem;
  if (start.field !== field || start.length !== dimension) {
    throw check.refused(
      `a ${field} vector of length ${dimension}`,
      'start.theta',
      `a ${start.field} one of ${start.length}`,
    );
  }
  const theta = new Vector(check.vector(start.data, 'start.theta'), field);
  if (!(theta.norm() > 0)) throw check.refused('a vector that is not 0', 'start.theta', 'one that is');
  const run = callNative(
    () =>
      new native.VectorRun(problem[designHandle], {
        method: 'gradient-descent',
        methodParameters: [],
        loss: plan.loss,
        theta: theta.data,
        seed: 0,
        step: 'fixed',
        stepSize: plan.step,
        ridge: plan.ridge,
        momentum: plan.momentum,
        // One more than is asked for: the run is still 'running' after the last.
        stopIterations: plan.iterations + 1,
        stopResidual: 0,
        stopGradient: 0,
        stopChange: 0,
        stopTimeLimit: 0,
        stopDivergence: 0,
        recordEvery: 0,
        columns: [],
        intensity: channel.intensity,
        even: channel.even,
        y: lossMeasurements(channel, problem.y),
        truth: null,
      }),
  );
  const abort = (): void => {
    run.cancel();
  };
  plan.signal?.addEventListener('abort', abort, { once: true });
  try {
    const wide = (field === 'complex' ? 2 : 1) * measurements;
    const r = new Float64Array((plan.iterations + 1) * wide);
    const squaredNorm = new Float64Array(plan.iterations + 1);
    for (let t = 0; t <= plan.iterations; t++) {
      const status = await advance(run, t === 0 ? 0 : 1, plan.threads);
      plan.signal?.throwIfAborted();
      callNative(() => {
        run.readVector(theta.data, r.subarray(t * wide, (t + 1) * wide));
      });
      squaredNorm[t] = theta.norm() ** 2;
      if (status === 'running' && Number.isFinite(squaredNorm[t])) continue;
      throw new LowrankError(
        'NUMERICAL',
        `Gradient descent diverged at iteration ${t}: step ${plan.step} is too large.`,
      );
    }
    return { r, squaredNorm, theta };
  } finally {
    plan.signal?.removeEventListener('abort', abort);
    run.dispose();
  }
}

function advance(run: NativeVectorRun, iterations: number, threads: number): Promise<string> {
  return new Promise((resolve, reject) => {
    run.advance(iterations, threads, (error, info) => {
      if (info === undefined) reject(fromNative(error));
      else resolve(info.status);
    });
  });
}
