/** Counting: the formulas, the four verdicts at their edges, the sentence. */
import { problems } from '../../src';
import { identifiability } from '../../src/diagnostics/identify';

function symmetric(n: number, trueRank: number, measurements: number) {
  return problems.gaussianSensing({ shape: [n, n], symmetric: true, trueRank, measurements, seed: 1 });
}

test('symmetric: r (2n - r + 1) / 2 of n (n + 1) / 2', () => {
  const n = 10;
  const result = identifiability(symmetric(n, 2, 40));
  expect(result).toMatchObject({
    rank: 2,
    measurements: 40,
    degreesOfFreedom: n + (n - 1),
    dimension: (n * (n + 1)) / 2,
    injective: false,
    verdict: 'ample',
  });
  expect(result.ratio).toBe(40 / 19);
  expect(result.sentence).toContain('40 measurements are 2.1 times the 19 degrees of freedom');
});

test('asymmetric: r (n1 + n2 - r) of n1 n2; the rank may be given', () => {
  const problem = problems.gaussianSensing({ shape: [6, 9], trueRank: 1, measurements: 30, seed: 1 });
  expect(identifiability(problem)).toMatchObject({ rank: 1, degreesOfFreedom: 14, dimension: 54, verdict: 'ample' });
  expect(identifiability(problem, 2)).toMatchObject({ degreesOfFreedom: 26, verdict: 'marginal', largestRank: 2 });
  expect(identifiability(problem, 3)).toMatchObject({ degreesOfFreedom: 36, verdict: 'undetermined' });
});

test.each([
  [18, 'undetermined', false],
  [19, 'marginal', false],
  [37, 'marginal', false],
  [38, 'ample', false],
  [54, 'ample', false],
  [55, 'injective', true],
])('m = %d of 19 and 55: %s', (m, verdict, injective) => {
  expect(identifiability(symmetric(10, 2, m))).toMatchObject({ verdict, injective });
});

test('at full rank the degrees of freedom are the dimension', () => {
  const result = identifiability(symmetric(5, 1, 15), 5);
  expect(result.degreesOfFreedom).toBe(result.dimension);
  expect(result.verdict).toBe('injective');
});

test('without a true rank: the largest rank that could be determined', () => {
  const { A, y } = { A: new Float64Array(30 * 36).map((_, i) => Math.sin(i * i)), y: new Float64Array(30) };
  const problem = problems.sensing({ A, shape: [6, 6], y });
  expect(identifiability(problem).rank).toBe(3);
  const few = problems.sensing({ A: A.slice(0, 36), shape: [6, 6], y: [1] });
  expect(identifiability(few)).toMatchObject({ rank: 1, largestRank: 0, verdict: 'undetermined' });
  expect(identifiability(few).sentence).toContain('more than the 1 measurement:');
});

test('bad input', () => {
  const problem = symmetric(4, 1, 5);
  expect(() => identifiability(3 as unknown as typeof problem)).toThrow(
    'Expected a Problem (see problems.sensing) for the first argument of identifiability but received 3 of type number.',
  );
  expect(() => identifiability(problem, 0)).toThrow('Expected a positive integer for rank but received 0');
  expect(() => identifiability(problem, 5)).toThrow('at most 4 for rank');
});
