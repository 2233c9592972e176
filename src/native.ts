/**
 * The contract of the border: every native class and function, typed, and nothing else.
 *
 * Native code assumes that the facade has validated its arguments; it still checks types, lengths and life-cycle, and
 * throws an `Error` with a `code` of {@link NativeErrorCode}. Arrays given are read (or filled) during the call and never
 * kept; work that goes on after a call works on copies. Matrices are row-major. "left/right" are the factors of
 * X = left right^T; `right` is null in the symmetric model, where X = left left^T.
 */

export type NativeErrorCode =
  'INVALID_ARGUMENT' | 'NON_FINITE' | 'NUMERICAL' | 'OUT_OF_MEMORY' | 'TOO_LARGE' | 'BUSY' | 'CANCELLED' | 'INTERNAL';

export type NativeModel = 'symmetric' | 'asymmetric';

export type NativeStatus =
  | 'running'
  | 'residual'
  | 'gradient'
  | 'event'
  | 'validation'
  | 'stalled'
  | 'iterations'
  | 'time'
  | 'cancelled'
  | 'diverged'
  | 'numerical';

/** Streams of the counter-based generator; a number depends on (seed, purpose, index) alone. */
export type NativePurpose =
  | 'measurements'
  | 'truthLeft'
  | 'truthRight'
  | 'noise'
  | 'initialLeft'
  | 'initialRight'
  | 'heldOut'
  | 'test'
  | 'signal'
  | 'initialVector'
  | 'asymptotics';

export interface NativeBuildInfo {
  /** Node-API level the addon was built for. */
  readonly napi: number;
  readonly compiler: string;
  readonly openblasConfig: string;
  readonly openblasCore: string;
  readonly openblasThreads: number;
  /** Widest kernel that this CPU runs: 'avx512f', 'avx2' or 'baseline'. */
  readonly simd: string;
  /** Bytes held by all native buffers of the process, and allocations made so far. */
  readonly allocatedBytes: number;
  readonly allocationCount: number;
  readonly methods: readonly string[];
  readonly recordColumns: readonly string[];
}

/** A measurement operator: immutable once filled, shared by any number of runs. */
export interface NativeOperator {
  readonly kind: string;
  readonly rows: number;
  readonly cols: number;
  readonly measurements: number;
  readonly symmetric: boolean;
  /** Bytes kept in memory; bytes that one pass reads. */
  readonly bytes: number;
  readonly bytesPerPass: number;
  /** sum_i ||A_i||_F^2 */
  readonly squaredNorm: number;
}

export interface NativeDenseOperator extends NativeOperator {
  readonly kind: 'dense';
  readonly storage: 'float64' | 'float32';
  /**
   * Copies whole measurement matrices, `values.length / (rows * cols)` of them, to rows firstRow, firstRow + 1, ...;
   * symmetric operators keep the packed symmetric part. The copy is scanned: returns -1, or the index in `values` of
   * the first number that is not finite (in the target precision). Not allowed once a run uses the operator.
   */
  fill(firstRow: number, values: Float64Array | Float32Array): number;
  /** Fills every A_i with `scale` times standard normals of stream (seed, 'measurements'); symmetric: the symmetric part of such a matrix. */
  fillGaussian(seed: number, scale: number, threads: number): void;
  /** Copies measurement matrix `index`, unpacked, to out (rows x cols). */
  readMatrix(index: number, out: Float64Array): void;
  /** Reads the stored data once with all `threads` and returns a checksum: the machine's streaming-read speed. */
  streamRead(threads: number): number;
}

/** Measures every entry of X once (symmetric: the upper triangle, off-diagonals times sqrt(2)): A*A = I, nothing stored. */
export interface NativeIdentityOperator extends NativeOperator {
  readonly kind: 'identity';
}

export interface NativeRunOptions {
  readonly model: NativeModel;
  readonly rank: number;
  readonly method: string;

