/** The spectral asymptotics: published numbers, identities, an evaluation by other means, and answers for hard cases. */
import { asymptotics } from '../../src';
import type { Field } from '../../src/vector';

const { spectral } = asymptotics;

// delta, T* tau, T* a^2, MM tau, MM a^2, trimmed a^2, subset a^2; no noise. T* without clip. The subset is y > 2 real, 1.5 complex.
const golden: Record<Field, readonly (readonly number[])[]> = {
  real: [
    [0.55, 1.0211, 0.02064, 1.0104, 0.02038, 0, 0],
    [0.75, 1.1251, 0.1112, 1.0582, 0.10489, 0, 0],
    [1, 1.2999, 0.2307, 1.1265, 0.20604, 0, 0.02556],
    [1.5, 1.8419, 0.45708, 1.2728, 0.3703, 0, 0.1502],
    [2, 2.7692, 0.63888, 1.4191, 0.48582, 0.0909, 0.24657],
    [3, 6.4687, 0.84541, 1.6948, 0.62621, 0.27739, 0.38586],
    [4, 13.2433, 0.92449, 1.9465, 0.70515, 0.39737, 0.48169],
    [6, 36.412, 0.97254, 2.3946, 0.78976, 0.54436, 0.60496],
    [8, 72.2777, 0.98616, 2.7913, 0.83463, 0.63251, 0.68087],
    [10, 120.7607, 0.99172, 3.1521, 0.86272, 0.69173, 0.7323],
  ],
  complex: [
    [1.1, 1.0351, 0.03395, 1.0172, 0.0335, 0, 0],
    [1.5, 1.2104, 0.17385, 1.0939, 0.16341, 0, 0],
    [2, 1.5108, 0.3381, 1.1978, 0.30126, 0, 0.00163],
    [3, 2.4218, 0.58708, 1.4052, 0.49001, 0, 0.16837],
    [4, 3.7663, 0.73449, 1.5991, 0.60233, 0, 0.28738],
    [6, 7.5365, 0.86731, 1.9449, 0.72296, 0.35265, 0.44595],
    [8, 12.3395, 0.91896, 2.2486, 0.78553, 0.483, 0.5468],
    [10, 17.8717, 0.94405, 2.5226, 0.82384, 0.56333, 0.61659],
  ],
};

const fields: readonly Field[] = ['real', 'complex'];

test.each(fields)('the golden table, %s, to every digit printed', (field) => {
  for (const [delta, tauStar, star, tauMm, mm, trimmed, subset] of golden[field] as readonly (readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ])[]) {
    const best = spectral({ delta, field, clip: Infinity });
    expect(Math.abs(best.tau - tauStar)).toBeLessThan(0.51e-4);
    expect(Math.abs(best.overlapSquared - star)).toBeLessThan(0.51e-5);
    const other = spectral({ delta, field, preprocessing: 'mondelli-montanari' });
    expect(Math.abs(other.tau - tauMm)).toBeLessThan(0.51e-4);
    expect(Math.abs(other.overlapSquared - mm)).toBeLessThan(0.51e-5);
    const trim = spectral({ delta, field, preprocessing: 'truncated' });
    expect(Math.abs(trim.overlapSquared - trimmed)).toBeLessThan(0.51e-5);
    expect(trim.aboveThreshold).toBe(trimmed > 0);
    const cut = spectral({ delta, field, preprocessing: { name: 'subset', threshold: field === 'real' ? 2 : 1.5 } });
    expect(Math.abs(cut.overlapSquared - subset)).toBeLessThan(0.51e-5);
    expect(cut.aboveThreshold).toBe(subset > 0);
  }
});

test.each([
  ['real', 2, [0.499, 0.5591, 0.6025, 0.626, 0.6354, 0.6387]],
  ['real', 4, [0.7614, 0.8238, 0.8681, 0.8959, 0.9118, 0.9232]],
  ['complex', 3, [0.4885, 0.5417, 0.5718, 0.5835, 0.5864, 0.5871]],
] as const)('the table of clips, %s, delta = %f', (field, delta, expected) => {
  [1, 2, 4, 8, 16, 64].forEach((clip, k) => {
    expect(Math.abs(spectral({ delta, field, clip }).overlapSquared - expected[k]!)).toBeLessThan(0.51e-4);
  });
});

