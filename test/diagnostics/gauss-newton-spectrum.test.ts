/** The spectrum against population laws, central differences of the gradient, and slopes of real runs. */
import { eigh, Matrix, problems, solve, svd, type Point, type Problem } from '../../src';
import { gaussNewtonSpectrum } from '../../src/diagnostics/gauss-newton-spectrum';
import { jacobian } from '../../src/diagnostics/jacobian';
import { operatorHandle } from '../../src/problems/problem';
import { combine, norm, product, times, transpose } from '../support/dense';
import { normals } from '../support/random';

/** A the identity on n1 x n2 matrices, or an isometry on symmetric ones. */
function identity(rows: number, cols: number, symmetric: boolean, truth: Matrix): Problem {
  const A: Float64Array[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < (symmetric ? i + 1 : cols); j++) {
      const one = new Float64Array(rows * cols);
      if (symmetric && i !== j) one[i * cols + j] = one[j * cols + i] = Math.SQRT1_2;
      else one[i * cols + j] = 1;
      A.push(one);
    }
  }
  const y = A.map((one) => one.reduce((sum, value, at) => sum + value * truth.data[at]!, 0));
  return problems.sensing({ A, shape: [rows, cols], y, symmetric, truth });
}

function gaussian(rows: number, cols: number, seed: number): Matrix {
  return new Matrix(normals(rows * cols, seed), rows, cols);
}

function squares(a: Matrix): number[] {
  return Array.from(svd(a).values, (value) => value * value);
}

function falling(values: number[]): number[] {
  return values.sort((a, b) => b - a);
}

function expectNear(measured: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  const size = Math.max(...expected);
  expected.forEach((value, i) => {
    expect(Math.abs((measured[i] ?? 0) - value)).toBeLessThanOrEqual(tolerance * size);
  });
}

test('population, asymmetric: sigma_i(F)^2 + sigma_j(G)^2, zeros beyond the ranks', async () => {
  const [n1, n2, k] = [6, 5, 3];
  const left = gaussian(n1, k, 1);
  const right = gaussian(n2, k, 2);
  const problem = identity(n1, n2, false, product(left, right));
  const result = await gaussNewtonSpectrum(problem, { left, right }, { step: 0.01 });
  const f = [...squares(left), ...Array<number>(n1 - k).fill(0)];
  const g = [...squares(right), ...Array<number>(n2 - k).fill(0)];
  const expected = falling(f.flatMap((a) => g.map((b) => a + b)));
  expectNear(result.eigenvalues, expected, 1e-13);
  // The tangent space of rank k has k (n1 + n2 - k) directions; k^2 are lost to the choice of the basis.
  expect(result).toMatchObject({
    parameters: k * (n1 + n2),
    resolved: k * (n1 + n2 - k),
    gaugeDirections: k * k,
    flatDirections: 0,
    emptyColumns: 0,
    sublinear: false,
  });
  const least = Math.min(...squares(left), ...squares(right));
  expect(result.smallest).toBeCloseTo(least, 12);
  expect(result.rate).toBeCloseTo(-Math.log(1 - 0.01 * least), 12);
  expect(result.largestStableStep).toBeCloseTo(2 / (f[0]! + g[0]!), 12);
});

test('population, symmetric: s_i + s_j over pairs i <= j', async () => {
  const [n, k] = [6, 2];
  const U = gaussian(n, k, 3);
  const result = await gaussNewtonSpectrum(identity(n, n, true, product(U, U)), U);
  const s = [...squares(U), ...Array<number>(n - k).fill(0)];
  const expected = falling(s.flatMap((a, i) => s.slice(i).map((b) => a + b)));
  expectNear(result.eigenvalues, expected, 1e-13);
  expect(result).toMatchObject({ gaugeDirections: (k * (k - 1)) / 2, flatDirections: 0, emptyColumns: 0 });
  expect(result.smallest).toBeCloseTo(s[k - 1]!, 12);
});

test('balanced factors of the exact rank: sigma_r below, 2 sigma_1 above', async () => {
  const n = 7;
  const sigma = [1, 0.6];
  const roots = Matrix.from(sigma.map((value, i) => sigma.map((_, j) => (i === j ? Math.sqrt(value) : 0))));
  const left = times(svd(gaussian(n, 2, 4)).u, roots);
  const right = times(svd(gaussian(n, 2, 5)).u, roots);
  const result = await gaussNewtonSpectrum(identity(n, n, false, product(left, right)), { left, right });
  expect(result.smallest).toBeCloseTo(0.6, 12);
  expect(result.largest).toBeCloseTo(2, 12);
});

