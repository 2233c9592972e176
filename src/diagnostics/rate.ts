/**
 * Which law a quantity follows along the iterations: linear (exponential) decay, 1/t, 1/t^2, or a plateau; and 'undecided'
 * where the data do not tell. docs/diagnostics.md has the method and measured error rates.
 */
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import type { Trace } from '../solvers/result';
import { bin, fitDecay, predict, type Binned, type DecayFit } from './decay-fit';
import { measureNoise } from './series-noise';
import { traceColumns } from './trace-columns';

export type RateLaw = 'linear' | '1/t' | '1/t^2' | 'plateau' | 'undecided';

export interface RateOptions {
  /** First and last iteration that may count. Default: all. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** The least probability at which a law is named, in (0.5, 1). Default 0.95. */
  readonly confidence?: number | undefined;
}

/** A law that was weighed. 'power' is t^-p with p neither 1 nor 2. */
export interface RateAlternative {
  readonly law: 'linear' | '1/t' | '1/t^2' | 'plateau' | 'power';
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

/** Fewer points than this tell nothing. */
const LEAST_POINTS = 8;
const MOST_BINS = 64;
/** How far a law may be from the data in ln y, smoothly, and still hold: 1 %, as if in ten independent places. */
const MODEL_ERROR = 0.01;
/** A plateau moves by less than this in ln y (with 95 % confidence) over the time since the trace began. */
const FLAT = 0.3;
const SURELY_FLAT = 0.1;
/** A power law needs t + t0 to grow by this factor on the window, an exponential a decay by e^1. */
const LEAST_POWER_RANGE = 3;
const LEAST_DECAY = 1;
/** A level reached after a decay by more than the first factor is its floor; below the second factor the decay is a transient. */
const SURE_FLOOR = 100;
const SURE_TRANSIENT = 10;
/** Prior odds: a floor in sight, and an exponent other than 0, 1, 2. */
const FLOOR_PRIOR = 0.1;
const OTHER_PRIOR = 0.05;
/** Fractions of the stretch at which the transient may end. */
const STARTS = [0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.27, 0.35, 0.43, 0.51, 0.6, 0.7, 0.8];

/** Usable points, with everything a fit needs. */
interface Series {
  readonly t: Float64Array;
  readonly logY: Float64Array;
  /** Variance of the noise at each point, correlation included. */
  readonly variance: Float64Array;
  /** Lag-one correlation of the noise. */
  readonly correlation: number;
}

interface Weighed {
  readonly law: RateAlternative['law'];
  readonly fit: DecayFit;
  readonly floor: boolean;
  probability: number;
}

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
  const least = given['confidence'] === undefined ? 0.95 : confidenceOption(given['confidence']);
  const columns: Record<string, ArrayLike<number>> = traceColumns(trace, [column], 'rate');
  const { t, y } = usable(columns['iteration']!, columns[column]!, from, to);
  if (t.length < LEAST_POINTS) {
    const why = `Only ${t.length} positive finite values: at least ${LEAST_POINTS} are needed.`;
    return undecided(t, 0, t.length, [], why);
  }
  const level = (a: number, b: number): number => median(y.slice(Math.floor(a * y.length), Math.ceil(b * y.length)));
  // What grows is looked at upside down: exponential growth is a linear law too, with a slope above zero.
  const grows =
    level(0.9, 1) > 1.3 * level(0, 0.1) && level(0.9, 1) > 1.3 * level(0.3, 0.5) ** 0.5 * level(0, 0.1) ** 0.5;
  const estimate = decide(t, grows ? y.map((value) => 1 / value) : y, least);
  if (!grows) return estimate;
  return estimate.law === 'linear' || estimate.law === 'plateau' ? upright(estimate) : notGrowing(estimate, t);
}

function decide(t: Float64Array, y: Float64Array, least: number): RateEstimate {
  const whole = scan(series(t, y), least);
  if (whole.law !== 'undecided') return whole;
  // A floor that is itself uneven (rounding) fits no constant: look at what lies clearly above it.
  const end = aboveFloor(y);
  if (end < LEAST_POINTS || end === y.length) return whole;
  const cut = scan(series(t.subarray(0, end), y.subarray(0, end)), least);
  return cut.law === 'undecided' || cut.law === 'plateau' ? whole : cut;
}

