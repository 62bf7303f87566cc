// EXIF data: a TIFF of its own inside a JPEG segment or a PNG or WebP chunk. Every offset in it may lie.
// Source: CIPA DC-008 (Exif 3.0), section 4.6; TIFF 6.0, section 2.

const ORIENTATION = 0x0112;
const COPYRIGHT = 0x8298;
const GPS = 0x8825;
/** Bytes of one value, by its type's number. */
const WIDTHS = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const MARK = 'Exif\0\0';

/** Without the mark that JPEG (and some WebP writers) put before it. */
function bare(bytes) {
  const marked = bytes.length >= 6 && [...MARK].every((letter, index) => bytes[index] === letter.charCodeAt(0));
  return marked ? bytes.subarray(6) : bytes;
}

/** Whether a JPEG segment's payload is EXIF data. */
export const isExif = bytes => bare(bytes) !== bytes;

class Tiff {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const order = bytes.length >= 8 ? this.view.getUint16(0) : 0;
    this.little = order === 0x4949;
    this.isSound = (this.little || order === 0x4d4d) && this.u16(2) === 42;
  }

  u16(at) {
    return at + 2 <= this.bytes.length ? this.view.getUint16(at, this.little) : 0;
  }

  u32(at) {
    return at + 4 <= this.bytes.length ? this.view.getUint32(at, this.little) : 0;
  }

  /** Entries of a directory that lie inside; a directory that does not has none. */
  entries(at) {
    if (at < 8 || at + 2 > this.bytes.length) return [];
    const most = Math.floor((this.bytes.length - at - 2) / 12);
    return Array.from({ length: Math.min(this.u16(at), most) }, (_, index) => at + 2 + index * 12);
  }

  entry(directory, tag) {
    return this.entries(directory).find(at => this.u16(at) === tag);
  }

  /** Where a value lies: offset and length, cut to what is there. */
  value(at) {
    const length = (WIDTHS[this.u16(at + 2)] ?? 0) * this.u32(at + 4);
    const offset = length <= 4 ? at + 8 : this.u32(at + 8);
    return [offset, Math.max(0, Math.min(length, this.bytes.length - offset))];
  }

  get first() {
    return this.u32(4);
  }
}

/** The orientation, 1 to 8; 1 where there is none. With `marked`, anything but a marked JPEG payload has none. */
export function orientationOf(bytes, marked = false) {
  if (marked && !isExif(bytes)) return 1;
  const tiff = new Tiff(bare(bytes));
  const at = tiff.isSound ? tiff.entry(tiff.first, ORIENTATION) : undefined;
  const value = at === undefined ? 1 : tiff.u16(at + 8);
  return value >= 1 && value <= 8 ? value : 1;
}

/** The notice of copyright, as bytes; empty where there is none. */
function copyrightOf(bytes) {
  const tiff = new Tiff(bare(bytes));
  const at = tiff.isSound ? tiff.entry(tiff.first, COPYRIGHT) : undefined;
  if (at === undefined || tiff.u16(at + 2) !== 2) return new Uint8Array();
  const [offset, length] = tiff.value(at);
  return length <= 1_024 ? tiff.bytes.slice(offset, offset + length) : new Uint8Array();
}

/**
 * The same data without a position: the entry is taken out and what it led to is overwritten with zeros. The length
 * stays. Null where the data cannot be understood.
 */
export function withoutGps(bytes) {
  const copy = bytes.slice();
  const tiff = new Tiff(bare(copy));
  if (!tiff.isSound) return null;
  const seen = new Set();
  for (let at = tiff.first; at !== 0 && !seen.has(at); ) {
    seen.add(at);
    const entries = tiff.entries(at);
    if (entries.length !== tiff.u16(at)) return null;
    const end = at + 2 + entries.length * 12;
    const next = tiff.u32(end);
    const gps = entries.find(entry => tiff.u16(entry) === GPS);
    if (gps !== undefined) {
      wipe(tiff, tiff.u32(gps + 8));
      tiff.bytes.copyWithin(gps, gps + 12, Math.min(end + 4, tiff.bytes.length));
      tiff.bytes.fill(0, end - 8, end + 4);
      tiff.view.setUint16(at, entries.length - 1, tiff.little);
      seen.delete(at); // it may name the position twice, so it is looked at again
      continue;
    }
    at = next;
  }
  return copy;
}

function wipe(tiff, directory) {
  const entries = tiff.entries(directory);
  for (const entry of entries) {
    const [offset, length] = tiff.value(entry);
    // Values that lie over the header or a directory's own count are lies; what is wiped stays behind the header.
    if (offset >= 8) tiff.bytes.fill(0, offset, offset + length);
  }
  if (directory >= 8) tiff.bytes.fill(0, directory, Math.min(directory + 2 + entries.length * 12 + 4, tiff.bytes.length));
}

/** EXIF data of nothing but orientation and copyright; null where the given data has neither. */
export function onlyHarmless(bytes) {
  const orientation = orientationOf(bytes);
  const copyright = copyrightOf(bytes);
  const count = Number(orientation !== 1) + Number(copyright.length > 0);
  if (count === 0) return null;
  const end = 8 + 2 + count * 12 + 4;
  const out = new Uint8Array(end + (copyright.length > 4 ? copyright.length : 0));
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x4d4d002a);
  view.setUint32(4, 8);
  view.setUint16(8, count);
  let at = 10;
  const put = (tag, type, length) => {
    view.setUint16(at, tag);
    view.setUint16(at + 2, type);
    view.setUint32(at + 4, length);
    at += 12;
    return at - 4;
  };
  if (orientation !== 1) view.setUint16(put(ORIENTATION, 3, 1), orientation);
  if (copyright.length > 0) {
    const value = put(COPYRIGHT, 2, copyright.length);
    if (copyright.length > 4) view.setUint32(value, end);
    out.set(copyright, copyright.length > 4 ? end : value);
  }
  return out;
}

/** What is kept of EXIF data: all but the position, or only what is harmless. */
export function cleaned(bytes, strip) {
  const marked = isExif(bytes);
  const kept = (strip === 'gps' ? withoutGps(bytes) : null) ?? onlyHarmless(bytes);
  if (!kept || !marked || isExif(kept)) return kept;
  const out = new Uint8Array(kept.length + 6);
  out.set([...MARK].map(letter => letter.charCodeAt(0)));
  out.set(kept, 6);
  return out;
}
