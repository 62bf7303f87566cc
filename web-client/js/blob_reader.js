// Reading a Blob here and there without having it whole in memory.

/** Bytes kept from the last look. */
const WINDOW = 64 * 1024;

export class BlobReader {
  #blob;
  #at = 0;
  #bytes = new Uint8Array();

  /** @param {Blob} blob */
  constructor(blob) {
    this.#blob = blob;
    this.size = blob.size;
  }

  /** Bytes of a range, at most `length` of them; fewer where the blob ends. At most 16 MiB. */
  async bytes(offset, length) {
    const end = Math.min(offset + Math.min(length, 1 << 24), this.size);
    if (!(offset >= 0) || offset >= end) return new Uint8Array();
    if (offset < this.#at || end > this.#at + this.#bytes.length) {
      const till = Math.max(end, Math.min(offset + WINDOW, this.size));
      this.#bytes = new Uint8Array(await this.#blob.slice(offset, till).arrayBuffer());
      this.#at = offset;
    }
    return this.#bytes.subarray(offset - this.#at, end - this.#at);
  }

  /** A view of exactly `length` bytes, or null where there are not so many. */
  async view(offset, length) {
    const bytes = await this.bytes(offset, length);
    return bytes.length === length ? new DataView(bytes.buffer, bytes.byteOffset, length) : null;
  }
}

/** ASCII text of a range of bytes. */
export const ascii = (bytes, from = 0, to = bytes.length) => String.fromCharCode(...bytes.subarray(from, to));
