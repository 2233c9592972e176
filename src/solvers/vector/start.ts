/** Where a vector run starts: option `init`. */
import * as check from '../../checks';
import { invalid, LowrankError } from '../../errors';
import { native } from '../../load';
import { designHandle, type VectorProblem } from '../../problems/vector-problem';
import { innerProduct, Vector } from '../../vector';
import { spectralStart, type SpectralStartOptions } from './spectral-start';

/** The spectral estimate, see {@link spectralStart}; its memory and passes come before those of the run. */
export interface SpectralVectorInit {
  readonly kind: 'spectral';
  /** T. Default: 'optimal' where the channel knows E[|z|^2 | y], else 'truncated' or 'orthogonality-promoting'. */
  readonly preprocessing?: SpectralStartOptions['preprocessing'];
  /** Norm of the start, positive. Default: the least-squares scale for intensities and amplitudes, else 1. */
  readonly norm?: number | undefined;
  /** Of the vector that Lanczos begins with; default 0. */
  readonly seed?: number | undefined;
  /** Lanczos ends at a residual of at most `tolerance` |eigenvalue|; default 1e-8. */
  readonly tolerance?: number | undefined;
  /** At most so many readings of the design; default 2000. */
  readonly maxPasses?: number | undefined;
}

/** A direction at random, independent of everything else. */
export interface RandomVectorInit {
  readonly kind: 'random';
  /**
   * Norm of the start, positive. Default: the norm of the signal as the data tell it, sqrt(mean(y) / v) for intensities and
   * sqrt(mean(y^2) / v) for amplitudes, v the mean square of the entries of the design; 1 / sqrt(v) for other channels.
   */
  readonly norm?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

/** A vector of the caller's. */
export interface GivenVectorInit {
  readonly kind: 'given';
  /** n numbers of the problem's field; finite; copied. */
  readonly theta: Vector;
}

/**
 * A start of a given overlap with the truth, otherwise independent of the measurements: for comparison with theory, where the
 * truth is known.
 */
export interface OverlapVectorInit {
  readonly kind: 'overlap';
  /** |<theta*, theta>| / (norm(theta*) norm(theta)), 0 .. 1: met exactly. */
  readonly overlap: number;
  /** Norm of the start, positive. Default: that of the truth. */
  readonly norm?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

export type VectorInit = SpectralVectorInit | RandomVectorInit | GivenVectorInit | OverlapVectorInit;

export interface VectorStart {
  readonly theta: Vector;
  /** For the ledger. */
  readonly ledger: VectorStartLedger;
}

export interface VectorStartLedger {
  readonly kind: VectorInit['kind'];
  /** Norm of the start. */
  readonly norm: number;
  readonly seed?: number;
  /** Asked for (`overlap`), or reached by the spectral estimate where the truth is known. */
  readonly overlap?: number;
  /** Of a spectral start. */
  readonly preprocessing?: string;
  readonly eigenvalue?: number;
  /** How often the spectral start read the design. */
  readonly passes?: number;
  /** False: `maxPasses` came first. */
  readonly converged?: boolean;
}

const KEYS = {
  spectral: ['kind', 'preprocessing', 'norm', 'seed', 'tolerance', 'maxPasses'],
  random: ['kind', 'norm', 'seed'],
  given: ['kind', 'theta'],
  overlap: ['kind', 'overlap', 'norm', 'seed'],
} as const satisfies Record<VectorInit['kind'], readonly string[]>;
const KINDS = Object.keys(KEYS) as readonly VectorInit['kind'][];
const ALL_KEYS = [...new Set(Object.values(KEYS).flat())];

/**
 * Norm of the signal as the data tell it: sqrt(mean(y) / v) for intensities, sqrt(mean(y^2) / v) for amplitudes, v the mean
 * square of the entries of the design (1 for generated ones); 1 / sqrt(v) for other channels, whose signals have norm 1.
 */
export function estimatedNorm(problem: VectorProblem): number {
  const { channel, y } = problem;
  const design = problem[designHandle];
  const variance = design.squaredNorm / problem.measurements / problem.dimension;
  const scale = variance > 0 ? 1 / variance : 1;
  if (!channel.even) return Math.sqrt(scale);
  const power = channel.intensity ? 1 : 2;
  const mean = y.reduce((sum, value) => sum + value ** power, 0) / y.length;
  return mean > 0 ? Math.sqrt(mean * scale) : Math.sqrt(scale);
}

/** What a start shares with the run. */
export interface StartSetting {
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly maxMemory: number | undefined;
}

/**
 * Checks `init` and returns what makes the start, so that every mistake is found before the first pass.
 *
 * @throws LowrankError INVALID_ARGUMENT, NON_FINITE; the start itself as {@link spectralStart}
 */
export function resolveStart(
  value: unknown,
  problem: VectorProblem,
  setting: StartSetting,
): () => VectorStart | Promise<VectorStart> {
  // Even statistics carry the signal of an even channel; of others a direction at random is as good.
  const standard = { kind: problem.channel.even ? 'spectral' : 'random' };
  const given = value === undefined ? standard : check.optionsObject(value, 'init', ALL_KEYS);
  const kind = check.oneOf(given['kind'], 'init.kind', KINDS);
  check.optionsObject(given, `init of kind '${kind}'`, KEYS[kind]);
  if (kind === 'spectral') return () => spectral(given as unknown as SpectralVectorInit, problem, setting);
  const start = plainStart(kind, given, problem);
  return () => start;
}

async function spectral(
  { kind, norm, ...options }: SpectralVectorInit,
  problem: VectorProblem,
  { threads, signal, maxMemory }: StartSetting,
): Promise<VectorStart> {
  const scale = norm === undefined ? undefined : check.positiveNumber(norm, 'init.norm');
  const start = await spectralStart(problem, { ...options, threads, signal, maxMemory, scale });
  const { theta, preprocessing, eigenvalue, passes, converged, overlap } = start;
  return {
    theta,
    ledger: {
      kind,
      norm: start.scale,
      seed: options.seed ?? 0,
      preprocessing,
      eigenvalue,
      passes,
      converged,
      ...(overlap === undefined ? {} : { overlap }),
    },
  };
}

function plainStart(
  kind: 'random' | 'given' | 'overlap',
  given: Record<string, unknown>,
  problem: VectorProblem,
): VectorStart {
  if (kind === 'given') {
    const theta = startVector(given['theta'], problem);
    return { theta, ledger: { kind, norm: theta.norm() } };
  }
  const seed = given['seed'] === undefined ? 0 : check.integer(given['seed'], 'init.seed', 0);
  const asked = given['norm'] === undefined ? undefined : check.positiveNumber(given['norm'], 'init.norm');
  const direction = Vector.zeros(problem.dimension, problem.field);
  native.normals(seed, 'initialVector', 0, direction.data);
  if (kind === 'random') {
    const norm = asked ?? estimatedNorm(problem);
    return { theta: scaled(direction, norm), ledger: { kind, norm, seed } };
  }
  const { truth } = problem;
  if (truth === undefined) {
    throw new LowrankError('INVALID_ARGUMENT', "init of kind 'overlap' needs a problem whose truth is known.");
  }
  const overlap = given['overlap'];
  if (typeof overlap !== 'number' || !(overlap >= 0 && overlap <= 1)) {
    throw invalid('a number from 0 to 1', 'init.overlap', overlap);
  }
  const norm = asked ?? truth.norm();
  return { theta: atOverlap(truth, direction, overlap, norm), ledger: { kind, norm, seed, overlap } };
}

function startVector(value: unknown, problem: VectorProblem): Vector {
  if (!(value instanceof Vector)) throw invalid('a Vector', 'init.theta', value);
  if (value.field !== problem.field || value.length !== problem.dimension) {
    throw check.refused(
      `a ${problem.field} vector of length ${problem.dimension}`,
      'init.theta',
      `a ${value.field} one of ${value.length}`,
    );
  }
  return new Vector(check.vector(value.data, 'init.theta'), value.field);
}

function scaled(vector: Vector, norm: number): Vector {
  const factor = norm / vector.norm();
  return new Vector(
    vector.data.map((x) => x * factor),
    vector.field,
  );
}

/** norm (overlap u + sqrt(1 - overlap^2) v), u along the truth, v the part of `direction` orthogonal to it, both of norm 1. */
function atOverlap(truth: Vector, direction: Vector, overlap: number, norm: number): Vector {
  const along = scaled(truth, 1);
  const [re, im] = innerProduct(along, direction);
  const a = along.data;
  const rest = new Vector(Float64Array.from(direction.data), direction.field);
  const b = rest.data;
  if (rest.field === 'real') for (let j = 0; j < b.length; j++) b[j]! -= re * a[j]!;
  else {
    for (let j = 0; j < b.length; j += 2) {
      b[j]! -= re * a[j]! - im * a[j + 1]!;
      b[j + 1]! -= re * a[j + 1]! + im * a[j]!;
    }
  }
  // With one unknown there is no other direction.
  const length = rest.norm();
  const across = length > 1e-12 * direction.norm() ? Math.sqrt(1 - overlap * overlap) / length : 0;
  return new Vector(
    b.map((x, j) => norm * (overlap * a[j]! + across * x)),
    rest.field,
  );
}
