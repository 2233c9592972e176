/**
 * The long-time fixed point of gradient descent on a single-index model: where the dynamical mean-field theory stands still.
 *
 * Equations, their source and their limits: docs/fixed-point.md. They are a reconstruction checked by simulation, and not
 * quoted from arXiv 2509.23527.
 */
import { readChannel, type ChannelChoice } from '../channels';
import type { Channel } from '../channels/channel';
import { lossMeasurements } from '../channels/intensities';
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { findLoss, requireDifferentiable, ridgeTerm, type Loss } from '../losses';
import { refuseAbove } from '../memory';
import type { Field } from '../vector';
import { averagesAt, iterate, standardize, type OrderParameters, type Rows } from './fixed-point-iteration';
import { interleaved, LineLoss, mean } from './fixed-point-row';
import { bulkEdges } from './hessian-bulk';
import { spectral } from './spectral';
import { QUASI_RANDOM_DIMENSIONS, quasiNormals, quasiUniforms } from './quasi-random';

/** Where the iteration begins; the limit may depend on it where there is more than one fixed point. */
export type FixedPointStart =
  'informed' | 'spectral' | { readonly m: number; readonly q: number; readonly V?: number | undefined };

export interface FixedPointOptions {
  /** m / n, above 0. */
  readonly delta: number;
  /** Default 'real'. */
  readonly field?: Field | undefined;
  /** Default 'intensity'. */
  readonly channel?: ChannelChoice | undefined;
  /** Default 'wirtinger'. Must be differentiable in the field. */
  readonly loss?: Loss | undefined;
  /** lambda >= 0, default 0. */
  readonly ridge?: number | undefined;
  /** Standard deviation of additive Gaussian noise on y, default 0. */
  readonly noise?: number | undefined;
  /** eta > 0: then `rate` is given. */
  readonly step?: number | undefined;
  /** Quasi-random rows for the averages; a power of two is best. Default 65536. */
  readonly samples?: number | undefined;
  /** Of the scrambling of the rows. Default 0. */
  readonly seed?: number | undefined;
  /** Default 'informed', m = q = 1; 'spectral': the overlap of the optimal spectral estimate, norm 1. */
  readonly start?: FixedPointStart | undefined;
  /** Largest change of m, q and log V at the end; default 1e-8. */
  readonly tolerance?: number | undefined;
  /** Default 2000. */
  readonly maxIterations?: number | undefined;
  /** Aborting rejects the promise with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Cap on memory in bytes; default 80 % of what is available. */
  readonly maxMemory?: number | undefined;
}

export interface FixedPoint {
  /**
   * 'unstable': the iteration ended where gradient descent cannot rest (see `stable`), or left the domain of the equations.
   * 'not-converged': `maxIterations` came first; the numbers are those of the last iterate.
   */
  readonly status: 'converged' | 'not-converged' | 'unstable';
  readonly converged: boolean;
  /** <theta*, theta>, ||theta||^2, and the susceptibility V. */
  readonly m: number;
  readonly q: number;
  readonly V: number;
  /** E[force' / (1 + V force')], and E[z force] - m xi. */
  readonly xi: number;
  readonly kappa: number;
  /** m / sqrt(q) */
  readonly overlap: number;
  /** ||theta - theta*||^2 = 1 - 2 m + q */
  readonly squaredError: number;
  /** E L(r, y) + ridge q, half of that in the real field, as solve() records it. */
  readonly trainLoss: number;
  /** E L(w, y): of a fresh row, without the ridge. */
  readonly testLoss: number;
  /** E |force|^2 */
  readonly squaredForce: number;
  /**
   * Edges of the bulk of the Hessian at the fixed point. Eigenvalues outside (outliers along the signal, the zero of the
   * global phase in the complex field) are not in them. The right one is that of `samples` rows: where the derivative of
   * the force is unbounded (wirtinger), it grows, slowly, with the number of rows.
   */
  readonly leftEdge: number;
  readonly rightEdge: number;
  /** 2 / rightEdge: larger steps diverge; an outlier above the bulk makes the limit smaller still. */
  readonly largestStep: number;
  /** max(|1 - step leftEdge|, |1 - step rightEdge|), with `step`: the linear convergence factor, by the bulk. */
  readonly rate?: number;
  /** 1 + V force' > 0 on all rows, every row's equation solved, and a positive left edge. */
  readonly stable: boolean;
  /** The least 1 + V force'. */
  readonly margin: number;
  readonly iterations: number;
  /** Largest change of m, q and log V by one more application of the equations. */
  readonly change: number;
  readonly samples: number;
  readonly seed: number;
}

