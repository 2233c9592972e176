/** `lowrank recover`: a problem file in, the recovered matrix and the verdict on it out. */
import { basename } from 'node:path';
import type { Command } from 'commander';

import { formatNumber, formatSeconds } from '../../figures/format';
import type { ReportContext } from '../../figures/report-page';
import type { Engine } from '../lazy';
import type { RecoverVectorResult } from '../../solvers/vector/recover-vector';
import type { VectorMethod } from '../../solvers/vector/methods';
import { METHODS, type MethodName } from '../../solvers/methods';
import type { RecoverProgress, RecoverStage } from '../../solvers/recover-options';
import type { Model, RecoverResult, Verdict } from '../../solvers/result';
import { LowrankError } from '../../errors';
import type { Vector } from '../../vector';
import { MAX_THREADS } from '../../threads';
import { checkInput, checkOutput, parseChoice, parseFile, parseInteger, parseSeconds } from '../arguments';
import type { CliCommand, CommandContext } from '../command';
import { ExitCode, UsageError } from '../exit';
import { loadEngine } from '../lazy';
import { showProgress } from '../progress';
import { alignedTable, colouredVerdict, wrap, writeJson } from '../table';

const models: readonly Model[] = ['symmetric', 'asymmetric'];
const methods: readonly MethodName[] = METHODS.map(({ name }) => name);

interface RecoverFlags {
  readonly rank?: number;
  readonly model?: Model;
  readonly method?: string;
  readonly seed?: number;
  readonly threads?: number;
  readonly timeLimit?: number;
  readonly out?: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const notes = `
The problem file holds A (m, n1, n2) and y (m) with y[i] = sum_jk A[i,j,k] X[j,k]; optionally
symmetric (0 or 1) and truth (n1, n2). Or, for phase retrieval, vectors (m, n) and y (m) with
y[i] = |sum_j vectors[i,j] x[j]|^2, or masks (L, n) or (L, h, w) and y with
y[l] = |fft(masks[l] x)|^2; optionally truth. docs/files.md shows how to write one from Python,
Julia and MATLAB.

Exit code 0 means: converged, and the verdict is "trusted". With "doubtful" or "unidentifiable", or
without convergence, the files are written all the same and the exit code is 1. Bad input is 2, and
then nothing is written.

Examples:
  lowrank recover problem.npz
  lowrank recover problem.npz --out result.npz --report report.html
  lowrank recover problem.npz --rank 3 --time-limit 60 --json
`;

function describe(command: Command): void {
  command
    .summary('recover a low-rank matrix, or a vector from intensities, from a measurement file')
    .description(
      'Recovers a low-rank matrix from the measurements in a file. The rank need not be known: it is read from an ' +
        'over-parameterized search and checked on measurements that the fit did not see. Files of phase retrieval (vectors or ' +
        'masks, and intensities) give a vector.',
    )
    .argument('<problem.npz>', 'the measurements, in NumPy format', parseFile('<problem.npz>'))
    .option('--rank <k>', 'look for a matrix of exactly this rank (default: find it)', parseInteger('--rank', 1))
    .option(
      '--model <model>',
      'symmetric (U U^T) or asymmetric (F G^T) (default: what the file says)',
      parseChoice('--model', models),
    )
    .option(
      '--method <name>',
      `update rule: ${methods.join(', ')} (default: riemannian-gauss-newton); phase retrieval: the first stage ` +
        '(default: reweighted-amplitude-flow, see docs/recovery.md)',
    )
    .option('--seed <s>', 'seed of the random start and of the hold-out (default: 0)', parseInteger('--seed', 0))
    .option(
      '--threads <n>',
      'threads to compute with; never changes the result (default: 1)',
      parseInteger('--threads', 1, MAX_THREADS),
    )
    .option(
      '--time-limit <seconds>',
      'stop after this time with the best so far (default: none)',
      parseSeconds('--time-limit'),
    )
    .option('--out <result.npz>', 'write factors (or x), estimate, trace and ledger to this file', parseFile('--out'))
    .option('--report <report.html>', 'write a page with figures, evidence and ledger', parseFile('--report'))
    .option('--json', 'print one JSON document instead of the table')
    .option('--quiet', 'no progress on standard error')
    .addHelpText('after', notes);
}

async function run(args: readonly string[], options: RecoverFlags, { signal }: CommandContext): Promise<number> {
  const path = args[0] ?? '';
  // Everything that can be refused is refused before the work, not after an hour of it.
  await checkInput(path);
  const { out, report } = options;
  if (out !== undefined) await checkOutput(out, '--out', { 'problem file': path });
  if (report !== undefined) await checkOutput(report, '--report', { 'problem file': path, 'file of --out': out });

  const engine = loadEngine();
  const progress = showProgress(options.quiet === true);
  let result: RecoverResult;
  try {
    progress.update(0, 'reading');
    const form = await engine.fileForm(path);
    if (form === 'vectors' || form === 'masks') return await runVector(engine, path, options, signal, progress);
    if (options.method !== undefined) parseChoice('--method', methods)(options.method);
    const problem = await engine.loadProblem(path, {
      ...(options.model && { model: options.model }),
      signal,
      onProgress: ({ fraction }) => {
        progress.update(fraction, `reading, ${Math.round(100 * fraction)} %`);
      },
    });
    if (problem.model === 'vector') throw new UsageError(`${path}: the file was replaced while it was in use.`);
    result = await engine.recover(problem, {
      ...(options.rank !== undefined && { rank: options.rank }),
      ...(options.model && { model: options.model }),
      ...(options.method && { method: options.method as MethodName }),
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.threads !== undefined && { threads: options.threads }),
      ...(options.timeLimit !== undefined && { timeLimit: options.timeLimit }),
      signal,
      onProgress: (event) => {
        progress.update(event.iterations / event.maxIterations, describeProgress(event));
      },
    });
  } finally {
    progress.stop();
  }

