/** How many measurements a rank needs: counts that no algorithm can get around. */

/** n1 x n2; symmetric: only symmetric matrices are looked for, or only their symmetric part is measured. */
export interface MatrixSpace {
  readonly shape: readonly [number, number];
  readonly symmetric: boolean;
}

/**
 * Degrees of freedom of a matrix of rank r: r (n1 + n2 - r), symmetric r (2n - r + 1) / 2. With fewer measurements a
 * matrix that fits them is never the only one nearby; with generic measurement matrices one more is enough for it to be
 * the only one, though finding it takes some 1.3 to 2 times as many.
 */
export function degreesOfFreedom({ shape: [rows, cols], symmetric }: MatrixSpace, rank: number): number {
  return symmetric ? (rank * (2 * rows - rank + 1)) / 2 : rank * (rows + cols - rank);
}

/** The largest rank whose degrees of freedom are at most `count`; 0 when already those of rank 1 are more. */
export function largestRank(space: MatrixSpace, count: number): number {
  let rank = 0;
  while (rank < Math.min(...space.shape) && degreesOfFreedom(space, rank + 1) <= count) rank++;
  return rank;
}
