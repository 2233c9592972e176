/** Quadrature rules: Gauss-Legendre panels cut where an integrand has corners, and a Gauss rule for long sums. */
import { eigh } from '../linalg';
import { Matrix } from '../matrix';

export interface Rule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** Nodes in a panel. Integrands here have their nearest pole about a panel's width away: the error is below 1e-20. */
export const PANEL_NODES = 20;

/** Gauss-Legendre on [-1, 1] by Newton's iteration on P_n; exact for polynomials of degree 2 n - 1. */
export function gaussLegendre(n: number): Rule {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    // Quadratic convergence from an error of O(1/n^2): six steps are more than enough.
    for (let step = 0; step < 6; step++) {
      let [below, value] = [1, x];
      for (let k = 2; k <= n; k++) [below, value] = [value, ((2 * k - 1) * x * value - (k - 1) * below) / k];
      slope = (n * (below - x * value)) / (1 - x * x);
      x -= value / slope;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

const panel = gaussLegendre(PANEL_NODES);

/** Where panels must end, and how narrow they become towards it (they double from there on). */
export interface GradingPoint {
  readonly at: number;
  readonly narrowest: number;
}

/**
 * Edges of panels from `low` to `high`: every point inside is an edge, panels next to a point are `narrowest` wide and
 * double away from it up to `widest` (of where they are).
 */
export function gradedEdges(
  low: number,
  high: number,
  points: readonly GradingPoint[],
  widest: number | ((x: number) => number),
): number[] {
  const limit = typeof widest === 'number' ? (): number => widest : widest;
  const inside = points.filter(({ at }) => at >= low && at <= high).sort((a, b) => a.at - b.at);
  const stops: GradingPoint[] = [];
  for (const point of [{ at: low, narrowest: limit(low) }, ...inside, { at: high, narrowest: limit(high) }]) {
    const last = stops.at(-1);
    if (last?.at !== point.at) stops.push(point);
    else stops[stops.length - 1] = { at: point.at, narrowest: Math.min(last.narrowest, point.narrowest) };
  }
  const edges = [low];
  for (let k = 1; k < stops.length; k++) {
    const [a, b] = [stops[k - 1]!, stops[k]!];
    const middle = (a.at + b.at) / 2;
    const rising: number[] = [];
    for (let x = a.at, w = a.narrowest; x + 1.5 * w < middle; w = Math.min(limit(x), 2 * w)) rising.push((x += w));
    const falling: number[] = [];
    for (let x = b.at, w = b.narrowest; x - 1.5 * w > middle; w = Math.min(limit(x), 2 * w)) falling.push((x -= w));
    // What is left in the middle is at most some four panels of its neighbours.
    const [left, right] = [rising.at(-1) ?? a.at, falling.at(-1) ?? b.at];
    const pieces = Math.max(1, Math.ceil((right - left) / limit((left + right) / 2)));
    for (let p = 1; p < pieces; p++) rising.push(left + ((right - left) * p) / pieces);
    edges.push(...rising, ...falling.reverse(), b.at);
  }
  return edges.filter((edge, k) => k === 0 || edge > edges[k - 1]!);
}

/** Calls `visit(x, weight)` for the Gauss-Legendre nodes of all panels, from left to right. */
export function forEachNode(edges: readonly number[], visit: (x: number, weight: number) => void): void {
  for (let k = 1; k < edges.length; k++) {
    const half = (edges[k]! - edges[k - 1]!) / 2;
    const middle = (edges[k]! + edges[k - 1]!) / 2;
    for (let i = 0; i < PANEL_NODES; i++) visit(middle + half * panel.nodes[i]!, half * panel.weights[i]!);
  }
}

/**
 * A Gauss rule for the sum over the integers 0 .. count - 1, from the recurrence of the discrete Chebyshev (Gram)
 * polynomials; exact for polynomials of degree 2 n - 1. With n >= count: the sum itself.
 */
export function gramRule(count: number, n = PANEL_NODES): Rule {
  if (count <= n)
    return { nodes: Float64Array.from({ length: count }, (_, k) => k), weights: new Float64Array(count).fill(1) };
  const jacobi = Matrix.zeros(n, n);
  for (let j = 0; j < n; j++) {
    jacobi.data[j * n + j] = (count - 1) / 2;
    if (j === 0) continue;
    const off = (j / 2) * Math.sqrt((count * count - j * j) / (4 * j * j - 1));
    jacobi.data[j * n + j - 1] = off;
    jacobi.data[(j - 1) * n + j] = off;
  }
  const { values, vectors } = eigh(jacobi);
  return { nodes: values, weights: vectors.data.slice(0, n).map((v) => count * v * v) };
}
