/** A recovery as the solver returns it, made by hand: three stages, a clear spectrum, a known truth. */
import { Matrix } from '../../src/matrix';
import type { RecoverResult, Trace, Verdict } from '../../src/solvers/result';

export function madeTrace(): Trace {
  const rows: number[][] = [];
  const stage = (number: number, length: number, from: number, to: number): void => {
    for (let i = 0; i <= length; i++) {
      const value = from * (to / from) ** (i / length);
      rows.push([i, number, value, number === 2 ? NaN : 1.4 * value, 1.2 * value]);
    }
  };
  stage(0, 800, 1, 2e-6);
  stage(1, 30, 1e-3, 1e-9);
  stage(1, 30, 1e-3, 1e-9);
  stage(2, 60, 1e-6, 1e-15);
  const names = ['iteration', 'stage', 'residual', 'validationResidual', 'testError'];
  const column = (c: number): Float64Array => Float64Array.from(rows, (row) => row[c] ?? NaN);
  return { length: rows.length, columns: Object.fromEntries(names.map((name, c) => [name, column(c)])) };
}

export function madeResult(verdict: Verdict = 'trusted', reasons: readonly string[] = ['It fits.']): RecoverResult {
  const n = 60;
  const left = Matrix.zeros(n, 3);
  return {
    estimate: Matrix.zeros(n, n),
    rank: 3,
    factors: { left, right: left },
    searchSpectrum: Float64Array.from({ length: n }, (_, i) => [21.3, 14.2, 9.8][i] ?? 3e-6 * Math.exp(-i / 9)),
    singularValues: Float64Array.of(21.3, 14.2, 9.8),
    status: 'residual',
    converged: true,
    residual: 3.1e-13,
    validationError: 4.2e-13,
    testError: 5.5e-13,
    iterations: 923,
    seconds: 0.842,
    method: 'gradient-descent',
    seed: 1,
    trust: {
      verdict,
      reasons,
      evidence: {
        measurements: 870,
        degreesOfFreedom: 177,
        measurementsPerDegree: 4.915,
        trainResidual: 3.1e-13,
        validationResidual: 4.2e-13,
        spectralGap: Infinity,
        conditionNumber: 2.17,
        stopped: 'residual',
      },
    },
    trace: madeTrace(),
    info: {
      model: 'symmetric',
      rank: 3,
      shape: [n, n],
      measurements: 870,
      iterations: 923,
      passes: 990,
      forwardCount: 1002,
      adjointCount: 990,
      rejectedSteps: 2,
      fallbacks: 0,
      seconds: { total: 0.842, init: 0.011, passes: 0.79, updates: 0.02, records: 0 },
      seed: 1,
      init: { kind: 'random', scale: 1e-6, ratio: 1, entryVariance: 'scale^2/rank' },
      step: { kind: 'auto', last: 0.25 },
      threads: 2,
      storage: 'float64',
      operatorBytes: 12_736_800,
      scratchBytes: 345_600,
      generator: 'philox4x64-10/v1',
      versions: { lowrank: '0.1.0', node: '20.20.2', openblas: 'OpenBLAS 0.3.21', core: 'Haswell' },
    },
  };
}
