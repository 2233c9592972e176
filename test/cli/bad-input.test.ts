/** Every kind of bad input ends the same way: exit code 2, one line on stderr that names the thing, nothing written. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { lowrank, temporaryFolder } from './process';
import { doubles, type Member, npy, zipOf } from './zip';

jest.setTimeout(120_000);

const folder = temporaryFolder();
const n = 4;
const m = 24;

function array(name: string, shape: readonly number[], change?: (values: Float64Array) => void): Member {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float64Array.from({ length: size }, (_, i) => Math.sin(1 + i * i));
  change?.(values);
  return { name: `${name}.npy`, bytes: npy("'<f8'", shape, doubles(values)) };
}

const A = array('A', [m, n, n]);
const y = array('y', [m]);

function corrupt(at: number, value: number): (values: Float64Array) => void {
  return (values) => {
    values[at] = value;
  };
}

/** Name of the case, bytes of the file, what the line on stderr has to name. */
const files: readonly (readonly [name: string, bytes: Buffer, names: RegExp])[] = [
  ['empty', Buffer.alloc(0), /empty\.npz/],
  ['text', Buffer.from('these are not measurements\n'), /text\.npz/],
  ['npy', A.bytes, /npy\.npz/],
  ['no-arrays', zipOf([]), /no-arrays\.npz.*A/],
  ['no-A', zipOf([y]), /no-A\.npz.*\bA\b/],
  ['no-y', zipOf([A]), /no-y\.npz.*\by\b/],
  ['two-forms', zipOf([A, y, array('vectors', [m, n])]), /two-forms\.npz.*vectors/],
  ['A-flat', zipOf([array('A', [m, n * n]), y]), /A-flat\.npz.*\bA\b/],
  ['y-short', zipOf([A, array('y', [m - 1])]), /y-short\.npz.*\by\b.*2[34]/],
  ['y-square', zipOf([A, array('y', [4, 6])]), /y-square\.npz.*\by\b/],
  ['m-zero', zipOf([array('A', [0, n, n]), array('y', [0])]), /m-zero\.npz/],
  ['n-zero', zipOf([array('A', [m, 0, n]), y]), /n-zero\.npz.*\bA\b/],
  ['nan-A', zipOf([array('A', [m, n, n], corrupt(100, NaN)), y]), /nan-A\.npz.*\bA\b/],
  ['inf-A', zipOf([array('A', [m, n, n], corrupt(m * n * n - 1, -Infinity)), y]), /inf-A\.npz.*\bA\b/],
  ['nan-y', zipOf([A, array('y', [m], corrupt(7, NaN))]), /nan-y\.npz.*\by\b.*7/],
  ['inf-y', zipOf([A, array('y', [m], corrupt(0, Infinity))]), /inf-y\.npz.*\by\b/],
  ['nan-truth', zipOf([A, y, array('truth', [n, n], corrupt(3, NaN))]), /nan-truth\.npz.*truth/],
  ['truth-shape', zipOf([A, y, array('truth', [n, n + 1])]), /truth-shape\.npz.*truth/],
  ['symmetric-7', zipOf([A, y, array('symmetric', [1], corrupt(0, 7))]), /symmetric-7\.npz.*symmetric/],
  [
    'symmetric-oblong',
    zipOf([array('A', [m, 3, 4]), y, array('symmetric', [1], corrupt(0, 1))]),
    /symmetric-oblong\.npz/,
  ],
  ['cut', zipOf([A, y]).subarray(0, 900), /cut\.npz/],
  ['cut-end', zipOf([A, y]).subarray(0, -10), /cut-end\.npz/],
  ['cut-array', zipOf([{ name: 'A.npy', bytes: A.bytes.subarray(0, -8) }, y]), /cut-array\.npz.*\bA\b/],
  [
    'bomb',
    zipOf([{ name: 'A.npy', bytes: Buffer.concat([A.bytes, Buffer.alloc(150e6)]), deflated: true }, y]),
    /bomb\.npz.*\bA\b/,
  ],
  [
    'bomb-lying',
    zipOf([
      {
        name: 'A.npy',
        bytes: Buffer.concat([A.bytes, Buffer.alloc(150e6)]),
        deflated: true,
        claimedSize: A.bytes.length,
      },
      y,
    ]),
    /bomb-lying\.npz.*\bA\b/,
  ],
  ['huge', zipOf([{ name: 'A.npy', bytes: npy("'<f8'", [1e6, 1e5, 1e5], doubles([1])) }, y]), /huge\.npz.*\bA\b/],
  [
    'object',
    zipOf([{ name: 'A.npy', bytes: npy("'|O'", [m, n, n], Buffer.from('\x80\x04.')) }, y]),
    /object\.npz.*\bA\b/,
  ],
  [
    'structured',
    zipOf([{ name: 'A.npy', bytes: npy("[('a', '<f8')]", [m], doubles([1])) }, y]),
    /structured\.npz.*\bA\b/,
  ],
  ['text-y', zipOf([A, { name: 'y.npy', bytes: npy("'<U3'", [m], Buffer.alloc(12 * m)) }]), /text-y\.npz.*\by\b/],
  [
    'complex-y',
    zipOf([A, { name: 'y.npy', bytes: npy("'<c16'", [m], Buffer.alloc(16 * m, 1)) }]),
    /complex-y\.npz.*\by\b/,
  ],
];

