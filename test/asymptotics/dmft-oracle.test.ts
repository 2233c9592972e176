/** The sweep against numbers that do not come from it: the reference's table and quadrature. */
import type { NativeDmftResult } from '../../src/native';
import { meanAndError, referenceCase, sweep } from './dmft-support';

/** Reference 10.1, columns t = 0 .. 8; standard error at most .0009, four digits printed. */
const TABLE = {
  m: [0.7913, 0.686, 0.7432, 0.7795, 0.8093, 0.8327, 0.8511, 0.8655, 0.8769],
  q: [1, 0.6021, 0.6509, 0.6806, 0.7098, 0.7349, 0.7562, 0.774, 0.7886],
  squaredForce: [0.2541, 0.0707, 0.0453, 0.032, 0.0235, 0.0179, 0.014, 0.0113, 0.0094],
  kappa: [-0.3062, -0.4138, -0.4458, -0.4768, -0.5015, -0.5209, -0.5356, -0.546],
  responseFirst: [0.5587, -0.1179, -0.0463, -0.0242, -0.0152, -0.0106, -0.0078, -0.0059],
  responseNow: [0.5587, 0.5503, 0.6447, 0.6992, 0.7369, 0.7639, 0.7834, 0.7975],
  responseSpectral: [1.7701, 1.1236, 0.8442, 0.6342, 0.4788, 0.3632, 0.2773, 0.2134, 0.1657],
};
const T = 8;
const ITS_ERROR = 0.0009;
const PRINTED = 0.00005;

function columns(r: NativeDmftResult): typeof TABLE {
  return {
    m: [...r.m],
    q: [...r.q],
    squaredForce: [...r.squaredForce],
    kappa: [...r.kappa].slice(0, T),
    responseFirst: Array.from({ length: T }, (_, t) => r.responseForce[t * (T + 1)]!),
    responseNow: Array.from({ length: T }, (_, t) => r.responseForce[t * (T + 1) + t]!),
    responseSpectral: [...r.responseSpectral],
  };
}

describe('smoothed amplitude flow, real, delta = 3 (reference 10.1)', () => {
  let repeats: readonly NativeDmftResult[];
  beforeAll(async () => {
    repeats = await Promise.all([1, 2, 3].map((seed) => sweep(referenceCase(100_000, seed, T))));
  });

  it.each(Object.keys(TABLE) as (keyof typeof TABLE)[])('%s is that of the table', (name) => {
    TABLE[name].forEach((expected, t) => {
      const [mean, error] = meanAndError(repeats.map((repeat) => columns(repeat)[name][t]!));
      // Three repeats tell their standard error roughly: their error is not taken to be below the table's own.
      const tolerance = 4 * Math.hypot(Math.max(error, ITS_ERROR / 3), ITS_ERROR / 3) + PRINTED;
      expect({ t, difference: mean - expected, within: Math.abs(mean - expected) <= tolerance }).toEqual({
        t,
        difference: mean - expected,
        within: true,
      });
    });
  });

  it('fails by far without the memory of the spectral start', async () => {
    const { m } = await sweep({ ...referenceCase(100_000, 1, T), spectralMemory: false });
    expect(Math.abs(m[1]! - TABLE.m[1]!)).toBeGreaterThan(0.05);
    expect(Math.abs(m[4]! - TABLE.m[4]!)).toBeGreaterThan(0.02);
  });

  it('equals quadrature over (z, w^0) for the first step', () => {
    const { tau, overlap: a } = referenceCase(1, 1, 1) as { tau: number; overlap: number };
    const delta = 3;
    const map = (y: number): number => (y - 1) / (y + Math.sqrt(2 * delta) - 1);
    // Trapezoid rule in w given z, midpoint rule in z > 0 (everything is even under (z, w) -> (-z, -w)).
    const sums = { kapz: 0, response: 0, stars: 0, cross: 0, squares: 0 };
    const h = 0.01;
    const spread = Math.sqrt(1 - a * a);
    for (let z = h / 2; z < 8; z += h) {
      const y = z * z;
      const t = map(y);
      const resolvent = 1 / (1 - t / tau);
      for (let g = -8; g <= 8; g += 0.02) {
        const weight = (2 * h * 0.02 * Math.exp(-(z * z + g * g) / 2)) / (2 * Math.PI);
        const r = (a * z + spread * g) * resolvent;
        const tanh = Math.tanh(4 * r);
        const force = r - z * tanh;
        sums.kapz += weight * z * force;
        sums.response += weight * (1 - 4 * z * (1 - tanh * tanh)) * resolvent;
        sums.stars += weight * (t * r) ** 2;
        sums.cross += weight * t * r * force;
        sums.squares += weight * force * force;
      }
    }
    const kappa = sums.kapz - a * sums.response;
    // The coordinates' recursions by hand, for t = 1.
    const [eta, ridge] = [0.6, 0.05];
    const star = delta / tau;
    const m1 = (1 - eta * ridge) * a - eta * (kappa + sums.response * a);
    const keep = 1 - eta * ridge - eta * sums.response;
    const c10 = keep - eta * (kappa * a + (star * sums.cross) / delta);
    const star1 = keep * star;
    const q1 = keep * c10 - eta * (kappa * m1 + (star1 * sums.cross - eta * sums.squares) / delta);

    const means = (f: (r: NativeDmftResult) => number): readonly [number, number] => meanAndError(repeats.map(f));
    const expected: readonly (readonly [number, (r: NativeDmftResult) => number])[] = [
      [kappa, (r) => r.kappa[0]!],
      [sums.response, (r) => r.responseForce[0]!],
      [sums.stars / delta, (r) => r.forceCovariance[0]!],
      [sums.cross / delta, (r) => r.forceCovariance[1]!],
      [sums.squares / delta, (r) => r.forceCovariance[T + 3]!],
      [m1, (r) => r.m[1]!],
      [star1, (r) => r.responseSpectral[1]!],
      [q1, (r) => r.q[1]!],
    ];
    for (const [value, of] of expected) {
      const [mean, error] = means(of);
      expect(Math.abs(mean - value)).toBeLessThan(4 * Math.max(error, 0.0003));
    }
  });
});
