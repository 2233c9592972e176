/** The diagnostics: what a trace or a run says about itself. One file a diagnostic, one line here. */
export { rate, type RateAlternative, type RateEstimate, type RateLaw, type RateOptions } from './rate';
export { basisInvariance, type BasisInvariance, type BasisInvarianceOptions } from './basis-invariance';
export {
  dataDriven,
  type DataDriven,
  type DataDrivenGivenStart,
  type DataDrivenOptions,
  type DataDrivenSpectralStart,
} from './data-driven';
export {
  gaussNewtonSpectrum,
  type GaussNewtonSpectrum,
  type GaussNewtonSpectrumOptions,
} from './gauss-newton-spectrum';
export { hessianEdge, type HessianEdge, type HessianEdgeOptions } from './hessian-edge';
export { identifiability, type Identifiability, type IdentifiabilityVerdict } from './identify';
export {
  oneStepInequalities,
  type InequalityReport,
  type OneStepInequalities,
  type OneStepInequalitiesOptions,
} from './one-step-inequalities';
export { powerMethodCloseness, type PowerMethodCloseness, type PowerMethodClosenessOptions } from './power-method';
export { predictedFloor, type PredictedFloor, type PredictedFloorOptions } from './predicted-floor';
export type { FloorStage, StagedFloor } from './staged-floor';
export { restrictedIsometry, type RestrictedIsometry, type RestrictedIsometryOptions } from './restricted-isometry';
export { phases, type PhaseEnds, type PhaseEvidence, type PhaseOptions, type Phases } from './phases';
export {
  phaseOneLength,
  phaseTwoLength,
  type PhaseOneQuantities,
  type PhaseTwoLength,
  type PhaseTwoQuantities,
} from './phase-lengths';
