/** The options of `solve`: their types, and the one function that turns them into what the native run takes. */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import type { NativeRunOptions } from '../native';
import { Problem } from '../problems/problem';
import { threadCount } from '../threads';
import { resolveEvents, type ResolvedEvent, type SolveEvent } from './events';
import { resolveHoldOut, type HoldOut } from './hold-out';
import { resolveInit, type Init, type ResolvedInit } from './initializers';
import { findMethod, type Method, type MethodDefinition } from './methods';
import type { OnProgress } from './progress';
import { resolveRecord, type RecordColumn, type RecordOptions } from './recording';
import type { Factors, Model } from './result';
import { resolveStep, type ResolvedStep, type Step } from './step';
import { resolveStop, type ResolvedStop, type Stop } from './stopping';

export interface SolveOptions {
  /** Default 'gradient-descent'. */
  readonly method?: Method | undefined;
  /**
   * Columns of the factors, 1 .. 4 max(n1, n2); above the rank of the truth a run is over-parameterized
   * (riemannian-gauss-newton: 1 .. min(n1, n2)). Needed unless
   * `init` gives factors. When you do not know it, use `recover`.
   */
  readonly rank?: number | undefined;
  /**
   * 'symmetric' (U U^T) or 'asymmetric' (F G^T). Default: that of the problem. On a problem in symmetric storage the
   * asymmetric model (a symmetric X that need not be positive semidefinite) needs a spectral or given start and a method
   * that has a symmetric form too: symmetric A_i cannot see the antisymmetric part of F G^T.
   */
  readonly model?: Model | undefined;
  /** Default { kind: 'random' }. */
  readonly init?: Init | undefined;
  /** Default 'auto'. */
  readonly step?: Step | undefined;
  readonly stop?: Stop | undefined;
  /** Default: every measurement is used. */
  readonly holdOut?: HoldOut | undefined;
  readonly record?: RecordOptions | undefined;
  /**
   * Changes of the factors on the way: `rebalance` (the one-step modification of arXiv 2310.01769) and `prune`. Each happens
   * once, in the order given. What is relative to the start of a run (`stop.gradient`, `stop.stall`, an automatic step)
   * starts anew after an event. What is recorded at its iteration is from before it.
   */
  readonly events?: readonly SolveEvent[] | undefined;
  /** 1 .. 64, default 1; never changes a bit of the result. */
  readonly threads?: number | undefined;
  /** Aborting rejects the promise with `signal.reason` within 50 ms. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  /** Cap on the estimated memory of the run in bytes, the problem not counted; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

const KNOWN = [
  'method',
  'rank',
  'model',
  'init',
  'step',
  'stop',
  'holdOut',
  'record',
  'events',
  'threads',
  'signal',
  'onProgress',
  'maxMemory',
] as const satisfies readonly (keyof SolveOptions)[];

/** What other libraries call it, and where it is here. */
const HINTS = {
  maxIterations: 'stop.iterations',
  iterations: 'stop.iterations',
  tolerance: 'stop.residual',
  tol: 'stop.residual',
  timeLimit: 'stop.timeLimit',
  stepSize: 'step',
  learningRate: 'step',
  eta: 'step',
  mu: 'step',
  alpha: 'init.scale',
  scale: 'init.scale',
  seed: 'init.seed',
  x0: 'init',
  validation: 'stop.validation',
  columns: 'record.columns',
};

/** Papers over-parameterize up to rank 2n; twice that is room enough, and a mistyped rank does not take the machine. */
const RANK_SLACK = 4;

/** Checked options with every default filled in. */
export interface Plan {
  readonly method: MethodDefinition;
  readonly model: Model;
  readonly rank: number;
  readonly init: ResolvedInit;
  readonly step: ResolvedStep;
  readonly stop: ResolvedStop;
  readonly heldOut: Uint8Array | null;
  readonly columns: readonly RecordColumn[];
  readonly recordEvery: number;
  readonly probeRank: number;
  readonly events: readonly ResolvedEvent[];
  readonly threads: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
  readonly maxMemory: number | undefined;
}

/** @throws LowrankError INVALID_ARGUMENT, NON_FINITE: one sentence for the first thing that is wrong */
export function resolveOptions(problem: unknown, options: unknown): { problem: Problem; plan: Plan } {
  if (!(problem instanceof Problem)) throw invalid('a Problem (see problems.sensing)', 'problem', problem);
  const given = check.optionsObject(options, 'solve', KNOWN, HINTS);
  const method = findMethod(given['method']);
  const model = resolveModel(given['model'], problem, method);
  const heldOut = resolveHoldOut(given['holdOut'], problem.measurements);
  const init = resolveInit(given['init'], problem, model, method, heldOut);
  if (model === 'asymmetric' && problem.symmetric) refuseBlindStart(method, init);
  const rank = resolveRank(given['rank'], problem, method, init);
  const step = resolveStep(given['step'], method);
  const events = resolveEvents(given['events'], model, rank, problem.shape);
  const record = resolveRecord(given['record'], {
    problem,
    model,
    hasHeldOut: heldOut !== null,
    fixedStep: step.kind === 'fixed',
    hasEvents: events.length > 0,
  });
  const plan: Plan = {
    method,
    model,
    rank,
    init,
    step,
    stop: resolveStop(given['stop'], method, heldOut !== null),
    heldOut,
    columns: record.columns,
    recordEvery: record.every,
    probeRank: record.probeRank,
    events,
    threads: threadCount(given['threads']),
    signal: check.optionalSignal(given['signal'], 'signal'),
    onProgress: check.optionalFunction(given['onProgress'], 'onProgress') as OnProgress | undefined,
    maxMemory: given['maxMemory'] === undefined ? undefined : check.positiveInteger(given['maxMemory'], 'maxMemory'),
  };
  return { problem, plan };
}

/** Where a native run stands among those of one solve: what was done before it, from where it goes on, the next event. */
export interface Segment {
  readonly iterations: number;
  readonly seconds: number;
  /** null: the start that the plan says. */
  readonly factors: Factors | null;
  readonly event: ResolvedEvent | undefined;
}

/** Of a run without events. */
export const FIRST_SEGMENT: Segment = { iterations: 0, seconds: 0, factors: null, event: undefined };

/** The plan as the flat options of the border. */
export function nativeOptions(problem: Problem, plan: Plan, segment: Segment): NativeRunOptions {
  const { factors, event } = segment;
  const { timeLimit } = plan.stop;
  return {
    model: plan.model,
    rank: factors?.left.cols ?? plan.rank,
    method: plan.method.name,
    init: factors === null ? plan.init.kind : 'given',
    initScale: plan.init.scale,
    initRatio: plan.init.ratio,
    entryVariance: plan.init.entryVariance,
    seed: plan.init.seed,
    left: factors === null ? plan.init.left : factors.left.data,
    right: factors === null ? plan.init.right : plan.model === 'symmetric' ? null : factors.right.data,
    step: plan.step.kind,
    stepSize: plan.step.size,
    stopIterations: plan.stop.iterations - segment.iterations,
    stopResidual: plan.stop.residual,
    stopGradient: plan.stop.gradient,
    stopStallWindow: plan.stop.stallWindow,
    stopStallDecrease: plan.stop.stallDecrease,
    stopValidationPatience: plan.stop.validationPatience,
    stopTimeLimit: timeLimit > 0 ? Math.max(1e-9, timeLimit - segment.seconds) : 0,
    stopDivergence: plan.stop.divergence,
    // An iteration that is already past fires at once.
    stopEventIteration:
      event === undefined || event.when.iteration < 0 ? -1 : Math.max(0, event.when.iteration - segment.iterations),
    stopEventResidual: event?.when.residual ?? 0,
    recordEvery: plan.recordEvery,
    iterationOffset: segment.iterations,
    columns: plan.columns,
    probeRank: plan.probeRank,
    y: problem.y,
    heldOut: plan.heldOut,
    truth: problem.truth?.data ?? null,
  };
}

function resolveModel(value: unknown, problem: Problem, method: MethodDefinition): Model {
  const natural = method.models.includes(problem.model) ? problem.model : (method.models[0] ?? problem.model);
  const model = value === undefined ? natural : check.oneOf(value, 'model', ['symmetric', 'asymmetric']);
  if (!method.models.includes(model)) {
    throw new LowrankError('INVALID_ARGUMENT', `Method ${method.name} has no ${model} form.`);
  }
  const [rows, cols] = problem.shape;
  if (model === 'symmetric' && !problem.symmetric) {
    const what = rows === cols ? 'was built without symmetric: true' : `is ${rows} x ${cols}`;
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `The symmetric model needs a problem with symmetric measurement matrices but this one ${what}.`,
    );
  }
  return model;
}

