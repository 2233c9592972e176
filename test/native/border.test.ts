/** The real exports against src/native.ts, and what no caller may do to the process: see native/binding/. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

import { native } from '../../src/load';
import type { NativeDenseOperator, NativeRunOptions } from '../../src/native';
import { advance, codeOf, factorsOf, gaussianOperator, messageOf, normals, runOptions } from './fixtures';

/** Names of the members of an interface of src/native.ts, inherited ones included. */
function declared(name: string): string[] {
  const file = path.join(__dirname, '..', '..', 'src', 'native.ts');
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const found = source.statements.filter(ts.isInterfaceDeclaration).find((each) => each.name.text === name);
  if (!found) throw new Error(`src/native.ts declares no ${name}`);
  const own = found.members.map((member) => (member.name as ts.Identifier).text);
  const parents = (found.heritageClauses ?? []).flatMap((clause) => clause.types);
  return [...own, ...parents.flatMap((parent) => declared((parent.expression as ts.Identifier).text))].sort();
}

const members = (prototype: object) =>
  Object.getOwnPropertyNames(prototype)
    .filter((name) => name !== 'constructor')
    .sort();

describe('the contract', () => {
  test('exports are those of NativeAddon', () => {
    // `bindings` adds `path`.
    const names = Object.keys(native).filter((name) => name !== 'path');
    expect(names.sort()).toEqual(declared('NativeAddon'));
  });

  test('members of the classes are those declared', () => {
    const unique = (names: string[]) => [...new Set(names)];
    expect(members(native.DenseOperator.prototype)).toEqual(unique(declared('NativeDenseOperator')));
    expect(members(native.IdentityOperator.prototype)).toEqual(unique(declared('NativeIdentityOperator')));
    expect(members(native.Run.prototype)).toEqual(declared('NativeRun'));
    expect(members(native.DenseDesign.prototype)).toEqual(unique(declared('NativeDenseDesign')));
    expect(members(native.CodedDiffraction.prototype)).toEqual(unique(declared('NativeCodedDiffraction')));
    expect(members(native.VectorRun.prototype)).toEqual(declared('NativeVectorRun'));
  });

  test('buildInfo and the ledger of a run have the fields declared', async () => {
    expect(Object.keys(native.buildInfo()).sort()).toEqual(declared('NativeBuildInfo'));
    const operator = gaussianOperator(6, 3, 2);
    const info = await advance(new native.Run(operator, runOptions(operator)), 1);
    expect(Object.keys(info).sort()).toEqual(declared('NativeRunInfo'));
  });

  test('built for the Node-API level that the loader asks for, with one BLAS thread', () => {
    expect(native.buildInfo()).toMatchObject({ napi: 9, openblasThreads: 1 });
  });

  test('every option of a run is read: none can be left out', () => {
    const operator = gaussianOperator(6, 3, 2);
    const optional = new Set(['left', 'right', 'heldOut', 'truth']);
    for (const name of declared('NativeRunOptions')) {
      if (optional.has(name)) continue;
      const options = { ...runOptions(operator), [name]: undefined };
      expect(messageOf(() => new native.Run(operator, options))).toContain(name);
    }
  });
});

