/**
 * The dynamical mean-field theory (DMFT) of gradient descent on a single-index model: its trajectory in the limit of many
 * unknowns, without a run.
 */
import { channelNoise } from '../channels';
import { lossMeasurements } from '../channels/intensities';
import { LowrankError } from '../errors';
import { ridgeTerm } from '../losses';
import { native } from '../load';
import { Matrix } from '../matrix';
import type { NativeDmftOptions, NativeDmftResult } from '../native';
import { callNative } from '../native-errors';
import { readDmftOptions, type DmftOptions, type DmftPlan } from './dmft-options';
import { dmftStart, leastSquaresScale, type StartConstants } from './dmft-start';
import type { SpectralPrediction } from './spectral';
import { runTask } from './task';

/** Numbers for t = 0 .. T each. */
export interface DmftCurves {
  /** m_t = <theta*, theta^t>, theta* of norm 1; modulo sign (phase) where the channel is even. */
  readonly m: Float64Array;
  /** q_t = ||theta^t||^2 */
  readonly q: Float64Array;
  /** m_t / sqrt(q_t) */
  readonly overlap: Float64Array;
  /** E L(r^t, y) + ridge q_t, half of that in the real field: what a run records as `trainLoss`. */
  readonly trainLoss: Float64Array;
  /** E L(w^t, y): the mean loss on fresh measurements, without the ridge. */
  readonly testLoss: Float64Array;
}

/** The functions of two times that the theory is made of; rows and columns are times 0 .. T unless said otherwise. */
export interface DmftKernels {
  /** C(t, s) = Re <theta^s, theta^t> */
  readonly covariance: Matrix;
  /** R_theta(t, s), s < t: response of a coordinate of theta^t to its gradient's noise at s. */
  readonly responseTheta: Matrix;
  /** R_theta(t, *): to the spectral field. Zero for an independent start. */
  readonly responseSpectral: Float64Array;
  /** R_l(t, s), s <= t: mean response of the force at t to the leave-one-out field at s. */
  readonly responseForce: Matrix;
  /** C_u(s, s') = E ell_s conj(ell_s') / delta; index 0 is the spectral stage, index t + 1 time t. (T + 2) x (T + 2) */
  readonly forceCovariance: Matrix;
  /** kappa_t: mean response of the force to z. */
  readonly kappa: Float64Array;
  /** E |ell_t|^2 */
  readonly squaredForce: Float64Array;
}

export interface DmftResult extends DmftCurves {
  /** Of the Monte Carlo means over `repeats` sweeps: standard deviation / sqrt(repeats). */
  readonly standardErrors: DmftCurves;
  readonly iterations: number;
  readonly samples: number;
  readonly repeats: number;
  readonly seed: number;
  /** What the spectral start was predicted to be; absent for an independent start. */
  readonly spectral?: SpectralPrediction;
  /** On request; means over the repeats. */
  readonly kernels?: DmftKernels;
  readonly seconds: number;
}

/**
 * Predicts the whole path of gradient descent
 *
 *     theta^{t+1} = theta^t - eta_t [ X^H force(X theta^t, y) / m + ridge theta^t ] + momentum (theta^t - theta^{t-1})
 *
 * on y = phi(X theta*, noise), X m x n with standard Gaussian rows, in the limit m, n -> infinity at delta = m / n, from a
 * spectral start (whose dependence on the data is kept: one more source) or from an independent start of given overlap. One
 * causal sweep over Monte Carlo samples; no iteration to a fixed point.
 *
 * Status: a reconstruction, checked against simulation, quadrature and exact special cases (docs/dmft.md); NOT quoted from
 * the text of arXiv 2509.23527. A loss must be differentiable; growth of its force is not bounded here, so heavy-tailed
 * losses ('wirtinger') carry large Monte Carlo errors at the first steps: look at `standardErrors`.
 *
 * Cost of each repeat: N T^3 / 3 + O(N T^2) flops (complex: about four times that), 3 N T doubles (complex 7 N T), on threads
 * of its own. The same bits for any number of threads.
 *
 * @throws LowrankError (as rejection) INVALID_ARGUMENT for options, for a loss whose force jumps, and for a spectral start
 *   below the weak-recovery threshold of its preprocessing (the message has the threshold); OUT_OF_MEMORY before the work
 *   where the samples would not fit; NUMERICAL where the step is so large that the iterates overflow. Rejects with
 *   `signal.reason` when aborted.
 */
