import { readChannel } from '../../../src/channels';
import { judgeVector } from '../../../src/diagnostics/vector-trust';
import { native } from '../../../src/load';
import { designHandle, VectorProblem } from '../../../src/problems/vector-problem';
import { recover } from '../../../src/solvers/recover';
import { holdOutRows } from '../../../src/solvers/vector/hold-out';
import type { RecoverVectorResult } from '../../../src/solvers/vector/recover-vector';
import { innerProduct, Vector } from '../../../src/vector';
import { gaussianVectorProblem } from '../../support/vector-problem';

/** By the definition, from the arrays: not the solver's own numbers. */
function checkNumbers(problem: VectorProblem, result: RecoverVectorResult): void {
  const r = problem.measure(result.estimate);
  let [misfit, size] = [0, 0];
  problem.y.forEach((y, i) => {
    const modulus = r.field === 'real' ? Math.abs(r.data[i]!) : Math.hypot(r.data[2 * i]!, r.data[2 * i + 1]!);
    misfit += (modulus - Math.sqrt(Math.max(y, 0))) ** 2;
    size += Math.max(y, 0);
  });
  expect(Math.abs(result.residual - Math.sqrt(misfit / size))).toBeLessThan(1e-12);
  const truth = problem.truth!;
  const [a, b] = [truth.norm(), result.estimate.norm()];
  const apart = Math.sqrt(Math.max(0, a * a + b * b - 2 * Math.hypot(...innerProduct(truth, result.estimate)))) / a;
  expect(Math.abs(result.testError! - apart)).toBeLessThan(1e-7);
}

describe.each([
  ['real', 4],
  ['complex', 5],
] as const)('%s, m/n = %p', (field, delta) => {
  const channel = readChannel('intensity', 'channel', field);

  test('clean data: to machine precision', async () => {
    const problem = gaussianVectorProblem(48, delta * 48, channel, field, 5);
    const result = await recover(problem);
    expect(result.trust.verdict).toBe('trusted');
    expect(result.converged).toBe(true);
    expect(result.residual).toBeLessThan(1e-14);
    expect(result.testError).toBeLessThan(1e-13);
    expect(result.validationError).toBeLessThan(1e-10);
    expect(result.rank).toBe(1);
    checkNumbers(problem, result);
  });

  test('noise: trusted with the error it predicts', async () => {
    const problem = gaussianVectorProblem(
      48,
      2 * delta * 48,
      readChannel('intensity', 'channel', field, 0.05),
      field,
      6,
    );
    const result = await recover(problem);
    expect(result.trust.verdict).toBe('trusted');
    expect(result.residual).toBeGreaterThan(1e-3);
    checkNumbers(problem, result);
    const { expectedError } = result.trust.evidence;
    expect(result.testError! / expectedError).toBeLessThan(3);
    expect(result.testError! / expectedError).toBeGreaterThan(0.2);
  });

  test('measurements of something else, and too few of them: not trusted', async () => {
    const problem = gaussianVectorProblem(48, delta * 48, channel, field, 7);
    const y = new Float64Array(problem.measurements);
    native.uniforms(99, 'noise', 0, y);
    const unrelated = new VectorProblem({ design: problem[designHandle], y, channel });
    expect((await recover(unrelated, { restarts: 1 })).trust.verdict).toBe('unidentifiable');
    const few = gaussianVectorProblem(48, 40, channel, field, 8);
    const { trust } = await recover(few, { restarts: 1 });
    expect(trust.verdict).toBe('unidentifiable');
    expect(trust.reasons[0]).toMatch(/degrees of freedom: 40 measurements cannot/);
  });
});

test('scaled vectors and signals', async () => {
  const dimension = 32;
  const measurements = 160;
  const design = new native.DenseDesign(measurements, dimension, 'complex');
  const rows = new Float64Array(2 * dimension * measurements);
  native.normals(3, 'measurements', 0, rows);
  design.fill(
    0,
    rows.map((value) => 1e-3 * value),
  );
  const truth = Vector.zeros(dimension, 'complex');
  native.normals(3, 'signal', 0, truth.data);
  for (let j = 0; j < truth.data.length; j++) truth.data[j]! *= 1e5;
  const z = new Float64Array(2 * measurements);
  native.designApply(design, truth.data, z, 1);
  const channel = readChannel('intensity', 'channel', 'complex');
  const y = Float64Array.from({ length: measurements }, (_, i) => z[2 * i]! ** 2 + z[2 * i + 1]! ** 2);
  const result = await recover(new VectorProblem({ design, y, channel, truth }));
  expect(result.trust.verdict).toBe('trusted');
  expect(result.testError).toBeLessThan(1e-12);
});

