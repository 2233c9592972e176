/** Problem files for whole-process tests, written without the addon. */
import { writeProblemFile } from '../../src/io/problem-file';
import { Matrix } from '../../src/matrix';
import { normals } from '../support/random';

export interface SmallProblem {
  readonly n1?: number;
  readonly n2?: number;
  readonly rank?: number;
  readonly measurements?: number;
  readonly symmetric?: boolean;
  readonly seed?: number;
}

export async function writeSmallProblem(path: string, options: SmallProblem = {}): Promise<void> {
  const { n1 = 16, n2 = n1, rank = 2, measurements = 200, symmetric = true, seed = 7 } = options;
  const left = normals(n1 * rank, seed);
  const right = symmetric ? left : normals(n2 * rank, seed + 1);
  const truth = Matrix.zeros(n1, n2);
  for (let i = 0; i < n1; i++) {
    for (let j = 0; j < n2; j++) {
      for (let k = 0; k < rank; k++) {
        truth.data[i * n2 + j] = truth.get(i, j) + (left[i * rank + k] ?? NaN) * (right[j * rank + k] ?? NaN);
      }
    }
  }
  const scale = 1 / Math.sqrt(measurements);
  const A = normals(measurements * n1 * n2, seed + 2).map((value) => scale * value);
  const y = new Float64Array(measurements);
  for (let i = 0; i < measurements; i++) {
    for (let j = 0; j < n1 * n2; j++) y[i] = (y[i] ?? 0) + (A[i * n1 * n2 + j] ?? NaN) * (truth.data[j] ?? NaN);
  }
  await writeProblemFile(path, { shape: [n1, n2], A, y, symmetric, truth });
}
