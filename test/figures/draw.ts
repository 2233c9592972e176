/** Run as a process by figures.test.ts: vega has top-level await, which Jest's module loader cannot load. */
import { recoverReport } from '../../src/figures/report';
import { lossFigure } from '../../src/figures/loss';
import { spectrumFigure } from '../../src/figures/spectrum';
import { madeResult } from './trace';

const nasty = `<script>alert("x")</script> & 'quotes' \u0000`;

async function main(): Promise<void> {
  const result = madeResult('doubtful', [nasty]);
  const context = { source: `${nasty}.npz`, command: `lowrank recover '${nasty}'`, date: new Date(0), givenRank: 3 };
  const flat = new Float64Array(3);
  const nothing = { length: 3, columns: { iteration: Float64Array.of(0, 1, 2), residual: flat } };
  process.stdout.write(
    JSON.stringify({
      loss: await lossFigure(result.trace),
      spectrum: await spectrumFigure(result.searchSpectrum, result.rank),
      one: await spectrumFigure(Float64Array.of(2), 1),
      report: await recoverReport(result, context),
      empty: await recoverReport({ ...result, trace: nothing, searchSpectrum: flat }, context),
      nothing: (await lossFigure(nothing)) ?? null,
    }),
  );
}

void main();
