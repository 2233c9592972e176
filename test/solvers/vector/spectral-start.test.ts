/** The spectral start against dense eigen-decompositions, exact asymptotic overlaps, and the definition of its scale. */
import { readChannel } from '../../../src/channels';
import { eigh } from '../../../src/linalg';
import { native } from '../../../src/load';
import { Matrix } from '../../../src/matrix';
import { normalized, readPreprocessing, type PreprocessingChoice } from '../../../src/preprocessing';
import { VectorProblem } from '../../../src/problems/vector-problem';
import { spectralStart } from '../../../src/solvers/vector/spectral-start';
import { type Field, innerProduct, overlap, Vector } from '../../../src/vector';
import { gaussianVectorProblem } from '../../support/vector-problem';

const intensities = (n: number, m: number, field: Field, seed: number): VectorProblem =>
  gaussianVectorProblem(n, m, readChannel('intensity', 'channel', field), field, seed);

/** D v for D = (1/m) X^H diag(t) X. */
function product(problem: VectorProblem, t: Float64Array, v: Vector): Vector {
  const r = problem.measure(v);
  const wide = v.field === 'complex' ? 2 : 1;
  return problem.adjoint(
    new Vector(
      r.data.map((value, i) => (value * t[Math.floor(i / wide)]!) / t.length),
      v.field,
    ),
  );
}

const choices: PreprocessingChoice[] = [
  'plain',
  'truncated',
  'amplitude',
  'orthogonality-promoting',
  'weighted',
  'optimal',
  { name: 'optimal', clip: Infinity },
  'mondelli-montanari',
  (y) => Math.min(y, 3) - 1,
];

describe.each(['real', 'complex'] as const)('the spectral start, %s', (field) => {
  const [n, m] = [24, 150];
  const problem = intensities(n, m, field, 3);

  test.each(choices.map((choice) => [typeof choice === 'object' ? 'unclipped' : String(choice), choice] as const))(
    'is the top eigenvector of D: %s',
    async (_, choice) => {
      const found = await spectralStart(problem, { preprocessing: choice, tolerance: 1e-11 });
      const { channel, delta } = problem;
      const t = readPreprocessing(choice, 'T').weights(normalized(problem.y, channel, field), {
        field,
        delta,
        channel,
      });
      // D column by column, as a real matrix: of order 2 n, with every eigenvalue twice, when complex.
      const order = field === 'complex' ? 2 * n : n;
      const data = new Float64Array(order * order);
      for (let j = 0; j < order; j++) {
        const unit = Vector.zeros(n, field);
        unit.data[j] = 1;
        data.set(product(problem, t, unit).data, j * order);
      }
      const { values } = eigh(new Matrix(data, order, order));
      const spread = values[0]! - values[order - 1]!;
      expect(found.converged).toBe(true);
      expect(Math.abs(found.eigenvalue - values[0]!)).toBeLessThan(1e-10 * Math.abs(values[0]!) + 1e-13 * spread);
      expect(found.second).toBeLessThanOrEqual(values[field === 'complex' ? 2 : 1]! + 1e-10);
      const image = product(problem, t, found.theta);
      const misfit = image.data.map((value, j) => value - found.eigenvalue * found.theta.data[j]!);
      expect(new Vector(misfit, field).norm() / found.scale).toBeLessThan(1e-9 + 1e-13 * spread);
      expect(found.overlap).toBeCloseTo(overlap(problem.truth!, found.theta), 12);
    },
  );

  test('its scale is the nearest of all to the amplitudes', async () => {
    const { theta, scale } = await spectralStart(problem);
    expect(theta.norm()).toBeCloseTo(scale, 12);
    const r = problem.measure(theta);
    const misfit = (factor: number): number => {
      let sum = 0;
      for (let i = 0; i < m; i++) {
        const length = field === 'real' ? Math.abs(r.data[i]!) : Math.hypot(r.data[2 * i]!, r.data[2 * i + 1]!);
        sum += (factor * length - Math.sqrt(problem.y[i]!)) ** 2;
      }
      return sum;
    };
    for (const other of [0.999, 1.001]) expect(misfit(1)).toBeLessThan(misfit(other));
  });

  test('the same bits for any number of threads, another vector for another seed', async () => {
    const [one, two, three] = await Promise.all([
      spectralStart(problem),
      spectralStart(problem, { threads: 2 }),
      spectralStart(problem, { seed: 1 }),
    ]);
    expect(two).toEqual(one);
    expect(three.theta.data).not.toEqual(one.theta.data);
    expect(overlap(three.theta, one.theta)).toBeCloseTo(1, 10);
  });

  test('a signal k times as large gives a start k times as large', async () => {
    const design = new native.DenseDesign(m, n, field);
    design.fillGaussian(3, 1);
    const larger = new VectorProblem({ design, y: problem.y.map((value) => 9 * value), channel: problem.channel });
    const [one, two] = await Promise.all([spectralStart(problem), spectralStart(larger)]);
    expect(two.scale / one.scale).toBeCloseTo(3, 8);
    expect(two.eigenvalue).toBeCloseTo(one.eigenvalue, 8);
    expect(two).not.toHaveProperty('overlap');
  });
});