  signal.throwIfAborted();
  const summary = jsonResult(path, result);
  const { written, failure } = await writeFiles(engine, options, signal, {
    out: (file) => {
      const { factors, estimate, trace, info } = result;
      return engine.writeResultFile(file, { model: info.model, factors, estimate, trace, info: summary }, { signal });
    },
    report: () => {
      const context = { ...reportContext(path, options), givenRank: options.rank };
      return engine.recoverReport(result, context);
    },
  });
  // A disk that is full must not cost the numbers as well: they are printed, and then the error is.
  if (options.json) writeJson({ ...summary, ...written });
  else process.stdout.write(tableText(result, Object.values(written)));
  if (failure) throw failure;
  return isAccepted(result) ? ExitCode.ok : ExitCode.notAccepted;
}

/** The same for phase retrieval. */
async function runVector(
  engine: Engine,
  path: string,
  options: RecoverFlags,
  signal: AbortSignal,
  progress: ReturnType<typeof showProgress>,
): Promise<number> {
  const { rank, model, method, seed, threads, timeLimit } = options;
  if (rank !== undefined && rank !== 1)
    throw invalidArgument('--rank', '1 for a file of phase retrieval', String(rank));
  if (model !== undefined) throw invalidArgument('--model', 'matrix problems only', path);
  const problem = await engine.loadVectorProblem(path, {
    signal,
    onProgress: ({ fraction }) => {
      progress.update(fraction, `reading, ${Math.round(100 * fraction)} %`);
    },
  });
  const result = await engine.recover(problem, {
    ...(method && { method: method as VectorMethod }),
    ...(seed !== undefined && { seed }),
    ...(threads !== undefined && { threads }),
    ...(timeLimit !== undefined && { timeLimit }),
    signal,
    onProgress: ({ stage, fits, iterations, maxIterations, residual }) => {
      const what = `fit ${fits + 1}, ${stageNames[stage]}: iteration ${iterations}, residual ${formatNumber(residual)}`;
      progress.update(iterations / maxIterations, what);
    },
  });
  progress.stop();
  signal.throwIfAborted();
  const summary = vectorJson(path, result);
  const { written, failure } = await writeFiles(engine, options, signal, {
    out: (file) => {
      const { estimate, trace } = result;
      return engine.writeVectorResultFile(file, { estimate, trace, info: summary }, { signal });
    },
    report: () => engine.recoverVectorReport(result, reportContext(path, options)),
  });
  if (options.json) writeJson({ ...summary, ...written });
  else process.stdout.write(tableText({ ...result, unknowns: result.estimate }, Object.values(written)));
  if (failure) throw failure;
  return isAccepted(result) ? ExitCode.ok : ExitCode.notAccepted;
}

/** Writes what was asked for. A failure is returned, not thrown: the numbers must be printed first. */
async function writeFiles(
  engine: Engine,
  { out, report }: RecoverFlags,
  signal: AbortSignal,
  make: { readonly out: (path: string) => Promise<void>; readonly report: () => Promise<string> },
): Promise<{ written: { out?: string; report?: string }; failure?: Error }> {
  const written: { out?: string; report?: string } = {};
  try {
    if (out !== undefined) {
      await make.out(out);
      written.out = out;
    }
    if (report !== undefined) {
      const page = await make.report();
      signal.throwIfAborted();
      await engine.writeFileAtomic(report, page);
      written.report = report;
    }
  } catch (error) {
    signal.throwIfAborted();
    return { written, failure: error instanceof Error ? error : new Error(String(error)) };
  }
  return { written };
}

