// Records of unfinished uploads in IndexedDB, so that a later visit can go on with them.
// Where the browser has no database to give (private windows, storage switched off or full), uploads go on without.

/** Older ones are of no use: the server has long given their uploads up. */
const KEEP_MS = 7 * 24 * 3_600 * 1_000;
/** Who waited for another tab has read its mark by then. */
const KEEP_MARK_MS = 24 * 3_600 * 1_000;
/** Writes are gathered for so long: a small file is often done before its record would be written. */
const GATHER_MS = 200;
const UPLOADS = 'uploads';
const MARKS = 'finished';

export class Records {
  #api;
  #database;
  /** What is to be written: records by fingerprint, null to remove. */
  #pending = new Map();
  /** Marks that are to be written, and who waits for that. */
  #marks = [];
  #timer = 0;
  /** Fingerprints that are looked for by the next transaction. */
  #wanted = [];

  /** @param {string} api - records of other servers are not seen */
  constructor(api) {
    this.#api = api;
    this.#database = open().catch(() => null);
  }

  /** @returns {Promise<object | undefined>} */
  async find(fingerprint) {
    if (this.#pending.has(fingerprint)) return this.#pending.get(fingerprint) ?? undefined;
    // Who asks in the same moment shares a transaction: one costs more than what is read in it.
    return new Promise(resolve => {
      this.#wanted.push({ fingerprint, resolve });
      if (this.#wanted.length === 1) setTimeout(() => this.#look());
    });
  }

  async #look() {
    const wanted = this.#wanted;
    this.#wanted = [];
    const gets = store => Promise.all(wanted.map(({ fingerprint }) => result(store.get(this.#key(fingerprint)))));
    const found = await this.#work(UPLOADS, 'readonly', gets);
    wanted.forEach(({ resolve }, index) => resolve(found?.[index]));
  }

  /** Keeps a record, soon. @param {object} record - with `fingerprint` */
  put(record) {
    this.#soon(record.fingerprint, record);
  }

  /** Drops a record, soon. */
  remove(fingerprint) {
    this.#soon(fingerprint, null);
  }

  /** Writes at once what was put and removed. */
  async flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const pending = [...this.#pending];
    const marks = this.#marks;
    this.#marks = [];
    const database = await this.#database;
    if (database && pending.length > 0) await this.#write(database, pending);
    if (marks.length > 0) {
      await this.#work(MARKS, 'readwrite', store => Promise.all(marks.map(({ mark, key }) => result(store.put(mark, key)))));
      for (const { resolve } of marks) resolve();
    }
    for (const [fingerprint, record] of pending) {
      if (this.#pending.get(fingerprint) === record) this.#pending.delete(fingerprint);
    }
  }

  /** @returns {Promise<object[]>} newest first */
  async all() {
    await this.flush();
    const all = (await this.#work(UPLOADS, 'readonly', store => result(store.getAll()))) ?? [];
    const oldest = Date.now() - KEEP_MS;
    const own = all.filter(record => record.api === this.#api);
    for (const record of own) if (record.updated_at_ms < oldest) this.remove(record.fingerprint);
    return own.filter(record => record.updated_at_ms >= oldest).sort((a, b) => b.updated_at_ms - a.updated_at_ms);
  }

  /** Leaves word for other tabs that wait for this file: it has become this picture. */
  mark(fingerprint, media_id) {
    const mark = { media_id, at_ms: Date.now() };
    return new Promise(resolve => {
      this.#marks.push({ mark, key: this.#key(fingerprint), resolve });
      this.#timer ||= setTimeout(() => this.flush(), GATHER_MS);
    });
  }

  /** The picture that the file has become since a time, by another tab. */
  async marked(fingerprint, since_ms) {
    const mark = await this.#work(MARKS, 'readonly', store => result(store.get(this.#key(fingerprint))));
    return mark?.at_ms >= since_ms ? mark.media_id : undefined;
  }

  #key(fingerprint) {
    return `${fingerprint} ${this.#api}`;
  }

  #soon(fingerprint, record) {
    this.#pending.set(fingerprint, record);
    this.#timer ||= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** One transaction for all; where that fails, one for each, and without its handle if need be. */
  async #write(database, pending) {
    const write = async (entries, shape) => {
      const transaction = database.transaction(UPLOADS, 'readwrite', { durability: 'relaxed' });
      const store = transaction.objectStore(UPLOADS);
      for (const [fingerprint, record] of entries) {
        if (record) store.put({ ...shape(record), api: this.#api }, this.#key(fingerprint));
        else store.delete(this.#key(fingerprint));
      }
      await finished(transaction);
    };
    const whole = record => record;
    const bare = ({ handle: _, ...record }) => record;
    try {
      await write(pending, whole);
    } catch {
      for (const entry of pending) {
        await write([entry], whole).catch(() => write([entry], bare)).catch(() => {}); // full: go on without
      }
    }
  }

  /** One transaction; nothing where it fails. */
  async #work(store, mode, work) {
    const database = await this.#database;
    if (!database) return undefined;
    try {
      return await work(database.transaction(store, mode, { durability: 'relaxed' }).objectStore(store));
    } catch {
      return undefined; // storage full or taken away: uploads go on without
    }
  }
}

async function open() {
  const request = indexedDB.open('sealmark', 2);
  request.onupgradeneeded = () => {
    for (const name of [UPLOADS, MARKS]) {
      if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name);
    }
  };
  const database = await result(request);
  // A newer release in another tab must not wait for this one.
  database.onversionchange = () => database.close();
  const store = database.transaction(MARKS, 'readwrite').objectStore(MARKS);
  const cursor = store.openCursor();
  cursor.onsuccess = () => {
    if (!cursor.result) return;
    if (cursor.result.value.at_ms < Date.now() - KEEP_MARK_MS) cursor.result.delete();
    cursor.result.continue();
  };
  return database;
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}
