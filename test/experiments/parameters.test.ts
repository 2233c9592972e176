import type { Parameter } from '../../src/experiments/experiment';
import { describeValues, formatSetting, parseSetting, resolveParameters } from '../../src/experiments/parameters';

const parameters: Record<string, Parameter> = {
  size: { description: 'n', kind: 'integer', default: 50, quick: 10, least: 2, most: 100 },
  step: { description: 'eta', kind: 'number', default: 0.25, least: 0 },
  scales: { description: 'alpha', kind: 'numbers', default: [0.1, 0.01], quick: [0.1], most: 1 },
  ranks: { description: 'k', kind: 'integers', default: [3, 4] },
};
const toy = { name: 'toy', parameters };

const resolve = (set: Record<string, unknown>, quick = false): Record<string, unknown> =>
  resolveParameters(toy, set, quick);
const parse = (key: string, text: string): unknown => parseSetting(toy, key, text);

describe('values of parameters', () => {
  test('are the defaults, the quick ones where there are any, and what is set above all', () => {
    expect(resolve({})).toEqual({ size: 50, step: 0.25, scales: [0.1, 0.01], ranks: [3, 4] });
    expect(resolve({}, true)).toEqual({ size: 10, step: 0.25, scales: [0.1], ranks: [3, 4] });
    expect(resolve({ size: 7, ranks: [1] }, true)).toEqual({ size: 7, step: 0.25, scales: [0.1], ranks: [1] });
    expect(resolve({ size: undefined })['size']).toBe(50);
  });

  test('are copies: a list that changes later changes nothing', () => {
    const scales = [0.5];
    const values = resolve({ scales });
    scales[0] = 0.7;
    expect(values['scales']).toEqual([0.5]);
  });

  test.each([
    [{ size: 1 }, 'Expected an integer from 2 to 100 for size but received 1 of type number.'],
    [{ size: 101 }, 'Expected an integer from 2 to 100 for size but received 101 of type number.'],
    [{ size: 2.5 }, 'Expected an integer from 2 to 100 for size but received 2.5 of type number.'],
    [{ size: '3' }, 'Expected an integer from 2 to 100 for size but received "3" of type string.'],
    [{ size: [3] }, 'Expected an integer from 2 to 100 for size but received array.'],
    [{ size: null }, 'Expected an integer from 2 to 100 for size but received null.'],
    [{ step: -1 }, 'Expected a number of at least 0 for step but received -1 of type number.'],
    [{ step: NaN }, 'Expected a number of at least 0 for step but received NaN of type number.'],
    [{ step: Infinity }, 'Expected a number of at least 0 for step but received Infinity of type number.'],
    [{ scales: 0.1 }, 'Expected numbers of at most 1, separated by commas for scales but received 0.1 of type number.'],
    [{ scales: [] }, 'Expected numbers of at most 1, separated by commas for scales but received 0 numbers.'],
    [
      { scales: [0.1, 2] },
      'Expected numbers of at most 1, separated by commas for scales but received 2 of type number.',
    ],
    [{ ranks: [1, , 2] }, 'Expected integers, separated by commas for ranks but received undefined.'], // eslint-disable-line no-sparse-arrays
    [{ ranks: [1, 2.5] }, 'Expected integers, separated by commas for ranks but received 2.5 of type number.'],
  ])('%j is refused', (set, message) => {
    expect(() => resolve(set)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', message }));
  });

  test('an unknown name is refused with the nearest known one, or with all', () => {
    expect(() => resolve({ scale: 1 })).toThrow('Unknown parameter "scale" of experiment toy. Did you mean "scales"?');
    expect(() => resolve({ temperature: 1 })).toThrow('Its parameters: size, step, scales, ranks.');
    expect(() => parse('constructor', '1')).toThrow('Unknown parameter "constructor"');
    expect(() => parse('__proto__', '1')).toThrow('Unknown parameter "__proto__"');
  });
});

describe('text of --set', () => {
  test.each([
    ['size', '20', 20],
    ['step', '1e-3', 1e-3],
    ['step', '.5', 0.5],
    ['step', '+2.', 2],
    ['scales', '0.1', [0.1]],
    ['scales', '1e-2, -3,0.5', [0.01, -3, 0.5]],
  ])('%s=%s', (key, text, value) => {
    expect(parse(key, text)).toEqual(value);
  });

  test.each([
    ['size', ''],
    ['size', '1,2'],
    ['size', '0x10'],
    ['size', '20n'],
    ['size', '1_000'],
    ['step', '1e'],
    ['step', 'NaN'],
    ['step', 'Infinity'],
    ['step', '1e999'],
    ['step', '0.1 0.2'],
    ['scales', ','],
    ['scales', '0.1,'],
    ['scales', '0.1;0.2'],
    ['ranks', '1,2.5'],
  ])('%s=%j is refused', (key, text) => {
    expect(() => parse(key, text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('reads what formatSetting writes', () => {
    expect(formatSetting([0.1, 1e-7])).toBe('0.1,1e-7');
    expect(parse('scales', formatSetting([0.1, 1e-7]))).toEqual([0.1, 1e-7]);
    expect(formatSetting(3)).toBe('3');
  });

  test('what a parameter takes is said in words', () => {
    expect(Object.values(parameters).map((parameter) => describeValues(parameter))).toEqual([
      'an integer from 2 to 100',
      'a number of at least 0',
      'numbers of at most 1, separated by commas',
      'integers, separated by commas',
    ]);
  });
});
