/** Measurements a fit does not see, kept to judge it by: option `holdOut`. */
import { types } from 'node:util';
import * as check from '../checks';
import { invalid, LowrankError } from '../errors';
import { native } from '../load';
import { callNative } from '../native-errors';

/** A share chosen at random, or a mask of m bytes, 1 where a measurement is held out and 0 where it is used. */
export type HoldOut = { readonly fraction: number; readonly seed?: number | undefined } | Uint8Array;

/** @throws LowrankError INVALID_ARGUMENT; also when nothing would be held out, or nothing be left to fit */
export function resolveHoldOut(value: unknown, measurements: number): Uint8Array | null {
  if (value === undefined) return null;
  if (types.isUint8Array(value)) return checkMask(Uint8Array.from(value), measurements);
  if (ArrayBuffer.isView(value) || Array.isArray(value))
    throw invalid('{ fraction, seed } or a Uint8Array', 'holdOut', value);
  const given = check.optionsObject(value, 'holdOut', ['fraction', 'seed']);
  const share = check.fraction(given['fraction'], 'holdOut.fraction');
  const seed = given['seed'] === undefined ? 0 : check.seed(given['seed'], 'holdOut.seed');
  if (measurements < 2) throw invalid('no value (there is a single measurement)', 'holdOut', value);
  return randomMask(measurements, share, seed);
}

/**
 * Exactly round(fraction m) held-out measurements, at least 1 and at most m - 1: those with the smallest numbers of the
 * uniform stream (seed, 'heldOut'), so that a larger fraction of the same seed holds out a superset. O(m log m).
 */
export function randomMask(measurements: number, share: number, seed: number): Uint8Array {
  const count = Math.min(measurements - 1, Math.max(1, Math.round(share * measurements)));
  const draws = new Float64Array(measurements);
  callNative(() => {
    native.uniforms(seed, 'heldOut', 0, draws);
  });
  const order = Array.from(draws, (draw, index) => ({ draw, index })).sort(
    (a, b) => a.draw - b.draw || a.index - b.index,
  );
  const mask = new Uint8Array(measurements);
  for (const { index } of order.slice(0, count)) mask[index] = 1;
  return mask;
}

function checkMask(mask: Uint8Array, measurements: number): Uint8Array {
  if (mask.length !== measurements) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected ${measurements} bytes (one per measurement) for holdOut but received ${mask.length}.`,
    );
  }
  const wrong = mask.findIndex((byte) => byte > 1);
  if (wrong >= 0) throw invalid('0 or 1', `holdOut[${wrong}]`, mask[wrong]);
  const heldOut = mask.reduce((sum, byte) => sum + byte, 0);
  if (heldOut === 0 || heldOut === measurements) {
    throw new LowrankError(
      'INVALID_ARGUMENT',
      `Expected some measurements held out and some left for holdOut but ${heldOut} of ${measurements} are held out.`,
    );
  }
  return mask;
}
