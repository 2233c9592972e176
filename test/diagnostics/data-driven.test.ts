/** The data-driven twin against refits without a row, and against fresh rows. */
import { diagnostics, LowrankError, Vector } from '../../src';
import { readChannel } from '../../src/channels';
import { spectralConstant } from '../../src/diagnostics/leave-one-out';
import { native } from '../../src/load';
import type { NativeField } from '../../src/native';
import { VectorProblem } from '../../src/problems/vector-problem';
import { simulate, type SimulatedRun, type SimulationOptions } from '../asymptotics/dmft-simulation';
import { filled, meanAndError, mondelliMontanari } from '../asymptotics/dmft-support';

/** The library's problem on the rows of a simulation, X times `scale`. */
function problemOf(run: SimulatedRun, field: NativeField, scale = 1): VectorProblem {
  const m = run.y.length;
  const n = run.rows.length / m / (field === 'complex' ? 2 : 1);
  const design = new native.DenseDesign(m, n, field);
  design.fill(
    0,
    run.rows.map((value) => scale * value),
  );
  return new VectorProblem({ design, y: run.y, channel: readChannel('intensity', 'channel', field) });
}

const T = 5;
const loss = { name: 'tanh-amplitude', parameters: [4] };
const facadeLoss = { name: 'tanh-amplitude', sharpness: 4 } as const;

function setting(field: NativeField, spectral: boolean): SimulationOptions {
  return {
    dimension: field === 'real' ? 300 : 150,
    delta: 3,
    field,
    loss,
    steps: filled(T, 0.5),
    ridge: 0.05,
    momentum: 0.3,
    batch: 1,
    start: spectral ? mondelliMontanari(3, field) : 0.7,
    seed: 3,
  };
}

const common = { loss: facadeLoss, step: 0.5, ridge: 0.05, momentum: 0.3, iterations: T };

describe.each<[NativeField, boolean]>([
  ['real', true],
  ['real', false],
  ['complex', true],
])('%s, spectral start: %s', (field, spectral) => {
  const options = setting(field, spectral);
  const run = simulate(options);
  const problem = problemOf(run, field);
  const start = {
    kind: 'given',
    theta: new Vector(run.thetas[0]!, field),
    ...(run.t === undefined ? {} : { weights: run.t }),
  } as const;
  const each = field === 'complex' ? 2 : 1;

  it('gives what the row would have met had it been left out', async () => {
    const { fields } = await diagnostics.dataDriven(problem, { ...common, start, fields: true });
    let [naive, corrected, size] = [0, 0, 0];
    for (const row of [0, 11, 222, 333]) {
      const { omitted } = simulate({ ...options, omit: row });
      for (let t = 0; t <= T; t++) {
        for (let k = 0; k < each; k++) {
          const exact = omitted[each * t + k]!;
          naive += (run.fields[t]![each * row + k]! - exact) ** 2;
          corrected += (fields![t]!.data[each * row + k]! - exact) ** 2;
          size += exact * exact;
        }
      }
    }
    // What is left is of order 1 / sqrt(n); uncorrected, the field is off by as much as it is large.
    expect(corrected / size).toBeLessThan(0.01);
    expect(corrected / naive).toBeLessThan(0.05);
  });

  it('estimates the loss on fresh rows, the norm and the overlap', async () => {
    const result = await diagnostics.dataDriven(problem, { ...common, start });
    const fresh = simulate({ ...options, seed: 77, delta: 40, steps: filled(0, 0), start: 0.5 });
    for (let t = 0; t <= T; t++) {
      expect(result.trainLoss[t]!).toBeCloseTo(run.trainLoss[t]! + (each === 2 ? 0.05 : 0.025) * run.q[t]!, 10);
      expect(result.squaredNorm[t]!).toBeCloseTo(run.q[t]!, 10);
      // theta* is the first basis vector in both.
      const count = fresh.y.length;
      const w = new Float64Array(each * count);
      const d = options.dimension;
      const theta = run.thetas[t]!;
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < d; j++) {
          const [x, th] = [each * (i * d + j), each * j];
          if (each === 1) w[i]! += fresh.rows[x]! * theta[th]!;
          else {
            w[2 * i]! += fresh.rows[x]! * theta[th]! - fresh.rows[x + 1]! * theta[th + 1]!;
            w[2 * i + 1]! += fresh.rows[x]! * theta[th + 1]! + fresh.rows[x + 1]! * theta[th]!;
          }
        }
      }
      const values = new Float64Array(count);
      native.lossBatch(loss, field, w, fresh.y, values, null, null);
      const test = values.reduce((sum, value) => sum + value, 0) / count;
      expect(Math.abs(result.testLoss[t]! / test - 1)).toBeLessThan(0.1);
      expect(Math.abs(result.overlap![t]! - run.m[t]! / Math.sqrt(run.q[t]!))).toBeLessThan(0.12);
    }
    expect(result.normMismatch).toBeLessThan(0.12);
    expect(result.iterations).toBe(T);
    expect(result.bestIteration).toBe(result.testLoss.indexOf(Math.min(...result.testLoss)));
  });

  it('does not depend on the scale of the design', async () => {
    const plain = await diagnostics.dataDriven(problem, { ...common, start });
    const scaled = await diagnostics.dataDriven(problemOf(run, field, 2), {
      ...common,
      step: common.step / 4,
      ridge: common.ridge * 4,
      start: {
        ...start,
        theta: new Vector(
          run.thetas[0]!.map((value) => value / 2),
          field,
        ),
      },
    });
    scaled.testLoss.forEach((value, t) => {
      expect(value).toBeCloseTo(plain.testLoss[t]!, 10);
      expect(scaled.squaredField[t]! * 4).toBeCloseTo(plain.squaredField[t]!, 10);
    });
  });
});

