/** `lowrank experiment`: a claim of a paper, run and measured; accepted or not. */
import type { Command } from 'commander';

import type { Check, ExperimentResult, ExperimentSummary, ParameterValue } from '../../experiments';
import { formatNumber, formatSeconds } from '../../figures/format';
import { MAX_THREADS } from '../../threads';
import { parseChoice, parseFile, parseInteger } from '../arguments';
import type { CliCommand, CommandContext } from '../command';
import { ExitCode, UsageError } from '../exit';
import { type Engine, loadEngine } from '../lazy';
import { showProgress } from '../progress';
import { alignedTable, coloured, columnTable, wrap, writeJson } from '../table';

interface ExperimentFlags {
  readonly set?: readonly string[];
  readonly quick?: boolean;
  readonly seed?: number;
  readonly threads?: number;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const notes = `
"run" prints what was measured beside what was predicted, and writes result.json, trace.csv,
figure.svg, figure.png and report.html into a folder, which appears as a whole or not at all. A
folder that an earlier run of the same experiment made is replaced at the end; any other is refused.

Exit code 0 means that every check of the experiment's claim held, 1 that one did not; the folder is
written in both cases.

Examples:
  lowrank experiment list
  lowrank experiment run toy-sinh
  lowrank experiment run s3-exact --set n=30 --set scales=1e-3,1e-6 --seed 7 --out exact-7
  lowrank experiment run s3-exact --quick --json
`;

const actions = ['list', 'run'] as const;

function describe(command: Command): void {
  command
    .summary('run a named experiment and check its claim')
    .description(
      'Named experiments on the claims of arXiv 2106.15013 and 2310.01769: "list" tells which there are, "run" runs one ' +
        'and checks what it claims. docs/experiments.md describes each.',
    )
    .argument('<action>', 'list or run', parseChoice('the action', actions))
    .argument('[name]', 'the experiment to run')
    .option(
      '--set <key=value...>',
      'give a parameter another value; numbers of a list are separated by commas',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option('--quick', 'a small version, in seconds')
    .option('--seed <s>', 'base seed (default: 1)', parseInteger('--seed', 0))
    .option(
      '--threads <n>',
      'threads to compute with; never changes the result (default: 1)',
      parseInteger('--threads', 1, MAX_THREADS),
    )
    .option('--out <folder>', 'folder for the results (default: ./NAME)', parseFile('--out'))
    .option('--json', 'print one JSON document instead of the tables')
    .option('--quiet', 'no progress on standard error')
    .addHelpText('after', notes);
}

async function run(args: readonly string[], options: ExperimentFlags, context: CommandContext): Promise<number> {
  const [action, name] = args;
  if (action === 'list') return listExperiments(name, options);
  if (name === undefined) {
    const swallowed = options.set?.find((setting) => !setting.includes('='));
    if (swallowed !== undefined)
      throw new UsageError(
        `Expected key=value for --set but received ${quoted(swallowed)}. The name goes before --set.`,
      );
    throw new UsageError('Expected the name of an experiment. See "lowrank experiment list".');
  }
  return runExperiment(name, options, context);
}

function listExperiments(name: string | undefined, flags: ExperimentFlags): number {
  if (name !== undefined) throw new UsageError(`Expected nothing after list but received ${quoted(name)}.`);
  const flag = Object.keys(flags).find((one) => one !== 'json' && one !== 'quiet');
  if (flag !== undefined) throw new UsageError(`Expected no --${flag} with list: it is an option of run.`);
  const { experiments, describeValues, formatSetting } = loadEngine();
  const all = experiments.list();
  if (flags.json) {
    writeJson({ experiments: all });
    return ExitCode.ok;
  }
  const parts = all.map(({ name: one, title, claim, source, parameters }) => {
    const lines = Object.entries(parameters).map(([key, parameter]): [string, string] => [
      `    ${key}=${formatSetting(parameter.default)}`,
      `${parameter.description} (${describeValues(parameter)})`,
    ]);
    return [
      `${coloured(one, 1, process.stdout)}: ${title}`,
      wrap(claim, 98, '  ', '  '),
      wrap(`Source: ${source}`, 98, '  ', '  '),
      alignedTable(lines),
    ].join('\n');
  });
  process.stdout.write(`${parts.join('\n\n')}\n`);
  return ExitCode.ok;
}

async function runExperiment(name: string, options: ExperimentFlags, { signal }: CommandContext): Promise<number> {
  const engine = loadEngine();
  const experiment = engine.findExperiment(engine.experiments.list(), name);
  const set = parseSettings(engine, experiment, options.set ?? []);
  const out = options.out ?? `./${experiment.name}`;
  await engine.checkOutputFolder(out, experiment.name);

  const progress = showProgress(options.quiet === true);
  let result: ExperimentResult;
  try {
    progress.update(0, 'starting');
    result = await engine.experiments.run(experiment.name, {
      set,
      quick: options.quick === true,
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.threads !== undefined && { threads: options.threads }),
      signal,
      onProgress: ({ fraction, doing }) => {
        progress.update(fraction, `${Math.round(100 * fraction)} %, ${doing}`);
      },
    });
  } finally {
    progress.stop();
  }
  signal.throwIfAborted();

  let failure: Error | undefined;
  try {
    await writeResults(engine, experiment, result, set, out, signal);
  } catch (error) {
    signal.throwIfAborted();
    failure = error instanceof Error ? error : new Error(String(error));
  }
  // A disk that is full must not cost the numbers as well: they are printed, and then the error is.
  const folder = failure === undefined ? out : undefined;
  if (options.json) writeJson({ ...engine.resultDocument(result), ...(folder !== undefined && { out: folder }) });
  else process.stdout.write(tableText(result, folder));
  if (failure !== undefined) throw failure;
  return result.accepted ? ExitCode.ok : ExitCode.notAccepted;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

function parseSettings(
  { parseSetting }: Engine,
  experiment: ExperimentSummary,
  settings: readonly string[],
): Record<string, ParameterValue> {
  const set: Record<string, ParameterValue> = {};
  for (const setting of settings) {
    const cut = setting.indexOf('=');
    if (cut < 1) {
      throw new UsageError(`Expected key=value for --set but received ${quoted(setting)}.`);
    }
    const key = setting.slice(0, cut);
    const value = parseSetting(experiment, key, setting.slice(cut + 1));
    if (Object.hasOwn(set, key)) throw new UsageError(`Parameter ${key} is set twice.`);
    set[key] = value;
  }
  return set;
}

async function writeResults(
  engine: Engine,
  experiment: ExperimentSummary,
  result: ExperimentResult,
  set: Readonly<Record<string, ParameterValue>>,
  out: string,
  signal: AbortSignal,
): Promise<void> {
  const svg = await engine.experimentFigure(result.panels);
  signal.throwIfAborted();
  const png = svg === undefined ? undefined : await engine.renderPng(svg, 1000);
  signal.throwIfAborted();
  const report = engine.experimentReport(result, {
    figure: svg,
    command: engine.repeatCommand(result, set),
    parameters: experiment.parameters,
    date: new Date(),
  });
  const files = {
    'result.json': `${JSON.stringify(engine.resultDocument(result), null, 2)}\n`,
    'trace.csv': engine.traceCsv(result),
    ...(svg !== undefined && { 'figure.svg': svg }),
    ...(png !== undefined && { 'figure.png': png }),
    'report.html': report,
  };
  await engine.writeOutputFolder(out, experiment.name, files, signal);
}

function tableText(result: ExperimentResult, out: string | undefined): string {
  const { title, checks, table, accepted, seconds, notes: remarks } = result;
  const verdict = accepted ? coloured('accepted', 32, process.stdout) : coloured('not accepted', 31, process.stdout);
  const lines = [
    title,
    '',
    columnTable(
      table.columns,
      table.rows.map((row) => row.map(cell)),
    ),
    '',
    columnTable(['check', 'measured', 'predicted', 'tolerance', ''], checks.map(checkCells)),
    '',
    ...remarks.map((remark) => wrap(remark, 98, '  - ', '    ')),
    '',
    alignedTable([
      ['time', formatSeconds(seconds)],
      ['seed', String(result.seed)],
      ['verdict', verdict],
    ]),
    ...(out === undefined ? [] : [`wrote ${out}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function checkCells({ what, measured, predicted, tolerance, rule, ok }: Check): string[] {
  // Of a rule without tolerance the sign says which way it goes.
  const sign = rule === 'measured <= predicted' ? '<= ' : rule === 'measured >= predicted' ? '>= ' : '';
  const bound = Number.isNaN(predicted) ? '-' : `${sign}${formatNumber(predicted)}`;
  const allowed = tolerance === 0 ? '-' : formatNumber(tolerance);
  return [what, formatNumber(measured), bound, allowed, ok ? 'ok' : coloured('failed', 31, process.stdout)];
}

function cell(value: string | number): string {
  return typeof value === 'number' ? formatNumber(value) : value;
}

export const experiment: CliCommand = {
  name: 'experiment',
  describe,
  run: (args, options, context) => run(args, options, context),
};