function reportContext(path: string, options: RecoverFlags): ReportContext {
  return { source: basename(path), command: commandLine(path, options), date: new Date() };
}

function invalidArgument(option: string, expected: string, got: string): Error {
  return new LowrankError('INVALID_ARGUMENT', `Expected ${expected} for ${option} but received ${got}.`);
}

function vectorJson(path: string, result: RecoverVectorResult): object {
  const { rank, status, converged, residual, testError, validationError, iterations, seconds, method, seed } = result;
  return {
    rank,
    status,
    converged,
    residual,
    ...(testError !== undefined && { testError }),
    validationError: Number.isNaN(validationError) ? null : validationError,
    iterations,
    seconds,
    method,
    seed,
    trust: result.trust,
    info: result.info,
    accepted: isAccepted(result),
    file: path,
    field: result.estimate.field,
    dimension: result.estimate.length,
  };
}

const stageNames: Record<RecoverStage, string> = {
  search: 'search',
  validation: 'validation fit',
  refinement: 'refinement',
  check: 'check from nearby',
};

function describeProgress({ stage, rank, fits, iterations, residual }: RecoverProgress): string {
  return `fit ${fits + 1}, ${stageNames[stage]} with rank ${rank}: iteration ${iterations}, residual ${formatNumber(residual)}`;
}

/** A doubtful answer is not accepted: whoever chains programs by exit code must not go on with it unawares. */
function isAccepted({ converged, trust }: Pick<RecoverResult, 'converged'> & { trust: { verdict: Verdict } }): boolean {
  return converged && trust.verdict === 'trusted';
}

/** The fields of the design, in its order, and after them what else a program may want. */
function jsonResult(path: string, result: RecoverResult): object {
  const {
    rank,
    status,
    converged,
    residual,
    testError,
    validationError,
    iterations,
    seconds,
    method,
    seed,
    trust,
    info,
  } = result;
  return {
    rank,
    status,
    converged,
    residual,
    ...(testError !== undefined && { testError }),
    validationError,
    iterations,
    seconds,
    method,
    seed,
    trust,
    info,
    accepted: isAccepted(result),
    file: path,
    singularValues: Array.from(result.singularValues),
  };
}

type Shown = Pick<
  RecoverResult,
  'residual' | 'testError' | 'validationError' | 'iterations' | 'seconds' | 'status' | 'converged'
> & {
  readonly rank?: number;
  readonly unknowns?: Vector;
  readonly trust: { readonly verdict: Verdict; readonly reasons: readonly string[] };
};

function tableText(result: Shown, written: readonly string[]): string {
  const { trust, testError, unknowns } = result;
  const rows: [string, string][] = [
    unknowns === undefined
      ? ['rank found', String(result.rank)]
      : ['unknowns', `${unknowns.length} ${unknowns.field}, up to ${unknowns.field === 'real' ? 'sign' : 'phase'}`],
    ['residual', formatNumber(result.residual)],
    ...(testError === undefined ? [] : [['test error', formatNumber(testError)] as [string, string]]),
    ['validation error', formatNumber(result.validationError)],
    ['iterations', String(result.iterations)],
    ['time', formatSeconds(result.seconds)],
    ['status', `${result.status}${result.converged ? '' : ', not converged'}`],
    ['verdict', colouredVerdict(trust.verdict, process.stdout)],
  ];
  const lines = [alignedTable(rows), ...trust.reasons.map((reason) => wrap(reason, 96, '  - ', '    '))];
  if (written.length > 0) lines.push(`wrote ${written.join(' and ')}`);
  return `${lines.join('\n')}\n`;
}

/** The command that repeats the run, quoted for a POSIX shell. */
function commandLine(path: string, options: RecoverFlags): string {
  const words = ['lowrank', 'recover', path];
  const values = [
    ['--rank', options.rank],
    ['--model', options.model],
    ['--method', options.method],
    ['--seed', options.seed],
    ['--threads', options.threads],
    ['--time-limit', options.timeLimit],
    ['--out', options.out],
    ['--report', options.report],
  ] as const;
  for (const [flag, value] of values) if (value !== undefined) words.push(flag, String(value));
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

export const recover: CliCommand = {
  name: 'recover',
  describe,
  run: (args, options, context) => run(args, options, context),
};
