/** Nearest names, and what counts as an options object. */
import { editDistance, nearestName, optionsObject } from '../src/checks';
import { LowrankError } from '../src';

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['flaw', 'lawn', 2],
  ['rank', 'rank', 0],
  ['rnak', 'rank', 2],
])('editDistance(%p, %p) = %d, both ways', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('nearestName: a slip is named, another word is not', () => {
  const known = ['rank', 'record', 'threads', 'onProgress'];
  expect(nearestName('rnak', known)).toBe('rank');
  expect(nearestName('ONPROGRESS', known)).toBe('onProgress');
  expect(nearestName('tread', known)).toBe('threads');
  expect(nearestName('temperature', known)).toBeUndefined();
  expect(nearestName('x'.repeat(1e6), known)).toBeUndefined();
});

test('keys that every object has are options like any other: unknown', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    const options = JSON.parse(`{ "${key}": 1 }`) as unknown;
    expect(() => optionsObject(options, 'f', ['rank'])).toThrow(LowrankError);
  }
  expect(optionsObject(Object.create(null), 'f', ['rank'])).toEqual({});
});

test('a long or hostile name is cut in the message', () => {
  expect(() => optionsObject({ ['k'.repeat(1e5)]: 1 }, 'f', ['rank'])).toThrow(/^Unknown option "k{60}" for f\./);
});
