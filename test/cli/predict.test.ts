/** `lowrank predict` as a process: documents, tables, thresholds, and what is refused. */
import { lowrank, root } from './process';

jest.setTimeout(120_000);

const predict = (...args: string[]): ReturnType<typeof lowrank> => lowrank(['predict', ...args, '--quiet'], root);

describe('lowrank predict spectral', () => {
  test('--json is one document with the fields of the design first', async () => {
    const { code, stdout, stderr } = await predict('spectral', '--delta', '4', '--clip', 'infinity', '--json');
    expect([code, stderr]).toEqual([0, '']);
    const document = JSON.parse(stdout) as Record<string, number>;
    const first = ['overlapSquared', 'eigenvalue', 'bulkEdge', 'tau', 'threshold', 'aboveThreshold'];
    expect(Object.keys(document).slice(0, 6)).toEqual(first);
    // Golden values of the noiseless real problem; the eigenvalue of the optimal T is 1/delta.
    expect(document['overlapSquared']).toBeCloseTo(0.92449, 5);
    expect(document['tau']).toBeCloseTo(13.2433, 4);
    expect(document['eigenvalue']).toBeCloseTo(0.25, 12);
    expect(document['threshold']).toBeCloseTo(0.5, 12);
    expect(document['aboveThreshold']).toBe(true);
  });

  test('a table for people; complex, with a preprocessing', async () => {
    const { code, stdout } = await predict(
      'spectral',
      '--delta',
      '8',
      '--field',
      'complex',
      '--preprocessing',
      'truncated',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/overlap squared {2,}0\.48299\d/);
    expect(stdout).toContain('Above threshold');
  });

  test('below threshold: overlap 0, said so, exit code 0', async () => {
    const { code, stdout, stderr } = await predict('spectral', '--delta', '0.4');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/overlap squared {2,}0\n/);
    expect(stdout).toContain('Below threshold');
    const document = JSON.parse((await predict('spectral', '--delta', '0.4', '--json')).stdout) as object;
    expect(document).toMatchObject({ overlapSquared: 0, overlap: 0, aboveThreshold: false });
  });

  test('sign: the threshold is infinite, null in JSON', async () => {
    expect((await predict('spectral', '--delta', '4', '--channel', 'sign')).stdout).toContain('threshold is infinite');
    const { stdout } = await predict('spectral', '--delta', '4', '--channel', 'sign', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ overlapSquared: 0, threshold: null, aboveThreshold: false });
  });
});

describe('lowrank predict dmft', () => {
  const amplitude = [
    'dmft',
    '--delta',
    '3',
    '--loss',
    'tanh-amplitude',
    '--set',
    'sharpness=4',
    '--step',
    '0.6',
    '--ridge',
    '0.05',
  ];

  test('--json holds the curves with their standard errors: the reference case of smoothed amplitude flow', async () => {
    const { code, stdout, stderr } = await predict(
      ...[...amplitude, '--preprocessing', 'mondelli-montanari', '--iterations', '4', '--samples', '40000', '--json'],
    );
    expect([code, stderr]).toEqual([0, '']);
    const document = JSON.parse(stdout) as Record<string, number[]> & { standardErrors: Record<string, number[]> };
    const names = ['m', 'q', 'overlap', 'trainLoss', 'testLoss', 'standardErrors'];
    expect(Object.keys(document).slice(0, 6)).toEqual(names);
    for (const name of names.slice(0, 5)) {
      expect(document[name]).toHaveLength(5);
      expect(document.standardErrors[name]).toHaveLength(5);
    }
    // m and q of the reference (docs/dmft.md), to its errors and five of ours.
    [0.7913, 0.686, 0.7432, 0.7795, 0.8093].forEach((m, t) => {
      expect(Math.abs(document['m']![t]! - m)).toBeLessThan(0.003 + 5 * document.standardErrors['m']![t]!);
    });
    [1, 0.6021, 0.6509, 0.6806, 0.7098].forEach((q, t) => {
      expect(Math.abs(document['q']![t]! - q)).toBeLessThan(0.003 + 5 * document.standardErrors['q']![t]!);
    });
  });

  test('an independent start, as a table', async () => {
    const { code, stdout } = await predict(...amplitude, '--overlap', '0.5', '--iterations', '2', '--samples', '2000');
    expect(code).toBe(0);
    expect(stdout).toContain('independent of the data');
    expect(stdout).toMatch(/\n2 .*\n$/);
  });

  test('below threshold it refuses and says where the threshold is', async () => {
    const { code, stdout, stderr } = await predict(
      'dmft',
      '--delta',
      '0.4',
      '--loss',
      'tanh-amplitude',
      '--step',
      '0.5',
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/threshold/);
    expect(stderr).toMatch(/0\.5|3\.5/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  test('a loss whose force jumps is refused with the smooth one', async () => {
    const { code, stderr } = await predict('dmft', '--delta', '3', '--loss', 'amplitude', '--step', '0.5');
    expect(code).toBe(2);
    expect(stderr).toMatch(/amplitude/);
  });
});

test.each([
  [['spectral'], /Expected --delta/],
  [['spectral', '--delta', '0'], /positive number for --delta/],
  [['spectral', '--delta', 'NaN'], /positive number for --delta/],
  [['spectral', '--delta', '2', '--preprocessing', 'optimum'], /Did you mean optimal/],
  [['spectral', '--delta', '2', '--preprocessing', 'plain'], /bounded above/],
  [['spectral', '--delta', '2', '--step', '1'], /--step is one of "predict dmft"/],
  [['spectral', '--delta', '2', '--channel', 'sign', '--noise', '0.1'], /'sign' has randomness/],
  [['spectral', '--delta', '2', '--gain', '3'], /Unknown option "gain"/],
  [['dmft', '--delta', '2', '--step', '1'], /Expected --loss/],
  [['dmft', '--delta', '2', '--loss', 'wirtinger'], /Expected --step/],
  [
    ['dmft', '--delta', '2', '--loss', 'wirtinger', '--step', '1', '--overlap', '0.5', '--clip', '3'],
    /Expected one start/,
  ],
  [['dmft', '--delta', '2', '--loss', 'wirtinger', '--step', '1', '--set', 'x'], /key=value/],
  [['spectre', '--delta', '2'], /Did you mean spectral/],
])('%j: exit code 2 and one line', async (args, message) => {
  const { code, stdout, stderr } = await predict(...args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