test('identities of the optimal T: its eigenvalue is 1/delta, its threshold the weak one', () => {
  for (const field of fields) {
    for (const delta of field === 'real' ? [0.51, 0.7, 2, 30, 1000] : [1.01, 1.7, 2, 30, 1000]) {
      const { eigenvalue, aboveThreshold } = spectral({ delta, field, clip: Infinity });
      expect(aboveThreshold).toBe(true);
      expect(Math.abs(eigenvalue * delta - 1)).toBeLessThan(1e-12);
    }
    const { threshold, preprocessingThreshold } = spectral({ delta: 3, field, clip: Infinity });
    expect(Math.abs(threshold! - (field === 'real' ? 0.5 : 1))).toBeLessThan(1e-12);
    expect(Math.abs(preprocessingThreshold - threshold!)).toBeLessThan(1e-6);
  }
  // Also with noise, where E[Z|y] comes from quadrature.
  const noisy = spectral({ delta: 4, noise: 0.3, clip: Infinity });
  expect(Math.abs(noisy.eigenvalue * 4 - 1)).toBeLessThan(1e-9);
  expect(noisy.preprocessingThreshold).toBeCloseTo(noisy.threshold!, 6);
});

test('preprocessingThreshold is where the overlap begins', () => {
  for (const preprocessing of ['truncated', 'subset', 'amplitude', 'orthogonality-promoting'] as const) {
    for (const field of fields) {
      const { preprocessingThreshold: at } = spectral({ delta: 3, field, preprocessing });
      expect(at).toBeGreaterThan(field === 'real' ? 0.5 : 1);
      const just = spectral({ delta: at * 1.0001, field, preprocessing });
      expect(just.aboveThreshold).toBe(true);
      expect(just.overlapSquared).toBeLessThan(1e-3);
      expect(spectral({ delta: at * 0.9999, field, preprocessing }).aboveThreshold).toBe(false);
    }
  }
});

type Mean = (f: (Z: number, T: number) => number) => number;

/** E f(Z, T(y)) by the trapezoidal rule over z and the noise: exact to rounding for smooth f. */
function trapezoid(link: (z: number) => number, noise: number, T: (y: number) => number): Mean {
  const h = 0.06;
  const points: [weight: number, Z: number, T: number][] = [];
  const grid = Array.from({ length: 301 }, (_, k) => (k - 150) * h);
  for (const z of grid) {
    for (const e of noise === 0 ? [0] : grid) {
      const weight = Math.exp(-0.5 * (z * z + e * e)) * (noise === 0 ? h : (h * h) / Math.sqrt(2 * Math.PI));
      if (weight > 1e-19) points.push([weight / Math.sqrt(2 * Math.PI), z * z, T(link(z) + noise * e)]);
    }
  }
  return (f) => {
    let sum = 0;
    for (const [weight, Z, t] of points) sum += weight * f(Z, t);
    return sum;
  };
}

/** E f(|z|^2, |z|^2) for z ~ CN(0, 1), adaptive Simpson over s = |z|^2 on pieces cut at `cuts`. */
function adaptive(f: (s: number) => number, cuts: readonly number[]): number {
  const g = (s: number): number => Math.exp(-s) * f(s);
  const simpson = (a: number, b: number, fa: number, fm: number, fb: number, whole: number, depth: number): number => {
    const m = (a + b) / 2;
    const [fl, fr] = [g((a + m) / 2), g((m + b) / 2)];
    const [left, right] = [((m - a) / 6) * (fa + 4 * fl + fm), ((b - m) / 6) * (fm + 4 * fr + fb)];
    if (depth > 40 || Math.abs(left + right - whole) < 1e-13) return left + right + (left + right - whole) / 15;
    return simpson(a, m, fa, fl, fm, left, depth + 1) + simpson(m, b, fm, fr, fb, right, depth + 1);
  };
  const edges = [0, ...cuts, 1, 4, 12, 45].sort((a, b) => a - b);
  let sum = 0;
  for (let k = 1; k < edges.length; k++) {
    // Jumps are at the edges: look at them from inside.
    const [a, b] = [edges[k - 1]! * (1 + 1e-15) + 1e-300, edges[k]! * (1 - 1e-15)];
    if (b <= a) continue;
    const [fa, fm, fb] = [g(a), g((a + b) / 2), g(b)];
    sum += simpson(a, b, fa, fm, fb, ((b - a) / 6) * (fa + 4 * fm + fb), 0);
  }
  return sum;
}

