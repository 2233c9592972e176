/** A stretch of a series as bins, so that a fit costs the same for any number of points. */

// Taken out once: these loops run inside sandboxes too (test runners), where each look-up of a global costs more than a logarithm.
const { ceil, floor, log1p, max, min } = Math;

/** Time runs from 0 to 1; `span` iterations are one unit. */
export interface Binned {
  readonly time: Float64Array;
  /** Mean of ln y. */
  readonly level: Float64Array;
  /** 1 / variance of `level`. */
  readonly weight: Float64Array;
  /** Index of the first point of each bin. */
  readonly first: Int32Array;
  readonly span: number;
}

/**
 * Bins the points [from, to) so that bins are even half in t, half in log t: the first half sees an exponential best, the
 * second a power law. Never more than `most` bins, none empty. O(to - from).
 *
 * @param variance variance of the noise in ln y at each point
 * @param model variance of a bin that no number of points takes away: how far a law may be from true
 */
export function bin(
  t: Float64Array,
  logY: Float64Array,
  variance: Float64Array,
  from: number,
  to: number,
  most: number,
  model: number,
): Binned {
  const first = t[from]!;
  const span = t[to - 1]! - first;
  const knee = max(t[from + 1]! - first, span / 200) / span;
  const single = to - from <= most;
  const place = (at: number): number => {
    const tau = (at - first) / span;
    return min(most - 1, floor((most / 2) * (tau + log1p(tau / knee) / log1p(1 / knee))));
  };
  const time: number[] = [];
  const level: number[] = [];
  const weight: number[] = [];
  const firsts: number[] = [];
  for (let i = from; i < to;) {
    const here = place(t[i]!);
    firsts.push(i);
    let [count, sumT, sumL, sumV] = [0, 0, 0, 0];
    for (; i < to && (count === 0 || (!single && place(t[i]!) === here)); i++, count++) {
      sumT += t[i]! - first;
      sumL += logY[i]!;
      sumV += variance[i]!;
    }
    time.push(sumT / count / span);
    level.push(sumL / count);
    weight.push(1 / (sumV / (count * count) + model));
  }
  return {
    time: Float64Array.from(time),
    level: Float64Array.from(level),
    weight: Float64Array.from(weight),
    first: Int32Array.from(firsts),
    span,
  };
}

/** The bins [from, to), time and span as they were. */
export function slice({ time, level, weight, first, span }: Binned, from: number, to = time.length): Binned {
  return {
    time: time.subarray(from, to),
    level: level.subarray(from, to),
    weight: weight.subarray(from, to),
    first: first.subarray(from, to),
    span,
  };
}

/** Time from 0 to 1 again, where the bins are those of [origin, end] in the time of `bins`. */
export function retimed(bins: Binned, origin: number, end: number): Binned {
  const length = end - origin;
  return { ...bins, time: bins.time.map((time) => (time - origin) / length), span: bins.span * length };
}

/** Neighbours merged to `most` bins at most: enough to look for where a fit should begin. */
export function coarsened(bins: Binned, most: number): Binned {
  const n = bins.time.length;
  if (n <= most) return bins;
  const group = ceil(n / most);
  const count = ceil(n / group);
  const [time, level, weight] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let b = 0; b < n; b++) {
    const into = floor(b / group);
    const w = bins.weight[b]!;
    weight[into]! += w;
    time[into]! += w * bins.time[b]!;
    level[into]! += w * bins.level[b]!;
  }
  for (let c = 0; c < count; c++) {
    time[c]! /= weight[c]!;
    level[c]! /= weight[c]!;
  }
  return { time, level, weight, first: bins.first.filter((_, b) => b % group === 0), span: bins.span };
}