/**
 * Symmetric A_i cannot see the antisymmetric part of F G^T: a run that leaves the symmetric matrices fits y exactly with a
 * wrong X. Simultaneous updates stay symmetric from a symmetric start; a random start, and updates in turn, do not.
 */
function refuseBlindStart(method: MethodDefinition, init: ResolvedInit): void {
  const why = 'the measurement matrices are symmetric and cannot see the antisymmetric part of F G^T';
  const instead = 'Build the problem without symmetric storage';
  if (!method.models.includes('symmetric')) {
    throw new LowrankError('INVALID_ARGUMENT', `Method ${method.name} cannot be used here: ${why}. ${instead}.`);
  }
  if (init.kind === 'random') {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `A random start of the asymmetric model cannot be used here: ${why}. ${instead}, or use a spectral start.`,
    );
  }
}

function resolveRank(value: unknown, problem: Problem, method: MethodDefinition, init: ResolvedInit): number {
  const most = Math.min(RANK_SLACK * Math.max(...problem.shape), method.mostRank?.(...problem.shape) ?? Infinity);
  if (value === undefined && init.rank !== undefined) return check.positiveInteger(init.rank, 'rank', most);
  const rank = check.positiveInteger(value, 'rank', most);
  if (init.rank !== undefined && init.rank !== rank) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected ${rank} columns (rank) for init.factors but received ${init.rank}.`,
    );
  }
  return rank;
}
