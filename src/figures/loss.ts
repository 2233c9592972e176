/** The course of a run: residuals and test error against the iteration, on a log axis, with its stages marked. */
import type { TopLevelSpec } from 'vega-lite' with { 'resolution-mode': 'import' };

import type { Trace } from '../solvers/result';
import { renderSvg } from './render';
import { colours, figureWidth, logTicks } from './theme';

interface Series {
  readonly label: string;
  /** Name of the recorded column. */
  readonly column: string;
  readonly colour: string;
  readonly dash: readonly number[];
}

const series: readonly Series[] = [
  { label: 'training residual', column: 'residual', colour: colours.train, dash: [1, 0] },
  { label: 'validation residual', column: 'validationResidual', colour: colours.validation, dash: [7, 3] },
  { label: 'test error', column: 'testError', colour: colours.test, dash: [2, 3] },
];

const stageNames = ['search', 'validation fits', 'refinement'];

interface Stage {
  readonly name: string;
  readonly start: number;
  end: number;
}

interface Point {
  readonly iteration: number;
  readonly value: number;
  readonly series: string;
  /** Lines are broken between stages: each starts from a factorization of its own. */
  readonly segment: number;
}

const height = 300;
const pointsPerSegment = 500;

/** Returns SVG text, or undefined when the trace holds nothing that can be drawn on a log axis. */
export async function lossFigure(trace: Trace): Promise<string | undefined> {
  const spec = lossSpec(trace);
  return spec && renderSvg(spec);
}

export function lossSpec(trace: Trace): TopLevelSpec | undefined {
  const { at, segments, stages } = timeline(trace);
  const points: Point[] = [];
  const drawn: Series[] = [];
  for (const one of series) {
    const column = trace.columns[one.column];
    if (!column) continue;
    const before = points.length;
    segments.forEach(([from, to], segment) => {
      for (const row of thin(column, from, to)) {
        points.push({ iteration: at[row] ?? 0, value: column[row] ?? 0, series: one.label, segment });
      }
    });
    if (points.length > before) drawn.push(one);
  }
  if (points.length === 0) return undefined;

  let low = Infinity;
  let high = 0;
  for (const { value } of points) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const ticks = logTicks(low, high);
  const lastIteration = Math.max(1, at[at.length - 1] ?? 1);
  const x = {
    type: 'quantitative' as const,
    scale: { domain: [0, lastIteration], nice: false },
    axis: { title: 'iteration', grid: false, tickCount: 6, tickMinStep: 1, format: ',d' },
  };
  const marks = placeLabels(stages, lastIteration);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: figureWidth,
    height,
    layer: [
      {
        data: { values: marks.slice(1) },
        mark: { type: 'rule', color: colours.mark, strokeDash: [3, 3] },
        encoding: {
          x: { field: 'start', ...x },
          y: { field: 'y', type: 'quantitative', scale: null, axis: null },
          y2: { value: height },
        },
      },
      ...(['left', 'right'] as const).map((align) => ({
        data: { values: marks.filter((mark) => mark.align === align) },
        mark: {
          type: 'text' as const,
          align,
          baseline: 'top' as const,
          dx: align === 'left' ? 4 : -4,
          fontSize: 12,
          color: colours.text,
        },
        encoding: {
          x: { field: 'start', ...x },
          y: { field: 'y', type: 'quantitative' as const, scale: null, axis: null },
          text: { field: 'name' },
        },
      })),
      {
        data: { values: points },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: {
          x: { field: 'iteration', ...x },
          y: {
            field: 'value',
            type: 'quantitative',
            scale: { type: 'log', domain: ticks.domain, nice: false },
            axis: { title: 'relative residual or error', values: ticks.values, labelExpr: ticks.labelExpr },
          },
          color: {
            field: 'series',
            type: 'nominal',
            scale: { domain: drawn.map((s) => s.label), range: drawn.map((s) => s.colour) },
          },
          strokeDash: {
            field: 'series',
            type: 'nominal',
            scale: { domain: drawn.map((s) => s.label), range: drawn.map((s) => [...s.dash]) },
          },
          detail: { field: 'segment', type: 'nominal' },
        },
      },
    ],
    resolve: { scale: { y: 'independent' } },
  };
}

/** Puts the stages end to end: an iteration counter that starts again is moved behind the run before it. */
function timeline(trace: Trace): { at: Float64Array; segments: [number, number][]; stages: Stage[] } {
  const iteration = trace.columns['iteration'] ?? new Float64Array(0);
  const stage = trace.columns['stage'];
  const at = new Float64Array(iteration.length);
  const segments: [number, number][] = [];
  const stages: Stage[] = [];
  let offset = 0;
  let from = 0;
  for (let row = 0; row < iteration.length; row++) {
    const restarted = row > 0 && (iteration[row] ?? 0) <= (iteration[row - 1] ?? 0);
    if (restarted) offset = (at[row - 1] ?? 0) - (iteration[row] ?? 0);
    at[row] = offset + (iteration[row] ?? 0);
    const number = stage?.[row] ?? -1;
    const changed = row > 0 && number !== (stage?.[row - 1] ?? -1);
    if (restarted || changed) {
      segments.push([from, row]);
      from = row;
    }
    if (number >= 0 && (row === 0 || changed)) {
      stages.push({ name: stageNames[number] ?? `stage ${number}`, start: at[row] ?? 0, end: 0 });
    }
    const current = stages.at(-1);
    if (current) current.end = at[row] ?? 0;
  }
  if (iteration.length > from) segments.push([from, iteration.length]);
  return { at, segments, stages };
}

/**
 * Names go above the plot, each beside the top of the line where its stage begins (left of it near the right edge), in a
 * higher row where a short stage leaves no room beside its neighbours.
 */
function placeLabels(
  stages: readonly Stage[],
  lastIteration: number,
): (Stage & { y: number; align: 'left' | 'right' })[] {
  const rowEnds: number[] = [];
  return stages.map((stage) => {
    const at = (stage.start / lastIteration) * figureWidth;
    const width = stage.name.length * 7.2 + 12;
    const align = at + width <= figureWidth + 10 ? 'left' : 'right';
    const left = align === 'left' ? at : at - width;
    let row = rowEnds.findIndex((end) => end <= left);
    if (row < 0) row = rowEnds.length;
    // A name left of its line reaches over the lines before it: nothing later may share its row.
    rowEnds[row] = left + width;
    return { ...stage, y: -20 - 16 * row, align };
  });
}

/**
 * Rows of [from, to) that show the course of `column` in a picture: its smallest and largest value in each of a few
 * hundred buckets, so that spikes survive. Values that a log axis cannot show are left out.
 */
function thin(column: Float64Array, from: number, to: number): number[] {
  const rows: number[] = [];
  for (let row = from; row < to; row++) {
    const value = column[row] ?? NaN;
    if (Number.isFinite(value) && value > 0) rows.push(row);
  }
  if (rows.length <= pointsPerSegment) return rows;
  const kept = new Set([rows[0] ?? from, rows[rows.length - 1] ?? to - 1]);
  const buckets = pointsPerSegment / 2;
  for (let b = 0; b < buckets; b++) {
    const bucket = rows.slice(Math.floor((b * rows.length) / buckets), Math.floor(((b + 1) * rows.length) / buckets));
    let least = bucket[0] ?? from;
    let most = least;
    for (const row of bucket) {
      if ((column[row] ?? 0) < (column[least] ?? 0)) least = row;
      if ((column[row] ?? 0) > (column[most] ?? 0)) most = row;
    }
    kept.add(least).add(most);
  }
  return [...kept].sort((a, b) => a - b);
}
