/** The panel of s3-sym with finitely many measurements: one instance, and what is exact on it. */
import { eigh } from '../linalg';
import { Matrix } from '../matrix';
import { gaussianSensing } from '../problems/gaussian';
import type { Problem } from '../problems/problem';
import { atLeast, near, relativelyNear, type Check, type Series } from './experiment';
import {
  decayRate,
  descend,
  gaussian,
  joined,
  norm,
  scaled,
  squaredSingularValues,
  transposeTimes,
  type Course,
  type Setting,
} from './s3-common';
import { at, fitPower, windowOf } from './statistics';

interface Numbers {
  readonly sensingN: number;
  readonly measurements: number;
  readonly sensingIterations: number;
  readonly spectrum: readonly number[];
  readonly step: number;
  readonly scale: number;
}

export interface Sensed {
  readonly rank: number;
  readonly measurements: number;
  readonly course: Course;
  readonly predicted: Float64Array;
  readonly exact: boolean;
  /** k = r: decay per step; k > r: slope of the error against t, at the end. */
  readonly measured: number;
  readonly law: number;
}

export async function sensingCourse(numbers: Numbers, rank: number, seed: number, setting: Setting): Promise<Sensed> {
  const { sensingN: n, measurements, sensingIterations: iterations, spectrum, step, scale } = numbers;
  const problem = gaussianSensing({
    shape: [n, n],
    symmetric: true,
    spectrum,
    measurements,
    seed,
    threads: setting.threads,
  });
  const start = scaled(gaussian(n, rank, seed, 'initialLeft'), scale);
  const pair = { left: start, right: start };
  const common = { rank, measurements };
  if (rank === spectrum.length) {
    const total = norm(problem.truth!);
    const first = await descend(problem, pair, { step, iterations, floor: 1e-5 }, setting);
    const from = first.iteration.at(-1)!;
    const second = await descend(problem, first, { step, iterations, floor: 1e-14, from }, setting);
    const course = joined(first, second);
    const law = linearised(
      problem,
      first.left,
      second.left,
      step,
      second.iteration.map((t) => t - from),
    );
    const predicted = new Float64Array(course.iteration.length).fill(NaN);
    predicted.set(law, first.iteration.length - 1);
    const rate = (error: Float64Array): number =>
      decayRate({ iteration: second.iteration, error }, 3e-10 * total, 1e-12 * total);
    return { ...common, course, exact: true, predicted, measured: rate(second.error), law: rate(law) };
  }
  const half = Math.round(iterations / 2);
  const first = await descend(problem, pair, { step, iterations: half }, setting);
  const course = joined(first, await descend(problem, first, { step, iterations, from: half }, setting));
  const { iteration, error } = course;
  // The octave as a whole goes by the mean of the laws at its ends.
  const law = (energyLaw(first, numbers) + energyLaw(course, numbers)) / 2;
  const end = iteration.length - 1;
  const predicted = iteration.map((t) => (t >= iterations / 16 ? error[end]! * (t / iterations) ** law : NaN));
  return { ...common, course, exact: false, predicted, measured: slope(course), law };
}

/** d ln ||J||^2 / d ln t at the end of a course, J the noise part of U: -8 eta t f / ||J||^2, as f is quartic in J. */
function energyLaw({ iteration, loss, left }: Course, { spectrum, step }: Numbers): number {
  const energy = squaredSingularValues(left)
    .subarray(spectrum.length)
    .reduce((sum, value) => sum + value, 0);
  return (-8 * step * iteration[iteration.length - 1]! * loss[loss.length - 1]!) / energy;
}

/** Of ln error against ln t over the last octave. */
function slope({ iteration, error }: Course): number {
  const end = iteration[iteration.length - 1]!;
  const octave = windowOf(iteration, end / 2, end);
  return fitPower(at(iteration, octave), at(error, octave)).slope;
}

/**
 * The error ||U U^T - X*|| at `times` after `start`, linearised at the limit U with k = r: in the eigenvectors of the Hessian,
 * each multiplied by 1 - eta lambda per step. Along dU, f grows by ||A(dU U^T)||^2 (symmetric A_i), half the Hessian's form.
 */
function linearised(problem: Problem, start: Matrix, limit: Matrix, step: number, times: Float64Array): Float64Array {
  const { rows, cols } = limit;
  const images = Array.from({ length: rows * cols }, (_, p) => {
    const direction = Matrix.zeros(rows, cols);
    direction.data[p] = 1;
    return problem.measure({ left: direction, right: limit });
  });
  const size = images.length;
  const hessian = Matrix.zeros(size, size);
  images.forEach((a, p) => {
    for (let q = 0; q <= p; q++) {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += a[i]! * images[q]![i]!;
      hessian.data[p * size + q] = hessian.data[q * size + p] = 2 * sum;
    }
  });
  const { values, vectors } = eigh(hessian);
  const deviation = new Matrix(
    start.data.map((value, p) => value - limit.data[p]!),
    size,
    1,
  );
  const amplitudes = transposeTimes(vectors, deviation).data;
  return times.map((t) => {
    const moved = Matrix.zeros(rows, cols);
    amplitudes.forEach((amplitude, j) => {
      const now = amplitude * (1 - step * values[j]!) ** t;
      for (let p = 0; p < size; p++) moved.data[p]! += now * vectors.data[p * size + j]!;
    });
    // ||D U^T + U D^T||^2 = 2 <D^T D, U^T U> + 2 <U^T D, D^T U>
    const [dd, uu, ud] = [transposeTimes(moved, moved), transposeTimes(limit, limit), transposeTimes(limit, moved)];
    let squares = 0;
    for (let p = 0; p < cols; p++) {
      for (let q = 0; q < cols; q++) squares += 2 * (dd.get(p, q) * uu.get(p, q) + ud.get(p, q) * ud.get(q, p));
    }
    return Math.sqrt(Math.max(0, squares));
  });
}

export function sensingChecks({ rank, measurements, exact, measured, law }: Sensed): Check[] {
  const what = `m = ${measurements}, k = ${rank}`;
  if (exact) {
    return [relativelyNear(`${what}: rate per step, from the Gauss-Newton spectrum`, measured, law, 0.02)];
  }
  return [
    near(`${what}: slope of the error in the last octave, -8 eta t f / ||J||^2`, measured, law, 0.05),
    atLeast(`${what}: that slope, no steeper than 1/t (linear convergence would be)`, measured, -1.1),
  ];
}

export function sensingRow({ rank, measurements, exact, course, measured, law }: Sensed): (string | number)[] {
  const last = course.error.length - 1;
  const quantity = exact ? 'rate per step' : 'slope at the end';
  return [measurements, rank, course.iteration[last]!, course.error[last]!, quantity, measured, law];
}

export function sensingSeries({ rank, course, predicted, exact }: Sensed): Series[] {
  const label = `k = ${rank}`;
  return [
    { label, x: course.iteration, y: course.error, style: 'measured' },
    {
      label: exact ? 'Gauss-Newton' : 'slope of the energy law',
      x: course.iteration,
      y: predicted,
      style: 'predicted',
      group: label,
    },
  ];
}
