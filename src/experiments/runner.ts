/** Runs a named experiment: checks what is asked, runs it, and says whether every check of its claim held. */
import * as check from '../checks';
import { LowrankError } from '../errors';
import { native } from '../load';
import { threadCount } from '../threads';
import { version } from '../version';
import type { Experiment, Outcome, Parameter } from './experiment';
import { type ParameterValue, resolveParameters } from './parameters';

export interface ExperimentProgress {
  /** 0 .. 1, never falling. */
  readonly fraction: number;
  /** What is being done. */
  readonly doing: string;
}

export interface ExperimentOptions {
  /** Values of parameters other than their defaults. */
  readonly set?: Readonly<Record<string, ParameterValue>> | undefined;
  /** Base seed, 0 .. 2^53 - 2^20; default 1. Trial i uses seed + i. */
  readonly seed?: number | undefined;
  /** A version of seconds, with an acceptance of its own. Default false. */
  readonly quick?: boolean | undefined;
  /** 1 .. 64, default 1; never changes a result. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ExperimentProgress) => void) | undefined;
}

/** What an experiment is, without running it. */
export interface ExperimentSummary {
  readonly name: string;
  readonly title: string;
  readonly claim: string;
  readonly source: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
}

export interface ExperimentResult extends ExperimentSummaryFields, Outcome {
  /** Whether every check held. */
  readonly accepted: boolean;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly seed: number;
  readonly quick: boolean;
  readonly threads: number;
  readonly seconds: number;
  readonly versions: {
    readonly lowrank: string;
    readonly node: string;
    readonly openblas: string;
    readonly core: string;
  };
}
type ExperimentSummaryFields = Omit<ExperimentSummary, 'parameters'>;

/** Room above the base seed for the seeds of trials. */
const MOST_SEED = Number.MAX_SAFE_INTEGER - 2 ** 20;

const KNOWN = [
  'set',
  'seed',
  'quick',
  'threads',
  'signal',
  'onProgress',
] as const satisfies readonly (keyof ExperimentOptions)[];
const HINTS = { parameters: 'set', progress: 'onProgress' };

/** @throws LowrankError INVALID_ARGUMENT that names the nearest known experiment */
export function findExperiment<T extends { readonly name: string }>(experiments: readonly T[], name: unknown): T {
  const found = experiments.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = experiments.map((one) => one.name);
  if (typeof name !== 'string') return check.oneOf(name, 'the experiment', names) as never;
  const nearest = check.nearestName(name, names);
  const advice = nearest === undefined ? `Known experiments: ${names.join(', ')}.` : `Did you mean "${nearest}"?`;
  throw new LowrankError('INVALID_ARGUMENT', `Unknown experiment "${name.slice(0, 60)}". ${advice}`);
}

/** Checks everything before anything is computed. */
export async function runExperiment(
  experiment: Experiment,
  options: ExperimentOptions = {},
): Promise<ExperimentResult> {
  const given = check.optionsObject(options, 'experiments.run', KNOWN, HINTS);
  const set = given['set'] === undefined ? {} : settings(given['set']);
  const quick = given['quick'] === undefined ? false : check.boolean(given['quick'], 'quick');
  const parameters = resolveParameters(experiment, set, quick);
  const seed = given['seed'] === undefined ? 1 : check.integer(given['seed'], 'seed', 0, MOST_SEED);
  const threads = threadCount(given['threads']);
  const signal = check.optionalSignal(given['signal'], 'signal');
  const onProgress = check.optionalFunction(given['onProgress'], 'onProgress') as ExperimentOptions['onProgress'];
  signal?.throwIfAborted();

  const started = performance.now();
  let reached = 0;
  const progress = (fraction: number, doing: string): void => {
    // Between two solves of an experiment this is where it notices that it was given up.
    signal?.throwIfAborted();
    reached = Math.max(reached, Math.min(1, Number.isFinite(fraction) ? fraction : 0));
    onProgress?.({ fraction: reached, doing });
    signal?.throwIfAborted();
  };
  // The contract types the values by the parameters; resolveParameters gave each parameter a value of its kind.
  const values = parameters as Record<string, number>;
  const outcome = await experiment.run({ parameters: values, seed, threads, quick, signal, progress });
  signal?.throwIfAborted();
  checkOutcome(experiment.name, outcome);
  const build = native.buildInfo();
  return {
    name: experiment.name,
    title: experiment.title,
    claim: experiment.claim,
    source: experiment.source,
    accepted: outcome.checks.every(({ ok }) => ok),
    ...outcome,
    parameters,
    seed,
    quick,
    threads,
    seconds: (performance.now() - started) / 1000,
    versions: {
      lowrank: version,
      node: process.versions.node,
      openblas: build.openblasConfig.trim(),
      core: build.openblasCore,
    },
  };
}

/** Its keys are looked at by {@link resolveParameters}, which knows the experiment. */
function settings(value: unknown): Record<string, unknown> {
  return check.optionsObject(value, 'set', typeof value === 'object' && value !== null ? Object.keys(value) : []);
}

/** An experiment that checks nothing must not count as accepted, and its files need columns of one length. */
function checkOutcome(name: string, { checks, trace, table }: Outcome): void {
  const fault = (what: string): LowrankError => new LowrankError('INTERNAL', `Experiment ${name}: ${what}.`);
  if (checks.length === 0) throw fault('it has no checks');
  const lengths = new Set(Object.values(trace).map((column) => column.length));
  if (lengths.size !== 1) throw fault('the columns of its trace differ in length, or there are none');
  if (table.rows.some((row) => row.length !== table.columns.length))
    throw fault('a row of its table has other columns');
}
