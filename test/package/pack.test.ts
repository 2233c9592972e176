// What a user gets: the packed tarball, installed into an empty project, by `require`, by `import` and under `tsc --strict`.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');
const minutes = 60_000;

let folder: string;
let consumer: string;
let packed: string[];

/** The environment without what an enclosing `npm test` says of this package. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own =
    /^(npm_package_|npm_lifecycle_|npm_config_(local_prefix|prefix|global|ignore_scripts)$|INIT_CWD$|NODE_ENV$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/** Runs a program and returns what it printed; throws with all of its output when it fails. */
function run(command: string, args: string[], cwd: string): string {
  const done = spawnSync(command, args, { cwd, env: cleanEnvironment(), encoding: 'utf8', timeout: 3 * minutes });
  if (done.status !== 0) {
    throw new Error(`${command} ${args.join(' ')}: ${String(done.error ?? done.status)}\n${done.stdout}${done.stderr}`);
  }
  return done.stdout;
}

function node(file: string, text: string): unknown {
  fs.writeFileSync(path.join(consumer, file), text);
  return JSON.parse(run(process.execPath, [file], consumer));
}

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lowrank-pack-'));
  consumer = path.join(folder, 'consumer');
  // Runs the `prepare` script first, so what is packed is up to date.
  run('npm', ['pack', '--pack-destination', folder, '--loglevel=error'], root);
  const tarball = path.join(
    folder,
    fs.readdirSync(folder).find((file) => file.endsWith('.tgz'))!,
  );
  packed = run('tar', ['tzf', tarball], folder)
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));

  fs.mkdirSync(consumer);
  fs.writeFileSync(path.join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', tarball], consumer);
}, 5 * minutes);

afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

describe('the tarball', () => {
  test('holds the compiled package, the addon and what builds it from source, and nothing else', () => {
    const allowed = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|binding\.gyp)$/,
      /^dist\/.*\.(js|js\.map|d\.ts|mjs|d\.mts)$/,
      /^build\/Release\/lowrank\.node$/,
      /^native\/(core|binding)\/.*\.(cc|h)$/,
      /^scripts\/(build-native|openblas|lib\/process|lib\/platform)\.js$/,
    ];
    expect(packed.filter((file) => !allowed.some((rule) => rule.test(file)))).toEqual([]);
  });

  test('holds every file that package.json names', () => {
    const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    const named = JSON.stringify([manifest['main'], manifest['types'], manifest['bin'], manifest['exports']]);
    const files = new Set([...named.matchAll(/"(?:\.\/)?(dist\/[^"]*)"/g)].map((match) => match[1]!));
    expect(files.size).toBe(5);
    expect(packed).toEqual(expect.arrayContaining([...files]));
    expect(packed).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'binding.gyp']));
    expect(packed).toContain('build/Release/lowrank.node');
    expect(packed).toContain('native/binding/addon.cc');
  });

  test('can be built from source: the scripts need only each other', () => {
    const scripts = packed.filter((file) => file.startsWith('scripts/'));
    for (const script of scripts) {
      const text = fs.readFileSync(path.join(root, script), 'utf8');
      for (const [, needed] of text.matchAll(/require\('(\.[^']*)'\)/g)) {
        expect(scripts).toContain(path.posix.join(path.posix.dirname(script), needed!));
      }
    }
  });

  test('installs without running anything', () => {
    const installed = path.join(consumer, 'node_modules', 'lowrank');
    const manifest = JSON.parse(fs.readFileSync(path.join(installed, 'package.json'), 'utf8')) as {
      gypfile: boolean;
      scripts: Record<string, string>;
    };
    expect(manifest.gypfile).toBe(false);
    for (const script of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts).not.toHaveProperty(script);
    expect(fs.readdirSync(path.join(installed, 'build'))).toEqual(['Release']);
    expect(fs.readdirSync(path.join(installed, 'build', 'Release'))).toEqual(['lowrank.node']);
    const lock = JSON.parse(fs.readFileSync(path.join(consumer, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const scripted = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript);
    expect(scripted.map(([name]) => name)).toEqual([]);
  });
});

describe('the installed package', () => {
  test('works by require', () => {
    const seen = node(
      'use.cjs',
      `const { Matrix, problems, buildInfo } = require('lowrank');
       const problem = problems.gaussianSensing({ shape: [6, 5], trueRank: 1, measurements: 20, seed: 1 });
       console.log(JSON.stringify([typeof Matrix, problem.measurements, buildInfo().napi]));`,
    );
    expect(seen).toEqual(['function', 20, 9]);
  });

  test('works by import, with the same exports and the same instance', () => {
    const seen = node(
      'use.mjs',
      `import { createRequire } from 'node:module';
       import * as imported from 'lowrank';
       const required = createRequire(import.meta.url)('lowrank');
       // Names that Node itself adds to CommonJS modules.
       const added = ['default', '__esModule', 'module.exports'];
       const names = Object.keys(imported).filter((name) => !added.includes(name)).sort();
       console.log(JSON.stringify({
         imported: names,
         required: Object.keys(required).sort(),
         same: names.every((name) => imported[name] === required[name]),
       }));`,
    ) as { imported: string[]; required: string[]; same: boolean };
    expect(seen.imported).toEqual(seen.required);
    expect(seen.imported).toEqual(expect.arrayContaining(['Matrix', 'LowrankError', 'problems', 'solve']));
    expect(seen.same).toBe(true);
  });

  test('has types that compile under strict, from CommonJS and from ES modules', () => {
    const text = `
      import { LowrankError, Matrix, problems, solve, type SolveResult } from 'lowrank';
      export async function use(signal: AbortSignal): Promise<SolveResult> {
        const problem = problems.gaussianSensing({ shape: [6, 5], trueRank: 1, measurements: 20, seed: 1 });
        const result = await solve(problem, { method: 'gradient-descent', rank: 2, signal });
        const matrix: Matrix = result.factors.left;
        if (matrix.rows !== 6) throw new LowrankError('INVALID_ARGUMENT', 'never');
        // @ts-expect-error: a rank is a number
        await solve(problem, { method: 'gradient-descent', rank: '2' });
        return result;
      }`;
    for (const file of ['use.cts', 'use.mts']) fs.writeFileSync(path.join(consumer, file), text);
    const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module: 'node16', types: [] };
    fs.writeFileSync(
      path.join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['use.cts', 'use.mts'] }),
    );
    const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    run(process.execPath, [compiler, '-p', 'tsconfig.json'], consumer);
  });

  test('brings its command', () => {
    const command = path.join(consumer, 'node_modules', '.bin', 'lowrank');
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
    expect(run(command, ['--version'], consumer).trim()).toBe(version);
  });
});
