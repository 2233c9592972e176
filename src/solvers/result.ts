/** What a solve and a recovery return. */
import type { Matrix } from '../matrix';
import type { EventRecord } from './events';
import type { NativeModel, NativeRunOptions, NativeStatus } from '../native';

/** Why a run ended; whether that means success is the separate `converged`. */
export type Status = Exclude<NativeStatus, 'running' | 'event'>;
export type Model = NativeModel;

/** The factors of the estimate: X = left right^T. In the symmetric model `right` is `left` itself, U. */
export interface Factors {
  readonly left: Matrix;
  readonly right: Matrix;
}

/** What was recorded along the iterations: one typed array per column, all of the same length. */
export interface Trace {
  readonly length: number;
  /** `iteration` is always there. */
  readonly columns: Readonly<Record<string, Float64Array>>;
}

/** The ledger of a run: counts, seconds by phase, and everything needed to run it again. */
export interface Info {
  readonly model: Model;
  readonly rank: number;
  readonly shape: readonly [number, number];
  readonly measurements: number;
  readonly iterations: number;
  /** How often the measurement matrices were read from memory. */
  readonly passes: number;
  /** Applications of A and of A*. */
  readonly forwardCount: number;
  readonly adjointCount: number;
  readonly rejectedSteps: number;
  /** LAPACK drivers that needed their second choice. */
  readonly fallbacks: number;
  readonly seconds: {
    readonly total: number;
    readonly init: number;
    readonly passes: number;
    readonly updates: number;
    /** What recording cost, probes included. */
    readonly records: number;
  };
  readonly seed: number;
  /** The start, with its scale in numbers: a default scale depends on the data. */
  readonly init: {
    readonly kind: NativeRunOptions['init'];
    readonly scale: number;
    readonly ratio: number;
    readonly entryVariance: NativeRunOptions['entryVariance'];
  };
  /** The step rule and the last step size taken. */
  readonly step: { readonly kind: NativeRunOptions['step']; readonly last: number };
  readonly threads: number;
  readonly storage: string;
  readonly operatorBytes: number;
  readonly scratchBytes: number;
  readonly generator: 'philox4x64-10/v1';
  readonly versions: {
    readonly lowrank: string;
    readonly node: string;
    readonly openblas: string;
    readonly core: string;
  };
}

export interface SolveResult {
  readonly status: Status;
  /** True when the stopping rule that fired means success (`residual`, `gradient`, `validation`). */
  readonly converged: boolean;
  readonly factors: Factors;
  readonly trace: Trace;
  /** Relative residual ||A(X) - y|| / ||y|| over the training rows. */
  readonly residual: number;
  /** The same over the held-out rows, where there are any. */
  readonly validationError?: number;
  /** Relative Frobenius distance to the truth, where the problem knows it. */
  readonly testError?: number;
  /** 1/4 (symmetric) or 1/2 (asymmetric) times ||A(X) - y||^2 over the training rows. */
  readonly trainLoss: number;
  readonly gradientNorm: number;
  readonly iterations: number;
  readonly method: string;
  /** What `events` did, in order; absent when none was asked for. An event whose trigger never fired is not in it. */
  readonly events?: readonly EventRecord[];
  readonly info: Info;
}

export type Verdict = 'trusted' | 'doubtful' | 'unidentifiable';

/** The verdict on a recovery and the evidence it rests on. */
export interface Trust {
  readonly verdict: Verdict;
  /** Sentences, the most important first. */
  readonly reasons: readonly string[];
  readonly evidence: {
    readonly measurements: number;
    /** r (n1 + n2 - r), or r (2n - r + 1) / 2 in the symmetric model, at the rank found. */
    readonly degreesOfFreedom: number;
    readonly measurementsPerDegree: number;
    /** Relative residual on the training rows, and on rows the fit never saw. */
    readonly trainResidual: number;
    readonly validationResidual: number;
    /** sigma_r / sigma_{r+1} of the over-parameterized estimate the rank was read from; infinity when sigma_{r+1} = 0. */
    readonly spectralGap: number;
    /** Relative Frobenius error of the estimate to expect if the misfit is noise; infinity where the data fix nothing. */
    readonly expectedError?: number;
    /** sigma_1 / sigma_r of the estimate. */
    readonly conditionNumber: number;
    readonly stopped: Status;
  };
}

export interface RecoverResult {
  /** rows x cols; left right^T. */
  readonly estimate: Matrix;
  readonly rank: number;
  readonly factors: Factors;
  /** Singular values of the over-parameterized estimate from which the rank was read, falling. */
  readonly searchSpectrum: Float64Array;
  /** Singular values of the estimate: `rank` of them. */
  readonly singularValues: Float64Array;
  readonly status: Status;
  readonly converged: boolean;
  /** Relative residual over all measurements, of the final estimate. */
  readonly residual: number;
  readonly validationError: number;
  readonly testError?: number;
  readonly iterations: number;
  readonly seconds: number;
  readonly method: string;
  readonly seed: number;
  readonly trust: Trust;
  /** The stages end to end; column `stage` is 0 for the search, 1 for validation fits, 2 for the refinement. */
  readonly trace: Trace;
  readonly info: Info;
}
