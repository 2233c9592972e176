/** The DMFT sweep: seconds of one sweep, native, at the two sizes of its requirement, and the share of its arithmetic. */
import { asymptotics } from '../src/index';
import { native } from '../src/load';
import type { NativeDmftOptions } from '../src/native';

export interface DmftCase {
  readonly field: 'real' | 'complex';
  readonly iterations: number;
  readonly samples: number;
}

export interface DmftRow extends DmftCase {
  readonly threads: number;
  /** Least over the rounds, and the processor seconds of that round. */
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Of the adjoint recursion alone: N T^3 / 3 (complex 4 N T^3 / 3), over `seconds`. */
  readonly gigaflops: number;
}

export const DMFT_CASES: readonly DmftCase[] = [
  { field: 'real', iterations: 70, samples: 30_000 },
  { field: 'real', iterations: 20, samples: 200_000 },
  { field: 'complex', iterations: 70, samples: 30_000 },
  { field: 'complex', iterations: 20, samples: 200_000 },
];

function optionsOf({ field, iterations, samples }: DmftCase): NativeDmftOptions {
  const delta = 3;
  const each = field === 'complex' ? 2 : 1;
  const z = new Float64Array(each * samples);
  native.normals(1, 'asymptotics', 0, z);
  if (each === 2) for (let i = 0; i < z.length; i++) z[i]! *= Math.SQRT1_2;
  const y = Float64Array.from({ length: samples }, (_, i) => z[each * i]! ** 2 + (each === 2 ? z[2 * i + 1]! ** 2 : 0));
  const { tau, overlap } = asymptotics.spectral({ delta, field, preprocessing: 'mondelli-montanari' });
  const shift = Math.sqrt(each === 2 ? delta : 2 * delta) - 1;
  return {
    field,
    delta,
    loss: { name: 'tanh-amplitude', parameters: [4] },
    iterations,
    steps: new Float64Array(iterations).fill(0.5),
    ridge: 0.05,
    momentum: 0,
    batch: 1,
    spectral: true,
    tau,
    overlap,
    norm: 1,
    spectralMemory: true,
    seed: 1,
    firstSample: 0,
    z,
    y,
    t: y.map((value) => (value - 1) / (value + shift)),
  };
}

function sweep(options: NativeDmftOptions, threads: number): Promise<void> {
  return new Promise((resolve, reject) => {
    native.dmft(options, threads, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

export async function benchDmft(
  cases: readonly DmftCase[],
  threadCounts: readonly number[],
  rounds: number,
): Promise<DmftRow[]> {
  const rows: DmftRow[] = [];
  for (const one of cases) {
    const options = optionsOf(one);
    for (const threads of threadCounts) {
      let [seconds, processorSeconds] = [Infinity, Infinity];
      for (let round = 0; round < rounds; round++) {
        const [began, before] = [performance.now(), process.cpuUsage()];
        await sweep(options, threads);
        const used = process.cpuUsage(before);
        const elapsed = (performance.now() - began) / 1e3;
        if (elapsed < seconds) [seconds, processorSeconds] = [elapsed, (used.user + used.system) / 1e6];
      }
      const flops = ((one.field === 'complex' ? 4 : 1) * one.samples * one.iterations ** 3) / 3;
      rows.push({ ...one, threads, seconds, processorSeconds, gigaflops: flops / seconds / 1e9 });
    }
  }
  return rows;
}

export function dmftTable(rows: readonly DmftRow[]): string {
  const head = ['field', 'T', 'N', 'threads', 'seconds', 'processor seconds', 'Gflop/s of the recursion'];
  const lines = rows.map((row) => [
    row.field,
    String(row.iterations),
    String(row.samples),
    String(row.threads),
    row.seconds.toFixed(3),
    row.processorSeconds.toFixed(3),
    row.gigaflops.toFixed(1),
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
