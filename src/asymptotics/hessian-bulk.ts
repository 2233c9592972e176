/**
 * Edges of the bulk of H = (1/m) X^T diag(a) X + ridge, rows of X standard normal, a independent of them but for finitely
 * many directions: V = (1/m) tr (H + p)^{-1} obeys
 *
 *   p(V) = 1/(delta V) - ridge - E[ a / (1 + V a) ],
 *
 * and the edges are the extrema of -p on either side of V = 0 (Silverstein and Choi, J. Multivariate Anal. 54, 1995).
 */

export interface Bulk {
  readonly leftEdge: number;
  readonly rightEdge: number;
}

const BISECTIONS = 200;

/**
 * @param a weights: a fair sample of them. The right edge is that of the sample: where a is unbounded it grows with it.
 * @param delta m / n
 */
export function bulkEdges(a: Float64Array, delta: number, ridge: number): Bulk {
  let least = Infinity;
  let largest = -Infinity;
  for (const value of a) {
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  return { leftEdge: leftEdge(a, delta, ridge, least), rightEdge: rightEdge(a, delta, ridge, largest) };
}

/** E[(V a / (1 + V a))^2] - 1/delta: its sign is that of dp/dV, and it grows with |V| on either side. */
function turning(a: Float64Array, V: number, delta: number): number {
  let sum = 0;
  for (const value of a) {
    const share = (V * value) / (1 + V * value);
    sum += share * share;
  }
  return sum / a.length - 1 / delta;
}

function eigenvalueAt(a: Float64Array, V: number, delta: number, ridge: number): number {
  let sum = 0;
  for (const value of a) sum += value / (1 + V * value);
  return ridge + sum / a.length - 1 / (delta * V);
}

function leftEdge(a: Float64Array, delta: number, ridge: number, least: number): number {
  const end = least < 0 ? -1 / least : Infinity;
  const V = bisect(a, delta, end);
  // Fewer weighted rows than columns: H - ridge has a null space and no bulk below zero.
  return V === undefined ? ridge : eigenvalueAt(a, V, delta, ridge);
}

function rightEdge(a: Float64Array, delta: number, ridge: number, largest: number): number {
  if (largest <= 0) return ridge;
  const V = bisect(a, delta, -1 / largest);
  return V === undefined ? ridge : eigenvalueAt(a, V, delta, ridge);
}

/** The V between 0 and `end` (of either sign) where `turning` changes sign. */
function bisect(a: Float64Array, delta: number, end: number): number | undefined {
  const sign = end > 0 ? 1 : -1;
  let scale = 0;
  for (const value of a) scale += Math.abs(value) / a.length;
  if (scale === 0) return undefined;
  let inside = 0;
  let outside = Math.abs(end);
  if (outside === Infinity) {
    outside = 1 / scale;
    while (turning(a, outside, delta) <= 0) {
      inside = outside;
      outside *= 4;
      if (outside > 1e12 / scale) return undefined;
    }
  }
  for (let k = 0; k < BISECTIONS && outside - inside > 1e-12 * outside; k++) {
    const middle = (inside + outside) / 2;
    if (turning(a, sign * middle, delta) <= 0) inside = middle;
    else outside = middle;
  }
  return inside > 0 ? sign * inside : undefined;
}
