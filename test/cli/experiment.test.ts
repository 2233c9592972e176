/** `lowrank experiment` as a process: endings, what is written, and that a folder is there whole or not at all. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { lowrank, temporaryFolder } from './process';

const folder = temporaryFolder();
const files = ['figure.png', 'figure.svg', 'report.html', 'result.json', 'trace.csv'];
const place = (name: string): string => {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
};
/** Also what is hidden: a temporary folder that was left behind would show. */
const contents = (path: string): string[] => readdirSync(path).sort();
const run = (cwd: string, ...args: string[]): ReturnType<typeof lowrank> => lowrank(['experiment', ...args], cwd);

jest.setTimeout(120_000);

describe('lowrank experiment list', () => {
  test('names every experiment, its claim and its parameters', async () => {
    const { code, stdout, stderr } = await run(folder, 'list');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('toy-sinh: ');
    expect(stdout).toContain('arXiv 2310.01769');
    expect(stdout).toContain('scales=');
  });

  test('--json is one document', async () => {
    const { code, stdout } = await run(folder, 'list', '--json');
    expect(code).toBe(0);
    const { experiments } = JSON.parse(stdout) as { experiments: { name: string; parameters: object }[] };
    expect(experiments.map(({ name }) => name)).toContain('s3-exact');
    expect(experiments.every(({ parameters }) => Object.keys(parameters).length > 0)).toBe(true);
  });
});

