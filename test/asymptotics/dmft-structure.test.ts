/** The sweep against exact special cases, identities, and a second solver (gfom.ts). */
import { eigh } from '../../src/linalg';
import { native } from '../../src/load';
import { Matrix } from '../../src/matrix';
import type { NativeDmftResult } from '../../src/native';
import {
  filled,
  fullOptions,
  intensities,
  meanAndError,
  mondelliMontanari,
  normalSamples,
  referenceCase,
  sweep,
} from './dmft-support';
import { gfom, type Step } from './gfom';

/** integral of f over the Marchenko-Pastur law of X^H X / n, aspect 1/delta < 1. */
function marchenkoPastur(delta: number, f: (s: number) => number): number {
  const root = Math.sqrt(1 / delta);
  const [low, high] = [(1 - root) ** 2, (1 + root) ** 2];
  // s = middle + half cos(u): the density's square roots become a sine squared.
  const [middle, half] = [(low + high) / 2, (high - low) / 2];
  const count = 400;
  let sum = 0;
  for (let k = 0; k < count; k++) {
    const u = (Math.PI * (k + 0.5)) / count;
    const s = middle + half * Math.cos(u);
    sum += (f(s) * delta * (half * Math.sin(u)) ** 2) / (2 * Math.PI * s);
  }
  return (sum * Math.PI) / count;
}

describe('a linear model, against the Marchenko-Pastur law', () => {
  // theta^t = A_t(S) theta^0 + B_t(S) (S theta* + X^H eps / n), S = X^H X / n: two recursions for each eigenvalue s.
  function exact(delta: number, steps: Float64Array, ridge: number, momentum: number, noise: number, a: number) {
    const T = steps.length;
    const moment = (t: number, f: (A: number, B: number, s: number) => number): number =>
      marchenkoPastur(delta, (s) => {
        let [A, B, olderA, olderB] = [1, 0, 1, 0];
        for (let k = 0; k < t; k++) {
          const keep = 1 - steps[k]! * (s + ridge);
          const beta = k > 0 ? momentum : 0;
          [A, olderA] = [keep * A + beta * (A - olderA), A];
          [B, olderB] = [keep * B + steps[k]! + beta * (B - olderB), B];
        }
        return f(A, B, s);
      });
    return Array.from({ length: T + 1 }, (_, t) => ({
      m: moment(t, (A, B, s) => a * A + s * B),
      q: moment(t, (A, B, s) => A * A + (s * B) ** 2 + 2 * a * A * s * B + ((noise * noise) / delta) * s * B * B),
    }));
  }

  it('real: ridge, noise, momentum and changing steps', async () => {
    const steps = Float64Array.of(0.3, 0.5, 0.4, 0.4, 0.3, 0.3);
    const [delta, ridge, momentum, noise, a] = [2.5, 0.1, 0.6, 0.4, 0.3];
    const z = normalSamples(60_000, 'real', 4);
    const eps = new Float64Array(z.length);
    native.normals(4, 'noise', 0, eps);
    const y = z.map((value, i) => value + noise * eps[i]!);
    const loss = { name: 'square', parameters: [] };
    const result = await sweep({ z, y, loss, delta, steps, ridge, momentum, overlap: a });
    exact(delta, steps, ridge, momentum, noise, a).forEach(({ m, q }, t) => {
      expect(Math.abs(result.m[t]! - m)).toBeLessThan(0.004);
      expect(Math.abs(result.q[t]! - q)).toBeLessThan(0.008);
      // 1/2 E (w - y)^2 on fresh rows
      expect(Math.abs(result.testLoss[t]! - (q - 2 * m + 1 + noise * noise) / 2)).toBeLessThan(0.01);
    });
  });

  it('complex: a loss that is |r|^2 where y = 0', async () => {
    const steps = filled(6, 0.35);
    const [delta, ridge, momentum, a] = [1.5, 0.05, 0.4, 0.8];
    const z = normalSamples(40_000, 'complex', 5);
    const y = new Float64Array(40_000);
    const loss = { name: 'amplitude', parameters: [] };
    const result = await sweep({ field: 'complex', z, y, loss, delta, steps, ridge, momentum, overlap: a });
    for (let t = 0; t <= 6; t++) {
      // theta^t = A_t(S) theta^0: nothing of theta* comes in.
      const power = (k: 1 | 2): number =>
        marchenkoPastur(delta, (s) => {
          let [A, older] = [1, 1];
          for (let j = 0; j < t; j++)
            [A, older] = [A - 0.35 * (s + ridge) * A + (j > 0 ? momentum : 0) * (A - older), A];
          return A ** k;
        });
      expect(Math.abs(result.m[t]! - a * power(1))).toBeLessThan(0.004);
      expect(Math.abs(result.q[t]! - power(2))).toBeLessThan(0.006);
    }
  });
});

