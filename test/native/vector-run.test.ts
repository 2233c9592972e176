/** Vector runs at the border: life-cycle, and arguments that the facade would never pass. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { native } from '../../src/load';
import type { NativeVectorRun, NativeVectorRunInfo, NativeVectorRunOptions } from '../../src/native';
import { codeOf, messageOf } from './fixtures';

const design = new native.DenseDesign(60, 6, 'complex');
design.fillGaussian(1, 1);
const theta = new Float64Array(12);
native.normals(1, 'initialVector', 0, theta);
const y = new Float64Array(60);
native.uniforms(1, 'test', 0, y);

const options: NativeVectorRunOptions = {
  method: 'gradient-descent',
  methodParameters: [],
  loss: { name: 'wirtinger', parameters: [] },
  theta,
  seed: 0,
  step: 'auto',
  stepSize: 0,
  ridge: 0,
  momentum: 0,
  stopIterations: 1e9,
  stopResidual: 0,
  stopGradient: 0,
  stopChange: 0,
  stopTimeLimit: 0,
  stopDivergence: 0,
  recordEvery: 1,
  columns: ['residual', 'norm'],
  intensity: true,
  even: true,
  y,
  truth: null,
};
const make = (change: object = {}): NativeVectorRun => new native.VectorRun(design, { ...options, ...change });
const advance = (run: NativeVectorRun, iterations: number): Promise<NativeVectorRunInfo> =>
  new Promise((resolve, reject) => {
    run.advance(iterations, 2, (error, info) => {
      if (info === undefined) reject(error ?? new Error('nothing'));
      else resolve(info);
    });
  });

test('the ledger has the fields that the contract declares, and every option is read', async () => {
  const source = readFileSync(path.join(__dirname, '..', '..', 'src', 'native.ts'), 'utf8');
  const fields = (name: string): string[] => {
    const body = new RegExp(`interface ${name} \\{([^}]*)\\}`).exec(source)?.[1] ?? '';
    return [...body.matchAll(/readonly (\w+):/g)].map((match) => match[1]!).sort();
  };
  expect(Object.keys(await advance(make(), 1)).sort()).toEqual(fields('NativeVectorRunInfo'));
  expect(Object.keys(options).sort()).toEqual(fields('NativeVectorRunOptions'));
  for (const name of fields('NativeVectorRunOptions')) {
    expect(messageOf(() => make({ [name]: undefined }))).toContain(name);
  }
});

test('its members are those declared', () => {
  const members = Object.getOwnPropertyNames(native.VectorRun.prototype).filter((name) => name !== 'constructor');
  expect(members.sort()).toEqual(['advance', 'bytes', 'cancel', 'dispose', 'readRecords', 'readVector']);
});

test('lossBatch checks its arrays and takes null for what is not wanted', () => {
  const loss = { name: 'wirtinger', parameters: [] };
  const [r, labels] = [Float64Array.of(1, 2, 3, 4), Float64Array.of(1, 2)];
  const values = new Float64Array(2);
  native.lossBatch(loss, 'complex', r, labels, values, null, null);
  expect([...values]).toEqual([8, 264.5]);
  const call = (...given: unknown[]) =>
    codeOf(() => {
      (native.lossBatch as (...all: unknown[]) => void)(...given);
    });
  expect(call(loss, 'complex', r, labels, new Float64Array(1), null, null)).toBe('INVALID_ARGUMENT');
  expect(call(loss, 'real', r, labels, values, null, null)).toBe('INVALID_ARGUMENT');
  expect(call(loss, 'complex', r, labels, values, new Float64Array(2), null)).toBe('INVALID_ARGUMENT');
  expect(call({ ...loss, parameters: [1] }, 'complex', r, labels, values, null, null)).toBe('INVALID_ARGUMENT');
  expect(call(loss, 'quaternion', r, labels, values, null, null)).toBe('INVALID_ARGUMENT');
  expect(call(loss)).toBe('INVALID_ARGUMENT');
});

test('one thing at a time, and nothing after dispose', async () => {
  const run = make();
  const running = advance(run, 1e9);
  expect(
    codeOf(() => {
      run.readRecords(new Float64Array(0));
    }),
  ).toBe('BUSY');
  expect(
    codeOf(() => {
      run.readVector(new Float64Array(12), null);
    }),
  ).toBe('BUSY');
  expect(
    codeOf(() => {
      run.advance(1, 1, () => undefined);
    }),
  ).toBe('BUSY');
  run.cancel();
  expect((await running).status).toBe('cancelled');
  expect((await advance(run, 5)).status).toBe('cancelled');
  run.dispose();
  expect(run.bytes).toBe(0);
  expect(
    codeOf(() => {
      run.readVector(new Float64Array(12), null);
    }),
  ).toBe('BUSY');
  // disposed in the middle: the memory goes when the job is done
  const other = make();
  const ending = advance(other, 1e9);
  other.dispose();
  expect((await ending).status).toBe('cancelled');
});

test('vectors and records are copied out in the shapes promised', async () => {
  const run = make();
  const info = await advance(run, 7);
  expect(info.recordedRows).toBe(8);
  const records = new Float64Array(24);
  run.readRecords(records);
  expect(records[21]).toBe(7);
  const [x, r] = [new Float64Array(12), new Float64Array(120)];
  run.readVector(x, r);
  const again = new Float64Array(120);
  native.designApply(design, x, again, 1);
  expect(Math.max(...again.map((value, i) => Math.abs(value - r[i]!)))).toBeLessThan(1e-12);
  expect(records[23]).toBeCloseTo(Math.hypot(...x), 12);
  expect(
    codeOf(() => {
      run.readRecords(new Float64Array(23));
    }),
  ).toBe('INVALID_ARGUMENT');
  expect(
    codeOf(() => {
      run.readVector(new Float64Array(11), null);
    }),
  ).toBe('INVALID_ARGUMENT');
  expect(
    codeOf(() => {
      run.readVector(x, new Float64Array(60));
    }),
  ).toBe('INVALID_ARGUMENT');
});

test('what is wrong is refused', () => {
  const refused = (change: object, code = 'INVALID_ARGUMENT'): void => {
    expect(codeOf(() => make(change))).toBe(code);
  };
  refused({ y: y.subarray(1) });
  refused({ y: y.map((value, i) => (i === 3 ? NaN : value)) }, 'NON_FINITE');
  refused({ theta: theta.map((value, i) => (i === 3 ? Infinity : value)) }, 'NON_FINITE');
  refused({ theta: new Float64Array(6) });
  refused({ truth: new Float64Array(6) });
  refused({ method: 'nothing' });
  refused({ loss: { name: 'logistic', parameters: [] } });
  refused({ loss: 'wirtinger' });
  refused({ methodParameters: [1] });
  refused({ methodParameters: ['1'] });
  refused({ ridge: -1 });
  refused({ step: 'fixed' });
  refused({ columns: ['overlap'] });
  refused({ columns: 'residual' });
  expect(codeOf(() => new native.VectorRun({} as never, options))).toBe('INVALID_ARGUMENT');
  const detached = new Float64Array(12);
  structuredClone(detached, { transfer: [detached.buffer] });
  refused({ theta: detached });
});
