/** What the pictures hold, and that the report is one safe, self-contained page. */
import { join } from 'node:path';

import { formatBytes, formatNumber, formatSeconds } from '../../src/figures/format';
import { escapeHtml } from '../../src/figures/html';
import { lossSpec } from '../../src/figures/loss';
import { spectrumSpec } from '../../src/figures/spectrum';
import { adaptToPage, colours, logTicks } from '../../src/figures/theme';
import { root, runNode } from '../cli/process';
import { madeResult, madeTrace } from './trace';

interface Drawn {
  readonly loss: string;
  readonly spectrum: string;
  readonly one: string;
  readonly report: string;
  readonly empty: string;
  readonly nothing: string | null;
}

let drawn: Drawn;

beforeAll(async () => {
  const script = join(root, 'test', 'figures', 'draw.ts');
  const { code, stdout, stderr } = await runNode(['-r', 'ts-node/register/transpile-only', script], root);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  drawn = JSON.parse(stdout) as Drawn;
}, 60_000);

/** Every label of an SVG. */
function texts(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? '');
}

describe('loss figure', () => {
  test('names its axes, its lines and its stages', () => {
    const labels = texts(drawn.loss);
    for (const label of ['iteration', 'relative residual or error', 'training residual', 'validation residual']) {
      expect(labels).toContain(label);
    }
    for (const label of ['test error', 'search', 'validation fits', 'refinement']) expect(labels).toContain(label);
  });

  test('puts stages end to end and breaks the lines between them', () => {
    const lines = layers(lossSpec(madeTrace())).at(-1)?.data?.values ?? [];
    const training = lines.filter(({ series }) => series === 'training residual');
    expect(new Set(training.map(({ segment }) => segment)).size).toBe(4);
    const at = training.map(({ iteration }) => Number(iteration));
    expect(at).toEqual([...at].sort((a, b) => a - b));
    expect(at.at(-1)).toBe(800 + 30 + 30 + 60);
    // NaN in the last stage: no validation there, and no point at zero either.
    expect(lines.every(({ value }) => Number(value) > 0)).toBe(true);
  });

  test('keeps the extremes of a long trace', () => {
    const length = 100_000;
    const residual = new Float64Array(length).fill(0.5);
    residual[54_321] = 1e-7;
    residual[77_777] = 40;
    const iteration = Float64Array.from({ length }, (_, i) => i);
    const values = layers(lossSpec({ length, columns: { iteration, residual } })).at(-1)?.data?.values ?? [];
    expect(values.length).toBeLessThan(1200);
    expect(values.map(({ value }) => value)).toEqual(expect.arrayContaining([1e-7, 40]));
  });

  test('is left out where nothing is positive', () => {
    expect(drawn.nothing).toBeNull();
  });
});

describe('spectrum figure', () => {
  test('names its axes and marks the rank', () => {
    const labels = texts(drawn.spectrum);
    const expected = ['index of the singular value', 'singular value', 'rank 3', 'kept: the first 3', 'not kept'];
    for (const label of expected) expect(labels).toContain(label);
  });

  test('draws a spectrum of one value', () => {
    expect(texts(drawn.one)).toContain('kept: 1 value');
  });

  test('shows zeros at the floor', () => {
    const points = layers(spectrumSpec(Float64Array.of(2, 1, 0), 2)).at(-1)?.data?.values ?? [];
    expect(points.map(({ value }) => value)).toEqual([2, 1, 2e-18]);
  });
});

