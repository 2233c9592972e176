/** The Riemannian Gauss-Newton method: quadratic convergence, indifference to the condition number, least squares under noise. */
import { Matrix, problems, solve, type Problem, type SolveOptions } from '../../src';
import { norm } from '../support/dense';

function made(symmetric: boolean, ratio: number, conditionNumber: number, noise = 0): Problem {
  const degrees = symmetric ? 69 : 3 * (24 + 20 - 3);
  return problems.gaussianSensing({
    shape: symmetric ? [24, 24] : [24, 20],
    symmetric,
    trueRank: 3,
    measurements: Math.ceil(ratio * degrees),
    conditionNumber,
    noise,
    seed: 5,
  });
}

const method = 'riemannian-gauss-newton';
const spectral: SolveOptions = {
  method,
  rank: 3,
  init: { kind: 'spectral' },
  stop: { residual: 1e-13, iterations: 60 },
};

describe.each([true, false])('symmetric %p', (symmetric) => {
  test('converges quadratically', async () => {
    const { trace, testError, status } = await solve(made(symmetric, 4, 2), spectral);
    expect(status).toBe('residual');
    expect(testError).toBeLessThan(1e-12);
    // Once close, the linearised problem is solved to 1e-3 and that is what an iteration gains.
    const residuals = trace.columns['residual']!;
    const close = residuals.findIndex((value) => value < 1e-2);
    expect(residuals[close + 1]).toBeLessThan(1e-2 * residuals[close]!);
    expect(trace.length).toBeLessThan(close + 7);
  });

  test('the condition number costs little', async () => {
    const well = await solve(made(symmetric, 3, 1), spectral);
    const ill = await solve(made(symmetric, 3, 1e4), spectral);
    expect(ill.testError).toBeLessThan(1e-11);
    expect(ill.info.passes).toBeLessThan(4 * well.info.passes);
  });

  test('columns that the rank does not need go to zero', async () => {
    const { testError, factors } = await solve(made(symmetric, 5, 30), { ...spectral, rank: 6 });
    expect(testError).toBeLessThan(1e-11);
    expect(factors.left.cols).toBe(6);
  });

  test('under noise it ends where the gradient vanishes', async () => {
    const problem = made(symmetric, 4, 3, 0.05);
    const { factors, residual } = await solve(problem, { ...spectral, stop: { residual: 0, iterations: 25 } });
    expect(residual).toBeGreaterThan(0.02);
    const { left, right } = problem.gradient(symmetric ? factors.left : factors);
    const half = times(factors.left, 0.5);
    const start = problem.gradient(symmetric ? half : { ...factors, left: half });
    expect(norm(left.data)).toBeLessThan(1e-9 * norm(start.left.data));
    if (right !== undefined) expect(norm(right.data)).toBeLessThan(1e-9 * norm(start.left.data));
  });

  test('all columns that there can be, and not one more', async () => {
    const problem = made(symmetric, 6, 1);
    const most = Math.min(...problem.shape);
    expect((await solve(problem, { ...spectral, rank: most, stop: { iterations: 5 } })).iterations).toBeGreaterThan(0);
    await expect(solve(problem, { ...spectral, rank: most + 1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a start at zero is no failure', async () => {
    const problem = made(symmetric, 4, 2);
    const left = Matrix.zeros(24, 3);
    const zero = symmetric ? left : { left, right: Matrix.zeros(20, 3) };
    const { residual } = await solve(problem, { ...spectral, init: { kind: 'given', factors: zero } });
    expect(Number.isFinite(residual)).toBe(true);
  });
});

function times({ data, rows, cols }: Matrix, factor: number): Matrix {
  return new Matrix(
    data.map((value) => factor * value),
    rows,
    cols,
  );
}
