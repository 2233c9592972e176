/** The little statistics that experiments and their checks need. All plain functions over arrays of numbers. */

/** The middle value; of an even count the mean of the two in the middle. NaN for none, and where any is NaN. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const n = sorted.length;
  if (n === 0 || Number.isNaN(sorted[n - 1])) return NaN;
  return (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
}

/** The median of several series of one length, place by place: the thick line among the thin ones. */
export function medianSeries(series: readonly ArrayLike<number>[]): Float64Array {
  const length = Math.min(...series.map((one) => one.length));
  return Float64Array.from({ length: Number.isFinite(length) ? length : 0 }, (_, i) =>
    median(series.map((one) => one[i]!)),
  );
}

/** The largest value; NaN where any is NaN, -Infinity for none: what a check on the worst run needs. */
export function largest(values: ArrayLike<number>): number {
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) return NaN;
    most = Math.max(most, values[i]!);
  }
  return most;
}

/** exp of the mean logarithm; NaN for none, and unless all are positive. */
export function geometricMean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.log(values[i]!);
  return Math.exp(sum / values.length);
}

export interface LineFit {
  readonly slope: number;
  readonly intercept: number;
  /** 95 % confidence interval of the slope (independent residuals assumed); infinite with two points. */
  readonly interval: readonly [number, number];
  /** Share of the variance that the line explains. */
  readonly rSquared: number;
  /** Root mean square of the residuals. */
  readonly residual: number;
  readonly points: number;
}

/** Least-squares line through (x, y). Points with a coordinate that is not finite are left out. */
export function fitLine(x: ArrayLike<number>, y: ArrayLike<number>): LineFit {
  const kept: [number, number][] = [];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    if (Number.isFinite(x[i]) && Number.isFinite(y[i])) kept.push([x[i]!, y[i]!]);
  }
  const n = kept.length;
  const meanX = kept.reduce((sum, [a]) => sum + a, 0) / n;
  const meanY = kept.reduce((sum, [, b]) => sum + b, 0) / n;
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const [a, b] of kept) {
    xx += (a - meanX) ** 2;
    xy += (a - meanX) * (b - meanY);
    yy += (b - meanY) ** 2;
  }
  const slope = xx > 0 ? xy / xx : NaN;
  const intercept = meanY - slope * meanX;
  // From the residuals themselves: yy - slope xy would lose all digits where the line fits well.
  const squares = kept.reduce((sum, [a, b]) => sum + (b - intercept - slope * a) ** 2, 0);
  const error = n > 2 ? Math.sqrt(squares / (n - 2) / xx) : Infinity;
  const half = studentQuantile(n - 2) * error;
  return {
    slope,
    intercept,
    interval: [slope - half, slope + half],
    rSquared: yy > 0 ? 1 - squares / yy : 1,
    residual: Math.sqrt(squares / n),
    points: n,
  };
}

/** y = exp(intercept) x^slope: a line through the logarithms. Only points with x > 0 and y > 0 count. */
export function fitPower(x: ArrayLike<number>, y: ArrayLike<number>): LineFit {
  return fitLine(logarithms(x), logarithms(y));
}

/** y = exp(intercept + slope x): a line through the logarithm of y. Only points with y > 0 count. */
export function fitExponential(x: ArrayLike<number>, y: ArrayLike<number>): LineFit {
  return fitLine(x, logarithms(y));
}

/** Natural logarithms; NaN for what is not positive. */
export function logarithms(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values, (value) => (value > 0 ? Math.log(value) : NaN));
}

/** Indices i with from <= x[i] <= to. */
export function windowOf(x: ArrayLike<number>, from: number, to: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < x.length; i++) if (x[i]! >= from && x[i]! <= to) out.push(i);
  return out;
}

/** The entries of `values` at `indices`. */
export function at(values: ArrayLike<number>, indices: readonly number[]): Float64Array {
  return Float64Array.from(indices, (i) => values[i]!);
}

/** Index of the first entry at or below `bound`; -1 where there is none. */
export function firstAtMost(values: ArrayLike<number>, bound: number): number {
  for (let i = 0; i < values.length; i++) if (values[i]! <= bound) return i;
  return -1;
}

/** Index of the first entry at or above `bound`; -1 where there is none. */
export function firstAtLeast(values: ArrayLike<number>, bound: number): number {
  for (let i = 0; i < values.length; i++) if (values[i]! >= bound) return i;
  return -1;
}

/** The largest |measured / predicted - 1| over all places; NaN where one is not comparable. */
export function largestRelativeDeviation(measured: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return largest(Float64Array.from(measured, (value, i) => Math.abs(value / predicted[i]! - 1)));
}

/** `count` values from `first` to `last`, evenly spaced in the logarithm, ends exact. */
export function logSpaced(first: number, last: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    if (i === 0) return first;
    if (i === count - 1) return last;
    return first * (last / first) ** (i / (count - 1));
  });
}

/** Two-sided 95 % quantile of Student's distribution: Cornish-Fisher from five degrees on, known values below. */
function studentQuantile(degrees: number): number {
  const known = [NaN, 12.706, 4.303, 3.182, 2.776];
  if (degrees < 1) return Infinity;
  if (degrees < known.length) return known[degrees]!;
  const z = 1.959964;
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
  ];
  return terms.reduce((sum, term, i) => sum + term / degrees ** (i + 1), z);
}
