// Taking private data out of JPEG, PNG and WebP files. The picture's own bytes are passed on as they are: the result is
// put together from slices of the old file and a few rewritten pieces.

import { BlobReader, ascii } from './blob_reader.js';
import { cleaned, isExif } from './exif.js';

/** Longer EXIF data than this is dropped unread. */
const LONGEST_EXIF = 1 << 20;
/** A file of more pieces than this is not looked through. */
const STEPS = 100_000;

/**
 * @param {Blob} blob
 * @param {string | null} type - as sniffed
 * @param {'gps' | 'private'} strip - the position alone, or all that is about people and devices
 * @returns {Promise<Blob | null | undefined>} null where there is nothing to take out or the file is of another type;
 *   undefined where it is not built as its type is, so that nobody knows what is in it
 */
export async function stripped(blob, type, strip) {
  const rewrite = { 'image/jpeg': jpeg, 'image/png': png, 'image/webp': webp }[type];
  if (!rewrite) return null;
  const out = new Pieces(blob);
  const whole = await rewrite(new BlobReader(blob), out, strip);
  if (!whole) return undefined;
  return out.changed ? out.blob(type) : null;
}

/** The new file: ranges of the old one and new bytes. */
class Pieces {
  #blob;
  #pieces = [];
  changed = false;

  constructor(blob) {
    this.#blob = blob;
  }

  keep(from, to) {
    const last = this.#pieces.at(-1);
    if (last?.to === from) last.to = to;
    else if (to > from) this.#pieces.push({ from, to });
  }

  /** New bytes, for something of the old file or in its place. */
  put(bytes) {
    this.#pieces.push({ bytes });
    this.changed = true;
  }

  drop() {
    this.changed = true;
  }

  get size() {
    return this.#pieces.reduce((sum, { from, to, bytes }) => sum + (bytes ? bytes.length : to - from), 0);
  }