it('with measurements without end it is gradient descent on the population loss', async () => {
  // Two numbers, m and q: theta^{t+1} = (1 - eta (ridge + E force')) theta^t - eta kappa theta*.
  const [eta, ridge] = [0.7, 0.1];
  const z = normalSamples(100_000, 'real', 6);
  const loss = { name: 'tanh-amplitude', parameters: [3] };
  const result = await sweep({
    z,
    y: intensities(z, 'real'),
    loss,
    delta: 1e7,
    steps: filled(5, eta),
    ridge,
    overlap: 0.5,
  });
  let [m, q] = [0.5, 1];
  for (let t = 0; t <= 5; t++) {
    expect(Math.abs(result.m[t]! - m)).toBeLessThan(0.004);
    expect(Math.abs(result.q[t]! - q)).toBeLessThan(0.004);
    const spread = Math.sqrt(Math.max(0, q - m * m));
    let [slope, zForce] = [0, 0];
    const h = 0.02;
    for (let x = h / 2; x < 8; x += h) {
      for (let g = -8; g <= 8; g += 0.04) {
        const weight = (2 * h * 0.04 * Math.exp(-(x * x + g * g) / 2)) / (2 * Math.PI);
        const tanh = Math.tanh(3 * (m * x + spread * g));
        slope += weight * (1 - 3 * x * (1 - tanh * tanh));
        zForce += weight * x * (m * x + spread * g - x * tanh);
      }
    }
    const keep = 1 - eta * (ridge + slope);
    const pull = eta * (zForce - m * slope);
    [m, q] = [keep * m - pull, keep * keep * q - 2 * keep * pull * m + pull * pull];
  }
});

describe('identities of a spectral start', () => {
  const T = 12;
  let result: NativeDmftResult;
  const options = referenceCase(50_000, 7, T);
  beforeAll(async () => {
    result = await sweep(options);
  });

  it('theta^0 has the norm that its own parts say: c^2 = (c a)^2 + R(0,*)^2 C_u(*,*)', () => {
    const squared = result.m[0]! ** 2 + result.responseSpectral[0]! ** 2 * result.forceCovariance[0]!;
    expect(Math.abs(squared - 1)).toBeLessThan(0.02);
  });

  it('C is m m^T and what the noises make through the responses, exactly', () => {
    // Exact, but for what the samples say of C_u(*, *), which the sweep knows from the spectral fixed point instead.
    const size = T + 2;
    const star = options.overlap!;
    const forces = Float64Array.from(result.forceCovariance);
    forces[0] = (1 - star * star) / result.responseSpectral[0]! ** 2;
    const response = (t: number, k: number): number =>
      k === 0 ? result.responseSpectral[t]! : result.responseTheta[t * (T + 1) + k - 1]!;
    for (let t = 0; t <= T; t++) {
      for (let s = 0; s <= t; s++) {
        let sum = result.m[t]! * result.m[s]!;
        for (let j = 0; j < size; j++)
          for (let k = 0; k < size; k++) sum += response(t, j) * forces[j * size + k]! * response(s, k);
        expect(Math.abs(sum - result.covariance[t * (T + 1) + s]!)).toBeLessThan(1e-10);
      }
    }
  });

  it('the covariance of (z, w^0 .. w^T) has no negative eigenvalue', () => {
    const size = T + 2;
    const matrix = Matrix.zeros(size, size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const [t, s] = [Math.max(i, j) - 1, Math.min(i, j) - 1];
        matrix.data[i * size + j] = t < 0 ? 1 : s < 0 ? result.m[t]! : result.covariance[t * (T + 1) + s]!;
      }
    }
    expect(eigh(matrix).values.at(-1)!).toBeGreaterThan(-1e-6);
  });

  it('is the same bit for bit with 1, 2 and 3 threads', async () => {
    for (const threads of [1, 3]) expect(await sweep(options, threads)).toEqual(result);
  });
});

