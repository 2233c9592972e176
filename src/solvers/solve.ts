/** One run of one method: the facade's loop around the native run. */
import { native } from '../load';
import { Matrix } from '../matrix';
import { refuseAbove } from '../memory';
import type { NativeRun, NativeRunInfo } from '../native';
import { callNative } from '../native-errors';
import { operatorHandle, type Problem } from '../problems/problem';
import { VectorProblem } from '../problems/vector-problem';
import { version } from '../version';
import { advanceToEnd } from './chunks';
import { estimateBytes } from './estimate';
import { applyEvent, type EventRecord, type ResolvedEvent } from './events';
import { nativeOptions, resolveOptions, type Plan, type SolveOptions } from './options';
import { ProgressReporter } from './progress';
import { Recorder } from './recording';
import type { Factors, Info, SolveResult, Status } from './result';
import type { VectorSolveOptions } from './vector/options';
import type { VectorSolveResult } from './vector/result';
import { solveVector } from './vector/solve-vector';

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
export function solve(problem: Problem, options: SolveOptions): Promise<SolveResult>;
/**
 * Runs one method on a vector problem from one start until a stopping rule fires.
 *
 * As for matrices: on a thread of its own, the same bits for any number of threads, and a run that ends without convergence is
 * a result, not an error. Cost of an iteration: one pass over the design for gradient methods, see docs/phase-retrieval.md.
 *
 * @returns theta, r = X theta, trace, residual, overlap and test error where the truth is known, and the ledger
 * @throws LowrankError (as rejection) INVALID_ARGUMENT, NON_FINITE; OUT_OF_MEMORY, with the estimate, before anything is
 *   allocated. Rejects with `signal.reason` when aborted, with what `onProgress` throws.
 */
export function solve(problem: VectorProblem, options?: VectorSolveOptions): Promise<VectorSolveResult>;
// async: whatever is wrong with the arguments is a rejection too, never a synchronous throw.
export async function solve(
  problem: Problem | VectorProblem,
  options?: SolveOptions | VectorSolveOptions,
): Promise<SolveResult | VectorSolveResult> {
  if (problem instanceof VectorProblem) return solveVector(problem, options);
  const checked = resolveOptions(problem, options);
  const { plan } = checked;
  const { signal } = plan;
  signal?.throwIfAborted();
  refuseAbove(estimateBytes(checked.problem, plan), 'The run needs', plan.maxMemory);

  const books: Books = {
    recorder: new Recorder(plan.columns),
    progress: new ProgressReporter(plan.onProgress, plan.stop.iterations),
    events: [],
    info: undefined,
  };
  let factors: Factors | null = null;
  for (;;) {
    const end = await segment(checked.problem, plan, factors, books);
    if (end.event === undefined) return result(end, checked.problem, plan, books);
    const { iterations: iteration, trainResidual: residual } = end.info;
    const changed = await applyEvent(end.event, end.factors, { iteration, residual });
    signal?.throwIfAborted();
    factors = changed.factors;
    books.events.push(changed.record);
  }
}

/** What the native runs of one solve have in common. */
interface Books {
  readonly recorder: Recorder;
  readonly progress: ProgressReporter;
  readonly events: EventRecord[];
  /** The ledger of the runs that have ended. */
  info: NativeRunInfo | undefined;
}

interface SegmentEnd {
  readonly factors: Factors;
  /** Of all native runs so far. */
  readonly info: NativeRunInfo;
  readonly scratchBytes: number;
  /** The event that ended the run, if one did. */
  readonly event: ResolvedEvent | undefined;
}

/** One native run: from the start, or from where an event left the factors, to the next event or the end. */
async function segment(problem: Problem, plan: Plan, factors: Factors | null, books: Books): Promise<SegmentEnd> {
  const event = plan.events[books.events.length];
  const before = { iterations: books.info?.iterations ?? 0, seconds: books.info?.seconds ?? 0 };
  const options = nativeOptions(problem, plan, { ...before, factors, event });
  books.recorder.begin(options.rank);
  const run = callNative(() => new native.Run(problem[operatorHandle], options));
  const abort = (): void => {
    run.cancel();
  };
  plan.signal?.addEventListener('abort', abort, { once: true });
  try {
    const last = await drive(run, plan, books);
    books.info = joined(books.info, last);
    return {
      factors: readFactors(run, problem, plan, options.rank),
      info: books.info,
      scratchBytes: run.bytes,
      event: last.status === 'event' ? event : undefined,
    };
  } finally {
    plan.signal?.removeEventListener('abort', abort);
    // Every way out of drive() lies between two advances, so the run is never at work here.
    run.dispose();
  }
}

const SUMS = [
  'iterations',
  'passes',
  'forwardCount',
  'adjointCount',
  'rejectedSteps',
  'fallbacks',
  'seconds',
  'initSeconds',
  'passSeconds',
  'updateSeconds',
  'recordSeconds',
] as const satisfies readonly (keyof NativeRunInfo)[];

/** The ledger of a run that goes on where another ended. */
function joined(before: NativeRunInfo | undefined, info: NativeRunInfo): NativeRunInfo {
  if (before === undefined) return info;
  const sums = Object.fromEntries(SUMS.map((key) => [key, before[key] + info[key]]));
  // A run without an iteration has taken no step.
  return { ...info, ...sums, step: info.iterations > 0 ? info.step : before.step };
}

function drive(run: NativeRun, plan: Plan, { recorder, progress, info: before }: Books): Promise<NativeRunInfo> {
  return advanceToEnd(run, plan.threads, plan.signal, (info) => {
    recorder.take(run, info.recordedRows);
    if (info.status !== 'event') progress.report(joined(before, info));
  });
}

function result(end: SegmentEnd, problem: Problem, plan: Plan, books: Books): SolveResult {
  const { info } = end;
  return {
    status: info.status as Status,
    converged: info.converged,
    factors: end.factors,
    trace: books.recorder.trace(),
    residual: info.trainResidual,
    ...(info.validationResidual >= 0 ? { validationError: info.validationResidual } : {}),
    ...(info.testError >= 0 ? { testError: info.testError } : {}),
    trainLoss: info.trainLoss,
    gradientNorm: info.gradientNorm,
    iterations: info.iterations,
    method: plan.method.name,
    ...(plan.events.length > 0 ? { events: books.events } : {}),
    info: ledger(end, problem, plan),
  };
}

function readFactors(run: NativeRun, problem: Problem, plan: Plan, rank: number): Factors {
  const [rows, cols] = problem.shape;
  const left = Matrix.zeros(rows, rank);
  if (plan.model === 'symmetric') {
    callNative(() => {
      run.readFactors(left.data, null);
    });
    return { left, right: left };
  }
  const right = Matrix.zeros(cols, rank);
  callNative(() => {
    run.readFactors(left.data, right.data);
  });
  return { left, right };
}

function ledger({ factors, info, scratchBytes }: SegmentEnd, problem: Problem, plan: Plan): Info {
  const build = native.buildInfo();
  return {
    model: plan.model,
    rank: factors.left.cols,
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
      records: info.recordSeconds,
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