function codedProblem(patterns: number, height: number, width: number): VectorProblem {
  const n = height * width;
  const masks = new Float64Array(2 * n * patterns);
  const draws = new Float64Array(n * patterns);
  native.uniforms(4, 'measurements', 0, draws);
  draws.forEach((u, i) => {
    masks.set(
      [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ][Math.floor(4 * u)]!,
      2 * i,
    );
  });
  const design = new native.CodedDiffraction(masks, patterns, height, width);
  const truth = Vector.zeros(n, 'complex');
  native.normals(4, 'signal', 0, truth.data);
  const z = new Float64Array(2 * n * patterns);
  native.designApply(design, truth.data, z, 1);
  const y = Float64Array.from({ length: n * patterns }, (_, i) => z[2 * i]! ** 2 + z[2 * i + 1]! ** 2);
  return new VectorProblem({ design, y, channel: readChannel('intensity', 'channel', 'complex'), truth });
}

test('coded diffraction: a pattern is held out', async () => {
  const problem = codedProblem(8, 12, 10);
  const result = await recover(problem);
  expect(result.trust.verdict).toBe('trusted');
  expect(result.trust.evidence.heldOut).toBe(120);
  expect(result.testError).toBeLessThan(1e-12);
});

test('the problem without held-out rows measures what the whole one does', async () => {
  for (const problem of [
    codedProblem(4, 3, 5),
    codedProblem(3, 1, 8),
    gaussianVectorProblem(7, 30, readChannel('intensity', 'channel', 'complex'), 'complex', 1),
    gaussianVectorProblem(7, 30, readChannel('intensity', 'channel', 'real'), 'real', 1),
  ]) {
    const { training, heldOut } = (await holdOutRows(problem, 0.2, 3))!;
    const theta = problem.truth!;
    const whole = problem.measure(theta).data;
    const part = training.measure(theta).data;
    const wide = problem.field === 'complex' ? 2 : 1;
    const kept = Array.from(heldOut.keys()).filter((i) => heldOut[i] === 0);
    expect(training.measurements).toBe(kept.length);
    kept.forEach((i, k) => {
      for (let c = 0; c < wide; c++) expect(part[wide * k + c]).toBeCloseTo(whole[wide * i + c]!, 10);
      expect(training.y[k]).toBe(problem.y[i]);
    });
  }
  expect(await holdOutRows(codedProblem(2, 1, 8), 0.2, 3)).toBeNull();
});

test('the same bits for any number of threads', async () => {
  const problem = gaussianVectorProblem(40, 200, readChannel('intensity', 'channel', 'real', 0.1), 'real', 8);
  const [one, two] = [await recover(problem, { seed: 2 }), await recover(problem, { seed: 2, threads: 2 })];
  expect(two.estimate.data).toEqual(one.estimate.data);
  expect(two.trust).toEqual(one.trust);
});

test('an aborted signal, a time limit', async () => {
  const problem = gaussianVectorProblem(64, 256, readChannel('intensity', 'channel', 'complex'), 'complex', 8);
  await expect(recover(problem, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  const large = gaussianVectorProblem(400, 2000, readChannel('intensity', 'channel', 'complex'), 'complex', 8);
  const late = await recover(large, { timeLimit: 1e-6 });
  expect(late.trust.verdict).not.toBe('trusted');
  expect(late.converged).toBe(false);
  expect(late.status).toBe('time');
});

test.each(['search', 'refinement', 'check'] as const)('aborted in the %s', async (wanted) => {
  const problem = gaussianVectorProblem(64, 256, readChannel('intensity', 'channel', 'complex'), 'complex', 8);
  const controller = new AbortController();
  const stages: string[] = [];
  const recovery = recover(problem, {
    signal: controller.signal,
    onProgress: ({ stage }) => {
      stages.push(stage);
      if (stage === wanted) controller.abort(new Error(`in the ${stage}`));
    },
  });
  await expect(recovery).rejects.toThrow(`in the ${wanted}`);
  expect(stages.at(-1)).toBe(wanted);
});

test('bad input', async () => {
  const problem = gaussianVectorProblem(8, 40, readChannel('intensity', 'channel', 'real'), 'real', 8);
  await expect(recover(problem, { rank: 2 as 1 })).rejects.toThrow(/1 \(the problem is one of a vector\) for rank/);
  await expect(recover(problem, { restart: 2 } as never)).rejects.toThrow(/Did you mean "restarts"/);
  await expect(recover(problem, { method: 'reweighted-amplitud-flow' as never })).rejects.toThrow(/Did you mean/);
  const linear = gaussianVectorProblem(8, 40, readChannel('linear', 'channel', 'real'), 'real', 8);
  await expect(recover(linear)).rejects.toThrow(/Use solve with a loss/);
});

test('fits that fit as well and differ are doubtful', () => {
  const evidence = {
    measurements: 300,
    dimension: 50,
    field: 'real',
    phaseless: true,
    degreesOfFreedom: 50,
    heldOut: 30,
    trainResidual: 0.01,
    validationResidual: 0.012,
    residual: 0.01,
    fits: 2,
    converged: true,
    timeLimit: false,
  } as const;
  expect(judgeVector({ ...evidence, agreement: 1e-6 }).verdict).toBe('trusted');
  expect(judgeVector({ ...evidence, agreement: 0.4 }).verdict).toBe('doubtful');
  expect(judgeVector({ ...evidence, validationResidual: 0.1 }).verdict).toBe('doubtful');
  expect(judgeVector({ ...evidence, validationResidual: 0.8 }).verdict).toBe('unidentifiable');
});
