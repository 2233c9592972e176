/** With a ridge the loss that a run reports is what its gradient is the derivative of, in both fields. */
import { readChannel } from '../../../src/channels';
import { solve, vectorMethods, type VectorMethodName, type VectorSolveResult } from '../../../src';
import { innerProduct, Vector } from '../../../src/vector';
import { gaussianVectorProblem } from '../../support/vector-problem';

const ridge = 0.3;
const problems = (['real', 'complex'] as const).map((field) =>
  gaussianVectorProblem(12, 60, readChannel('intensity', 'channel', field), field, 5),
);
const direction = problems.map(({ field }) => {
  const out = Vector.zeros(12, field);
  for (let j = 0; j < out.data.length; j++) out.data[j] = Math.sin(1 + j);
  return out;
});

const moved = (theta: Vector, along: Vector, by: number): Vector =>
  new Vector(
    theta.data.map((x, j) => x + by * along.data[j]!),
    theta.field,
  );

describe.each(vectorMethods().filter((method) => method.ridge))('$name', ({ name }) => {
  test.each(['real', 'complex'] as const)('%s: differences of the loss are the gradient', async (field) => {
    const k = field === 'real' ? 0 : 1;
    const problem = problems[k]!;
    const theta = moved(problem.truth!, direction[k]!, 0.3);
    const run = async (at: Vector, method: VectorMethodName, step?: number): Promise<VectorSolveResult> =>
      solve(problem, { method, ridge, step, init: { kind: 'given', theta: at }, stop: { iterations: 1 } });
    const loss = async (at: Vector): Promise<number> => {
      const { trace } = await run(at, name);
      return trace.columns['trainLoss']![0]!;
    };
    const step = 1e-3;
    // Of gradient descent, whose losses include that of the other two methods.
    const next = (await run(theta, 'gradient-descent', step)).theta;
    const gradient = moved(theta, next, -1).data.map((d) => d / step);
    const slope = innerProduct(new Vector(gradient, field), direction[k]!);
    const h = 1e-4;
    const measured =
      ((await loss(moved(theta, direction[k]!, h))) - (await loss(moved(theta, direction[k]!, -h)))) / (2 * h);
    // r and conj(r) both move in the complex field.
    const expected = field === 'real' ? slope[0] : 2 * slope[0];
    expect(Math.abs(measured / expected - 1)).toBeLessThan(1e-6);
    // The ridge is not lost among the rest.
    expect(Math.abs(ridge * innerProduct(theta, direction[k]!)[0])).toBeGreaterThan(0.01 * Math.abs(expected));
  });
});

describe.each(['real', 'complex'] as const)('noisy data, %s', (field) => {
  const problem = gaussianVectorProblem(40, 240, readChannel('intensity', 'channel', field, 0.1), field, 8);
  const along = Vector.zeros(40, field);
  for (let j = 0; j < along.data.length; j++) along.data[j] = Math.sin(1 + j);

  // All methods that follow a gradient say so by a default of stop.gradient.
  test.each(vectorMethods().filter((method) => method.ridge))('$name converges by the gradient', async ({ name }) => {
    const run = await solve(problem, { method: name, ridge, record: { columns: ['gradientNorm'] } });
    expect(run.status).toBe('gradient');
    expect(run.converged).toBe(true);
    expect(run.gradientNorm).toBeLessThanOrEqual(1e-12 * run.trace.columns['gradientNorm']![0]!);
    for (const by of [-0.01, 0.01]) {
      const init = { kind: 'given', theta: moved(run.theta, along, by) } as const;
      const beside = await solve(problem, { method: name, ridge, init, stop: { iterations: 1 } });
      expect(beside.trace.columns['trainLoss']![0]!).toBeGreaterThan(run.trainLoss);
    }
  });
});
