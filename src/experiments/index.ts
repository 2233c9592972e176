/** The named experiments. A new one is one file beside this one, one import and one line in the list. */
import type { Experiment } from './experiment';
import {
  type ExperimentOptions,
  type ExperimentResult,
  type ExperimentSummary,
  findExperiment,
  runExperiment,
} from './runner';
import { s1Alpha } from './s1-alpha';
import { s1Kappa } from './s1-kappa';
import { s1Overparam } from './s1-overparam';
import { s1Phases } from './s1-phases';
import { s1Power } from './s1-power';
import { s1Samples } from './s1-samples';
import { s1TrainVsTest } from './s1-train-vs-test';
import { s2Dmft } from './s2-dmft';
import { s2DmftComplex } from './s2-dmft-complex';
import { s2FixedPoint } from './s2-fixed-point';
import { s2Relaxation } from './s2-relaxation';
import { s2Rivals } from './s2-rivals';
import { s2Spectral } from './s2-spectral';
import { s2Threshold } from './s2-threshold';
import { s2Twin } from './s2-twin';
import { s2Wirtinger } from './s2-wirtinger';
import { s3AsymAlpha } from './s3-asym-alpha';
import { s3Exact } from './s3-exact';
import { s3Imbalance } from './s3-imbalance';
import { s3Onestep } from './s3-onestep';
import { s3OnestepKappa } from './s3-onestep-kappa';
import { s3Sym } from './s3-sym';
import { s3SymAlpha } from './s3-sym-alpha';
import { s3SymVsAsym } from './s3-sym-vs-asym';
import { toySinh } from './toy-sinh';

const all: readonly Experiment[] = [
  s1Alpha,
  s1Kappa,
  s1Overparam,
  s1Phases,
  s1Power,
  s1Samples,
  s1TrainVsTest,
  s2Dmft,
  s2DmftComplex,
  s2FixedPoint,
  s2Relaxation,
  s2Rivals,
  s2Spectral,
  s2Threshold,
  s2Twin,
  s2Wirtinger,
  s3AsymAlpha,
  s3Exact,
  s3Imbalance,
  s3Onestep,
  s3OnestepKappa,
  s3Sym,
  s3SymAlpha,
  s3SymVsAsym,
  toySinh,
];

/** What there is to run: names, claims, sources, and parameters with their defaults. */
export function list(): readonly ExperimentSummary[] {
  return all.map(({ name, title, claim, source, parameters }) => ({ name, title, claim, source, parameters }));
}

/**
 * Runs a named experiment. A claim that does not hold is a result with `accepted: false`, not an error.
 *
 * @throws LowrankError (as rejection) INVALID_ARGUMENT for an unknown experiment, parameter or value, before anything is
 *   computed. Rejects with `signal.reason` when aborted, with what `onProgress` throws.
 */
export async function run(name: string, options: ExperimentOptions = {}): Promise<ExperimentResult> {
  return runExperiment(findExperiment(all, name), options);
}

export type { Axis, Check, Outcome, Panel, Parameter, Series, Table } from './experiment';
export type { ParameterValue } from './parameters';
export type { ExperimentOptions, ExperimentProgress, ExperimentResult, ExperimentSummary } from './runner';
