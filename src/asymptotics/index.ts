/** Exact predictions in the limit of many unknowns at a fixed m / n. One file a prediction, one line here. */
export { dmft, type DmftCurves, type DmftKernels, type DmftResult } from './dmft';
export type { DmftIndependentStart, DmftOptions, DmftProgress, DmftSpectralStart } from './dmft-options';
export { fixedPoint, type FixedPoint, type FixedPointOptions, type FixedPointStart } from './fixed-point';
export { spectral, type SpectralOptions, type SpectralPrediction } from './spectral';
