/** Preprocessings on data: their definitions, their bounds, and what they refuse. */
import { readChannel } from '../../src/channels';
import { weakThreshold } from '../../src/channels/weak-threshold';
import { normalized, type PreprocessingChoice, readPreprocessing, signalNorm } from '../../src/preprocessing';

const setting = { field: 'real', delta: 4, channel: readChannel('intensity', 'channel', 'real') } as const;
const y = Float64Array.of(0, 0.25, 1, 2, 4, 30);
const mean = 37.25 / 6;

const apply = (choice: PreprocessingChoice, given = setting): number[] =>
  Array.from(readPreprocessing(choice, 'preprocessing').weights(y, given));

test('definitions, on numbers', () => {
  expect(apply('plain')).toEqual(Array.from(y));
  expect(apply({ name: 'truncated', threshold: 4 })).toEqual([0, 0.25, 1, 2, 4, 0]);
  expect(30).toBeGreaterThan(4 * mean);
  expect(apply({ name: 'amplitude', threshold: 4 })).toEqual([0, 0.5, 1, Math.SQRT2, 2, 0]);
  expect(apply({ name: 'subset', threshold: 1 })).toEqual([0, 0, 0, 1, 1, 1]);
  expect(apply({ name: 'orthogonality-promoting', fraction: 1 / 3 })).toEqual([0, 0, 0, 0, 1, 1]);
  expect(apply({ name: 'weighted', fraction: 1 / 3 })).toEqual([0, 0, 0, 0, Math.SQRT2, Math.sqrt(Math.sqrt(30))]);
  expect(apply({ name: 'optimal', clip: 2 })).toEqual([-2, -2, 0, 0.5, 0.75, 1 - 1 / 30]);
  expect(apply((v: number) => 2 * v)).toEqual(Array.from(y, (v) => 2 * v));
  expect(apply({ name: 'optimal', clip: Infinity }).every(Number.isFinite)).toBe(true);
});

test('the Mondelli-Montanari map is the published one: (y - 1) / (y + sqrt(2 delta) - 1) real, sqrt(delta) complex', () => {
  const complex = { field: 'complex', delta: 4, channel: readChannel('intensity', 'channel', 'complex') } as const;
  const real = apply('mondelli-montanari');
  const other = Array.from(readPreprocessing('mondelli-montanari', 'p').weights(y, complex));
  y.forEach((v, i) => {
    expect(real[i]).toBeCloseTo((v - 1) / (v + Math.sqrt(8) - 1), 12);
    expect(other[i]).toBeCloseTo((v - 1) / (v + 1), 12);
  });
});

test('weak thresholds: 1/2 real, 1 complex; infinite where even statistics carry nothing', () => {
  const at = (name: string, field: 'real' | 'complex'): number =>
    weakThreshold(readChannel(name, 'channel', field), field)!;
  expect(Math.abs(at('intensity', 'real') - 0.5)).toBeLessThan(1e-13);
  expect(Math.abs(at('intensity', 'complex') - 1)).toBeLessThan(1e-13);
  expect(Math.abs(at('amplitude', 'complex') - 1)).toBeLessThan(1e-13);
  // Half of the z are seen as in the linear channel, the others say nothing about |z|.
  expect(Math.abs(at('relu', 'real') - 1)).toBeLessThan(1e-13);
  expect(at('sign', 'real')).toBe(Infinity);
  expect(at('logistic', 'real')).toBe(Infinity);
  // Counts: E[|z|^2 | k] - 1 = gain (y - 1) / (gain + 1), Var y = 1 + 1 / gain.
  expect(Math.abs(at('poisson', 'complex') - 2)).toBeLessThan(1e-9);
});

test('the size of y is divided out where y has the size of the signal', () => {
  const intensity = readChannel('intensity', 'channel', 'real');
  expect(signalNorm(y, intensity, 'real')).toBeCloseTo(Math.sqrt(mean), 12);
  expect(Array.from(normalized(y, intensity, 'real')).reduce((a, b) => a + b) / 6).toBeCloseTo(1, 12);
  expect(signalNorm(y, readChannel('relu', 'channel', 'real'), 'real')).toBe(1);
});

test.each<[unknown, number | undefined, RegExp]>([
  ['optimum', undefined, /Did you mean 'optimal'/],
  [{ name: 'optimal', clip: 0 }, undefined, /positive number, or Infinity for clip/],
  ['plain', 3, /Expected none.*for clip but received 3 with 'plain'/],
  [{ name: 'plain', threshold: 3 }, undefined, /Unknown option "threshold"/],
  [{ name: 'weighted', fraction: 1 }, undefined, /between 0 and 1/],
  [{ T: 3 }, undefined, /function T\(y\)/],
  [null, undefined, /a preprocessing/],
])('refuses %j', (choice, clip, message) => {
  expect(() => readPreprocessing(choice, 'preprocessing', clip)).toThrow(message);
});

test('a T that is not finite, and a channel that knows no E[|z|^2 | y], are refused', () => {
  expect(() => apply(() => NaN)).toThrow(/finite number from preprocessing 'custom' at y = 0/);
  const channel = readChannel((z: number) => z * z, 'channel', 'real');
  expect(() => readPreprocessing('optimal', 'p').weights(y, { ...setting, channel })).toThrow(/posteriorSecondMoment/);
});
