/** How each method is run in each stage of a recovery, and the runner that keeps the books over all fits. */
import type { Problem } from '../problems/problem';
import { factorSvd, type FactorSvd } from './factor-arithmetic';
import type { Init } from './initializers';
import type { MethodName } from './methods';
import type { SolveOptions } from './options';
import type { RecordColumn } from './recording';
import type { RecoverPlan, RecoverStage } from './recover-options';
import type { Factors, Info, Model, SolveResult, Trace } from './result';
import { solve } from './solve';

interface Strategy {
  /** Over-parameterized: where attempt 0, 1, ... starts. */
  readonly start: (attempt: number, seed: number) => Init;
  /** Options of the stages; `check` is run as the refinement is. */
  readonly search: Pick<SolveOptions, 'step' | 'stop'>;
  readonly validation: Pick<SolveOptions, 'step' | 'stop'>;
  readonly refinement: Pick<SolveOptions, 'step' | 'stop'>;
}

const STRATEGIES: Readonly<Record<MethodName, Strategy>> = {
  'riemannian-gauss-newton': {
    start: (attempt, seed) => (attempt === 0 ? { kind: 'spectral' } : { kind: 'random', seed: seed + attempt }),
    // An iteration is up to 50 passes. What is not found in 20 is noise being followed, or a local minimum.
    search: {
      stop: { iterations: 20, residual: 1e-9, stall: { window: 3, decrease: 0.06 }, validation: { patience: 6 } },
    },
    validation: { stop: { iterations: 12, residual: 1e-11, stall: { window: 2, decrease: 0.02 } } },
    refinement: { stop: { iterations: 60, residual: 1e-13, gradient: 1e-9, stall: { window: 3, decrease: 1e-4 } } },
  },
  'gradient-descent': {
    // A small start keeps the columns that the rank does not need small (arXiv 2106.15013).
    start: (attempt, seed) => ({ kind: 'random', seed: seed + attempt }),
    search: {
      step: 'exact-line-search',
      stop: { iterations: 1500, residual: 1e-9, stall: { window: 200, decrease: 0.1 }, validation: { patience: 150 } },
    },
    validation: {
      step: 'exact-line-search',
      stop: { iterations: 1000, residual: 1e-11, stall: { window: 50, decrease: 0.02 } },
    },
    refinement: {
      step: 'exact-line-search',
      stop: { iterations: 10_000, residual: 1e-13, gradient: 1e-9, stall: { window: 100, decrease: 1e-3 } },
    },
  },
  'approximate-gauss-newton': {
    start: (attempt, seed) => (attempt === 0 ? { kind: 'spectral' } : { kind: 'random', seed: seed + attempt }),
    search: {
      stop: { iterations: 200, residual: 1e-9, stall: { window: 20, decrease: 0.06 }, validation: { patience: 30 } },
    },
    validation: { stop: { iterations: 200, residual: 1e-11, stall: { window: 10, decrease: 0.02 } } },
    refinement: { stop: { iterations: 2000, residual: 1e-13, gradient: 1e-9, stall: { window: 20, decrease: 1e-4 } } },
  },
};

/** One finished fit. */
export interface Fit {
  readonly stage: RecoverStage;
  readonly rank: number;
  readonly result: SolveResult;
  readonly residual: number;
  /** NaN without held-out rows. */
  readonly validation: number;
  readonly svd: FactorSvd;
}

export interface FitOptions {
  readonly init: Init;
  readonly heldOut: Uint8Array | null;
  readonly iterations?: number;
  /** Another problem with the same operator. */
  readonly problem?: Problem;
}

/** Runs fits one after the other, with what they have in common, and adds up their ledgers. */
export class FitRunner {
  readonly strategy: Strategy;
  #passes = 0;
  #fits = 0;
  #totals = { iterations: 0, forwardCount: 0, adjointCount: 0, rejectedSteps: 0, fallbacks: 0 };
  #seconds = { total: 0, init: 0, passes: 0, updates: 0, records: 0 };
  readonly #started = performance.now();

  constructor(
    private readonly problem: Problem,
    private readonly plan: RecoverPlan,
  ) {
    this.strategy = STRATEGIES[plan.method.name];
  }

