/** Designs at the border: layout, refusals, the passes against explicit sums. */
import { native } from '../../src/load';
import type { NativeEigenpair, NativeField } from '../../src/native';

function numbers(count: number, first = 0): Float64Array {
  const out = new Float64Array(count);
  native.normals(5, 'test', first, out);
  return out;
}

const wide = (count: number, field: NativeField): number => (field === 'complex' ? 2 * count : count);

/** sum_j a_j b_j over interleaved numbers; `conjugate` the first. */
function product(a: Float64Array, b: Float64Array, field: NativeField, conjugate: boolean): [number, number] {
  if (field === 'real') return [a.reduce((sum, value, j) => sum + value * b[j]!, 0), 0];
  const sign = conjugate ? -1 : 1;
  let re = 0;
  let im = 0;
  for (let j = 0; j < a.length; j += 2) {
    re += a[j]! * b[j]! - sign * a[j + 1]! * b[j + 1]!;
    im += a[j]! * b[j + 1]! + sign * a[j + 1]! * b[j]!;
  }
  return [re, im];
}

describe.each(['real', 'complex'] as const)('a dense design, %s', (field) => {
  const m = 37;
  const n = 11;
  const values = numbers(wide(m * n, field));
  const design = new native.DenseDesign(m, n, field);
  design.fill(0, values.subarray(0, 7 * wide(n, field)));
  design.fill(7, values.subarray(7 * wide(n, field)));

  test('describes itself', () => {
    expect(design).toMatchObject({ kind: 'dense', field, measurements: m, dimension: n });
    expect(design.bytes).toBeGreaterThanOrEqual(8 * wide(m * n, field));
    expect(design.bytesPerPass).toBe(design.bytes);
    expect(design.squaredNorm).toBeCloseTo(
      values.reduce((sum, value) => sum + value * value, 0),
      9,
    );
  });

  test('keeps its rows as they were given', () => {
    const row = new Float64Array(wide(n, field));
    for (const i of [0, 6, 7, m - 1]) {
      design.readRow(i, row);
      expect(row).toEqual(values.slice(i * row.length, (i + 1) * row.length));
    }
  });

  test('apply is without conjugation, adjoint is X^H', () => {
    const theta = numbers(wide(n, field), 10000);
    const g = numbers(wide(m, field), 20000);
    const r = new Float64Array(wide(m, field));
    const image = new Float64Array(wide(n, field));
    native.designApply(design, theta, r, 1);
    native.designAdjoint(design, g, image, 2);
    const row = new Float64Array(wide(n, field));
    for (let i = 0; i < m; i++) {
      design.readRow(i, row);
      const [re, im] = product(row, theta, field, false);
      expect(r[wide(i, field)]).toBeCloseTo(re, 11);
      if (field === 'complex') expect(r[2 * i + 1]).toBeCloseTo(im, 11);
    }
    const left = product(g, r, field, true);
    const right = product(image, theta, field, true);
    expect(left[0]).toBeCloseTo(right[0], 9);
    expect(left[1]).toBeCloseTo(right[1], 9);
  });

  test('gradient is the derivative of the mean loss', () => {
    const theta = numbers(wide(n, field), 30000);
    const y = numbers(m, 40000).map((value) => value * value);
    const loss = { name: 'wirtinger', parameters: [] };
    const r = new Float64Array(wide(m, field));
    const gradient = new Float64Array(wide(n, field));
    const mean = (at: Float64Array): number =>
      native.designGradient(design, loss, at, y, new Float64Array(r.length), new Float64Array(gradient.length), 1);
    native.designGradient(design, loss, theta, y, r, gradient, 2);
    const applied = new Float64Array(r.length);
    native.designApply(design, theta, applied, 1);
    expect(r).toEqual(applied);
    // With respect to conj(theta), the derivative along d is 2 Re <gradient, d>.
    const direction = numbers(wide(n, field), 50000);
    const along = (t: number): number => mean(theta.map((value, j) => value + t * direction[j]!));
    const h = 1e-4;
    const slope = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h);
    const wanted = product(gradient, direction, field, true)[0] * (field === 'complex' ? 2 : 1);
    expect(Math.abs(slope - wanted)).toBeLessThan(1e-8 * Math.abs(wanted) + 1e-8 * mean(theta));
  });

  test('single precision values are taken as they are', () => {
    const narrow = Float32Array.from(values.subarray(0, wide(n, field)));
    const other = new native.DenseDesign(1, n, field);
    other.fill(0, narrow);
    const row = new Float64Array(wide(n, field));
    other.readRow(0, row);
    expect(row).toEqual(Float64Array.from(narrow));
  });

  test('random entries are those of the stream', () => {
    const random = new native.DenseDesign(3, n, field);
    random.fillGaussian(5, 2);
    const stream = new Float64Array(wide(3 * n, field));
    native.normals(5, 'measurements', 0, stream);
    const scale = field === 'complex' ? Math.sqrt(0.5) : 1;
    const row = new Float64Array(wide(n, field));
    random.readRow(2, row);
    expect(row).toEqual(stream.slice(2 * row.length).map((value) => scale * value));
  });

  test('refuses what is not finite, with its index', () => {
    const bad = numbers(wide(2 * n, field));
    bad[5] = Infinity;
    const other = new native.DenseDesign(2, n, field);
    expect(() => {
      other.fill(0, bad);
    }).toThrow(expect.objectContaining({ code: 'NON_FINITE', message: expect.stringContaining('index 5') }));
  });

  test.each([
    [
      'a part of a row',
      (): void => {
        design.fill(0, new Float64Array(3));
      },
    ],
    [
      'rows beyond the end',
      (): void => {
        design.fill(m - 1, new Float64Array(wide(2 * n, field)));
      },
    ],
    [
      'theta of a wrong length',
      (): void => {
        native.designApply(design, new Float64Array(1), values, 1);
      },
    ],
    [
      'no design',
      (): void => {
        native.designApply({} as typeof design, values, values, 1);
      },
    ],
    [
      'a row that is not there',
      (): void => {
        design.readRow(m, new Float64Array(wide(n, field)));
      },
    ],
    [
      'another field',
      (): void => {
        new native.DenseDesign(2, 2, 'quaternion' as NativeField);
      },
    ],
  ])('refuses %s', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('topEigenpair', () => {
  const m = 60;
  const n = 8;
  const design = new native.DenseDesign(m, n, 'complex');
  design.fillGaussian(1, 1);
  const weights = numbers(m, 60000);

  const find = (
    options: { maxPasses?: number; vector?: Float64Array; cancel?: boolean } = {},
  ): Promise<[NativeEigenpair, Float64Array, Float64Array]> =>
    new Promise((resolve, reject) => {
      const vector = options.vector ?? new Float64Array(2 * n);
      const field = new Float64Array(2 * m);
      const task = native.topEigenpair(
        design,
        weights,
        1,
        1e-12,
        options.maxPasses ?? 500,
        2,
        vector,
        field,
        (error, pair) => {
          if (error === null) resolve([pair!, vector, field]);
          else reject(error);
        },
      );
      expect(task.progress).toBe(0);
      if (options.cancel === true) task.cancel();
    });

  test('is an eigenpair of X^H diag(t) X / m', async () => {
    const [pair, vector, field] = await find();
    expect(pair.converged).toBe(true);
    expect(pair.second).toBeLessThan(pair.value);
    const r = new Float64Array(2 * m);
    native.designApply(design, vector, r, 1);
    expect(field).toEqual(r);
    const image = new Float64Array(2 * n);
    const weighted = r.map((value, i) => (value * weights[Math.floor(i / 2)]!) / m);
    native.designAdjoint(design, weighted, image, 1);
    for (let j = 0; j < 2 * n; j++) expect(image[j]).toBeCloseTo(pair.value * vector[j]!, 10);
  });

  test('says when it did not converge', async () => {
    const [pair] = await find({ maxPasses: 3 });
    expect(pair).toMatchObject({ converged: false, passes: 3 });
  });

  test('can be cancelled', async () => {
    await expect(find({ cancel: true })).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('a vector whose memory was transferred meanwhile is refused', async () => {
    const vector = new Float64Array(2 * n);
    const found = find({ vector });
    structuredClone(vector.buffer, { transfer: [vector.buffer] });
    await expect(found).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('the design cannot be filled any more', async () => {
    await find();
    expect(() => {
      design.fillGaussian(2, 1);
    }).toThrow(expect.objectContaining({ code: 'BUSY' }));
  });
});

describe('coded diffraction', () => {
  const [patterns, height, width] = [3, 4, 7];
  const n = height * width;
  const masks = numbers(2 * patterns * n, 70000);
  const design = new native.CodedDiffraction(masks, patterns, height, width);

  test('describes itself', () => {
    const squared = masks.reduce((sum, value) => sum + value * value, 0);
    expect(design).toMatchObject({
      kind: 'coded-diffraction',
      field: 'complex',
      measurements: patterns * n,
      dimension: n,
    });
    expect(design.squaredNorm / (n * squared)).toBeCloseTo(1, 12);
  });

  test('apply is fft(mask * x) of each pattern, row-major', () => {
    const x = numbers(2 * n, 80000);
    const r = new Float64Array(2 * patterns * n);
    native.designApply(design, x, r, 2);
    for (const [l, k1, k2] of [
      [0, 0, 0],
      [1, 3, 5],
      [2, 2, 6],
    ] as const) {
      let re = 0;
      let im = 0;
      for (let j = 0; j < n; j++) {
        const angle = -2 * Math.PI * ((k1 * Math.floor(j / width)) / height + (k2 * (j % width)) / width);
        const at = 2 * (l * n + j);
        const a = masks[at]! * x[2 * j]! - masks[at + 1]! * x[2 * j + 1]!;
        const b = masks[at]! * x[2 * j + 1]! + masks[at + 1]! * x[2 * j]!;
        re += a * Math.cos(angle) - b * Math.sin(angle);
        im += a * Math.sin(angle) + b * Math.cos(angle);
      }
      const i = 2 * ((l * height + k1) * width + k2);
      expect(r[i]).toBeCloseTo(re, 11);
      expect(r[i + 1]).toBeCloseTo(im, 11);
    }
  });

  test('the masks are copied, and what does not fit or is not finite is refused', () => {
    const bad = Float64Array.from(masks);
    bad[9] = NaN;
    expect(() => new native.CodedDiffraction(bad, patterns, height, width)).toThrow(
      expect.objectContaining({ code: 'NON_FINITE', message: expect.stringContaining('index 9') }),
    );
    expect(() => new native.CodedDiffraction(masks, patterns, height, width + 1)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(() => new native.CodedDiffraction(masks, 2 ** 30, 2 ** 30, 2 ** 30)).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  });
});
