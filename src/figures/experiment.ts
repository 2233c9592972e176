/** The figure of an experiment: its panels, measured against predicted, as one Vega-Lite specification. */
import type { TopLevelSpec } from 'vega-lite' with { 'resolution-mode': 'import' };

import type { Panel } from '../experiments/experiment';
import { panelAxes } from './experiment-axes';
import {
  labelSize,
  type LegendEntry,
  legendBelow,
  namesAbove,
  rowHeight,
  sampleEnd,
  titleLines,
} from './experiment-labels';
import { type DrawnSeries, drawnSeries, fewPoints, groupsOf } from './experiment-series';
import { renderSvg } from './render';
import { colours, config } from './theme';

type Json = Record<string, unknown>;

/** One panel takes the width; several stand in rows of two, where the last of an odd number takes the width of both. */
const single = { width: 680, height: 400 };
const paired = { width: 410, height: 300 };
const columnSpacing = 98;
/** Between what belongs to the pairs and what belongs to the wide panel below. */
const rowGap = 28;
const wide = { width: 2 * paired.width + columnSpacing, height: 300 };
const titleSize = 15;
/** From the x axis to the legend: ticks, labels and title of the axis. */
const legendTop = 64;

/** Returns SVG text, or undefined when no panel holds anything that can be drawn. */
export async function experimentFigure(panels: readonly Panel[]): Promise<string | undefined> {
  const spec = experimentSpec(panels);
  return spec && renderSvg(spec);
}

export function experimentSpec(panels: readonly Panel[]): TopLevelSpec | undefined {
  const groups = groupsOf(panels);
  const drawn = panels
    .map((panel) => ({ panel, series: drawnSeries(panel, groups) }))
    .filter(({ series }) => series.length > 0);
  if (drawn.length === 0) return undefined;
  const rows = Math.max(...drawn.map((one) => roomBetweenRows(one, paired.width)));
  const grid = (some: readonly Drawn[], columns: number, size: typeof single): Json => ({
    concat: some.map(({ panel, series }) => panelSpec(panel, series, size)),
    columns,
    // Vega can only guess how wide a text is, and guesses far too wide: the room around the plots is reckoned here.
    bounds: 'flush',
    spacing: { row: rows, column: columnSpacing },
  });
  const odd = drawn.length > 1 && drawn.length % 2 === 1;
  const pairs = odd ? drawn.slice(0, -1) : drawn;
  const layout = odd
    ? { vconcat: [grid(pairs, 2, paired), grid(drawn.slice(-1), 1, wide)], spacing: rowGap }
    : drawn.length === 1
      ? grid(drawn, 1, single)
      : grid(drawn, 2, paired);
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...layout,
    config: {
      axis: { ...config.axis, labelFontSize: labelSize, titleFontSize: labelSize + 1 },
      // Of the same width left of every plot, so that panels below each other line up.
      axisY: { minExtent: 46 },
      title: { color: colours.text, fontSize: titleSize, fontWeight: 600, anchor: 'start', frame: 'group' },
    },
  };
  return spec as unknown as TopLevelSpec;
}

interface Drawn {
  readonly panel: Panel;
  readonly series: readonly DrawnSeries[];
}

/** Below a plot its axis and legend, above the next one its names and title: room for the larger of each. */
function roomBetweenRows({ panel, series }: Drawn, width: number): number {
  const legend = legendBelow(series, panel, width, 0);
  const { rows } = namesAbove(panel, panelAxes(panel, series).x, width);
  const title = titleLines(panel.title, width, titleSize).length * (titleSize + 4);
  return legendTop + (legend.at(-1)?.y ?? 0) + 40 + rowHeight * rows + title;
}

