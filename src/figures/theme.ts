/**
 * What all figures share: colours, fonts, sizes and axis ticks. The series colours keep apart for the common kinds of
 * colour blindness (Okabe and Ito's palette), and every series also has a dash of its own, so that a figure printed in
 * grey still reads.
 */
import type { Config } from 'vega-lite' with { 'resolution-mode': 'import' };

/** Each colour occurs in a figure for one role only: {@link adaptToPage} finds it again by its value. */
export const colours = {
  background: '#fefefe',
  text: '#24292e',
  axis: '#6b7279',
  grid: '#e4e7ea',
  mark: '#9aa1a8',
  train: '#0072b2',
  validation: '#d55e00',
  test: '#00865f',
  chosen: '#0071b1',
  rest: '#8f969d',
  // Experiments: bands of x, and groups of series. The law of a group is drawn over its measurements, in a darker colour.
  band: '#f1f4f7',
  bandNext: '#e6ebf0',
  group1: '#0072b3',
  law1: '#00324f',
  group2: '#d55f00',
  law2: '#6b2f00',
  group3: '#00875f',
  law3: '#004632',
  group4: '#b3589f',
  law4: '#5b2450',
  group5: '#c29200',
  law5: '#624a00',
  group6: '#4fb0e6',
  law6: '#1c5b80',
  group7: '#8d6748',
  law7: '#4c3522',
  group8: '#7b848d',
  law8: '#3b4248',
} as const;

/** The same roles on a dark page. */
export const darkColours: Record<keyof typeof colours, string> = {
  background: '#16191d',
  text: '#e6e9ec',
  axis: '#a3abb3',
  grid: '#30363c',
  mark: '#7b838b',
  train: '#5cb8f0',
  validation: '#f39a4a',
  test: '#3fcf9f',
  chosen: '#5db9f1',
  rest: '#868e96',
  band: '#1d2227',
  bandNext: '#262c33',
  group1: '#3f9fe0',
  law1: '#c4e4fa',
  group2: '#ee8a3c',
  law2: '#fbd9bd',
  group3: '#2fb98a',
  law3: '#bdf0dd',
  group4: '#cf7dbd',
  law4: '#f3d3ec',
  group5: '#d9ad2e',
  law5: '#f7e6b0',
  group6: '#7cc7f2',
  law6: '#dcf1fd',
  group7: '#b58d6c',
  law7: '#ecd9c8',
  group8: '#98a1aa',
  law8: '#dce1e6',
};

/** Colours of the groups of an experiment's series in order, and of the laws drawn over them. */
export const groupColours: readonly (readonly [measured: string, law: string])[] = [
  [colours.group1, colours.law1],
  [colours.group2, colours.law2],
  [colours.group3, colours.law3],
  [colours.group4, colours.law4],
  [colours.group5, colours.law5],
  [colours.group6, colours.law6],
  [colours.group7, colours.law7],
  [colours.group8, colours.law8],
];

export const figureWidth = 620;
export const font = 'system-ui, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif';

export const config: Config = {
  background: colours.background,
  font,
  padding: { left: 6, right: 14, top: 8, bottom: 6 },
  view: { stroke: null },
  axis: {
    labelColor: colours.text,
    titleColor: colours.text,
    domainColor: colours.axis,
    tickColor: colours.axis,
    gridColor: colours.grid,
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    titlePadding: 10,
  },
  // The same room left of every plot, so that figures below each other line up.
  axisY: { minExtent: 52 },
  legend: {
    orient: 'bottom',
    direction: 'horizontal',
    title: null,
    labelColor: colours.text,
    labelFontSize: 13,
    labelLimit: 0,
    symbolSize: 400,
    symbolStrokeWidth: 2.5,
    columnPadding: 24,
    offset: 12,
  },
};

/**
 * Rewrites a figure's colours as CSS variables, the light colour being the fallback: inside a page that defines
 * `--lowrank-text` and so on the figure follows the page, anywhere else it looks as before.
 */
export function adaptToPage(svg: string): string {
  let out = svg;
  for (const [role, value] of Object.entries(colours)) {
    out = out.replaceAll(`"${value}"`, `"var(--lowrank-${role}, ${value})"`);
  }
  return out;
}

/** The declarations that {@link adaptToPage}'s variables take: `--lowrank-text: #24292e; ...`. */
export function cssVariables(dark: boolean): string {
  return Object.entries(dark ? darkColours : colours)
    .map(([role, value]) => `--lowrank-${role}: ${value};`)
    .join(' ');
}

const superscripts: Record<string, string> = {
  '-': '\u207b',
  0: '\u2070',
  1: '\u00b9',
  2: '\u00b2',
  3: '\u00b3',
  4: '\u2074',
  5: '\u2075',
  6: '\u2076',
  7: '\u2077',
  8: '\u2078',
  9: '\u2079',
};

function powerOfTen(exponent: number): string {
  if (exponent === 0) return '1';
  return `10${Array.from(String(exponent), (c) => superscripts[c] ?? c).join('')}`;
}

export interface LogTicks {
  readonly domain: [number, number];
  readonly values: number[];
  /** A Vega expression that gives each of `values` its label. */
  readonly labelExpr: string;
}

/**
 * Ticks of a log axis that spans `low` to `high` (both positive): whole powers of ten, at most eight of them; 1, 2 and 5
 * times the powers where the axis is shorter than two decades.
 */
export function logTicks(low: number, high: number): LogTicks {
  const first = Math.floor(Math.log10(low) + 1e-9);
  // A value a little above a power of ten does not add a decade of white to the plot.
  const justAbove = Math.log10(high) - Math.floor(Math.log10(high)) < 0.1;
  const last = Math.max(first + 1, justAbove ? Math.floor(Math.log10(high)) : Math.ceil(Math.log10(high)));
  const labels = new Map<number, string>();
  let domain: [number, number] = [10 ** first, Math.max(10 ** last, 1.1 * high)];
  if (Math.log10(high / low) < 1.5) {
    const steps: number[] = [];
    for (let e = first - 1; e <= last; e++) for (const digit of [1, 2, 5]) steps.push(Number(`${digit}e${e}`));
    const from = steps.findLast((s) => s <= low * (1 + 1e-9)) ?? low;
    const to = steps.find((s) => s >= high * (1 - 1e-9) && s > from) ?? high;
    domain = [from, to];
    for (const s of steps) if (s >= from && s <= to) labels.set(s, plainNumber(s));
  } else {
    const stride = Math.max(1, Math.ceil((last - first) / 8));
    for (let e = last; e >= first; e -= stride) labels.set(Number(`1e${e}`), powerOfTen(e));
  }
  const values = [...labels.keys()].sort((a, b) => a - b);
  // Compared on the log scale, because the axis may hand back a value that differs in its last bits.
  const cases = values.map((v) => `abs(log(datum.value / ${v})) < 1e-6 ? '${labels.get(v) ?? ''}' : `).join('');
  return { domain, values, labelExpr: `${cases}''` };
}

function plainNumber(value: number): string {
  return value >= 1e-3 && value < 1e4 ? String(value) : value.toExponential(0).replace('e+', 'e');
}