  get passes(): number {
    return this.#passes;
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  /** The time limit is over. */
  isExpired(): boolean {
    return this.plan.timeLimit !== undefined && this.seconds >= this.plan.timeLimit;
  }

  async fit(stage: RecoverStage, model: Model, rank: number, options: FitOptions): Promise<Fit> {
    const { init, heldOut, iterations, problem = this.problem } = options;
    const { step, stop } = this.strategy[stage === 'check' ? 'refinement' : stage];
    const { plan } = this;
    const { validation, ...rules } = stop ?? {};
    const left = plan.timeLimit === undefined ? undefined : Math.max(1e-3, plan.timeLimit - this.seconds);
    const result = await solve(problem, {
      method: plan.method.name,
      model,
      rank,
      init,
      ...(step === undefined ? {} : { step }),
      stop: {
        ...rules,
        ...(validation === undefined || heldOut === null ? {} : { validation }),
        ...(iterations === undefined ? {} : { iterations }),
        ...(left === undefined ? {} : { timeLimit: left }),
      },
      ...(heldOut === null ? {} : { holdOut: heldOut }),
      record: { columns: columnsOf(problem, heldOut !== null) },
      threads: plan.threads,
      signal: plan.signal,
      maxMemory: plan.maxMemory,
      onProgress: this.#progress(stage, rank),
    });
    this.#add(result.info);
    const svd = await factorSvd(result.factors);
    plan.signal?.throwIfAborted();
    return { stage, rank, result, residual: result.residual, validation: result.validationError ?? NaN, svd };
  }

  /** The ledger of everything that was run. */
  info(last: Info, rank: number): Info {
    return {
      ...last,
      ...this.#totals,
      passes: this.#passes,
      seconds: { ...this.#seconds },
      rank,
      seed: this.plan.seed,
    };
  }

  #progress(stage: RecoverStage, rank: number): SolveOptions['onProgress'] {
    const { onProgress } = this.plan;
    if (onProgress === undefined) return undefined;
    const fits = this.#fits;
    return (progress) => {
      onProgress({ ...progress, stage, rank, fits, seconds: this.seconds });
    };
  }

  #add(info: Info): void {
    this.#fits++;
    this.#passes += info.passes;
    for (const key of ['iterations', 'forwardCount', 'adjointCount', 'rejectedSteps', 'fallbacks'] as const) {
      this.#totals[key] += info[key];
    }
    for (const key of ['total', 'init', 'passes', 'updates', 'records'] as const)
      this.#seconds[key] += info.seconds[key];
  }
}

function columnsOf(problem: Problem, held: boolean): RecordColumn[] {
  const columns: RecordColumn[] = ['trainLoss', 'residual', 'passes'];
  if (held) columns.push('validationResidual');
  if (problem.truth !== undefined) columns.push('testError');
  return columns;
}

const STAGE_NUMBERS: Readonly<Record<RecoverStage, number>> = { search: 0, validation: 1, refinement: 2, check: 3 };

/**
 * The traces of fits one after the other: `stage` tells them apart, `iteration` counts within each fit, `passes` over all of
 * them. What a fit did not record is NaN. Losses are brought back to the user's units by `lossScale`.
 */
export function joinTraces(fits: readonly Fit[], lossScale: number): Trace {
  const names = ['iteration', 'stage', ...new Set(fits.flatMap((fit) => Object.keys(fit.result.trace.columns)))];
  const length = fits.reduce((sum, fit) => sum + fit.result.trace.length, 0);
  const columns = Object.fromEntries([...new Set(names)].map((name) => [name, new Float64Array(length).fill(NaN)]));
  let row = 0;
  let passes = 0;
  for (const fit of fits) {
    const { trace, info } = fit.result;
    columns['stage']!.fill(STAGE_NUMBERS[fit.stage], row, row + trace.length);
    for (const [name, values] of Object.entries(trace.columns)) {
      const factor = name === 'trainLoss' ? lossScale : 1;
      const offset = name === 'passes' ? passes : 0;
      columns[name]!.set(factor === 1 && offset === 0 ? values : values.map((value) => value * factor + offset), row);
    }
    row += trace.length;
    passes += info.passes;
  }
  return { length, columns };
}

/** Where a fit starts from factors that are there. */
export function startAt(factors: Factors): Init {
  return { kind: 'given', factors: factors.right === factors.left ? factors.left : factors };
}