function series(t: Float64Array, y: Float64Array): Series {
  const logY = y.map(Math.log);
  return { t, logY, ...measureNoise(logY) };
}

/** Looks for the earliest start from which one law holds to the end. */
function scan(data: Series, least: number): RateEstimate {
  const n = data.t.length;
  let fallback: RateEstimate | undefined;
  for (const fraction of STARTS) {
    const start = Math.floor(fraction * n);
    if (n - start < LEAST_POINTS) break;
    const found = judge(data, start, least);
    if (found === undefined) continue;
    if (found.final) return found.estimate;
    fallback ??= found.estimate;
  }
  return fallback ?? undecided(data.t, 0, n, [], 'No stretch at the end follows any of the laws.');
}

/** What the stretch from `start` to the end says; undefined when no law of the family fits it. */
function judge(data: Series, start: number, least: number): { estimate: RateEstimate; final: boolean } | undefined {
  const n = data.t.length;
  const most = Math.min(MOST_BINS, n - start);
  const bins = bin(data.t, data.logY, data.variance, start, n, most, MODEL_ERROR ** 2 * Math.max(1, most / 10));
  if (bins.time.length < LEAST_POINTS) return undefined;
  const line = straightLine(bins);
  const weighed = weigh(bins);
  const flexible = weighed.best;
  const freedom = bins.time.length - flexible.parameters;
  const dispersion = flexible.chi2 / freedom;
  const tolerated = (1 + 4 * Math.sqrt(2 / freedom)) * (1 + 2 * Math.max(0, data.correlation));
  const inflation = Math.max(1, Math.min(dispersion, tolerated));
  const flat = plateau(data, start, bins, line, tolerated);
  if (flat !== undefined) return { estimate: flat, final: true };
  if (dispersion > tolerated) return undefined;
  normalize(weighed.laws, bins, inflation);
  const alternatives = listed(weighed.laws, bins);
  const winner = weighed.laws.reduce((a, b) => (b.probability > a.probability ? b : a));
  const probability = weighed.laws.reduce((sum, w) => (w.law === winner.law ? sum + w.probability : sum), 0);
  const none = (why: string, final: boolean): { estimate: RateEstimate; final: boolean } => ({
    estimate: undecided(data.t, start, n, alternatives, why),
    final,
  });
  const seen = visible(winner, bins);
  if (drifts(bins, winner, seen, inflation)) return none('The law changes along the stretch.', false);
  if (probability < least) return none('More than one law fits as well.', true);
  if (winner.law === 'power') {
    return none(`The exponent ${(1 / winner.fit.q).toPrecision(3)} is neither 1 nor 2.`, true);
  }
  const range = rangeProblem(winner, seen);
  if (range !== undefined) return none(range, true);
  if (winner.floor && isTransient(data, start, winner, bins, seen)) {
    const rest = tail(data, start, winner, bins);
    return rest === undefined
      ? none('A decay, then a level too short to tell.', true)
      : { estimate: rest, final: true };
  }
  return { estimate: lawEstimate(data, start, winner, probability, alternatives, bins, seen, inflation), final: true };
}

/** Fits every law with and without a floor. */
function weigh(bins: Binned): { laws: Weighed[]; best: DecayFit } {
  const laws: Weighed[] = [];
  const named = [
    ['linear', 0],
    ['1/t^2', 0.5],
    ['1/t', 1],
  ] as const;
  let best: DecayFit | undefined;
  for (const floor of [false, true]) {
    const fits = named.map(([law, q]) => ({ law, floor, fit: fitDecay(bins, { q, floor }), probability: 0 }));
    const near = fits.reduce((a, b) => (b.fit.chi2 < a.fit.chi2 ? b : a)).fit;
    const free = fitDecay(bins, { floor }, near);
    laws.push(...fits, { law: 'power', floor, fit: free, probability: 0 });
    if (best === undefined || free.chi2 / (bins.time.length - 4) < best.chi2 / (bins.time.length - 3)) best = free;
  }
  return { laws, best: best! };
}

