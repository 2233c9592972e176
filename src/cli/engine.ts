/**
 * What the commands use of the library. Loaded on first use through lazy.ts: help must come at once, and the doctor must
 * speak where the addon does not load.
 */
export * as asymptotics from '../asymptotics';
export * as experiments from '../experiments';
export { checkOutputFolder, writeOutputFolder } from '../experiments/folder';
export { repeatCommand, resultDocument, traceCsv } from '../experiments/output';
export { describeValues, formatSetting, parseSetting } from '../experiments/parameters';
export { findExperiment } from '../experiments/runner';
export { experimentFigure } from '../figures/experiment';
export { experimentReport } from '../figures/experiment-report';
export { renderPng } from '../figures/png';
export { recoverReport } from '../figures/report';
export { recoverVectorReport } from '../figures/vector-report';
export { writeFileAtomic } from '../io/atomic';
export { loadProblem } from '../io/load-problem';
export { fileForm, loadVectorProblem } from '../io/load-vector-problem';
export { writeProblemFile } from '../io/problem-file';
export { writeResultFile } from '../io/result-file';
export { writeVectorResultFile } from '../io/vector-result-file';
export { native } from '../load';
export { gaussianSensing } from '../problems/gaussian';
export { recover } from '../solvers/recover';
export { svd } from '../linalg';
export { Matrix } from '../matrix';
