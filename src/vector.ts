import { invalid, LowrankError } from './errors';

export type Field = 'real' | 'complex';

/**
 * A vector over a `Float64Array`: `length` numbers, interleaved (re, im, re, im, ...) as in NumPy when complex. The array
 * is shared, not copied.
 */
export class Vector {
  readonly data: Float64Array;
  readonly length: number;
  readonly field: Field;

  /** @throws LowrankError INVALID_ARGUMENT when complex data has an odd number of numbers. */
  constructor(data: Float64Array, field: Field = 'real') {
    const fields: readonly unknown[] = ['real', 'complex'];
    if (!fields.includes(field)) throw invalid("'real' or 'complex'", 'field', field);
    if (field === 'complex' && data.length % 2 !== 0) {
      throw new LowrankError(
        'INVALID_ARGUMENT',
        `Expected an even number of numbers (real and imaginary parts in turn) for a complex vector but received ${data.length}.`,
      );
    }
    this.data = data;
    this.length = field === 'complex' ? data.length / 2 : data.length;
    this.field = field;
  }

  static zeros(length: number, field: Field = 'real'): Vector {
    return new Vector(new Float64Array(field === 'complex' ? 2 * length : length), field);
  }

  /** Euclidean norm. */
  norm(): number {
    return Math.sqrt(this.data.reduce((sum, value) => sum + value * value, 0));
  }
}

/** <a, b> = sum conj(a_j) b_j of two vectors of one length and field: [re, im], im = 0 when real. */
export function innerProduct(a: Vector, b: Vector): readonly [number, number] {
  let re = 0;
  let im = 0;
  const x = a.data;
  const y = b.data;
  if (a.field === 'real') {
    for (let j = 0; j < x.length; j++) re += x[j]! * y[j]!;
    return [re, 0];
  }
  for (let j = 0; j < x.length; j += 2) {
    re += x[j]! * y[j]! + x[j + 1]! * y[j + 1]!;
    im += x[j]! * y[j + 1]! - x[j + 1]! * y[j]!;
  }
  return [re, im];
}

/** |<a, b>| / (||a|| ||b||), 0 where one of them is 0. */
export function overlap(a: Vector, b: Vector): number {
  const norms = a.norm() * b.norm();
  return norms > 0 ? Math.hypot(...innerProduct(a, b)) / norms : 0;
}
