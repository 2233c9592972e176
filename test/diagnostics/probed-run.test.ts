/** The diagnostics on traces that runs record, against explicit runs and against the laws. */
import { Matrix, problems, solve, type Problem, type RecordColumn } from '../../src';
import { oneStepInequalities } from '../../src/diagnostics/one-step-inequalities';
import { powerMethodCloseness } from '../../src/diagnostics/power-method';
import { predictedFloor } from '../../src/diagnostics/predicted-floor';
import { explicitRun } from '../support/explicit-run';
import { normals } from '../support/random';

const STEP = 0.25;

function sensing(n: number, trueRank: number, measurements: number, seed: number): Problem {
  return problems.gaussianSensing({ shape: [n, n], symmetric: true, trueRank, measurements, seed });
}

test('recorded probes are what the definitions say', async () => {
  const n = 10;
  const iterations = 60;
  const problem = sensing(n, 2, 60, 1);
  const start = new Matrix(
    normals(n * 6, 2).map((value) => 1e-3 * value),
    n,
    6,
  );
  const explicit = explicitRun(problem, start, STEP, iterations).trace.columns;
  const names = Object.keys(explicit).filter((name) => name !== 'iteration') as RecordColumn[];
  const run = await solve(problem, {
    rank: 6,
    init: { kind: 'given', factors: start },
    step: STEP,
    stop: { iterations, residual: 0 },
    record: { columns: names },
  });
  for (const name of names) {
    const [recorded, expected] = [run.trace.columns[name]!, explicit[name]!];
    const size = Math.max(...expected);
    // Iteration 0 has nothing before it that W could have moved from.
    for (let t = name === 'wDrift' ? 1 : 0; t <= iterations; t++) {
      expect({ name, t, gap: Math.abs(recorded[t]! - expected[t]!) < 1e-9 * size }).toEqual({ name, t, gap: true });
    }
  }
});

test('the six inequalities along a recorded run', async () => {
  const conditionNumber = 1.5;
  const problem = problems.population({ shape: [16, 16], symmetric: true, trueRank: 2, conditionNumber, seed: 3 });
  const step = 0.02;
  const run = await solve(problem, {
    rank: 16,
    init: { kind: 'random', scale: 1e-3, seed: 1 },
    step,
    stop: { iterations: 900, residual: 0 },
    record: {
      columns: [
        'sigmaMin',
        'noise',
        'noiseFrobenius',
        'misalignment',
        'ripDeviation',
        'factorNorm',
        'signalError',
        'testError',
        'wDrift',
      ],
    },
  });
  const singularValues = [1, 1 / Math.sqrt(conditionNumber)];
  const result = oneStepInequalities(run.trace, { step, singularValues, c: 0.05 });
  expect(result.allHeld).toBe(true);
  for (const report of result.reports) expect(report.evaluatedUnderHypotheses).toBeGreaterThan(100);
});

test.each([1, 2, 3])('the power method is left at 2 ln(1 + mu ||A*(y)||), seed %d', async (seed) => {
  const problem = sensing(30, 2, 500, seed);
  const { eigenvalues } = await predictedFloor(problem, { step: STEP });
  const run = await solve(problem, {
    rank: 30,
    init: { kind: 'random', scale: 1e-5, seed },
    step: STEP,
    stop: { iterations: 80, residual: 0 },
    record: { columns: ['powerDistance'] },
  });
  const result = powerMethodCloseness(run.trace, { step: STEP, norm: eigenvalues[0]! });
  expect(Math.abs(result.relativeDeviation)).toBeLessThan(0.06);
  expect(result.stillClose).toBe(false);
});

/** Fractional iteration at which a growing series passes `level`. */
function crossing(values: Float64Array, level: number): number {
  const after = values.findIndex((value) => value >= level);
  const [below, above] = [values[after - 1]!, values[after]!];
  return after - 1 + Math.log(level / below) / Math.log(above / below);
}

test.each([
  [30, 1, 300, 1],
  [30, 2, 500, 2],
])('the end of phase II moves by the predicted iterations per decade: n = %d, r = %d', async (n, r, m, seed) => {
  const problem = sensing(n, r, m, seed);
  const { iterationsPerDecade } = await predictedFloor(problem, { step: STEP });
  const ends = [];
  for (const scale of [1e-2, 1e-6]) {
    const run = await solve(problem, {
      rank: n,
      init: { kind: 'random', scale, seed },
      step: STEP,
      stop: { iterations: 150, residual: 0 },
      record: { columns: ['sigmaMin'] },
    });
    // sigma_min(X) is 1: the truth has condition number 1.
    ends.push(crossing(run.trace.columns['sigmaMin']!, 1 / Math.sqrt(10)));
  }
  expect(Math.abs((ends[1]! - ends[0]!) / 4 / iterationsPerDecade - 1)).toBeLessThan(0.1);
});
