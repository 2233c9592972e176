/** Rows of a vector problem that a fit does not see: rows at random of a dense design, one whole pattern of coded diffraction. */
import { setImmediate } from 'node:timers/promises';
import { callNative } from '../../native-errors';
import { native } from '../../load';
import type { NativeCodedDiffraction, NativeDenseDesign, NativeDesign } from '../../native';
import { designHandle, VectorProblem } from '../../problems/vector-problem';
import { Vector } from '../../vector';
import { randomMask } from '../hold-out';

export interface VectorHoldOut {
  /** The problem of the rows that are used. */
  readonly training: VectorProblem;
  /** m bytes, 1 where a row is held out. */
  readonly heldOut: Uint8Array;
}

/** Rows are copied in blocks of about so many numbers. */
const BLOCK = 2 ** 18;

/**
 * A problem without the held-out rows: a copy of the others, so a tenth less than the design's memory is needed again. Null
 * where none can be spared: a single row, or fewer than three patterns.
 *
 * @param share of the rows of a dense design
 * @param signal aborting rejects with its reason
 */
export async function holdOutRows(
  problem: VectorProblem,
  share: number,
  seed: number,
  signal?: AbortSignal,
): Promise<VectorHoldOut | null> {
  const design = problem[designHandle];
  return design.kind === 'dense'
    ? withoutRows(problem, design as NativeDenseDesign, share, seed, signal)
    : withoutPattern(problem, design as NativeCodedDiffraction, seed);
}

async function withoutRows(
  problem: VectorProblem,
  design: NativeDenseDesign,
  share: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<VectorHoldOut | null> {
  const { measurements: m, dimension: n, field } = problem;
  if (m < 2) return null;
  const heldOut = randomMask(m, share, seed);
  const kept = Array.from(heldOut.keys()).filter((i) => heldOut[i] === 0);
  const copy = callNative(() => new native.DenseDesign(kept.length, n, field));
  const width = field === 'complex' ? 2 * n : n;
  const rows = Math.max(1, Math.floor(BLOCK / width));
  const row = new Float64Array(width);
  for (let first = 0; first < kept.length; first += rows) {
    const count = Math.min(rows, kept.length - first);
    const block = new Float64Array(count * width);
    callNative(() => {
      for (let k = 0; k < count; k++) {
        design.readRow(kept[first + k]!, row);
        block.set(row, k * width);
      }
      copy.fill(first, block);
    });
    // The event loop runs in between.
    await setImmediate();
    signal?.throwIfAborted();
  }
  return { training: part(problem, copy, kept), heldOut };
}

function withoutPattern(problem: VectorProblem, design: NativeCodedDiffraction, seed: number): VectorHoldOut | null {
  const { patterns, height, width } = design;
  const n = height * width;
  if (patterns < 3) return null;
  const out = randomMask(patterns, 1 / patterns, seed).indexOf(1);
  const masks = new Float64Array(2 * n * (patterns - 1));
  const used = Array.from({ length: patterns }, (_, l) => l).filter((l) => l !== out);
  used.forEach((l, k) => {
    // The row of frequency 0 is the mask, and X^H e_i the conjugate of row i.
    const pick = Vector.zeros(problem.measurements, 'complex');
    pick.data[2 * l * n] = 1;
    const conjugate = problem.adjoint(pick).data;
    for (let j = 0; j < n; j++) {
      masks[2 * (k * n + j)] = conjugate[2 * j]!;
      masks[2 * (k * n + j) + 1] = -conjugate[2 * j + 1]!;
    }
  });
  const copy = callNative(() => new native.CodedDiffraction(masks, patterns - 1, height, width));
  const heldOut = new Uint8Array(problem.measurements).fill(1, out * n, (out + 1) * n);
  const kept = Array.from(heldOut.keys()).filter((i) => heldOut[i] === 0);
  return { training: part(problem, copy, kept), heldOut };
}

function part(problem: VectorProblem, design: NativeDesign, kept: readonly number[]): VectorProblem {
  return new VectorProblem({
    design,
    y: Float64Array.from(kept, (i) => problem.y[i]!),
    channel: problem.channel,
    truth: problem.truth,
  });
}
