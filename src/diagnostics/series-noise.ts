/** How much noise a series has about whatever smooth curve it follows, and how much of it is shared by neighbours. */

export interface Noise {
  /** Variance at each point, times (1 + rho) / (1 - rho): so that means of many points get their honest variance. */
  readonly variance: Float64Array;
  /** Lag-one correlation rho, 0 to 0.95. */
  readonly correlation: number;
}

/** Points per block: the noise may differ along the series (a rounding floor behind a smooth decay). */
const BLOCK = 32;

/**
 * Robust: from the median of second differences in blocks, which neither a trend nor a few outliers disturb. O(length).
 */
export function measureNoise(values: Float64Array): Noise {
  const n = values.length;
  const rho = correlation(values);
  // Var(x[i-1] - 2 x[i] + x[i+1]) = (6 - 8 rho + 2 rho^2) sigma^2 for a first-order autoregression.
  const differences = 6 - 8 * rho + 2 * rho * rho;
  const inflation = (1 + rho) / (1 - rho);
  const variance = new Float64Array(n);
  const blocks = Math.max(1, Math.floor(n / BLOCK));
  for (let b = 0; b < blocks; b++) {
    const from = Math.floor((b * n) / blocks);
    const to = Math.floor(((b + 1) * n) / blocks);
    const size: number[] = [];
    for (let i = Math.max(1, from); i < Math.min(n - 1, to); i++) {
      size.push(Math.abs(values[i - 1]! - 2 * values[i]! + values[i + 1]!));
    }
    size.sort((a, c) => a - c);
    const sigma = 1.4826 * (size[size.length >> 1] ?? 0);
    variance.fill(((sigma * sigma) / differences) * inflation, from, to);
  }
  return { variance, correlation: rho };
}

/** Lag-one correlation of what a straight line through each block leaves over, freed of its bias towards zero. */
function correlation(values: Float64Array): number {
  const n = values.length;
  if (n < BLOCK) return 0;
  const blocks = Math.floor(n / BLOCK);
  const found: number[] = [];
  for (let b = 0; b < blocks; b++) {
    const from = Math.floor((b * n) / blocks);
    const length = Math.floor(((b + 1) * n) / blocks) - from;
    const rest = detrended(values.subarray(from, from + length));
    let [own, next] = [0, 0];
    for (let i = 0; i < length; i++) own += rest[i]! * rest[i]!;
    for (let i = 1; i < length; i++) next += rest[i]! * rest[i - 1]!;
    if (own > 0) found.push(next / own + 2 / length);
  }
  found.sort((a, c) => a - c);
  const middle = found[found.length >> 1] ?? 0;
  // Within what no correlation at all would show: none.
  const chance = 2 / Math.sqrt(BLOCK * Math.max(1, found.length));
  return middle < chance ? 0 : Math.min(0.95, middle);
}

function detrended(values: Float64Array): Float64Array {
  const n = values.length;
  let [mean, slope] = [0, 0];
  for (const value of values) mean += value / n;
  for (let i = 0; i < n; i++) slope += (values[i]! - mean) * (i - (n - 1) / 2);
  slope *= 12 / (n * (n * n - 1));
  return values.map((value, i) => value - mean - slope * (i - (n - 1) / 2));
}
