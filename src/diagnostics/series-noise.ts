/** How much noise a series has about whatever smooth curve it follows, and how much of it is shared by neighbours. */

/** Points per block: the noise may differ along the series (a rounding floor behind a smooth decay). */
const BLOCK = 32;
/** Variances of 32 points scatter by less than this factor. */
const LIKE = 3;
const MOST_CORRELATION = 0.95;

/**
 * Variance of the noise at each point, robustly from the median of second differences in blocks, which neither a trend nor a
 * few outliers disturb. Blocks that differ from the whole by no more than chance get the variance of the whole. O(length).
 */
export function noiseVariance(values: Float64Array): Float64Array {
  const n = values.length;
  const all = differenceVariance(values, 0, n);
  const variance = new Float64Array(n);
  const blocks = Math.max(1, Math.floor(n / BLOCK));
  for (let b = 0; b < blocks; b++) {
    const from = Math.floor((b * n) / blocks);
    const to = Math.floor(((b + 1) * n) / blocks);
    const own = differenceVariance(values, from, to);
    variance.fill(own < LIKE * all && all < LIKE * own ? all : own, from, to);
  }
  return variance;
}

function differenceVariance(values: Float64Array, from: number, to: number): number {
  const size: number[] = [];
  for (let i = Math.max(1, from); i < Math.min(values.length - 1, to); i++) {
    size.push(Math.abs(values[i - 1]! - 2 * values[i]! + values[i + 1]!));
  }
  size.sort((a, c) => a - c);
  const sigma = 1.4826 * (size[size.length >> 1] ?? 0);
  return (sigma * sigma) / 6;
}

/**
 * The variance once residuals of a fit are known: scaled to their size, and times (1 + rho) / (1 - rho) where neighbours are
 * correlated, so that means of many points get their honest variance. O(length).
 *
 * @param start index of the first residual
 */
export function calibratedVariance(
  variance: Float64Array,
  residuals: Float64Array,
  start: number,
): { variance: Float64Array; correlation: number } {
  const local = variance.subarray(start);
  const correlation = lagCorrelation(residuals, local);
  let sum = 0;
  for (let i = 0; i < residuals.length; i++) sum += Math.min(25, residuals[i]! ** 2 / (local[i]! + 1e-300));
  const scale = Math.max(0.2, Math.min(correlation > 0 ? 20 : 3, sum / Math.max(1, residuals.length - 4)));
  const factor = (scale * (1 + correlation)) / (1 - correlation);
  return { variance: variance.map((v) => v * factor), correlation };
}

/** Lag-one correlation of residuals, in units of their local size `variance`; 0 where chance would explain it. O(length). */
function lagCorrelation(residuals: Float64Array, variance: Float64Array): number {
  let [own, next] = [0, 0];
  let before = 0;
  for (let i = 0; i < residuals.length; i++) {
    // Bounded, so that an outlier is one residual among many.
    const size = residuals[i]! / Math.sqrt(variance[i]! + 1e-300);
    const now = Math.max(-4, Math.min(4, size));
    own += now * now;
    next += now * before;
    before = now;
  }
  const found = own > 0 ? next / own : 0;
  return found < 2.5 / Math.sqrt(residuals.length) ? 0 : Math.min(MOST_CORRELATION, found);
}
