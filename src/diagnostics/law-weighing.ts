/**
 * How probable each law is, given a series whose first part may be a transient. Every hypothesis is a law from some start to
 * the end, with or without a floor; what lies before the start is a transient that costs what describing it freely would.
 * So all hypotheses explain the same data, and an information criterion compares them.
 */
import { bin, retimed, slice, type Binned } from './decay-bins';
import { fitDecay, predict, type DecayFit } from './decay-fit';
import { calibratedVariance, noiseVariance } from './series-noise';

export type WeighedLaw = 'linear' | '1/t' | '1/t^2' | 'plateau' | 'power';

/** Usable points, with everything a fit needs. */
export interface Series {
  /** Iterations, rising. */
  readonly t: Float64Array;
  readonly logY: Float64Array;
  /** Variance of the noise at each point, correlation included. */
  readonly variance: Float64Array;
  /** Lag-one correlation of the noise. */
  readonly correlation: number;
}

/** A law on a stretch. */
export interface Hypothesis {
  readonly law: WeighedLaw;
  readonly fit: DecayFit;
  readonly floor: boolean;
  /** Index of the first point. */
  readonly start: number;
  readonly bins: Binned;
  /** Bin time at which the decay meets its floor; 1 without one. */
  readonly seen: number;
  probability: number;
}

export interface Weighing {
  /** The most probable first. */
  readonly hypotheses: readonly Hypothesis[];
  /** Misfit that no law explains, as a factor of the variance; at least 1. */
  readonly inflation: number;
  /** False when no law of the family fits any stretch. */
  readonly adequate: boolean;
}

export interface Weighed {
  /** With the variance that the fits show the noise to have. */
  readonly data: Series;
  readonly weighing: Weighing;
}

/** A plateau moves by less than this in ln y (with 95 % confidence) over the time since the trace began. */
export const FLAT = 0.3;
export const LEAST_POINTS = 8;
const MOST_BINS = 96;
/** How far a law may be from the data in ln y, smoothly, and still hold: 0.5 %, as if in ten independent places. */
const MODEL_ERROR = 0.005;
/** A level reached after a decay by more than the first factor is its floor; below the second factor the decay is a transient. */
const SURE_FLOOR = 100;
const SURE_TRANSIENT = 10;
/** A decay that starts at less than this factor of its floor is no more than a transient either. */
const SLIGHT = 2;
/** Prior odds: a floor in sight, and an exponent other than 0, 1, 2. */
const FLOOR_PRIOR = 0.3;
const OTHER_PRIOR = 0.02;
/** A floor that the decay has not yet met is a poor explanation of a bend. */
const UNSEEN_PRIOR = 0.005;
/** A law after a transient, on a stretch so short that it could not be named. */
const SHORT_PRIOR = 0.1;
/** A power law needs t + t0 to grow by this factor, an exponential a decay by e^1. */
const LEAST_POWER_RANGE = 3;
const LEAST_DECAY = 1;
/**
 * What a transient costs: for each of its numbers (up to four), and for the choice of where it ends. One that is no smooth
 * decay counts as many numbers as bins, with a margin, lest chance in the noise pass for a transient.
 */
const TRANSIENT_NUMBER = 2.2;
const TRANSIENT_NUMBERS = 4;
const TRANSIENT_PLACE = Math.log(8);
const STARTS = [0, 1, 2, 4, 6, 9, 13, 18, 24, 31, 39, 48, 58, 68];
const FIRST_LOOK = [0, 6, 18, 39, 58];
/** Starts between two that are both less probable than this are left out. */
const IMPROBABLE = 1e-4;
const NAMED = [
  ['linear', 0],
  ['1/t^2', 0.5],
  ['1/t', 1],
] as const;

export function series(t: Float64Array, y: Float64Array): Series {
  const logY = y.map(Math.log);
  return { t, logY, variance: noiseVariance(logY), correlation: 0 };
}

/** Bins of the points from `start` on. */
export function binned(data: Series, start: number): Binned {
  const most = Math.min(MOST_BINS, data.t.length - start);
  const model = MODEL_ERROR ** 2 * Math.max(1, most / 10);
  return bin(data.t, data.logY, data.variance, start, data.t.length, most, model);
}

/**
 * Weighs all laws from all starts. A first look with few starts finds the best fit; what that leaves over tells the size of
 * the noise and how far neighbours share it. With that the same starts are weighed again, and those between them where one of
 * them is probable. Some 120 fits of at most 96 bins.
 */