describe('lowrank experiment run', () => {
  test('prints tables, writes the folder ./NAME, and ends with 0 when accepted', async () => {
    const cwd = place('plain');
    const { code, stdout, stderr } = await run(cwd, 'run', 's3-exact', '--quick');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('verdict  accepted');
    expect(stdout).toContain('wrote ./s3-exact');
    expect(stdout).not.toContain('failed');
    expect(contents(cwd)).toEqual(['s3-exact']);
    const out = join(cwd, 's3-exact');
    expect(contents(out)).toEqual(files);

    expect(readFileSync(join(out, 'figure.png')).subarray(1, 4).toString()).toBe('PNG');
    // Width, from the header of the PNG.
    expect(readFileSync(join(out, 'figure.png')).readUInt32BE(16)).toBe(1000);
    expect(readFileSync(join(out, 'figure.svg'), 'utf8')).toMatch(/^<svg /);
    expect(readFileSync(join(out, 'trace.csv'), 'utf8')).toMatch(/^scale,seed,iteration,testError\n0\.5,1,0,/);
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    for (const part of ['Accepted: ', '<svg ', 'lowrank experiment run s3-exact --quick --seed 1', 'Ledger']) {
      expect(page).toContain(part);
    }
    expect(page).not.toMatch(/<script|src=|href="http/);
  });

  test('--json prints one document of the agreed fields, and the same one is kept', async () => {
    const cwd = place('json');
    const args = [
      'run',
      's3-exact',
      '--quick',
      '--json',
      '--seed',
      '7',
      '--set',
      'n=12',
      'scales=0.3,1e-3',
      '--out',
      'x',
    ];
    const { code, stdout, stderr } = await run(cwd, ...args);
    expect([code, stderr]).toEqual([0, '']);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    expect(document).toMatchObject({
      name: 's3-exact',
      accepted: true,
      parameters: { n: 12, scales: [0.3, 1e-3], rank: 2 },
      seconds: expect.any(Number),
      seed: 7,
      quick: true,
      threads: 1,
      out: 'x',
    });
    for (const check of document['checks'] as Record<string, unknown>[]) {
      expect(Object.keys(check).sort()).toEqual(['measured', 'ok', 'predicted', 'rule', 'tolerance', 'what']);
      expect(check).toMatchObject({ ok: true, measured: expect.any(Number), rule: expect.any(String) });
    }
    const kept = JSON.parse(readFileSync(join(cwd, 'x', 'result.json'), 'utf8')) as object;
    expect({ ...kept, out: 'x' }).toEqual(document);
  });

  test('what is not accepted is written all the same, and ends with 1', async () => {
    const cwd = place('refuted');
    // A step far too large for the law of the flow.
    const { code, stdout } = await run(cwd, 'run', 'toy-sinh', '--quick', '--set', 'step=0.05');
    expect(code).toBe(1);
    expect(stdout).toContain('not accepted');
    expect(stdout).toContain('failed');
    expect(contents(join(cwd, 'toy-sinh'))).toEqual(files);
    expect(readFileSync(join(cwd, 'toy-sinh', 'report.html'), 'utf8')).toContain('Not accepted: ');
  });

  test('replaces the folder of an earlier run, and an empty one, and follows a link to one', async () => {
    const cwd = place('again');
    mkdirSync(join(cwd, 'kept'));
    symlinkSync('kept', join(cwd, 'toy-sinh'));
    for (const seed of [1, 2]) {
      const { code } = await run(cwd, 'run', 'toy-sinh', '--quick', '--seed', String(seed));
      expect(code).toBe(0);
      const kept = JSON.parse(readFileSync(join(cwd, 'kept', 'result.json'), 'utf8')) as { seed: number };
      expect(kept.seed).toBe(seed);
      expect(contents(cwd)).toEqual(['kept', 'toy-sinh']);
    }
  });
});

describe('is refused with 2, one line, and nothing written', () => {
  const cwd = place('refusals');
  mkdirSync(join(cwd, 'photos'));
  writeFileSync(join(cwd, 'photos', 'cat.jpg'), 'meow');
  writeFileSync(join(cwd, 'file'), '');
  mkdirSync(join(cwd, 'other'));
  writeFileSync(join(cwd, 'other', 'result.json'), '{"name":"s3-exact","checks":[]}');
  mkdirSync(join(cwd, 'added'));
  writeFileSync(join(cwd, 'added', 'result.json'), '{"name":"toy-sinh","checks":[]}');
  writeFileSync(join(cwd, 'added', 'my-notes.txt'), 'precious');
  mkdirSync(join(cwd, 'broken'));
  writeFileSync(join(cwd, 'broken', 'result.json'), '{');
  symlinkSync('nowhere', join(cwd, 'dangling'));
  const before = contents(cwd);

  test.each<[string[], string]>([
    [[], "Missing required argument 'action'"],
    [['walk'], 'Expected one of list, run for the action but received "walk".'],
    [['list', 'toy-sinh'], 'Expected nothing after list but received "toy-sinh".'],
    [['list', '--quick'], 'Expected no --quick with list'],
    [['run'], 'Expected the name of an experiment.'],
    [['run', 'toy-sing'], 'Unknown experiment "toy-sing". Did you mean "toy-sinh"?'],
    [['run', 'toy-sinh', 'more'], 'Too many arguments'],
    [['run', 'toy-sinh', '--set', 'stepp=1'], 'Unknown parameter "stepp" of experiment toy-sinh. Did you mean "step"?'],
    [['run', 'toy-sinh', '--set', 'step'], 'Expected key=value for --set but received "step".'],
    [['run', '--set', 'step=1e-4', 'toy-sinh'], 'The name goes before --set.'],
    [['run', 'toy-sinh', '--set', 'step=small'], 'for step but received "small".'],
    [['run', 'toy-sinh', '--set', 'step=1'], 'Expected a number from 1e-7 to 0.1 for step but received 1'],
    [['run', 'toy-sinh', '--set', 'ratios=0.5,,1'], 'for ratios but received "0.5,,1".'],
    [['run', 'toy-sinh', '--set', 'step=1e-4', '--set', 'step=1e-3'], 'Parameter step is set twice.'],
    [['run', 's3-exact', '--set', 'n=5', 'rank=6'], 'Expected a rank below n = 5 but received 6.'],
    [['run', 'toy-sinh', '--seed', '-1'], 'for --seed'],
    [['run', 'toy-sinh', '--threads', '0'], 'for --threads'],
    [['run', 'toy-sinh', '--out', 'photos'], 'it is a folder that holds something else ("cat.jpg")'],
    [['run', 'toy-sinh', '--out', 'file'], 'it is not a folder'],
    [['run', 'toy-sinh', '--out', 'other'], 'it holds the result of s3-exact'],
    [['run', 'toy-sinh', '--out', 'added'], 'holds something else ("my-notes.txt"), which would be lost'],
    [['run', 'toy-sinh', '--out', 'broken'], 'it is not the result of an experiment'],
    [['run', 'toy-sinh', '--out', 'dangling'], 'it is a symbolic link that leads nowhere'],
    [['run', 'toy-sinh', '--out', 'missing/x'], 'does not exist'],
    [['run', 'toy-sinh', '--out', ''], 'Expected a file name for --out'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await run(cwd, ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(contents(cwd)).toEqual(before);
  });
});

describe('interrupted', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s: exit code %i and nothing left behind; an earlier result stays', async (name, expected) => {
    const cwd = place(name);
    mkdirSync(join(cwd, 'earlier'));
    writeFileSync(join(cwd, 'earlier', 'result.json'), '{"name":"toy-sinh","checks":[]}');
    const args = ['experiment', 'run', 'toy-sinh', '--set', 'step=1e-7', '--out', 'earlier'];
    const { code, stdout, stderr } = await lowrank(args, cwd, (child) => {
      // The first line of progress says that it is at work; a child that never speaks must not outlive the test.
      child.stderr?.once('data', () => child.kill(name));
      setTimeout(() => child.kill('SIGKILL'), 60_000).unref();
    });
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toContain(`lowrank: interrupted by ${name}`);
    expect(contents(cwd)).toEqual(['earlier']);
    expect(contents(join(cwd, 'earlier'))).toEqual(['result.json']);
  });
});

test('a new run leaves nothing hidden beside its folder', () => {
  for (const name of ['plain', 'json', 'refuted', 'again']) {
    expect(existsSync(join(folder, name))).toBe(true);
    expect(contents(join(folder, name)).filter((one) => one.startsWith('.'))).toEqual([]);
  }
});
