/** `lowrank predict`: what theory says of the spectral method, and of gradient descent, before anything is run. */
import type { Command } from 'commander';

import type { DmftOptions, DmftResult, SpectralOptions, SpectralPrediction } from '../../asymptotics';
import type { ChannelName } from '../../channels';
import { formatNumber, formatSeconds } from '../../figures/format';
import type { PreprocessingName } from '../../preprocessing';
import { MAX_THREADS } from '../../threads';
import type { Field } from '../../vector';
import { parseChoice, parseInteger, parseNumber } from '../arguments';
import type { CliCommand, CommandContext } from '../command';
import { ExitCode, UsageError } from '../exit';
import { loadEngine } from '../lazy';
import { showProgress } from '../progress';
import { alignedTable, columnTable, wrap, writeJson } from '../table';

const fields = ['real', 'complex'] as const satisfies readonly Field[];
const channels = [
  'intensity',
  'amplitude',
  'noisy-intensity',
  'noisy-amplitude',
  'poisson',
  'sign',
  'logistic',
  'relu',
  'cubic',
  'linear',
] as const satisfies readonly ChannelName[];
const preprocessings = [
  'optimal',
  'mondelli-montanari',
  'truncated',
  'amplitude',
  'subset',
  'orthogonality-promoting',
  'weighted',
  'plain',
] as const satisfies readonly PreprocessingName[];

interface PredictFlags {
  readonly delta?: number;
  readonly field?: Field;
  readonly channel?: ChannelName;
  readonly noise?: number;
  readonly gain?: number;
  readonly slope?: number;
  readonly preprocessing?: PreprocessingName;
  readonly clip?: number;
  readonly json?: boolean;
  readonly loss?: string;
  readonly set?: readonly string[];
  readonly step?: number;
  readonly ridge?: number;
  readonly momentum?: number;
  readonly batch?: number;
  readonly overlap?: number;
  readonly norm?: number | 'least-squares';
  readonly iterations?: number;
  readonly samples?: number;
  readonly repeats?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly quiet?: boolean;
}

/** What `spectral` has no use for. */
const DMFT_ONLY = [
  'loss',
  'set',
  'step',
  'ridge',
  'momentum',
  'batch',
  'overlap',
  'norm',
  'iterations',
  'samples',
  'repeats',
  'seed',
  'threads',
] as const satisfies readonly (keyof PredictFlags)[];

const DEFAULT_ITERATIONS = 20;

const notes = `
Both are about y = phi(<x_i, theta*>, noise) with Gaussian x_i and norm(theta*) = 1, in the limit of
many unknowns at a fixed number of measurements per unknown, delta. "spectral" is exact, by
quadrature: overlap, eigenvalue and thresholds of the top eigenvector of X^H diag(T(y)) X / m.
"dmft" follows gradient descent from there, or from an independent start (--overlap), by dynamical
mean-field theory with Monte Carlo samples; standard errors come with it.

Below threshold "spectral" answers overlap 0 with exit code 0; "dmft" refuses with exit code 2 and
says where the threshold is.

Examples:
  lowrank predict spectral --delta 4
  lowrank predict spectral --delta 3 --field complex --preprocessing truncated --json
  lowrank predict dmft --delta 4 --loss tanh-amplitude --set sharpness=4 --step 0.6 --ridge 0.05
  lowrank predict dmft --delta 3 --loss logistic --channel logistic --step 1 --overlap 0.3
`;