export async function dmft(options: DmftOptions): Promise<DmftResult> {
  const plan = readDmftOptions(options);
  plan.signal?.throwIfAborted();
  const began = performance.now();
  const start = dmftStart(plan);
  const sweeps: NativeDmftResult[] = [];
  for (let repeat = 0; repeat < plan.repeats; repeat++) {
    const inputs = sampleOptions(plan, start, repeat);
    const report = (steps: number): void => {
      plan.onProgress?.({
        iteration: Math.min(steps, plan.iterations),
        iterations: plan.iterations,
        repeat: repeat + 1,
        repeats: plan.repeats,
        seconds: (performance.now() - began) / 1e3,
      });
    };
    sweeps.push(
      await runTask<NativeDmftResult>(
        (done) => callNative(() => native.dmft(inputs, plan.threads, done)),
        plan.signal,
        plan.onProgress === undefined ? undefined : report,
      ),
    );
    report(plan.iterations);
    plan.signal?.throwIfAborted();
  }
  const curves = sweeps.map((sweep) => curvesOf(sweep, plan));
  return {
    ...combine(curves, mean),
    standardErrors: combine(curves, standardError),
    iterations: plan.iterations,
    samples: plan.samples,
    repeats: plan.repeats,
    seed: plan.seed,
    ...(start.spectral === undefined ? {} : { spectral: start.spectral }),
    ...(plan.kernels ? { kernels: kernelsOf(sweeps, plan.iterations) } : {}),
    seconds: (performance.now() - began) / 1e3,
  };
}

/** The stream (seed, 'asymptotics') in blocks of 2^44: z, the channel's noise, the start's
 * scale; the rest is the sweep's (dmft.h). */
const NOISE_BLOCK = 2 ** 44;
const SCALE_BLOCK = 2 * NOISE_BLOCK;
/** Every repeat has noise numbers of its own: this many are enough for any channel. */
const NOISE_OF_REPEAT = 2 ** 36;

function sampleOptions(plan: DmftPlan, start: StartConstants, repeat: number): NativeDmftOptions {
  const { samples, field, seed } = plan;
  const firstSample = repeat * samples;
  const each = field === 'complex' ? 2 : 1;
  const z = new Float64Array(each * samples);
  callNative(() => {
    native.normals(seed, 'asymptotics', each * firstSample, z);
  });
  // E|z|^2 = 1 exactly, also of these samples: less noise at no cost.
  const scale = Math.sqrt(samples / z.reduce((sum, value) => sum + value * value, 0));
  for (let i = 0; i < z.length; i++) z[i]! *= scale;
  const y = plan.channel.sample(z, field, channelNoise(seed, 'asymptotics', NOISE_BLOCK + repeat * NOISE_OF_REPEAT));
  const t = preprocessed(y, start);
  const { loss, delta, iterations, steps, ridge, momentum, batch } = plan;
  const norm =
    plan.norm === 'least-squares'
      ? leastSquaresScale(plan, start, z, y, t, SCALE_BLOCK + each * firstSample)
      : plan.norm;
  return {
    field,
    delta,
    loss,
    iterations,
    steps,
    ridge,
    momentum,
    batch,
    spectral: start.spectral !== undefined,
    tau: start.tau,
    overlap: start.overlap,
    norm,
    spectralMemory: true,
    seed,
    firstSample,
    z,
    y: lossMeasurements(plan.channel, y),
    t,
  };
}

function preprocessed(y: Float64Array, { map, tau }: StartConstants): Float64Array | null {
  if (map === undefined) return null;
  const t = map(y);
  const index = t.findIndex((value) => !(value < tau));
  if (index < 0) return t;
  throw new LowrankError(
    'INVALID_ARGUMENT',
    `Expected a preprocessing that is bounded above by tau = ${tau} but T(${y[index]}) = ${t[index]}.`,
  );
}

function curvesOf(sweep: NativeDmftResult, { ridge, field }: DmftPlan): DmftCurves {
  const { m, q, testLoss } = sweep;
  return {
    m,
    q,
    overlap: m.map((value, t) => (q[t]! > 0 ? value / Math.sqrt(q[t]!) : 0)),
    trainLoss: sweep.trainLoss.map((loss, t) => loss + ridgeTerm(ridge, q[t]!, field)),
    testLoss,
  };
}

type Reduce = (values: readonly number[]) => number;

const mean: Reduce = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

const standardError: Reduce = (values) => {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length * (values.length - 1)));
};

function across(arrays: readonly Float64Array[], reduce: Reduce): Float64Array {
  return arrays[0]!.map((_, i) => reduce(arrays.map((array) => array[i]!)));
}

function combine(curves: readonly DmftCurves[], reduce: Reduce): DmftCurves {
  const column = (name: keyof DmftCurves): Float64Array =>
    across(
      curves.map((curve) => curve[name]),
      reduce,
    );
  return {
    m: column('m'),
    q: column('q'),
    overlap: column('overlap'),
    trainLoss: column('trainLoss'),
    testLoss: column('testLoss'),
  };
}

function kernelsOf(sweeps: readonly NativeDmftResult[], iterations: number): DmftKernels {
  const column = (name: keyof NativeDmftResult): Float64Array =>
    across(
      sweeps.map((sweep) => sweep[name]),
      mean,
    );
  const square = (name: keyof NativeDmftResult, size: number): Matrix => new Matrix(column(name), size, size);
  return {
    covariance: square('covariance', iterations + 1),
    responseTheta: square('responseTheta', iterations + 1),
    responseSpectral: column('responseSpectral'),
    responseForce: square('responseForce', iterations + 1),
    forceCovariance: square('forceCovariance', iterations + 2),
    kappa: column('kappa'),
    squaredForce: column('squaredForce'),
  };
}
