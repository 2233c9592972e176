/** One run of one method on a vector problem: the facade's loop around the native run. */
import { givesIntensities, lossMeasurements } from '../../channels/intensities';
import { native } from '../../load';
import { refuseAbove } from '../../memory';
import type { NativeVectorRun, NativeVectorRunInfo } from '../../native';
import { callNative } from '../../native-errors';
import { designHandle, type VectorProblem } from '../../problems/vector-problem';
import { Vector } from '../../vector';
import { version } from '../../version';
import { advanceToEnd } from '../chunks';
import type { Status, Trace } from '../result';
import { estimateVectorBytes } from './estimate';
import { resolveVectorOptions, type VectorPlan } from './options';
import { comparison, type VectorInfo, type VectorProgress, type VectorSolveResult } from './result';
import { resolveStart, type VectorStart } from './start';

export async function solveVector(problem: VectorProblem, options: unknown): Promise<VectorSolveResult> {
  const plan = resolveVectorOptions(problem, options);
  const { signal } = plan;
  signal?.throwIfAborted();
  refuseAbove(estimateVectorBytes(problem, plan.method), 'The run needs', plan.maxMemory);
  const makeStart = resolveStart(plan.init, problem, plan);
  const began = performance.now();
  const start = await makeStart();
  const initSeconds = (performance.now() - began) / 1000;
  signal?.throwIfAborted();

  const run = callNative(() => new native.VectorRun(problem[designHandle], nativeOptions(problem, plan, start)));
  const abort = (): void => {
    run.cancel();
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const recorder = new VectorRecorder(['iteration', ...plan.columns]);
    const report = reporter(plan);
    const info = await advanceToEnd(run, plan.threads, signal, (taken) => {
      recorder.take(run, taken.recordedRows);
      report(taken);
    });
    const theta = Vector.zeros(problem.dimension, problem.field);
    const field = Vector.zeros(problem.measurements, problem.field);
    callNative(() => {
      run.readVector(theta.data, field.data);
    });
    return {
      status: info.status as Status,
      converged: info.converged,
      theta,
      field,
      trace: recorder.trace(),
      residual: info.residual,
      trainLoss: info.trainLoss,
      gradientNorm: info.gradientNorm,
      ...comparison(info),
      iterations: info.iterations,
      method: plan.method.name,
      info: ledger(problem, plan, start, info, initSeconds, run.bytes),
    };
  } finally {
    signal?.removeEventListener('abort', abort);
    // Every way out lies between two advances, so the run is never at work here.
    run.dispose();
  }
}

function nativeOptions(
  problem: VectorProblem,
  plan: VectorPlan,
  start: VectorStart,
): ConstructorParameters<typeof native.VectorRun>[1] {
  const { channel } = problem;
  return {
    method: plan.method.name,
    methodParameters: plan.method.values,
    loss: plan.loss,
    theta: start.theta.data,
    seed: plan.seed,
    step: plan.step.kind,
    stepSize: plan.step.size,
    ridge: plan.ridge,
    momentum: plan.momentum,
    stopIterations: plan.stop.iterations,
    stopResidual: plan.stop.residual,
    stopGradient: plan.stop.gradient,
    stopChange: plan.stop.change,
    stopTimeLimit: plan.stop.timeLimit,
    stopDivergence: plan.stop.divergence,
    recordEvery: plan.every,
    columns: plan.columns,
    intensity: givesIntensities(channel),
    even: channel.even,
    y: lossMeasurements(channel, problem.y),
    truth: problem.truth?.data ?? null,
  };
}

class VectorRecorder {
  readonly #blocks: Float64Array[] = [];

  constructor(private readonly names: readonly string[]) {}

  /** Copies the rows of the latest advance out of the run. */
  take(run: NativeVectorRun, rows: number): void {
    if (rows === 0) return;
    const block = new Float64Array(rows * this.names.length);
    run.readRecords(block);
    this.#blocks.push(block);
  }

  trace(): Trace {
    const width = this.names.length;
    const length = this.#blocks.reduce((sum, block) => sum + block.length, 0) / width;
    const columns = this.names.map((name, k): [string, Float64Array] => {
      const out = new Float64Array(length);
      let at = 0;
      for (const block of this.#blocks) for (let i = k; i < block.length; i += width) out[at++] = block[i]!;
      return [name, out];
    });
    return { length, columns: Object.fromEntries(columns) };
  }
}

/** Milliseconds between two progress reports. */
const INTERVAL = 100;

function reporter({ onProgress, stop }: VectorPlan): (info: NativeVectorRunInfo) => void {
  let last = -Infinity;
  return (info) => {
    if (onProgress === undefined) return;
    const now = performance.now();
    if (info.status === 'running' && now - last < INTERVAL) return;
    last = now;
    const progress: VectorProgress = {
      status: info.status as VectorProgress['status'],
      iterations: info.iterations,
      maxIterations: stop.iterations,
      residual: info.residual,
      ...comparison(info),
      trainLoss: info.trainLoss,
      gradientNorm: info.gradientNorm,
      step: info.step,
      seconds: info.seconds,
    };
    onProgress(progress);
  };
}

function ledger(
  problem: VectorProblem,
  plan: VectorPlan,
  start: VectorStart,
  info: NativeVectorRunInfo,
  initSeconds: number,
  scratchBytes: number,
): VectorInfo {
  const { method } = plan;
  const build = native.buildInfo();
  return {
    model: 'vector',
    dimension: problem.dimension,
    measurements: problem.measurements,
    delta: problem.delta,
    field: problem.field,
    channel: problem.channel.name,
    design: problem.design,
    methodParameters: Object.fromEntries(method.parameters.map((name, k) => [name, method.values[k]!])),
    ...(method.anyLoss ? { loss: plan.loss } : {}),
    ridge: plan.ridge,
    momentum: plan.momentum,
    iterations: info.iterations,
    passes: info.passes,
    forwardCount: info.forwardCount,
    adjointCount: info.adjointCount,
    rejectedSteps: info.rejectedSteps,
    seconds: { total: info.seconds + initSeconds, init: initSeconds },
    seed: plan.seed,
    init: start.ledger,
    step: { kind: plan.step.kind, last: info.step },
    threads: plan.threads,
    designBytes: problem.bytes,
    scratchBytes,
    generator: 'philox4x64-10/v1',
    versions: {
      lowrank: version,
      node: process.versions.node,
      openblas: build.openblasConfig,
      core: build.openblasCore,
    },
  };
}
