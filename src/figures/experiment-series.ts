/** What of an experiment's series is drawn, and in which colour: points thinned to what a picture can show. */
import type { Axis, Panel, Series } from '../experiments/experiment';
import { colours, groupColours } from './theme';

export interface DrawnPoint {
  readonly x: number;
  readonly y: number;
  /** Lines are broken where a value is missing or cannot be shown. */
  readonly segment: number;
}

export interface DrawnSeries {
  readonly label: string;
  readonly style: Series['style'];
  readonly colour: string;
  /** Of predicted lines. */
  readonly dash: readonly number[];
  readonly points: readonly DrawnPoint[];
}

/** A sweep of few points shows where they are; a course of many does not need to. */
export const fewPoints = 25;

/** More would be several to a pixel. */
const mostPoints: Record<Series['style'], number> = {
  measured: 1200,
  predicted: 600,
  median: 1200,
  seed: 400,
  points: 2000,
};

/** Thin ones first, so that medians and laws lie above them. */
const drawingOrder: readonly Series['style'][] = ['seed', 'measured', 'median', 'points', 'predicted'];

/**
 * Groups of measured series take colours in the order in which they first occur, over all panels: one group, one colour in
 * the whole figure.
 */
export function groupsOf(panels: readonly Panel[]): string[] {
  const measured = panels.flatMap(({ series }) => series.filter(({ style }) => style !== 'predicted'));
  return [...new Set(measured.map(groupOf))];
}

/** The law of a group is dashed like all laws; lines that belong to no group are told from each other by their dashes. */
const lawDash = [5, 4];
const otherDashes: readonly (readonly number[])[] = [lawDash, [1.5, 3], [9, 3, 2, 3], [12, 4]];

export function groupOf({ group, label }: Series): string {
  return group ?? label;
}

/** The series of a panel as they are drawn, from the back to the front; those without a point that can be shown are left out. */
export function drawnSeries({ x, y, series }: Panel, groups: readonly string[]): DrawnSeries[] {
  const others = [...new Set(series.map(groupOf).filter((group) => !groups.includes(group)))];
  const first = series.some((one) => one.style === 'predicted' && groups.includes(groupOf(one))) ? 1 : 0;
  return drawingOrder
    .flatMap((style) => series.filter((one) => one.style === style))
    .map((one) => {
      const { label, style } = one;
      const points = thin(visible(one, x, y), x.scale, mostPoints[style]);
      const group = groups.indexOf(groupOf(one));
      if (group < 0) {
        const dash = otherDashes[(first + others.indexOf(groupOf(one))) % otherDashes.length]!;
        return { label, style, colour: colours.text, dash, points };
      }
      const [measured, law] = groupColours[group % groupColours.length]!;
      return { label, style, colour: style === 'predicted' ? law : measured, dash: lawDash, points };
    })
    .filter(({ points }) => points.length > 0);
}

function visible(series: Series, x: Axis, y: Axis): DrawnPoint[] {
  const points: DrawnPoint[] = [];
  let segment = 0;
  let open = false;
  for (let i = 0; i < Math.min(series.x.length, series.y.length); i++) {
    const [at, value] = [series.x[i]!, series.y[i]!];
    if (canShow(at, x) && canShow(value, y)) {
      points.push({ x: at, y: value, segment });
      open = true;
    } else if (open && !(x.scale === 'log' && at <= 0)) {
      segment++;
      open = false;
    }
  }
  return points;
}

function canShow(value: number, { scale }: Axis): boolean {
  return Number.isFinite(value) && (scale === 'linear' || value > 0);
}

/**
 * At most about `most` points that show the same course: of each of many stretches of x, even on the axis' own scale, the
 * smallest and the largest value, so that spikes survive; first and last of every segment are kept.
 */
function thin(points: readonly DrawnPoint[], scale: Axis['scale'], most: number): readonly DrawnPoint[] {
  if (points.length <= most) return points;
  const place = ({ x }: DrawnPoint): number => (scale === 'log' ? Math.log(x) : x);
  const places = points.map(place);
  const low = places.reduce((a, b) => Math.min(a, b), Infinity);
  const high = places.reduce((a, b) => Math.max(a, b), -Infinity);
  const buckets = Math.floor(most / 2);
  const kept = new Set<number>();
  const extremes = new Map<string, { least: number; most: number }>();
  points.forEach((point, i) => {
    if (point.segment !== points[i - 1]?.segment || point.segment !== points[i + 1]?.segment) kept.add(i);
    const bucket = high > low ? Math.min(buckets - 1, Math.floor(((places[i]! - low) / (high - low)) * buckets)) : 0;
    const key = `${point.segment} ${bucket}`;
    const found = extremes.get(key);
    if (!found) {
      extremes.set(key, { least: i, most: i });
      return;
    }
    if (point.y < points[found.least]!.y) found.least = i;
    if (point.y > points[found.most]!.y) found.most = i;
  });
  for (const { least, most: largest } of extremes.values()) kept.add(least).add(largest);
  return [...kept].sort((a, b) => a - b).map((i) => points[i]!);
}
