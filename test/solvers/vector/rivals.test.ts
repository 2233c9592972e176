/** Designs on which held-out measurements show nothing: the fit predicts them, and the vector is wrong all the same. */
import { phaseRetrieval } from '../../../src/problems/phase-retrieval';
import type { VectorProblem } from '../../../src/problems/vector-problem';
import { recover } from '../../../src/solvers/recover';
import { distance, distinctRows, movedAway } from '../../../src/solvers/vector/rivals';
import { Vector } from '../../../src/vector';
import { normals } from '../../support/random';

/** Intensities of `truth`, by the definition, from rows given by their entries (complex ones as pairs). */
function problemOf(
  rows: readonly (readonly number[])[],
  truth: readonly number[],
  field: 'real' | 'complex',
): VectorProblem {
  const wide = field === 'complex' ? 2 : 1;
  const y = rows.map((row) => {
    let [re, im] = [0, 0];
    for (let j = 0; j < truth.length; j += wide) {
      const [a, b] = [row[j]!, wide === 2 ? row[j + 1]! : 0];
      const [c, d] = [truth[j]!, wide === 2 ? truth[j + 1]! : 0];
      re += a * c - b * d;
      im += a * d + b * c;
    }
    return re * re + im * im;
  });
  return phaseRetrieval({
    vectors: rows.map((row) => new Vector(Float64Array.from(row), field)),
    y,
    truth: new Vector(Float64Array.from(truth), field),
  });
}

function gaussianRows(count: number, length: number, seed: number): number[][] {
  const draws = normals(count * length, seed);
  return Array.from({ length: count }, (_, i) => Array.from(draws.subarray(i * length, (i + 1) * length)));
}

const n = 12;
const truthOf = (wide: number): number[] => Array.from(normals(n * wide, 5));

describe.each([
  ['real', 1],
  ['complex', 2],
] as const)('%s', (field, wide) => {
  test('a coordinate that no row sees', async () => {
    const rows = gaussianRows(80, n * wide, 1).map((row) => row.fill(0, (n - 1) * wide));
    const { trust } = await recover(problemOf(rows, truthOf(wide), field));
    expect(trust.evidence.validationResidual).toBeLessThan(1e-6);
    expect(trust.verdict).toBe('unidentifiable');
    expect(trust.reasons.join()).toMatch(/directions that the measurements do not see/);
  });

  test('the same few rows again and again', async () => {
    const some = gaussianRows(n, n * wide, 2);
    const rows = Array.from({ length: 80 }, (_, i) => some[i % n]!.map((x) => (1 + i) * x));
    const { trust } = await recover(problemOf(rows, truthOf(wide), field));
    expect(trust.evidence.distinctRows).toBe(n);
    expect(trust.verdict).toBe('unidentifiable');
  });

  test('two halves that no row connects', async () => {
    const half = (n / 2) * wide;
    const rows = gaussianRows(80, n * wide, 3).map((row, i) =>
      i % 2 === 0 ? row.fill(0, 0, half) : row.fill(0, half),
    );
    const { trust } = await recover(problemOf(rows, truthOf(wide), field));
    expect(trust.verdict).toBe('unidentifiable');
  });

  test('rows that differ by more than a factor are counted', async () => {
    const rows = gaussianRows(40, n * wide, 4);
    const turned =
      field === 'real'
        ? rows[3]!.map((x) => -3 * x)
        : rows[3]!.map((_, j, row) => (j % 2 ? row[j - 1]! : -row[j + 1]!));
    const given = [...rows, rows[0]!, turned, rows[3]!.map((x) => 1e-5 * x), new Array<number>(n * wide).fill(0)];
    expect(await distinctRows(problemOf(given, truthOf(wide), field), 1, 7)).toBe(40);
  });
});

test('a displacement has the length that was asked for', () => {
  const theta = new Vector(normals(2 * n, 8), 'complex');
  const moved = movedAway(theta, 0.25, 3);
  const apart = Math.hypot(...moved.data.map((x, j) => x - theta.data[j]!));
  expect(apart / theta.norm()).toBeCloseTo(0.25, 12);
  expect(distance(theta, moved)).toBeLessThanOrEqual(0.25 + 1e-12);
  const turned = new Vector(
    theta.data.map((_, j, x) => (j % 2 ? x[j - 1]! : -x[j + 1]!)),
    'complex',
  );
  expect(distance(theta, turned)).toBeLessThan(1e-7);
});

test('near the threshold, where every row counts: found by message passing, and then trusted', async () => {
  let found = 0;
  for (const seed of [1001, 1002, 1003]) {
    const problem = phaseRetrieval({ design: 'gaussian', dimension: 128, delta: 1.5, field: 'real', seed });
    const { testError, trust, info } = await recover(problem);
    if (trust.verdict === 'unidentifiable') continue;
    found++;
    expect(trust.verdict).toBe('trusted');
    expect(testError).toBeLessThan(1e-10);
    expect(info.starts.some(({ method }) => method === 'amp')).toBe(true);
  }
  expect(found).toBeGreaterThan(1);
});
