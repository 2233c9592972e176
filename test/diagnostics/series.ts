/** Synthetic series of known law: random rates, offsets, lengths, strides, first iterations, transients and floors. */
import { native } from '../../src/load';
import type { Trace } from '../../src/solvers/result';

export type Law = 'linear' | '1/t' | '1/t^2' | 'plateau';
export const LAWS: readonly Law[] = ['linear', '1/t', '1/t^2', 'plateau'];

/** Uniform and normal numbers of the library's own Philox streams. */
export function philox(seed: number): { uniform: (low: number, high: number) => number; normals: Float64Array } {
  const uniforms = new Float64Array(32);
  native.uniforms(seed, 'test', 0, uniforms);
  const normals = new Float64Array(2000);
  native.normals(seed, 'noise', 0, normals);
  let next = 0;
  return { uniform: (low, high) => low + (high - low) * uniforms[next++]!, normals };
}

export function asTrace(iteration: ArrayLike<number>, y: ArrayLike<number>, name = 'y'): Trace {
  return {
    length: iteration.length,
    columns: { iteration: Float64Array.from(iteration), [name]: Float64Array.from(y) },
  };
}

/** f at iterations 0, every, 2 every ... up to `last`. */
export function sampled(last: number, every: number, f: (t: number) => number): Trace {
  const t = Array.from({ length: Math.floor(last / every) + 1 }, (_, i) => i * every);
  return asTrace(t, t.map(f));
}

export interface Made {
  readonly trace: Trace;
  /** d ln y / dt or the exponent. */
  readonly slope: number;
  readonly about: string;
}

/**
 * y = scale (g(t) (1 + A exp(-t / tau)) + floor) (1 + noise z). A transient in half of the series, a floor in 40 % of the linear
 * ones (at 1e-2 of the start or below) and in a quarter of the others. The decay is by e^3 to e^30; t + t0 grows by 10 (1/t),
 * 6 (1/t^2) to 300, by 30 and 12 above a floor.
 */
export function made(law: Law, seed: number, noise: number): Made {
  const { uniform, normals } = philox(seed);
  const logUniform = (low: number, high: number): number => Math.exp(uniform(Math.log(low), Math.log(high)));
  const points = Math.floor(logUniform(80, 1500));
  const stride = [1, 2, 5, 10, 25, 100][Math.floor(uniform(0, 6))]!;
  const span = points * stride;
  const scale = logUniform(1e-6, 1e3);
  const first = uniform(0, 1) < 0.3 ? Math.floor((uniform(0, 1) * span) / 3) : 0;
  const range = uniform(0, 1);
  const withFloor = uniform(0, 1) < (law === 'linear' ? 0.4 : 0.25);
  const part = uniform(0, 1);
  let g = (_t: number): number => 1;
  let slope = 0;
  let floor = 0;
  if (law === 'linear') {
    const drop = Math.exp(Math.log(withFloor ? 4.7 : 3) + range * Math.log(30 / (withFloor ? 4.7 : 3)));
    slope = -drop / (withFloor ? (0.2 + 0.7 * part) * span : span);
    if (withFloor) floor = Math.exp(-drop);
    g = (t) => Math.exp(slope * t);
  } else if (law !== 'plateau') {
    const p = law === '1/t' ? 1 : 2;
    const least = withFloor ? (p === 1 ? 30 : 12) : p === 1 ? 10 : 6;
    const growth = least * (300 / least) ** range;
    const offset = ((withFloor ? 0.4 + 0.5 * part : 1) * span) / (growth - 1);
    slope = -p;
    if (withFloor) floor = growth ** -p;
    g = (t) => (1 + t / offset) ** -p;
  }
  const transient = uniform(0, 1) < 0.5 ? logUniform(0.3, 8) : 0;
  const tau = span * logUniform(0.003, law === 'plateau' ? 0.08 : 0.03);
  const t = Array.from({ length: points }, (_, i) => first + i * stride);
  const y = t.map((at, i) => {
    const clean = g(at - first) * (1 + transient * Math.exp(-(at - first) / tau)) + floor;
    return scale * clean * Math.max(1e-3, 1 + noise * normals[i]!);
  });
  const about = `${law} seed ${seed}: ${points} points, floor ${floor.toExponential(1)}, transient ${transient.toFixed(1)}`;
  return { trace: asTrace(t, y), slope, about };
}

export const TRANSIENTS = ['none', 'hold', 'fast', 'bump', 'slow'] as const;

/**
 * What the fits do not contain: a first part that holds, falls at another speed or bends (a twentieth to a quarter of the
 * series), and floors with a sharp corner, max(g, floor), beside added ones. 5 % noise.
 */
export function madeOtherwise(law: Law, transient: (typeof TRANSIENTS)[number], seed: number): Made {
  const { uniform, normals } = philox(seed);
  const points = Math.floor(uniform(60, 600));
  const stride = [1, 1, 5, 20][Math.floor(uniform(0, 4))]!;
  const head = transient === 'none' ? 0 : Math.floor(points * uniform(0.05, 0.25));
  const span = points * stride;
  const slope = law === 'linear' ? -uniform(3, 25) / span : law === '1/t' ? -1 : law === '1/t^2' ? -2 : 0;
  const least = law === '1/t' ? 12 : 8;
  const growth = least * (100 / least) ** uniform(0, 1);
  const g = (t: number): number =>
    law === 'plateau' ? 1 : law === 'linear' ? Math.exp(slope * t) : (1 + (t * growth) / span) ** slope;
  const place = uniform(0.4, 0.9);
  const withFloor = uniform(0, 1) < 1 / 3 && (law === 'linear' ? g(place * span) < 0.02 : growth > 25);
  const floor = withFloor && law !== 'plateau' ? g(Math.max(place, law === 'linear' ? 0 : 0.5) * span) : 0;
  const sharp = uniform(0, 1) < 0.5;
  const before = (x: number): number => {
    if (transient === 'hold') return 1;
    if (transient === 'bump') return 1 + 2 * Math.sin(Math.PI * x);
    return Math.exp((1 - x) * (transient === 'fast' ? 4 : 0.5));
  };
  const t = Array.from({ length: points + head }, (_, i) => i * stride);
  const y = t.map((at, i) => {
    const clean = i < head ? before(i / head) : g(at - head * stride);
    return (sharp ? Math.max(clean, floor) : clean + floor) * (1 + 0.05 * normals[i]!);
  });
  const about = `${law} ${transient} seed ${seed}: ${points} points, ${sharp ? 'sharp' : 'added'} floor ${floor.toExponential(1)}`;
  return { trace: asTrace(t, y), slope, about };
}
