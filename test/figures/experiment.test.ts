import { join } from 'node:path';

import { root, runNode } from '../cli/process';

interface Drawn {
  phases: string;
  three: string;
  many: string;
  holes: string;
  one: string;
  flat: string;
  lawAlone: string;
  laws: string;
  nothing: null;
  none: null;
  png: { signature: string; width: number; height: number };
  report: string;
  empty: string;
}

let drawn: Drawn;

beforeAll(async () => {
  const program = join(__dirname, 'experiment-draw.ts');
  const { code, stdout, stderr } = await runNode(['-r', 'ts-node/register/transpile-only', program], root);
  expect([code, stderr]).toEqual([0, '']);
  drawn = JSON.parse(stdout) as Drawn;
}, 120_000);

const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text ?? '');
const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;

test('bands, marks and the legend are named; a mark outside is not drawn', () => {
  const found = texts(drawn.phases);
  for (const text of [
    'title',
    'I',
    'II and III',
    'a turn',
    'median',
    'single seeds',
    'law',
    'floor',
    'linear',
    'log',
  ]) {
    expect(found).toContain(text);
  }
  expect(found).not.toContain('outside');
  expect(found).not.toContain('seed 1');
  expect(drawn.phases).not.toMatch(/NaN|undefined|Infinity/);
});

test('a law far below what was measured does not squeeze the measurements', () => {
  // Powers of ten from 1 to 1e-4 at most, not to 1e-30.
  expect(texts(drawn.phases)).toContain('10\u207b\u00b3');
  expect(texts(drawn.phases).filter((text) => text.startsWith('10')).length).toBeLessThan(6);
});

test('measured is solid, predicted is dashed, seeds are thin and pale', () => {
  expect(drawn.phases).toMatch(/stroke-dasharray="5,4"/);
  expect(drawn.phases).toMatch(/stroke-width="1" stroke-opacity="0.3"|stroke-opacity="0.3"[^>]*stroke-width="1"/);
});

test('a million points become a picture of a few hundred kilobytes, and the spike survives', () => {
  expect(drawn.many.length).toBeLessThan(300_000);
  expect(texts(drawn.many).some((text) => text.startsWith('10\u2079') || text.startsWith('10\u2078'))).toBe(true);
});

test('holes break a line; one point, constants and a law alone can be drawn', () => {
  for (const svg of [drawn.holes, drawn.one, drawn.flat, drawn.lawAlone]) {
    expect(svg).toMatch(/^<svg /);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  }
});

test("laws of several groups share one entry of the legend, in no group's colour", () => {
  const found = texts(drawn.laws);
  expect(found.filter((text) => text.includes('law'))).toEqual(['law']);
  expect(found.filter((text) => text === 'each')).toHaveLength(1);
  // The sample of a line and of a dot in the colour of the text.
  expect(drawn.laws).toMatch(/stroke="#24292e"[^>]*stroke-dasharray="5,4"|stroke-dasharray="5,4"[^>]*stroke="#24292e"/);
  expect(drawn.laws).toMatch(/<path [^>]*fill="#24292e"/);
});

test('nothing that can be shown is no figure', () => {
  expect([drawn.nothing, drawn.none]).toEqual([null, null]);
});

test('the PNG is as wide as asked', () => {
  expect(drawn.png).toMatchObject({ signature: 'PNG', width: 1000 });
  expect(drawn.png.height).toBeGreaterThan(500);
});

test('the report escapes what it is given, loads nothing, and says what failed', () => {
  for (const page of [drawn.report, drawn.empty]) {
    expect(page).not.toMatch(/<script|src=|url\((?!#)|@import|\u0000/);
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('Not accepted: 1 of 2 checks failed');
    expect(page).toContain('trial i uses seed + i');
    expect(count(page, /<(table|section|main|figure)\b/g)).toBe(count(page, /<\/(table|section|main|figure)>/g));
  }
  expect(drawn.report).toContain('var(--lowrank-group1, ');
  expect(drawn.empty).toContain('Nothing to draw');
});
