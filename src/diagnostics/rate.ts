/**
 * Which law a quantity follows along the iterations: linear (exponential) decay, 1/t, 1/t^2, or a plateau; and 'undecided'
 * where the data do not tell. docs/diagnostics.md has the method and measured error rates.
 */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import type { Trace } from '../solvers/result';
import { isWayDown, LEAST_POINTS, series, weigh } from './law-weighing';
import { judge, median, show, undecided, type RateEstimate } from './rate-verdict';
import { traceColumns } from './trace-columns';

export type { RateAlternative, RateEstimate, RateLaw } from './rate-verdict';

export interface RateOptions {
  /** First and last iteration that may count. Default: all. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** The least probability at which a law is named, in (0.5, 1). Default 0.9. */
  readonly confidence?: number | undefined;
}

/** A decay by no law keeps the level behind it from being called a plateau when it takes this share of the time. */
const LONG = 0.2;
/**
 * What counts as a floor, by how far it lies below the top: it begins where y comes `within` a factor of the level at the
 * end, has so many points and so large a share of them, and its halves differ by at most `drift` in ln y. The deeper it is the
 * more it may wander, as rounding does. `near` and `far` are the factors above it at which the decay is cut off to be judged.
 */
const FLOORS = [
  { depth: 1e8, within: 4, points: 5, share: 0.03, drift: 0.9, near: 100, far: 300 },
  { depth: 1e4, within: 1.5, points: LEAST_POINTS, share: 0.1, drift: 0.2, near: 5, far: 10 },
  { depth: 1, within: 1.2, points: LEAST_POINTS, share: 0.1, drift: 0.08, near: 2, far: 4 },
] as const;

/**
 * Decides which law a column of a trace follows on its last stationary stretch: a transient before and a floor behind (noise,
 * rounding) are left out. Values that are zero, negative or not finite are passed over; of a trace in stages (`recover`)
 * the last stage is used. Costs some milliseconds, O(length).
 *
 * Source: laws S3-a', S3-c' and S1 of arXiv 2310.01769 and 2106.15013; the test is ours (docs/diagnostics.md).
 *
 * @throws LowrankError INVALID_ARGUMENT for a column that the trace does not have (the nearest is named) and wrong options
 */
export function rate(trace: Trace, column: string, options: RateOptions = {}): RateEstimate {
  if (typeof column !== 'string') throw invalid('the name of a column', 'column', column);
  const given = check.optionsObject(options, 'rate', ['from', 'to', 'confidence']);
  const from = given['from'] === undefined ? -Infinity : finite(given['from'], 'from');
  const to = given['to'] === undefined ? Infinity : finite(given['to'], 'to');
  if (from > to) throw check.refused('from <= to', 'rate', `from ${from}, to ${to}`);
  const least = given['confidence'] === undefined ? 0.9 : confidenceOption(given['confidence']);
  const columns: Record<string, ArrayLike<number>> = traceColumns(trace, [column], 'rate');
  const { t, y } = usable(columns['iteration']!, columns[column]!, from, to);
  if (t.length < LEAST_POINTS) {
    const why = `Only ${t.length} positive finite values: at least ${LEAST_POINTS} are needed.`;
    return undecided(t, 0, t.length, [], why);
  }
  // What grows is looked at upside down: exponential growth is a linear law too, with a slope above zero.
  const grows = rises(y);
  const estimate = decide(t, grows ? y.map((value) => 1 / value) : y, least);
  if (!grows) return estimate;
  return estimate.law === 'linear' || estimate.law === 'plateau' ? upright(estimate) : notGrowing(estimate, t);
}

/** True when the end is above the beginning and not far below the top. */
function rises(y: Float64Array): boolean {
  const levels = Array.from({ length: 10 }, (_, i) =>
    median(y.slice(Math.floor((i * y.length) / 10), Math.max(1, Math.ceil(((i + 1) * y.length) / 10)))),
  );
  return levels[9]! > 1.3 * levels[0]! && levels[9]! > 0.75 * Math.max(...levels);
}

