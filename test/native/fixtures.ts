/** What the tests of the native border share: complete arguments, and the calls that take them. */
import { native } from '../../src/load';
import type { NativeDenseOperator, NativeOperator, NativeRun, NativeRunInfo, NativeRunOptions } from '../../src/native';

export function gaussianOperator(
  measurements: number,
  rows: number,
  cols: number,
  symmetric = false,
  storage: 'float64' | 'float32' = 'float64',
): NativeDenseOperator {
  const operator = new native.DenseOperator(measurements, rows, cols, symmetric, storage);
  operator.fillGaussian(1, 1 / Math.sqrt(measurements), 1);
  return operator;
}

/** Standard normals of the tests' own stream. */
export function normals(count: number, seed = 1): Float64Array {
  const out = new Float64Array(count);
  native.normals(seed, 'test', 0, out);
  return out;
}

/** Every option, valid for `operator`; a small fixed step that neither converges nor diverges soon. */
export function runOptions(operator: NativeOperator, changes: Partial<NativeRunOptions> = {}): NativeRunOptions {
  return {
    model: 'asymmetric',
    rank: 2,
    method: 'gradient-descent',
    init: 'random',
    initScale: 0.1,
    initRatio: 1,
    entryVariance: 'scale^2/rank',
    seed: 3,
    left: null,
    right: null,
    step: 'fixed',
    stepSize: 1e-3,
    stopIterations: 1e9,
    stopResidual: 0,
    stopGradient: 0,
    stopStallWindow: 0,
    stopStallDecrease: 0,
    stopValidationPatience: 0,
    stopTimeLimit: 0,
    stopDivergence: 1e6,
    stopEventIteration: -1,
    stopEventResidual: 0,
    recordEvery: 0,
    iterationOffset: 0,
    columns: [],
    probeRank: 0,
    y: normals(operator.measurements),
    heldOut: null,
    truth: null,
    ...changes,
  };
}

export function advance(run: NativeRun, iterations: number, threads = 1): Promise<NativeRunInfo> {
  return new Promise((resolve, reject) => {
    run.advance(iterations, threads, (error, info) => {
      if (error) reject(error);
      else resolve(info!);
    });
  });
}

export function factorsOf(run: NativeRun, operator: NativeOperator, rank: number): Float64Array[] {
  const left = new Float64Array(operator.rows * rank);
  const right = new Float64Array(operator.cols * rank);
  run.readFactors(left, right);
  return [left, right];
}

/** The code of what `call` throws; fails when it throws nothing. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  throw new Error('nothing was thrown');
}

export function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
