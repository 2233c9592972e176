/** Probes against dense evaluations of their definitions from the factors, and against the reference trajectory. */
import { eigh, Matrix, problems, qr, solve, svd, type Problem, type RecordColumn, type SolveOptions } from '../../src';
import * as dense from '../support/dense';
import { normals } from '../support/random';

const SYMMETRIC: readonly RecordColumn[] = [
  'sigmaMin',
  'signal',
  'noise',
  'noiseFrobenius',
  'misalignment',
  'wDrift',
  'signalError',
  'alignment',
  'ripDeviation',
  'alignmentSpectral',
  'sigmaSpectral',
  'factorNorm',
  'alignmentPower',
  'alignmentToPower',
  'powerDistance',
];
const STEP = 0.25;

// ---- Definitions, by dense matrices with full orthonormal complements.

const norm2 = (a: Matrix): number => (a.rows === 0 || a.cols === 0 ? 0 : svd(a).values[0]!);
const normF = (a: Matrix): number => dense.norm(a.data);

function columns(a: Matrix, from: number, to: number): Matrix {
  const out = Matrix.zeros(a.rows, to - from);
  for (let i = 0; i < a.rows; i++) for (let j = from; j < to; j++) out.data[i * out.cols + j - from] = a.get(i, j);
  return out;
}

/** An orthonormal basis of what is orthogonal to the orthonormal columns of q. */
function complement(q: Matrix): Matrix {
  const projector = dense.product(q, q);
  return columns(eigh(projector).vectors, q.cols, q.rows);
}

const identity = (n: number): Matrix =>
  new Matrix(
    Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
    n,
    n,
  );
const sine = (basis: Matrix, vectors: Matrix): number =>
  norm2(dense.times(dense.transpose(complement(basis)), vectors));
const value = (values: Float64Array, index: number): number => values[index] ?? 0;

interface Reference {
  readonly X: Matrix;
  readonly M: Matrix;
  readonly V: Matrix;
  readonly L: Matrix;
  readonly r: number;
}

function reference(problem: Problem, r: number): Reference {
  const X = problem.truth!;
  const M = problem.adjoint(problem.y);
  return { X, M, V: columns(eigh(X).vectors, 0, r), L: columns(eigh(M).vectors, 0, r), r };
}

function splitOf(U: Matrix, { V, r }: Reference): { projected: Float64Array; W: Matrix; Wperp: Matrix } {
  const { values, v } = svd(dense.times(dense.transpose(V), U));
  const W = columns(v, 0, Math.min(r, U.cols));
  return { projected: values, W, Wperp: complement(W) };
}

/** Every scalar probe at iterate U_t, from its definition. */
function evaluate(
  problem: Problem,
  at: Reference,
  U: Matrix,
  before: Matrix | undefined,
  U0: Matrix,
  t: number,
): Record<string, number> {
  const { X, M, V, L, r } = at;
  const { projected, W, Wperp } = splitOf(U, at);
  const UW = dense.times(U, W);
  const N = dense.times(U, Wperp);
  const signal = svd(UW);
  const left = svd(U);
  const Lt = columns(left.u, 0, Math.min(r, left.u.cols));
  const gap = dense.combine(X, -1, dense.product(U, U));
  const back = problem.adjoint(problem.measure(U).map((entry, i) => problem.y[i]! - entry));
  let power = U0;
  for (let i = 0; i < t; i++) power = dense.times(dense.combine(identity(U.rows), STEP, M), power);
  const powerLeft = svd(power);
  const Lp = columns(powerLeft.u, 0, Math.min(r, U.cols));
  return {
    sigmaMin: value(projected, r - 1),
    signal: value(signal.values, r - 1),
    noise: norm2(N),
    noiseFrobenius: normF(dense.product(N, N)),
    misalignment: sine(V, columns(signal.u, 0, W.cols)),
    wDrift: before === undefined ? NaN : norm2(dense.times(dense.transpose(splitOf(before, at).Wperp), W)),
    signalError: normF(dense.times(dense.transpose(V), gap)),
    alignment: sine(V, Lt),
    ripDeviation: norm2(dense.combine(back, -1, gap)),
    alignmentSpectral: sine(L, Lt),
    sigmaSpectral: value(left.values, r - 1),
    factorNorm: value(left.values, 0),
    alignmentPower: sine(L, Lp),
    alignmentToPower: sine(Lp, Lt),
    powerDistance: norm2(dense.combine(U, -1, power)) / powerLeft.values[0]!,
  };
}

