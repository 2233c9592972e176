/**
 * What the commands use of the library. Loaded on first use through lazy.ts: help must come at once, and the doctor must
 * speak where the addon does not load.
 */
export { recoverReport } from '../figures/report';
export { writeFileAtomic } from '../io/atomic';
export { loadProblem } from '../io/load-problem';
export { writeProblemFile } from '../io/problem-file';
export { writeResultFile } from '../io/result-file';
export { native } from '../load';
export { gaussianSensing } from '../problems/gaussian';
export { recover } from '../solvers/recover';
export { svd } from '../linalg';
export { Matrix } from '../matrix';
