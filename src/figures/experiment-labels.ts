/** Names around a panel: those of bands and marks in rows above it, and its legend in rows below, never over the data. */
import type { Panel } from '../experiments/experiment';
import type { DrawnAxis } from './experiment-axes';
import { type DrawnSeries, groupOf } from './experiment-series';
import { colours } from './theme';

export interface PlacedName {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly align: 'left' | 'center' | 'right';
}

export const labelSize = 13;
export const rowHeight = 17;

/** Rough, from above, in pixels: Vega cannot measure text here either. */
export function textWidth(text: string, size = labelSize): number {
  return text.length * size * 0.56;
}

/**
 * Names of bands over their middles, names of marks beside their lines; where two would meet, the later goes a row higher.
 * Returns also how many rows that takes.
 */
export function namesAbove(
  { bands = [], marks = [] }: Panel,
  x: DrawnAxis,
  width: number,
): { names: PlacedName[]; rows: number } {
  const wanted = [
    ...bands.map((band) => {
      const [from, to] = [clamp(x.place(band.from)), clamp(x.place(band.to))];
      return { at: ((from + to) / 2) * width, text: band.label, align: 'center' as const, shown: to > from };
    }),
    ...marks.map((mark) => {
      const place = x.place(mark.x);
      const at = place * width;
      const align = at + textWidth(mark.label) <= width + 10 ? ('left' as const) : ('right' as const);
      return { at, text: mark.label, align, shown: place >= 0 && place <= 1 };
    }),
  ]
    .filter(({ shown, text }) => shown && text !== '')
    .sort((a, b) => a.at - b.at);
  const rowEnds: number[] = [];
  const names = wanted.map(({ at, text, align }) => {
    const needed = textWidth(text) + 10;
    // A name in the middle of a band near the edge moves in rather than out of the picture.
    const centre = Math.min(Math.max(at, needed / 2), Math.max(width - needed / 2, needed / 2));
    const left = align === 'center' ? centre - needed / 2 : align === 'left' ? at : at - needed;
    let row = rowEnds.findIndex((end) => end <= left);
    if (row < 0) row = rowEnds.length;
    rowEnds[row] = left + needed;
    return { x: align === 'center' ? centre : at, y: -8 - rowHeight * row, text, align };
  });
  return { names, rows: rowEnds.length };
}

function clamp(value: number): number {
  // NaN: below zero on a logarithmic axis.
  return Number.isNaN(value) ? 0 : Math.min(1, Math.max(0, value));
}

export interface LegendEntry {
  readonly text: string;
  readonly style: DrawnSeries['style'];
  readonly colour: string;
  readonly dash: readonly number[];
  /** Of the sample's left end and of the text, which begins behind it. */
  readonly x: number;
  readonly textX: number;
  readonly y: number;
}

const sampleWidth = 30;
const gap = 22;
export const legendRowHeight = 20;

/** Entries in reading order, as many in a row as fit; the thin lines of single seeds share one entry. */
export function legendBelow(series: readonly DrawnSeries[], panel: Panel, width: number, top: number): LegendEntry[] {
  const wanted: Omit<LegendEntry, 'x' | 'y' | 'textX'>[] = [];
  const isLaw = ({ style }: { readonly style: string }): number => Number(style === 'predicted');
  // In the order in which the experiment names them, laws behind.
  for (const one of [...panel.series].sort((a, b) => isLaw(a) - isLaw(b))) {
    const { label, style } = one;
    const named = series.filter((other) => other.label === label && other.style === style);
    const [drawn] = named;
    if (!drawn || style === 'seed') continue;
    // "k = 3, law" beside "k = 3" and "k = 4, law" beside "k = 4" are one entry: "law".
    const prefix = `${groupOf(one)}, `;
    const text = isLaw(one) && label.startsWith(prefix) ? label.slice(prefix.length) : label;
    const known = wanted.findIndex((entry) => entry.text === text && entry.style === style);
    const { dash } = drawn;
    // An entry that several groups share must not look like the first of them.
    const colour = named.every((other) => other.colour === drawn.colour) ? drawn.colour : colours.text;
    if (known < 0) wanted.push({ text, style, colour, dash });
    else if (wanted[known]?.colour !== colour) wanted[known] = { text, style, colour: colours.text, dash };
  }
  if (series.some(({ style }) => style === 'seed')) {
    const laws = wanted.filter(isLaw).length;
    wanted.splice(wanted.length - laws, 0, { text: 'single seeds', style: 'seed', colour: colours.axis, dash: [] });
  }
  let [x, y] = [0, top];
  return wanted.map((entry) => {
    const needed = sampleWidth + 8 + textWidth(entry.text);
    if (x > 0 && x + needed > width) [x, y] = [0, y + legendRowHeight];
    const placed = { ...entry, x, textX: x + sampleWidth + 8, y };
    x += needed + gap;
    return placed;
  });
}

/** End of the sample of a legend entry. */
export function sampleEnd({ x }: LegendEntry): number {
  return x + sampleWidth;
}

/** Breaks a title into lines that fit. */
export function titleLines(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    // Titles are bold, and wider by a tenth.
    if (last !== undefined && 1.1 * textWidth(`${last} ${word}`, size) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
