/** What a user reads whose addon does not load: where it was looked for, why it failed, and the one line that mends it. */
import type { LowrankError } from '../../src/errors';

/** The error of src/load.ts when `bindings` throws `thrown`. */
function failure(thrown: object): LowrankError {
  let caught: unknown;
  jest.isolateModules(() => {
    jest.doMock('bindings', () => () => {
      throw thrown as Error;
    });
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded anew with the mock in place
      require('../../src/load');
    } catch (error) {
      caught = error;
    }
    jest.dontMock('bindings');
  });
  return caught as LowrankError;
}

test('an addon that was never built: the candidates and the command that builds it', () => {
  const tries = ['/somewhere/build/lowrank.node', '/somewhere/build/Release/lowrank.node'];
  const { code, message } = failure(Object.assign(new Error('Could not locate the bindings file.'), { tries }));
  expect(code).toBe('ADDON');
  for (const candidate of tries) expect(message).toContain(candidate);
  expect(message).toContain(process.platform);
  expect(message).toContain(process.versions.node);
  expect(message).toMatch(/To mend it: node .*build-native\.js"$/);
});

test('a missing OpenBLAS: the text of dlopen and the package to install', () => {
  const thrown = new Error('libopenblas.so.0: cannot open shared object file: No such file or directory');
  const { code, message, cause } = failure(thrown);
  expect(code).toBe('ADDON');
  expect(message).toContain(thrown.message);
  expect(message).toMatch(/To mend it: .*install .*openblas/);
  expect(cause).toBe(thrown);
});

test('an addon of another machine: built again', () => {
  expect(failure(new Error('lowrank.node: invalid ELF header')).message).toMatch(/To mend it: node .*another machine/);
});

test('a Node-API below the one built for is refused before anything is loaded', () => {
  const versions = Object.getOwnPropertyDescriptor(process, 'versions')!;
  Object.defineProperty(process, 'versions', { ...versions, value: { ...process.versions, napi: '8' } });
  try {
    const { code, message } = failure(new Error('never asked'));
    expect(code).toBe('ADDON');
    expect(message).toMatch(/Node-API 9.*Node-API 8.*To mend it: install Node/);
  } finally {
    Object.defineProperty(process, 'versions', versions);
  }
});
