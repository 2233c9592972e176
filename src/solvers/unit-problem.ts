/** The same problem in units where ||y|| is near 1, so that no square of a residual leaves the range of doubles. */
import { Matrix } from '../matrix';
import { operatorHandle, Problem } from '../problems/problem';

export interface UnitProblem {
  readonly problem: Problem;
  /** X of the user = 4^exponent times X of `problem`, exactly. */
  readonly exponent: number;
}

/** y, and the truth with it, divided by a power of four; the operator is shared. `undefined` when y = 0. */
export function unitProblem(problem: Problem): UnitProblem | undefined {
  let largest = 0;
  for (const value of problem.y) largest = Math.max(largest, Math.abs(value));
  if (largest === 0) return undefined;
  let squares = 0;
  for (const value of problem.y) squares += (value / largest) ** 2;
  // ||y|| near 1; X is then 1 / ||A||, and squares of what is in between stay in range for ||A|| from 1e-70 to 1e70.
  const size = Math.log2(largest) + 0.5 * Math.log2(squares);
  const exponent = Math.round(size / 2);
  if (exponent === 0) return { problem, exponent };
  const { truth } = problem;
  const scaledTruth = truth && new Matrix(timesPower(truth.data, -exponent), truth.rows, truth.cols);
  return { problem: withMeasurements(problem, timesPower(problem.y, -exponent), scaledTruth), exponent };
}

/** A problem with the same operator and other measurements. */
export function withMeasurements(problem: Problem, y: Float64Array, truth?: Matrix): Problem {
  return new Problem({
    operator: problem[operatorHandle],
    y,
    model: problem.model,
    storage: problem.storage,
    ...(truth === undefined ? {} : { truth }),
    ...(problem.trueRank === undefined ? {} : { trueRank: problem.trueRank }),
  });
}

/** values * 4^exponent, in two steps: the power itself may be out of range. */
function timesPower(values: Float64Array, exponent: number): Float64Array {
  const root = 2 ** exponent;
  return values.map((value) => value * root * root);
}

/** Root mean square of ||A(X)|| over the matrices X of norm 1: A*A is about its square times the identity. */
export function meanGain(problem: Problem): number {
  const [n1, n2] = problem.shape;
  const dimension = problem.symmetric ? (n1 * (n1 + 1)) / 2 : n1 * n2;
  return Math.sqrt(problem[operatorHandle].squaredNorm / dimension);
}
