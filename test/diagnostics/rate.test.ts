import { diagnostics } from '../../src';
import { asTrace, LAWS, made, madeOtherwise, philox, sampled, TRANSIENTS, type Law } from './series';

const { rate } = diagnostics;

/** Rows are the truth, columns the answer; and what was answered wrongly. */
function confusion(noise: number, each: number, base: number): { right: number; wrong: string[]; covered: number[] } {
  let right = 0;
  let answers = 0;
  let inside = 0;
  const wrong: string[] = [];
  LAWS.forEach((law: Law, l) => {
    for (let i = 0; i < each; i++) {
      const { trace, slope, about } = made(law, base + 4 * i + l, noise);
      const found = rate(trace, 'y');
      if (found.law === law) {
        right++;
        if (law === 'plateau') continue;
        answers++;
        if (slope >= found.interval[0] && slope <= found.interval[1]) inside++;
      } else if (found.law !== 'undecided') wrong.push(`${about} -> ${found.law} (${found.confidence})`);
    }
  });
  return { right: right / (4 * each), wrong, covered: [inside, answers] };
}

describe('synthetic series', () => {
  it('of 800 with 5 % noise at least 97 % are right, and none is wrong', () => {
    const { right, wrong, covered } = confusion(0.05, 200, 1_000_000);
    expect(wrong).toEqual([]);
    expect(right).toBeGreaterThanOrEqual(0.97);
    // The 95 % interval contains the truth nearly as often as it says.
    expect(covered[0]! / covered[1]!).toBeGreaterThan(0.9);
  });

  it.each([
    [0, 0.95],
    [1e-3, 0.95],
    [0.2, 0.8],
  ])('with noise %d', (noise, least) => {
    const { right, wrong } = confusion(noise, 25, 2_000_000);
    expect(wrong).toEqual([]);
    expect(right).toBeGreaterThanOrEqual(least);
  });

  it('transients and floors that the fits do not contain', () => {
    let right = 0;
    const wrong: string[] = [];
    for (const transient of TRANSIENTS) {
      LAWS.forEach((law, l) => {
        for (let i = 0; i < 10; i++) {
          const { trace, about } = madeOtherwise(law, transient, 3_000_000 + 4 * i + l);
          const found = rate(trace, 'y');
          if (found.law === law) right++;
          else if (found.law !== 'undecided') wrong.push(`${about} -> ${found.law} (${found.confidence})`);
        }
      });
    }
    expect(wrong).toEqual([]);
    expect(right / 200).toBeGreaterThan(0.93);
  });

  it('noise that neighbours share widens the interval', () => {
    const { normals } = philox(77);
    const y = (rho: number): number[] => {
      let state = 0;
      return Array.from({ length: 600 }, (_, i) => {
        state = rho * state + Math.sqrt(1 - rho * rho) * normals[i]!;
        return Math.exp(-0.01 * i + 0.05 * state);
      });
    };
    const t = y(0).map((_, i) => i);
    const width = (rho: number): number => {
      const { law, interval } = rate(asTrace(t, y(rho)), 'y');
      expect(law).toBe('linear');
      expect(interval[0]).toBeLessThan(-0.01);
      expect(interval[1]).toBeGreaterThan(-0.01);
      return interval[1] - interval[0];
    };
    expect(width(0.8)).toBeGreaterThan(1.7 * width(0));
  });

  it('and still contains the truth', () => {
    let inside = 0;
    for (let seed = 0; seed < 50; seed++) {
      const { normals } = philox(5000 + seed);
      let state = 0;
      const y = Array.from(normals.subarray(0, 600), (z, i) => {
        state = 0.8 * state + 0.6 * z;
        return Math.exp(-0.01 * i + 0.05 * state);
      });
      const { law, interval } = rate(asTrace([...y.keys()], y), 'y');
      expect(law).toBe('linear');
      if (interval[0] < -0.01 && interval[1] > -0.01) inside++;
    }
    expect(inside / 50).toBeGreaterThanOrEqual(0.88);
  });
});

