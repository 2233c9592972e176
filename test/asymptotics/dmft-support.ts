/** What the DMFT tests share: the native sweep with given constants, samples, and the reference's case. */
import { native } from '../../src/load';
import type { NativeDmftOptions, NativeDmftResult, NativeField } from '../../src/native';

export type SweepOptions = Partial<NativeDmftOptions> & Pick<NativeDmftOptions, 'z' | 'y' | 'loss' | 'delta' | 'steps'>;

const DEFAULTS = {
  field: 'real',
  ridge: 0,
  momentum: 0,
  batch: 1,
  spectral: false,
  tau: 0,
  overlap: 0,
  norm: 1,
  spectralMemory: true,
  seed: 1,
  firstSample: 0,
  t: null,
} as const;

export function fullOptions(options: SweepOptions): NativeDmftOptions {
  return { ...DEFAULTS, iterations: options.steps.length, spectral: options.t !== undefined, ...options };
}

export function sweep(options: SweepOptions, threads = 2): Promise<NativeDmftResult> {
  return new Promise((resolve, reject) => {
    native.dmft(fullOptions(options), threads, (error, result) => {
      if (result === undefined) reject(error ?? new Error('no result'));
      else resolve(result);
    });
  });
}

/** `count` standard normals (complex: E|z|^2 = 1, interleaved), scaled so that the mean of |z|^2 is 1. */
export function normalSamples(count: number, field: NativeField, seed: number): Float64Array {
  const z = new Float64Array(field === 'complex' ? 2 * count : count);
  native.normals(seed, 'asymptotics', 0, z);
  const scale = Math.sqrt(count / z.reduce((sum, value) => sum + value * value, 0));
  return z.map((value) => scale * value);
}

export function intensities(z: Float64Array, field: NativeField): Float64Array {
  if (field === 'real') return z.map((value) => value * value);
  return Float64Array.from({ length: z.length / 2 }, (_, i) => z[2 * i]! ** 2 + z[2 * i + 1]! ** 2);
}

/** The Mondelli-Montanari map of noiseless intensities. */
export function mondelliMontanari(delta: number, field: NativeField): (y: number) => number {
  const shift = Math.sqrt(field === 'complex' ? delta : 2 * delta) - 1;
  return (y) => (y - 1) / (y + shift);
}

export const filled = (count: number, value: number): Float64Array => new Float64Array(count).fill(value);

/** Reference 10.1: smoothed amplitude flow, real, delta = 3, T = MM; tau and a^2 of the spectral fixed point. */
export function referenceCase(samples: number, seed: number, iterations: number): SweepOptions {
  const z = normalSamples(samples, 'real', seed);
  const y = intensities(z, 'real');
  return {
    z,
    y,
    t: y.map(mondelliMontanari(3, 'real')),
    delta: 3,
    loss: { name: 'tanh-amplitude', parameters: [4] },
    steps: filled(iterations, 0.6),
    ridge: 0.05,
    tau: 1.694796,
    overlap: Math.sqrt(0.626205),
    seed,
  };
}

export function meanAndError(values: readonly number[]): readonly [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (values.length * (values.length - 1)))];
}
