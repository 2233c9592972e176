/** What a run will need, before it starts. */
import type { Problem } from '../problems/problem';
import type { Plan } from './options';
import { probeNames } from './recording';

/** Partial images of a pass, at most: the fixed partition of the native dense operator. */
const PARTS = 32;

/**
 * Upper estimate in bytes of a run's scratch and of its results, the operator not counted, in numbers of 8 bytes:
 * factors, gradients, kept, best and trial points and a method's directions: 12 k (n1 + n2); small square matrices: 8 k^2;
 * the image of the residual with its partial sums: (PARTS + 4) n1 n2; truth, spectral start and its SVD: 12 n1 n2; y,
 * residuals and measurements of directions: 8 m. What is recorded comes on top, 8 bytes per column and recorded
 * iteration: a time limit makes that impossible to know. Probes: eigenvectors of A*(y) with a workspace of its own, products,
 * Gram matrices and Lanczos vectors, (PARTS + 24) n1^2; factors in several bases and SVDs, 24 n1 k + 16 min(n1, k)^2.
 */
export function estimateBytes(problem: Problem, plan: Pick<Plan, 'rank' | 'columns'>): number {
  const [n1, n2] = problem.shape;
  const k = plan.rank;
  const numbers = 12 * k * (n1 + n2) + 8 * k * k + (PARTS + 16) * n1 * n2 + 8 * problem.measurements;
  const probes = probeNames();
  const probing = plan.columns.some((name) => (probes as readonly string[]).includes(name));
  const forProbes = probing ? (PARTS + 24) * n1 * n1 + 24 * n1 * k + 16 * Math.min(n1, k) ** 2 : 0;
  // A few allocations are rounded up to whole cache lines or pages.
  return 8 * (numbers + forProbes) + 2 ** 16;
}