/** Posterior probabilities by the information criterion; the free exponent pays for its own spread. */
function normalize(laws: Weighed[], bins: Binned, inflation: number): void {
  const least = laws.reduce((low, { fit }) => Math.min(low, fit.chi2), Infinity);
  let total = 0;
  for (const w of laws) {
    let log = -(w.fit.chi2 - least) / (2 * inflation);
    if (w.floor) log += Math.log(FLOOR_PRIOR) - Math.log(bins.time.length) / 2;
    if (w.law === 'power') {
      const spread = Math.sqrt(2 * Math.PI * inflation) * w.fit.qError;
      log += Math.log(OTHER_PRIOR) + Math.min(0, Math.log(spread / 1.5));
    }
    w.probability = Math.exp(log);
    total += w.probability;
  }
  for (const w of laws) w.probability /= total;
}

function listed(laws: readonly Weighed[], bins: Binned): RateAlternative[] {
  return laws
    .map(({ law, floor, probability, fit }) => ({
      law,
      floor,
      probability,
      slope: fit.q === 0 ? -fit.lambda / bins.span : -1 / fit.q,
    }))
    .sort((a, b) => b.probability - a.probability);
}

/** Bin time at which the decay meets its floor; 1 without one. */
function visible({ fit, floor }: Weighed, bins: Binned): number {
  if (!floor) return 1;
  let [low, high] = [0, 1];
  const above = (time: number): boolean => predict({ ...fit, logFloor: -Infinity }, time) > fit.logFloor;
  if (above(1)) return 1;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (above(middle)) low = middle;
    else high = middle;
  }
  return Math.max(low, bins.time[1]!);
}

/** The later half of the window has another shape. */
function drifts(bins: Binned, winner: Weighed, seen: number, inflation: number): boolean {
  const inside = bins.time.filter((time) => time <= seen).length;
  if (winner.floor || inside < 2 * LEAST_POINTS) return false;
  const half = Math.floor(inside / 2);
  const offset = bins.time[half]!;
  const part: Binned = {
    time: bins.time.slice(half).map((time) => time - offset),
    level: bins.level.slice(half),
    weight: bins.weight.slice(half),
    span: bins.span,
  };
  const fixed = fitDecay(part, { q: winner.fit.q, floor: false });
  const free = fitDecay(part, { floor: false }, fixed);
  return (fixed.chi2 - free.chi2) / inflation > 12;
}

function rangeProblem({ law, fit }: Weighed, seen: number): string | undefined {
  const reach = fit.lambda * seen;
  if (law === 'linear')
    return reach >= LEAST_DECAY ? undefined : `It falls only by a factor of ${show(Math.exp(reach))}.`;
  const factor = 1 + fit.q * reach;
  if (factor >= LEAST_POWER_RANGE) return undefined;
  return `t + t0 grows only by a factor of ${show(factor)} on the window: too short in log t.`;
}

/** True when the level behind the decay is what lasts, and the decay but the way there. */
function isTransient(data: Series, start: number, { fit }: Weighed, bins: Binned, seen: number): boolean {
  const drop = Math.exp(fit.logScale - fit.logFloor);
  const first = data.t[start]!;
  const inside = data.t.filter((t) => t >= first && t <= first + seen * bins.span).length;
  if (drop >= SURE_FLOOR) return inside < LEAST_POINTS;
  if (drop <= SURE_TRANSIENT) return seen < 0.5;
  return inside < 2 * LEAST_POINTS || seen < 0.2;
}

