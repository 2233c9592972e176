/** Types that must compile, and mistakes that must not: `npx tsc --noEmit` is the test; nothing here runs. */
import {
  eigh,
  loadProblem,
  lossDescriptions,
  Matrix,
  problems,
  qr,
  solve,
  svd,
  vectorMethods,
  type Factors,
  type Loss,
  type Progress,
  type SolveOptions,
  type SolveResult,
  type Status,
  type Vector,
  type VectorInit,
  type VectorProblem,
  type VectorSolveResult,
} from '../../src';

export async function everyOption(signal: AbortSignal): Promise<SolveResult> {
  const problem: problems.Problem = problems.gaussianSensing({
    shape: [60, 60],
    symmetric: true,
    trueRank: 3,
    measurements: 900,
    seed: 1,
    conditionNumber: 4,
    noise: 0.01,
    storage: 'float32',
    threads: 2,
  });
  const seen: Progress[] = [];
  const run = await solve(problem, {
    method: { name: 'gradient-descent' },
    rank: 60,
    model: 'symmetric',
    init: { kind: 'random', scale: 1e-6, seed: 2, entryVariance: 'scale^2/rank' },
    step: { kind: 'exact-line-search', cap: 1 },
    stop: {
      iterations: 2000,
      residual: 1e-10,
      gradient: 0,
      stall: { window: 100, decrease: 1e-3 },
      validation: { patience: 50 },
      timeLimit: 60,
      divergence: 1e6,
    },
    holdOut: { fraction: 0.1, seed: 1 },
    record: { every: 1, columns: ['trainLoss', 'testError'] },
    threads: 2,
    signal,
    onProgress: (progress) => seen.push(progress),
    maxMemory: 2 ** 30,
  });
  const status: Status = run.status;
  const factors: Factors = run.factors;
  const column: Float64Array | undefined = run.trace.columns['testError'];
  return status === 'residual' && factors.left.rows > 0 && column ? run : solve(problem, { rank: 3, step: 0.25 });
}

/** A method of one's own on the public building blocks. */
export function ownMethod(problem: problems.Problem, U: Matrix, step: number): Matrix {
  const { loss, residual, left } = problem.gradient(U, { threads: 2 });
  const image: Matrix = problem.adjoint(residual);
  const spectrum: Float64Array = loss > 0 ? eigh(image).values : svd(image).values;
  const { q } = qr(left);
  return new Matrix(
    U.data.map((value, i) => value - step * left.data[i]! * (spectrum[0] ?? 1)),
    q.rows,
    q.cols,
  );
}

export async function fromFile(path: string): Promise<Float64Array> {
  const problem = await loadProblem(path, { model: 'asymmetric', onProgress: ({ fraction }) => fraction });
  const { factors } = await solve(problem, { rank: 2, method: 'approximate-gauss-newton', step: 'auto' });
  return problem.residual(factors);
}

export async function everyVectorOption(problem: VectorProblem, signal: AbortSignal): Promise<VectorSolveResult> {
  const loss: Loss = { name: 'tanh-amplitude', sharpness: 4 };
  const init: VectorInit = { kind: 'spectral', preprocessing: 'optimal', seed: 1 };
  const run = await solve(problem, {
    method: 'gradient-descent',
    loss,
    init,
    step: 0.6,
    ridge: 0.05,
    momentum: 0.5,
    stop: { iterations: 100, residual: 1e-10, gradient: 1e-8, change: 1e-14, timeLimit: 5, divergence: 1e6 },
    record: { every: 1, columns: ['trainLoss', 'overlap', 'm', 'norm'] },
    threads: 2,
    seed: 0,
    signal,
    onProgress: ({ overlap, residual }) => (overlap ?? 0) + residual,
    maxMemory: 2 ** 30,
  });
  const theta: Vector = run.theta;
  await solve(problem);
  await solve(problem, { method: { name: 'raar', beta: 0.9 }, init: { kind: 'given', theta } });
  await solve(problem, { init: { kind: 'overlap', overlap: 0.5, norm: 1, seed: 2 }, step: { kind: 'auto' } });
  for (const { name } of vectorMethods()) await solve(problem, { method: name });
  for (const { name } of lossDescriptions()) await solve(problem, { loss: name });
  return run;
}

export function wrongVector(problem: VectorProblem): void {
  // @ts-expect-error there is no such method
  void solve(problem, { method: 'newton' });
  // @ts-expect-error there is no such loss
  void solve(problem, { loss: 'mse' });
  // @ts-expect-error a parameter of another loss
  void solve(problem, { loss: { name: 'tanh-amplitude', bound: 3 } });
  // @ts-expect-error a vector problem has no rank
  void solve(problem, { rank: 1 });
  // @ts-expect-error a column of matrices
  void solve(problem, { record: { columns: ['sigmaMin'] } });
}

export function wrong(problem: problems.Problem): SolveOptions[] {
  // @ts-expect-error rank is a number
  void solve(problem, { rank: '3' });
  // @ts-expect-error there is no such method
  void solve(problem, { rank: 3, method: 'newton' });
  // @ts-expect-error no such option
  void solve(problem, { rank: 3, maxIterations: 3 });
  // @ts-expect-error the seed is missing
  problems.gaussianSensing({ shape: [3, 3], trueRank: 1, measurements: 4 });
  // @ts-expect-error a shape has two sizes
  problems.sensing({ A: new Float64Array(4), shape: [4], y: [1] });
  // @ts-expect-error a column that cannot be recorded
  void solve(problem, { rank: 1, record: { columns: ['loss'] } });
  // @ts-expect-error a problem is read only
  problem.measurements = 3;
  return [{ init: { kind: 'given', factors: Matrix.zeros(3, 1) } }, { rank: 1, holdOut: new Uint8Array(4) }];
}
