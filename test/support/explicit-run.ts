/**
 * Gradient descent on U U^T with every probe computed by its definition: dense, slow, and independent of what runs record.
 */
import { Matrix, svd, type Problem } from '../../src';
import type { Trace } from '../../src/solvers/result';
import { combine, norm, product, times, transpose } from './dense';

export interface ExplicitRun {
  readonly trace: Trace;
  /** ||A*(y)||, spectral. */
  readonly norm: number;
  /** Singular values of the factor X of the truth, r of them. */
  readonly singularValues: number[];
}

/** Columns of an orthonormal n x n basis whose first r columns span what the first r columns of `a` (orthonormal) do. */
export function complement(a: Matrix): Matrix {
  const n = a.rows;
  const r = a.cols;
  const projector = combine(identity(n), -1, product(a, a));
  const { u } = svd(projector);
  return firstColumns(u, n - r);
}

export function identity(n: number): Matrix {
  return Matrix.from(Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => Number(i === j))));
}

function firstColumns(a: Matrix, count: number): Matrix {
  return Matrix.from(a.toArrays().map((row) => row.slice(0, count)));
}

function spectral(a: Matrix): number {
  return a.data.length === 0 ? 0 : svd(a).values[0]!;
}

/** A*A(M) for a symmetric M, by the problem's own building blocks. */
function normalMap(problem: Problem, m: Matrix): Matrix {
  return problem.adjoint(problem.measure({ left: m, right: identity(m.rows) }));
}

/**
 * @param problem symmetric, with a truth of rank r and no noise
 * @param start U_0, n x k, k > r
 */
export function explicitRun(problem: Problem, start: Matrix, step: number, iterations: number): ExplicitRun {
  const truth = problem.truth!;
  const r = problem.trueRank!;
  const decomposition = svd(truth);
  const V = firstColumns(decomposition.u, r);
  const Vperp = complement(V);
  const truthNorm = norm(truth.data);
  const image = problem.adjoint(problem.y);
  const columns: Record<string, number[]> = {};
  const put = (name: string, value: number): void => {
    (columns[name] ??= []).push(value);
  };

  let U = start;
  let power = start;
  let previousPerp: Matrix | undefined;
  for (let t = 0; t <= iterations; t++) {
    const signalPart = times(transpose(V), U);
    // V_X^T U = V S W^T
    const { values, v: W } = svd(signalPart);
    const Wperp = complement(W);
    const signal = times(U, W);
    const noise = times(U, Wperp);
    const gap = combine(truth, -1, product(U, U));
    const signalSpace = svd(signal).u;
    put('iteration', t);
    put('sigmaMin', values[r - 1]!);
    put('signal', svd(signal).values[r - 1]!);
    put('noise', spectral(noise));
    put('noiseFrobenius', norm(product(noise, noise).data));
    put('misalignment', spectral(times(transpose(Vperp), signalSpace)));
    put('ripDeviation', spectral(combine(normalMap(problem, gap), -1, gap)));
    put('factorNorm', spectral(U));
    put('signalError', norm(times(transpose(V), gap).data));
    put('testError', norm(gap.data) / truthNorm);
    put('wDrift', previousPerp === undefined ? 0 : spectral(times(transpose(previousPerp), W)));
    put('powerDistance', spectral(combine(U, -1, power)) / spectral(power));
    previousPerp = Wperp;
    U = combine(U, step, times(normalMap(problem, gap), U));
    power = combine(power, step, times(image, power));
  }
  const arrays = Object.entries(columns).map(([name, values]) => [name, Float64Array.from(values)]);
  return {
    trace: { length: iterations + 1, columns: Object.fromEntries(arrays) as Record<string, Float64Array> },
    norm: spectral(image),
    singularValues: Array.from(decomposition.values.slice(0, r), Math.sqrt),
  };
}
