/** The verdict, rule by rule, on evidence made by hand. */
import { degreesOfFreedom, largestRank } from '../../src/diagnostics/identifiability';
import { expectedError, judge, worthChecking, type Evidence } from '../../src/diagnostics/trust';

const good: Evidence = {
  space: { shape: [20, 30], symmetric: false },
  measurements: 600,
  rank: 2,
  rankGiven: false,
  searchRank: 6,
  spectralGap: 80,
  heldOut: 50,
  effectiveHeldOut: 50,
  trainResidual: 0.01,
  validationResidual: 0.011,
  residual: 0.01,
  conditionNumber: 3,
  stopped: 'gradient',
  converged: true,
  returned: 1e-9,
};

test('all is well', () => {
  const { verdict, reasons, evidence } = judge(good);
  expect(verdict).toBe('trusted');
  expect(reasons.join(' ')).toContain(
    '600 measurements are 6.3 times the 96 degrees of freedom of a 20 x 30 matrix of rank 2.',
  );
  expect(evidence).toMatchObject({ degreesOfFreedom: 96, measurementsPerDegree: 6.25, spectralGap: 80 });
  expect(worthChecking(good)).toBe(true);
});

const exact = { trainResidual: 1e-12, validationResidual: 1e-12, residual: 1e-12 };

test.each<[string, Partial<Evidence>, 'doubtful' | 'unidentifiable', RegExp]>([
  [
    'fewer measurements than degrees of freedom',
    { measurements: 90, ...exact },
    'unidentifiable',
    /96 degrees.*90 measurements/,
  ],
  ['nothing left to check with', { measurements: 100, heldOut: 8, ...exact }, 'doubtful', /only 8 are left/],
  ['poor prediction', { validationResidual: 0.3 }, 'doubtful', /poorly/],
  ['no prediction', { validationResidual: 0.9 }, 'unidentifiable', /No matrix of rank 1 to/],
  [
    'poor prediction and no room for another rank',
    { validationResidual: 0.3, measurements: 200 },
    'unidentifiable',
    /rank 4/,
  ],
  ['so few held out that it could be chance', { effectiveHeldOut: 2 }, 'doubtful', /chance/],
  ['no break in the spectrum', { spectralGap: 2 }, 'doubtful', /only by a factor of 2 behind the 2nd/],
  ['a search without a spare column', { spectralGap: NaN }, 'doubtful', /all of its 6 columns/],
  ['noise, and too few to tell it from rank 3', { measurements: 250, heldOut: 20 }, 'doubtful', /further component/],
  ['overfitting', { validationResidual: 0.05 }, 'doubtful', /larger than/],
  [
    'too much noise',
    { residual: 0.4, trainResidual: 0.15, validationResidual: 0.18 },
    'doubtful',
    /error of the estimate of about/,
  ],
  ['other matrices fit as well, exactly', { returned: 0.9, ...exact }, 'unidentifiable', /did not come back/],
  ['other matrices fit as well, with noise', { returned: 0.9 }, 'doubtful', /did not come back/],
  ['time over', { converged: false, stopped: 'time' }, 'doubtful', /time limit/],
])('%s', (_, change, verdict, reason) => {
  const trust = judge({ ...good, ...change });
  expect(trust.verdict).toBe(verdict);
  expect(trust.reasons[0]).toMatch(reason);
});

test('with the rank given, and with exact data, the spectrum is not asked', () => {
  expect(judge({ ...good, spectralGap: NaN, rankGiven: true }).verdict).toBe('trusted');
  expect(judge({ ...good, spectralGap: NaN, ...exact }).verdict).toBe('trusted');
});

test('remarks come last', () => {
  expect(judge({ ...good, remarks: ['So it is.'] }).reasons.at(-1)).toBe('So it is.');
});

test('degrees of freedom', () => {
  const rectangular = { shape: [20, 30], symmetric: false } as const;
  const symmetric = { shape: [48, 48], symmetric: true } as const;
  expect(degreesOfFreedom(rectangular, 0)).toBe(0);
  expect(degreesOfFreedom(rectangular, 20)).toBe(600);
  expect(degreesOfFreedom(symmetric, 3)).toBe(141);
  expect(degreesOfFreedom(symmetric, 48)).toBe((48 * 49) / 2);
  expect(largestRank(symmetric, 140)).toBe(2);
  expect(largestRank(symmetric, 141)).toBe(3);
  expect(largestRank(symmetric, 1e9)).toBe(48);
  expect(largestRank(rectangular, 48)).toBe(0);
});

test('expected error', () => {
  expect(expectedError(0.1, 200, 100)).toBeCloseTo(0.1 * Math.SQRT2);
  expect(expectedError(0.1, 100, 100)).toBe(Infinity);
});