export function weigh(given: Series): Weighed {
  const raw = { data: given, whole: binned(given, 0) };
  const looks = FIRST_LOOK.flatMap((head) => look(raw, head));
  const { fit, start, bins } = weighed(raw, looks).hypotheses[0]!;
  const first = given.t[start]!;
  const residuals = given.logY.slice(start).map((l, i) => l - predict(fit, (given.t[start + i]! - first) / bins.span));
  const data = { ...given, ...calibratedVariance(given.variance, residuals, start) };
  const calibrated = { data, whole: binned(data, 0) };
  const again = looks.flatMap((known) => look(calibrated, known.head.bins, known));
  weighed(calibrated, again);
  const between = near(again).flatMap((head) => look(calibrated, head));
  return { data, weighing: weighed(calibrated, [...again, ...between]) };
}

interface Subject {
  readonly data: Series;
  /** All of it. */
  readonly whole: Binned;
}

/** All fits from one start. */
interface Look {
  readonly head: Head;
  readonly hypotheses: readonly Hypothesis[];
  /** With a free exponent. */
  readonly best: DecayFit;
}

/**
 * Nothing when too few points are left.
 *
 * @param headBins bins left out as a transient
 * @param known the same to other weights: where the fits begin
 */
function look({ data, whole }: Subject, headBins: number, known?: Look): Look[] {
  if (whole.time.length - headBins < LEAST_POINTS) return [];
  const start = whole.first[headBins]!;
  if (data.t.length - start < LEAST_POINTS) return [];
  const top = whole.level.reduce((most, level) => Math.max(most, level), -Infinity);
  const all = fitAll(data, top, later(data, whole, headBins), start, known?.hypotheses);
  return [{ head: describeHead(whole, headBins, known?.head.fit), ...all }];
}

/** Starts that were not looked from, between the one before the first that is probable and the one after the last. */
function near(looks: readonly Look[]): readonly number[] {
  const heads = looks.map(({ head }) => head.bins);
  const probable = looks.map(({ hypotheses }) => hypotheses.some((h) => h.probability > IMPROBABLE));
  const from = heads[probable.indexOf(true) - 1] ?? 0;
  const to = heads[probable.lastIndexOf(true) + 1] ?? Infinity;
  return STARTS.filter((head) => head > from && head < to && !heads.includes(head));
}

function weighed({ data, whole }: Subject, looks: readonly Look[]): Weighing {
  // The noise is known from the stretch that a free exponent fits best, if that is not too short to say.
  const enough = Math.min(20, whole.time.length / 2);
  const chosen = looks
    .map(({ hypotheses, best }) => hypotheses[0]!.bins.time.length - best.parameters)
    .map((freedom, i) => ({ freedom, value: looks[i]!.best.chi2 / freedom }))
    .filter(({ freedom }) => freedom >= enough && freedom > 1)
    .reduce((a, b) => (b.value < a.value ? b : a), { freedom: enough, value: Infinity });
  const tolerated = (1 + 4 * Math.sqrt(2 / chosen.freedom)) * (1 + 2 * data.correlation);
  const inflation = Math.max(1, Math.min(chosen.value, tolerated));
  normalize(looks, inflation);
  const hypotheses = looks.flatMap((one) => one.hypotheses).sort((a, b) => b.probability - a.probability);
  return { hypotheses, inflation, adequate: chosen.value <= tolerated };
}

/** Posterior probabilities by the information criterion; a free exponent pays for how precisely it is set. */
function normalize(looks: readonly Look[], inflation: number): void {
  const found = looks.flatMap(({ head, hypotheses }) => hypotheses.map((hypothesis) => ({ hypothesis, head })));
  const logs = found.map(({ hypothesis, head }) => {
    const { law, floor, fit, bins } = hypothesis;
    const smooth = head.chi2 / (2 * inflation) + TRANSIENT_NUMBER * Math.min(TRANSIENT_NUMBERS, head.bins);
    const free = head.bins * 0.6 + Math.sqrt(2 * head.bins) + 5;
    let log = -fit.chi2 / (2 * inflation) - Math.min(smooth, free);
    if (head.bins > 0) log -= TRANSIENT_PLACE;
    if (floor) log += Math.log(hypothesis.seen < 1 ? FLOOR_PRIOR : UNSEEN_PRIOR) - Math.log(bins.time.length) / 2;
    if (head.bins > 0 && law !== 'plateau' && rangeOf(hypothesis) < 1) log += Math.log(SHORT_PRIOR);
    if (law === 'power') {
      const spread = Math.sqrt(2 * Math.PI * inflation) * fit.qError;
      log += Math.log(OTHER_PRIOR) + Math.min(0, Math.log(spread / 1.5));
    }
    return log;
  });
  const most = logs.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = logs.reduce((sum, log) => sum + Math.exp(log - most), 0);
  found.forEach(({ hypothesis }, i) => {
    hypothesis.probability = Math.exp(logs[i]! - most) / total;
  });
}