/**
 * The equations in another form: bisection on psi - phi itself, and a^2 = psi' / (psi' - phi') with the derivatives by
 * central differences.
 */
function independently(
  mean: Mean,
  supremum: number,
  delta: number,
): { tau: number; overlapSquared: number; eigenvalue: number; bulkEdge: number } {
  const psi = (tau: number): number => tau * (1 / delta + mean((_, T) => T / (tau - T)));
  const phi = (tau: number): number => tau * mean((Z, T) => (Z * T) / (tau - T));
  const slope = (f: (tau: number) => number, tau: number): number => {
    const h = 1e-3 * (tau - supremum);
    return (8 * (f(tau + h) - f(tau - h)) - (f(tau + 2 * h) - f(tau - 2 * h))) / (12 * h);
  };
  const bisect = (f: (tau: number) => number, low: number, high: number): number => {
    let [a, b] = [low, high];
    for (let k = 0; k < 44; k++) {
      const m = (a + b) / 2;
      if (f(m) < 0) a = m;
      else b = m;
    }
    return (a + b) / 2;
  };
  const edge = bisect((tau) => slope(psi, tau), supremum * (1 + 1e-3), supremum * 1000);
  const tau = bisect((t) => psi(t) - phi(t), edge, supremum * 1000);
  const [up, across] = [slope(psi, tau), slope(phi, tau)];
  return { tau, overlapSquared: up / (up - across), eigenvalue: psi(tau), bulkEdge: psi(edge) };
}

function agree(found: asymptotics.SpectralPrediction, expected: ReturnType<typeof independently>): void {
  expect(found.aboveThreshold).toBe(true);
  expect(Math.abs(found.overlapSquared - expected.overlapSquared)).toBeLessThan(1e-6);
  expect(Math.abs(found.tau / expected.tau - 1)).toBeLessThan(1e-6);
  expect(Math.abs(found.eigenvalue / expected.eigenvalue - 1)).toBeLessThan(1e-6);
  expect(Math.abs(found.bulkEdge / expected.bulkEdge - 1)).toBeLessThan(1e-6);
}

test.each([
  ['intensity', 0, (z: number) => z * z, (y: number) => Math.tanh(y - 1)],
  ['intensity', 0.5, (z: number) => z * z, (y: number) => Math.tanh(y - 1)],
  ['linear', 0.5, (z: number) => z, (y: number) => (y * y - 1) / (y * y + 1)],
] as const)('another evaluation: %s, noise %f, smooth T', (channel, noise, link, T) => {
  const delta = 4;
  const found = spectral({ delta, channel, noise, preprocessing: { T, supremum: 1 } });
  agree(found, independently(trapezoid(link, noise, T), 1, delta));
});

test('another evaluation: complex, T with jumps', () => {
  const trimmed = (y: number): number => (y <= 9 ? y : 0);
  agree(
    spectral({ delta: 8, field: 'complex', preprocessing: 'truncated' }),
    independently((f) => adaptive((s) => f(s, trimmed(s)), [9]), 9, 8),
  );
  const amplitude = (y: number): number => (y <= 9 ? Math.sqrt(y) : 0);
  agree(
    spectral({ delta: 8, field: 'complex', preprocessing: 'amplitude' }),
    independently((f) => adaptive((s) => f(s, amplitude(s)), [1e-9, 1e-6, 1e-4, 1e-2, 9]), 3, 8),
  );
  // The quantile: P(y > t) = exp(-t).
  const sixth = (y: number): number => (y > Math.log(6) ? 1 : 0);
  agree(
    spectral({ delta: 6, field: 'complex', preprocessing: 'orthogonality-promoting' }),
    independently((f) => adaptive((s) => f(s, sixth(s)), [Math.log(6)]), 1, 6),
  );
});

