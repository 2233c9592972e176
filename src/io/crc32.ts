/** CRC-32 as zip uses it: Node's own where there is one (20.15, 22.2 and later), else slicing-by-8. */
import * as zlib from 'node:zlib';

let cached: readonly Uint32Array[] | undefined;

/** tables[k][b]: the CRC of byte b followed by k zero bytes. */
function tables(): readonly Uint32Array[] {
  if (cached !== undefined) return cached;
  const made = Array.from({ length: 8 }, () => new Uint32Array(256));
  const [first] = made as [Uint32Array];
  for (let b = 0; b < 256; b++) {
    let c = b;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    first[b] = c;
  }
  for (let k = 1; k < 8; k++) {
    const [before, here] = [made[k - 1] as Uint32Array, made[k] as Uint32Array];
    for (let b = 0; b < 256; b++) {
      const c = before[b]!;
      here[b] = (c >>> 8) ^ first[c & 255]!;
    }
  }
  return (cached = made);
}

/**
 * The same in JavaScript, eight bytes a step.
 * @param crc what an earlier call returned for the bytes before these; 0 at the start
 */
export function crc32Portable(bytes: Uint8Array, crc = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables() as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let c = ~crc;
  let i = 0;
  const whole = bytes.length - (bytes.length % 8);
  // In bounds by construction; the casts only tell the compiler so.
  for (; i < whole; i += 8) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      t7[c & 255]! ^
      t6[(c >>> 8) & 255]! ^
      t5[(c >>> 16) & 255]! ^
      t4[c >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) c = (c >>> 8) ^ t0[(c ^ bytes[i]!) & 255]!;
  return ~c >>> 0;
}

type Crc32 = (bytes: Uint8Array, crc?: number) => number;

/** CRC-32 of `bytes`, continuing from `crc` (0 at the start): an unsigned 32-bit integer. */
export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? crc32Portable;