function options(k: number, iterations: number, record: SolveOptions['record']): SolveOptions {
  return {
    rank: k,
    init: { kind: 'random', scale: 1e-2, seed: 7 },
    step: STEP,
    stop: { iterations, residual: 0 },
    record,
  };
}

/** U_t for t = 0 .. last. */
async function iterates(problem: Problem, k: number, last: number): Promise<Matrix[]> {
  const run = await solve(problem, options(k, 1, {}));
  const first = await solve(problem, { ...options(k, 1, {}), step: 1e-300 });
  const list = [first.factors.left, run.factors.left];
  while (list.length <= last) {
    const factors = list.at(-1)!;
    list.push((await solve(problem, { ...options(k, 1, {}), init: { kind: 'given', factors } })).factors.left);
  }
  return list;
}

describe('symmetric probes equal their definitions', () => {
  test.each([
    { n: 9, r: 2, k: 5, m: 40, kappa: 1 },
    { n: 9, r: 1, k: 1, m: 40, kappa: 1 },
    { n: 9, r: 1, k: 4, m: 40, kappa: 1 },
    { n: 9, r: 3, k: 3, m: 40, kappa: 4 },
    { n: 9, r: 4, k: 2, m: 45, kappa: 2 },
    { n: 8, r: 3, k: 12, m: 36, kappa: 2 },
    { n: 5, r: 5, k: 5, m: 15, kappa: 2 },
    { n: 5, r: 5, k: 7, m: 15, kappa: 2 },
    { n: 1, r: 1, k: 1, m: 2, kappa: 1 },
    { n: 40, r: 2, k: 40, m: 500, kappa: 2 },
  ])('n = $n, r = $r, k = $k', async ({ n, r, k, m, kappa }) => {
    const problem = problems.gaussianSensing({
      shape: [n, n],
      symmetric: true,
      trueRank: r,
      measurements: m,
      seed: 2,
      conditionNumber: kappa,
    });
    const last = 12;
    const { trace } = await solve(problem, options(k, last, { columns: SYMMETRIC }));
    const at = reference(problem, r);
    const list = await iterates(problem, k, last);
    const U0 = list[0]!;
    for (let t = 0; t <= last; t += t < 3 ? 1 : 3) {
      const expected = evaluate(problem, at, list[t]!, list[t - 1], U0, t);
      for (const name of SYMMETRIC) {
        const got = trace.columns[name]![t]!;
        const wanted = expected[name]!;
        if (Number.isNaN(wanted)) expect(got).toBeNaN();
        else if (!(Math.abs(got - wanted) <= 1e-7 * Math.abs(wanted) + 1e-11)) {
          throw new Error(`${name} at ${t}: ${got}, expected ${wanted}`);
        }
      }
    }
  });

  test('population: M_hat is the truth and there is no deviation', async () => {
    const problem = problems.population({ shape: [10, 10], symmetric: true, trueRank: 2, seed: 1 });
    const { trace } = await solve(problem, options(4, 20, { columns: SYMMETRIC }));
    const { ripDeviation, alignment, alignmentSpectral } = trace.columns;
    for (let t = 0; t < trace.length; t++) {
      expect(ripDeviation![t]).toBeLessThan(1e-14);
      expect(Math.abs(alignment![t]! - alignmentSpectral![t]!)).toBeLessThan(1e-12);
    }
  });

  test('a noise of 1e-8 of the signal is right to 1e-6 of itself, and so are small sines', async () => {
    for (const [n, k] of [
      [30, 12],
      [60, 60],
    ] as const) {
      const r = 3;
      const problem = problems.gaussianSensing({
        shape: [n, n],
        symmetric: true,
        trueRank: r,
        measurements: 400,
        seed: 4,
      });
      const { vectors } = eigh(problem.truth!);
      const V = columns(vectors, 0, r);
      const perp = columns(vectors, r, n);
      const turn = qr(new Matrix(normals(k * k, 3), k, k)).q;
      const [W, Wperp] = [columns(turn, 0, r), columns(turn, r, k)];
      const B = new Matrix(normals((n - r) * (k - r), 5), n - r, k - r);
      // Graded signal: 1, 1e-2, 1e-3. Its tilt out of V_X is 1e-9 and 1e-7 in the first two directions.
      const S = Matrix.zeros(r, r);
      [1, 1e-2, 1e-3].forEach((entry, i) => (S.data[i * (r + 1)] = entry));
      const tilt = Matrix.zeros(n - r, r);
      tilt.data[0] = 1e-9;
      tilt.data[r + 1] = 1e-9;
      const part = (a: Matrix, b: Matrix, c: Matrix): Matrix => dense.product(dense.times(a, b), c);
      const U = dense.combine(
        dense.combine(part(V, S, W), 1, part(perp, tilt, W)),
        1e-8 / norm2(B),
        part(perp, B, Wperp),
      );
      const { trace } = await solve(problem, {
        init: { kind: 'given', factors: U },
        step: 1e-3,
        stop: { iterations: 1 },
        record: { columns: ['noise', 'noiseFrobenius', 'misalignment', 'sigmaMin', 'signal'] },
      });
      const first = (name: string): number => trace.columns[name]![0]!;
      expect(first('noise') / 1e-8).toBeCloseTo(1, 6);
      const N = new Matrix(
        B.data.map((entry) => entry * (1e-8 / norm2(B))),
        B.rows,
        B.cols,
      );
      expect(first('noiseFrobenius') / normF(dense.product(N, N))).toBeCloseTo(1, 6);
      expect(first('sigmaMin') / 1e-3).toBeCloseTo(1, 10);
      expect(first('signal') / 1e-3).toBeCloseTo(1, 10);
      expect(first('misalignment') / 1e-7).toBeCloseTo(1, 5);
    }
  });

  test('the power method is followed where it overflows, and below the precision of its largest part', async () => {
    const problem = problems.population({ shape: [30, 30], symmetric: true, spectrum: [1, 0.05], seed: 3 });
    const run = await solve(problem, {
      ...options(30, 4000, { every: 10, columns: ['alignmentPower', 'powerDistance', 'alignmentToPower'] }),
      stop: { iterations: 4000, residual: 0 },
    });
    const { alignmentPower, powerDistance, iteration, alignmentToPower } = run.trace.columns;
    // (1 + 0.25)^4000 is beyond the range. The sine falls like (1 + 0.25 * 0.05)^-t for ever.
    const at = (t: number): number => alignmentPower![iteration!.indexOf(t)]!;
    for (const t of [500, 1000, 2000, 3000]) {
      expect(Math.log(at(t) / at(t + 100)) / 100 / Math.log(1 + STEP * 0.05)).toBeCloseTo(1, 4);
    }
    expect(powerDistance!.at(-1)).toBeCloseTo(1, 12);
    expect(alignmentToPower!.at(-1)).toBeLessThan(1e-2);
    expect(powerDistance![0]).toBe(0);
  });

  test('record.every and wDrift: from the iteration before, recorded or not', async () => {
    const problem = problems.gaussianSensing({
      shape: [9, 9],
      symmetric: true,
      trueRank: 2,
      measurements: 40,
      seed: 2,
    });
    const all = await solve(problem, options(5, 23, { columns: SYMMETRIC }));
    const some = await solve(problem, options(5, 23, { every: 5, columns: SYMMETRIC }));
    const kept = [0, 5, 10, 15, 20, 23];
    for (const name of SYMMETRIC) {
      expect([...some.trace.columns[name]!]).toEqual(kept.map((t) => all.trace.columns[name]![t]));
    }
  });

  test('a reference rank takes the place of the truth, and of its rank', async () => {
    const problem = problems.gaussianSensing({
      shape: [9, 9],
      symmetric: true,
      trueRank: 2,
      conditionNumber: 3,
      measurements: 40,
      seed: 2,
    });
    const A = normals(40 * 81, 1);
    const blind = problems.sensing({ A, y: normals(40, 2), shape: [9, 9], symmetric: true });
    const names: RecordColumn[] = ['alignmentSpectral', 'sigmaSpectral', 'alignmentPower', 'alignmentToPower'];
    const run = await solve(blind, options(4, 3, { columns: names, reference: { rank: 3 } }));
    const M = blind.adjoint(blind.y);
    const L = columns(eigh(M).vectors, 0, 3);
    const at: Reference = { X: identity(9), M, V: L, L, r: 3 };
    const list = await iterates(blind, 4, 3);
    const expected = evaluate(blind, at, list[3]!, list[2], list[0]!, 3);
    for (const name of names) expect(run.trace.columns[name]![3]).toBeCloseTo(expected[name]!, 9);
    const one = await solve(problem, options(4, 3, { columns: ['sigmaMin'], reference: { rank: 1 } }));
    expect(one.trace.columns['sigmaMin']![0]).toBeCloseTo(
      norm2(
        dense.times(dense.transpose(columns(eigh(problem.truth!).vectors, 0, 1)), (await iterates(problem, 4, 1))[0]!),
      ),
      9,
    );
  });

  test('a truth from the user: its rank is found', async () => {
    const problem = problems.gaussianSensing({
      shape: [9, 9],
      symmetric: true,
      trueRank: 2,
      measurements: 40,
      seed: 2,
    });
    const A = normals(40 * 81, 1);
    const user = problems.sensing({ A, y: normals(40, 2), shape: [9, 9], symmetric: true, truth: problem.truth });
    const got = await solve(user, options(5, 2, { columns: ['sigmaMin', 'noise'] }));
    const given = await solve(user, options(5, 2, { columns: ['sigmaMin', 'noise'], reference: { rank: 2 } }));
    expect(got.trace).toEqual(given.trace);
  });
});