// The squared overlaps that the theory gives for T* clipped at 64 (reference tables; mean over four designs).
test.each([
  ['real', 4, 0.9232],
  ['real', 2, 0.6387],
  ['complex', 3, 0.5871],
] as const)('the overlap that is predicted for T*: %s, delta %d', async (field, delta, expected) => {
  const n = 300;
  const seeds = [1, 2, 3, 4];
  const found = await Promise.all(seeds.map((seed) => spectralStart(intensities(n, delta * n, field, seed))));
  const mean = found.reduce((sum, { overlap: value }) => sum + value! ** 2, 0) / seeds.length;
  expect(Math.abs(mean - expected)).toBeLessThan(0.06);
});

test('what is predicted stands beside what is found, in the units of the design', async () => {
  const [n, m] = [300, 1200];
  const found = await spectralStart(intensities(n, m, 'real', 2), { predict: true });
  const predicted = found.predicted!;
  expect(predicted.aboveThreshold).toBe(true);
  expect(Math.abs(predicted.overlap ** 2 - 0.9232)).toBeLessThan(1e-3);
  // The fluctuations of an outlier are of relative order 1 / sqrt(n).
  expect(Math.abs(found.eigenvalue / predicted.eigenvalue - 1)).toBeLessThan(5 / Math.sqrt(n));
  expect(found.second / predicted.bulkEdge).toBeGreaterThan(0.5);

  // Rows 10 times as large, and y 100 times.
  const design = new native.DenseDesign(m, n, 'real');
  const rows = new Float64Array(m * n);
  native.normals(2, 'measurements', 0, rows);
  design.fill(
    0,
    rows.map((value) => 10 * value),
  );
  const channel = readChannel('intensity', 'channel', 'real');
  const y = intensities(n, m, 'real', 2).y.map((value) => 100 * value);
  const larger = await spectralStart(new VectorProblem({ design, y, channel }), { predict: true });
  expect(larger.predicted!.eigenvalue / predicted.eigenvalue).toBeCloseTo(100, 0);
  expect(larger.eigenvalue / found.eigenvalue).toBeCloseTo(100, 6);
  expect(larger.scale / found.scale).toBeCloseTo(1, 8);
});

test('no prediction where there is none', async () => {
  const found = await spectralStart(intensities(20, 80, 'real', 2), { predict: true, preprocessing: 'plain' });
  expect(found).not.toHaveProperty('predicted');
});

test('channels that know the sign give it', async () => {
  for (const name of ['linear', 'relu', 'cubic'] as const) {
    const problem = gaussianVectorProblem(20, 400, readChannel(name, 'channel', 'real'), 'real', 5);
    const { theta } = await spectralStart(problem, { preprocessing: (y) => Math.min(Math.abs(y), 3), scale: 2 });
    expect(theta.norm()).toBeCloseTo(2, 12);
    expect(innerProduct(problem.truth!, theta)[0]).toBeGreaterThan(1);
  }
});

test('no signal at all: theta is 0', async () => {
  const design = new native.DenseDesign(30, 6, 'complex');
  design.fillGaussian(1, 1);
  const channel = readChannel('intensity', 'channel', 'complex');
  const problem = new VectorProblem({ design, y: new Float64Array(30), channel });
  const { theta, converged } = await spectralStart(problem);
  expect(converged).toBe(true);
  expect(theta.norm()).toBe(0);
});

describe('endings and refusals', () => {
  const problem = intensities(200, 900, 'complex', 7);

  test('few passes: a result that says it did not converge', async () => {
    const result = await spectralStart(problem, { maxPasses: 4 });
    expect(result).toMatchObject({ converged: false, passes: 4 });
  });

  test('an abort rejects with its reason', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const started = spectralStart(problem, { signal: controller.signal, tolerance: 0 });
    controller.abort(reason);
    await expect(started).rejects.toBe(reason);
    await expect(spectralStart(problem, { signal: controller.signal })).rejects.toBe(reason);
  });

  test.each([
    [{ preprocessing: 'optimum' }, "Did you mean 'optimal'"],
    [{ preprocesing: 'optimal' }, 'Did you mean "preprocessing"'],
    [{ tolerance: -1 }, 'tolerance'],
    [{ maxPasses: 1 }, 'maxPasses'],
    [{ threads: 0 }, 'threads'],
    [{ scale: 0 }, 'scale'],
  ])('refuses %p', async (options, message) => {
    const started = spectralStart(problem, options as object);
    await expect(started).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });

  test('refuses weights that are not finite, and scratch beyond a cap', async () => {
    await expect(spectralStart(problem, { preprocessing: () => NaN })).rejects.toMatchObject({ code: 'NON_FINITE' });
    await expect(spectralStart(problem, { maxMemory: 1000 })).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
  });
});
