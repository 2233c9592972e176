import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { writeAtomically, writeFileAtomic } from '../../src/io/atomic';
import { faultOf, temporaryDirectory } from './support';

describe('writeFileAtomic', () => {
  it('writes texts as UTF-8, and bytes', async () => {
    const directory = temporaryDirectory();
    await writeFileAtomic(join(directory, 'a.json'), '{"x": "\u00e9"}');
    await writeFileAtomic(join(directory, 'b'), Uint8Array.of(0, 255));
    await writeFileAtomic(join(directory, 'c'), '');
    expect(readFileSync(join(directory, 'a.json'), 'utf8')).toBe('{"x": "\u00e9"}');
    expect([...readFileSync(join(directory, 'b'))]).toEqual([0, 255]);
    expect(readFileSync(join(directory, 'c'))).toHaveLength(0);
    expect(readdirSync(directory).sort()).toEqual(['a.json', 'b', 'c']);
  });

  it('replaces a file and keeps its permissions', async () => {
    const path = join(temporaryDirectory(), 'a.txt');
    writeFileSync(path, 'a much longer old text');
    chmodSync(path, 0o640);
    await writeFileAtomic(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('follows a symbolic link and leaves it one', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'sub'));
    const [link, target] = [join(directory, 'link'), join(directory, 'sub', 'target')];
    writeFileSync(target, 'old');
    symlinkSync(target, link);
    await writeFileAtomic(link, 'new');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('new');
    expect(readdirSync(join(directory, 'sub'))).toEqual(['target']);
  });

  it('refuses to replace what is no file', async () => {
    const directory = temporaryDirectory();
    const link = join(directory, 'link');
    symlinkSync(join(directory, 'nowhere'), link);
    expect((await faultOf(writeFileAtomic(directory, 'x'))).message).toContain('found a directory');
    expect((await faultOf(writeFileAtomic('/dev/null', 'x'))).message).toContain('found a device');
    expect((await faultOf(writeFileAtomic(link, 'x'))).message).toContain('leads nowhere');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect(readdirSync(directory)).toEqual(['link']);
  });

  it('names the path when the system refuses', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    for (const path of [join(directory, 'none', 'a'), join(directory, 'file', 'a')]) {
      const error = await faultOf(writeFileAtomic(path, 'x'));
      expect(error.code).toBe('BAD_FILE');
      expect(error.message).toContain(`${path}: could not be written (`);
    }
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('ends with one of the texts when several write at once', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a');
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(1000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(directory)).toEqual(['a']);
  });
});

describe('writeAtomically', () => {
  it('leaves the old file, and nothing else, when the writing fails in the middle', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a');
    writeFileSync(path, 'old');
    const failure = new Error('no more');
    const writing = writeAtomically(path, async (file) => {
      await file.write('half of it');
      // The new file is there, beside the old one, and the old one is whole.
      expect(readdirSync(directory)).toHaveLength(2);
      expect(readFileSync(path, 'utf8')).toBe('old');
      throw failure;
    });
    await expect(writing).rejects.toBe(failure);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['a']);
  });

  it('turns a failure of the system into one message', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'a');
    const error = await faultOf(
      writeAtomically(path, async (file) => {
        await file.read(Buffer.alloc(1), 0, 1, 0);
      }),
    );
    expect(error.message).toContain(`${path}: could not be written (EBADF`);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('cleans up when the process exits in the middle', () => {
    const directory = temporaryDirectory();
    const script = `
      require('ts-node/register/transpile-only');
      const { writeAtomically } = require(${JSON.stringify(join(__dirname, '..', '..', 'src', 'io', 'atomic.ts'))});
      const { readdirSync } = require('node:fs');
      writeAtomically(${JSON.stringify(join(directory, 'a'))}, async (file) => {
        await file.write('half of it');
        process.stdout.write(String(readdirSync(${JSON.stringify(directory)}).length));
        process.exit(3);
      });`;
    const { status, stdout } = spawnSync(process.execPath, ['-e', script], {
      cwd: join(__dirname, '..', '..'),
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([3, '1']);
    expect(readdirSync(directory)).toEqual([]);
  });
});
