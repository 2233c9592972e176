/** One run of one method: the facade's loop around the native run. */
import { native } from '../load';
import { Matrix } from '../matrix';
import { refuseAbove } from '../memory';
import type { NativeRun, NativeRunInfo } from '../native';
import { callNative, fromNative } from '../native-errors';
import { operatorHandle, type Problem } from '../problems/problem';
import { version } from '../version';
import { estimateBytes } from './estimate';
import { nativeOptions, resolveOptions, type Plan, type SolveOptions } from './options';
import { ProgressReporter } from './progress';
import { Recorder } from './recording';
import type { Factors, Info, SolveResult, Status } from './result';

/**
 * Runs one method from one start until a stopping rule fires.
 *
 * The work is done on a thread of its own; the event loop stays free. The result has the same bits for any number of
 * threads, with or without progress reports, in a worker or not (on one CPU type and build, and unless `stop.timeLimit`
 * ends it). A run that ends without convergence is a result, not an error: look at `converged`.
 *
 * Cost of an iteration: one pass over the measurement matrices (`problem.bytes`) and O((m + k) n1 n2) arithmetic.
 *
 * @param options rank (or init.factors) is the one thing needed, see {@link SolveOptions}
 * @returns factors, trace, residuals and the ledger
 * @throws LowrankError (as rejection) INVALID_ARGUMENT, NON_FINITE; OUT_OF_MEMORY, with the estimate, before anything is
 *   allocated; NUMERICAL when LAPACK fails. Rejects with `signal.reason` when aborted, with what `onProgress` throws.
 */
// async: whatever is wrong with the arguments is a rejection too, never a synchronous throw.
export async function solve(problem: Problem, options: SolveOptions): Promise<SolveResult> {
  const checked = resolveOptions(problem, options);
  const { plan } = checked;
  const { signal } = plan;
  signal?.throwIfAborted();
  refuseAbove(estimateBytes(checked.problem, plan), 'The run needs', plan.maxMemory);

  const run = callNative(() => new native.Run(checked.problem[operatorHandle], nativeOptions(checked.problem, plan)));
  const abort = (): void => {
    run.cancel();
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const recorder = new Recorder(plan.columns);
    const info = await drive(run, plan, recorder);
    return result(run, info, checked.problem, plan, recorder);
  } finally {
    signal?.removeEventListener('abort', abort);
    // Every way out of drive() lies between two advances, so the run is never at work here.
    run.dispose();
  }
}

/** A chunk aims at this many milliseconds: long enough to cost nothing, short enough for progress ten times a second. */
const CHUNK_TIME = 75;
/** Rows recorded by one chunk stay below this, so that no chunk's records are a burden. */
const MOST_ITERATIONS = 100_000;

async function drive(run: NativeRun, plan: Plan, recorder: Recorder): Promise<NativeRunInfo> {
  const progress = new ProgressReporter(plan.onProgress, plan.stop.iterations);
  let iterations = 1;
  for (;;) {
    const started = performance.now();
    const info = await advance(run, iterations, plan.threads);
    const elapsed = performance.now() - started;
    plan.signal?.throwIfAborted();
    recorder.take(run, info.recordedRows);
    progress.report(info);
    plan.signal?.throwIfAborted(); // onProgress may have aborted
    if (info.status !== 'running') return info;
    // The first chunk contains the initialization, and timings are noisy: no more than a factor of four at a time.
    const factor = Math.min(4, Math.max(0.25, CHUNK_TIME / Math.max(elapsed, 0.01)));
    iterations = Math.min(MOST_ITERATIONS, Math.max(1, Math.floor(iterations * factor)));
  }
}

function advance(run: NativeRun, iterations: number, threads: number): Promise<NativeRunInfo> {
  return new Promise((resolve, reject) => {
    run.advance(iterations, threads, (error, info) => {
      if (info === undefined) reject(fromNative(error));
      else resolve(info);
    });
  });
}

function result(run: NativeRun, info: NativeRunInfo, problem: Problem, plan: Plan, recorder: Recorder): SolveResult {
  return {
    status: info.status as Status,
    converged: info.converged,
    factors: readFactors(run, problem, plan),
    trace: recorder.trace(),
    residual: info.trainResidual,
    ...(info.validationResidual >= 0 ? { validationError: info.validationResidual } : {}),
    ...(info.testError >= 0 ? { testError: info.testError } : {}),
    trainLoss: info.trainLoss,
    gradientNorm: info.gradientNorm,
    iterations: info.iterations,
    method: plan.method.name,
    info: ledger(run, info, problem, plan),
  };
}

function readFactors(run: NativeRun, problem: Problem, plan: Plan): Factors {
  const [rows, cols] = problem.shape;
  const left = Matrix.zeros(rows, plan.rank);
  if (plan.model === 'symmetric') {
    callNative(() => {
      run.readFactors(left.data, null);
    });
    return { left, right: left };
  }
  const right = Matrix.zeros(cols, plan.rank);
  callNative(() => {
    run.readFactors(left.data, right.data);
  });
  return { left, right };
}

function ledger(run: NativeRun, info: NativeRunInfo, problem: Problem, plan: Plan): Info {
  const build = native.buildInfo();
  return {
    model: plan.model,
    rank: plan.rank,
    shape: problem.shape,
    measurements: problem.measurements,
    iterations: info.iterations,
    passes: info.passes,
    forwardCount: info.forwardCount,
    adjointCount: info.adjointCount,
    rejectedSteps: info.rejectedSteps,
    fallbacks: info.fallbacks,
    seconds: {
      total: info.seconds,
      init: info.initSeconds,
      passes: info.passSeconds,
      updates: info.updateSeconds,
    },
    seed: plan.init.seed,
    init: {
      kind: plan.init.kind,
      scale: plan.init.scale,
      ratio: plan.init.ratio,
      entryVariance: plan.init.entryVariance,
    },
    step: { kind: plan.step.kind, last: info.step },
    threads: plan.threads,
    storage: problem.storage,
    operatorBytes: problem.bytes,
    scratchBytes: run.bytes,
    generator: 'philox4x64-10/v1',
    versions: {
      lowrank: version,
      node: process.versions.node,
      openblas: build.openblasConfig,
      core: build.openblasCore,
    },
  };
}
