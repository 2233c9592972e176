import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';

import { LowrankError } from '../../src/errors';
import { crc32, crc32Portable } from '../../src/io/crc32';
import { openNpz } from '../../src/io/npz';
import { ZipArchive } from '../../src/io/zip';
import {
  endRecord,
  endRecords64,
  faultOf,
  fixture,
  handZip,
  npyOf,
  npyWithHeader,
  temporaryDirectory,
  temporaryFile,
  type HandArchive,
  type HandMember,
} from './support';

const npy = npyOf([1, 2, 3]);
const one: HandMember = { name: 'a.npy', data: npy };

async function contents(path: string): Promise<Record<string, Buffer>> {
  const archive = await ZipArchive.open(path);
  const out: Record<string, Buffer> = {};
  try {
    for (const member of archive.members) {
      const reader = await archive.read(member);
      const data = Buffer.alloc(member.bytes);
      try {
        await reader.fill(data);
        await reader.finish();
      } finally {
        await reader.close();
      }
      out[member.name] = data;
    }
  } finally {
    await archive.close();
  }
  return out;
}

function contentsOf(members: readonly HandMember[], archive?: HandArchive): Promise<Record<string, Buffer>> {
  return contents(temporaryFile(handZip(members, archive)));
}

describe('crc32', () => {
  it('knows the check value of the standard', () => {
    expect(crc32Portable(Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  });

  it('is the same in JavaScript, and in pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        const whole = crc32(bytes);
        return (
          crc32Portable(bytes) === whole &&
          crc32Portable(bytes.subarray(cut), crc32Portable(bytes.subarray(0, cut))) === whole
        );
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});

describe('an archive made by hand', () => {
  const deflated = (data: Uint8Array, claims: Partial<HandMember> = {}): HandMember => ({
    name: 'a.npy',
    data: deflateRawSync(data),
    method: 8,
    bytes: data.length,
    crc32: crc32Portable(data),
    ...claims,
  });

  it('is read: stored, deflated, with a comment, with a gap, without members', async () => {
    expect((await contentsOf([one]))['a.npy']).toEqual(npy);
    expect((await contentsOf([deflated(npy)]))['a.npy']).toEqual(npy);
    expect((await contentsOf([deflated(Buffer.alloc(0))]))['a.npy']).toHaveLength(0);
    expect((await contentsOf([one], { comment: 'PK\x05\x06 is no end record' }))['a.npy']).toEqual(npy);
    expect((await contentsOf([one], { gap: Buffer.alloc(5) }))['a.npy']).toEqual(npy);
    expect(await contentsOf([])).toEqual({});
  });

  it('is read with zip64 records, where they agree', async () => {
    const end = (directory: Buffer, offset: number): Buffer =>
      endRecords64(1n, BigInt(directory.length), BigInt(offset), BigInt(offset + directory.length));
    expect((await contentsOf([one], { end }))['a.npy']).toEqual(npy);
    const extra = Buffer.alloc(4 + 16);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(16, 2);
    extra.writeBigUInt64LE(BigInt(npy.length), 4);
    extra.writeBigUInt64LE(BigInt(npy.length), 12);
    const wide = { ...one, bytes: 0xffffffff, compressedBytes: 0xffffffff, extra };
    expect((await contentsOf([wide]))['a.npy']).toEqual(npy);
  });

  it.each<[string, HandMember[], HandArchive, string]>([
    ['two members of one name', [one, one], {}, 'two members have the name "a.npy"'],
    ['a name that leads up', [{ ...one, name: '../a.npy' }], {}, 'is not accepted'],
    ['a name that leads up inside', [{ ...one, name: 'a/../../a.npy' }], {}, 'is not accepted'],
    ['an absolute name', [{ ...one, name: '/a.npy' }], {}, 'is not accepted'],
    ['a name of another system', [{ ...one, name: 'C:a.npy' }], {}, 'is not accepted'],
    ['a name with a backslash', [{ ...one, name: '..\\a.npy' }], {}, 'is not accepted'],
    ['a name with NUL', [{ ...one, name: 'a.npy\0.txt' }], {}, 'is not accepted'],
    ['a name with an escape character', [{ ...one, name: '\x1b[2Ja.npy' }], {}, 'is not accepted'],
    ['no name', [{ ...one, name: '' }], {}, 'names of 1 to 1024 bytes'],
    ['an encrypted member', [{ ...one, flags: 1 }], {}, 'is encrypted'],
    ['a strongly encrypted member', [{ ...one, flags: 0x41 }], {}, 'is encrypted'],
    ['another compression', [{ ...one, method: 12 }], {}, 'compression method 12'],
    ['two sizes of a stored member', [{ ...one, bytes: 1 }], {}, 'stored with two different sizes'],
    ['a member beyond the directory', [{ ...one, bytes: 9999, compressedBytes: 9999 }], {}, 'runs into what follows'],
    ['a member that begins beyond it', [{ ...one, offset: 100000 }], {}, 'runs into what follows'],
    ['members over each other', [one, { ...one, name: 'b.npy', offset: 0 }], {}, 'runs into what follows'],
    ['a wrong checksum', [{ ...one, crc32: 1 }], {}, 'the checksum is wrong'],
    ['a wrong checksum of a deflated member', [deflated(npy, { crc32: 1 })], {}, 'the checksum is wrong'],
    ['more data than it says', [deflated(Buffer.alloc(1000), { bytes: 999 })], {}, 'expected 999 bytes but found more'],
    ['fewer data than it says', [deflated(Buffer.alloc(1000), { bytes: 1001 })], {}, 'end too early'],
    ['no deflated data', [{ ...deflated(npy), data: Buffer.alloc(20, 255) }], {}, 'could not be read'],
    [
      'deflated data that are cut off',
      [{ ...deflated(npy), data: deflateRawSync(npy).subarray(0, 20) }],
      {},
      'could not be read',
    ],
    ['more members than there are', [one], { count: 2 }, 'for 2 members'],
    ['fewer members than there are', [one, { ...one, name: 'b.npy' }], { count: 1 }, 'bytes left over'],
    ['64-bit sizes that are not there', [{ ...one, bytes: 0xffffffff }], {}, 'lacks its 64-bit sizes'],
    ['a cut extra field', [{ ...one, extra: Buffer.from([1, 0, 9, 0]) }], {}, 'an extra field is cut off'],
    [
      'a directory elsewhere',
      [one],
      { end: (d, at) => endRecord(1, d.length, at - 1) },
      'is not where the end record says',
    ],
    ['a disk number', [one], { end: (d, at) => Buffer.concat([endRecord(1, d.length, at).fill(1, 4, 5)]) }, 'divided'],
    [
      'a 64-bit offset beyond every file',
      [one],
      { end: (d, at) => endRecords64(1n, BigInt(d.length), BigInt(at), 2n ** 64n - 1n) },
      'a size or offset is too large',
    ],
    [
      'a 64-bit record that is not there',
      [one],
      { end: (d, at) => endRecords64(1n, BigInt(d.length), BigInt(at), 0n) },
      'no zip64 end record',
    ],
    [
      'a 64-bit directory beyond every file',
      [one],
      { end: (d, at) => endRecords64(1n, 2n ** 63n, BigInt(at), BigInt(at + d.length)) },
      'a size or offset is too large',
    ],
    [
      'two directories',
      [one],
      {
        end: (d, at) => {
          const records = endRecords64(1n, BigInt(d.length), BigInt(at), BigInt(at + d.length));
          records.writeUInt32LE(0, records.length - 6);
          return records;
        },
      },
      'its two end records differ',
    ],
  ])('is refused with %s', async (_what, members, archive, message) => {
    const error = await faultOf(contentsOf(members, archive));
    expect(error.code).toBe('BAD_FILE');
    expect(error.message).toContain(message);
  });

  it('may not have a header that differs from the directory', async () => {
    const bytes = handZip([one]);
    for (const at of [0, 6, 8, 14, 18, 22, 26]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x41;
      const error = await faultOf(contents(temporaryFile(changed)));
      expect(error.message).toMatch(/header and the directory differ/);
    }
  });

  it('is refused with more members than the limit', async () => {
    const many = Array.from({ length: 4097 }, (_, i) => ({ name: `${i}.npy`, data: new Uint8Array(0) }));
    expect((await faultOf(contentsOf(many))).message).toContain('at most 4096 members but the archive claims 4097');
    // The count alone costs nothing.
    const claims = Buffer.from(endRecord(65535, 0, 0));
    expect((await faultOf(contents(temporaryFile(claims)))).message).toContain('claims 65535');
  });

  it('is refused as a bomb before anything is inflated', async () => {
    const zeros = deflateRawSync(Buffer.alloc(2 ** 25), { level: 9 });
    const header = npyWithHeader("{'descr': '|u1', 'fortran_order': False, 'shape': (33554432,)}");
    const honest = deflateRawSync(Buffer.concat([header, Buffer.alloc(2 ** 25)]), { level: 9 });
    const bytes = header.length + 2 ** 25;
    const bomb = { name: 'A.npy', data: honest, method: 8, bytes, crc32: 0 };
    expect((await faultOf(openNpz(temporaryFile(handZip([bomb]))))).message).toContain('more than 256 times');
    // A size that lies stops the inflating where it lies.
    const lying = { name: 'A.npy', data: zeros, method: 8, bytes: 1000, crc32: 0 };
    expect((await faultOf(contentsOf([lying]))).message).toContain('expected 1000 bytes but found more');
    // Who knows the file may raise the limit.
    const archive = await ZipArchive.open(temporaryFile(handZip([bomb])), { ratio: 2000 });
    expect(archive.members).toHaveLength(1);
    await archive.close();
  });
});

describe('a path that is no archive', () => {
  it.each<[string, () => string, string]>([
    ['nothing', () => join(temporaryDirectory(), 'none.npz'), 'no such file'],
    ['a directory', () => temporaryDirectory(), 'expected a file but found a directory'],
    ['an empty file', () => temporaryFile(''), 'the file is empty'],
    ['a text', () => temporaryFile('hello'), 'expected a .npz file but found no end of a zip archive'],
    ['a .npy file', () => temporaryFile(npy), 'found a single .npy array'],
    ['a long file', () => temporaryFile(Buffer.alloc(200_000, 'PK\x05\x06')), 'found no end of a zip archive'],
  ])('is refused: %s', async (_what, path, message) => {
    const error = await faultOf(ZipArchive.open(path()));
    expect(error.code).toBe('BAD_FILE');
    expect(error.message).toContain(message);
  });

  it('does not wait for a device', async () => {
    expect((await faultOf(ZipArchive.open('/dev/zero'))).message).toContain('a device');
  });

  it('does not hide a fault of ours', async () => {
    const archive = await ZipArchive.open(fixture('kinds.npz'));
    const broken = {
      ...archive.members[0]!,
      name: 1 as unknown as string,
      headerOffset: Symbol() as unknown as number,
    };
    await expect(archive.read(broken, 'here')).rejects.not.toBeInstanceOf(LowrankError);
    await archive.close();
  });
});

describe('every damage of a small file', () => {
  /** Reads everything; true when it is valid, false when it is a fault of the file, anything else throws. */
  async function isValid(path: string): Promise<boolean> {
    try {
      const file = await openNpz(path);
      try {
        for (const name of file.names) await file.read(name);
        for (const name of file.names) {
          let rows = 0;
          for await (const chunk of file.readChunks(name, { bytesPerChunk: 20 })) rows += chunk.rows;
          const { shape, size } = file.info(name);
          if (size > 0 && rows !== (shape[0] ?? 1)) throw new Error(`Expected ${shape[0]} rows but received ${rows}.`);
        }
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      if (error instanceof LowrankError && error.code === 'BAD_FILE') return false;
      throw error;
    }
  }

  const small = handZip([
    one,
    { name: 'b.npy', data: deflateRawSync(npy), method: 8, bytes: npy.length, crc32: crc32(npy) },
  ]);
  const files: [string, Buffer][] = [
    ['made by hand', small],
    ['piped by Python', readFileSync(fixture('piped.npz'))],
    ['a problem', readFileSync(fixture('problem.npz'))],
  ];

  it.each(files)('every prefix is refused: %s', async (_what, bytes) => {
    const directory = temporaryDirectory();
    const taken: number[] = [];
    for (let n = 0; n < bytes.length; n++) {
      const path = join(directory, 'cut.npz');
      await writeFile(path, bytes.subarray(0, n));
      if (await isValid(path)) taken.push(n);
    }
    expect(taken).toEqual([]);
  });

  it.each(files)('every changed byte gives a fault or another valid file: %s', async (_what, bytes) => {
    const directory = temporaryDirectory();
    let refused = 0;
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      // Another change at every byte: single bits, small and large differences.
      changed[i]! ^= [0x01, 0x80, 0xff, 0x10][i % 4]!;
      const path = join(directory, 'changed.npz');
      await writeFile(path, changed);
      if (!(await isValid(path))) refused++;
    }
    // Dates, versions and the like mean nothing; everything else is noticed.
    expect(refused / bytes.length).toBeGreaterThan(0.75);
  });
});