describe('trajectories of gradient descent', () => {
  /** The noise direction of the symmetric model, s+ = s (1 - eta s)^2, recorded every so often. */
  const recursion = (s0: number, eta: number, last: number, every: number, power = 1): ReturnType<typeof asTrace> => {
    const [t, y]: [number[], number[]] = [[], []];
    for (let i = 0, s = s0; i <= last; i++, s *= (1 - eta * s) ** 2) {
      if (i % every !== 0) continue;
      t.push(i);
      y.push(s ** power);
    }
    return asTrace(t, y);
  };

  it.each([
    [0.09, 0.1, 64_000, 100],
    [0.01, 0.1, 64_000, 100],
    [1, 0.25, 2000, 1],
    [1e-4, 0.1, 200_000, 1000],
  ])('s0 = %d, eta = %d: 1/t, its square 1/t^2', (s0, eta, last, every) => {
    const error = rate(recursion(s0, eta, last, every), 'y');
    expect(error.law).toBe('1/t');
    expect(error.slope).toBeCloseTo(-1, 1);
    // s0 / (1 + 2 eta s0 t) has t0 = 1 / (2 eta s0), to first order in eta.
    if (eta * s0 < 0.01) expect(error.offset / (1 / (2 * eta * s0))).toBeCloseTo(1, 1);
    const loss = rate(recursion(s0, eta, last, every, 2), 'y');
    expect(loss.law).toBe('1/t^2');
    expect(loss.slope).toBeCloseTo(-2, 1);
  });

  it('before its time it is undecided, or flat, and never a law', () => {
    expect(rate(recursion(1e-4, 0.1, 20_000, 50), 'y').law).toBe('undecided');
    expect(rate(recursion(1e-4, 0.1, 1000, 5), 'y').law).toBe('plateau');
    expect(rate(recursion(1e-4, 0.1, 10_000, 50), 'y').law).toBe('undecided');
  });

  /** One noise direction of the asymmetric model: 1/t, then exp(-delta eta t). */
  const sinh = (delta: number, last: number, every: number): ReturnType<typeof asTrace> =>
    sampled(last, every, (t) => delta / (2 * Math.sinh(0.1 * delta * t + Math.asinh(delta / 0.1))));

  it('first 1/t, then linear: the last law that is visible', () => {
    const late = rate(sinh(0.02, 20_000, 10), 'y');
    expect(late.law).toBe('linear');
    expect(late.slope).toBeCloseTo(-0.002, 5);
    expect(late.window[0]).toBeGreaterThan(300);
    expect(rate(sinh(0.02, 4000, 10), 'y').law).toBe('linear');
    expect(rate(sinh(1e-5, 20_000, 10), 'y').law).toBe('1/t');
    // In between no law has had its time; both would be wrong.
    expect(rate(sinh(0.001, 20_000, 20), 'y').law).toBe('undecided');
    expect(rate(sinh(0.02, 1000, 10), 'y').law).toBe('undecided');
  });

  it.each([
    [0.9, 400],
    [0.999, 5000],
    [0.5, 60],
    [0.5, 20],
    [0.3, 8],
  ])('%d^t for %d iterations is linear, also into rounding', (factor, length) => {
    const exact = rate(
      sampled(length - 1, 1, (t) => factor ** t),
      'y',
    );
    expect(exact.law).toBe('linear');
    expect(exact.slope).toBeCloseTo(Math.log(factor), 3);
    expect(exact.interval[0]).toBeLessThan(exact.slope);
    expect(exact.interval[1]).toBeGreaterThan(exact.slope);
    const jitter = philox(length).normals;
    const rounded = rate(
      sampled(length - 1, 1, (t) => factor ** t + 1e-16 * (1 + Math.abs(jitter[t % 2000]!))),
      'y',
    );
    expect(rounded.law).toBe('linear');
    expect(rounded.slope).toBeCloseTo(Math.log(factor), 2);
    if (factor ** length < 1e-17) {
      expect(rounded.floor).toBeGreaterThan(1e-17);
      expect(rounded.floor).toBeLessThan(1e-15);
      expect(rounded.window[1]).toBeLessThan(1.1 * (Math.log(1e-16) / Math.log(factor)));
    }
  });

  it('two exponentials: the slower one, after the faster is gone', () => {
    const found = rate(
      sampled(400, 1, (t) => Math.exp(-0.2 * t) + 0.1 * Math.exp(-0.03 * t)),
      'y',
    );
    expect(found.law).toBe('linear');
    expect(found.slope).toBeCloseTo(-0.03, 3);
  });

  it('other exponents are no law', () => {
    for (const p of [0.5, 1.5, 3]) {
      const found = rate(
        sampled(3000, 3, (t) => (1 + t / 10) ** -p),
        'y',
      );
      expect(found.law).toBe('undecided');
      expect(found.alternatives[0]!.law).toBe('power');
      expect(found.alternatives[0]!.slope).toBeCloseTo(-p, 1);
      expect(found.reason).toContain('exponent');
    }
    expect(
      rate(
        sampled(60, 1, (t) => Math.exp(-0.02 * t * t)),
        'y',
      ).law,
    ).toBe('undecided');
  });

  it('exponential growth is linear with a positive slope', () => {
    const found = rate(
      sampled(200, 1, (t) => 1 / (1 + 1e5 * 1.15 ** -t)),
      'y',
    );
    expect(found.law).toBe('linear');
    expect(found.slope).toBeCloseTo(Math.log(1.15), 2);
    expect(found.floor).toBeCloseTo(1, 3);
    expect(
      rate(
        sampled(300, 1, (t) => 1 + t),
        'y',
      ).law,
    ).toBe('undecided');
  });
});

