/** The slope on series made by formula, and on explicit runs beside an explicit power method. */
import { Matrix, problems } from '../../src';
import { powerMethodCloseness } from '../../src/diagnostics/power-method';
import type { Trace } from '../../src/solvers/result';
import { explicitRun } from '../support/explicit-run';
import { normals } from '../support/random';

function series(distance: (t: number) => number, length: number): Trace {
  const iteration = Float64Array.from({ length }, (_, t) => t);
  return { length, columns: { iteration, powerDistance: iteration.map(distance) } };
}

test('an exact exponential', () => {
  const [step, norm] = [0.25, 1.2];
  const slope = 2 * Math.log(1.3);
  // Saturates at 1 from below, as a bounded U beside a growing power iterate does.
  const trace = series((t) => 1 / (1 + Math.exp(20 - slope * t)), 100);
  const result = powerMethodCloseness(trace, { step, norm, window: [1e-7, 1e-5] });
  expect(result.predictedSlope).toBeCloseTo(slope, 12);
  expect(result.slope).toBeCloseTo(slope, 4);
  expect(result.slopeError).toBeLessThan(1e-4);
  // 1 / (1 + e^(20 - s t)) < 0.1 as long as s t < 20 - ln 9.
  expect(result.lastClose).toBe(Math.floor((20 - Math.log(9)) / slope));
  expect(result.tStar).toBe(Infinity);
  expect(result.stillClose).toBe(false);
});

test('t_star is one after the first distance above 1', () => {
  const trace = series((t) => 1e-8 * 2 ** t, 40);
  const first = Math.floor(Math.log2(1e8)) + 1;
  expect(powerMethodCloseness(trace, { step: 0.1, norm: 1 }).tStar).toBe(first + 1);
});

test('a trace that ends early', () => {
  const result = powerMethodCloseness(
    series(() => 1e-12, 10),
    { step: 0.1, norm: 1 },
  );
  expect(result).toMatchObject({ slope: NaN, lastClose: 9, stillClose: true, window: { points: 0 } });
});

test.each([1, 2, 3])('an explicit run, seed %d', (seed) => {
  const n = 14;
  const problem = problems.gaussianSensing({
    shape: [n, n],
    symmetric: true,
    trueRank: 2,
    conditionNumber: 2,
    measurements: 90,
    seed,
  });
  const start = new Matrix(
    normals(n * n, seed).map((value) => (1e-5 * value) / Math.sqrt(n)),
    n,
    n,
  );
  const step = 0.25;
  const { trace, norm } = explicitRun(problem, start, step, 80);
  const result = powerMethodCloseness(trace, { step, norm });
  expect(Math.abs(result.relativeDeviation)).toBeLessThan(0.05);
  expect(result.window.points).toBeGreaterThan(10);
  // alpha^2 (1 + mu ||A*(y)||)^(2t) of order one: t = ln(1 / alpha) / ln(1 + mu ||A*(y)||), give or take a few.
  const expected = Math.log(1e5) / Math.log1p(step * norm);
  expect(Math.abs(result.lastClose - expected)).toBeLessThan(0.25 * expected);
});

test.each<[string, unknown, object, RegExp]>([
  [
    'no column',
    { length: 1, columns: { iteration: [0], testError: [1] } },
    { step: 1, norm: 1 },
    /powerDistance.*powerMethodCloseness.*Record it/,
  ],
  ['no trace', 7, { step: 1, norm: 1 }, /a trace \(run\.trace\)/],
  ['no norm', series(() => 1, 3), { step: 1 }, /positive finite number for norm/],
  ['window', series(() => 1, 3), { step: 1, norm: 1, window: [0.1, 0.01] }, /0 < low < high/],
  ['unknown option', series(() => 1, 3), { step: 1, norm: 1, windows: [] }, /Did you mean "window"/],
])('bad input: %s', (_, trace, options, message) => {
  expect(() => powerMethodCloseness(trace as Trace, options as { step: number; norm: number })).toThrow(message);
});
