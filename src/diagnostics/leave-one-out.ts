/** What the data-driven twin needs beside the native recursion: the spectral constant, and the overlap from w and y. */
import { LowrankError } from '../errors';
import { normalized } from '../preprocessing';
import type { VectorProblem } from '../problems/vector-problem';

/**
 * tau with eigenvalue = psi(tau) = tau (1/delta + mean_i T_i / (tau - T_i)) on the rising branch of psi: the spectral
 * constant of a top eigenvalue that stands out of the bulk, without knowledge of the channel. For entries of variance 1.
 *
 * @throws LowrankError INVALID_ARGUMENT where the eigenvalue is not above the edge of the bulk, the least psi
 */
export function spectralConstant(weights: Float64Array, eigenvalue: number, delta: number): number {
  const most = weights.reduce((a, b) => Math.max(a, b), -Infinity);
  const mean = (f: (t: number) => number): number => weights.reduce((sum, t) => sum + f(t), 0) / weights.length;
  const psi = (tau: number): number => tau * (1 / delta + mean((t) => t / (tau - t)));
  const slope = (tau: number): number => 1 / delta - mean((t) => (t / (tau - t)) ** 2);
  if (!(most > 0)) {
    throw new LowrankError('INVALID_ARGUMENT', `Expected weights T above 0 somewhere but the largest is ${most}.`);
  }
  // psi' rises from -infinity at the largest T; both roots are searched in the logarithm of tau - max T.
  const root = (f: (tau: number) => number, low: number, high: number): number => {
    let [a, b] = [low, high];
    for (let step = 0; step < 200 && b - a > 1e-14 * Math.max(1, Math.abs(a)); step++) {
      const middle = (a + b) / 2;
      if (f(most * (1 + Math.exp(middle))) < 0) a = middle;
      else b = middle;
    }
    return (a + b) / 2;
  };
  const edge = root(slope, -30, 30);
  const bulk = psi(most * (1 + Math.exp(edge)));
  if (!(eigenvalue > bulk)) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `The eigenvalue of the spectral start, ${eigenvalue}, does not stand out of the bulk, whose edge is about ${bulk}: nothing of ` +
        'the signal is in it, and its dependence on the rows cannot be taken back. Take more measurements, or another preprocessing.',
    );
  }
  return most * (1 + Math.exp(root((tau) => psi(tau) - eigenvalue, edge, 60)));
}

/**
 * |m_t| / ||theta^t|| for each t, from moments of (w^t, y): w is Gaussian given z with mean m z, so that
 *
 *     E |w|^2 y - E |w|^2 E y = m^2 E (|z|^2 - 1) y      or, where y has a linear part,      E w y = m E z y.
 *
 * @param squaredField mean_i |w_i^t|^2
 * @returns undefined for a channel without nodes, or whose y says nothing through these moments
 */
export function estimatedOverlap(
  problem: VectorProblem,
  iterations: number,
  fieldAt: (t: number) => Float64Array,
  squaredField: Float64Array,
): Float64Array | undefined {
  const { channel, field } = problem;
  const nodes = channel.nodes?.(field, []);
  if (nodes === undefined) return undefined;
  const { weight, z, y: values } = nodes;
  const average = (f: (z: number, y: number) => number): number =>
    weight.reduce((sum, share, k) => sum + share * f(z[k]!, values[k]!), 0);
  const linear = field === 'real' && !channel.even ? average((zk, yk) => zk * yk) : 0;
  const second = average((zk, yk) => (zk * zk - 1) * yk);
  const useLinear = Math.abs(linear) > 1e-6;
  if (!useLinear && !(Math.abs(second) > 1e-6)) return undefined;
  const y = normalized(problem.y, channel, field);
  const meanY = y.reduce((sum, value) => sum + value, 0) / y.length;
  const each = field === 'complex' ? 2 : 1;
  return Float64Array.from({ length: iterations + 1 }, (_, t) => {
    const w = fieldAt(t);
    if (useLinear) {
      const cross = y.reduce((sum, value, i) => sum + value * w[i]!, 0) / y.length;
      return Math.min(1, Math.abs(cross / linear) / Math.sqrt(squaredField[t]!));
    }
    let cross = 0;
    w.forEach((value, k) => (cross += value * value * y[Math.floor(k / each)]!));
    const squared = (cross / y.length - meanY * squaredField[t]!) / second;
    return Math.min(1, Math.sqrt(Math.max(0, squared) / squaredField[t]!));
  });
}
