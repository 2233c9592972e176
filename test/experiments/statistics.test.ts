import * as statistics from '../../src/experiments/statistics';

const { fitLine, fitExponential, fitPower, geometricMean, largest, logSpaced, median, medianSeries } = statistics;

test('median', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([7])).toBe(7);
  expect(median([])).toBeNaN();
  expect(median([1, NaN, 2])).toBeNaN();
  expect(Array.from(medianSeries([[1, 5], [2, 6], [9, 0, 3]]))).toEqual([2, 5]); // prettier-ignore
  expect(medianSeries([])).toHaveLength(0);
});

test('largest, and the deviation that is made of it, never hide a NaN', () => {
  expect(largest([1, 3, 2])).toBe(3);
  expect(largest([1, NaN, 2])).toBeNaN();
  expect(largest([])).toBe(-Infinity);
  expect(statistics.largestRelativeDeviation([1, 2.2], [1, 2])).toBeCloseTo(0.1, 12);
  expect(statistics.largestRelativeDeviation([NaN, 2], [1, 2])).toBeNaN();
});

test('geometric mean', () => {
  expect(geometricMean([1, 100])).toBeCloseTo(10, 12);
  expect(geometricMean([1, -1])).toBeNaN();
  expect(geometricMean([])).toBeNaN();
});

test('line, power and exponential are found exactly', () => {
  const x = [1, 2, 4, 8];
  expect(fitLine(x, x.map((v) => 3 * v - 1))).toMatchObject({ slope: 3, intercept: -1, points: 4 }); // prettier-ignore
  expect(fitPower(x, x.map((v) => 5 * v ** -1.5)).slope).toBeCloseTo(-1.5, 12); // prettier-ignore
  expect(fitExponential(x, x.map((v) => 2 * Math.exp(-0.3 * v))).slope).toBeCloseTo(-0.3, 12); // prettier-ignore
  expect(fitPower([0, -1, 1, 10], [1, 1, 1, 100]).points).toBe(2);
});

test('the interval of the slope covers the truth 95 times in 100', () => {
  let state = 1;
  const uniform = (): number => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  for (const points of [4, 8, 30]) {
    const x = Array.from({ length: points }, (_, i) => i);
    let covered = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const { interval } = fitLine(x, x.map((v) => 2 * v + normal())); // prettier-ignore
      if (interval[0] <= 2 && interval[1] >= 2) covered++;
    }
    expect(covered / 2000).toBeGreaterThan(0.935);
    expect(covered / 2000).toBeLessThan(0.965);
  }
});

test('too few points give no slope or an infinite interval, not a confident one', () => {
  expect(fitLine([1], [1]).slope).toBeNaN();
  expect(fitLine([1, 1], [1, 2]).slope).toBeNaN();
  expect(fitLine([1, 2], [1, 2]).interval).toEqual([-Infinity, Infinity]);
  expect(fitLine([], []).slope).toBeNaN();
});

test('spacing, windows, crossings', () => {
  expect(Array.from(logSpaced(1, 100, 3))).toEqual([1, 10, 100]);
  expect(statistics.windowOf([5, 1, 3, 9], 2, 5)).toEqual([0, 2]);
  expect(statistics.firstAtMost([5, 4, 1], 4)).toBe(1);
  expect(statistics.firstAtLeast([1, 4, 5], 4.5)).toBe(2);
  expect(statistics.firstAtMost([NaN, 4], 0)).toBe(-1);
});
