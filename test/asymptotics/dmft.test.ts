/** asymptotics.dmft: defaults, options, errors, endings. What the numbers are worth is tested in the files beside. */
import { asymptotics, LowrankError } from '../../src';
import type { DmftOptions, DmftProgress } from '../../src/asymptotics';
import { tabulated } from '../../src/asymptotics/dmft-start';
import { mondelliMontanari, normalSamples } from './dmft-support';

const base: DmftOptions = {
  delta: 3,
  loss: { name: 'tanh-amplitude', sharpness: 4 },
  step: 0.6,
  ridge: 0.05,
  iterations: 8,
  samples: 20_000,
  start: { kind: 'spectral', preprocessing: 'mondelli-montanari' },
};

async function refusal(options: object): Promise<LowrankError> {
  const error: unknown = await asymptotics.dmft({ ...base, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LowrankError);
  return error as LowrankError;
}

describe('a spectral start', () => {
  it('gives the reference case, with standard errors that cover it', async () => {
    const result = await asymptotics.dmft({ ...base, samples: 60_000, repeats: 4 });
    const m = [0.7913, 0.686, 0.7432, 0.7795, 0.8093, 0.8327, 0.8511, 0.8655, 0.8769];
    m.forEach((expected, t) => {
      const error = Math.hypot(result.standardErrors.m[t]!, 0.0009);
      expect(Math.abs(result.m[t]! - expected)).toBeLessThan(4 * error);
      expect(result.standardErrors.m[t]!).toBeLessThan(0.003);
      expect(result.overlap[t]!).toBeCloseTo(result.m[t]! / Math.sqrt(result.q[t]!), 4);
    });
    expect(result.spectral?.overlapSquared).toBeCloseTo(0.626205, 5);
    expect(result.spectral?.aboveThreshold).toBe(true);
    expect(result).toMatchObject({ iterations: 8, samples: 60_000, repeats: 4, seed: 0 });
  });

  it('is a function of the seed alone: same bits with 1 and 3 threads, others with another seed', async () => {
    const [one, three, other] = await Promise.all([
      asymptotics.dmft({ ...base, samples: 3000, threads: 1 }),
      asymptotics.dmft({ ...base, samples: 3000, threads: 3 }),
      asymptotics.dmft({ ...base, samples: 3000, seed: 1 }),
    ]);
    expect({ ...three, seconds: 0 }).toEqual({ ...one, seconds: 0 });
    expect(other.m[1]).not.toBe(one.m[1]);
  });

  it("takes the user's T, amplitudes in the place of intensities, and any channel above its threshold", async () => {
    const mm = mondelliMontanari(3, 'real');
    const few = { ...base, samples: 5000, iterations: 3 };
    const named = await asymptotics.dmft(few);
    const own = await asymptotics.dmft({ ...few, start: { kind: 'spectral', preprocessing: { T: mm, supremum: 1 } } });
    const amplitudes = await asymptotics.dmft({ ...few, channel: 'amplitude' });
    named.m.forEach((m, t) => {
      expect(own.m[t]!).toBeCloseTo(m, 8);
      expect(amplitudes.m[t]!).toBeCloseTo(m, 8);
    });
    const noisy = await asymptotics.dmft({
      ...few,
      samples: 1000,
      repeats: 2,
      noise: 0.3,
      start: { kind: 'spectral' },
    });
    expect(noisy.overlap[0]!).toBeCloseTo(noisy.spectral!.overlap, 10);
    expect(noisy.trainLoss.every(Number.isFinite)).toBe(true);
  });

  it('a tabulated T is T', () => {
    // As it is with noise: smooth, with one corner, over numbers that are dense near 0.
    const weight = (y: number): number => Math.max(-3, 1 - 1 / (0.05 + 0.5 * (y + Math.sqrt(y * y + 0.1))));
    const corner = 0.2 - 0.025 / 0.2;
    const y = normalSamples(50_000, 'real', 1).map((z) => z * z);
    const table = tabulated({ weight, breakpoints: [corner] });
    const t = table(y);
    const worst = y.reduce((most, value, i) => Math.max(most, Math.abs(t[i]! - weight(value))), 0);
    expect(worst).toBeLessThan(1e-4);
    // Outside the first samples T itself is taken.
    expect(table(Float64Array.of(-7, 100))).toEqual(Float64Array.of(weight(-7), weight(100)));
  });

  it('the default start is the optimal preprocessing, cut at 64', async () => {
    const result = await asymptotics.dmft({ ...base, samples: 2000, start: undefined });
    const predicted = asymptotics.spectral({ delta: 3, preprocessing: 'optimal', clip: 64 });
    expect(result.m[0]).toBe(predicted.overlap);
  });

  it('scales theta^0 as asked: a number, or by least squares as the spectral start does', async () => {
    const few = { ...base, samples: 20_000, iterations: 0 };
    expect((await asymptotics.dmft({ ...few, norm: 0.5 })).q[0]).toBe(0.25);
    const { q } = await asymptotics.dmft({ ...few, norm: 'least-squares' });
    // s = E |r| |z| / E r^2 by quadrature over (z, w).
    const { tau, overlap } = asymptotics.spectral({ delta: 3, preprocessing: 'mondelli-montanari' });
    const map = mondelliMontanari(3, 'real');
    let [product, square] = [0, 0];
    for (let z = 0.01; z < 8; z += 0.02) {
      for (let g = -8; g <= 8; g += 0.02) {
        const weight = Math.exp(-(z * z + g * g) / 2);
        const r = (overlap * z + Math.sqrt(1 - overlap * overlap) * g) / (1 - map(z * z) / tau);
        product += weight * Math.abs(r) * z;
        square += weight * r * r;
      }
    }
    expect(Math.sqrt(q[0]!)).toBeCloseTo(product / square, 2);
  });
});

it('trainLoss has the ridge in it, testLoss has not; kernels only on request', async () => {
  const few: DmftOptions = {
    ...base,
    iterations: 2,
    samples: 5000,
    start: { kind: 'independent', overlap: 0.5 },
    norm: 2,
    loss: 'smoothed-amplitude',
  };
  const [plain, ridged] = [
    await asymptotics.dmft({ ...few, ridge: 0 }),
    await asymptotics.dmft({ ...few, ridge: 0.3 }),
  ];
  expect(ridged.trainLoss[0]! - plain.trainLoss[0]!).toBeCloseTo((few.field === 'complex' ? 1 : 0.5) * 0.3 * 4, 10);
  expect(ridged.testLoss[0]).toBe(plain.testLoss[0]);
  // Nothing was learnt from the data yet: fresh rows are like those at hand.
  expect(plain.trainLoss[0]).toBe(plain.testLoss[0]);
  expect(plain.kernels).toBeUndefined();
  expect(plain.spectral).toBeUndefined();
  const { kernels, m, q } = await asymptotics.dmft({ ...few, kernels: true });
  expect([kernels!.covariance.rows, kernels!.forceCovariance.rows, kernels!.kappa.length]).toEqual([3, 4, 3]);
  expect(kernels!.covariance.data[8]).toBeCloseTo(q[2]!, 12);
  expect(kernels!.responseTheta.data[3]).toBe(-0.6);
  expect(m).toHaveLength(3);
});

describe('refusals', () => {
  it.each<[string, object, string, RegExp]>([
    ['no delta', { delta: undefined }, 'INVALID_ARGUMENT', /delta/],
    ['negative delta', { delta: -1 }, 'INVALID_ARGUMENT', /delta but received -1/],
    ['below the threshold', { delta: 0.4 }, 'INVALID_ARGUMENT', /finds nothing below delta = 0\.5, and delta is 0\.4/],
    [
      'a channel whose threshold is infinite',
      { channel: 'sign', loss: 'logistic' },
      'INVALID_ARGUMENT',
      /at any delta/,
    ],
    ['a loss that jumps', { loss: 'amplitude' }, 'INVALID_ARGUMENT', /smoothed-amplitude/],
    ['a loss of the other field', { field: 'complex', loss: 'logistic' }, 'INVALID_ARGUMENT', /complex/],
    ['a misspelt option', { stepp: 1 }, 'INVALID_ARGUMENT', /"step"/],
    ['two kinds of step', { steps: [1, 2] }, 'INVALID_ARGUMENT', /either step/],
    ['too few steps', { step: undefined, steps: [0.1] }, 'INVALID_ARGUMENT', /at least 8 numbers/],
    ['an overlap above 1', { start: { kind: 'independent', overlap: 2 } }, 'INVALID_ARGUMENT', /start\.overlap/],
    ['a clip of 0', { start: { kind: 'spectral', clip: 0 } }, 'INVALID_ARGUMENT', /clip/],
    ['a batch above 1', { batch: 1.5 }, 'INVALID_ARGUMENT', /batch/],
    ['momentum 1', { momentum: 1 }, 'INVALID_ARGUMENT', /momentum/],
    ['one repeat', { repeats: 1 }, 'INVALID_ARGUMENT', /repeats/],
    ['few samples', { samples: 10 }, 'INVALID_ARGUMENT', /samples/],
    [
      'samples that do not fit',
      { samples: 1e9 },
      'OUT_OF_MEMORY',
      /1000000000 samples over 8 iterations need about .* GiB/,
    ],
    ['a low cap', { maxMemory: 1000 }, 'OUT_OF_MEMORY', /maxMemory/],
    ['a step that makes it overflow', { loss: 'wirtinger', step: 1e6, iterations: 30 }, 'NUMERICAL', /overflow/],
    [
      'least squares without amplitudes',
      { channel: 'relu', loss: 'square', norm: 'least-squares' },
      'INVALID_ARGUMENT',
      /norm/,
    ],
  ])('%s', async (_, options, code, message) => {
    const error = await refusal(options);
    expect({ code: error.code, message: error.message }).toEqual({
      code,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('endings', () => {
  const long: DmftOptions = { ...base, iterations: 300, samples: 100_000 };

  it('rejects with the reason of its signal, before and during the work', async () => {
    const reason = new Error('enough');
    await expect(asymptotics.dmft({ ...long, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const running = asymptotics.dmft({ ...long, signal: controller.signal });
    setTimeout(() => {
      controller.abort(reason);
    }, 50);
    await expect(running).rejects.toBe(reason);
  });

  it('reports its progress, and ends with what onProgress throws', async () => {
    const seen: DmftProgress[] = [];
    await asymptotics.dmft({ ...base, samples: 2000, onProgress: (progress) => seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ iteration: 8, iterations: 8, repeat: 3, repeats: 3 });
    const thrown = new Error('not now');
    const throwing = (): void => {
      throw thrown;
    };
    await expect(asymptotics.dmft({ ...long, onProgress: throwing })).rejects.toBe(thrown);
  });
});
