/** What a solve of a vector problem returns. */
import type { NativeVectorRunInfo } from '../../native';
import type { Vector } from '../../vector';
import type { Status, Trace } from '../result';
import type { VectorStartLedger } from './start';

/** The ledger of a vector run: counts, seconds, and everything needed to run it again. */
export interface VectorInfo {
  readonly model: 'vector';
  readonly dimension: number;
  readonly measurements: number;
  /** measurements / dimension */
  readonly delta: number;
  readonly field: 'real' | 'complex';
  readonly channel: string;
  readonly design: 'dense' | 'coded-diffraction';
  /** Parameters of the method and of the loss by name, defaults filled in; no loss for a method that brings its own. */
  readonly methodParameters: Readonly<Record<string, number>>;
  readonly loss?: { readonly name: string; readonly parameters: readonly number[] };
  readonly ridge: number;
  readonly momentum: number;
  readonly iterations: number;
  /** How often the design was read. */
  readonly passes: number;
  /** Applications of X and of its adjoint. */
  readonly forwardCount: number;
  readonly adjointCount: number;
  readonly rejectedSteps: number;
  readonly seconds: {
    readonly total: number;
    /** The start, spectral or not. */
    readonly init: number;
  };
  /** Of what is random inside the method. */
  readonly seed: number;
  readonly init: VectorStartLedger;
  /** The step rule and the last step size taken. */
  readonly step: { readonly kind: 'auto' | 'fixed'; readonly last: number };
  readonly threads: number;
  readonly designBytes: number;
  readonly scratchBytes: number;
  readonly generator: 'philox4x64-10/v1';
  readonly versions: {
    readonly lowrank: string;
    readonly node: string;
    readonly openblas: string;
    readonly core: string;
  };
}

export interface VectorSolveResult {
  readonly status: Status;
  /** True when the stopping rule that fired means success (`residual`, `gradient`). */
  readonly converged: boolean;
  /** The estimate, n numbers; sign or phase are not determined where the channel is even. */
  readonly theta: Vector;
  /** r = X theta, m numbers. */
  readonly field: Vector;
  readonly trace: Trace;
  /**
   * Intensities and amplitudes: norm(|r| - |z|) / norm(|z|), |z| as measured. Other channels: the root of the mean loss over
   * that of theta = 0.
   */
  readonly residual: number;
  /** (1/m) sum L(r_i, y_i) + ridge norm(theta)^2, half of that in the real field */
  readonly trainLoss: number;
  readonly gradientNorm: number;
  /** |<theta*, theta>| / (norm(theta*) norm(theta)), with its sign where the channel is not even; where the truth is known. */
  readonly overlap?: number;
  /** norm(theta - theta*) / norm(theta*), up to the sign or phase that an even channel cannot tell; where the truth is known. */
  readonly testError?: number;
  readonly iterations: number;
  readonly method: string;
  readonly info: VectorInfo;
}

/** Where a vector run stands. */
export interface VectorProgress {
  readonly status: Status | 'running';
  readonly iterations: number;
  /** The limit `stop.iterations`. */
  readonly maxIterations: number;
  readonly residual: number;
  /** Where the truth is known. */
  readonly overlap?: number;
  readonly testError?: number;
  readonly trainLoss: number;
  readonly gradientNorm: number;
  readonly step: number;
  readonly seconds: number;
}

/** The comparison with the truth, where there is one. */
export function comparison(info: NativeVectorRunInfo): { overlap?: number; testError?: number } {
  return info.testError >= 0 ? { overlap: info.overlap, testError: info.testError } : {};
}
