/**
 * Which law a quantity follows along the iterations: linear (exponential) decay, 1/t, 1/t^2, or a plateau; and 'undecided'
 * where the data do not tell. docs/diagnostics.md has the method and measured error rates.
 */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import type { Trace } from '../solvers/result';
import { fitDecay, predict, type Binned } from './decay-fit';
import {
  binned,
  FLAT,
  isWayDown,
  LEAST_POINTS,
  rangeOf,
  series,
  weigh,
  type Hypothesis,
  type Series,
  type WeighedLaw,
} from './law-weighing';
import { traceColumns } from './trace-columns';

export type RateLaw = 'linear' | '1/t' | '1/t^2' | 'plateau' | 'undecided';

export interface RateOptions {
  /** First and last iteration that may count. Default: all. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** The least probability at which a law is named, in (0.5, 1). Default 0.9. */
  readonly confidence?: number | undefined;
}

/** A law that was weighed. 'power' is t^-p with p neither 1 nor 2. */
export interface RateAlternative {
  readonly law: WeighedLaw;
  /** With a constant added to the decay, which it runs into. */
  readonly floor: boolean;
  readonly probability: number;
  /** As `slope` of the estimate. */
  readonly slope: number;
}

export interface RateEstimate {
  readonly law: RateLaw;
  /**
   * 'linear' and 'plateau': d ln y / dt per iteration, below 0 for a decay. Power laws: d ln y / d ln(t + offset), near -1 or -2,
   * fitted without assuming the law. NaN when undecided.
   */
  readonly slope: number;
  /** 95 % confidence interval of the slope. */
  readonly interval: readonly [number, number];
  /** First and last iteration of the last stretch on which the law holds; when undecided, of the stretch looked at. */
  readonly window: readonly [number, number];
  /** Probability of the law among those weighed, 0 to 1; 0 when undecided. */
  readonly confidence: number;
  /** Every law weighed, the most probable first. */
  readonly alternatives: readonly RateAlternative[];
  /** Power laws: t0 of y = c / (t + t0)^p, in iterations; NaN otherwise. */
  readonly offset: number;
  /** Level of the floor that the decay runs into; 0 where none is seen. In units of the column. */
  readonly floor: number;
  /** Standard deviation of the noise in ln y on the window, that is, relative to y. */
  readonly noise: number;
  /** Recorded points on the window. */
  readonly points: number;
  /** One sentence: what the answer rests on, or why there is none. */
  readonly reason: string;
}

/** A plateau may move by this (in ln y) even when the movement is beyond doubt. */
const SURELY_FLAT = 0.1;
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

function judge({ data, weighing }: ReturnType<typeof weigh>, least: number): RateEstimate {
  const { hypotheses, inflation, adequate } = weighing;
  const alternatives = listed(hypotheses);
  const law = alternatives[0]!.law;
  const confidence = alternatives[0]!.probability;
  const best = hypotheses.find((h) => h.law === law)!;
  // The same law from an earlier start, where the best start leaves too short a window to see it.
  const seen = hypotheses.find((h) => h.law === law && rangeOf(h) >= 1 && h.probability > 0.05 * best.probability);
  const winner = seen ?? best;
  const none = (why: string): RateEstimate => undecided(data.t, winner.start, data.t.length, alternatives, why);
  if (!adequate) return none('No stretch at the end follows any of the laws.');
  if (confidence < least) return none(`${alternatives[0]!.law} and ${alternatives[1]!.law} fit alike.`);
  if (law === 'power') return none(powerReason(winner.fit.q));
  if (law === 'plateau') {
    for (const h of hypotheses) {
      if (h.law !== 'plateau' || h.probability < 0.01) continue;
      const flat = plateau(data, h, confidence, alternatives);
      if (flat !== undefined) return flat;
    }
    return none('Too noisy or too short to call it flat.');
  }
  if (drifts(winner, inflation)) return none('The law changes along the stretch.');
  if (seen === undefined) return none(rangeProblem(winner));
  return lawEstimate(data, winner, confidence, alternatives, inflation);
}

function powerReason(q: number): string {
  if (q < 0.02) return 'It falls faster than exponentially.';
  return `The exponent ${show(1 / q)} is neither 1 nor 2.`;
}

/** One line per law, over all starts, with the slope of its best one. */
function listed(hypotheses: readonly Hypothesis[]): RateAlternative[] {
  const out = new Map<string, RateAlternative>();
  for (const { law, floor, probability, fit, bins } of hypotheses) {
    const known = out.get(law);
    const slope = law === 'plateau' ? 0 : law === 'linear' ? -fit.lambda / bins.span : -1 / Math.max(fit.q, 1e-3);
    out.set(
      law,
      known ? { ...known, probability: known.probability + probability } : { law, floor, probability, slope },
    );
  }
  return [...out.values()].sort((a, b) => b.probability - a.probability);
}

/** The later half of the window has another shape. */
function drifts({ fit, floor, bins }: Hypothesis, inflation: number): boolean {
  if (floor || bins.time.length < 2 * LEAST_POINTS) return false;
  const half = bins.time.length >> 1;
  const offset = bins.time[half]!;
  const part: Binned = {
    time: bins.time.slice(half).map((time) => time - offset),
    level: bins.level.slice(half),
    weight: bins.weight.slice(half),
    first: bins.first.slice(half),
    span: bins.span,
  };
  const fixed = fitDecay(part, { q: fit.q, floor: false });
  const free = fitDecay(part, { floor: false }, fixed);
  return (fixed.chi2 - free.chi2) / inflation > 12;
}

function rangeProblem({ law, fit, seen }: Hypothesis): string {
  const reach = fit.lambda * seen;
  if (law === 'linear') return `It falls only by a factor of ${show(Math.exp(reach))}: too little to tell its law.`;
  return `t + t0 grows only by a factor of ${show(1 + fit.q * reach)} on the window: too short in log t.`;
}