  readonly init: 'given' | 'random' | 'spectral';
  readonly initScale: number;
  readonly initRatio: number;
  readonly entryVariance: 'scale^2/rank' | 'scale^2' | 'scale^2/n';
  readonly seed: number;
  readonly left: Float64Array | null;
  readonly right: Float64Array | null;

  readonly step: 'fixed' | 'auto' | 'exact-line-search';
  readonly stepSize: number;

  readonly stopIterations: number;
  /** 0 switches a rule off, here and below. */
  readonly stopResidual: number;
  readonly stopGradient: number;
  readonly stopStallWindow: number;
  readonly stopStallDecrease: number;
  readonly stopValidationPatience: number;
  readonly stopTimeLimit: number;
  readonly stopDivergence: number;
  /** Ends the run with status 'event' at this iteration, or as soon as it is past; -1: none. */
  readonly stopEventIteration: number;
  /** Ends the run with status 'event' at this relative training residual; 0: none. */
  readonly stopEventResidual: number;

  readonly recordEvery: number;
  /** Added to every recorded iteration, by a run that goes on where another one ended with 'event'. */
  readonly iterationOffset: number;
  readonly columns: readonly string[];
  /** r of the probes; 0: the numerical rank of the truth. */
  readonly probeRank: number;

  readonly y: Float64Array;
  readonly heldOut: Uint8Array | null;
  readonly truth: Float64Array | null;
}

export interface NativeRunInfo {
  readonly status: NativeStatus;
  readonly converged: boolean;
  readonly iterations: number;
  readonly passes: number;
  readonly forwardCount: number;
  readonly adjointCount: number;
  readonly rejectedSteps: number;
  readonly fallbacks: number;
  readonly seconds: number;
  readonly initSeconds: number;
  readonly passSeconds: number;
  readonly updateSeconds: number;
  /** What recording cost, probes included. */
  readonly recordSeconds: number;
  readonly trainLoss: number;
  readonly trainResidual: number;
  /** -1 where there are no held-out measurements. */
  readonly validationResidual: number;
  readonly gradientNorm: number;
  readonly step: number;
  /** -1 where the truth is not known. */
  readonly testError: number;
  /** Rows recorded by the latest advance(). */
  readonly recordedRows: number;
}

export interface NativeRun {
  /** Scratch memory in bytes, the operator not counted. */
  readonly bytes: number;
  /**
   * At most `iterations` more iterations on a thread of our own with `threads` threads, then `done` on the JavaScript
   * thread: with an error, or with the ledger so far. Throws BUSY while an advance is under way.
   */
  advance(iterations: number, threads: number, done: (error: Error | null, info?: NativeRunInfo) => void): void;
  /** Makes a running advance end within milliseconds with status 'cancelled', and every later one at once. */
  cancel(): void;
  /** Copies the factors: left rows x rank, right cols x rank (null in the symmetric model). Throws BUSY during an advance. */
  readFactors(left: Float64Array, right: Float64Array | null): void;
  /** Copies what the latest advance() recorded: recordedRows rows, each the iteration and then the columns, a vector column with `rank` numbers. */
  readRecords(out: Float64Array): void;
  /** Frees the scratch now instead of at garbage collection; the run cannot be used afterwards. */
  dispose(): void;
}

/** Singular values and vectors of left right^T, computed off the JavaScript thread. */
export interface NativeFactorSvd {
  /** t = min(rows, cols, rank) singular values, falling. */
  readonly values: Float64Array;
  /** rows x t and cols x t, orthonormal columns. */
  readonly left: Float64Array;
  readonly right: Float64Array;
}

export type NativeField = 'real' | 'complex';

/**
 * The linear map r = X theta of a vector problem, X m x n: immutable once filled, shared by any number of runs. Complex
 * vectors cross the border interleaved (re, im, re, im, ...), as NumPy keeps them.
 */
