// Whether the same content was added before, by comparing bytes: no digest can be wrong, and most files differ early.

const EDGE = 16 * 1024;
const PIECE = 1 << 20;

export class Seen {
  /** Files by size and a sum over their edges. */
  #alike = new Map();
  #keys = new Map();
  /** One after another: of two that come together, the second is the duplicate. */
  #turn = Promise.resolve();

  /** Whether a file of another upload has the same content; notes this one if not. */
  has(id, file) {
    this.#turn = this.#turn.catch(() => {}).then(() => this.#has(id, file));
    return this.#turn;
  }

  /** Forgets an upload's file. */
  delete(id) {
    this.#alike.get(this.#keys.get(id))?.delete(id);
    this.#keys.delete(id);
  }

  async #has(id, file) {
    this.delete(id);
    const key = `${file.size} ${await edges(file)}`;
    const alike = this.#alike.get(key) ?? new Map();
    for (const other of alike.values()) if (await isSame(file, other)) return true;
    this.#alike.set(key, alike.set(id, file));
    this.#keys.set(id, key);
    return false;
  }
}

/** FNV-1a over the first and last bytes: only to find files worth comparing. */
async function edges(file) {
  const ends = new Blob([file.slice(0, EDGE), file.slice(Math.max(EDGE, file.size - EDGE))]);
  let sum = 0x811c9dc5;
  for (const byte of new Uint8Array(await ends.arrayBuffer())) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

async function isSame(a, b) {
  try {
    for (let at = 0; at < a.size; at += PIECE) {
      const [one, other] = await Promise.all([a, b].map(file => file.slice(at, at + PIECE).arrayBuffer()));
      const [left, right] = [new Uint8Array(one), new Uint8Array(other)];
      if (left.length !== right.length || left.some((byte, index) => byte !== right[index])) return false;
    }
    return true;
  } catch {
    return false; // one of them is gone; let the upload tell
  }
}
