/** Builders of problems. A new ensemble is one new file and one line here. */
export { gaussianSensing, type GaussianSensingOptions } from './gaussian';
export { population, type PopulationOptions } from './population';
export { sensing, type MeasurementMatrices, type SensingOptions } from './sensing';
export { Problem, type CallOptions, type Gradient, type Point, type Storage } from './problem';
export {
  phaseRetrieval,
  type GeneratedPhaseRetrievalOptions,
  type GivenMasksOptions,
  type GivenVectorsOptions,
  type PhaseRetrievalOptions,
} from './phase-retrieval';
export { singleIndex, type SingleIndexOptions } from './single-index';
export type { SignalChoice } from './signals';
export { VectorProblem, type VectorCallOptions } from './vector-problem';
