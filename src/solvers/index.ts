/** What this room offers to the rest of the library and to its users. */
export { recover } from './recover';
export type { OnRecoverProgress, RecoverOptions, RecoverProgress, RecoverStage } from './recover-options';
export type { RecoverStart, RecoverVectorResult } from './vector/recover-vector';
export type { RecoverVectorOptions, RecoverVectorProgress } from './vector/recover-vector-options';
export { solve } from './solve';
export { recordColumns } from './recording';
export type { EventRecord, PruneEvent, RebalanceEvent, SolveEvent, When } from './events';
export type { SolveOptions } from './options';
export type { Method, MethodName } from './methods';
export type { Convention, EntryVariance, GivenInit, Init, RandomInit, SpectralInit } from './initializers';
export type { Step } from './step';
export type { Stop } from './stopping';
export type { HoldOut } from './hold-out';
export type { RecordColumn, RecordOptions } from './recording';
export type { OnProgress, Progress } from './progress';
export { vectorMethods } from './vector/methods';
export type { VectorMethod, VectorMethodDescription, VectorMethodName } from './vector/methods';
export type { VectorColumn, VectorRecord, VectorSolveOptions, VectorStep, VectorStop } from './vector/options';
export type { VectorInfo, VectorProgress, VectorSolveResult } from './vector/result';
export type {
  GivenVectorInit,
  OverlapVectorInit,
  RandomVectorInit,
  SpectralVectorInit,
  VectorInit,
  VectorStartLedger,
} from './vector/start';
