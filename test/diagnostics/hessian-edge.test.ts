import { readChannel } from '../../src/channels';
import { hessianEdge } from '../../src/diagnostics/hessian-edge';
import type { Loss } from '../../src/losses';
import { eigh } from '../../src/linalg';
import { Matrix } from '../../src/matrix';
import { Vector } from '../../src/vector';
import { gaussianVectorProblem } from '../support/vector-problem';

/** H column by column, by central differences of the gradient (interleaved coordinates when complex). */
function differencedHessian(
  problem: ReturnType<typeof gaussianVectorProblem>,
  theta: Vector,
  loss: Loss,
  ridge: number,
): Matrix {
  const size = theta.data.length;
  const h = 1e-5;
  const H = Matrix.zeros(size, size);
  for (let j = 0; j < size; j++) {
    const shifted = (sign: number): Float64Array => {
      const data = Float64Array.from(theta.data);
      data[j]! += sign * h;
      return problem.gradient(new Vector(data, theta.field), loss).gradient.data;
    };
    const [up, down] = [shifted(1), shifted(-1)];
    for (let i = 0; i < size; i++) H.data[i * size + j] = (up[i]! - down[i]!) / (2 * h) + (i === j ? ridge : 0);
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      H.data[i * size + j] = H.data[j * size + i] = (H.data[i * size + j]! + H.data[j * size + i]!) / 2;
    }
  }
  return H;
}

describe.each(['real', 'complex'] as const)('%s', (field) => {
  test.each(['wirtinger', 'tanh-amplitude', 'smoothed-amplitude'] as const)(
    '%s: the eigenvalues of the differenced Hessian',
    async (name) => {
      const channel = readChannel('intensity', 'channel', field, 0.2);
      const problem = gaussianVectorProblem(12, 60, channel, field, 8);
      // Not a stationary point: the Hessian is one all the same.
      const theta = new Vector(
        problem.truth!.data.map((value, j) => value + 0.05 * Math.cos(3 * j)),
        field,
      );
      const ridge = 0.1;
      const H = differencedHessian(problem, theta, { name }, ridge);
      const size = H.rows;
      if (field === 'complex') {
        // i theta is left out: P H P, with i theta itself sent far above.
        const gauge = theta.data.map((_, j) => (j % 2 === 0 ? -theta.data[j + 1]! : theta.data[j - 1]!));
        const norm = Math.hypot(...gauge);
        const project = (i: number, j: number): number => (i === j ? 1 : 0) - (gauge[i]! * gauge[j]!) / norm ** 2;
        const half = Matrix.zeros(size, size);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            for (let k = 0; k < size; k++) half.data[i * size + j]! += H.data[i * size + k]! * project(k, j);
          }
        }
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            let sum = (1e3 * gauge[i]! * gauge[j]!) / norm ** 2;
            for (let k = 0; k < size; k++) sum += project(i, k) * half.data[k * size + j]!;
            H.data[i * size + j] = sum;
          }
        }
      }
      const all = Array.from(eigh(H).values).filter((value) => value < 900);
      const measured = await hessianEdge(problem, theta, { loss: { name }, ridge });
      expect(measured.converged).toBe(true);
      expect(measured.largest).toBeCloseTo(all[0]!, 5);
      expect(measured.secondLargest).toBeCloseTo(all[1]!, 5);
      expect(measured.secondSmallest).toBeCloseTo(all[all.length - 2]!, 5);
      expect(measured.smallest).toBeCloseTo(all[all.length - 1]!, 5);
      const { gradient } = problem.gradient(theta, { name });
      const slope = gradient.data.map((value, j) => value + ridge * theta.data[j]!);
      expect(measured.gradientNorm).toBeCloseTo(Math.hypot(...slope), 10);
    },
  );
});

test('the same bits for any number of threads', async () => {
  const problem = gaussianVectorProblem(40, 200, readChannel('intensity', 'channel', 'real'), 'real', 8);
  const one = await hessianEdge(problem, problem.truth!, { seed: 3 });
  expect(await hessianEdge(problem, problem.truth!, { seed: 3, threads: 2 })).toEqual(one);
});

test('bad input', async () => {
  const problem = gaussianVectorProblem(4, 20, readChannel('intensity', 'channel', 'real'), 'real', 8);
  await expect(hessianEdge(problem, Vector.zeros(5))).rejects.toThrow(/real vector of length 4 for theta/);
  await expect(hessianEdge(problem, Vector.zeros(4), { loss: 'amplitude' })).rejects.toThrow(/smoothed-amplitude/);
  await expect(hessianEdge({} as never, Vector.zeros(4))).rejects.toThrow(/a vector problem for problem/);
});