export interface NativeDesign {
  readonly kind: 'dense' | 'coded-diffraction';
  readonly field: NativeField;
  /** m */
  readonly measurements: number;
  /** n, the unknowns */
  readonly dimension: number;
  readonly bytes: number;
  readonly bytesPerPass: number;
  /** ||X||_F^2 */
  readonly squaredNorm: number;
}

export interface NativeDenseDesign extends NativeDesign {
  readonly kind: 'dense';
  /** Copies whole rows to rows firstRow, firstRow + 1, ...; refuses numbers that are not finite with NON_FINITE and the index. */
  fill(firstRow: number, values: Float64Array | Float32Array): void;
  /** Entries N(0, 1) real, CN(0, 1) complex (E|x|^2 = 1), of stream (seed, 'measurements'). */
  fillGaussian(seed: number, threads: number): void;
  /** Row `index`, n numbers, interleaved when complex. */
  readRow(index: number, out: Float64Array): void;
  /** The sum of all that is stored, as fast as memory gives it: what passes are measured against. */
  streamRead(threads: number): number;
}

/** y_l = |fft(mask_l * x)|^2, unnormalized, 1-D (height 1) or 2-D: always complex. m = patterns * height * width. */
export interface NativeCodedDiffraction extends NativeDesign {
  readonly kind: 'coded-diffraction';
  readonly patterns: number;
  readonly height: number;
  readonly width: number;
}

export interface NativeEigenpair {
  /** The algebraically largest eigenvalue of (1/m) X^H diag(t) X, and an estimate of the next. */
  readonly value: number;
  readonly second: number;
  readonly residual: number;
  readonly passes: number;
  readonly converged: boolean;
}

export interface NativeLoss {
  readonly name: string;
  /** With their values, in order. */
  readonly parameters: readonly number[];
}

/** What there is, for the facade's checks. */
export interface NativeLossDescription {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly defaults: readonly number[];
  readonly fields: readonly NativeField[];
  /** The fields in which the force has no jumps. */
  readonly differentiable: readonly NativeField[];
  /** The differentiable loss to take in its place; null where there is none. */
  readonly smoothed: string | null;
}

export interface NativeVectorMethodDescription {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly defaults: readonly number[];
  readonly fields: readonly NativeField[];
  /** Minimizes any loss of the list; others bring their own. */
  readonly anyLoss: boolean;
  /** Needs y to be intensities. */
  readonly intensityOnly: boolean;
  /** Which of these options it takes. */
  readonly ridge: boolean;
  readonly step: boolean;
  readonly momentum: boolean;
  /** Defaults of the stopping rules. */
  readonly stopIterations: number;
  readonly stopGradient: number;
}

export interface NativeVectorRunOptions {
  readonly method: string;
  readonly methodParameters: readonly number[];
  readonly loss: NativeLoss;
  /** The start: n numbers, interleaved when complex. */
  readonly theta: Float64Array;
  readonly seed: number;
  readonly step: 'auto' | 'fixed';
  readonly stepSize: number;
  readonly ridge: number;
  readonly momentum: number;
  readonly stopIterations: number;
  /** 0 switches a rule off, here and below. */
  readonly stopResidual: number;
  readonly stopGradient: number;
  readonly stopChange: number;
  readonly stopTimeLimit: number;
  readonly stopDivergence: number;
  readonly recordEvery: number;
  readonly columns: readonly string[];
  /** y is an intensity: the residual is of amplitudes, sign or phase are not determined. */
  readonly intensity: boolean;
  /** Sign or phase are not determined although y is no intensity. */
  readonly even: boolean;
  readonly y: Float64Array;
  readonly truth: Float64Array | null;
}

export interface NativeVectorRunInfo {
  readonly status: NativeStatus;
  readonly converged: boolean;
  readonly iterations: number;
  readonly passes: number;
  readonly forwardCount: number;
  readonly adjointCount: number;
  readonly rejectedSteps: number;
  readonly seconds: number;
  readonly residual: number;
  readonly trainLoss: number;
  readonly gradientNorm: number;
  readonly step: number;
  /** -2 where the truth is not known. */
  readonly overlap: number;
  /** -1 where the truth is not known. */
  readonly testError: number;
  readonly recordedRows: number;
}

