/** What a weighing of the laws says: the law on its stretch, with slope and interval, or why there is none. */
import type { Binned } from './decay-bins';
import { fitDecay, predict } from './decay-fit';
import {
  binned,
  FLAT,
  LEAST_POINTS,
  rangeOf,
  type Hypothesis,
  type Series,
  type Weighed,
  type WeighedLaw,
} from './law-weighing';

export type RateLaw = 'linear' | '1/t' | '1/t^2' | 'plateau' | 'undecided';

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

/** @param least probability from which on a law is named */
export function judge({ data, weighing }: Weighed, least: number): RateEstimate {
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

export function undecided(
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

export function show(value: number): string {
  return String(Number(value.toPrecision(2)));
}
