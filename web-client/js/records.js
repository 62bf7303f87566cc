// Records of unfinished uploads in IndexedDB, so that a later visit can go on with them.
// Where the browser has no database to give (private windows, storage switched off), everything here does nothing.

/** Older ones are of no use: the server has long given their uploads up. */
const KEEP_MS = 7 * 24 * 3_600 * 1_000;
const STORE = 'uploads';

/**
 * @typedef {object} UnfinishedUpload
 * @property {string} fingerprint - 64 characters of hex, the same for the same file
 * @property {string} upload_id
 * @property {string} file_name
 * @property {number} size_bytes
 * @property {number} acknowledged_bytes - bytes that the store had when the record was last written
 * @property {number} updated_at_ms - milliseconds since 1970 UTC
 */

export class Records {
  #api;
  #database;

  /** @param {string} api - records of other servers are not seen */
  constructor(api) {
    this.#api = api;
    this.#database = open().catch(() => null);
  }

  /** @returns {Promise<UnfinishedUpload | undefined>} */
  async find(fingerprint) {
    return this.#work('readonly', store => store.get(this.#key(fingerprint)));
  }

  /** @param {UnfinishedUpload} record */
  async put(record) {
    await this.#work('readwrite', store => store.put({ ...record, api: this.#api }, this.#key(record.fingerprint)));
  }

  async remove(fingerprint) {
    await this.#work('readwrite', store => store.delete(this.#key(fingerprint)));
  }

  /** @returns {Promise<UnfinishedUpload[]>} newest first */
  async all() {
    const all = (await this.#work('readonly', store => store.getAll())) ?? [];
    const oldest = Date.now() - KEEP_MS;
    const kept = [];
    for (const { api, ...record } of all) {
      if (api !== this.#api) continue;
      if (record.updated_at_ms < oldest) await this.remove(record.fingerprint);
      else kept.push(record);
    }
    return kept.sort((a, b) => b.updated_at_ms - a.updated_at_ms);
  }

  #key(fingerprint) {
    return `${fingerprint} ${this.#api}`;
  }

  async #work(mode, begin) {
    const database = await this.#database;
    if (!database) return undefined;
    try {
      return await result(begin(database.transaction(STORE, mode).objectStore(STORE)));
    } catch {
      return undefined; // storage full or taken away: uploads go on without
    }
  }
}

async function open() {
  const request = indexedDB.open('sealmark', 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return result(request);
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}
