/** Signals at different moments of a run, and an addon that does not load. */
import { readdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { lowrank, programArguments, root, runNode, temporaryFolder } from './process';
import { writeSmallProblem } from './problems';

jest.setTimeout(180_000);

const folder = temporaryFolder();

beforeAll(async () => {
  // Too few measurements for the rank, so that no search succeeds: seconds of work on any machine.
  await writeSmallProblem(join(folder, 'long.npz'), { n1: 80, rank: 12, measurements: 800 });
  writeFileSync(join(folder, 'result.npz'), 'a result of yesterday');
});

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (name) => {
  // From "still starting" to "in the middle of the iterations".
  test.each([150, 300, 600, 1000])('after %i ms', async (delay) => {
    const before = readdirSync(folder).sort();
    let sent = 0;
    const method = ['--method', 'gradient-descent', '--rank', '9'];
    const args = ['recover', 'long.npz', ...method, '--out', 'result.npz', '--report', 'report.html'];
    const { code, signal, stdout, stderr } = await lowrank(args, folder, (child) => {
      void sleep(delay).then(() => {
        sent = performance.now();
        child.kill(name);
      });
    });
    const seconds = (performance.now() - sent) / 1000;
    // Before the program has taken the signal over, the system's own ending is right too.
    if (signal === null) expect(code).toBe(128 + constants.signals[name]);
    else expect(signal).toBe(name);
    expect(stdout).toBe('');
    if (signal === null) expect(stderr).toMatch(new RegExp(`^lowrank: interrupted by ${name}.*\\n$`));
    // Only that it does not hang; how fast an abort is, the tests of the solvers say.
    expect(seconds).toBeLessThan(5);
    expect(readdirSync(folder).sort()).toEqual(before);
  });
});

describe('an addon that does not load', () => {
  const hook = join(folder, 'no-addon.js');
  beforeAll(() => {
    writeFileSync(
      hook,
      `const path = require('node:path');
       const open = process.dlopen;
       process.dlopen = (module, file, ...rest) => {
         if (path.basename(file) !== 'lowrank.node') return open(module, file, ...rest);
         throw new Error('libopenblas.so.0: cannot open shared object file: No such file or directory');
       };`,
    );
  });

  test('doctor runs all the same and says what mends it', async () => {
    const { code, stdout, stderr } = await runNode(['-r', hook, ...programArguments(), 'doctor'], folder);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^ok +Node /m);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/FAILED addon .*libopenblas.*install/);
  });

  test('recover ends with exit code 3 and one line', async () => {
    const { code, stdout, stderr } = await runNode(['-r', hook, ...programArguments(), 'recover', 'long.npz'], folder);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^lowrank: [^\n]*libopenblas[^\n]*install[^\n]*\n$/);
  });

  test('help needs no addon', async () => {
    const { code } = await runNode(['-r', hook, ...programArguments(), 'recover', '--help'], root);
    expect(code).toBe(0);
  });
});