describe('input', () => {
  const decay = sampled(100, 1, (t) => Math.exp(-0.1 * t));

  it('is the same for any unit of y', () => {
    const scaled = asTrace(
      decay.columns['iteration']!,
      decay.columns['y']!.map((y) => 1e-200 * y),
    );
    expect(rate(scaled, 'y').slope).toBeCloseTo(rate(decay, 'y').slope, 8);
  });

  it('fewer than 8 usable values are undecided', () => {
    for (let length = 0; length < 8; length++) {
      const found = rate(asTrace([1, 2, 3, 4, 5, 6, 7].slice(0, length), new Array<number>(length).fill(1)), 'y');
      expect(found.law).toBe('undecided');
      expect(found.reason).toContain(`${length} positive finite values`);
      expect(found.slope).toBeNaN();
    }
  });

  it('NaN, infinite, zero and negative values are passed over', () => {
    const y = Array.from({ length: 120 }, (_, t) => Math.exp(-0.1 * t));
    [5, 17, 60].forEach((at, i) => (y[at] = [NaN, Infinity, -1][i]!));
    const found = rate(asTrace([...y.keys(), 120, 121, 122], [...y, 0, 0, 0]), 'y');
    expect(found.law).toBe('linear');
    expect(found.slope).toBeCloseTo(-0.1, 4);
    expect(found.points).toBe(117);
    expect(rate(asTrace([...y.keys()], new Array<number>(120).fill(NaN)), 'y').law).toBe('undecided');
    expect(rate(asTrace([...y.keys()], new Array<number>(120).fill(0)), 'y').law).toBe('undecided');
  });

  it('of a trace in stages the last one counts; `from` and `to` narrow it down', () => {
    const stages = asTrace(
      [...Array(50).keys(), ...Array(50).keys()],
      Array.from({ length: 100 }, (_, i) => (i < 50 ? 1 : Math.exp(-0.2 * (i - 50)))),
    );
    const last = rate(stages, 'y');
    expect(last.law).toBe('linear');
    expect(last.points).toBe(50);
    const bend = sampled(400, 1, (t) => Math.exp(-0.05 * Math.min(t, 200)));
    expect(rate(bend, 'y', { to: 200 }).law).toBe('linear');
    expect(rate(bend, 'y', { from: 210 }).law).toBe('plateau');
  });

  it('a missing column is named with the nearest one', () => {
    const trace = asTrace([0, 1], [1, 2], 'testError');
    expect(() => rate(trace, 'testEror')).toThrow("no column 'testEror', needed for rate");
    expect(() => rate(trace, 'testEror')).toThrow("Did you mean 'testError'?");
    expect(() => rate(trace, 'sigmaMin')).toThrow("record: { columns: ['sigmaMin'] }");
    expect(() => rate({ length: 0, columns: {} }, 'y')).toThrow("'iteration', 'y'");
    expect(() => rate({ length: 2, columns: { iteration: new Float64Array(2), y: new Float64Array(3) } }, 'y')).toThrow(
      "Expected 2 values, as in 'iteration', for column 'y' but received 3",
    );
  });

  it('wrong arguments', () => {
    expect(() => rate(undefined as never, 'y')).toThrow('Expected a trace (run.trace) for trace');
    expect(() => rate(decay, 3 as never)).toThrow('the name of a column');
    expect(() => rate(decay, 'y', { form: 3 } as never)).toThrow('Did you mean "from"?');
    expect(() => rate(decay, 'y', { from: NaN })).toThrow('a finite number for from');
    expect(() => rate(decay, 'y', { from: 5, to: 4 })).toThrow('from <= to');
    expect(() => rate(decay, 'y', { confidence: 1 })).toThrow('between 0.5 and 1 for confidence');
  });
});