/** As {@link NativeRun}, for a vector. */
export interface NativeVectorRun {
  readonly bytes: number;
  advance(iterations: number, threads: number, done: (error: Error | null, info?: NativeVectorRunInfo) => void): void;
  cancel(): void;
  /** theta (n) and r = X theta (m), interleaved when complex; `field` may be null. */
  readVector(theta: Float64Array, field: Float64Array | null): void;
  readRecords(out: Float64Array): void;
  dispose(): void;
}

/** Work off the JavaScript thread that can be cancelled; `done` is then called with an error of code 'CANCELLED'. */
export interface NativeTask {
  /** Steps done so far: to be polled for progress. */
  readonly progress: number;
  cancel(): void;
}

export interface NativeDmftOptions {
  readonly field: NativeField;
  readonly delta: number;
  readonly loss: NativeLoss;
  readonly iterations: number;
  /** `iterations` of them. */
  readonly steps: Float64Array;
  readonly ridge: number;
  readonly momentum: number;
  /** Bernoulli fraction of a minibatch, above 0 up to 1. */
  readonly batch: number;
  readonly spectral: boolean;
  readonly tau: number;
  readonly overlap: number;
  readonly norm: number;
  readonly spectralMemory: boolean;
  readonly seed: number;
  /** Sample i of this call is number firstSample + i of the stream (seed, 'asymptotics'). */
  readonly firstSample: number;
  /** N samples: z (interleaved when complex), y = phi(z, eps), t = T(y) (null for an independent start). */
  readonly z: Float64Array;
  readonly y: Float64Array;
  readonly t: Float64Array | null;
}

/** T + 1 numbers each; matrices row-major (T + 1) x (T + 1), forceCovariance (T + 2) x (T + 2) with index 0 for the start. */
export interface NativeDmftResult {
  readonly m: Float64Array;
  readonly q: Float64Array;
  readonly trainLoss: Float64Array;
  readonly testLoss: Float64Array;
  readonly squaredForce: Float64Array;
  readonly kappa: Float64Array;
  readonly covariance: Float64Array;
  readonly responseTheta: Float64Array;
  readonly responseForce: Float64Array;
  readonly responseSpectral: Float64Array;
  readonly forceCovariance: Float64Array;
}

export interface NativeTwinResult {
  readonly testLoss: Float64Array;
  readonly trainLoss: Float64Array;
  readonly squaredNorm: Float64Array;
  readonly responseTheta: Float64Array;
  readonly responseSpectral: Float64Array;
  /** w^t, (T + 1) x m, interleaved when complex. */
  readonly fields: Float64Array;
}

export interface NativeAddon {
  buildInfo(): NativeBuildInfo;

  readonly DenseOperator: new (
    measurements: number,
    rows: number,
    cols: number,
    symmetric: boolean,
    storage: 'float64' | 'float32',
  ) => NativeDenseOperator;
  readonly IdentityOperator: new (rows: number, cols: number, symmetric: boolean) => NativeIdentityOperator;
  readonly Run: new (operator: NativeOperator, options: NativeRunOptions) => NativeRun;

  /** out[j] = normal number first + j of the stream. */
  normals(seed: number, purpose: NativePurpose, first: number, out: Float64Array): void;
  uniforms(seed: number, purpose: NativePurpose, first: number, out: Float64Array): void;

  /** out (m) = A(left right^T) */
  measure(
    operator: NativeOperator,
    left: Float64Array,
    right: Float64Array | null,
    rank: number,
    out: Float64Array,
    threads: number,
  ): void;
  /** out (rows x cols) = A*(residual) */
  adjoint(operator: NativeOperator, residual: Float64Array, out: Float64Array, threads: number): void;
  /**
   * One fused pass: residual (m) = A(X) - y and the gradients of the loss; returns the loss,
   * 1/4 (symmetric) or 1/2 (asymmetric) times ||residual||^2.
   */
  gradient(
    operator: NativeOperator,
    y: Float64Array,
    left: Float64Array,
    right: Float64Array | null,
    rank: number,
    residual: Float64Array,
    gradLeft: Float64Array,
    gradRight: Float64Array | null,
    threads: number,
  ): number;