describe('life-cycle', () => {
  test('an operator that a run uses cannot be filled', () => {
    const operator = gaussianOperator(6, 3, 2);
    new native.Run(operator, runOptions(operator));
    expect(codeOf(() => operator.fill(0, new Float64Array(6)))).toBe('BUSY');
    expect(
      codeOf(() => {
        operator.fillGaussian(1, 1, 1);
      }),
    ).toBe('BUSY');
  });

  test('during an advance nothing else may be asked of the run; afterwards everything', async () => {
    const operator = gaussianOperator(400, 20, 20);
    const run = new native.Run(operator, runOptions(operator, { recordEvery: 1, columns: ['trainLoss'] }));
    const advancing = advance(run, 50);
    expect(
      codeOf(() => {
        run.advance(1, 1, () => undefined);
      }),
    ).toBe('BUSY');
    expect(codeOf(() => factorsOf(run, operator, 2))).toBe('BUSY');
    expect(
      codeOf(() => {
        run.readRecords(new Float64Array(2));
      }),
    ).toBe('BUSY');
    const info = await advancing;
    expect(info.status).toBe('running');
    const records = new Float64Array(2 * info.recordedRows);
    run.readRecords(records);
    expect(records[0]).toBe(0);
    expect(factorsOf(run, operator, 2)[0]!.every(Number.isFinite)).toBe(true);
  });

  test('the callback may advance again', async () => {
    const operator = gaussianOperator(6, 3, 2);
    const run = new native.Run(operator, runOptions(operator));
    const iterations = await new Promise<number>((resolve) => {
      run.advance(2, 1, () => {
        run.advance(3, 1, (_error, info) => {
          resolve(info!.iterations);
        });
      });
    });
    expect(iterations).toBe(5);
  });

  test('cancel ends an advance, and every later one at once', async () => {
    const operator = gaussianOperator(400, 20, 20);
    const run = new native.Run(operator, runOptions(operator));
    const advancing = advance(run, 1e9);
    setTimeout(() => {
      run.cancel();
    }, 20);
    expect(await advancing).toMatchObject({ status: 'cancelled', converged: false });
    const { iterations } = await advance(run, 0);
    expect(await advance(run, 1e9)).toMatchObject({ status: 'cancelled', iterations, recordedRows: 0 });
    run.readRecords(new Float64Array(0));
    expect(factorsOf(run, operator, 2)[0]!.every(Number.isFinite)).toBe(true);
  });

  test('a cancelled run that is queued does not wait for its turn', async () => {
    const operator = gaussianOperator(400, 20, 20);
    const runs = Array.from({ length: 40 }, () => new native.Run(operator, runOptions(operator)));
    const advancing = runs.map((run) => advance(run, 1e9));
    runs.at(-1)!.cancel();
    expect((await advancing.at(-1)!).status).toBe('cancelled');
    runs.forEach((run) => {
      run.cancel();
    });
    expect((await Promise.all(advancing)).every(({ status }) => status === 'cancelled')).toBe(true);
  });

  test('dispose during an advance cancels it; nothing works afterwards, and nothing crashes', async () => {
    const operator = gaussianOperator(400, 20, 20);
    const run = new native.Run(operator, runOptions(operator));
    expect(run.bytes).toBeGreaterThan(0);
    const advancing = advance(run, 1e9);
    run.dispose();
    expect((await advancing).status).toBe('cancelled');
    run.dispose();
    run.cancel();
    expect(run.bytes).toBe(0);
    expect(
      codeOf(() => {
        run.advance(1, 1, () => undefined);
      }),
    ).toBe('BUSY');
    expect(codeOf(() => factorsOf(run, operator, 2))).toBe('BUSY');
  });

  test('dispose gives the memory of a run back, collection that of an operator', () => {
    const held = native.buildInfo().allocatedBytes;
    const operator = gaussianOperator(50, 20, 20);
    expect(native.buildInfo().allocatedBytes).toBeGreaterThanOrEqual(held + operator.bytes);
    const before = native.buildInfo().allocatedBytes;
    const run = new native.Run(operator, runOptions(operator));
    expect(native.buildInfo().allocatedBytes).toBeGreaterThan(before);
    run.dispose();
    expect(native.buildInfo().allocatedBytes).toBe(before);
  });

  test('the same bits with 1 and 2 threads, in one advance or in many', async () => {
    const operator = gaussianOperator(500, 15, 12);
    const options = runOptions(operator, { rank: 4, step: 'auto', stepSize: 0 });
    const one = new native.Run(operator, options);
    const two = new native.Run(operator, options);
    await advance(one, 60, 1);
    for (const part of [1, 0, 19, 40]) await advance(two, part, 2);
    expect(factorsOf(two, operator, 4)).toEqual(factorsOf(one, operator, 4));
  });
});