describe('its own spectral start', () => {
  const run = simulate({ ...setting('real', true), steps: filled(0, 0) });
  const problem = problemOf(run, 'real');

  it('finds tau and the eigenvalue that are predicted, without the channel', async () => {
    const results = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
        const one = problemOf(simulate({ ...setting('real', true), steps: filled(0, 0), seed }), 'real');
        const start = { kind: 'spectral', preprocessing: 'mondelli-montanari', scale: 1 } as const;
        return diagnostics.dataDriven(one, { ...common, iterations: 1, start });
      }),
    );
    const [tau, tauError] = meanAndError(results.map((result) => result.tau!));
    const [eigenvalue, error] = meanAndError(results.map((result) => result.eigenvalue!));
    expect(Math.abs(tau - 1.694796)).toBeLessThan(3 * tauError + 0.03);
    expect(Math.abs(eigenvalue - 0.470382)).toBeLessThan(3 * error + 0.01);
    expect(tauError).toBeLessThan(0.1);
    for (const { squaredNorm, normMismatch } of results) {
      expect(squaredNorm[0]).toBeCloseTo(1, 10);
      expect(normMismatch).toBeLessThan(0.3);
    }
  });

  it('tau inverts psi, and an eigenvalue in the bulk is refused', () => {
    const weights = run.t!;
    const tau = 1.7;
    const psi = tau * (1 / 3 + weights.reduce((sum, t) => sum + t / (tau - t), 0) / weights.length);
    expect(spectralConstant(weights, psi, 3)).toBeCloseTo(tau, 9);
    expect(() => spectralConstant(weights, 0.2, 3)).toThrow(/does not stand out of the bulk/);
  });

  it.each<[string, object, RegExp]>([
    ['a loss that jumps', { loss: 'amplitude' }, /smoothed-amplitude/],
    ['no step', { step: undefined }, /step/],
    ['a theta of another length', { start: { kind: 'given', theta: Vector.zeros(3) } }, /length 300/],
    ['a theta of 0', { start: { kind: 'given', theta: Vector.zeros(300) } }, /not 0/],
    [
      'weights of another length',
      { start: { kind: 'given', theta: new Vector(filled(300, 1)), weights: [1] } },
      /900 numbers/,
    ],
    [
      'weights that theta is no eigenvector of',
      { start: { kind: 'given', theta: new Vector(filled(300, 1)), weights: run.t } },
      /bulk/,
    ],
    ['a step that diverges', { loss: 'wirtinger', step: 50 }, /diverged at iteration/],
    ['too little memory', { maxMemory: 1000 }, /maxMemory/],
    ['an unknown option', { steps: 0.1 }, /"step"/],
  ])('refuses %s', async (_, wrong, message) => {
    const error: unknown = await diagnostics
      .dataDriven(problem, { ...common, ...wrong })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LowrankError);
    expect((error as LowrankError).message).toMatch(message);
  });

  it('refuses coded diffraction, whose rows depend on each other', async () => {
    const masks = filled(32, 1);
    const design = new native.CodedDiffraction(masks, 4, 1, 4);
    const diffraction = new VectorProblem({
      design,
      y: filled(16, 1),
      channel: readChannel('intensity', 'c', 'complex'),
    });
    await expect(diagnostics.dataDriven(diffraction, common)).rejects.toThrow(/dense design/);
  });

  it('rejects with the reason of its signal', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(diagnostics.dataDriven(problem, { ...common, signal })).rejects.toBe(reason);
  });
});
