// Types of @sealmark/web-client/prepare: what the Worker does with files before they are sent, for pages' own use.

import type { Limits, Prepare, SniffedType } from './index.js';

export interface Sniffed {
  /** Null where the bytes are of no known picture format. */
  type: SniffedType | null;
  /** Pixels as stored; null where the header does not tell. */
  width: number | null;
  height: number | null;
  /** 1 to 8, as EXIF numbers them; read for JPEG. */
  orientation: number;
  animated: boolean;
}

/** What a file is, by its bytes. Nothing is decoded. */
export function sniff(blob: Blob): Promise<Sniffed>;

/** Throws an Error with `code` `type_refused` or `too_many_pixels`. */
export function check(blob: Blob, limits: Pick<Limits, 'types' | 'maxPixels'>): Promise<void>;

/** A small upright picture; null where the browser cannot decode the file. `maxEdge` in pixels, 256 unless told. */
export function thumbnail(
  blob: Blob,
  options?: { maxEdge?: number },
): Promise<{ blob: Blob; width: number; height: number } | null>;

/** Takes private data out; null where there is none, or the file is no sound JPEG, PNG or WebP. */
export function stripped(blob: Blob, type: string | null, strip: 'gps' | 'private'): Promise<Blob | null>;

/** The file as it is to be sent; the same object where nothing is to be done. */
export function prepared(file: File, options: Pick<Prepare, 'resize' | 'strip'>): Promise<File>;
