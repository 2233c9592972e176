// The rules that the Dockerfile keeps, read from its syntax tree; no Docker engine is needed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { DockerfileParser, type Instruction, type JSONInstruction } from 'dockerfile-ast';

const root = path.join(__dirname, '..', '..');
const dockerfile = DockerfileParser.parse(fs.readFileSync(path.join(root, 'Dockerfile'), 'utf8'));
const instructions = dockerfile.getInstructions();

function all(keyword: string): Instruction[] {
  return instructions.filter((instruction) => instruction.getKeyword() === keyword);
}

function last(keyword: string): Instruction | undefined {
  return all(keyword).at(-1);
}

/** The text of a RUN: its continuation lines joined, comments between them left out. */
function script(run: Instruction): string {
  return run
    .getRawArgumentsContent()!
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .map((line) => line.replace(/\\\s*$/, ' '))
    .join('');
}

/** Packages of every `apt-get install` in a RUN. */
function installedPackages(run: Instruction): string[] {
  return script(run)
    .split(/&&|;|\|\|/)
    .map((command) => command.trim().split(/\s+/))
    .filter((words) => words[0] === 'apt-get' && words[1] === 'install')
    .flatMap((words) => words.slice(2).filter((word) => !word.startsWith('-')));
}

/** Environment of the last stage. */
function environment(): Record<string, string> {
  const stage = last('FROM')!.getRange().start.line;
  return Object.fromEntries(
    dockerfile
      .getENVs()
      .filter((env) => env.getRange().start.line > stage)
      .flatMap((env) => env.getProperties().map((property) => [property.getName(), property.getValue() ?? ''])),
  );
}

describe('Dockerfile', () => {
  test('every stage starts from one base, pinned to a full version of an LTS Node', () => {
    const base = dockerfile.getInitialARGs().map((arg) => arg.getProperty()!);
    expect(base.map((property) => property.getName())).toEqual(['BASE']);
    expect(base[0]!.getValue()).toMatch(/^node:(\d*[02468])\.\d+\.\d+-[a-z]+-slim(@sha256:[0-9a-f]{64})?$/);
    const stages = dockerfile.getFROMs();
    expect(stages.map((stage) => stage.getImage())).toEqual(['${BASE}', '${BASE}']);
    expect(stages.map((stage) => stage.getBuildStage())).toEqual(['build', 'run']);
  });

  test('ends as a user given by a number that is not root', () => {
    const user = last('USER')!.getArgumentsContent()!;
    expect(user).toMatch(/^\d+(:\d+)?$/);
    expect(Number(user.split(':')[0])).toBeGreaterThanOrEqual(10000);
    const after = instructions.slice(instructions.indexOf(last('USER')!));
    expect(after.map((instruction) => instruction.getKeyword())).not.toContain('RUN');
  });

  test('the entry point is in exec form, under tini, and names the command of the package', () => {
    expect(all('ENTRYPOINT')).toHaveLength(1);
    const words = (last('ENTRYPOINT') as JSONInstruction).getJSONStrings().map((word) => word.getJSONValue());
    const { bin } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      bin: { lowrank: string };
    };
    expect(words).toEqual(['tini', '--', 'node', `/opt/lowrank/${bin.lowrank}`]);
    expect((last('CMD') as JSONInstruction).getJSONStrings()).not.toHaveLength(0);
    expect(last('STOPSIGNAL')?.getArgumentsContent()).toBe('SIGTERM');
  });

  test('fixes what results depend on', () => {
    expect(environment()).toEqual({
      NODE_ENV: 'production',
      OPENBLAS_NUM_THREADS: '1',
      OMP_NUM_THREADS: '1',
      OPENBLAS_CORETYPE: 'Haswell',
      TZ: 'UTC',
      LC_ALL: 'C.UTF-8',
    });
  });

  test('copies only what is there, and adds nothing', () => {
    expect(all('ADD')).toEqual([]);
    for (const copy of dockerfile.getCOPYs()) {
      const from = copy.getFlags().find((flag) => flag.getName() === 'from');
      const sources = copy
        .getArguments()
        .slice(0, -1)
        .map((argument) => argument.getValue());
      if (from) {
        expect(from.getValue()).toBe('build');
        for (const source of sources) expect(source).toMatch(/^\/opt\/lowrank\//);
      } else {
        const ignore = fs.readFileSync(path.join(root, '.dockerignore'), 'utf8').split('\n');
        for (const source of sources) {
          expect(fs.existsSync(path.join(root, source))).toBe(true);
          expect(ignore).toContain(`!${source}`);
        }
      }
    }
  });

  test('each RUN that installs packages fetches the lists first and removes them', () => {
    const installing = all('RUN').filter((run) => installedPackages(run).length > 0);
    expect(installing).toHaveLength(2);
    for (const run of installing) {
      expect(script(run)).toMatch(/^apt-get update\s+&&/);
      expect(script(run)).toMatch(/install -y --no-install-recommends/);
      expect(script(run)).toMatch(/rm -rf \/var\/lib\/apt\/lists\/\*/);
    }
    for (const run of all('RUN')) expect(script(run)).not.toMatch(/\bsudo\b|curl|wget|apt-get (dist-)?upgrade/);
    expect(installedPackages(installing.at(-1)!)).toEqual(['fonts-dejavu-core', 'libopenblas0-pthread', 'tini']);
  });

  test('no install script of an npm package runs', () => {
    const npm = all('RUN').flatMap((run) => script(run).match(/npm (ci|install|prune)[^&]*/g) ?? []);
    expect(npm.length).toBeGreaterThan(0);
    for (const command of npm) expect(command).toContain('--ignore-scripts');
  });

  const lists = fs.existsSync('/var/lib/apt/lists') ? fs.readdirSync('/var/lib/apt/lists') : [];
  const debian = lists.some((file) => /_Packages(\.|$)/.test(file));
  // Only where apt knows what there is to install.
  (debian ? test : test.skip)('the packages that it installs exist', () => {
    const packages = all('RUN').flatMap(installedPackages);
    const shown = spawnSync('apt-cache', ['show', '--no-all-versions', ...packages], { encoding: 'utf8' });
    const names = [...shown.stdout.matchAll(/^Package: (.*)$/gm)].map((match) => match[1]);
    expect(names.sort()).toEqual([...packages].sort());
  });
});
