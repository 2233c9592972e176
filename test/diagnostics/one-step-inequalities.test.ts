/** The six inequalities on explicit runs inside the hypotheses, on traces that break them, and without what they need. */
import { Matrix, problems } from '../../src';
import { oneStepInequalities } from '../../src/diagnostics/one-step-inequalities';
import type { Trace } from '../../src/solvers/result';
import { explicitRun } from '../support/explicit-run';
import { normals } from '../support/random';

function start(n: number, k: number, scale: number, seed: number): Matrix {
  return new Matrix(
    normals(n * k, seed).map((value) => (scale * value) / Math.sqrt(k)),
    n,
    k,
  );
}

test.each([
  [1, 1],
  [2, 1],
  [3, 2],
])('population, seed %d, condition %d: what the proof claims holds at every iteration', (seed, conditionNumber) => {
  const n = 7;
  const problem = problems.population({ shape: [n, n], symmetric: true, trueRank: 2, conditionNumber, seed });
  const step = 0.02;
  const { trace, singularValues } = explicitRun(problem, start(n, n, 1e-2, seed), step, 600);
  const result = oneStepInequalities(trace, { step, singularValues, c: 0.05 });
  expect(result.hypotheses.step).toBe(601);
  expect(result.hypotheses.ripDeviation).toBe(601);
  expect(result.hypotheses.all).toBeGreaterThan(200);
  expect(result.allHeld).toBe(true);
  expect(result.reports.map((report) => report.number)).toEqual([1, 2, 3, 4, 5, 6]);
  for (const report of result.reports) {
    expect(report.evaluatedUnderHypotheses).toBeGreaterThan(150);
    expect(report.heldUnderHypotheses).toBe(report.evaluatedUnderHypotheses);
    expect(report.worstMargin).toBeGreaterThanOrEqual(0);
  }
  // 5 relates one point to itself, the others two neighbours.
  expect(result.reports.map((report) => report.evaluated)).toEqual([600, 600, 600, 600, 601, 600]);
});

test('sensing: with the constants of the paper the hypotheses ask for more measurements than any test can have', () => {
  const n = 12;
  const problem = problems.gaussianSensing({ shape: [n, n], symmetric: true, trueRank: 1, measurements: 70, seed: 1 });
  const step = 0.1;
  const { trace, singularValues } = explicitRun(problem, start(n, n, 1e-3, 4), step, 150);
  const strict = oneStepInequalities(trace, { step, singularValues, c: 1e-3 });
  expect(strict.hypotheses.all).toBe(0);
  expect(strict.reports.every((report) => report.evaluatedUnderHypotheses === 0)).toBe(true);
  expect(strict.cNeeded.some).toBeGreaterThanOrEqual(step * (1 - 1e-12));
  // The least c that the whole run satisfies, and a little less.
  const { all } = strict.cNeeded;
  expect(oneStepInequalities(trace, { step, singularValues, c: all }).hypotheses.all).toBe(151);
  expect(oneStepInequalities(trace, { step, singularValues, c: all * 0.999 }).hypotheses.all).toBeLessThan(151);
  // Far from the hypotheses they hold all the same, by their generous constants.
  for (const report of strict.reports.slice(0, 5)) expect(report.held).toBe(report.evaluated);
});

test('number 6 is claimed in the phase of refinement only, and fails before it', () => {
  const n = 7;
  const problem = problems.population({ shape: [n, n], symmetric: true, trueRank: 1, seed: 5 });
  const step = 0.02;
  const { trace, singularValues } = explicitRun(problem, start(n, n, 1e-2, 5), step, 500);
  const [report] = oneStepInequalities(trace, { step, singularValues, inequalities: [6] }).reports;
  const grown = trace.columns['sigmaMin']!.findIndex((value) => value >= 1 / Math.sqrt(10));
  // The last iteration is evaluated with no other.
  expect(report!.evaluatedUnderHypotheses).toBeLessThanOrEqual(500 - grown);
  expect(report!.heldUnderHypotheses).toBe(report!.evaluatedUnderHypotheses);
  expect(report!.held).toBeLessThan(report!.evaluated);
});