test('another evaluation: counts, complex, where the sums are in closed form', () => {
  // P(k) = q^k (1 - q), q = gain / (1 + gain); E[Z | k] = (k + 1) / (gain + 1).
  const gain = 2;
  const T = (y: number): number => 1 - (gain + 1) / (gain * y + 1);
  const mean: Mean = (f) => {
    let sum = 0;
    const q = gain / (1 + gain);
    for (let k = 0; k < 400; k++) sum += q ** k * (1 - q) * f((k + 1) / (gain + 1), T(k / gain));
    return sum;
  };
  agree(spectral({ delta: 4, field: 'complex', channel: { name: 'poisson', gain } }), independently(mean, 1, 4));
});

test('below threshold: overlap 0, the eigenvalue at the edge, no exception', () => {
  for (const [delta, field, preprocessing] of [
    [0.3, 'real', 'optimal'],
    [1e-6, 'real', 'optimal'],
    [0.9, 'complex', 'mondelli-montanari'],
    [1.2, 'real', 'truncated'],
  ] as const) {
    const found = spectral({ delta, field, preprocessing });
    expect(found).toMatchObject({ overlapSquared: 0, overlap: 0, aboveThreshold: false });
    expect(found.eigenvalue).toBe(found.bulkEdge);
    for (const value of [found.eigenvalue, found.tau, found.preprocessingThreshold]) expect(value).toBeGreaterThan(0);
  }
});

test('where even statistics carry nothing the threshold is infinite', () => {
  for (const channel of ['sign', 'logistic'] as const) {
    for (const preprocessing of ['optimal', 'mondelli-montanari', 'plain'] as const) {
      const found = spectral({ delta: 5, channel, preprocessing });
      expect(found).toMatchObject({
        overlapSquared: 0,
        aboveThreshold: false,
        threshold: Infinity,
        preprocessingThreshold: Infinity,
      });
      for (const value of [found.eigenvalue, found.bulkEdge, found.tau]) expect(Number.isFinite(value)).toBe(true);
    }
  }
});

test('a channel given by a function: samples in the place of nodes, and said so', () => {
  const exact = spectral({ delta: 4, preprocessing: 'truncated' });
  const found = spectral({ delta: 4, channel: (z) => z * z, preprocessing: 'truncated', samples: 200000 });
  expect(found.law).toBe('samples');
  expect(exact.law).toBe('nodes');
  expect(found.threshold).toBeNull();
  expect(Math.abs(found.overlapSquared - exact.overlapSquared)).toBeLessThan(0.02);
});

test.each<[asymptotics.SpectralOptions, RegExp]>([
  [{ delta: 0 }, /positive finite number for delta/],
  [{ delta: NaN }, /delta/],
  [{ delta: 2, preprocessing: 'plain' }, /bounded above.*'plain'.*'intensity'/],
  [{ delta: 2, preprocessing: 'weighted' }, /bounded above.*'weighted'/],
  [{ delta: 2, channel: (z) => z * z, preprocessing: 'plain', samples: 1000 }, /bounded above/],
  [{ delta: 2, preprocessing: (y) => -y }, /above 0 somewhere/],
  [{ delta: 2, preprocessing: { T: (y) => y, supremum: 4 } }, /supremum of at least/],
  [{ delta: 2, preprocessing: { T: Math.tanh, supremum: Infinity } }, /bounded above/],
  [{ delta: 2, channel: (z) => z, samples: 1000 }, /posteriorSecondMoment/],
  [{ delta: 2, channel: 'sign', field: 'complex' }, /'sign', which is real only/],
  [{ delta: 2, channel: 'sign', noise: 0.1 }, /Expected none/],
  [{ delta: 2, clip: -1 }, /clip/],
  [{ delta: 2, preprocesing: 'optimal' } as never, /Did you mean "preprocessing"/],
])('refuses %j', (options, message) => {
  expect(() => spectral(options)).toThrow(message);
});
