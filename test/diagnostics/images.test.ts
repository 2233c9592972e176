/** The images that runs give, against the building blocks that compute them on the JavaScript thread. */
import { Matrix, problems, type Problem } from '../../src';
import { adjointImage, normalImage } from '../../src/diagnostics/images';
import { dot, EPS, norm } from '../support/dense';
import { normals } from '../support/random';

const work = { threads: 1, signal: undefined };

const cases: [string, Problem][] = [
  ['tall', problems.gaussianSensing({ shape: [9, 4], trueRank: 2, measurements: 30, seed: 1 })],
  ['wide', problems.gaussianSensing({ shape: [4, 9], trueRank: 2, measurements: 30, seed: 2 })],
  ['symmetric', problems.gaussianSensing({ shape: [7, 7], symmetric: true, trueRank: 2, measurements: 25, seed: 3 })],
  [
    'single precision',
    problems.gaussianSensing({ shape: [5, 6], trueRank: 1, measurements: 20, seed: 4, storage: 'float32' }),
  ],
  [
    'measurement matrices of any size',
    problems.sensing({ A: normals(20 * 30, 5).map((v) => 1e6 * v), shape: [5, 6], y: normals(20, 6) }),
  ],
];

test.each(cases)('A*(v): %s', async (_, problem) => {
  const v = normals(problem.measurements, 7);
  const image = await adjointImage(problem, v, work);
  expect(image.data).toEqual(problem.adjoint(v).data);
});

test.each(cases)('A*A(X) and ||A(X)||^2: %s', async (_, problem) => {
  const [rows, cols] = problem.shape;
  const left = new Matrix(normals(rows * 2, 8), rows, 2);
  const right = problem.symmetric ? left : new Matrix(normals(cols * 2, 9), cols, 2);
  const { squared, image } = await normalImage(problem, left, right, work);
  const measured = problem.measure({ left, right });
  const expected = problem.adjoint(measured);
  const tolerance = 100 * EPS * norm(expected.data);
  image.data.forEach((value, i) => {
    expect(Math.abs(value - expected.data[i]!)).toBeLessThanOrEqual(tolerance);
  });
  expect(Math.abs(squared / dot(measured, measured) - 1)).toBeLessThan(100 * EPS);
});

test('zero measurements have a zero image', async () => {
  const [, problem] = cases[0]!;
  const image = await adjointImage(problem, new Float64Array(problem.measurements), work);
  expect(norm(image.data)).toBe(0);
});
