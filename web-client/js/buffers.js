// Reading parts of files into buffers that are used again. One that is only dropped keeps its megabytes until the
// collector comes, and half a gigabyte of them may wait for it.

/** Buffers that wait for their next use: as many as lanes that are hashed in. */
const MOST = 4;

export class Buffers {
  #spare = [];
  /** What is being read: Chromium's collector takes a stream that nobody holds, though its reader is waited for. */
  #open = new Set();

  /**
   * The bytes of a blob, fewer where its file has become shorter. `give` them back when they are done with.
   * @param {Blob} blob
   * @returns {Promise<Uint8Array>}
   */
  async read(blob) {
    try {
      return await this.#into(blob);
    } catch {
      // A browser whose blobs cannot be read into a buffer, or a file that cannot be read: this says which.
      return new Uint8Array(await blob.arrayBuffer());
    }
  }

  /** @param {Uint8Array} bytes */
  give(bytes) {
    if (this.#spare.length < MOST) this.#spare.push(bytes.buffer);
  }

  #taken(length) {
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= length);
    return at < 0 ? new ArrayBuffer(length) : this.#spare.splice(at, 1)[0];
  }

  async #into(blob) {
    const stream = blob.stream();
    const reader = stream.getReader({ mode: 'byob' });
    this.#open.add(stream);
    let buffer = this.#taken(blob.size);
    let filled = 0;
    try {
      while (filled < blob.size) {
        const { done, value } = await reader.read(new Uint8Array(buffer, filled, blob.size - filled));
        if (done) break;
        buffer = value.buffer;
        filled += value.byteLength;
      }
    } finally {
      this.#open.delete(stream);
    }
    return new Uint8Array(buffer, 0, filled);
  }
}