describe('report', () => {
  test('is self-contained and holds both figures', () => {
    expect(drawn.report.match(/<svg /g)).toHaveLength(2);
    expect(/<script|<link|<img|<iframe|@import|url\(|\bsrc=|javascript:/i.exec(drawn.report)?.[0]).toBeUndefined();
    const addresses = [...drawn.report.matchAll(/https?:\/\/[^"' )]+/g)].map(([address]) => address);
    // Names of XML namespaces are no addresses that anything fetches.
    expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([]);
  });

  test('escapes what comes from outside', () => {
    expect(drawn.report.includes('alert("x")')).toBe(false);
    expect(drawn.report.includes('\u0000')).toBe(false);
    const escaped = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;quotes&#39;';
    // In the title, the heading, the reasons and the command.
    expect(drawn.report.split(escaped).length - 1).toBe(4);
  });

  test('says verdict, numbers, evidence and how to run it again', () => {
    for (const text of [
      'Doubtful',
      '3.10e-13',
      '5.50e-13',
      'infinite',
      'Degrees of freedom',
      'Haswell',
      'Run it again',
    ]) {
      expect([text, drawn.report.includes(text)]).toEqual([text, true]);
    }
    expect(drawn.report.includes('its rank given as 3')).toBe(true);
    expect(/undefined|NaN|\[object/.exec(drawn.report)?.[0]).toBeUndefined();
  });

  test('opens and closes every element', () => {
    const open: string[] = [];
    const body = drawn.report.replace(/<!doctype html>|<style>[\s\S]*?<\/style>/g, '');
    for (const [, slash, name, empty] of body.matchAll(/<(\/?)([a-z][\w:-]*)(?:"[^"]*"|[^">])*?(\/?)>/gi)) {
      if (empty === '/' || ['meta', 'br'].includes(name ?? '')) continue;
      if (slash === '/') expect(open.pop()).toBe(name);
      else open.push(name ?? '');
    }
    expect(open).toEqual([]);
  });

  test('has a sentence in place of a figure that cannot be drawn', () => {
    expect(drawn.empty.match(/Nothing to draw/g)).toHaveLength(2);
  });

  test('follows the colours of the page', () => {
    for (const colour of Object.values(colours)) expect(drawn.report.includes(`="${colour}"`)).toBe(false);
    expect(adaptToPage(`<path stroke="${colours.train}"/>`)).toBe('<path stroke="var(--lowrank-train, #0072b2)"/>');
    expect(new Set(Object.values(colours)).size).toBe(Object.keys(colours).length);
    expect(drawn.report.includes('prefers-color-scheme: dark')).toBe(true);
  });
});

describe('numbers and ticks', () => {
  test.each([
    [0, '0'],
    [3, '3'],
    [0.5, '0.5'],
    [1234.567, '1235'],
    [1.23456e-7, '1.23e-7'],
    [-4e12, '-4.00e12'],
    [Infinity, 'infinite'],
    [NaN, 'not known'],
  ])('formatNumber(%p) is %p', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  test('seconds and bytes', () => {
    expect([0.0421, 3.14159, 200].map(formatSeconds)).toEqual(['42.1 ms', '3.14 s', '3 min 20 s']);
    expect([512, 12_736_800].map(formatBytes)).toEqual(['512 bytes', '12.7 MB']);
  });

  test('log ticks are few and inside the axis', () => {
    for (const [low, high] of [
      [1e-15, 1],
      [0.3, 0.9],
      [1e-300, 1e300],
      [2, 2],
      [9.99, 10.01],
    ] as const) {
      const { domain, values } = logTicks(low, high);
      expect(domain[0]).toBeLessThanOrEqual(low);
      expect(domain[1]).toBeGreaterThanOrEqual(high);
      expect(values.length).toBeGreaterThanOrEqual(2);
      expect(values.length).toBeLessThanOrEqual(9);
      for (const value of values) {
        expect(value).toBeGreaterThanOrEqual(domain[0]);
        expect(value).toBeLessThanOrEqual(domain[1]);
      }
    }
  });

  test('escapeHtml', () => {
    expect(escapeHtml(`<a href="x">'&\u0007`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;\ufffd');
  });
});

test('a made result is one that the types accept', () => {
  expect(madeResult().trace.length).toBe(madeTrace().length);
});

interface Layer {
  readonly data?: { readonly values: readonly Readonly<Record<string, unknown>>[] };
}

function layers(spec: unknown): readonly Layer[] {
  return (spec as { readonly layer: readonly Layer[] }).layer;
}