describe('spectra and imbalance', () => {
  const problem = problems.gaussianSensing({ shape: [12, 8], trueRank: 2, measurements: 120, seed: 5 });

  test.each([1, 4, 10])('asymmetric, k = %d', async (k) => {
    const names: RecordColumn[] = ['singularValues', 'singularValuesRight', 'imbalance', 'imbalanceDrift', 'residual'];
    const start = { ...options(k, 6, { columns: names }), init: { kind: 'random', scale: 0.4 } as const };
    const { trace, factors } = await solve(problem, start);
    const first = await solve(problem, { ...start, step: 1e-300, stop: { iterations: 1 } });
    const gramGap = ({ left, right }: typeof factors): Matrix =>
      dense.combine(dense.times(dense.transpose(left), left), -1, dense.times(dense.transpose(right), right));
    const row = (name: string): number[] =>
      Array.from({ length: k }, (_, i) => trace.columns[`${name}${i + 1}`]!.at(-1)!);
    const delta = gramGap(factors);
    const checkAll = (got: number[], expected: ArrayLike<number>): void => {
      got.forEach((entry, i) => {
        expect(entry).toBeCloseTo(expected[i] ?? 0, 12);
      });
    };
    checkAll(row('singularValues'), svd(factors.left).values);
    checkAll(row('singularValuesRight'), svd(factors.right).values);
    checkAll(row('imbalance'), eigh(delta).values);
    const delta0 = gramGap(first.factors);
    expect(trace.columns['imbalanceDrift']!.at(-1)).toBeCloseTo(
      normF(dense.combine(delta, -1, delta0)) / normF(delta0),
      9,
    );
    expect(trace.columns['imbalanceDrift']![0]).toBe(0);
    expect(Object.keys(trace.columns)).toHaveLength(1 + 3 * k + 2);
  });

  test('symmetric, and shared with what looks at leading vectors', async () => {
    const square = problems.gaussianSensing({
      shape: [40, 40],
      symmetric: true,
      trueRank: 2,
      measurements: 300,
      seed: 2,
    });
    const columnsBoth: RecordColumn[] = ['singularValues', 'alignment', 'sigmaSpectral', 'factorNorm'];
    const { trace, factors } = await solve(square, options(40, 60, { columns: columnsBoth }));
    const { values } = svd(factors.left);
    for (let i = 0; i < 40; i++) expect(trace.columns[`singularValues${i + 1}`]!.at(-1)).toBeCloseTo(values[i]!, 12);
    const alone = await solve(square, options(40, 60, { columns: ['alignment', 'sigmaSpectral', 'factorNorm'] }));
    for (const name of ['alignment', 'sigmaSpectral', 'factorNorm']) {
      trace.columns[name]!.forEach((entry, t) => {
        expect(alone.trace.columns[name]![t]).toBeCloseTo(entry, 10);
      });
    }
  });

  test('pruning shortens the vectors: what is missing is NaN', async () => {
    const { trace } = await solve(problem, {
      ...options(4, 10, { columns: ['singularValues', 'imbalanceDrift'] }),
      events: [{ kind: 'prune', when: { iteration: 5 }, rank: 2 }],
    });
    const { singularValues2, singularValues3, imbalanceDrift } = trace.columns;
    expect([...singularValues3!].map(Number.isNaN)).toEqual([...Array(6).fill(false), ...Array(5).fill(true)]);
    expect(singularValues2!.every((entry) => entry > 0)).toBe(true);
    expect(imbalanceDrift).toHaveLength(11);
  });
});