function decide(t: Float64Array, y: Float64Array, least: number): RateEstimate {
  const whole = judge(weigh(series(t, y)), least);
  if (whole.law !== 'plateau' && whole.law !== 'undecided') return whole;
  const above = aboveFloor(t, y, least);
  if (above === undefined || (above.law === 'undecided' && whole.law === 'undecided')) return whole;
  return above;
}

/**
 * A floor with a sharp corner, or one that is itself uneven (rounding), is no constant added to a decay. What lies clearly
 * above it is judged alone, twice, with more and with less of the part near the floor: what is true of both counts. Where
 * there is such a decay but no law to be told, it is undecided; where there is none, undefined.
 */
function aboveFloor(t: Float64Array, y: Float64Array, least: number): RateEstimate | undefined {
  const n = y.length;
  const level = median(y.slice(Math.floor(0.9 * n)));
  const below = (factor: number): number => y.findIndex((value) => value < factor * level);
  const top = y.reduce((most, value) => Math.max(most, value), 0);
  const kind = FLOORS.find(({ depth }) => top >= depth * level);
  if (kind === undefined) return undefined;
  const flat = y.subarray(below(kind.within));
  if (flat.length < Math.max(kind.points, kind.share * n)) return undefined;
  const half = flat.length >> 1;
  if (Math.abs(Math.log(median(flat.slice(0, half)) / median(flat.slice(half)))) > kind.drift) return undefined;
  const [near, far] = [below(kind.near), below(kind.far)];
  if (far < LEAST_POINTS) return undefined;
  const share = (points: number): number => (t[near]! - t[near - points]!) / (t[n - 1]! - t[0]!);
  const wayDown = (points: number): boolean => isWayDown(top / level, share(points), points);
  const cut = judge(weigh(series(t.subarray(0, far), y.subarray(0, far))), least);
  if (cut.law !== 'undecided' && cut.law !== 'plateau' && !wayDown(Math.min(near, cut.points))) {
    const more = judge(weigh(series(t.subarray(0, near), y.subarray(0, near))), least);
    const reason = more.reason.replace(/( down to a floor)?\.$/, ' down to a floor of its own kind.');
    if (more.law === cut.law) return { ...more, floor: level, reason };
  }
  const high = y.findLastIndex((value) => value > 0.7 * top);
  const down = near - Math.max(0, high);
  if (down <= 0 || wayDown(down) || share(down) < LONG) return undefined;
  const why = `It falls by a factor of ${show(top / level)}, by no law that can be told, and then stays.`;
  return undecided(t, high, n, cut.alternatives, why);
}

function upright(estimate: RateEstimate): RateEstimate {
  const [low, high] = estimate.interval;
  return {
    ...estimate,
    slope: -estimate.slope,
    interval: [-high, -low],
    alternatives: estimate.alternatives.map((a) => ({ ...a, slope: -a.slope })),
    floor: estimate.floor > 0 ? 1 / estimate.floor : 0,
    reason:
      estimate.law === 'linear'
        ? estimate.reason.replace('decay', 'growth').replace('down to a floor', 'up to a level')
        : estimate.reason,
  };
}

function notGrowing({ window, points }: RateEstimate, t: Float64Array): RateEstimate {
  return { ...undecided(t, 0, points, [], 'It grows, and not exponentially.'), window };
}

/** Points that can be used, of the last stage. */
function usable(
  iteration: ArrayLike<number>,
  values: ArrayLike<number>,
  from: number,
  to: number,
): { t: Float64Array; y: Float64Array } {
  let start = 0;
  for (let i = 1; i < iteration.length; i++) if (!(iteration[i]! > iteration[i - 1]!)) start = i;
  const t: number[] = [];
  const y: number[] = [];
  for (let i = start; i < iteration.length; i++) {
    const value = values[i]!;
    if (!(value > 0 && value < Infinity && iteration[i]! >= from && iteration[i]! <= to)) continue;
    t.push(iteration[i]!);
    y.push(value);
  }
  return { t: Float64Array.from(t), y: Float64Array.from(y) };
}

function finite(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid('a finite number', name, value);
}

function confidenceOption(value: unknown): number {
  if (typeof value === 'number' && value > 0.5 && value < 1) return value;
  throw new LowrankError('INVALID_ARGUMENT', invalid('a number between 0.5 and 1', 'confidence', value).message);
}
