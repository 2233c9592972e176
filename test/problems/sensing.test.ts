/** User data: every wrong shape, length, type and number is one clear error; caller's arrays are copied. */
import { LowrankError, Matrix, problems, type SensingOptions } from '../../src';

const good: SensingOptions = { A: new Float64Array(12).fill(1), shape: [2, 3], y: [1, 2] };

function refusal(make: () => unknown): LowrankError {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(LowrankError);
    return error as LowrankError;
  }
  throw new Error('nothing was thrown');
}

test.each<[Record<string, unknown>, string]>([
  [{ A: undefined }, 'Expected a Float64Array, a Float32Array or an array of matrices for A but received undefined.'],
  [
    { A: 'data' },
    'Expected a Float64Array, a Float32Array or an array of matrices for A but received "data" of type string.',
  ],
  [
    { A: new Int32Array(12) },
    'Expected a Float64Array, a Float32Array or an array of matrices for A but received a Int32Array.',
  ],
  [{ A: new Float64Array(0), y: [] }, 'Expected at least one measurement matrix for A but received none.'],
  [{ A: [], y: [] }, 'Expected at least one measurement matrix for A but received none.'],
  [{ A: new Float64Array(13) }, 'Expected a multiple of n1 * n2 = 6 numbers for A but received 13.'],
  [{ A: [new Float64Array(6), new Float64Array(5)] }, 'Expected 6 numbers for A[1] but received 5.'],
  [{ A: [Matrix.zeros(2, 3), Matrix.zeros(3, 2)] }, 'Expected a 2 x 3 matrix for A[1] but received 3 x 2.'],
  [{ A: [[[1, 2, 3]], Matrix.zeros(2, 3)] }, 'Expected 2 rows for A[0] but received 1.'],
  [
    {
      A: [
        [
          [1, 2, 3],
          [1, 2],
        ],
        Matrix.zeros(2, 3),
      ],
    },
    'Expected 3 numbers (one per column) for A[0][1] but received 2.',
  ],
  [
    {
      A: [
        [
          [1, 2, 3],
          [1, '2', 3],
        ],
        Matrix.zeros(2, 3),
      ],
    },
    'Expected a number for A[0][1][1] but received "2" of type string.',
  ],
  [{ A: [null, Matrix.zeros(2, 3)] }, 'Expected a Matrix or nested arrays for A[0] but received null.'],
  [{ shape: undefined }, 'Expected a pair [n1, n2] for shape but received undefined.'],
  [{ shape: [0, 3] }, 'Expected a positive integer for shape[0] but received 0 of type number.'],
  [{ shape: [2.5, 3] }, 'Expected a positive integer for shape[0] but received 2.5 of type number.'],
  [{ y: [1] }, 'Expected 2 numbers (one per measurement matrix) for y but received 1.'],
  [{ y: undefined }, 'Expected a Float64Array, a Float32Array or an array of numbers for y but received undefined.'],
  [{ y: [1, null] }, 'Expected a number for y[1] but received null.'],
  [{ symmetric: 'yes' }, 'Expected a boolean for symmetric but received "yes" of type string.'],
  [{ symmetric: true }, 'Expected n1 = n2 (symmetric) for shape but received [2, 3].'],
  [{ truth: Matrix.zeros(3, 2) }, 'Expected a 2 x 3 matrix for truth but received 3 x 2.'],
  [{ truth: 3 }, 'Expected a Matrix or nested arrays for truth but received 3 of type number.'],
  [
    { storage: 'float16' },
    `Expected one of 'float64', 'float32' for storage but received "float16" of type string. Did you mean 'float64'?`,
  ],
  [{ Y: [1, 2] }, 'Unknown option "Y" for sensing. Did you mean "y"?'],
  [{ measurements: 2 }, 'Unknown option "measurements" for sensing. Did you mean "y"?'],
])('refuses %p', (change, message) => {
  const error = refusal(() => problems.sensing({ ...good, ...change }));
  expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', message]);
});

test('NaN and infinity, with their places', () => {
  const A = new Float64Array(12);
  A[10] = NaN;
  const cases: [Record<string, unknown>, string][] = [
    [{ A }, 'Expected a finite number at A[1, 1, 1] but received NaN of type number.'],
    [
      { A: Float32Array.from(A, (value) => value / 0) },
      'Expected a finite number at A[0, 0, 0] but received NaN of type number.',
    ],
    [
      { A: [Matrix.zeros(2, 3), new Matrix(A.slice(6), 2, 3)] },
      'Expected a finite number at A[1][1, 1] but received NaN of type number.',
    ],
    [{ y: [1, Infinity] }, 'Expected a finite number at y[1] but received Infinity of type number.'],
    [
      {
        truth: [
          [1, 2, 3],
          [4, -Infinity, 6],
        ],
      },
      'Expected a finite number at truth[1][1] but received -Infinity of type number.',
    ],
    [
      { A: new Float64Array(12).fill(1e39, 7, 8), storage: 'float32' },
      `Expected a finite number at A[1, 0, 1] but received 1e+39 of type number, which is too large for float32.`,
    ],
  ];
  for (const [change, message] of cases) {
    const error = refusal(() => problems.sensing({ ...good, ...change }));
    expect([error.code, error.message]).toEqual(['NON_FINITE', message]);
  }
});