describe('bad problem files', () => {
  const existing = Buffer.from('a result that took all night');
  const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

  test.each(files.map(([name, bytes, names]) => ({ name, bytes, names })))('$name', async ({ name, bytes, names }) => {
    const place = join(folder, name);
    mkdirSync(place);
    writeFileSync(join(place, `${name}.npz`), bytes);
    const result = join(place, 'result.npz');
    writeFileSync(result, existing);
    const before = hash(result);
    const ended = await lowrank(['recover', `${name}.npz`, '--out', 'result.npz', '--report', 'report.html'], place);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: '' });
    expectOneLine(ended.stderr);
    expect(ended.stderr).toMatch(names);
    expect(hash(result)).toBe(before);
    expect(readdirSync(place).sort()).toEqual([`${name}.npz`, 'result.npz'].sort());
  });
});

describe('bad usage', () => {
  const good = join(folder, 'good.npz');
  beforeAll(() => {
    writeFileSync(good, zipOf([A, y]));
    mkdirSync(join(folder, 'a-folder'));
    symlinkSync(good, join(folder, 'link.npz'));
  });

  const cases: readonly (readonly [args: readonly string[], names: RegExp])[] = [
    [[], /No command given.*recover.*doctor/],
    [['recovr'], /'recovr'.*Did you mean recover\?/],
    [['recover'], /problem\.npz/],
    [['recover', 'good.npz', 'other.npz'], /Too many arguments/],
    [['recover', 'good.npz', '--rnk', '3'], /'--rnk'.*Did you mean --rank\?/],
    [['recover', 'good.npz', '--frobnicate'], /'--frobnicate'.*lowrank recover --help/],
    [['recover', 'good.npz', '--rank'], /--rank/],
    [['recover', 'good.npz', '--rank', '0'], /positive integer for --rank.*"0"/],
    [['recover', 'good.npz', '--rank', '-1'], /positive integer for --rank.*"-1"/],
    [['recover', 'good.npz', '--rank', '2.5'], /positive integer for --rank.*"2\.5"/],
    [['recover', 'good.npz', '--rank', '1e1'], /positive integer for --rank/],
    [['recover', 'good.npz', '--rank', '5000'], /rank.*5000/],
    [['recover', 'good.npz', '--model', 'symetric'], /--model.*"symetric".*Did you mean symmetric\?/],
    [['recover', 'good.npz', '--method', 'gradient-decent'], /--method.*Did you mean gradient-descent\?/],
    [['recover', 'good.npz', '--seed', '-1'], /--seed.*"-1"/],
    [['recover', 'good.npz', '--seed', '9007199254740992'], /--seed/],
    [['recover', 'good.npz', '--threads', '0'], /--threads.*"0"/],
    [['recover', 'good.npz', '--threads', '1000'], /64 for --threads.*"1000"/],
    [['recover', 'good.npz', '--time-limit', '-5'], /seconds for --time-limit.*"-5"/],
    [['recover', 'good.npz', '--time-limit', '0'], /seconds for --time-limit.*"0"/],
    [['recover', 'good.npz', '--time-limit', 'NaN'], /seconds for --time-limit.*"NaN"/],
    [['recover', 'missing.npz'], /missing\.npz.*no such file/],
    [['recover', 'a-folder'], /a-folder.*folder/],
    [['recover', '/dev/null'], /\/dev\/null.*regular file/],
    [['recover', ''], /file name/],
    [['recover', 'good.npz', '--out', ''], /--out/],
    [['recover', 'good.npz', '--out', '--json'], /--out.*--json/],
    [['recover', 'good.npz', '--out', 'nowhere/result.npz'], /--out nowhere\/result\.npz.*no such/],
    [['recover', 'good.npz', '--out', 'good.npz/result.npz'], /--out.*not a folder/],
    [['recover', 'good.npz', '--out', 'a-folder'], /--out a-folder.*folder/],
    [['recover', 'good.npz', '--out', '/dev/null'], /--out \/dev\/null.*device/],
    [['recover', 'good.npz', '--out', 'good.npz'], /--out.*good\.npz/],
    [['recover', 'good.npz', '--out', './link.npz'], /--out.*link\.npz/],
    [['recover', 'good.npz', '--report', 'good.npz'], /--report.*good\.npz/],
    [['recover', 'good.npz', '--out', 'new', '--report', './new'], /--report.*new/],
    [['doctor', 'me'], /Too many arguments/],
    [['doctor', '--jsn'], /'--jsn'.*Did you mean --json\?/],
  ];

  test.each(cases.map(([args, names]) => ({ args, names, line: args.join(' ') })))('lowrank $line', async (one) => {
    const before = readdirSync(folder).sort();
    const bytes = readFileSync(good);
    const ended = await lowrank(one.args, folder);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: '' });
    expectOneLine(ended.stderr);
    expect(ended.stderr).toMatch(one.names);
    expect(readdirSync(folder).sort()).toEqual(before);
    expect(readFileSync(good).equals(bytes)).toBe(true);
  });
});

function expectOneLine(text: string): void {
  expect(text).toMatch(/^lowrank: [^\n]+\n$/);
  expect(text).not.toMatch(/internal fault|undefined|\[object/);
}