  /** Thin SVD, t = min(rows, cols): u rows x t, s t, vt t x cols. Returns how many fallback drivers were needed. */
  svd(a: Float64Array, rows: number, cols: number, u: Float64Array, s: Float64Array, vt: Float64Array): number;
  /** Symmetric eigen-decomposition, eigenvalues falling, vectors in columns. */
  eigh(a: Float64Array, n: number, values: Float64Array, vectors: Float64Array): number;
  /** Thin QR, rows >= cols: q rows x cols, r cols x cols. */
  qr(a: Float64Array, rows: number, cols: number, q: Float64Array, r: Float64Array): void;

  factorSvd(
    left: Float64Array,
    right: Float64Array | null,
    rows: number,
    cols: number,
    rank: number,
    done: (error: Error | null, result?: NativeFactorSvd) => void,
  ): void;

  readonly DenseDesign: new (measurements: number, dimension: number, field: NativeField) => NativeDenseDesign;
  /** masks: patterns x height x width complex numbers, interleaved; copied. */
  readonly CodedDiffraction: new (
    masks: Float64Array,
    patterns: number,
    height: number,
    width: number,
  ) => NativeCodedDiffraction;
  readonly VectorRun: new (design: NativeDesign, options: NativeVectorRunOptions) => NativeVectorRun;

  lossDescriptions(): readonly NativeLossDescription[];
  vectorMethodDescriptions(): readonly NativeVectorMethodDescription[];
  vectorColumnNames(): readonly string[];
  /** In batches, r interleaved when complex: values, forces (interleaved when complex), derivatives f; each may be null. */
  lossBatch(
    loss: NativeLoss,
    field: NativeField,
    r: Float64Array,
    y: Float64Array,
    values: Float64Array | null,
    forces: Float64Array | null,
    derivatives: Float64Array | null,
  ): void;

  /** out (m) = X theta */
  designApply(design: NativeDesign, theta: Float64Array, out: Float64Array, threads: number): void;
  /** out (n) = X^H g */
  designAdjoint(design: NativeDesign, g: Float64Array, out: Float64Array, threads: number): void;
  /** One fused pass: field (m) = X theta, gradient (n) = X^H force(field) / m; returns mean L(field, y). */
  designGradient(
    design: NativeDesign,
    loss: NativeLoss,
    theta: Float64Array,
    y: Float64Array,
    field: Float64Array,
    gradient: Float64Array,
    threads: number,
  ): number;
  /** Lanczos on (1/m) X^H diag(weights) X; `vector` (n) and `field` = X vector (m) are filled before `done` is called. */
  topEigenpair(
    design: NativeDesign,
    weights: Float64Array,
    seed: number,
    tolerance: number,
    maxPasses: number,
    threads: number,
    vector: Float64Array,
    field: Float64Array,
    done: (error: Error | null, result?: NativeEigenpair) => void,
  ): NativeTask;

  /**
   * The sweep; `progress` of the task counts steps, T + 1 in all. Blocks 0 to 2 of 2^44 numbers of the stream (seed,
   * 'asymptotics') are the caller's, for z and its noise.
   */
  dmft(
    options: NativeDmftOptions,
    threads: number,
    done: (error: Error | null, result?: NativeDmftResult) => void,
  ): NativeTask;
  /** As dmft() on the rows of a real run: z is not used, r holds r^0 .. r^T, m numbers each. */
  dataDrivenTwin(
    options: NativeDmftOptions,
    r: Float64Array,
    threads: number,
    done: (error: Error | null, result?: NativeTwinResult) => void,
  ): NativeTask;
}