test('the reference trajectory of section 8.6, in its order and its end values', async () => {
  const settings = { shape: [50, 50] as [number, number], symmetric: true, trueRank: 2, measurements: 600 };
  const problem = problems.gaussianSensing({ ...settings, seed: 1 });
  const names: RecordColumn[] = [...SYMMETRIC, 'testError', 'residual'];
  const { trace } = await solve(problem, {
    rank: 50,
    init: { kind: 'random', convention: 'S1', scale: 1e-4, seed: 2 },
    step: STEP,
    stop: { iterations: 200, residual: 0 },
    record: { columns: names },
  });
  const at = (name: string, t: number): number => trace.columns[name]![t]!;
  // The leading subspace follows the power method first ...
  for (const t of [1, 5, 10, 20]) {
    expect(at('alignmentSpectral', t) / at('alignmentPower', t)).toBeCloseTo(1, 1);
  }
  expect(at('alignmentSpectral', 20)).toBeLessThan(0.1);
  expect(at('alignment', 20) / at('misalignment', 20)).toBeCloseTo(1, 1);
  expect(at('powerDistance', 20)).toBeLessThan(2e-3);
  expect(at('powerDistance', 60)).toBeGreaterThan(0.9);
  // ... then leaves it for the truth.
  const spectralError = sine(...([reference(problem, 2).V, reference(problem, 2).L] as const));
  expect(at('alignmentSpectral', 200)).toBeCloseTo(spectralError, 2);
  expect(at('alignmentSpectral', 200) / 0.296).toBeGreaterThan(0.5);
  expect(at('alignmentSpectral', 200) / 0.296).toBeLessThan(2);
  expect(at('alignmentPower', 100)).toBeLessThan(1e-4);
  expect(at('alignment', 200)).toBeLessThan(1e-3);
  expect(at('sigmaMin', 200)).toBeCloseTo(1, 2);
  for (const [name, value200] of [
    ['noise', 1.25e-2],
    ['testError', 1.93e-4],
    ['residual', 1.24e-4],
  ] as const) {
    expect(at(name, 200) / value200).toBeGreaterThan(0.4);
    expect(at(name, 200) / value200).toBeLessThan(2.5);
  }
});

