// ZIP files for tests: what stands in one, and files as nobody writes them.

import { readFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

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

const u16 = (number) => [number & 255, number >> 8];
const u32 = (number) => [...u16(number & 0xffff), ...u16(number >>> 16)];
const u64 = (number) => [...u32(number), ...u32(0)];

/** Name, method, flags and sizes of an entry as both of its headers have them. */
function common(entry, { zip64 }, isLocal) {
  const { name, bytes, packed, flags, method } = entry;
  const later = isLocal && flags & 8;
  const sizes = zip64 ? [...u32(0xffffffff), ...u32(0xffffffff)]
    : [...u32(later ? 0 : packed.length), ...u32(later ? 0 : bytes.length)];
  return [...u16(zip64 ? 45 : 20), ...u16(flags), ...u16(method), ...u16(0), ...u16(0x21),
    ...u32(later ? 0 : entry.crc), ...sizes, ...u16(name.length), ...u16(zip64 ? 20 : 0)];
}

const extra64 = ({ bytes, packed }) => [...u16(1), ...u16(16), ...u64(bytes.length), ...u64(packed.length)];

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC[(crc ^ byte) & 255];
  return (crc ^ -1) >>> 0;
}

const CRC = Int32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

/**
 * A file of these parts ({name: text}). Options: stored (not deflated), descriptors (sizes behind
 * the data), zip64 (sizes of eight bytes), before (bytes in front), and the names of a part that is
 * damaged or said to be encrypted.
 */
export function makeZip(parts, options = {}) {
  const pieces = [Buffer.from(options.before ?? '')];
  const central = [];
  let at = pieces[0].length;
  const push = (...more) => {
    for (const piece of more.map((bytes) => Buffer.from(bytes))) {
      pieces.push(piece);
      at += piece.length;
    }
  };
  for (const [name, text] of Object.entries(parts)) {
    const bytes = Buffer.from(text);
    const packed = options.stored ? bytes : deflateRawSync(bytes);
    const entry = { name: Buffer.from(name), bytes, packed, method: options.stored ? 0 : 8,
      flags: (options.descriptors ? 8 : 0) | (options.encrypted === name ? 1 : 0),
      crc: crc32(bytes) ^ (options.damage === name ? 1 : 0) };
    const offset = at;
    push(u32(0x04034b50), common(entry, options, true), entry.name, options.zip64 ? extra64(entry) : [], packed);
    if (options.descriptors)
      push(u32(0x08074b50), u32(entry.crc), u32(packed.length), u32(bytes.length));
    central.push(Buffer.from([...u32(0x02014b50), ...u16(45), ...common(entry, options, false), ...u16(0),
      ...u16(0), ...u16(0), ...u32(0), ...u32(offset), ...entry.name, ...(options.zip64 ? extra64(entry) : [])]));
  }
  const begin = at;
  push(...central);
  const size = at - begin;
  if (options.zip64) {
    push(u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0), u64(central.length), u64(central.length),
      u64(size), u64(begin), u32(0x07064b50), u32(0), u64(at), u32(1));
  }
  push(u32(0x06054b50), u16(0), u16(0), u16(central.length), u16(central.length), u32(size), u32(begin), u16(0));
  return Buffer.concat(pieces);
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006/relationships';

/** The parts of a workbook with one sheet "S", whose XML is given. */
export const workbookParts = (sheet) => ({
  '_rels/.rels': `<Relationships xmlns="${PACKAGE}"><Relationship Id="a" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="S" r:id="b"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `<Relationships xmlns="${PACKAGE}"><Relationship Id="b" Type="${OFFICE}/worksheet" Target="s.xml"/></Relationships>`,
  'xl/s.xml': sheet,
});

/** The XML of a sheet with these rows (XML too). */
export const sheetXml = (rows) =>
  `<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData></worksheet>`;

const WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';

/** The parts of a Word document with that body (XML). */
export const wordParts = (body) => ({
  '_rels/.rels': workbookParts('')['_rels/.rels'].replace('xl/workbook.xml', 'word/document.xml'),
  'word/document.xml': `<w:document xmlns:w="${WORD}"><w:body>${body}</w:body></w:document>`,
});
