/** Axes of an experiment's panels: domains from what was measured, ticks at powers of ten, and where a value falls in pixels. */
import type { Axis, Panel } from '../experiments/experiment';
import { type DrawnSeries, fewPoints } from './experiment-series';
import { logTicks } from './theme';

export interface DrawnAxis {
  readonly title: string;
  readonly domain: readonly [number, number];
  /** For a Vega-Lite encoding. */
  readonly scale: Readonly<Record<string, unknown>>;
  readonly axis: Readonly<Record<string, unknown>>;
  /** 0 at the lower, 1 at the upper end of the domain. */
  readonly place: (value: number) => number;
}

/** A law may be known far beyond what was measured; it is drawn this many decades further at most. */
const lawBeyond = 10;

export function panelAxes(panel: Panel, series: readonly DrawnSeries[]): { x: DrawnAxis; y: DrawnAxis } {
  const measured = series.filter(({ style }) => style !== 'predicted');
  const leading = measured.length > 0 ? measured : series;
  const xs = extent(leading, 'x');
  const ys = extent(leading, 'y');
  const lawYs = extent(series, 'y');
  const y: [number, number] =
    panel.y.scale === 'log'
      ? [Math.max(lawYs[0], ys[0] / lawBeyond), Math.min(lawYs[1], ys[1] * lawBeyond)]
      : [Math.max(lawYs[0], ys[0] - (ys[1] - ys[0]) / 4), Math.min(lawYs[1], ys[1] + (ys[1] - ys[0]) / 4)];
  const dots = series.some(
    ({ style, points }) => style === 'points' || (style !== 'predicted' && points.length <= fewPoints),
  );
  return { x: drawnAxis(panel.x, dots ? widened(panel.x, xs) : xs, false), y: drawnAxis(panel.y, y, true) };
}

/** Room for dots at both ends, which a plot that ends where the data do would cut in half. */
function widened({ scale }: Axis, [low, high]: readonly [number, number]): [number, number] {
  const share = 0.03;
  if (scale === 'linear') return [low - share * (high - low), high + share * (high - low)];
  const factor = (high / low) ** share;
  return [low / factor, high * factor];
}

function extent(series: readonly DrawnSeries[], field: 'x' | 'y'): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { points } of series) {
    for (const point of points) {
      low = Math.min(low, point[field]);
      high = Math.max(high, point[field]);
    }
  }
  return [low, high];
}

/** `roomy`: whole decades or round numbers at the ends; otherwise the axis ends where the data do. */
function drawnAxis(axis: Axis, [low, high]: readonly [number, number], roomy: boolean): DrawnAxis {
  return axis.scale === 'log' ? logAxis(axis.label, low, high, roomy) : linearAxis(axis.label, low, high, roomy);
}

function logAxis(title: string, low: number, high: number, roomy: boolean): DrawnAxis {
  const [from, to] = high > low ? [low, high] : [low / 2, high * 2];
  const ticks = logTicks(from, to);
  // Some air, but not the rest of a decade.
  const domain: [number, number] = roomy
    ? [Math.max(ticks.domain[0], from / 2), Math.min(ticks.domain[1], to * 2)]
    : [from, to];
  const values = ticks.values.filter((v) => v >= domain[0] * (1 - 1e-9) && v <= domain[1] * (1 + 1e-9));
  // A short axis may lie between two of those ticks: round numbers then.
  const labels =
    values.length >= 2
      ? { values, labelExpr: ticks.labelExpr }
      : { values: roundNumbers(domain[0], domain[1]), format: '~g' };
  return {
    title,
    domain,
    scale: { type: 'log', domain, nice: false },
    axis: { title, ...labels },
    place: (value) => Math.log(value / domain[0]) / Math.log(domain[1] / domain[0]),
  };
}

/** Three to seven multiples of 1, 2 or 5 times a power of ten. */
function roundNumbers(low: number, high: number): number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / 3));
  const step = [5, 2, 1].map((digit) => digit * power).find((one) => (high - low) / one >= 3) ?? power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function linearAxis(title: string, low: number, high: number, roomy: boolean): DrawnAxis {
  const spread = high > low ? high - low : Math.abs(low) || 1;
  const margin = high > low ? (roomy ? 0.05 : 0) : 0.5;
  // A margin below zero, where nothing is negative, would only confuse.
  const from = low >= 0 && low - margin * spread < 0 ? 0 : low - margin * spread;
  const domain: [number, number] = [from, high + margin * spread];
  return {
    title,
    domain,
    scale: { type: 'linear', domain, nice: false, zero: false },
    axis: { title, tickCount: 6 },
    place: (value) => (value - domain[0]) / (domain[1] - domain[0]),
  };
}