/** d (gradient) by central differences, whose error is that of a cubic polynomial: h^2 times a bounded third derivative. */
function hessian(problem: Problem, left: Matrix, right: Matrix | null): Matrix {
  const h = 1e-4;
  const sides = right === null ? [left] : [left, right];
  const count = sides.reduce((sum, side) => sum + side.data.length, 0);
  const at = (direction: number, amount: number): Float64Array => {
    let first = 0;
    const moved = sides.map((side) => {
      const data = side.data.slice();
      const index = direction - first;
      if (index >= 0 && index < data.length) data[index]! += amount;
      first += side.data.length;
      return new Matrix(data, side.rows, side.cols);
    });
    const point: Point = right === null ? moved[0]! : { left: moved[0]!, right: moved[1]! };
    const gradient = problem.gradient(point);
    return Float64Array.from([...gradient.left.data, ...(gradient.right?.data ?? [])]);
  };
  const out = Matrix.zeros(count, count);
  for (let j = 0; j < count; j++) {
    const above = at(j, h);
    const below = at(j, -h);
    for (let i = 0; i < count; i++) out.data[i * count + j] = (above[i]! - below[i]!) / (2 * h);
  }
  return combine(out, 0, out);
}

function symmetrized(a: Matrix): Matrix {
  return combine(
    new Matrix(
      a.data.map((v) => v / 2),
      a.rows,
      a.cols,
    ),
    0.5,
    transpose(a),
  );
}

test.each([
  ['asymmetric, more measurements than parameters', false, 60],
  ['asymmetric, fewer', false, 15],
  ['symmetric', true, 30],
])('central differences of the gradient at a solution: %s', async (_, symmetric, measurements) => {
  const [rows, cols, k] = symmetric ? [5, 5, 2] : [5, 4, 2];
  const left = gaussian(rows, k, 6);
  const right = symmetric ? left : gaussian(cols, k, 7);
  const A = normals(measurements * rows * cols, 8);
  const blank = problems.sensing({ A, shape: [rows, cols], y: new Float64Array(measurements), symmetric });
  const y = blank.measure({ left, right });
  const problem = problems.sensing({ A, shape: [rows, cols], y, symmetric });
  const result = await gaussNewtonSpectrum(problem, symmetric ? left : { left, right });
  const exact = eigh(symmetrized(hessian(problem, left, symmetric ? null : right)));
  expectNear(result.eigenvalues, Array.from(exact.values), 1e-6);
  expect(norm(result.amplitudes)).toBeLessThan(10);
});

test('an operator without readable matrices gives the same', async () => {
  const problem = problems.gaussianSensing({ shape: [6, 5], trueRank: 2, measurements: 40, seed: 9 });
  const left = gaussian(6, 2, 10);
  const right = gaussian(5, 2, 11);
  const work = { threads: 1, signal: undefined };
  const J = await jacobian(problem, left, right, work);
  const veiled = Object.create(problem, {
    [operatorHandle]: { value: { kind: 'other' } },
    measure: { value: problem.measure.bind(problem) },
    measurements: { value: problem.measurements },
    shape: { value: problem.shape },
  }) as Problem;
  const other = await jacobian(veiled, left, right, work);
  expectNear(other.data.map(Math.abs), Array.from(J.data, Math.abs), 1e-13);
});

/** Rate per step of a column between the last fall below `from` and below `to`. */
function slope(values: Float64Array, from: number, to: number): number {
  const a = values.findIndex((value) => value < from);
  const b = values.findIndex((value) => value < to);
  return Math.log(values[a]! / values[b]!) / (b - a);
}

test.each([1, 2, 3])('measured slope of a run at the exact rank, seed %d', async (seed) => {
  const problem = problems.gaussianSensing({
    shape: [14, 12],
    trueRank: 2,
    measurements: 150,
    conditionNumber: 2,
    seed,
  });
  const step = 0.2;
  const run = await solve(problem, {
    rank: 2,
    init: { kind: 'random', scale: 0.1, seed },
    step,
    stop: { iterations: 4000, residual: 1e-13 },
    record: { columns: ['residual'] },
  });
  const { rate, smallest, sublinear } = await gaussNewtonSpectrum(problem, run.factors, { step });
  expect(sublinear).toBe(false);
  expect(smallest).toBeGreaterThan(0);
  const measured = slope(run.trace.columns['residual']!, 1e-9, 1e-12);
  expect(Math.abs(measured / rate! - 1)).toBeLessThan(0.03);
});

test('measured slope of an over-parameterized asymmetric run from an imbalanced start', async () => {
  const problem = problems.gaussianSensing({ shape: [12, 12], trueRank: 2, measurements: 140, seed: 4 });
  const step = 0.2;
  const run = await solve(problem, {
    rank: 4,
    init: { kind: 'random', scale: 0.8, seed: 1, entryVariance: 'scale^2/n' },
    step,
    stop: { iterations: 20000, residual: 1e-13 },
    record: { columns: ['residual'] },
  });
  const { rate } = await gaussNewtonSpectrum(problem, run.factors, { step });
  const measured = slope(run.trace.columns['residual']!, 1e-9, 1e-12);
  expect(Math.abs(measured / rate! - 1)).toBeLessThan(0.05);
});