test('the same bits for any number of threads', async () => {
  const problem = problems.gaussianSensing({
    shape: [40, 40],
    symmetric: true,
    trueRank: 2,
    measurements: 300,
    seed: 2,
  });
  const runs = await Promise.all(
    [1, 2].map((threads) => solve(problem, { ...options(40, 50, { columns: SYMMETRIC }), threads })),
  );
  expect(runs[1]!.trace).toEqual(runs[0]!.trace);
});

describe('bad input', () => {
  const truthful = problems.gaussianSensing({ shape: [6, 6], symmetric: true, trueRank: 2, measurements: 20, seed: 2 });
  const A = normals(20 * 36, 1);
  const blind = problems.sensing({ A, y: normals(20, 2), shape: [6, 6], symmetric: true });
  const zero = problems.sensing({
    A,
    y: new Float64Array(20),
    shape: [6, 6],
    symmetric: true,
    truth: Matrix.zeros(6, 6),
  });
  const asymmetric = problems.gaussianSensing({ shape: [6, 5], trueRank: 2, measurements: 20, seed: 2 });
  test.each<[Problem, SolveOptions, string]>([
    [blind, { record: { columns: ['noise'] } }, "Recorded column 'noise' needs a problem whose truth is known."],
    [
      blind,
      { record: { columns: ['ripDeviation'] } },
      "Recorded column 'ripDeviation' needs a problem whose truth is known.",
    ],
    [
      blind,
      { record: { columns: ['sigmaSpectral'] } },
      "'sigmaSpectral' needs a problem whose truth is known, or record.reference: { rank }.",
    ],
    [zero, { record: { columns: ['sigmaMin'] } }, "'sigmaMin' needs a truth that is not zero."],
    [
      zero,
      { record: { columns: ['sigmaSpectral'] } },
      'needs a truth that is not zero, or record.reference: { rank }.',
    ],
    [asymmetric, { record: { columns: ['noise'] } }, "Recorded column 'noise' needs the symmetric model."],
    [truthful, { record: { columns: ['imbalance'] } }, "Recorded column 'imbalance' needs the asymmetric model."],
    [
      truthful,
      { record: { columns: ['powerDistance'] }, step: 'auto' },
      "Recorded column 'powerDistance' needs a fixed step",
    ],
    [
      truthful,
      { record: { columns: ['alignmentPower'] }, events: [{ kind: 'prune', when: { iteration: 1 }, rank: 1 }] },
      "Recorded column 'alignmentPower' needs a run without events",
    ],
    [
      truthful,
      { record: { reference: { rank: 7 } } },
      'Expected a positive integer of at most 6 for record.reference.rank',
    ],
    [truthful, { record: { columns: ['nois' as never] } }, "Did you mean 'noise'?"],
  ])('%#', async (problem, changes, message) => {
    await expect(solve(problem, { rank: 3, step: 0.1, ...changes })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message) as string,
    });
  });
});
