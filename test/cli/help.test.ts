/** The help is complete and fits a terminal; its wording is free. */
import { lowrank, root } from './process';

jest.setTimeout(60_000);

const pages = [['--help'], ['recover', '--help'], ['doctor', '--help'], ['predict', '--help'], ['help', 'recover']];

test.each(pages.map((args) => ({ args, line: args.join(' ') })))('lowrank $line', async ({ args }) => {
  const { code, stdout, stderr } = await lowrank(args, root);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.split('\n');
  expect(lines.filter((line) => line.length > 100)).toEqual([]);

  expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
  const options = lines.filter((line) => /^ {2}-/.test(line));
  expect(options.length).toBeGreaterThan(0);
  for (const option of options) expect(option).toMatch(/^ {2}-\S.* {2,}\S+ \S+/);
});

test('the help of recover names every option of the design', async () => {
  const { stdout } = await lowrank(['recover', '--help'], root);
  const flags = ['rank', 'model', 'method', 'seed', 'threads', 'time-limit', 'out', 'report', 'json', 'quiet'];
  for (const flag of flags) expect(stdout).toContain(`--${flag}`);
});

test('--version is that of the package', async () => {
  const { code, stdout } = await lowrank(['--version'], root);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
});
