/** What a vector run will need, before it starts. */
import type { VectorProblem } from '../../problems/vector-problem';
import type { ResolvedVectorMethod } from './methods';

/** Partial images of a pass, at most: the fixed partition of the native dense design. */
const PARTS = 64;
/** Unknowns up to which a Gram matrix is factored; conjugate gradients beyond. */
const FACTORED = 3000;

/**
 * Upper estimate in bytes of a run's scratch and of its results, the design not counted, in numbers of 8 bytes: partial images,
 * theta, gradients, kept, trial and memory vectors, (PARTS + 48) n; y, r, forces, losses and auxiliary fields, 16 m; the Gram
 * matrix of methods that solve least squares, 2 n^2; pairs that l-bfgs remembers, 2 n each; the copy of the design by columns of
 * coordinate-descent, m n. What is recorded comes on top.
 */
export function estimateVectorBytes(problem: VectorProblem, method: ResolvedVectorMethod): number {
  const wide = problem.field === 'complex' ? 2 : 1;
  const { dimension: n, measurements: m } = problem;
  const factored = !method.anyLoss && n <= FACTORED && problem.design === 'dense';
  const gram = factored ? 2 * wide * n * n : 0;
  const pairs = method.name === 'l-bfgs' ? 2 * wide * method.values[0]! * n : 0;
  const columns = method.name === 'coordinate-descent' ? wide * m * n : 0;
  // A few allocations are rounded up to whole cache lines or pages.
  return 8 * (wide * ((PARTS + 48) * n + 16 * m) + gram + pairs + columns) + 2 ** 20;
}