/** Two iterations at which everything holds with equality or room: mu = 0.1, X of one singular value 2. */
const base = {
  iteration: [0, 1, 2],
  sigmaMin: [1, 1, 1],
  noise: [0.1, 0.09, 0.08],
  noiseFrobenius: [0.01, 0.009, 0.008],
  misalignment: [0.01, 0.009, 0.008],
  ripDeviation: [0, 0, 0],
  factorNorm: [1, 1, 1],
  signalError: [3, 2.9, 2.8],
  testError: [0.75, 0.74, 0.73],
  wDrift: [0, 0, 0],
};
const options = { step: 0.1, singularValues: [2] };

function traceOf(columns: Record<string, readonly number[]>): Trace {
  const entries = Object.entries(columns).map(([name, values]) => [name, Float64Array.from(values)]);
  return { length: 3, columns: Object.fromEntries(entries) as Record<string, Float64Array> };
}

test.each<[number, Record<string, number[]>]>([
  // s (1 + 0.1 * 4 / 4 - 0.1) = 1, and the least bit less than that.
  [1, { sigmaMin: [1, 1, 0.9999] }],
  // (1 - 0.05 * 0.0081 + 9 * 0.1 * 0.009 * 4) 0.09 = 0.09288
  [2, { noise: [0.1, 0.09, 0.0929] }],
  // (1 - 0.1) 0.009 + 5 max(2.9, |1 - 4|)^2 = 45.0081
  [3, { misalignment: [0.01, 0.009, 45.01] }],
  // 0.1 (4 / 4800 + 0.996 * 0.09) 0.009 = 8.1e-5
  [4, { wDrift: [0, 0, 8.2e-5] }],
  // 4 * 2.9 + 0.009 = 11.609, against testError times 4
  [5, { testError: [0.75, 2.91, 0.73] }],
  // (1 - 0.002) 2.9 + 0.004 * 0.009
  [6, { signalError: [3, 2.9, 2.8943] }],
])('number %d is found broken at iteration 1', (number, change) => {
  expect(oneStepInequalities(traceOf(base), { ...options, c: 10 }).allHeld).toBe(true);
  const result = oneStepInequalities(traceOf({ ...base, ...change }), { ...options, c: 10, inequalities: [number] });
  expect(result.allHeld).toBe(false);
  expect(result.reports).toHaveLength(1);
  expect(result.reports[0]).toMatchObject({ number, firstViolation: 1, worstAt: 1 });
  expect(result.reports[0]!.worstMargin).toBeLessThan(0);
  expect(result.reports[0]!.worstMargin).toBeGreaterThan(-0.02);
});

test('outside the hypotheses a failure counts, and is no violation', () => {
  const broken = traceOf({ ...base, sigmaMin: [1, 1, 0.5] });
  const result = oneStepInequalities(broken, { ...options, c: 1e-6, inequalities: [1] });
  expect(result.allHeld).toBe(true);
  expect(result.reports[0]).toMatchObject({ evaluated: 2, held: 1, evaluatedUnderHypotheses: 0 });
  expect(result.reports[0]!.worstMargin).toBeCloseTo(-0.5, 12);
});

test('only the columns of the chosen inequalities are needed', () => {
  const { iteration, sigmaMin, factorNorm, misalignment, ripDeviation } = base;
  const trace = traceOf({ iteration, sigmaMin, factorNorm, misalignment, ripDeviation });
  expect(oneStepInequalities(trace, { ...options, inequalities: [1] }).reports).toHaveLength(1);
  expect(() => oneStepInequalities(trace, options)).toThrow(/no column 'noise'.*needed for oneStepInequalities/);
});

test.each<[string, Record<string, readonly number[]>, object, RegExp]>([
  ['gaps', { ...base, iteration: [0, 5, 10] }, options, /every iteration \(record\.every: 1\).*iteration 5 after 0/],
  ['no singular values', base, { step: 0.1 }, /singularValues/],
  ['an empty list of them', base, { step: 0.1, singularValues: [] }, /at least one number for singularValues/],
  ['a zero one', base, { step: 0.1, singularValues: [1, 0] }, /positive finite number for singularValues\[1\]/],
  ['a number beyond 6', base, { ...options, inequalities: [7] }, /from 1 to 6 for inequalities\[0\]/],
  ['unknown option', base, { ...options, C: 1 }, /Unknown option "C"/],
])('bad input: %s', (_, columns, given, message) => {
  expect(() => oneStepInequalities(traceOf(columns), given as typeof options)).toThrow(message);
});
