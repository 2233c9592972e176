/** Random hold-outs: exact counts, one seed nested in itself, no bias between rows. */
import { randomMask } from '../../src/solvers/hold-out';

const count = (mask: Uint8Array): number => mask.reduce((sum, byte) => sum + byte, 0);

test.each([
  [10, 0.3, 3],
  [2, 0.001, 1],
  [2, 0.999, 1],
  [1000, 0.1, 100],
  [7, 0.5, 4], // round(3.5)
])('of %d rows the share %d is %d rows', (rows, share, expected) => {
  for (const seed of [0, 1, 2 ** 53 - 1]) expect(count(randomMask(rows, share, seed))).toBe(expected);
});

test('a larger share of the same seed holds out a superset', () => {
  const small = randomMask(500, 0.1, 7);
  const large = randomMask(500, 0.3, 7);
  expect(small.every((byte, i) => byte <= large[i]!)).toBe(true);
  expect(randomMask(500, 0.1, 8)).not.toEqual(small);
});

test('every row is held out equally often', () => {
  const seeds = 2000;
  const totals = new Float64Array(50);
  for (let seed = 0; seed < seeds; seed++) randomMask(50, 0.2, seed).forEach((byte, i) => (totals[i]! += byte));
  // Binomial(2000, 0.2): deviation sqrt(2000 0.2 0.8) = 17.9; five of them for 50 rows.
  for (const total of totals) expect(Math.abs(total - 0.2 * seeds)).toBeLessThan(5 * Math.sqrt(seeds * 0.16));
});
