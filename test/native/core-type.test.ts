/** Which OpenBLAS kernels the loader chooses, asked of processes of its own: the choice is made once, at load. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..', '..');

function coreIn(environment: Record<string, string>): string {
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment };
  if (!('OPENBLAS_CORETYPE' in environment)) delete env['OPENBLAS_CORETYPE'];
  const script = "process.stdout.write(require('./src/load').native.buildInfo().openblasCore)";
  const done = spawnSync(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', script], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  expect(done.stderr).toBe('');
  return done.stdout;
}

const avx2 =
  process.platform === 'linux' && process.arch === 'x64' && /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'latin1'));

(avx2 ? describe : describe.skip)('core type on a processor with AVX2', () => {
  test('is Haswell unless the user chose another', () => {
    expect(coreIn({})).toBe('Haswell');
  });

  test('is what the user chose', () => {
    expect(coreIn({ OPENBLAS_CORETYPE: 'Sandybridge' })).toBe('Sandybridge');
  });
});