describe('arguments', () => {
  const operator = gaussianOperator(6, 3, 2);

  test.each<[keyof NativeRunOptions, Partial<NativeRunOptions>, number]>([
    ['y', {}, 6],
    ['truth', {}, 6],
    ['left', { init: 'given', right: new Float64Array(4) }, 6],
    ['right', { init: 'given', left: new Float64Array(6) }, 4],
  ])('NaN and infinity in %s are refused with their index', (name, others, length) => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const values = normals(length);
      values[2] = bad;
      const build = () => new native.Run(operator, runOptions(operator, { ...others, [name]: values }));
      expect(codeOf(build)).toBe('NON_FINITE');
      expect(messageOf(build)).toMatch(new RegExp(`${name}\\b.*index 2`));
    }
  });

  test('NaN is refused by every other function that takes numbers', () => {
    const bad = Float64Array.of(1, NaN, 3, 4, 5, 6);
    const out = () => new Float64Array(6);
    expect(
      codeOf(() => {
        native.measure(operator, bad, new Float64Array(4), 2, out(), 1);
      }),
    ).toBe('NON_FINITE');
    expect(
      codeOf(() => {
        native.adjoint(operator, bad, out(), 1);
      }),
    ).toBe('NON_FINITE');
    const four = new Float64Array(4);
    expect(codeOf(() => native.gradient(operator, bad, out(), four, 2, out(), out(), four, 1))).toBe('NON_FINITE');
    expect(codeOf(() => native.svd(bad, 3, 2, out(), new Float64Array(2), four))).toBe('NON_FINITE');
    expect(
      codeOf(() => {
        native.qr(bad, 3, 2, out(), four);
      }),
    ).toBe('NON_FINITE');
    expect(codeOf(() => native.eigh(bad.slice(0, 4), 2, new Float64Array(2), four))).toBe('NON_FINITE');
    expect(
      codeOf(() => {
        native.factorSvd(bad, four, 3, 2, 2, () => undefined);
      }),
    ).toBe('NON_FINITE');
    expect(new native.DenseOperator(1, 3, 2, false, 'float64').fill(0, bad)).toBe(1);
    expect(new native.DenseOperator(1, 3, 2, false, 'float32').fill(0, Float64Array.of(0, 0, 1e300, 0, 0, 0))).toBe(2);
  });

  test('an argument too few or too many is refused', () => {
    const call = native.buildInfo as (...args: unknown[]) => unknown;
    expect(codeOf(() => call(1))).toBe('INVALID_ARGUMENT');
    expect(codeOf(() => (native.normals as (...args: unknown[]) => unknown)(1, 'test', 0))).toBe('INVALID_ARGUMENT');
  });

  test('sizes that cannot be are refused before anything is allocated', () => {
    const before = native.buildInfo().allocationCount;
    for (const sizes of [
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, -1],
      [1.5, 1, 1],
      [NaN, 1, 1],
      [2 ** 53, 1, 1],
      [1, 2 ** 31, 1],
    ] as [number, number, number][]) {
      expect(codeOf(() => new native.DenseOperator(...sizes, false, 'float64'))).toBe('INVALID_ARGUMENT');
    }
    const most = 2 ** 31 - 1;
    expect(codeOf(() => new native.DenseOperator(2 ** 40, most, most, false, 'float64'))).toBe('TOO_LARGE');
    expect(native.buildInfo().allocationCount).toBe(before);
    expect(codeOf(() => new native.DenseOperator(2 ** 20, 2 ** 15, 2 ** 15, false, 'float64'))).toBe('OUT_OF_MEMORY');
  });

  test('objects that only look like an operator are none', () => {
    const options = runOptions(operator);
    const run = new native.Run(operator, options);
    const build = native.Run as unknown as new (...args: unknown[]) => unknown;
    for (const wrong of [
      run,
      {},
      new Proxy(operator, {}),
      Object.create(operator) as unknown,
      null,
      1,
      () => operator,
    ]) {
      expect(codeOf(() => new build(wrong, options))).toBe('INVALID_ARGUMENT');
    }
    const rows = Object.getOwnPropertyDescriptor(native.DenseOperator.prototype, 'rows')!.get!;
    for (const wrong of [run, {}, Object.create(operator) as unknown, undefined, 1]) {
      expect(codeOf(() => rows.call(wrong))).toBe('INVALID_ARGUMENT');
    }
    const { fill } = native.DenseOperator.prototype as NativeDenseOperator;
    expect(() => fill.call(run as unknown as NativeDenseOperator, 0, new Float64Array(6))).toThrow();
    const withoutNew = native.DenseOperator as unknown as (...args: unknown[]) => unknown;
    expect(codeOf(() => withoutNew(6, 3, 2, false, 'float64'))).toBe('INVALID_ARGUMENT');
    class Mine extends native.DenseOperator {}
    expect(new Mine(6, 3, 2, false, 'float64').rows).toBe(3);
  });

  test('a getter that throws is heard; one that detaches an array is too late', () => {
    const thrown = new RangeError('mine');
    const throwing = Object.defineProperty({ ...runOptions(operator) }, 'seed', {
      get: () => {
        throw thrown;
      },
    });
    expect(() => new native.Run(operator, throwing)).toThrow(thrown);
    const y = new Float64Array(new ArrayBuffer(48));
    const options = Object.defineProperty({ ...runOptions(operator), y }, 'truth', {
      get: () => {
        structuredClone(y.buffer, { transfer: [y.buffer] });
        return null;
      },
    });
    expect(messageOf(() => new native.Run(operator, options))).toBe(
      'Expected a Float64Array of length 6 for y but received a Float64Array of length 0.',
    );
  });
});

test('loading leaves the processor state alone: denormal numbers are not flushed to zero', async () => {
  const tiny = Number('1e-310');
  expect(tiny * 2).toBe(2e-310);
  const operator = gaussianOperator(6, 3, 2);
  await advance(new native.Run(operator, runOptions(operator)), 3);
  expect(tiny * 2).toBe(2e-310);
});
