import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { LowrankError } from '../../src/errors';
import { crc32 } from '../../src/io/crc32';
import { encodeNpyHeader } from '../../src/io/npy-header';
import { openNpz, type NpyChunk, type NpzFile } from '../../src/io/npz';
import { directory, localHeader } from '../../src/io/zip-write';
import { expected, faultOf, fixture, handZip, hexOf, npyOf, temporaryDirectory, temporaryFile } from './support';

async function using<T>(path: string, use: (file: NpzFile) => Promise<T>): Promise<T> {
  const file = await openNpz(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function collect(chunks: AsyncIterable<NpyChunk>): Promise<NpyChunk[]> {
  const out: NpyChunk[] = [];
  for await (const chunk of chunks) out.push(chunk);
  return out;
}

const written = Object.keys(expected).filter((name) => name.endsWith('.npz'));

describe('files that NumPy wrote', () => {
  it.each(written)('are listed without reading data: %s', async (name) => {
    await using(fixture(name), (file) => {
      const arrays = expected[name]!;
      expect(file.arrays.map((array) => array.name).sort()).toEqual(Object.keys(arrays).sort());
      for (const array of file.arrays) {
        expect(array.dtype).toBe(arrays[array.name]!.dtype);
        expect(array.shape).toEqual(arrays[array.name]!.shape);
        expect(array.compressed).toBe(name === 'kinds-deflated.npz' || array.name === 'deflated');
      }
      return Promise.resolve();
    });
  });

  it.each(written)('are read bit by bit: %s', async (name) => {
    await using(fixture(name), async (file) => {
      for (const [array, { shape, hex }] of Object.entries(expected[name]!)) {
        const { shape: found, data } = await file.read(array);
        expect([array, found, hexOf(data)]).toEqual([array, shape, hex]);
      }
    });
  });

  it.each(written)('are read in pieces of every size: %s', async (name) => {
    await using(fixture(name), async (file) => {
      for (const [array, { shape, hex }] of Object.entries(expected[name]!)) {
        const { bytes, kind } = file.info(array);
        const total = shape[0] ?? 1;
        for (const bytesPerChunk of [1, bytes / total || 1, 2.5 * (bytes / total) || 1, bytes + 1].map(Math.ceil)) {
          let row = 0;
          let all = '';
          for await (const chunk of file.readChunks(array, { bytesPerChunk, reuse: true })) {
            expect(chunk.firstRow).toBe(row);
            expect(chunk.kind).toBe(kind);
            expect(chunk.rows === 1 || (chunk.rows * bytes) / total <= bytesPerChunk).toBe(true);
            row += chunk.rows;
            all += hexOf(chunk.data);
          }
          expect([array, row, all]).toEqual([array, bytes === 0 ? 0 : total, hex]);
        }
      }
    });
  });

  it('keep float32 as it is and give the kinds their names', async () => {
    await using(fixture('kinds.npz'), async (file) => {
      expect((await file.read('f4')).data).toBeInstanceOf(Float32Array);
      expect((await file.read('f8')).data).toBeInstanceOf(Float64Array);
      expect(file.arrays.map(({ kind }) => kind)).toEqual([
        'float64',
        'float32',
        'complex128',
        'complex64',
        'int8',
        'int16',
        'int32',
        'int64',
        'uint8',
        'uint16',
        'uint32',
        'uint64',
        'bool',
      ]);
    });
  });

  it('are opened although some arrays cannot be read', async () => {
    await using(fixture('refused.npz'), async (file) => {
      for (const [name, message] of [
        ['objects', 'found an object array: it holds pickled Python objects'],
        ['structured', 'found a structured dtype'],
        ['text', 'found dtype "<U2"'],
        ['half', 'found dtype "<f2"'],
        ['dates', 'found dtype "<M8[D]"'],
      ] as const) {
        expect((await faultOf(file.read(name))).message).toContain(`refused.npz: array ${name}: `);
        expect(() => file.info(name)).toThrow(message);
        expect(() => file.find(name)).toThrow(message);
      }
      expect((await faultOf(file.read('beyond'))).message).toContain('element 1 ');
      expect((await faultOf(file.read('beyond_unsigned'))).message).toContain('element 0 ');
      expect((await faultOf(collect(file.readChunks('beyond', { bytesPerChunk: 8 })))).message).toContain('element 1 ');
      expect([...(await file.read('fine')).data]).toEqual([0, 1, 2]);
    });
  });

  it('may hold what is no array', async () => {
    await using(fixture('piped.npz'), async (file) => {
      expect(file.names).toEqual(['stored', 'deflated', 'notes.txt']);
      expect((await faultOf(file.read('notes.txt'))).message).toContain('expected .npy data');
      expect((await faultOf(file.read('A'))).message).toContain(
        'expected an array A but found stored, deflated, notes.txt',
      );
      expect(file.find('A')).toBeUndefined();
    });
  });
});

describe('readChunks', () => {
  const values = Array.from({ length: 40 }, (_, i) => i);
  const member = (data: Buffer, method: 0 | 8): Parameters<typeof handZip>[0][number] => ({
    name: 'a.npy',
    data: method === 8 ? deflateRawSync(data) : data,
    method,
    bytes: data.length,
    crc32: crc32(data),
  });

  it('gives every chunk memory of its own unless asked for less', async () => {
    const path = temporaryFile(handZip([member(npyOf(values), 0)]));
    await using(path, async (file) => {
      const own = await collect(file.readChunks('a', { bytesPerChunk: 80 }));
      expect(own.map(({ data }) => [...data])).toEqual([0, 10, 20, 30].map((at) => values.slice(at, at + 10)));
      const shared = await collect(file.readChunks('a', { bytesPerChunk: 80, reuse: true }));
      expect(new Set(shared.map(({ data }) => data.buffer)).size).toBe(2);
    });
  });

  it('does not touch a chunk while the caller works on it', async () => {
    const path = temporaryFile(handZip([member(npyOf(values), 8)]));
    await using(path, async (file) => {
      const seen: number[] = [];
      for await (const { data } of file.readChunks('a', { bytesPerChunk: 8, reuse: true })) {
        // Time for the next read to end.
        await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push(...data);
      }
      expect(seen).toEqual(values);
    });
  });

  it('can be left at any chunk, and begun again', async () => {
    for (const method of [0, 8] as const) {
      const path = temporaryFile(handZip([member(npyOf(values), method)]));
      await using(path, async (file) => {
        for (let leave = 0; leave < 5; leave++) {
          let first = -1;
          for await (const chunk of file.readChunks('a', { bytesPerChunk: 80 })) {
            first = chunk.firstRow;
            if (first === 10 * leave) break;
          }
          expect(first).toBe(Math.min(30, 10 * leave));
        }
        expect([...(await file.read('a')).data]).toEqual(values);
      });
    }
  });

  it.each([0, 8] as const)('keeps back the last chunk when the checksum is wrong (method %d)', async (method) => {
    const wrong = { ...member(npyOf(values), method), crc32: 7 };
    await using(temporaryFile(handZip([wrong])), async (file) => {
      const rows: number[] = [];
      const reading = (async () => {
        for await (const chunk of file.readChunks('a', { bytesPerChunk: 80 })) rows.push(chunk.firstRow);
      })();
      expect((await faultOf(reading)).message).toContain('the checksum is wrong');
      expect(rows).toEqual([0, 10, 20]);
      expect((await faultOf(file.read('a'))).message).toContain('the checksum is wrong');
    });
  });

  it('refuses a chunk size that is none, and an array that is not there', async () => {
    await using(fixture('kinds.npz'), async (file) => {
      for (const bytesPerChunk of [0, -1, 1.5, NaN]) {
        await expect(collect(file.readChunks('f8', { bytesPerChunk }))).rejects.toThrow(
          'positive integer for bytesPerChunk',
        );
      }
      await expect(collect(file.readChunks('none'))).rejects.toThrow('expected an array none');
    });
  });

  it('reports a file that is closed or cut off meanwhile', async () => {
    const path = temporaryFile(handZip([member(npyOf(values), 0)]));
    const file = await openNpz(path);
    const handle = await open(path, 'r+');
    await handle.truncate(100);
    await handle.close();
    expect((await faultOf(file.read('a'))).message).toContain('the file ends too early');
    await file.close();
    expect((await faultOf(file.read('a'))).code).toBe('BAD_FILE');
  });
});

describe('names and sizes', () => {
  it('refuse two arrays of one name', async () => {
    const data = npyOf([1]);
    const path = temporaryFile(
      handZip([
        { name: 'A', data },
        { name: 'A.npy', data },
      ]),
    );
    expect((await faultOf(openNpz(path))).message).toContain('two members have the name "A"');
  });

  it('allocate nothing for a header that lies', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const lying = Buffer.concat([encodeNpyHeader('float64', [2 ** 40]), Buffer.alloc(8)]);
    await using(temporaryFile(handZip([{ name: 'A.npy', data: lying }])), async (file) => {
      const error = await faultOf(file.read('A'));
      expect(error).toBeInstanceOf(LowrankError);
      expect(error.message).toContain(`expected ${2 ** 43} bytes for dtype <f8 and shape (1099511627776,) but found 8`);
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it('go beyond 4 GiB', async () => {
    // A file with a hole: its zeros take no place on the disk, and they are not read here.
    const path = join(temporaryDirectory(), 'large.npz');
    const rows = 5 * 2 ** 20;
    const header = encodeNpyHeader('float32', [rows, 256]);
    const large = { name: Buffer.from('A.npy'), bytes: header.length + rows * 1024, crc32: 0, offset: 0 };
    const data = npyOf([3, 4]);
    const end = localHeader(large).length + large.bytes;
    const small = { name: Buffer.from('y.npy'), bytes: data.length, crc32: crc32(data), offset: end };
    const last = end + localHeader(small).length + data.length;
    const file = await open(path, 'w');
    await file.write(Buffer.concat([localHeader(large), header]), 0, undefined, 0);
    await file.write(Buffer.concat([localHeader(small), data, directory([large, small], last)]), 0, undefined, end);
    await file.close();
    await using(path, async (npz) => {
      expect(npz.info('A').bytes).toBe(5 * 2 ** 30);
      expect(npz.info('A').shape).toEqual([rows, 256]);
      expect([...(await npz.read('y')).data]).toEqual([3, 4]);
      for await (const chunk of npz.readChunks('A', { bytesPerChunk: 4096 })) {
        expect(chunk.rows).toBe(4);
        break;
      }
    });
  });

  it('are what the reader saw, not what the disk holds later', async () => {
    const bytes = readFileSync(fixture('problem.npz'));
    const path = temporaryFile(bytes);
    const first = await openNpz(path);
    const second = await openNpz(path);
    const other = await openNpz(temporaryFile(bytes));
    expect(first.identity).toBe(second.identity);
    expect(first.identity).not.toBe(other.identity);
    for (const file of [first, second, other]) await file.close();
  });
});
