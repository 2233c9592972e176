/** Projection methods, PhaseMax and message passing through the public API: what they recover, certify, refuse and repeat. */
import { LowrankError, solve, spectralStart, type VectorMethod, type VectorSolveOptions } from '../../../src';
import { readChannel } from '../../../src/channels';
import { native } from '../../../src/load';
import { VectorProblem } from '../../../src/problems/vector-problem';
import { type Field, Vector } from '../../../src/vector';
import { gaussianVectorProblem } from '../../support/vector-problem';

const projections: readonly VectorMethod[] = ['error-reduction', 'hio', 'raar', 'admm'];
const all: readonly VectorMethod[] = [...projections, 'phasemax', 'phaselamp', 'amp'];

function gaussian(field: Field, n: number, ratio: number, seed: number): VectorProblem {
  return gaussianVectorProblem(n, ratio * n, readChannel('intensity', 'channel', field), field, seed);
}

/** Random octanary masks of a vector (Candes, Li and Soltanolkotabi, arXiv 1310.3240), `patterns` of them. */
function coded(n: number, patterns: number, seed: number): VectorProblem {
  const uniform = new Float64Array(2 * patterns * n);
  native.uniforms(seed, 'test', 0, uniform);
  const masks = new Float64Array(2 * patterns * n);
  for (let k = 0; k < patterns * n; k++) {
    const size = uniform[2 * k]! < 0.8 ? Math.SQRT1_2 : Math.sqrt(3);
    const turn = Math.floor(4 * uniform[2 * k + 1]!);
    masks[2 * k + (turn % 2)] = turn < 2 ? size : -size;
  }
  const design = new native.CodedDiffraction(masks, patterns, 1, n);
  const truth = Vector.zeros(n, 'complex');
  native.normals(seed, 'signal', 0, truth.data);
  const z = new Float64Array(2 * patterns * n);
  native.designApply(design, truth.data, z, 1);
  const y = Float64Array.from({ length: patterns * n }, (_, i) => z[2 * i]! ** 2 + z[2 * i + 1]! ** 2);
  return new VectorProblem({ design, y, channel: readChannel('intensity', 'channel', 'complex'), truth });
}

async function fromSpectral(problem: VectorProblem, options: VectorSolveOptions) {
  const { theta } = await spectralStart(problem);
  return solve(problem, { init: { kind: 'given', theta }, ...options });
}

async function refusal(problem: VectorProblem, method: VectorMethod): Promise<string> {
  const error: unknown = await solve(problem, { method }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(LowrankError);
  expect((error as LowrankError).code).toBe('INVALID_ARGUMENT');
  return (error as LowrankError).message;
}

describe.each<Field>(['real', 'complex'])('%s', (field) => {
  const problem = gaussian(field, 64, 8, 5);

  test.each(all)('%s recovers the signal from eight measurements an unknown', async (method) => {
    const run = await fromSpectral(problem, { method });
    expect(run.testError).toBeLessThan(1e-8);
    expect(run.status).toBe('residual');
    // The residual is that of the answer.
    const r = problem.measure(run.theta);
    const width = field === 'complex' ? 2 : 1;
    let misfit = 0;
    problem.y.forEach((y, i) => {
      misfit += (Math.hypot(...r.data.subarray(width * i, width * (i + 1))) - Math.sqrt(y)) ** 2;
    });
    const total = problem.y.reduce((sum, y) => sum + y, 0);
    expect(Math.abs(run.residual - Math.sqrt(misfit / total))).toBeLessThan(1e-13);
  });

  test.each(all)('%s gives the same bits for any number of threads', async (method) => {
    const one = await fromSpectral(problem, { method, stop: { iterations: 20 }, threads: 1 });
    const three = await fromSpectral(problem, { method, stop: { iterations: 20 }, threads: 3 });
    expect(three.theta.data).toEqual(one.theta.data);
  });
});

test.each<[VectorMethod, number]>([
  ['amp', 200],
  ['raar', 800],
  ['admm', 800],
])('%s needs few measurements: three an unknown, complex', async (method, iterations) => {
  const run = await fromSpectral(gaussian('complex', 128, 3, 3), { method, stop: { iterations } });
  expect(run.testError).toBeLessThan(1e-8);
});

test.each<VectorMethod>([...projections, 'amp'])('%s solves coded diffraction', async (method) => {
  const problem = coded(96, 6, 2);
  const run = await fromSpectral(problem, { method });
  expect(run.testError).toBeLessThan(1e-8);
  // X^H X is diagonal there: no pass but that of the iteration.
  if (method !== 'amp') expect(run.info.passes).toBeLessThanOrEqual(run.iterations + 3);
});

test('phasemax ends at an optimum that it proves', async () => {
  const problem = gaussian('complex', 40, 3, 7);
  const { theta: start } = await spectralStart(problem);
  const run = await solve(problem, {
    method: 'phasemax',
    init: { kind: 'given', theta: start },
    stop: { gradient: 1e-8, iterations: 20000 },
  });
  expect(run.status).toBe('gradient');
  // Feasible, and no better than any feasible point we can name: the truth, turned towards the start.
  const r = problem.measure(run.theta);
  problem.y.forEach((y, i) => {
    expect(Math.hypot(r.data[2 * i]!, r.data[2 * i + 1]!)).toBeLessThan(Math.sqrt(y) + 1e-6);
  });
  const towards = (theta: Vector): number => start.data.reduce((sum, x, j) => sum + x * theta.data[j]!, 0);
  let [re, im] = [0, 0];
  const truth = problem.truth!.data;
  for (let j = 0; j < 40; j++) {
    re += truth[2 * j]! * start.data[2 * j]! + truth[2 * j + 1]! * start.data[2 * j + 1]!;
    im += truth[2 * j]! * start.data[2 * j + 1]! - truth[2 * j + 1]! * start.data[2 * j]!;
  }
  expect(towards(run.theta)).toBeGreaterThan(Math.hypot(re, im));
});

test('what they refuse', async () => {
  const complex = gaussian('complex', 10, 6, 1);
  expect(await refusal(complex, { name: 'raar', betta: 0.9 })).toMatch(/beta/);
  expect(await refusal(complex, { name: 'raar', beta: 1.5 })).toMatch(/beta/);
  expect(await refusal(complex, { name: 'hio', nonNegative: 1 })).toMatch(/real/);
  expect(await refusal(complex, { name: 'amp', damping: 1 })).toMatch(/damping/);
  expect(await refusal(complex, { name: 'phaselamp', rounds: 0 })).toMatch(/rounds/);
  const cubic = gaussianVectorProblem(10, 60, readChannel('cubic', 'channel', 'real'), 'real', 1);
  for (const method of all) expect(await refusal(cubic, method)).toMatch(/intensities/);
});

test('a run can be aborted while it prepares', async () => {
  const problem = gaussian('complex', 600, 4, 1);
  const controller = new AbortController();
  const reason = new Error('enough');
  const running = solve(problem, { method: 'raar', signal: controller.signal });
  setTimeout(() => {
    controller.abort(reason);
  }, 30);
  await expect(running).rejects.toBe(reason);
});