function describe(command: Command): void {
  command
    .summary('predict the spectral method, or gradient descent')
    .description(
      'Exact predictions for single-index models and phase retrieval: of the spectral method ("spectral"), and of every ' +
        'iteration of gradient descent ("dmft"). docs/spectral.md and docs/dmft.md have the equations.',
    )
    .argument('<what>', 'spectral or dmft', parseChoice('what to predict', ['spectral', 'dmft']))
    .option('--delta <d>', 'measurements per unknown', parseNumber('--delta', { above: 0 }))
    .option('--field <field>', 'real or complex (default: real)', parseChoice('--field', fields))
    .option('--channel <name>', `${channels.join(', ')} (default: intensity)`, parseChoice('--channel', channels))
    .option('--noise <sd>', 'Gaussian noise added to y (default: 0)', parseNumber('--noise', { least: 0 }))
    .option('--gain <g>', 'of channel poisson: counts at |z| = 1 (default: 1)', parseNumber('--gain', { above: 0 }))
    .option('--slope <b>', 'of channel logistic (default: 1)', parseNumber('--slope', { above: 0 }))
    .option(
      '--preprocessing <name>',
      `T: ${preprocessings.join(', ')} (default: optimal)`,
      parseChoice('--preprocessing', preprocessings),
    )
    .option(
      '--clip <k>',
      'the optimal T is not below -k; or infinity (default: 64)',
      parseNumber('--clip', { above: 0, infinity: true }),
    )
    .option('--loss <name>', 'dmft: the loss, differentiable, e.g. wirtinger, tanh-amplitude')
    .option(
      '--set <key=value...>',
      'dmft: give a parameter of the loss another value',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option('--step <eta>', 'dmft: step size', parseNumber('--step', { above: 0 }))
    .option('--ridge <l>', 'dmft: adds l theta to the gradient (default: 0)', parseNumber('--ridge', { least: 0 }))
    .option('--momentum <b>', 'dmft: heavy ball (default: 0)', parseNumber('--momentum', { least: 0 }))
    .option(
      '--batch <f>',
      'dmft: fraction of the measurements in a step (default: 1)',
      parseNumber('--batch', { above: 0, most: 1 }),
    )
    .option(
      '--overlap <a>',
      'dmft: start of this overlap, independent of the data (default: the spectral start)',
      parseNumber('--overlap', { least: -1, most: 1 }),
    )
    .option(
      '--norm <c>',
      'dmft: norm of the start, or least-squares (default: 1, the norm estimate)',
      (text: string) => (text === 'least-squares' ? text : parseNumber('--norm', { above: 0 })(text)),
    )
    .option('--iterations <t>', `dmft: iterations (default: ${DEFAULT_ITERATIONS})`, parseInteger('--iterations', 0))
    .option('--samples <n>', 'dmft: Monte Carlo samples of each repeat (default: 100000)', parseInteger('--samples', 1))
    .option('--repeats <k>', 'dmft: sweeps behind mean and standard error (default: 3)', parseInteger('--repeats', 1))
    .option('--seed <s>', 'dmft: seed of the samples (default: 0)', parseInteger('--seed', 0))
    .option(
      '--threads <n>',
      'dmft: threads to compute with; never changes the result (default: 1)',
      parseInteger('--threads', 1, MAX_THREADS),
    )
    .option('--json', 'print one JSON document instead of the table')
    .option('--quiet', 'no progress on standard error')
    .addHelpText('after', notes);
}

async function run(args: readonly string[], options: PredictFlags, context: CommandContext): Promise<number> {
  const { delta } = options;
  if (delta === undefined) throw new UsageError('Expected --delta, the number of measurements per unknown.');
  if (args[0] === 'dmft') return runDmft(delta, options, context);
  const foreign = DMFT_ONLY.find((name) => options[name] !== undefined);
  if (foreign !== undefined)
    throw new UsageError(`Option --${foreign} is one of "predict dmft", not of "predict spectral".`);
  const prediction = loadEngine().asymptotics.spectral({
    ...model(delta, options),
    ...(options.preprocessing !== undefined && { preprocessing: options.preprocessing }),
    ...(options.clip !== undefined && { clip: options.clip }),
  });
  if (options.json) writeJson(spectralDocument(prediction));
  else process.stdout.write(spectralText(prediction));
  return ExitCode.ok;
}

/** What both predictions are about. */
function model(delta: number, options: PredictFlags): Pick<SpectralOptions, 'delta' | 'field' | 'channel' | 'noise'> {
  const { field, channel: name = 'intensity', noise, gain, slope } = options;
  const parameters = { ...(gain !== undefined && { gain }), ...(slope !== undefined && { slope }) };
  return {
    delta,
    ...(field !== undefined && { field }),
    channel: { name, ...parameters },
    ...(noise !== undefined && { noise }),
  };
}

/** The fields of the design, in its order, and after them what else a program may want. Infinity is null in JSON. */
function spectralDocument(prediction: SpectralPrediction): object {
  const { overlapSquared, eigenvalue, bulkEdge, tau, threshold, aboveThreshold, ...rest } = prediction;
  return { overlapSquared, eigenvalue, bulkEdge, tau, threshold, aboveThreshold, ...rest };
}

function spectralText(prediction: SpectralPrediction): string {
  const { delta, channel, field, preprocessing, overlap, overlapSquared, aboveThreshold } = prediction;
  const { threshold, preprocessingThreshold } = prediction;
  const digits = (value: number): string => String(Number(value.toPrecision(8)));
  const table = alignedTable([
    ['model', `${channel}, ${field}, delta = ${delta}`],
    ['preprocessing', preprocessing],
    ['overlap squared', digits(overlapSquared)],
    ['overlap', digits(overlap)],
    ['eigenvalue', digits(prediction.eigenvalue)],
    ['bulk edge', digits(prediction.bulkEdge)],
    ['tau', digits(prediction.tau)],
    ['threshold of this T', thresholdText(preprocessingThreshold)],
    ['threshold of any T', threshold === null ? 'not known' : thresholdText(threshold)],
  ]);
  return `${table}\n\n${wrap(verdict(aboveThreshold, delta, preprocessingThreshold, threshold), 98)}\n`;
}

function thresholdText(value: number): string {
  return value === Infinity ? 'infinite' : `delta = ${Number(value.toPrecision(8))}`;
}

function verdict(above: boolean, delta: number, own: number, weak: number | null): string {
  if (above) return `Above threshold: the top eigenvector finds the signal.`;
  if (weak === Infinity) {
    return 'The threshold is infinite: y says nothing about |z|, so no spectral method finds the signal at any delta. The overlap is 0.';
  }
  if (own === Infinity) return 'This preprocessing finds the signal at no delta. The overlap is 0.';
  const other =
    weak !== null && weak < delta ? ` Another one would find it: 'optimal', from ${formatNumber(weak)} on.` : '';
  return `Below threshold: this preprocessing finds nothing below delta = ${formatNumber(own)}. The overlap is 0.${other}`;
}

async function runDmft(delta: number, options: PredictFlags, { signal }: CommandContext): Promise<number> {
  const { loss, step, overlap, preprocessing, clip } = options;
  if (loss === undefined) throw new UsageError('Expected --loss, a differentiable loss such as tanh-amplitude.');
  if (step === undefined) throw new UsageError('Expected --step, the step size.');
  if (overlap !== undefined && (preprocessing !== undefined || clip !== undefined)) {
    throw new UsageError(
      `Expected one start but received --overlap (independent) and --${clip === undefined ? 'preprocessing' : 'clip'} (spectral).`,
    );
  }
  const engine = loadEngine();
  const progress = showProgress(options.quiet === true);
  let result: DmftResult;
  try {
    progress.update(0, 'spectral start');
    result = await engine.asymptotics.dmft({
      ...model(delta, options),
      loss: { name: loss, ...lossParameters(options.set ?? []) } as DmftOptions['loss'],
      step,
      iterations: options.iterations ?? DEFAULT_ITERATIONS,
      start: overlap !== undefined ? { kind: 'independent', overlap } : { kind: 'spectral', preprocessing, clip },
      ridge: options.ridge,
      momentum: options.momentum,
      batch: options.batch,
      norm: options.norm,
      samples: options.samples,
      repeats: options.repeats,
      seed: options.seed,
      threads: options.threads,
      signal,
      onProgress: ({ iteration, iterations, repeat, repeats }) => {
        const done = (repeat - 1 + iteration / Math.max(1, iterations)) / repeats;
        progress.update(done, `sweep ${repeat} of ${repeats}, iteration ${iteration}`);
      },
    });
  } finally {
    progress.stop();
  }
  signal.throwIfAborted();
  if (options.json) writeJson(dmftDocument(result));
  else process.stdout.write(dmftText(result));
  return ExitCode.ok;
}

function lossParameters(settings: readonly string[]): Record<string, number> {
  const parameters: Record<string, number> = {};
  for (const setting of settings) {
    const cut = setting.indexOf('=');
    if (cut < 1)
      throw new UsageError(`Expected key=value for --set but received ${JSON.stringify(setting.slice(0, 60))}.`);
    const key = setting.slice(0, cut);
    if (key === 'name') throw new UsageError('Expected a parameter of the loss for --set but received "name".');
    if (Object.hasOwn(parameters, key)) throw new UsageError(`Parameter ${key} is set twice.`);
    parameters[key] = parseNumber(`--set ${key}`)(setting.slice(cut + 1));
  }
  return parameters;
}

const CURVES = ['m', 'q', 'overlap', 'trainLoss', 'testLoss'] as const satisfies readonly (keyof DmftResult)[];

function dmftDocument(result: DmftResult): object {
  const lists = (curves: DmftResult['standardErrors']): object =>
    Object.fromEntries(CURVES.map((name) => [name, Array.from(curves[name])]));
  const { iterations, samples, repeats, seed, seconds, spectral } = result;
  return {
    ...lists(result),
    standardErrors: lists(result.standardErrors),
    ...(spectral !== undefined && { spectral: spectralDocument(spectral) }),
    iterations,
    samples,
    repeats,
    seed,
    seconds,
  };
}

function dmftText(result: DmftResult): string {
  const { iterations, samples, repeats, seed, seconds, spectral, standardErrors } = result;
  const start =
    spectral === undefined
      ? 'independent of the data'
      : `spectral (${spectral.preprocessing}), overlap ${formatNumber(spectral.overlap)}`;
  const worst = Math.max(...standardErrors.overlap);
  const head = alignedTable([
    ['start', start],
    ['samples', `${repeats} x ${samples}, seed ${seed}, ${formatSeconds(seconds)}`],
    ['standard error', `of the overlap at most ${formatNumber(worst)}`],
  ]);
  const rows = Array.from({ length: iterations + 1 }, (_, t) => [
    String(t),
    ...CURVES.map((name) => result[name][t]!.toPrecision(5)),
  ]);
  return `${head}\n\n${columnTable(['t', ...CURVES], rows)}\n`;
}

export const predict: CliCommand = { name: 'predict', describe, run };
