/** The documents say nothing that is not so: files they name exist, commands and code they show run. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { lowrank, programEnvironment, root, temporaryFolder } from './process';
import { writeSmallProblem } from './problems';

jest.setTimeout(120_000);

const run = promisify(execFile);
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

/** The block of code after the mark `<!-- test: NAME -->`. */
function marked(document: string, name: string): string {
  const found = new RegExp(`<!-- test: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(read(document));
  if (!found?.[1]) throw new Error(`${document} has no block marked ${name}`);
  return found[1];
}

describe('documents', () => {
  test.each(documents)('%s is plain text with short lines', (name) => {
    const text = read(name);
    const lines = text.split('\n').filter((line) => !line.startsWith('|'));
    expect(lines.filter((line) => line.length > 130)).toEqual([]);
    expect(text).not.toMatch(/\/work\/|\/root\/|\/home\//);
  });

  test.each(documents)('%s names files that exist', (name) => {
    const folder = join(root, name, '..');
    const links = [...read(name).matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => join(folder, path ?? ''));
    const quoted = [...read(name).matchAll(/`((?:src|native|test|scripts|docs|bench)\/[\w./-]+)`/g)]
      .map(([, path]) => path ?? '')
      .filter((path) => !path.includes('NAME'))
      .map((path) => join(root, path));
    expect([...links, ...quoted].filter((path) => !existsSync(path))).toEqual([]);
  });

  test('CONTRIBUTING names lists that exist', () => {
    for (const [file, list] of [
      ['src/cli/commands/index.ts', 'commands'],
      ['native/core/solvers/methods.cc', 'entries'],
      ['src/solvers/methods.ts', 'METHODS'],
      ['native/core/solvers/columns.cc', 'columns'],
      ['src/solvers/recording.ts', 'NEEDS_TRUTH'],
      ['src/figures/loss.ts', 'series'],
      ['native/binding/addon.cc', 'registerAll'],
      ['src/io/problem-file.ts', 'TELLING'],
      ['src/figures/theme.ts', 'darkColours'],
      ['src/experiments/index.ts', 'all'],
    ] as const) {
      expect(read('CONTRIBUTING.md')).toContain(`\`${list}\``);
      expect([file, read(file).includes(list)]).toEqual([file, true]);
    }
  });

  test.each([
    ['recover', 9],
    ['experiment', 7],
    ['predict', 20],
  ] as const)('every option of %s is in docs/cli.md', async (command, atLeast) => {
    const { stdout } = await lowrank([command, '--help'], root);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option ?? '');
    expect(options.length).toBeGreaterThan(atLeast);
    const missing = options.filter((option) => option !== '--help' && !read('docs/cli.md').includes(option));
    expect(missing).toEqual([]);
  });
});

describe('the code in the README', () => {
  const folder = temporaryFolder();

  beforeAll(async () => {
    // The package as a dependency of a project: what a user's import and npx find.
    mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
    symlinkSync(root, join(folder, 'node_modules', 'lowrank'));
    symlinkSync('../lowrank/dist/cli/main.js', join(folder, 'node_modules', '.bin', 'lowrank'));
    writeFileSync(join(folder, 'package.json'), '{ "name": "reader", "private": true }');
    await writeSmallProblem(join(folder, 'problem.npz'));
  });

  test('the example of import runs', async () => {
    writeFileSync(join(folder, 'example.mjs'), marked('README.md', 'import'));
    const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: folder });
    expect(stdout).toMatch(/^3 \d\S*e-\d+ trusted\n/);
  });

  test.each([
    ['README.md', 'phase', 'residual true true\ntrusted\n'],
    ['docs/solving.md', 'first', 'iterations false true\niteration,residual,testError,sigmaMin,noise 41\n'],
    [
      'docs/phase-retrieval.md',
      'first',
      'residual true true\niteration,trainLoss,residual,overlap,testError spectral\n',
    ],
    ['docs/solving.md', 'events', 'rebalance residual true\nlinear true\n'],
    ['docs/solving.md', 'probes', 'true\n'],
    ['docs/diagnostics.md', 'rate', 'linear true\n'],
  ])('the code of %s, %s, runs', async (document, name, printed) => {
    writeFileSync(join(folder, `${name}.mjs`), marked(document, name));
    const { stdout } = await run(process.execPath, [`${name}.mjs`], { cwd: folder });
    expect(stdout).toBe(printed);
  });

  test('the example of the command line runs', async () => {
    const env = { ...programEnvironment, PATH: `${join(folder, 'node_modules', '.bin')}:${process.env['PATH']}` };
    const script = `set -e\n${marked('README.md', 'cli')}`;
    const { stdout } = await run('sh', ['-c', script], { cwd: folder, env });
    expect(stdout).toContain('verdict');
    expect(JSON.parse(readFileSync(join(folder, 'answer.json'), 'utf8'))).toMatchObject({ rank: 2 });
    for (const file of ['result.npz', 'report.html']) expect(existsSync(join(folder, file))).toBe(true);
  });

  test('the Python of docs/files.md writes a problem that is solved', async () => {
    const numpy = await run('python3', ['-c', 'import numpy']).then(
      () => true,
      () => false,
    );
    if (!numpy) return;
    const place = join(folder, 'python');
    mkdirSync(place);
    await run('python3', ['-c', marked('docs/files.md', 'python')], { cwd: place });
    const { code, stdout } = await lowrank(['recover', 'problem.npz', '--json', '--out', 'result.npz'], place);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rank: 2, trust: { verdict: 'trusted' } });
    const check = [
      'import numpy as np, json',
      'r = np.load("result.npz")',
      'assert np.allclose(r["U"] @ r["U"].T, r["X"])',
      'assert np.linalg.norm(r["X"] - np.load("problem.npz")["truth"]) < 1e-6 * np.linalg.norm(r["X"])',
      'assert json.loads(r["info"].tobytes())["rank"] == 2',
    ].join('\n');
    await run('python3', ['-c', check], { cwd: place });
  });
});