  blob(type) {
    return new Blob(this.#pieces.map(({ from, to, bytes }) => bytes ?? this.#blob.slice(from, to)), { type });
  }
}

const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const XMP_MORE = 'http://ns.adobe.com/xmp/extension/\0';

const isPosition = bytes => /GPS|Location|geo:/i.test(new TextDecoder('latin1').decode(bytes));

async function jpeg(reader, out, strip) {
  let at = 2;
  out.keep(0, 2);
  for (let step = 0; step < STEPS; step += 1) {
    const view = await reader.view(at, 4);
    if (!view || view.getUint8(0) !== 0xff) return false;
    const marker = view.getUint8(1);
    if (marker === 0xff) {
      out.keep(at, at + 1);
      at += 1;
      continue;
    }
    if (marker === 0xda) {
      const end = await endOfPicture(reader, at);
      out.keep(at, end);
      // Behind the picture: further pictures and films of the same moment, with data of their own.
      if (end < reader.size) out.drop();
      return true;
    }
    const end = at + 2 + view.getUint16(2);
    if (view.getUint16(2) < 2 || end > reader.size) return false;
    const payload = await reader.bytes(at + 4, end - at - 4);
    const kept = jpegSegment(marker, payload, strip);
    if (kept === true) out.keep(at, end);
    else if (kept) putSegment(out, marker, kept);
    else out.drop();
    at = end;
  }
  return false;
}

/** True to keep a segment, bytes to put in its place, false to drop it. */
function jpegSegment(marker, payload, strip) {
  const begins = text => ascii(payload, 0, text.length) === text;
  if (marker === 0xe1 && isExif(payload)) return cleaned(payload, strip) ?? false;
  if (marker === 0xe1 && begins(XMP)) return strip === 'gps' && !isPosition(payload);
  if (marker === 0xe1 && begins(XMP_MORE)) return false;
  // The index of the pictures behind this one, which are dropped.
  if (marker === 0xe2 && begins('MPF\0')) return false;
  if (strip === 'gps') return true;
  // Of the rest stays what decoders need: JFIF, the colour profile, Adobe's transform.
  const isApplication = marker >= 0xe0 && marker <= 0xef;
  if (isApplication) return marker === 0xe0 || marker === 0xee || (marker === 0xe2 && begins('ICC_PROFILE\0'));
  return marker !== 0xfe; // a comment
}

function putSegment(out, marker, payload) {
  const length = payload.length + 2;
  if (length > 0xffff) return out.drop();
  out.put(new Uint8Array([0xff, marker, length >> 8, length & 0xff, ...payload]));
}

/** Where a JPEG ends: after its EOI, or at the file's end if it has none. */
async function endOfPicture(reader, from) {
  const piece = 1 << 20;
  for (let at = from; at < reader.size; at += piece - 1) {
    const bytes = await reader.bytes(at, piece);
    for (let index = bytes.indexOf(0xff); index >= 0 && index + 1 < bytes.length; index = bytes.indexOf(0xff, index + 1)) {
      if (bytes[index + 1] === 0xd9) return at + index + 2;
    }
    if (bytes.length < piece) break;
  }
  return reader.size;
}

async function png(reader, out, strip) {
  let at = 8;
  out.keep(0, 8);
  for (let step = 0; step < STEPS; step += 1) {
    const view = await reader.view(at, 8);
    if (!view) return false;
    const length = view.getUint32(0);
    const kind = ascii(new Uint8Array(view.buffer, view.byteOffset, 8), 4, 8);
    const end = at + 12 + length;
    if (end > reader.size) return false;
    const kept = await pngChunk(reader, kind, at + 8, length, strip);
    if (kept === true) out.keep(at, end);
    else if (kept) out.put(pngChunkOf(kind, kept));
    else out.drop();
    at = end;
    if (kind === 'IEND') {
      if (at < reader.size) out.drop();
      return true;
    }
  }
  return false;
}

async function pngChunk(reader, kind, at, length, strip) {
  if (kind === 'eXIf') {
    if (length > LONGEST_EXIF) return false;
    return cleaned(await reader.bytes(at, length), strip) ?? false;
  }
  if (kind === 'tIME') return strip === 'gps';
  if (!['tEXt', 'zTXt', 'iTXt'].includes(kind)) return true;
  const keyword = ascii(await reader.bytes(at, Math.min(length, 80))).split('\0')[0];
  if (keyword === 'Copyright') return true;
  // Some tools keep whole EXIF and XMP packets as text.
  return strip === 'gps' && keyword !== 'XML:com.adobe.xmp' && !/^Raw profile|GPS|Location/i.test(keyword);
}

function pngChunkOf(kind, data) {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set([...kind].map(letter => letter.charCodeAt(0)), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
}

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

async function webp(reader, out, strip) {
  const riff = await reader.view(4, 4);
  if (!riff) return false;
  const end = 8 + riff.getUint32(0, true);
  if (end > reader.size) return false;
  if (end < reader.size) out.drop();
  const chunks = [];
  for (let at = 12; at + 8 <= end; ) {
    if (chunks.length > STEPS) return false;
    const view = await reader.view(at, 8);
    const kind = ascii(new Uint8Array(view.buffer, view.byteOffset, 4));
    const length = view.getUint32(4, true);
    const next = at + 8 + length + (length & 1);
    if (at + 8 + length > end) return false;
    chunks.push({ kind, at, length, next: Math.min(next, end) });
    at = next;
  }
  let exif = null;
  for (const { kind, at, length } of chunks) {
    if (kind === 'EXIF' && length <= LONGEST_EXIF) exif = cleaned(await reader.bytes(at + 8, length), strip);
  }
  const hasPrivate = chunks.some(({ kind }) => kind === 'EXIF' || kind === 'XMP ');
  if (!hasPrivate && !out.changed) return true;
  const body = new Pieces(null);
  const kept = chunks.filter(({ kind }) => kind !== 'EXIF' && kind !== 'XMP ');
  for (const { at, next } of kept) body.keep(at, next);
  const tail = exif ? 8 + exif.length + (exif.length & 1) : 0;
  const head = new Uint8Array(12);
  head.set([...'RIFF....WEBP'].map(letter => letter.charCodeAt(0)));
  new DataView(head.buffer).setUint32(4, 4 + body.size + tail, true);
  out.put(head);
  for (const { kind, at, next } of kept) {
    if (kind !== 'VP8X') {
      out.keep(at, next);
      continue;
    }
    const extended = (await reader.bytes(at, next - at)).slice();
    extended[8] = (extended[8] & ~0x0c) | (exif ? 0x08 : 0);
    out.put(extended);
  }
  if (exif) {
    const chunk = new Uint8Array(tail);
    chunk.set([...'EXIF'].map(letter => letter.charCodeAt(0)));
    new DataView(chunk.buffer).setUint32(4, exif.length, true);
    chunk.set(exif, 8);
    out.put(chunk);
  }
  return true;
}
