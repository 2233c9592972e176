/** Every experiment of the list: its form, and its quick version with its own acceptance. */
import { experiments } from '../../src';
import { traceCsv } from '../../src/experiments/output';
import { resolveParameters } from '../../src/experiments/parameters';

const all = experiments.list();

test('names are unique', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

describe.each(all.map((one) => [one.name, one] as const))('%s', (name, one) => {
  test('says what it is, and its defaults and quick values keep their own bounds', () => {
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const text of [one.title, one.claim, one.source]) expect(text.length).toBeGreaterThan(10);
    for (const quick of [false, true]) {
      const values = resolveParameters(one, {}, quick);
      expect(resolveParameters(one, values, false)).toEqual(values);
    }
    for (const { description } of Object.values(one.parameters)) expect(description).not.toBe('');
  });

  test('holds what it claims in its quick version', async () => {
    const result = await experiments.run(name, { quick: true });
    // The failed checks themselves, so that a failure says what was measured.
    expect(result.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(result.accepted).toBe(true);
    expect(new Set(result.checks.map(({ what }) => what)).size).toBe(result.checks.length);
    const lines = traceCsv(result).trimEnd().split('\n');
    expect(lines[0]).toBe(Object.keys(result.trace).join(','));
    expect(lines.length).toBeGreaterThan(1);
    expect(result.panels.length).toBeGreaterThan(0);
    const drawn = result.panels.flatMap(({ series }) => series);
    expect(drawn.some(({ style }) => style === 'predicted')).toBe(true);
    for (const { x, y } of drawn) expect(x.length).toBe(y.length);
  });
});
