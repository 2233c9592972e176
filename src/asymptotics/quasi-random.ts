/**
 * Quasi-random points for expectations over a few dimensions: the Sobol sequence (direction numbers of Joe and Kuo, SIAM
 * J. Sci. Comput. 30, 2008), scrambled by nested uniform scrambling in the hashed form of Laine and Karras (2011), so that
 * the mean over points is an unbiased estimate with an error far below 1/sqrt(N) for smooth integrands.
 */
import { native } from '../load';
import { callNative } from '../native-errors';

// Called for every number: no look-up of a global.
const { abs, clz32, floor, imul, log, sqrt } = Math;

/** Degree s, coefficients a and first odd numbers m of the primitive polynomials of dimensions 2, 3, ... */
const POLYNOMIALS: readonly (readonly [number, number, readonly number[]])[] = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
];

/** How many dimensions there are. */
export const QUASI_RANDOM_DIMENSIONS = POLYNOMIALS.length + 1;

const BITS = 32;

function directionNumbers(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  const polynomial = POLYNOMIALS[dimension - 1];
  if (dimension === 0 || polynomial === undefined) {
    for (let i = 0; i < BITS; i++) v[i] = 2 ** (BITS - 1 - i);
    return v;
  }
  const [s, a, m] = polynomial;
  for (let i = 0; i < BITS; i++) {
    if (i < s) v[i] = m[i]! * 2 ** (BITS - 1 - i);
    else {
      let next = v[i - s]! ^ (v[i - s]! >>> s);
      for (let k = 1; k < s; k++) if (((a >>> (s - 1 - k)) & 1) === 1) next ^= v[i - k]!;
      v[i] = next;
    }
  }
  return v;
}

function reversedBits(x: number): number {
  let y = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  y = ((y >>> 2) & 0x33333333) | ((y & 0x33333333) << 2);
  y = ((y >>> 4) & 0x0f0f0f0f) | ((y & 0x0f0f0f0f) << 4);
  y = ((y >>> 8) & 0x00ff00ff) | ((y & 0x00ff00ff) << 8);
  return ((y >>> 16) | (y << 16)) >>> 0;
}

/** Every bit depends on the bits above it alone (below it, in reversed order): a nested scrambling. */
function scrambled(x: number, key: number): number {
  let y = reversedBits(x);
  y = (y + key) | 0;
  y ^= imul(y, 0x6c50b47c);
  y ^= imul(y, 0xb82f1e52 | 0);
  y ^= imul(y, 0xc7afe638 | 0);
  y ^= imul(y, 0x8d22f6e6 | 0);
  return reversedBits(y >>> 0);
}

/**
 * Coordinate `dimension` (0 .. {@link QUASI_RANDOM_DIMENSIONS} - 1) of the first `count` points: numbers strictly between 0
 * and 1, a function of (seed, dimension) alone. Best with a power of two. O(count).
 */
export function quasiUniforms(count: number, dimension: number, seed: number): Float64Array {
  const keys = new Float64Array(QUASI_RANDOM_DIMENSIONS);
  callNative(() => {
    native.uniforms(seed, 'asymptotics', 0, keys);
  });
  const key = floor(keys[dimension]! * 2 ** 32) >>> 0;
  const v = directionNumbers(dimension);
  const out = new Float64Array(count);
  let x = 0;
  for (let i = 0; i < count; i++) {
    out[i] = (scrambled(x >>> 0, key) + 0.5) / 2 ** 32;
    // Gray code: the lowest zero bit of i says which direction comes next.
    x ^= v[31 - clz32(~i & (i + 1))]!;
  }
  return out;
}

function rational(x: number, numerator: readonly number[], denominator: readonly number[]): number {
  let above = 0;
  let below = 0;
  for (const c of numerator) above = above * x + c;
  for (const c of denominator) below = below * x + c;
  return above / below;
}

const CENTRE = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
  133.14166789178438, 3.3871328727963665,
];
const CENTRE_BELOW = [
  5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
  42.31333070160091, 1,
];
const MIDDLE = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const MIDDLE_BELOW = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];
const TAIL = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
  1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const TAIL_BELOW = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
  0.1369298809227358, 0.599832206555888, 1,
];

/** The normal quantile for 0 < p < 1, to about 1e-16 relative (Wichura, Algorithm AS 241, 1988). */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (abs(q) <= 0.425) return q * rational(0.180625 - q * q, CENTRE, CENTRE_BELOW);
  const r = sqrt(-log(q <= 0 ? p : 1 - p));
  const x = r <= 5 ? rational(r - 1.6, MIDDLE, MIDDLE_BELOW) : rational(r - 5, TAIL, TAIL_BELOW);
  return q < 0 ? -x : x;
}

/** As {@link quasiUniforms}, standard normal. */
export function quasiNormals(count: number, dimension: number, seed: number): Float64Array {
  return quasiUniforms(count, dimension, seed).map(normalQuantile);
}
