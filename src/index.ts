/**
 * lowrank: recovers a low-rank matrix from few linear measurements, and says how far the answer can be trusted.
 *
 * The command line and the figures are not loaded from here: importing the library costs the addon and nothing else.
 *
 * @packageDocumentation
 */
export * as problems from './problems';
export type {
  CallOptions,
  GaussianSensingOptions,
  GeneratedPhaseRetrievalOptions,
  GivenMasksOptions,
  GivenVectorsOptions,
  Gradient,
  MeasurementMatrices,
  PhaseRetrievalOptions,
  PopulationOptions,
  Point,
  Problem,
  SensingOptions,
  SignalChoice,
  SingleIndexOptions,
  Storage,
} from './problems';

export { recover, solve, recordColumns, vectorMethods } from './solvers';
export type {
  Convention,
  EntryVariance,
  EventRecord,
  GivenInit,
  HoldOut,
  Init,
  Method,
  MethodName,
  OnProgress,
  OnRecoverProgress,
  Progress,
  PruneEvent,
  RebalanceEvent,
  RandomInit,
  RecordColumn,
  RecordOptions,
  RecoverOptions,
  RecoverProgress,
  RecoverStage,
  RecoverStart,
  RecoverVectorOptions,
  RecoverVectorProgress,
  RecoverVectorResult,
  SolveEvent,
  SolveOptions,
  SpectralInit,
  Step,
  Stop,
  When,
  GivenVectorInit,
  OverlapVectorInit,
  RandomVectorInit,
  SpectralVectorInit,
  VectorColumn,
  VectorInfo,
  VectorInit,
  VectorMethod,
  VectorMethodDescription,
  VectorMethodName,
  VectorProgress,
  VectorRecord,
  VectorSolveOptions,
  VectorSolveResult,
  VectorStartLedger,
  VectorStep,
  VectorStop,
} from './solvers';
export type { Factors, Info, Model, RecoverResult, SolveResult, Status, Trace, Trust, Verdict } from './solvers/result';

export * as experiments from './experiments';
export type {
  Check,
  ExperimentOptions,
  ExperimentProgress,
  ExperimentResult,
  ExperimentSummary,
  Outcome,
  Panel,
  Parameter,
  ParameterValue,
  Series,
  Table,
} from './experiments';

export * as asymptotics from './asymptotics';
export * as diagnostics from './diagnostics';

export { evaluateLoss, lossDescriptions } from './losses';
export type { Loss, LossDescription, LossEvaluation, LossName } from './losses';

export { spectralStart } from './solvers/vector/spectral-start';
export type { PredictedStart, SpectralStart, SpectralStartOptions } from './solvers/vector/spectral-start';
export type {
  BoundPreprocessing,
  CustomPreprocessingOptions,
  Preprocessing,
  PreprocessingChoice,
  PreprocessingFunction,
  PreprocessingName,
  PreprocessingOptions,
  PreprocessingSetting,
  YLaw,
} from './preprocessing';
export type {
  Channel,
  ChannelChoice,
  ChannelFunction,
  ChannelName,
  ChannelNodes,
  ChannelNoise,
  ChannelOptions,
  CustomChannelOptions,
} from './channels';
export type { VectorCallOptions, VectorProblem } from './problems/vector-problem';
export { innerProduct, overlap, Vector, type Field } from './vector';

export { Matrix } from './matrix';
export { eigh, qr, svd, type Eigh, type Qr, type Svd } from './linalg';
export { loadProblem, type LoadProblemOptions, type LoadProgress } from './io/load-problem';
export { loadVectorProblem, type LoadVectorProblemOptions } from './io/load-vector-problem';
export type { VectorEvidence, VectorTrust } from './diagnostics/vector-trust';
export { LowrankError, type ErrorCode } from './errors';
export { buildInfo, type BuildInfo } from './build-info';
export { version } from './version';
