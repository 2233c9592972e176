/** What a run will need, before it starts. */
import type { Problem } from '../problems/problem';
import type { Plan } from './options';

/**
 * Upper estimate in bytes of a run's scratch and results, the operator not counted:
 * factors, gradients, trial and best points (12 k (n1 + n2) numbers and a few k x k), the image of the residual with its
 * partial sums, SVD scratch of a spectral start, and vectors of m. What is recorded comes on top: 8 bytes per column
 * and recorded iteration, which a time limit makes impossible to know.
 */
export function estimateBytes(problem: Problem, plan: Pick<Plan, 'rank'>): number {
  const [n1, n2] = problem.shape;
  const k = plan.rank;
  const numbers = 12 * k * (n1 + n2) + 8 * k * k + 20 * n1 * n2 + 12 * problem.measurements;
  return 8 * numbers;
}
