/** Whether another vector fits as well: distances between fits, measurements that say nothing new, starts nearby. */
import { setImmediate } from 'node:timers/promises';
import { callNative } from '../../native-errors';
import { native } from '../../load';
import type { VectorProblem } from '../../problems/vector-problem';
import { innerProduct, Vector } from '../../vector';

/** Rows this near, of norm 1, are one: rounding of a product with n numbers is smaller, other rows are farther apart. */
const SAME_ROW = 1e-11;
const PROJECTIONS = 3;

/** min over c of modulus 1 of norm(a - c b) / norm(a). */
export function distance(a: Vector, b: Vector): number {
  const inner = Math.hypot(...innerProduct(a, b));
  const square = a.norm() ** 2 + b.norm() ** 2 - 2 * inner;
  return Math.sqrt(Math.max(0, square)) / a.norm();
}

/** theta moved by `fraction` of its norm in a direction drawn from `seed`. */
export function movedAway(theta: Vector, fraction: number, seed: number): Vector {
  const direction = randomVector(theta.length, theta.field, seed);
  const factor = (fraction * theta.norm()) / direction.norm();
  return new Vector(
    theta.data.map((x, j) => x + factor * direction.data[j]!),
    theta.field,
  );
}

/**
 * How many rows of the design differ by more than a factor: a row that is a multiple of another measures nothing new, and a row
 * of zeros nothing. Told from products with three random vectors, so at the cost of three applications; a repeated row is missed, and
 * counted, only where those products cancel to many digits.
 */
export async function distinctRows(
  problem: VectorProblem,
  threads: number,
  seed: number,
  signal?: AbortSignal,
): Promise<number> {
  const { measurements: m, dimension, field } = problem;
  const products: Float64Array[] = [];
  for (let k = 0; k < PROJECTIONS; k++) {
    products.push(problem.measure(randomVector(dimension, field, seed + k), { threads }).data);
    // The event loop runs in between.
    await setImmediate();
    signal?.throwIfAborted();
  }
  const width = field === 'complex' ? 2 : 1;
  const parts = PROJECTIONS * width;
  const points = new Float64Array(m * parts);
  const rows: number[] = [];
  const point = new Float64Array(parts);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k < PROJECTIONS; k++) {
      for (let c = 0; c < width; c++) point[k * width + c] = products[k]![i * width + c]!;
    }
    if (!normalize(point, width)) continue;
    points.set(point, i * parts);
    rows.push(i);
  }
  rows.sort((a, b) => points[a * parts]! - points[b * parts]!);
  let distinct = 0;
  rows.forEach((row, at) => {
    for (let before = at - 1; before >= 0; before--) {
      const other = rows[before]!;
      if (points[row * parts]! - points[other * parts]! > SAME_ROW) break;
      if (near(points, row * parts, other * parts, parts)) return;
    }
    distinct++;
  });
  return distinct;
}

/** Norm 1, and the first component real and positive. False for zeros. */
function normalize(point: Float64Array, width: number): boolean {
  let largest = 0;
  for (const x of point) largest = Math.max(largest, Math.abs(x));
  if (largest === 0) return false;
  for (let k = 0; k < point.length; k++) point[k]! /= largest;
  const norm = Math.hypot(...point);
  const [a, b] = width === 2 ? [point[0]!, point[1]!] : [point[0]!, 0];
  const modulus = Math.hypot(a, b);
  const [re, im] = modulus > 0 ? [a / modulus / norm, -b / modulus / norm] : [1 / norm, 0];
  for (let k = 0; k < point.length; k += width) {
    const [x, y] = width === 2 ? [point[k]!, point[k + 1]!] : [point[k]!, 0];
    point[k] = x * re - y * im;
    if (width === 2) point[k + 1] = x * im + y * re;
  }
  return true;
}

function near(points: Float64Array, a: number, b: number, parts: number): boolean {
  for (let k = 0; k < parts; k++) if (Math.abs(points[a + k]! - points[b + k]!) > SAME_ROW) return false;
  return true;
}

function randomVector(length: number, field: Vector['field'], seed: number): Vector {
  const vector = Vector.zeros(length, field);
  callNative(() => {
    native.normals(seed, 'initialVector', 0, vector.data);
  });
  return vector;
}
