/**
 * The spectral start of a vector problem: the top eigenvector of D = (1/m) X^H diag(T(y)) X, by Lanczos without forming D, and
 * its scale.
 */
import { solveSpectral } from '../../asymptotics/spectral';
import { givesIntensities } from '../../channels/intensities';
import * as check from '../../checks';
import { LowrankError } from '../../errors';
import { native } from '../../load';
import { refuseAbove } from '../../memory';
import type { NativeEigenpair } from '../../native';
import { callNative, fromNative } from '../../native-errors';
import { amplitudeOf } from '../../preprocessing/preprocessing';
import { normalized, type Preprocessing, type PreprocessingChoice, readPreprocessing } from '../../preprocessing';
import { designHandle, VectorProblem } from '../../problems/vector-problem';
import { threadCount } from '../../threads';
import { overlap, Vector } from '../../vector';

export interface SpectralStartOptions {
  /**
   * T: a name, a name with its numbers, a function of y, or a Preprocessing. Default: 'optimal' where the channel knows
   * E[|z|^2 | y], else 'truncated' for intensities and 'orthogonality-promoting' for others. T is applied to y over the square of
   * the signal's norm, as y shows it (amplitudes: over the norm).
   */
  readonly preprocessing?: PreprocessingChoice | undefined;
  /** Norm of the start. Default: the least-squares scale for intensities and amplitudes, else 1. */
  readonly scale?: number | undefined;
  /** Of the vector that Lanczos begins with; default 0. */
  readonly seed?: number | undefined;
  /** Lanczos ends at a residual of at most `tolerance` |eigenvalue|; default 1e-8. */
  readonly tolerance?: number | undefined;
  /** At most so many readings of the design, at least 2; default 2000. */
  readonly maxPasses?: number | undefined;
  /**
   * Put `predicted` beside what is found; default false. It is about designs of independent Gaussian entries and takes
   * milliseconds, for channels with noise up to a second, on the JavaScript thread.
   */
  readonly predict?: boolean | undefined;
  /** 1 .. 64; default 1. Never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Refuse above so many bytes of scratch; default 80 % of the memory available. */
  readonly maxMemory?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SpectralStart {
  /** scale times the unit eigenvector. */
  readonly theta: Vector;
  readonly scale: number;
  /** Name of the preprocessing. */
  readonly preprocessing: string;
  /** The algebraically largest eigenvalue of D, and an estimate from below of the next. */
  readonly eigenvalue: number;
  readonly second: number;
  /** ||D v - eigenvalue v|| of the unit eigenvector v. */
  readonly residual: number;
  /** How often the design was read. */
  readonly passes: number;
  /** False: `maxPasses` came first; theta is then the best there was. */
  readonly converged: boolean;
  /** |<theta*, theta>| / (||theta*|| ||theta||), where the signal is known. */
  readonly overlap?: number;
  /** With `predict`, for preprocessings that are bounded above. */
  readonly predicted?: PredictedStart;
}

/** What the limit of many unknowns says at this m / n (`asymptotics.spectral`), the eigenvalues for entries as large as the design's. */
export interface PredictedStart {
  readonly overlap: number;
  readonly eigenvalue: number;
  /** The second eigenvalue. */
  readonly bulkEdge: number;
  readonly aboveThreshold: boolean;
}

const KEYS = [
  'preprocessing',
  'scale',
  'seed',
  'tolerance',
  'maxPasses',
  'predict',
  'threads',
  'maxMemory',
  'signal',
] as const;
/** Vectors of n numbers that Lanczos keeps, and that the scratch of a pass may take. */
const VECTORS = { dense: 64 + 32, 'coded-diffraction': 64 + 64 } as const;

/**
 * The spectral estimate of theta*, from y alone. Intensities and amplitudes leave its sign (phase) open; other real channels
 * get the sign with which X theta and y are positively correlated.
 *
 * The least-squares scale is s = sum |X v| b / sum |X v|^2, b the measured amplitudes: of norms s, the one whose s |X v| is
 * nearest to b.
 *
 * Cost: 20 to 300 readings of the design (more below the threshold, where the eigenvalue lies at the edge of a bulk), on a
 * thread of its own; memory of about 100 vectors of n numbers and 5 of m.
 *
 * @throws LowrankError (as rejection) INVALID_ARGUMENT; NON_FINITE where T is; OUT_OF_MEMORY before anything is allocated;
 *   NUMERICAL. Rejects with `signal.reason` when aborted.
 */
// async: whatever is wrong with the arguments is a rejection too.
export async function spectralStart(
  problem: VectorProblem,
  options: SpectralStartOptions = {},
): Promise<SpectralStart> {
  if (!(problem instanceof VectorProblem)) throw check.refused('a VectorProblem', 'problem', typeof problem);
  const given = check.optionsObject(options, 'options', KEYS);
  const { y, channel, field, delta, dimension: n, measurements: m } = problem;
  const chosen = readPreprocessing(given['preprocessing'] ?? standard(problem), 'preprocessing');
  const scale = given['scale'] === undefined ? undefined : check.positiveNumber(given['scale'], 'scale');
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'seed');
  const tolerance = given['tolerance'] === undefined ? 1e-8 : check.nonNegativeNumber(given['tolerance'], 'tolerance');
  const maxPasses = given['maxPasses'] === undefined ? 2000 : check.integer(given['maxPasses'], 'maxPasses', 2);
  const predict = given['predict'] === undefined ? false : check.boolean(given['predict'], 'predict');
  const threads = threadCount(given['threads']);
  const signal = check.optionalSignal(given['signal'], 'signal');
  signal?.throwIfAborted();
  const numbers = field === 'complex' ? 2 : 1;
  refuseAbove(
    8 * (numbers * (VECTORS[problem.design] * n + 3 * m) + 3 * m),
    'The spectral start needs',
    given['maxMemory'],
  );