test('population, over-parameterized: the measured rate is eta (sigma_k(F)^2 + sigma_k(G)^2) and the spectrum says so', async () => {
  const problem = problems.population({ shape: [20, 20], trueRank: 3, seed: 1 });
  const [step, rank] = [0.1, 5];
  const run = await solve(problem, {
    rank,
    init: { kind: 'random', scale: 0.5, seed: 1, entryVariance: 'scale^2/n' },
    step,
    stop: { iterations: 20000, residual: 1e-13 },
    record: { columns: ['testError'] },
  });
  const { left, right } = run.factors;
  const law = step * (squares(left)[rank - 1]! + squares(right)[rank - 1]!);
  const { rate, smallest } = await gaussNewtonSpectrum(problem, run.factors, { step });
  expect(step * smallest).toBeCloseTo(law, 8);
  const measured = slope(run.trace.columns['testError']!, 1e-8, 1e-12);
  expect(Math.abs(measured / rate! - 1)).toBeLessThan(0.01);
  expect(Math.abs(measured / law - 1)).toBeLessThan(0.02);
});

test('after the one-step modification the noise falls at -ln(1 - eta beta^2)', async () => {
  const [n, r, beta, step] = [10, 2, 1, 0.1];
  // F = beta P with P orthonormal; G fits the truth in two columns and has a little noise in the others.
  const P = svd(gaussian(n, 4, 12)).u;
  const G = svd(gaussian(n, 4, 13)).u;
  const truth = Matrix.zeros(n, n);
  const clean = Matrix.zeros(n, 4);
  for (let j = 0; j < n; j++) for (let c = 0; c < r; c++) clean.data[j * 4 + c] = 0.4 * G.get(j, c);
  truth.data.set(product(P, clean).data);
  const right = combine(
    clean,
    1e-7,
    new Matrix(
      G.data.map((v, at) => (at % 4 < r ? 0 : v)),
      n,
      4,
    ),
  );
  const result = await gaussNewtonSpectrum(identity(n, n, false, truth), { left: P, right }, { step });
  expect(result.currentRate).toBeCloseTo(-Math.log(1 - step * beta * beta), 6);
  expect(norm(result.amplitudes)).toBeCloseTo(1, 10);
});

test('an over-parameterized symmetric run: empty columns, hence no linear law for them', async () => {
  const problem = problems.gaussianSensing({
    shape: [10, 10],
    symmetric: true,
    trueRank: 2,
    measurements: 50,
    seed: 3,
  });
  const run = await solve(problem, {
    rank: 4,
    init: { kind: 'random', scale: 0.3, seed: 1 },
    step: 0.25,
    stop: { iterations: 20000, residual: 0 },
    record: { every: 0 },
  });
  const result = await gaussNewtonSpectrum(problem, run.factors, { step: 0.25 });
  expect(result).toMatchObject({ model: 'symmetric', parameters: 40, emptyColumns: 2, sublinear: true });
  expect(result.currentRate).toBeLessThan(result.rate! / 10);
});

test('zero factors have a zero spectrum', async () => {
  const problem = problems.gaussianSensing({ shape: [4, 3], trueRank: 1, measurements: 9, seed: 1 });
  const zero = { left: Matrix.zeros(4, 2), right: Matrix.zeros(3, 2) };
  const result = await gaussNewtonSpectrum(problem, zero, { step: 1 });
  expect(result).toMatchObject({ largest: 0, smallest: 0, resolved: 0, emptyColumns: 2, gaugeDirections: 0, rate: 0 });
});

describe('bad input', () => {
  const problem = problems.gaussianSensing({ shape: [6, 5], trueRank: 1, measurements: 20, seed: 1 });
  const good = { left: Matrix.zeros(6, 2), right: Matrix.zeros(5, 2) };
  test.each<[string, unknown, object, RegExp]>([
    ['a matrix alone', Matrix.zeros(6, 2), {}, /Expected a pair \{ left, right \} for factors/],
    ['no factors', 3, {}, /Expected a Matrix U or \{ left, right \} for factors but received 3/],
    ['wrong rows', { left: Matrix.zeros(5, 2), right: Matrix.zeros(5, 2) }, {}, /6 x any.*factors\.left.*5 x 2/],
    ['different columns', { left: Matrix.zeros(6, 2), right: Matrix.zeros(5, 3) }, {}, /5 x 2.*factors\.right/],
    ['no columns', { left: Matrix.zeros(6, 0), right: Matrix.zeros(5, 0) }, {}, /at least one column/],
    ['a NaN', { left: good.left, right: new Matrix(Float64Array.of(...Array(9).fill(0), NaN), 5, 2) }, {}, /finite/],
    ['unknown option', good, { stepp: 1 }, /Unknown option "stepp".*Did you mean "step"/],
    ['step', good, { step: -1 }, /positive finite number for step/],
    ['too large', good, { maxParameters: 21 }, /at most 21 numbers.*received 22.*cube.*Set maxParameters/],
    ['memory', good, { maxMemory: 100 }, /Jacobian.*maxMemory/],
  ])('%s', async (_, factors, options, message) => {
    await expect(gaussNewtonSpectrum(problem, factors as Point, options)).rejects.toThrow(message);
  });
  test('aborted', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(gaussNewtonSpectrum(problem, good, { signal })).rejects.toBe(reason);
  });
});
