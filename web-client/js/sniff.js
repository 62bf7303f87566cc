// What a file is, by its bytes and never by its name: type, size in pixels, orientation. Nothing is decoded, a lying
// length only ends the search, and every loop moves forward through the file or counts down.

import { BlobReader, ascii } from './blob_reader.js';
import { orientationOf } from './exif.js';

/** More boxes, segments or chunks than this no honest file has before its size is known. */
const STEPS = 4_096;

/**
 * @typedef {object} Sniffed
 * @property {string | null} type - `image/jpeg`, `image/png`, `image/webp`, `image/gif`, `image/avif`, `image/heic`,
 *   `image/tiff`, `image/bmp`; null where it is none of them
 * @property {number | null} width - in pixels as stored; null where the header does not tell
 * @property {number | null} height - likewise
 * @property {number} orientation - 1 to 8, as EXIF numbers them; read for JPEG only
 * @property {boolean} animated - more than one picture (PNG, WebP; a GIF may always be)
 */

/** @param {Blob} blob @returns {Promise<Sniffed>} */
export async function sniff(blob) {
  const reader = new BlobReader(blob);
  const head = await reader.bytes(0, 64);
  const [type, measure] = kindOf(head) ?? [null, null];
  const nothing = { type, width: null, height: null, orientation: 1, animated: type === 'image/gif' };
  if (!measure) return nothing;
  const found = await measure(reader);
  const isSize = found && found.width > 0 && found.height > 0;
  return isSize ? { ...nothing, ...found } : { ...nothing, ...found, width: null, height: null };
}

function kindOf(head) {
  const text = (from, to) => ascii(head, from, to);
  // Decoders skip what is not a marker behind it.
  if (head[0] === 0xff && head[1] === 0xd8) return ['image/jpeg', jpeg];
  if (text(0, 8) === '\x89PNG\r\n\x1a\n') return ['image/png', png];
  if (text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP') return ['image/webp', webp];
  if (text(0, 6) === 'GIF87a' || text(0, 6) === 'GIF89a') return ['image/gif', gif];
  if (text(4, 8) === 'ftyp') return isoMedia(head, text);
  if (text(0, 4) === 'II*\0' || text(0, 4) === 'MM\0*') return ['image/tiff', tiff];
  // "BM" alone begins many a text: its four reserved bytes are zero and its header's size is one of a few.
  if (text(0, 2) === 'BM' && head.length >= 26 && text(6, 10) === '\0\0\0\0' && [12, 40, 52, 56, 64, 108, 124].includes(head[14])) {
    return ['image/bmp', bmp];
  }
  return null;
}

function isoMedia(head, text) {
  const size = Math.min(new DataView(head.buffer, head.byteOffset).getUint32(0), head.length);
  const brands = new Set();
  for (let at = 8; at + 4 <= size; at += 4) if (at !== 12) brands.add(text(at, at + 4));
  if (brands.has('avif') || brands.has('avis')) return ['image/avif', boxes];
  const heic = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'hevm', 'hevs', 'mif1', 'msf1'];
  return heic.some(brand => brands.has(brand)) ? ['image/heic', boxes] : null;
}

async function jpeg(reader) {
  let orientation = 1;
  let at = 2;
  for (let step = 0; step < STEPS; step += 1) {
    const view = await reader.view(at, 4);
    if (!view || view.getUint8(0) !== 0xff) break;
    const marker = view.getUint8(1);
    if (marker === 0xff) {
      at += 1; // fill byte
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) break;
    const length = view.getUint16(2);
    if (length < 2) break;
    if (marker === 0xe1 && orientation === 1) orientation = orientationOf(await reader.bytes(at + 4, length - 2), true);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const frame = await reader.view(at + 5, 4);
      return frame && { height: frame.getUint16(0), width: frame.getUint16(2), orientation };
    }
    at += 2 + length;
  }
  return { width: null, height: null, orientation };
}

async function png(reader) {
  const view = await reader.view(16, 8);
  if (!view) return null;
  let animated = false;
  let at = 8;
  for (let step = 0; step < STEPS; step += 1) {
    const chunk = await reader.view(at, 8);
    if (!chunk || chunk.getUint32(4) === 0x49444154) break; // IDAT
    if (chunk.getUint32(4) === 0x6163544c) animated = true; // acTL
    at += 12 + chunk.getUint32(0);
  }
  return { width: view.getUint32(0), height: view.getUint32(4), animated };
}

async function webp(reader) {
  const view = await reader.view(12, 18);
  if (!view) return null;
  const kind = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset, 4));
  if (kind === 'VP8 ') return { width: view.getUint16(14, true) & 0x3fff, height: view.getUint16(16, true) & 0x3fff };
  if (kind === 'VP8L') {
    const bits = view.getUint32(9, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (kind !== 'VP8X') return null;
  const three = at => view.getUint16(at, true) + view.getUint8(at + 2) * 65_536 + 1;
  return { width: three(12), height: three(15), animated: Boolean(view.getUint8(8) & 2) };
}

async function gif(reader) {
  const view = await reader.view(6, 4);
  return view && { width: view.getUint16(0, true), height: view.getUint16(2, true) };
}

async function bmp(reader) {
  const view = await reader.view(14, 12);
  if (!view) return null;
  if (view.getUint32(0, true) === 12) return { width: view.getUint16(4, true), height: view.getUint16(6, true) };
  return { width: Math.abs(view.getInt32(4, true)), height: Math.abs(view.getInt32(8, true)) };
}

async function tiff(reader) {
  const head = await reader.view(0, 8);
  if (!head) return null;
  const little = head.getUint8(0) === 0x49;
  const at = head.getUint32(4, little);
  const count = (await reader.view(at, 2))?.getUint16(0, little) ?? 0;
  const found = {};
  for (let index = 0; index < Math.min(count, STEPS); index += 1) {
    const entry = await reader.view(at + 2 + index * 12, 12);
    if (!entry) break;
    const tag = entry.getUint16(0, little);
    const value = entry.getUint16(2, little) === 3 ? entry.getUint16(8, little) : entry.getUint32(8, little);
    if (tag === 0x100) found.width = value;
    if (tag === 0x101) found.height = value;
  }
  return found;
}

/** The largest of the sizes that a HEIF file's properties name: a grid's tiles are smaller than the picture. */
async function boxes(reader) {
  const best = { width: 0, height: 0 };
  const inside = [[0, reader.size]];
  for (let step = 0; step < STEPS && inside.length > 0; step += 1) {
    const [at, end] = inside.pop();
    const view = at + 8 <= end ? await reader.view(at, 8) : null;
    if (!view) continue;
    const kind = view.getUint32(4);
    let size = view.getUint32(0);
    let head = 8;
    if (size === 1) {
      const long = await reader.view(at + 8, 8);
      if (!long) continue;
      size = long.getUint32(0) * 2 ** 32 + long.getUint32(4);
      head = 16;
    } else if (size === 0) {
      size = end - at;
    }
    if (size < head) continue;
    if (at + size < end) inside.push([at + size, end]);
    const within = Math.min(at + size, end);
    if (kind === 0x6d657461) inside.push([at + head + 4, within]); // meta
    else if (kind === 0x69707270 || kind === 0x6970636f) inside.push([at + head, within]); // iprp, ipco
    else if (kind === 0x69737065) { // ispe
      const extent = await reader.view(at + head + 4, 8);
      if (extent && extent.getUint32(0) * extent.getUint32(4) > best.width * best.height) {
        Object.assign(best, { width: extent.getUint32(0), height: extent.getUint32(4) });
      }
    }
  }
  return best;
}