interface Line {
  /** Per unit of bin time. */
  readonly slope: number;
  readonly error: number;
}

function straightLine({ time, level, weight }: Binned): Line {
  let [w, wt, wl] = [0, 0, 0];
  for (let b = 0; b < time.length; b++) {
    w += weight[b]!;
    wt += weight[b]! * time[b]!;
    wl += weight[b]! * level[b]!;
  }
  const [meanT, meanL] = [wt / w, wl / w];
  let [tt, tl, chi2] = [0, 0, 0];
  for (let b = 0; b < time.length; b++) {
    tt += weight[b]! * (time[b]! - meanT) ** 2;
    tl += weight[b]! * (time[b]! - meanT) * (level[b]! - meanL);
  }
  const slope = tl / tt;
  for (let b = 0; b < time.length; b++) {
    chi2 += weight[b]! * (level[b]! - meanL - slope * (time[b]! - meanT)) ** 2;
  }
  const dispersion = chi2 / (time.length - 2);
  return { slope, error: Math.sqrt(Math.max(1, dispersion) / tt) };
}

/**
 * The level, from where a transient before it has died away. A test of equivalence: undefined unless a change that matters
 * can be excluded.
 */
function plateau(
  data: Series,
  { fit, floor, bins: all, start }: Hypothesis,
  confidence: number,
  alternatives: readonly RateAlternative[],
): RateEstimate | undefined {
  const n = data.t.length;
  let at = start;
  if (floor) {
    const bare = { ...fit, logFloor: -Infinity };
    const gone = Math.min(fit.logFloor - 3.5, fit.logScale - 1e-9);
    while (at < n && predict(bare, (data.t[at]! - data.t[start]!) / all.span) > gone) at++;
  }
  if (n - at < LEAST_POINTS) return undefined;
  const bins = binned(data, at);
  if (bins.time.length < 3) return undefined;
  const { slope, error } = straightLine(bins);
  const scale = (data.t[n - 1]! - data.t[0]!) / bins.span;
  const most = (Math.abs(slope) + 2 * error) * scale;
  if (most > FLAT) return undefined;
  if (Math.abs(slope) * scale > SURELY_FLAT && Math.abs(slope) > 3 * error) return undefined;
  const perIteration = slope / bins.span;
  const half = (studentT(bins.time.length - 2) * error) / bins.span;
  return {
    law: 'plateau',
    slope: perIteration,
    interval: [perIteration - half, perIteration + half],
    window: [data.t[at]!, data.t[n - 1]!],
    confidence,
    alternatives,
    offset: NaN,
    floor: 0,
    noise: noiseOn(data, at, n),
    points: n - at,
    reason: `It moves by less than ${show(100 * Math.expm1(most))} % over the length of the trace.`,
  };
}

function lawEstimate(
  data: Series,
  { fit, law, floor, start, bins, seen }: Hypothesis,
  confidence: number,
  alternatives: readonly RateAlternative[],
  inflation: number,
): RateEstimate {
  const first = data.t[start]!;
  let end = data.t.length;
  while (end > start + 1 && data.t[end - 1]! > first + seen * bins.span) end--;
  const wide = studentT(bins.time.length - fit.parameters) * Math.sqrt(inflation);
  let slope: number;
  let interval: [number, number];
  if (law === 'linear') {
    slope = -fit.lambda / bins.span;
    const factor = Math.exp(wide * fit.lambdaError);
    interval = [slope * factor, slope / factor];
  } else {
    const free = fitDecay(bins, { floor }, fit);
    slope = -1 / Math.max(free.q, 1e-3);
    const around = wide * free.qError;
    interval = [-1 / Math.max(free.q - around, 1e-3), -1 / (free.q + around)];
  }
  const what = law === 'linear' ? 'exponential decay' : law;
  return {
    law: law as RateLaw,
    slope,
    interval,
    window: [first, data.t[end - 1]!],
    confidence,
    alternatives,
    offset: law === 'linear' ? NaN : bins.span / (fit.q * fit.lambda) - first,
    floor: floor && seen < 1 ? Math.exp(fit.logFloor) : 0,
    noise: noiseOn(data, start, end),
    points: end - start,
    reason: `${end - start} points follow ${what}${floor && seen < 1 ? ' down to a floor' : ''}.`,
  };
}

function undecided(
  t: Float64Array,
  start: number,
  end: number,
  alternatives: readonly RateAlternative[],
  reason: string,
): RateEstimate {
  return {
    law: 'undecided',
    slope: NaN,
    interval: [NaN, NaN],
    window: [t[start] ?? NaN, t[end - 1] ?? NaN],
    confidence: 0,
    alternatives,
    offset: NaN,
    floor: 0,
    noise: NaN,
    points: end - start,
    reason,
  };
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

function noiseOn(data: Series, start: number, end: number): number {
  const rho = data.correlation;
  return Math.sqrt(median(data.variance.slice(start, end)) / ((1 + rho) / (1 - rho)));
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** 97.5 % point of Student's t, to 1 %. */
function studentT(freedom: number): number {
  const f = Math.max(1, freedom);
  return f < 3 ? (f < 2 ? 12.7 : 4.3) : 1.96 + 2.4 / f + 3 / (f * f);
}

function finite(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid('a finite number', name, value);
}

function confidenceOption(value: unknown): number {
  if (typeof value === 'number' && value > 0.5 && value < 1) return value;
  throw new LowrankError('INVALID_ARGUMENT', invalid('a number between 0.5 and 1', 'confidence', value).message);
}

function show(value: number): string {
  return String(Number(value.toPrecision(2)));
}