  const weights = chosen.weights(normalized(y, channel, field), { field, delta, channel });
  const bad = check.firstNonFinite(weights);
  if (bad >= 0) {
    throw new LowrankError(
      'NON_FINITE',
      `Expected finite weights from preprocessing '${chosen.name}' but received ${weights[bad]} for y[${bad}] = ${y[bad]}.`,
    );
  }
  const vector = Vector.zeros(n, field);
  const r = Vector.zeros(m, field);
  const pair = await eigenpair(problem, { weights, seed, tolerance, maxPasses, threads, signal, vector, r });

  const amplitudes = givesIntensities(channel);
  const norm = scale ?? (amplitudes ? leastSquaresScale(problem, r) : 1);
  const factor = amplitudes || channel.even ? norm : norm * signOf(problem, r);
  const { truth } = problem;
  return {
    theta: new Vector(
      vector.data.map((value) => factor * value),
      field,
    ),
    scale: norm,
    preprocessing: chosen.name,
    eigenvalue: pair.value,
    second: pair.second,
    residual: pair.residual,
    passes: pair.passes,
    converged: pair.converged,
    ...(truth === undefined ? {} : { overlap: overlap(truth, vector) }),
    ...(predict ? prediction(problem, chosen) : {}),
  };
}

/** Samples in the place of quadrature nodes, for a channel that is a function. */
const SAMPLES = 2e5;

/** Nothing where there is no prediction: for a T that is unbounded above, or nowhere above 0. */
function prediction(problem: VectorProblem, preprocessing: Preprocessing): { predicted?: PredictedStart } {
  const { delta, field, channel, measurements, dimension } = problem;
  const variance = problem[designHandle].squaredNorm / measurements / dimension;
  try {
    const { prediction: limit } = solveSpectral({ delta, field, channel, preprocessing, samples: SAMPLES, seed: 0 });
    const { overlap: cosine, eigenvalue, bulkEdge, aboveThreshold } = limit;
    return {
      predicted: {
        overlap: cosine,
        eigenvalue: variance * eigenvalue,
        bulkEdge: variance * bulkEdge,
        aboveThreshold,
      },
    };
  } catch (error) {
    if (error instanceof LowrankError && error.code === 'INVALID_ARGUMENT') return {};
    throw error;
  }
}

function standard({ channel }: VectorProblem): PreprocessingChoice {
  if (channel.posteriorSecondMoment !== undefined) return 'optimal';
  return channel.intensity ? 'truncated' : 'orthogonality-promoting';
}

interface Request {
  readonly weights: Float64Array;
  readonly seed: number;
  readonly tolerance: number;
  readonly maxPasses: number;
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly vector: Vector;
  readonly r: Vector;
}

function eigenpair(problem: VectorProblem, request: Request): Promise<NativeEigenpair> {
  const { weights, seed, tolerance, maxPasses, threads, signal, vector, r } = request;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      task.cancel();
    };
    const task = callNative(() =>
      native.topEigenpair(
        problem[designHandle],
        weights,
        seed,
        tolerance,
        maxPasses,
        threads,
        vector.data,
        r.data,
        (error, pair) => {
          signal?.removeEventListener('abort', abort);
          if (signal?.aborted === true) reject(signal.reason as Error);
          else if (pair === undefined) reject(fromNative(error));
          else resolve(pair);
        },
      ),
    );
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** |r_i| of a field. */
function modulus(r: Vector, i: number): number {
  return r.field === 'real' ? Math.abs(r.data[i]!) : Math.hypot(r.data[2 * i]!, r.data[2 * i + 1]!);
}

function leastSquaresScale({ y, channel }: VectorProblem, r: Vector): number {
  let product = 0;
  let square = 0;
  for (let i = 0; i < y.length; i++) {
    const length = modulus(r, i);
    product += length * Math.max(0, channel.intensity ? amplitudeOf(y[i]!, channel) : y[i]!);
    square += length * length;
  }
  return square > 0 ? product / square : 0;
}

function signOf({ y, field }: VectorProblem, r: Vector): number {
  if (field === 'complex') return 1;
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  return y.reduce((sum, value, i) => sum + (value - mean) * r.data[i]!, 0) < 0 ? -1 : 1;
}
