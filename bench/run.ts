/**
 * `npm run bench [-- --quick] [--json FILE]`: every figure of speed that the README quotes, measured now, on this machine.
 * Prints a Markdown table; --json keeps the numbers.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';

import { buildInfo } from '../src/index';
import { benchIteration, type IterationCase, type IterationRow } from './iteration';
import { pythonWithNumpy } from './numpy';
import { benchResponsiveness } from './responsiveness';
import { benchDmft, DMFT_CASES, dmftTable } from './dmft';
import { benchProbes, probeTable, type ProbeCase } from './probes';
import {
  benchDesign,
  benchMasks,
  designTable,
  masksTable,
  type DesignCase,
  type DesignRow,
  type MasksRow,
} from './vector';

const ensembles: readonly Omit<IterationCase, 'n' | 'm' | 'rank' | 'name'>[] = [
  { symmetric: true, storage: 'float64' },
  { symmetric: true, storage: 'float32' },
  { symmetric: false, storage: 'float64' },
  { symmetric: false, storage: 'float32' },
];

function cases(quick: boolean): IterationCase[] {
  const sizes = quick ? [48] : [100, 200];
  return sizes.flatMap((n) =>
    ensembles.map((ensemble) => ({
      ...ensemble,
      n,
      m: quick ? 1000 : 4000,
      rank: 10,
      name: `${ensemble.symmetric ? 'symmetric' : 'asymmetric'} ${ensemble.storage}`,
    })),
  );
}

/** Of the true size in a quick run too: at a small m the share would say nothing. */
const PROBE_CASES: readonly ProbeCase[] = [10, 100].map((rank) => ({ n: 100, m: 4000, rank }));

function designCases(quick: boolean): DesignCase[] {
  const n = quick ? 400 : 2000;
  return (['real', 'complex'] as const).map((field) => ({ field, m: quick ? 4000 : 16000, n }));
}

/** Powers of two, a vector, a prime. */
const IMAGES = [
  [256, 256],
  [1, 65536],
  [251, 251],
] as const;

function table(rows: readonly IterationRow[]): string {
  const head = ['case', 'n', 'm', 'threads', 'MB read', 'ms', 'GB/s', 'of streaming read', 'times NumPy'];
  const lines = rows.map((row) => [
    row.name,
    String(row.n),
    String(row.m),
    String(row.threads),
    (row.bytes / 1e6).toFixed(0),
    (row.seconds * 1e3).toFixed(2),
    row.gigabytesPerSecond.toFixed(1),
    row.ofStreaming.toFixed(2),
    row.timesNumpy?.toFixed(2) ?? '-',
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

async function main(): Promise<void> {
  const quick = process.argv.includes('--quick');
  const jsonAt = process.argv.indexOf('--json');
  const python = pythonWithNumpy();
  const info = buildInfo();
  console.log(`${os.cpus()[0]?.model ?? 'CPU'}, ${os.availableParallelism()} cores, Node ${process.version},`);
  console.log(`${info.openblasConfig} (${info.openblasCore}), kernels ${info.simd}`);
  console.log(`NumPy: ${python === undefined ? 'not found, not compared' : 'same OpenBLAS, same threads'}\n`);
  const threadCounts = [1, 2].filter((threads) => threads <= os.availableParallelism());
  const rows: IterationRow[] = [];
  for (const entry of cases(quick)) {
    process.stderr.write(`${entry.name}, n = ${entry.n} ...\n`);
    rows.push(...(await benchIteration(entry, threadCounts, quick ? 3 : 21, python)));
  }
  console.log(table(rows));
  const designs: DesignRow[] = [];
  for (const entry of designCases(quick)) {
    process.stderr.write(`${entry.field} design, n = ${entry.n} ...\n`);
    designs.push(...(await benchDesign(entry, threadCounts, quick ? 3 : 21, python)));
  }
  console.log(`\nGradient descent on vector problems (Wirtinger loss):\n\n${designTable(designs)}`);
  const masks: MasksRow[] = [];
  for (const [height, width] of IMAGES) {
    masks.push(await benchMasks({ patterns: 8, height, width }, quick ? 3 : 21, python));
  }
  console.log(`\nTransforms of coded diffraction, one thread:\n\n${masksTable(masks)}`);
  process.stderr.write('probes ...\n');
  const probes = await benchProbes(PROBE_CASES, threadCounts, quick ? 1 : 5);
  console.log(`\nAll scalar probes in every iteration:\n\n${probeTable(probes)}`);
  process.stderr.write('dmft ...\n');
  const dmft = await benchDmft(DMFT_CASES.slice(0, quick ? 2 : 4), threadCounts, quick ? 1 : 5);
  console.log(`\nOne DMFT sweep:\n\n${dmftTable(dmft)}`);
  process.stderr.write('responsiveness ...\n');
  const responsiveness = await benchResponsiveness();
  console.log(`\n${responsiveness.map((row) => `${row.what}: ${row.milliseconds.toFixed(1)} ms`).join('\n')}`);
  const file = jsonAt >= 0 ? process.argv[jsonAt + 1] : undefined;
  if (file !== undefined)
    writeFileSync(
      file,
      `${JSON.stringify({ date: new Date().toISOString(), info, rows, designs, masks, probes, dmft, responsiveness }, null, 2)}\n`,
    );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