test('a symmetric truth must be symmetric', () => {
  const error = refusal(() =>
    problems.sensing({
      A: new Float64Array(4),
      shape: [2, 2],
      y: [0],
      symmetric: true,
      truth: [
        [1, 2],
        [3, 4],
      ],
    }),
  );
  expect(error.message).toBe('Expected a symmetric matrix for truth but entries [1, 0] and [0, 1] differ by 1.');
});

test('what is not an options object', () => {
  for (const wrong of [undefined, null, 3, [], new Float64Array(1)]) {
    expect(refusal(() => problems.sensing(wrong as unknown as SensingOptions)).message).toMatch(
      /^Expected an options object for sensing but received/,
    );
  }
});

test('memory: refused above the cap, before it is allocated', () => {
  const error = refusal(() => problems.sensing({ ...good, maxMemory: 95 }));
  expect(error.code).toBe('OUT_OF_MEMORY');
  expect(error.message).toBe(
    'The measurement matrices need about 96 bytes, more than 95 bytes (maxMemory). Set maxMemory (bytes) to change the cap.',
  );
});

test('arrays are copied: changing them afterwards changes nothing', () => {
  const A = Float64Array.from({ length: 12 }, (_, i) => i);
  const y = Float64Array.of(1, 2);
  const truth = Matrix.from([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const problem = problems.sensing({ A, y, shape: [2, 3], truth });
  const factors = { left: Matrix.from([[1], [2]]), right: Matrix.from([[1], [0], [-1]]) };
  const before = problem.gradient(factors);
  A.fill(9);
  y.fill(9);
  truth.data.fill(9);
  expect(problem.gradient(factors)).toEqual(before);
  expect(problem.y).toEqual(Float64Array.of(1, 2));
  expect(problem.truth!.get(1, 2)).toBe(6);
});

describe('points', () => {
  const problem = problems.sensing(good);
  const square = problems.sensing({ A: new Float64Array(8).fill(1), shape: [2, 2], y: [1, 2], symmetric: true });

  test.each<[unknown, string]>([
    [undefined, 'Expected a Matrix or { left, right } for factors but received undefined.'],
    [{ left: Matrix.zeros(2, 1) }, 'Expected a Matrix or { left, right } for factors but received object.'],
    [
      Matrix.zeros(2, 1),
      'Expected a pair { left, right } for factors but received a single Matrix: the problem is 2 x 3, not square.',
    ],
    [{ left: Matrix.zeros(3, 1), right: Matrix.zeros(3, 1) }, 'Expected a 2 x any matrix for left but received 3 x 1.'],
    [{ left: Matrix.zeros(2, 2), right: Matrix.zeros(3, 1) }, 'Expected a 3 x 2 matrix for right but received 3 x 1.'],
    [
      { left: Matrix.zeros(2, 0), right: Matrix.zeros(3, 0) },
      'Expected at least one column for left but received none.',
    ],
    [{ left: [[1], [2]], right: Matrix.zeros(3, 1) }, 'Expected a Matrix for left but received array.'],
    [
      { left: Matrix.from([[1], [NaN]]), right: Matrix.zeros(3, 1) },
      'Expected a finite number at left[1, 0] but received NaN of type number.',
    ],
  ])('%# are refused by measure, residual and gradient', (point, message) => {
    for (const call of ['measure', 'residual', 'gradient'] as const) {
      expect(refusal(() => problem[call](point as never)).message).toBe(message);
    }
  });

  test('a transferred array is noticed', () => {
    const left = Matrix.zeros(2, 1);
    structuredClone(left.data, { transfer: [left.data.buffer as ArrayBuffer] });
    expect(refusal(() => problem.measure({ left, right: Matrix.zeros(3, 1) })).message).toBe(
      'Expected 2 numbers behind left but its array now holds 0.',
    );
  });

  test('what solve returns in the symmetric model is a symmetric point', () => {
    const U = Matrix.from([[1], [2]]);
    expect(square.gradient({ left: U, right: U })).toEqual(square.gradient(U));
    const copy = new Matrix(U.data.slice(), 2, 1);
    expect(square.gradient({ left: U, right: copy }).right).toBeDefined();
  });

  test('residuals for adjoint, and call options', () => {
    expect(refusal(() => problem.adjoint([1])).message).toBe(
      'Expected 2 numbers (one per measurement) for r but received 1.',
    );
    expect(refusal(() => problem.adjoint([1, NaN])).message).toBe(
      'Expected a finite number at r[1] but received NaN of type number.',
    );
    expect(refusal(() => problem.adjoint([1, 2], { threads: 0 })).message).toBe(
      'Expected a positive integer for threads but received 0 of type number.',
    );
    expect(refusal(() => problem.adjoint([1, 2], { thread: 1 } as never)).message).toBe(
      'Unknown option "thread" for options. Did you mean "threads"?',
    );
  });
});