const KNOWN = [
  'delta',
  'field',
  'channel',
  'loss',
  'ridge',
  'noise',
  'step',
  'samples',
  'seed',
  'start',
  'tolerance',
  'maxIterations',
  'signal',
  'maxMemory',
] as const satisfies readonly (keyof FixedPointOptions)[];

const DEFAULT_SAMPLES = 65536;
/** Doubles per row that are alive at once, with room to spare. */
const DOUBLES_PER_ROW = 40;

/**
 * The long-time limit of gradient descent with any (small enough) step, and how fast it is reached. It is the limit where
 * gradient descent converges exponentially; that the iteration here converges does not prove that.
 *
 * Cost: 10 to 100 evaluations of `samples` rows, each of 3 to 8 calls of the loss: about 0.1 to 1 s at the default.
 *
 * @throws LowrankError (as rejection) INVALID_ARGUMENT, also for a loss whose force jumps (the message names a smooth one);
 *   OUT_OF_MEMORY. Never because nothing was found: see `status`. Rejects with `signal.reason` when aborted.
 */
export async function fixedPoint(options: FixedPointOptions): Promise<FixedPoint> {
  const given = check.optionsObject(options, 'fixedPoint', KNOWN, { lambda: 'ridge', eta: 'step' });
  const delta = check.positiveNumber(given['delta'], 'delta');
  const field = check.oneOf(given['field'] ?? 'real', 'field', ['real', 'complex']);
  const noise = check.nonNegativeNumber(given['noise'] ?? 0, 'noise');
  const channel = readChannel(given['channel'] ?? 'intensity', 'channel', field, noise);
  const loss = findLoss(given['loss'] ?? 'wirtinger', field);
  requireDifferentiable(loss, field);
  const ridge = check.nonNegativeNumber(given['ridge'] ?? 0, 'ridge');
  const step = given['step'] === undefined ? undefined : check.positiveNumber(given['step'], 'step');
  const samples = check.integer(given['samples'] ?? DEFAULT_SAMPLES, 'samples', 16, 2 ** 30);
  const seed = check.seed(given['seed'] ?? 0, 'seed');
  const tolerance = check.positiveNumber(given['tolerance'] ?? 1e-8, 'tolerance');
  const maxIterations = check.positiveInteger(given['maxIterations'] ?? 2000, 'maxIterations');
  const signal = check.optionalSignal(given['signal'], 'signal');
  signal?.throwIfAborted();
  refuseAbove(8 * DOUBLES_PER_ROW * samples, `${samples} samples need`, given['maxMemory']);

  const rows = drawRows(channel, field, samples, seed);
  const line = new LineLoss(loss, field);
  const start = startingPoint(given['start'], { delta, ridge, field, channel }, line, rows);
  const { at, averages, iterations, change, defined } = await iterate(line, rows, {
    delta,
    ridge,
    start,
    tolerance,
    maxIterations,
    signal,
  });

  const { slope, across, r, unsolved } = averages.rows;
  const weights = field === 'real' ? slope : joined(slope, across);
  const { leftEdge, rightEdge } = bulkEdges(weights, delta, ridge);
  const stable = defined && unsolved === 0 && averages.margin > 0 && leftEdge > 0;
  const converged = change <= tolerance;
  return {
    status: defined && !converged ? 'not-converged' : stable ? 'converged' : 'unstable',
    converged: converged && stable,
    ...at,
    xi: averages.xi,
    kappa: averages.kappa,
    overlap: at.q > 0 ? at.m / Math.sqrt(at.q) : 0,
    squaredError: 1 - 2 * at.m + at.q,
    trainLoss: line.meanValue(r, rows.y) + ridgeTerm(ridge, at.q, field),
    testLoss: line.meanValue(averages.w, rows.y),
    squaredForce: averages.squaredForce,
    leftEdge,
    rightEdge,
    largestStep: rightEdge > 0 ? 2 / rightEdge : Infinity,
    ...(step !== undefined && { rate: Math.max(Math.abs(1 - step * leftEdge), Math.abs(1 - step * rightEdge)) }),
    stable,
    margin: averages.margin,
    iterations,
    change,
    samples,
    seed,
  };
}

