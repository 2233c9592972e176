import { diagnostics, problems, solve, type Trace } from '../../src';

const { phases, phaseOneLength, phaseTwoLength, predictedFloor } = diagnostics;

/** A run as theory draws it, with every boundary at a known iteration: I ends at 20, II at 50, III at 80. */
function drawn(changes: Record<string, (t: number) => number> = {}): Trace {
  const columns: Record<string, (t: number) => number> = {
    iteration: (t) => t,
    alignmentSpectral: (t) => (t < 60 ? Math.max(0.003, 0.05 ** (t / 20)) : 0.3),
    // sigma_min(X) = 2; 2 / sqrt(10) = 0.632 at 50.
    sigmaMin: (t) => Math.min(2, (2 / Math.sqrt(10)) * 1.2 ** (t - 50)),
    sigmaSpectral: (t) => Math.min(2, 0.6 * 1.2 ** (t - 50)),
    noiseFrobenius: () => 1e-3,
    // k - r = 9: four times the noise is the error where testError * 5 = 4e-3.
    testError: (t) => (t < 50 ? 1 : 8e-4 * Math.exp(-0.2 * (t - 80))),
    signalError: (t) => (t < 50 ? 5 : 1e-3),
    residual: (t) => (t < 50 ? 1 : Math.exp(-0.2 * (Math.min(t, 90) - 50))),
    ...changes,
  };
  const names = Object.keys(columns);
  const of = (name: string): Float64Array => Float64Array.from({ length: 151 }, (_, t) => columns[name]!(t));
  return { length: 151, columns: Object.fromEntries(names.map((name) => [name, of(name)])) };
}

describe('traces of known boundaries', () => {
  it('finds all of them, with the truth and without', () => {
    const found = phases(drawn(), { rank: 12, trueRank: 3 });
    expect(found.withTruth).toEqual({ spectral: 20, saddle: 50, refinement: 80 });
    expect(found.withoutTruth!.spectral).toBe(20);
    expect(found.withoutTruth!.saddle).toBe(50);
    expect(Math.abs(found.withoutTruth!.refinement! - 90)).toBeLessThanOrEqual(5);
    expect(found.evidence).toHaveLength(6);
    expect(found.evidence[1]).toMatchObject({ boundary: 'saddle', truth: true, iteration: 50, column: 'sigmaMin' });
    expect(found.evidence[1]!.threshold).toBeCloseTo(2 / Math.sqrt(10), 10);
  });

  it('takes numbers that the trace cannot know from the options', () => {
    const half = phases(drawn(), { sigmaMin: 1, truth: true, rank: 12, trueRank: 3 });
    expect(half.withoutTruth).toBeUndefined();
    // ln 2 / ln 1.2 = 3.8 iterations earlier.
    expect(half.withTruth!.saddle).toBe(47);
    expect(phases(drawn(), { truth: false, eigenvalue: 1 }).withoutTruth!.saddle).toBe(47);
    expect(phases(drawn(), { truthNorm: 10, rank: 12, trueRank: 3 }).withTruth!.refinement).toBe(84);
    // rows = 4 < k leaves one direction for the noise: twice the noise.
    expect(phases(drawn(), { rank: 12, trueRank: 3, rows: 4 }).withTruth!.refinement).toBe(84);
  });

  it('leaves open what the trace cannot tell, and says why', () => {
    const { withTruth, evidence } = phases(drawn(), { truth: true });
    expect(withTruth!.refinement).toBeUndefined();
    expect(evidence[2]!.rule).toContain('options.rank (k) and options.trueRank (r) are needed');
    const exact = phases(drawn(), { truth: true, rank: 3, trueRank: 3 });
    expect(exact.withTruth!.refinement).toBeUndefined();
    expect(exact.evidence[2]!.rule).toContain('k = r');
    const short = phases(drawn({ testError: () => 1, residual: () => 1 }));
    expect(short.withTruth!.saddle).toBeUndefined();
    expect(short.withoutTruth!.saddle).toBeUndefined();
    expect(short.evidence[1]!.rule).toContain('give options.sigmaMin');
    expect(short.evidence[4]!.rule).toContain('give options.eigenvalue');
  });

  it('an alignment that never gets there ends phase I at its best, and says so', () => {
    const { withTruth, evidence } = phases(drawn({ alignmentSpectral: (t) => 0.2 + Math.abs(t - 30) / 100 }));
    expect(withTruth!.spectral).toBe(30);
    expect(evidence[0]!.rule).toContain('never reached');
  });

  it('the hold-out residual ends phase III where it has a minimum', () => {
    const held = (t: number): number => 1e-2 + ((t - 70) / 1000) ** 2;
    const { withoutTruth, evidence } = phases(drawn({ validationResidual: held }), { truth: false });
    expect(withoutTruth!.refinement).toBe(60);
    expect(evidence[2]!.column).toBe('validationResidual');
    const falling = phases(drawn({ validationResidual: (t) => 1 / (1 + t) }), { truth: false });
    expect(falling.evidence[2]!.column).toBe('residual');
    expect(phases(drawn(), { truth: false, tolerance: 0.19 }).withoutTruth!.refinement).toBeLessThan(91);
  });
});