/** The plateau behind a transient. */
function tail(data: Series, start: number, { fit }: Weighed, bins: Binned): RateEstimate | undefined {
  const first = data.t[start]!;
  const bare = { ...fit, logFloor: -Infinity };
  let at = start;
  while (at < data.t.length && predict(bare, (data.t[at]! - first) / bins.span) > fit.logFloor - 3.5) at++;
  if (data.t.length - at < LEAST_POINTS) return undefined;
  const most = Math.min(MOST_BINS, data.t.length - at);
  const rest = bin(
    data.t,
    data.logY,
    data.variance,
    at,
    data.t.length,
    most,
    MODEL_ERROR ** 2 * Math.max(1, most / 10),
  );
  return plateau(data, at, rest, straightLine(rest), Infinity);
}

interface Line {
  /** Per unit of bin time. */
  readonly slope: number;
  readonly error: number;
  readonly dispersion: number;
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
  return { slope, error: Math.sqrt(Math.max(1, dispersion) / tt), dispersion };
}

/** A test of equivalence: the stretch is flat when a change that mattered can be excluded. */
function plateau(data: Series, start: number, bins: Binned, line: Line, tolerated: number): RateEstimate | undefined {
  const { slope, error } = line;
  const n = data.t.length;
  const scale = (data.t[n - 1]! - data.t[0]!) / bins.span;
  if ((Math.abs(slope) + 2 * error) * scale > FLAT || line.dispersion > tolerated) return undefined;
  if (Math.abs(slope) * scale > SURELY_FLAT && Math.abs(slope) > 3 * error) return undefined;
  const perIteration = slope / bins.span;
  const half = (studentT(bins.time.length - 2) * error) / bins.span;
  const confidence = 1 - tailProbability((FLAT / scale - Math.abs(slope)) / error);
  return {
    law: 'plateau',
    slope: perIteration,
    interval: [perIteration - half, perIteration + half],
    window: [data.t[start]!, data.t[n - 1]!],
    confidence,
    alternatives: [{ law: 'plateau', floor: false, probability: confidence, slope: perIteration }],
    offset: NaN,
    floor: 0,
    noise: noiseOn(data, start, n),
    points: n - start,
    reason: `It moves by less than ${show(100 * (Math.exp((Math.abs(slope) + 2 * error) * scale) - 1))} % in all.`,
  };
}

function lawEstimate(
  data: Series,
  start: number,
  winner: Weighed,
  confidence: number,
  alternatives: readonly RateAlternative[],
  bins: Binned,
  seen: number,
  inflation: number,
): RateEstimate {
  const { fit, law, floor } = winner;
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
    floor: floor ? Math.exp(fit.logFloor) : 0,
    noise: noiseOn(data, start, end),
    points: end - start,
    reason: `${end - start} points follow ${what}${floor ? ' down to a floor' : ''}.`,
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
    reason: estimate.law === 'linear' ? estimate.reason.replace('decay', 'growth') : estimate.reason,
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

/** Where a visible floor begins: the first point within a factor of 5 of the level at the end; the length without a floor. */
function aboveFloor(y: Float64Array): number {
  const end = y.slice(Math.floor(0.9 * y.length));
  const level = median(end);
  const at = y.findIndex((value) => value < 5 * level);
  if (at < 0 || y[0]! < 30 * level) return y.length;
  return y.length - at >= Math.max(LEAST_POINTS, 0.1 * y.length) ? at : y.length;
}

function noiseOn(data: Series, start: number, end: number): number {
  const rho = data.correlation;
  return Math.sqrt(median(data.variance.slice(start, end)) / ((1 + rho) / (1 - rho)));
}

export function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** 97.5 % point of Student's t, to 1 %. */
function studentT(freedom: number): number {
  const f = Math.max(1, freedom);
  return f < 3 ? (f < 2 ? 12.7 : 4.3) : 1.96 + 2.4 / f + 3 / (f * f);
}

/** Chance of a normal number beyond z. */
function tailProbability(z: number): number {
  const x = Math.max(0, z);
  // Abramowitz and Stegun 26.2.17 in the short form, good to 1e-5.
  const k = 1 / (1 + 0.33267 * x);
  const p = 0.3989423 * Math.exp((-x * x) / 2) * (0.4361836 * k - 0.1201676 * k * k + 0.937298 * k * k * k);
  return z >= 0 ? p : 1 - p;
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
