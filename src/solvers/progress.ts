/** Progress reports: option `onProgress`. */
import type { NativeRunInfo } from '../native';
import type { Status } from './result';

/** Where a run stands. */
export interface Progress {
  readonly status: Status | 'running';
  readonly iterations: number;
  /** The limit `stop.iterations`. */
  readonly maxIterations: number;
  /** Relative residual over the training rows. */
  readonly residual: number;
  /** The same over the held-out rows, where there are any. */
  readonly validationError?: number;
  /** Where the truth is known. */
  readonly testError?: number;
  readonly trainLoss: number;
  readonly gradientNorm: number;
  /** The last step size taken. */
  readonly step: number;
  readonly seconds: number;
}

/**
 * Called on the JavaScript thread between chunks of iterations: at most about ten times a second, and once at the end.
 * It sees numbers and changes none. If it throws, the run is given up and the promise rejects with what was thrown.
 */
export type OnProgress = (progress: Progress) => void;

/** Milliseconds between two reports. */
const INTERVAL = 100;

export class ProgressReporter {
  #last = -Infinity;

  constructor(
    private readonly callback: OnProgress | undefined,
    private readonly maxIterations: number,
  ) {}

  /** Reports, unless the last report is less than 100 ms old and the run goes on. */
  report(info: NativeRunInfo): void {
    if (this.callback === undefined) return;
    const now = performance.now();
    if (info.status === 'running' && now - this.#last < INTERVAL) return;
    this.#last = now;
    this.callback(progressOf(info, this.maxIterations));
  }
}

function progressOf(info: NativeRunInfo, maxIterations: number): Progress {
  return {
    status: info.status === 'event' ? 'running' : info.status,
    iterations: info.iterations,
    maxIterations,
    residual: info.trainResidual,
    ...(info.validationResidual >= 0 ? { validationError: info.validationResidual } : {}),
    ...(info.testError >= 0 ? { testError: info.testError } : {}),
    trainLoss: info.trainLoss,
    gradientNorm: info.gradientNorm,
    step: info.step,
    seconds: info.seconds,
  };
}
