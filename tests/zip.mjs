// ZIP files for tests: what stands in one.

import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

/** The entries of a file as a map from name to bytes, in the order of its directory. */
export function readZip(path) {
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  const entries = new Map();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const [packed, name, extra, comment] = [20, 28, 30, 32].map((field, i) =>
      i === 0 ? bytes.readUInt32LE(at + field) : bytes.readUInt16LE(at + field));
    const local = bytes.readUInt32LE(at + 42);
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    entries.set(String(bytes.subarray(at + 46, at + 46 + name)),
      inflateRawSync(bytes.subarray(begin, begin + packed)));
    at += 46 + name + extra + comment;
  }
  return entries;
}
