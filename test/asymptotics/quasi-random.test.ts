import { normalQuantile, QUASI_RANDOM_DIMENSIONS, quasiUniforms } from '../../src/asymptotics/quasi-random';

/** Phi(x) by its Taylor series around 0: exact to rounding for moderate x. */
function normalCdf(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; k < 200; k++) {
    term *= (-x * x) / (2 * k);
    sum += term / (2 * k + 1);
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
}

test('the normal quantile is the inverse of the distribution function', () => {
  for (const p of [0.001, 0.01, 0.074, 0.076, 0.3, 0.5, 0.7, 0.925, 0.99, 0.999]) {
    expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 13);
  }
  // Far in the tail, by the continued fraction of Mills' ratio.
  const x = -normalQuantile(1e-14);
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / fraction;
  expect(Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI) / fraction / 1e-14).toBeCloseTo(1, 10);
});

test('every coordinate visits each of 64 intervals once in 64 points, the first two each box of 1/64', () => {
  for (let k = 0; k < QUASI_RANDOM_DIMENSIONS; k++) {
    const cells = Array.from(quasiUniforms(64, k, 5), (u) => Math.floor(64 * u));
    expect(new Set(cells).size).toBe(64);
  }
  const [a, b] = [quasiUniforms(64, 0, 5), quasiUniforms(64, 1, 5)];
  for (const [p, q] of [
    [8, 8],
    [4, 16],
    [32, 2],
  ] as const) {
    const boxes = Array.from(a, (u, i) => Math.floor(p * u) * q + Math.floor(q * b[i]!));
    expect(new Set(boxes).size).toBe(64);
  }
});

test('integrals of smooth functions are ten times as exact as 1/sqrt(N), and the seed matters', () => {
  const count = 4096;
  const columns = Array.from({ length: 6 }, (_, k) => quasiUniforms(count, k, 11));
  let sum = 0;
  for (let i = 0; i < count; i++) sum += columns.reduce((product, u) => product * (1 + (u[i]! - 0.5)), 1) / count;
  expect(Math.abs(sum - 1)).toBeLessThan(1e-3);
  expect(quasiUniforms(8, 2, 1)).not.toEqual(quasiUniforms(8, 2, 2));
  expect(Math.min(...quasiUniforms(count, 3, 1))).toBeGreaterThan(0);
});