function panelSpec(panel: Panel, series: readonly DrawnSeries[], { width, height }: typeof single): Json {
  const { x, y } = panelAxes(panel, series);
  const encodeX = { type: 'quantitative', scale: x.scale, axis: { ...x.axis, grid: false } };
  const encodeY = { type: 'quantitative', scale: y.scale, axis: y.axis };
  const { names } = namesAbove(panel, x, width);
  const inside = (value: number): number => Math.min(x.domain[1], Math.max(x.domain[0], value));
  const bands = (panel.bands ?? [])
    .map(({ from, to }, i) => ({ from: inside(from), to: inside(to), colour: i % 2 ? colours.bandNext : colours.band }))
    .filter(({ from, to }) => to > from);
  const marks = (panel.marks ?? []).filter((mark) => mark.x >= x.domain[0] && mark.x <= x.domain[1]);
  const lines = titleLines(panel.title, width, titleSize);
  return {
    width,
    height,
    title: { text: lines, offset: 12 },
    layer: [
      {
        // Everything that lives on the axes; what stands around them has pixels for coordinates.
        layer: [
          {
            data: { values: bands },
            mark: { type: 'rect' },
            encoding: {
              x: { field: 'from', ...encodeX },
              x2: { field: 'to' },
              y: { value: 0 },
              y2: { value: height },
              color: { field: 'colour', type: 'nominal', scale: null, legend: null },
            },
          },
          {
            data: { values: marks.map((mark) => ({ x: mark.x })) },
            mark: { type: 'rule', color: colours.mark, strokeDash: [3, 3], strokeWidth: 1.2 },
            encoding: { x: { field: 'x', ...encodeX } },
          },
          ...series.map((one) => ({
            data: { values: one.points },
            mark: markOf(one),
            encoding: {
              x: { field: 'x', ...encodeX },
              y: { field: 'y', ...encodeY },
              ...(one.style === 'points' ? {} : { detail: { field: 'segment', type: 'nominal' } }),
            },
          })),
        ],
      },
      ...namesLayers(names),
      ...legendLayers(legendBelow(series, panel, width, height + legendTop)),
    ],
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
}

function markOf({ style, colour, dash, points }: DrawnSeries): Json {
  const dots = points.length <= fewPoints ? { filled: true, size: 42, color: colour, opacity: 1 } : false;
  const line = { type: 'line', color: colour, clip: true, strokeJoin: 'round', interpolate: 'linear' };
  switch (style) {
    case 'measured':
      return { ...line, strokeWidth: 2.6, strokeOpacity: 0.85, point: dots };
    case 'median':
      return { ...line, strokeWidth: 3.2, point: dots };
    case 'seed':
      return { ...line, strokeWidth: 1, strokeOpacity: 0.3 };
    case 'predicted':
      return { ...line, strokeWidth: 1.5, strokeDash: [...dash] };
    case 'points':
      return {
        type: 'point',
        filled: true,
        size: points.length > 100 ? 20 : 56,
        opacity: 0.9,
        color: colour,
        clip: true,
      };
  }
}

const pixel = (field: string): Json => ({ field, type: 'quantitative', scale: null, axis: null });

function namesLayers(names: ReturnType<typeof namesAbove>['names']): Json[] {
  return (['left', 'center', 'right'] as const)
    .map((align) => ({ align, values: names.filter((name) => name.align === align) }))
    .filter(({ values }) => values.length > 0)
    .map(({ align, values }) => ({
      data: { values },
      mark: {
        type: 'text',
        align,
        baseline: 'bottom',
        dx: align === 'left' ? 4 : align === 'right' ? -4 : 0,
        fontSize: labelSize,
        color: colours.text,
      },
      encoding: { x: pixel('x'), y: pixel('y'), text: { field: 'text' } },
    }));
}

function legendLayers(entries: readonly LegendEntry[]): Json[] {
  return [
    ...entries.map((entry) => legendSample(entry)),
    {
      data: { values: entries.map(({ text, textX, y }) => ({ text, x: textX, y })) },
      mark: { type: 'text', align: 'left', baseline: 'middle', fontSize: labelSize, color: colours.text },
      encoding: { x: pixel('x'), y: pixel('y'), text: { field: 'text' } },
    },
  ];
}

function legendSample(entry: LegendEntry): Json {
  const { style, colour, x, y } = entry;
  const end = sampleEnd(entry);
  if (style === 'points') {
    return {
      data: { values: [{ x: (x + end) / 2, y }] },
      mark: { type: 'point', filled: true, size: 56, opacity: 0.9, color: colour },
      encoding: { x: pixel('x'), y: pixel('y') },
    };
  }
  // The mark of the series itself, with two points.
  const mark = markOf({ label: '', style, colour, dash: entry.dash, points: [] });
  return {
    data: {
      values: [
        { x, y },
        { x: end, y },
      ],
    },
    mark: { ...mark, clip: false, point: false, ...(style === 'seed' && { strokeOpacity: 0.6 }) },
    encoding: { x: pixel('x'), y: pixel('y') },
  };
}
