/** From an error to an exit code and one line. */
import { parseInteger, parseSeconds } from '../../src/cli/arguments';
import { endingOf, Interrupted, oneLine, UsageError } from '../../src/cli/exit';
import { wrap } from '../../src/cli/table';
import { type ErrorCode, LowrankError } from '../../src/errors';

test.each<[ErrorCode, number]>([
  ['INVALID_ARGUMENT', 2],
  ['NON_FINITE', 2],
  ['BAD_FILE', 2],
  ['OUT_OF_MEMORY', 2],
  ['TOO_LARGE', 2],
  ['NUMERICAL', 1],
  ['BUSY', 3],
  ['ADDON', 3],
  ['INTERNAL', 3],
])('LowrankError %s ends with %i', (code, expected) => {
  const ending = endingOf(new LowrankError(code, 'What happened.'));
  expect(ending.code).toBe(expected);
  expect(ending.line).toContain('What happened.');
  expect(ending.line.includes('Please report')).toBe(code === 'BUSY' || code === 'INTERNAL');
});

test('usage, signals, the system, and anything else', () => {
  expect(endingOf(new UsageError('No.'))).toEqual({ code: 2, line: 'No.' });
  expect(endingOf(new Interrupted('SIGINT')).code).toBe(130);
  expect(endingOf(new Interrupted('SIGTERM')).code).toBe(143);
  const full = Object.assign(new Error('write'), { code: 'ENOSPC', path: 'result.npz' });
  expect(endingOf(full)).toEqual({ code: 2, line: 'result.npz: no space left on the device' });
  const fault = endingOf(new TypeError('x is not a function'));
  expect(fault.code).toBe(3);
  expect(fault.line).toMatch(/^internal fault: x is not a function\. Please report .*lowrank doctor --json/);
  expect(endingOf('a string').code).toBe(3);
});

test('a message cannot break the line or reach the terminal with control characters', () => {
  expect(oneLine(' two\nlines\u001b[31m\u0000 ')).toBe('two lines?[31m?');
});

test('numbers are read strictly', () => {
  const rank = parseInteger('--rank', 1);
  expect([rank('1'), rank('007'), rank('9007199254740991')]).toEqual([1, 7, 9007199254740991]);
  for (const text of ['', ' 1', '1 ', '+1', '0x10', '1e3', '1.0', '9007199254740992', 'one', '1_000']) {
    expect(() => rank(text)).toThrow('Expected a positive integer for --rank');
  }
  const limit = parseSeconds('--time-limit');
  expect([limit('1.5'), limit('.5'), limit('1e-3'), limit('90')]).toEqual([1.5, 0.5, 0.001, 90]);
  for (const text of ['', '0', '-1', 'Infinity', '1e999', '1s', '0x1']) {
    expect(() => limit(text)).toThrow('Expected a positive number of seconds for --time-limit');
  }
});

test('wrap breaks between words and indents', () => {
  expect(wrap('aa bb cc dd', 7, '- ', '  ')).toBe('- aa bb\n  cc dd');
  expect(wrap('averylongwordthatfitsnowhere', 5)).toBe('averylongwordthatfitsnowhere');
});
