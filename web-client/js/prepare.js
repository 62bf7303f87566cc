// What may be done with a file before it is sent, in a module of its own: it is loaded only when an option asks for it.

import { sniff } from './sniff.js';
import { stripped } from './strip.js';

export { Seen } from './duplicates.js';
export { sniff, stripped };

/** Larger pictures are not decoded for a thumbnail. */
const MOST_PIXELS = 120_000_000;
/** Types that the canvas can write. */
const WRITABLE = ['image/jpeg', 'image/png', 'image/webp'];

/**
 * Throws an Error with a `code` where a file is not within the limits. Nothing is decoded.
 * @param {Blob} file
 * @param {{types?: string[], maxPixels?: number}} limits
 */
export async function check(file, { types, maxPixels }) {
  const { type, width, height } = await sniff(file);
  if (types && !types.some(wanted => wanted === type || (wanted === 'image/*' && type !== null))) {
    throw refusal('type_refused', type ? `${type} is not taken` : 'this is no picture of a known format');
  }
  if (maxPixels !== undefined && width !== null && width * height > maxPixels) {
    throw refusal('too_many_pixels', `${width} × ${height} pixels are more than ${maxPixels}`);
  }
}

const refusal = (code, message) => Object.assign(new Error(message), { code });

/**
 * A small upright picture of a file.
 * @param {Blob} file
 * @param {{maxEdge?: number}} [options] - in pixels, 256 unless told
 * @returns {Promise<{blob: Blob, width: number, height: number} | null>} null where the browser cannot decode it
 */
export async function thumbnail(file, { maxEdge = 256 } = {}) {
  const found = await sniff(file);
  if (found.type === null || found.width * found.height > MOST_PIXELS) return null;
  return drawn(file, found, maxEdge, 'image/webp', 0.8);
}

/**
 * The file as it is to be sent: made smaller where it is over the limit (then upright, in sRGB and without metadata),
 * else without the private data that is to be taken out. A file of a type for which neither is possible comes back as it
 * is. One that is not built as its type is, so that private data may be anywhere in it, is drawn and written anew; where
 * the browser cannot, it is refused (`broken_image`).
 * @param {File} file
 * @param {{resize?: {maxEdge: number, quality?: number}, strip?: 'gps' | 'private'}} options
 * @returns {Promise<File>} of the same name and time, so that a later visit knows it again
 */
export async function prepared(file, { resize, strip }) {
  const found = await sniff(file);
  const isTooLarge = resize && found.width !== null && Math.max(found.width, found.height) > resize.maxEdge;
  let blob = null;
  if (isTooLarge && !found.animated && WRITABLE.includes(found.type)) {
    blob = (await drawn(file, found, resize.maxEdge, found.type, resize.quality ?? 0.9))?.blob ?? null;
    if (blob?.type !== found.type) blob = null; // a browser that cannot write this type writes PNG
  }
  if (!blob && strip) blob = await stripped(file, found.type, strip);
  if (blob === undefined) {
    blob = found.animated ? null : (await drawn(file, found, Infinity, found.type, 0.95))?.blob;
    if (blob?.type !== found.type) throw refusal('broken_image', 'private data cannot be taken out of this file');
  }
  return blob ? new File([blob], file.name, { type: found.type, lastModified: file.lastModified }) : file;
}

/** Decodes, scales and encodes. The browser turns the picture upright and converts its colours. */
async function drawn(file, { width, height, orientation }, maxEdge, type, quality) {
  let bitmap = null;
  try {
    const options = { imageOrientation: 'from-image' };
    if (width !== null) {
      const [shownWidth, shownHeight] = orientation >= 5 ? [height, width] : [width, height];
      const scale = Math.min(1, maxEdge / Math.max(width, height));
      options.resizeWidth = Math.max(1, Math.round(shownWidth * scale));
      options.resizeHeight = Math.max(1, Math.round(shownHeight * scale));
      options.resizeQuality = 'high';
    }
    bitmap = await createImageBitmap(file, options);
    const scale = Math.min(1, maxEdge / Math.max(bitmap.width, bitmap.height));
    const size = { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) };
    const canvas = new OffscreenCanvas(size.width, size.height);
    canvas.getContext('2d').drawImage(bitmap, 0, 0, size.width, size.height);
    return { blob: await canvas.convertToBlob({ type, quality }), ...size };
  } catch {
    return null; // not decodable here, or no OffscreenCanvas
  } finally {
    bitmap?.close();
  }
}
