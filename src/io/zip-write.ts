/** The records of a zip archive of stored members, zip64 where a size or an offset needs it. */

const U16 = 0xffff;
const U32 = 0xffffffff;
const VERSION_ZIP64 = 45;
/** 1 January 1980, the first day of zip and what NumPy writes: the same arrays make the same bytes. */
const DATE = 0x21;
/** A member in the archive: where it begins, and what follows its header. */
export interface WrittenMember {
  readonly name: Buffer;
  readonly bytes: number;
  readonly crc32: number;
  readonly offset: number;
}

/** The header before a member; the same length with and without its checksum. */
export function localHeader({ name, bytes, crc32: sum }: WrittenMember): Buffer {
  const wide = bytes >= U32;
  const out = Buffer.alloc(30 + name.length + (wide ? 20 : 0));
  out.writeUInt32LE(0x04034b50, 0);
  out.writeUInt16LE(wide ? VERSION_ZIP64 : 20, 4);
  out.writeUInt16LE(DATE, 12);
  out.writeUInt32LE(sum, 14);
  out.writeUInt32LE(wide ? U32 : bytes, 18);
  out.writeUInt32LE(wide ? U32 : bytes, 22);
  out.writeUInt16LE(name.length, 26);
  out.writeUInt16LE(out.length - 30 - name.length, 28);
  name.copy(out, 30);
  if (wide) wideField([bytes, bytes]).copy(out, 30 + name.length);
  return out;
}

/** The zip64 extra field with these 64-bit values. */
function wideField(values: readonly number[]): Buffer {
  const out = Buffer.alloc(4 + 8 * values.length);
  out.writeUInt16LE(1, 0);
  out.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, i) => out.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
  return out;
}

function directoryEntry({ name, bytes, crc32: sum, offset }: WrittenMember): Buffer {
  const values = [...(bytes >= U32 ? [bytes, bytes] : []), ...(offset >= U32 ? [offset] : [])];
  const extra = values.length > 0 ? wideField(values) : Buffer.alloc(0);
  const out = Buffer.alloc(46);
  out.writeUInt32LE(0x02014b50, 0);
  // Made on Unix (3), so that the permissions below mean something.
  out.writeUInt16LE((3 << 8) | (values.length > 0 ? VERSION_ZIP64 : 20), 4);
  out.writeUInt16LE(values.length > 0 ? VERSION_ZIP64 : 20, 6);
  out.writeUInt16LE(DATE, 14);
  out.writeUInt32LE(sum, 16);
  out.writeUInt32LE(Math.min(bytes, U32), 20);
  out.writeUInt32LE(Math.min(bytes, U32), 24);
  out.writeUInt16LE(name.length, 28);
  out.writeUInt16LE(extra.length, 30);
  // rw-r--r--
  out.writeUInt32LE((0o100644 << 16) >>> 0, 38);
  out.writeUInt32LE(Math.min(offset, U32), 42);
  return Buffer.concat([out, name, extra]);
}

/** Everything behind the last member: the directory at `offset` and the end records. */
export function directory(members: readonly WrittenMember[], offset: number): Buffer {
  const entries = Buffer.concat(members.map(directoryEntry));
  const count = members.length;
  const parts: Buffer[] = [entries];
  if (count >= U16 || offset >= U32 || entries.length >= U32) {
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(BigInt(end64.length - 12), 4);
    end64.writeUInt16LE(VERSION_ZIP64, 12);
    end64.writeUInt16LE(VERSION_ZIP64, 14);
    end64.writeBigUInt64LE(BigInt(count), 24);
    end64.writeBigUInt64LE(BigInt(count), 32);
    end64.writeBigUInt64LE(BigInt(entries.length), 40);
    end64.writeBigUInt64LE(BigInt(offset), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(offset + entries.length), 8);
    locator.writeUInt32LE(1, 16);
    parts.push(end64, locator);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, U16), 8);
  end.writeUInt16LE(Math.min(count, U16), 10);
  end.writeUInt32LE(Math.min(entries.length, U32), 12);
  end.writeUInt32LE(Math.min(offset, U32), 16);
  return Buffer.concat([...parts, end]);
}
