/** The singular values from which the rank was read, on a log axis, with the chosen rank marked. */
import type { TopLevelSpec } from 'vega-lite' with { 'resolution-mode': 'import' };

import { renderSvg } from './render';
import { colours, figureWidth, logTicks } from './theme';

const height = 260;

/** Values below this share of the largest are rounding, and are drawn at the floor so that the gap stays legible. */
const floorRatio = 1e-18;

/** Returns SVG text, or undefined when no singular value is positive. */
export async function spectrumFigure(values: Float64Array, rank: number): Promise<string | undefined> {
  const spec = spectrumSpec(values, rank);
  return spec && renderSvg(spec);
}

export function spectrumSpec(values: Float64Array, rank: number): TopLevelSpec | undefined {
  let largest = 0;
  for (const value of values) if (Number.isFinite(value)) largest = Math.max(largest, value);
  if (largest === 0) return undefined;
  const keptLabel = rank === 1 ? 'kept: 1 value' : `kept: the first ${rank}`;
  const restLabel = 'not kept';
  const points = Array.from(values, (value, i) => ({
    index: i + 1,
    value: Math.max(value, largest * floorRatio),
    kept: i < rank ? keptLabel : restLabel,
  })).filter(({ value }) => Number.isFinite(value));
  const ticks = logTicks(Math.min(...points.map(({ value }) => value)), largest);
  const bothKinds = values.length > rank;
  const x = {
    type: 'quantitative' as const,
    scale: { domain: [0.5, values.length + 0.5], nice: false },
    axis: { title: 'index of the singular value', grid: false, tickMinStep: 1, tickCount: 10, format: 'd' },
  };
  const shared = {
    scale: {
      domain: bothKinds ? [keptLabel, restLabel] : [keptLabel],
      range: bothKinds ? [colours.chosen, colours.rest] : [colours.chosen],
    },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: figureWidth,
    height,
    layer: [
      {
        data: { values: bothKinds ? [{ cut: rank + 0.5, name: `rank ${rank}` }] : [] },
        layer: [
          {
            mark: { type: 'rule', color: colours.mark, strokeDash: [3, 3] },
            encoding: { x: { field: 'cut', ...x } },
          },
          {
            mark: { type: 'text', align: 'center', baseline: 'bottom', dy: -4, fontSize: 12, color: colours.text },
            encoding: { x: { field: 'cut', ...x }, y: { value: 0 }, text: { field: 'name' } },
          },
        ],
      },
      {
        data: { values: points },
        mark: { type: 'point', filled: true, size: values.length > 80 ? 26 : 60, opacity: 1 },
        encoding: {
          x: { field: 'index', ...x },
          y: {
            field: 'value',
            type: 'quantitative',
            scale: { type: 'log', domain: ticks.domain, nice: false },
            axis: { title: 'singular value', values: ticks.values, labelExpr: ticks.labelExpr },
          },
          color: { field: 'kept', type: 'nominal', ...shared, legend: { symbolSize: 90 } },
          shape: {
            field: 'kept',
            type: 'nominal',
            scale: { domain: shared.scale.domain, range: bothKinds ? ['circle', 'diamond'] : ['circle'] },
          },
        },
      },
    ],
  };
}
