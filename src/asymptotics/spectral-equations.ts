/**
 * The exact asymptotics of the top eigenpair of D = X^H diag(T(y)) X / m (Lu and Li, arXiv 1702.06435; Mondelli and Montanari,
 * arXiv 1708.05932). With Z = |z|^2 and E over (z, y):
 *
 *   psi(tau) = tau (1/delta + E[T/(tau-T)]),  psi' = 1/delta - E[T^2/(tau-T)^2],  lambda_bar = argmin psi over tau > sup T
 *   tau: E[(Z-1) T/(tau-T)] = 1/delta, recovered when tau > lambda_bar;  eigenvalue psi(tau), bulk edge psi(lambda_bar)
 *   a^2 = (1/delta - E[T^2/(tau-T)^2]) / (1/delta + E[(Z-1) T^2/(tau-T)^2])
 *
 * Everything is a function of u = tau - sup T > 0, searched in its logarithm: psi' rises, and psi - tau E[Z T/(tau-T)] rises
 * where psi does, so that every root is bracketed and found by bisection's safety with interpolation's speed.
 */
import type { WeightedLaw } from './law';

export interface SpectralSums {
  /** E[T/(tau-T)], E[Z T/(tau-T)] and the same with squares. */
  readonly plain: number;
  readonly moment: number;
  readonly plainSquared: number;
  readonly momentSquared: number;
}

export class SpectralEquations {
  readonly #T: Float64Array;
  readonly #gap: Float64Array;
  /** u runs between these. */
  readonly #least: number;
  readonly #most: number;

  constructor(
    readonly law: WeightedLaw,
    T: Float64Array,
    /** Above 0. */
    readonly supremum: number,
  ) {
    this.#T = T;
    this.#gap = T.map((t) => Math.max(0, supremum - t));
    this.#least = 1e-11 * supremum;
    this.#most = 1e24 * supremum;
  }

  sums(u: number): SpectralSums {
    const { weight, moment } = this.law;
    const T = this.#T;
    const gap = this.#gap;
    let [a1, b1, a2, b2] = [0, 0, 0, 0];
    for (let k = 0; k < weight.length; k++) {
      const ratio = T[k]! / (gap[k]! + u);
      const w = weight[k]! * ratio;
      const wz = moment[k]! * ratio;
      a1 += w;
      b1 += wz;
      a2 += w * ratio;
      b2 += wz * ratio;
    }
    return { plain: a1, moment: b1, plainSquared: a2, momentSquared: b2 };
  }

  psi(u: number, delta: number): number {
    return (this.supremum + u) * (1 / delta + this.sums(u).plain);
  }

  /** u of lambda_bar: E[T^2/(tau-T)^2] = 1/delta, or the least that is tried where even at sup T it is less. */
  bulkEdge(delta: number): number {
    return this.#root((u) => 1 / delta - this.sums(u).plainSquared, this.#least, this.#most) ?? this.#least;
  }

  /** u of tau, above that of lambda_bar; undefined below threshold. */
  outlier(delta: number, edge: number): number | undefined {
    const f = (u: number): number => {
      const { plain, moment } = this.sums(u);
      return 1 / delta - (moment - plain);
    };
    return this.#root(f, edge, this.#most);
  }

  /**
   * The least delta at which an outlier leaves the bulk: where lambda_bar = tau, E[(Z-1) T/(tau-T)] = E[T^2/(tau-T)^2]. The sign
   * of the difference is followed from sup T on; Infinity where it never turns.
   */
  threshold(): number {
    const difference = ({ plain, moment, plainSquared }: SpectralSums): number => moment - plain - plainSquared;
    const f = (u: number): number => difference(this.sums(u));
    const points = 280;
    const at = (k: number): number => this.#least * (this.#most / this.#least) ** (k / points);
    for (let k = 1; k <= points; k++) {
      // Far out both sides are rounding.
      const sums = this.sums(at(k));
      if (sums.plainSquared < 1e-14) break;
      if (difference(sums) <= 0) continue;
      const u = f(at(k - 1)) < 0 ? this.#root(f, at(k - 1), at(k)) : at(k);
      return u === undefined ? Infinity : 1 / this.sums(u).plainSquared;
    }
    return Infinity;
  }

  /** A root of f in [low, high] with f(low) < 0 <= f(high), to the last digits of u; undefined when f(low) >= 0. */
  #root(f: (u: number) => number, low: number, high: number): number | undefined {
    let [a, b] = [Math.log(low), Math.log(high)];
    let [fa, fb] = [f(low), f(high)];
    if (fa >= 0) return undefined;
    if (!(fb >= 0)) return high;
    for (let step = 0; step < 200 && b - a > 4e-16 * Math.max(1, Math.abs(a)); step++) {
      // Three bisections, then interpolation and bisection in turn: at most twice the steps of bisection alone.
      let middle = (a + b) / 2;
      if (step > 10 && step % 2 === 0) {
        const secant = a + ((b - a) * fa) / (fa - fb);
        // A little beyond the secant's point, so that the root is enclosed from both sides in turn.
        const lean = 0.01 * Math.min(secant - a, b - secant);
        middle = -fa < fb ? secant + lean : secant - lean;
      }
      const value = f(Math.exp(middle));
      if (value < 0) [a, fa] = [middle, value];
      else [b, fb] = [middle, value];
    }
    return Math.exp((a + b) / 2);
  }
}

export function rootMeanSquare(law: WeightedLaw, T: Float64Array): number {
  return Math.sqrt(law.weight.reduce((sum, w, k) => sum + w * T[k]! * T[k]!, 0));
}