/** z and what is independent of it on the first dimensions, the channel's noise on the next ones. */
export function drawRows(channel: Channel, field: Field, samples: number, seed: number): Rows {
  let dimension = 0;
  const draw = (make: typeof quasiNormals, count: number): Float64Array => {
    if (dimension >= QUASI_RANDOM_DIMENSIONS) {
      throw new LowrankError(
        'INVALID_ARGUMENT',
        `Expected a channel that draws few random numbers per measurement but '${channel.name}' draws more than ${QUASI_RANDOM_DIMENSIONS - 3}.`,
      );
    }
    return make(count, dimension++, seed);
  };
  let z: Float64Array;
  let g: Float64Array[];
  if (field === 'real') {
    z = standardize(draw(quasiNormals, samples), [], 1);
    g = [standardize(draw(quasiNormals, samples), [z], 1)];
  } else {
    // |z|^2 is exponential; its phase goes out of every average.
    const squares = draw(quasiUniforms, samples).map((u) => -Math.log(u));
    const total = mean(squares);
    z = squares.map((square) => Math.sqrt(square / total));
    g = [0, 1].map(() => standardize(draw(quasiNormals, samples), [z], 0.5));
  }
  // A channel asks for one number a measurement at a time; should it ask for k, they are k dimensions side by side.
  const spread = (make: typeof quasiNormals, count: number): Float64Array => {
    const k = Math.ceil(count / samples);
    const columns = Array.from({ length: k }, () => {
      const column = draw(make, samples);
      // Noise that is uncorrelated with the fields in the sample, too.
      return make === quasiNormals ? standardize(column, [z, ...g], 1) : column;
    });
    return Float64Array.from({ length: count }, (_, i) => columns[i % k]![Math.floor(i / k)]!);
  };
  const y = channel.sample(field === 'real' ? Float64Array.from(z) : interleaved(z), field, {
    normals: (count) => spread(quasiNormals, count),
    uniforms: (count) => spread(quasiUniforms, count),
  });
  const index = check.firstNonFinite(y);
  if (index >= 0) throw check.nonFinite(`y[${index}] from channel '${channel.name}'`, y[index]);
  return { field, z, y: lossMeasurements(channel, y), g };
}

function startingPoint(
  value: unknown,
  model: { delta: number; ridge: number; field: Field; channel: Channel },
  line: LineLoss,
  rows: Rows,
): OrderParameters {
  let m = 1;
  let q = 1;
  let V: number | undefined;
  if (value === 'spectral') {
    const { delta, field, channel } = model;
    m = Math.sqrt(spectral({ delta, field, channel }).overlapSquared);
  } else if (typeof value === 'object' && value !== null) {
    const given = check.optionsObject(value, 'start', ['m', 'q', 'V']);
    if (typeof given['m'] !== 'number' || !Number.isFinite(given['m'])) {
      throw invalid('a finite number', 'start.m', given['m']);
    }
    m = given['m'];
    q = check.positiveNumber(given['q'], 'start.q');
    if (q < m * m) throw check.refused('q >= m^2', 'start', `m = ${m} and q = ${q}`);
    V = given['V'] === undefined ? undefined : check.positiveNumber(given['V'], 'start.V');
  } else if (value !== undefined) check.oneOf(value, 'start', ['informed', 'spectral']);
  return { m, q, V: V ?? firstSusceptibility({ m, q }, model, line, rows) };
}

/** V of rows that do not react, r = w; 1/delta where their curvature is not positive. */
function firstSusceptibility(
  { m, q }: { m: number; q: number },
  { delta, ridge }: { delta: number; ridge: number },
  line: LineLoss,
  rows: Rows,
): number {
  // As V -> 0 the equation is r = w.
  const { xi } = averagesAt(line, rows, { m, q, V: 1e-12 }, null);
  return 1 / (delta * (ridge + xi > 0 ? ridge + xi : 1));
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