/** The range on which a decay is seen above its floor, in units of what it takes to name its law. */
export function rangeOf({ fit, seen }: Hypothesis): number {
  const reach = fit.lambda * seen;
  return fit.q === 0 ? reach / LEAST_DECAY : Math.log1p(Math.max(0, fit.q * reach)) / Math.log(LEAST_POWER_RANGE);
}

/** The bins before the start, and what a smooth decay through them leaves over. */
interface Head {
  readonly bins: number;
  readonly chi2: number;
  readonly fit?: DecayFit;
}

function describeHead(whole: Binned, bins: number, known?: DecayFit): Head {
  if (bins <= TRANSIENT_NUMBERS) return { bins, chi2: 0 };
  const part = retimed(slice(whole, 0, bins), whole.time[0]!, whole.time[bins - 1]!);
  const fit = fitDecay(part, { floor: true }, known ?? fitDecay(part, { q: 0.5, floor: true }));
  return { bins, chi2: fit.chi2, fit };
}

/** The bins from the head-th on, with time from 0 to 1 again. */
function later(data: Series, whole: Binned, head: number): Binned {
  if (head === 0) return whole;
  const origin = (data.t[whole.first[head]!]! - data.t[0]!) / whole.span;
  return retimed(slice(whole, head), origin, 1);
}

/**
 * Every law with and without a floor, and the best fit with a free exponent.
 *
 * @param known the same, fitted to other weights
 */
function fitAll(
  data: Series,
  top: number,
  bins: Binned,
  start: number,
  known?: readonly Hypothesis[],
): { hypotheses: Hypothesis[]; best: DecayFit } {
  const hypotheses: Hypothesis[] = [];
  let best: DecayFit | undefined;
  for (const floor of [false, true]) {
    const before = known?.filter((h) => h.floor === floor);
    const fits = NAMED.map(([law, q], i) => ({ law, fit: fitDecay(bins, { q, floor }, before?.[i]?.fit) }));
    const nearest = fits.reduce((a, b) => (b.fit.chi2 < a.fit.chi2 ? b : a)).fit;
    const free = fitDecay(bins, { floor }, nearest);
    for (const { law, fit } of [...fits, { law: 'power' as const, fit: free }]) {
      const seen = floor ? meeting(fit, bins) : 1;
      hypotheses.push({
        law: named(data, top, law, fit, floor, start, bins, seen),
        fit,
        floor,
        start,
        bins,
        seen,
        probability: 0,
      });
    }
    // The floor counts as a number more.
    if (best === undefined || free.chi2 * (bins.time.length - 3) < best.chi2 * (bins.time.length - 4)) best = free;
  }
  return { hypotheses, best: best! };
}

/** A law that hardly moves, or that is but the way to a level, is a plateau. */
function named(
  data: Series,
  top: number,
  law: WeighedLaw,
  fit: DecayFit,
  floor: boolean,
  start: number,
  bins: Binned,
  seen: number,
): WeighedLaw {
  const scale = (data.t[data.t.length - 1]! - data.t[0]!) / bins.span;
  if ((predict(fit, 0) - predict(fit, 1)) * scale < FLAT) return 'plateau';
  return floor && isTransient(data, top, fit, start, bins, seen) ? 'plateau' : law;
}

/**
 * True when the level behind the decay is what lasts, and the decay but the way there. The drop counts from the top of the
 * series, so that the answer does not hang on where the stretch is taken to start.
 */
function isTransient(data: Series, top: number, fit: DecayFit, start: number, bins: Binned, seen: number): boolean {
  const first = data.t[0]!;
  const end = data.t[start]! + seen * bins.span;
  const share = (end - first) / (data.t[data.t.length - 1]! - first);
  let inside = 0;
  for (let i = start; i < data.t.length && data.t[i]! <= end; i++) inside++;
  if (fit.logScale - fit.logFloor < Math.log(SLIGHT)) return share < 0.5;
  return isWayDown(Math.exp(top - fit.logFloor), share, inside);
}

/**
 * Which of the two counts, a decay or the level behind it: true when the decay is but the way down to a plateau.
 *
 * @param drop factor from the top of the series to the level
 * @param share of the time until the decay meets the level
 * @param points on the decay
 */
export function isWayDown(drop: number, share: number, points: number): boolean {
  if (drop >= SURE_FLOOR) return points < LEAST_POINTS;
  if (drop <= SURE_TRANSIENT) return share < 0.5;
  return points < 2 * LEAST_POINTS || share < 0.2;
}

/** Bin time at which the decay meets its floor. */
function meeting(fit: DecayFit, bins: Binned): number {
  const bare = { ...fit, logFloor: -Infinity };
  if (predict(bare, 1) > fit.logFloor) return 1;
  let [low, high] = [0, 1];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (predict(bare, middle) > fit.logFloor) low = middle;
    else high = middle;
  }
  return Math.max(low, bins.time[1]!);
}