describe('a second solver', () => {
  const delta = 3;
  const [eta, ridge] = [0.6, 0.05];
  const tanhStep: Step = {
    keep: 1 - eta * ridge,
    gain: eta,
    force: (r, y) => r - Math.sqrt(y) * Math.tanh(4 * r),
    slope: (r, y) => 1 - 4 * Math.sqrt(y) * (1 - Math.tanh(4 * r) ** 2),
  };

  it('responses without derivatives, from the Stein system: independent start, t <= 3', async () => {
    const z = normalSamples(200_000, 'real', 8);
    const y = intensities(z, 'real');
    const loss = { name: 'tanh-amplitude', parameters: [4] };
    const native = await sweep({ z, y, loss, delta, steps: filled(4, eta), ridge, overlap: 0.7 });
    const other = gfom(z, y, delta, 0.7, [tanhStep, tanhStep, tanhStep, tanhStep], 8, 'stein');
    for (let t = 0; t <= 3; t++) {
      expect(Math.abs(native.m[t]! - other.m[t]!)).toBeLessThan(0.01);
      expect(Math.abs(native.q[t]! - other.q[t]!)).toBeLessThan(0.015);
      expect(Math.abs(native.kappa[t]! - other.kappa[t]!)).toBeLessThan(0.03);
      for (let s = 0; s <= t; s++)
        expect(Math.abs(native.responseForce[t * 5 + s]! - other.responseForce[t]![s]!)).toBeLessThan(0.03);
    }
  });

  it('a spectral start is what power iterations from an informed start become (reference 3.8)', async () => {
    const map = mondelliMontanari(delta, 'real');
    const power: Step = { keep: 0.3, gain: -1, force: (r, y) => map(y) * r, slope: (_, y) => map(y), normalize: true };
    const steps = [...Array.from({ length: 14 }, () => power), ...Array.from({ length: 4 }, () => tanhStep)];
    const runs = [1, 2, 3].map((seed) => {
      const z = normalSamples(30_000, 'real', seed);
      return gfom(z, intensities(z, 'real'), delta, 0.75, steps, seed, 'pathwise');
    });
    const native = await sweep(referenceCase(100_000, 9, 4));
    for (let t = 0; t <= 4; t++) {
      const [m, errorM] = meanAndError(runs.map((run) => run.m[14 + t]!));
      const [q, errorQ] = meanAndError(runs.map((run) => run.q[14 + t]!));
      expect(Math.abs(m - native.m[t]!)).toBeLessThan(4 * errorM + 0.008);
      expect(Math.abs(q - native.q[t]!)).toBeLessThan(4 * errorQ + 0.008);
    }
  });
});

describe('what it refuses and how it ends', () => {
  const z = normalSamples(2000, 'real', 1);
  const y = intensities(z, 'real');
  const good = {
    z,
    y,
    delta: 3,
    loss: { name: 'smoothed-amplitude', parameters: [0.1] },
    steps: filled(3, 0.5),
    overlap: 0.5,
  };

  it.each([
    ['delta 0', { delta: 0 }, /delta/],
    ['a loss that jumps', { loss: { name: 'amplitude', parameters: [] } }, /smoothed-amplitude/],
    ['a fraction of 0', { batch: 0 }, /batch/],
    ['too few samples', { z: z.slice(0, 20), y: y.slice(0, 20) }, /at least 40 samples/],
    ['T at or above tau', { t: filled(2000, 2), tau: 1.5 }, /below tau/],
    [
      'a step that makes it overflow',
      { steps: filled(30, 1e12), loss: { name: 'wirtinger', parameters: [] } },
      /overflow/,
    ],
  ])('%s', async (_, wrong, message) => {
    const count = 'steps' in wrong ? 4000 : undefined;
    const more =
      count === undefined
        ? {}
        : { z: normalSamples(count, 'real', 1), y: intensities(normalSamples(count, 'real', 1), 'real') };
    await expect(sweep({ ...good, ...more, ...wrong })).rejects.toThrow(message);
  });

  it('the border checks lengths and receivers', () => {
    const call = (change: object): void => {
      native.dmft(fullOptions({ ...good, ...change }), 1, () => {
        throw new Error('it was refused');
      });
    };
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as unknown;
    const codeOf = (f: () => void): unknown => {
      try {
        f();
      } catch (error) {
        return error;
      }
      return undefined;
    };
    const changes = [
      { z: z.slice(1) },
      { steps: filled(2, 1), iterations: 3 },
      { t: filled(3, 0), spectral: true },
      { t: filled(2000, 0), spectral: false },
      { field: 'complex' },
      { firstSample: -1 },
    ];
    for (const change of changes)
      expect(
        codeOf(() => {
          call(change);
        }),
      ).toEqual(refused);
    expect(
      codeOf(() => {
        call({ y: filled(2000, NaN) });
      }),
    ).toMatchObject({ code: 'NON_FINITE' });
    const task = native.dmft(fullOptions(good), 1, () => undefined);
    const { get } = Object.getOwnPropertyDescriptor(task, 'progress')!;
    expect(codeOf(() => void get!.call({}))).toEqual(refused);
  });

  it('ends when cancelled, running or in the queue', async () => {
    const big = fullOptions({
      ...good,
      z: normalSamples(200_000, 'real', 1),
      y: filled(200_000, 1),
      steps: filled(200, 0.5),
    });
    const started = [1, 2, 3, 4].map(
      () =>
        new Promise<string>((resolve) => {
          const task = native.dmft(big, 1, (error) => {
            resolve(String((error as { code?: string } | null)?.code));
          });
          setTimeout(() => {
            task.cancel();
          }, 20);
        }),
    );
    expect(await Promise.all(started)).toEqual(Array.from({ length: 4 }, () => 'CANCELLED'));
  });
});