describe('real runs', () => {
  it('I does not depend on alpha, II moves by ln 10 / ln(1 + mu lambda_r) per decade', async () => {
    const size = { shape: [50, 50], symmetric: true, trueRank: 2, measurements: 600, seed: 1 } as const;
    const problem = problems.gaussianSensing(size);
    const floor = await predictedFloor(problem, { step: 0.25 });
    const eigenvalue = floor.eigenvalues[1]!;
    const ends = [];
    for (const scale of [1e-3, 1e-4, 1e-5]) {
      const run = await solve(problem, {
        method: 'gradient-descent',
        rank: 50,
        init: { kind: 'random', scale, seed: 2 },
        step: 0.25,
        stop: { iterations: 250 },
        record: {
          columns: [
            'residual',
            'testError',
            'alignmentSpectral',
            'sigmaMin',
            'sigmaSpectral',
            'noiseFrobenius',
            'signalError',
          ],
        },
      });
      ends.push(phases(run.trace, { rank: 50, trueRank: 2, eigenvalue }));
    }
    const decade = Math.log(10) / Math.log1p(0.25 * eigenvalue);
    for (const key of ['withTruth', 'withoutTruth'] as const) {
      const [first, , third] = ends.map((end) => end[key]!);
      expect(Math.abs(third!.spectral! - first!.spectral!)).toBeLessThanOrEqual(1);
      expect((third!.saddle! - first!.saddle!) / 2 / decade).toBeGreaterThan(0.9);
      expect((third!.saddle! - first!.saddle!) / 2 / decade).toBeLessThan(1.1);
      expect(third!.refinement).toBeGreaterThan(third!.saddle!);
    }
    // Both views of one run agree: within a tenth of a decade of alpha.
    for (const { withTruth, withoutTruth } of ends) {
      expect(Math.abs(withTruth!.saddle! - withoutTruth!.saddle!)).toBeLessThanOrEqual(0.1 * decade + 1);
    }
  }, 120_000);
});

describe('lengths in theory', () => {
  it('phase I: the formula, without alpha', () => {
    const quantities = { step: 0.25, eigenvalue: 1, nextEigenvalue: 0.4, kappaFactor: 1, startNorm: 2, overlap: 0.8 };
    expect(phaseOneLength(quantities)).toBe(Math.ceil(Math.log(5) / Math.log(1.25 / 1.1)));
    expect(phaseOneLength({ ...quantities, constant: 100 })).toBe(0);
    expect(phaseOneLength({ ...quantities, nextEigenvalue: 1 })).toBe(Infinity);
    expect(() => phaseOneLength({ ...quantities, nextEigenvalue: 2 })).toThrow('nextEigenvalue <= eigenvalue');
    expect(() => phaseOneLength({ ...quantities, overlap: 0 })).toThrow('a positive finite number for overlap');
  });

  it('phase II: bound and estimate grow with ln(1 / alpha)', () => {
    const at = (signal: number): ReturnType<typeof phaseTwoLength> =>
      phaseTwoLength({ step: 0.25, sigmaMin: 1, signal });
    expect(at(1e-5).estimate - at(1e-4).estimate).toBeCloseTo(Math.log(10) / Math.log(1.25), 10);
    expect(at(1e-4).atMost).toBeCloseTo(64 * Math.log(2e4 / Math.sqrt(10)), 8);
    expect(at(10)).toEqual({ atMost: 0, estimate: 0 });
    expect(() => phaseTwoLength({ step: 0, sigmaMin: 1, signal: 1 })).toThrow('step');
  });
});

describe('input', () => {
  const without = (names: readonly string[]): Trace => {
    const { columns } = drawn();
    return {
      length: 151,
      columns: Object.fromEntries(Object.entries(columns).filter(([name]) => !names.includes(name))),
    };
  };

  it('says which columns to record', () => {
    expect(() => phases(without(['sigmaMin', 'sigmaSpectral']))).toThrow(
      'Record sigmaMin for the phases with the truth, or sigmaSpectral for those without it',
    );
    expect(() => phases(without(['signalError']))).toThrow("no column 'signalError', needed for phases with the truth");
    expect(() => phases(without(['noiseFrobenius', 'sigmaMin']), { truth: true })).toThrow(
      "record: { columns: ['sigmaMin', 'noiseFrobenius'] }",
    );
    expect(() => phases(without(['residual']), { truth: false })).toThrow("no column 'residual'");
    expect(phases(without(['sigmaMin'])).withTruth).toBeUndefined();
  });

  it('wrong options', () => {
    expect(() => phases(drawn(), { ranks: 3 } as never)).toThrow('Did you mean "rank"?');
    expect(() => phases(drawn(), { rank: 2, trueRank: 3 })).toThrow('rank >= trueRank');
    expect(() => phases(drawn(), { alignment: 1 })).toThrow('between 0 and 1');
    expect(() => phases(undefined as never)).toThrow('a trace');
  });
});
