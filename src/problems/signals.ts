/** Signals theta* of generated vector problems. */
import * as check from '../checks';
import { invalid } from '../errors';
import { native } from '../load';
import { callNative } from '../native-errors';
import { type Field, Vector } from '../vector';

/**
 * 'sphere': uniform on the unit sphere. 'gaussian': independent entries of variance 1/n, norm 1 up to O(1/sqrt(n)).
 * 'rademacher': entries +-1/sqrt(n), complex (+-1 +-i)/sqrt(2n). A Vector of length n is taken as it is.
 */
export type SignalChoice = 'sphere' | 'gaussian' | 'rademacher' | Vector;

export function makeSignal(choice: unknown, n: number, field: Field, seed: number): Vector {
  if (choice instanceof Vector) return checkVector(choice, 'signal', n, field);
  if (choice !== undefined && typeof choice !== 'string') {
    throw invalid("'sphere', 'gaussian', 'rademacher' or a Vector", 'signal', choice);
  }
  const kind = choice === undefined ? 'sphere' : check.oneOf(choice, 'signal', ['sphere', 'gaussian', 'rademacher']);
  const signal = Vector.zeros(n, field);
  const { data } = signal;
  callNative(() => {
    native.normals(seed, 'signal', 0, data);
  });
  const scale = kind === 'sphere' ? 1 / signal.norm() : 1 / Math.sqrt(data.length);
  for (let i = 0; i < data.length; i++) data[i] = scale * (kind === 'rademacher' ? (data[i]! < 0 ? -1 : 1) : data[i]!);
  return signal;
}

/** A copy of a Vector of this length and field, finite. */
export function checkVector(value: unknown, name: string, n: number, field: Field): Vector {
  if (!(value instanceof Vector)) throw invalid('a Vector', name, value);
  if (value.length !== n || value.field !== field) {
    throw check.refused(`a ${field} Vector of length ${n}`, name, `a ${value.field} one of length ${value.length}`);
  }
  const copy = Float64Array.from(value.data);
  const index = check.firstNonFinite(copy);
  if (index >= 0) throw check.nonFinite(`${name}.data[${index}]`, copy[index]);
  return new Vector(copy, field);
}
