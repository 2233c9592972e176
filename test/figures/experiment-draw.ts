/** Run as a process by experiment.test.ts: vega has top-level await, which Jest's module loader cannot load. */
import type { Panel, Series } from '../../src/experiments/experiment';
import type { ExperimentResult } from '../../src/experiments/runner';
import { experimentFigure } from '../../src/figures/experiment';
import { experimentReport } from '../../src/figures/experiment-report';
import { renderPng } from '../../src/figures/png';

const nasty = `<script>alert("x")</script> & 'quotes' \u0000`;
const log = { label: 'log', scale: 'log' } as const;
const linear = { label: 'linear', scale: 'linear' } as const;
const line = (x: ArrayLike<number>, y: ArrayLike<number>, more: Partial<Series> = {}): Series => {
  return { label: 'line', x, y, style: 'measured', ...more };
};
const panel = (series: readonly Series[], more: Partial<Panel> = {}): Panel => {
  return { title: 'title', x: linear, y: log, series, ...more };
};

const many = Float64Array.from({ length: 1_000_000 }, (_, i) => i);
const wild = many.map((i) => (i === 123_456 ? 1e9 : 1 + Math.abs(Math.sin(i))));

const phases: Panel = panel(
  [
    line([0, 50, 100], [1, 0.5, 1e-3], { label: 'seed 1', style: 'seed', group: 'error' }),
    line([0, 50, 100], [1, 0.6, 1e-3], { label: 'median', style: 'median', group: 'error' }),
    line([0, 100], [1, 1e-30], { label: 'law', style: 'predicted', group: 'error' }),
    line([100], [1e-3], { label: 'floor', style: 'points' }),
  ],
  {
    bands: [
      { from: -5, to: 20, label: 'I' },
      { from: 20, to: Infinity, label: 'II and III' },
    ],
    marks: [
      { x: 20, label: 'a turn' },
      { x: 500, label: 'outside' },
    ],
  },
);

const result: ExperimentResult = {
  name: 'made-up',
  title: nasty,
  claim: nasty,
  source: nasty,
  accepted: false,
  checks: [
    { what: nasty, measured: NaN, predicted: NaN, tolerance: 0, rule: nasty, ok: false },
    { what: 'good', measured: 1, predicted: 1, tolerance: 0.5, rule: 'near', ok: true },
  ],
  table: { columns: [nasty, 'n'], rows: [[nasty, 1e-9]] },
  panels: [phases],
  trace: { x: [1] },
  notes: [nasty],
  parameters: { n: 3, list: [0.1, 1e-7] },
  seed: 5,
  quick: true,
  threads: 2,
  seconds: 1.5,
  versions: { lowrank: '0', node: '20', openblas: 'x', core: 'y' },
};

async function main(): Promise<void> {
  const drawn = (await experimentFigure([phases, phases, phases])) ?? '';
  const png = await renderPng(drawn, 1000);
  process.stdout.write(
    JSON.stringify({
      phases: await experimentFigure([phases]),
      three: drawn,
      many: await experimentFigure([panel([line(many, wild)], { x: log })]),
      holes: await experimentFigure([panel([line([0, 1, 2, 3, 4], [1, NaN, 2, 0, 3])])]),
      one: await experimentFigure([panel([line([3], [7], { style: 'points' })], { x: log })]),
      flat: await experimentFigure([panel([line([1, 2], [0, 0])], { y: linear })]),
      lawAlone: await experimentFigure([panel([line([1, 2], [1, 2], { style: 'predicted' })])]),
      laws: await experimentFigure([
        panel([
          ...['k = 3', 'k = 4'].flatMap((group) => [
            line([1, 2], [1, 2], { label: group }),
            line([1, 2], [1, 3], { label: `${group}, law`, style: 'predicted', group }),
            line([1, 2], [1, 4], { label: 'each', style: 'points', group }),
          ]),
        ]),
      ]),
      nothing: (await experimentFigure([panel([line([1, 2], [0, -1])])])) ?? null,
      none: (await experimentFigure([])) ?? null,
      png: { signature: png.subarray(1, 4).toString(), width: png.readUInt32BE(16), height: png.readUInt32BE(20) },
      report: experimentReport(result, { figure: drawn, command: nasty, parameters: {}, date: new Date(0) }),
      empty: experimentReport(result, { figure: undefined, command: '', parameters: {}, date: new Date(0) }),
    }),
  );
}

void main();
