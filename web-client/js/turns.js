// One file, one sender: two tabs, or two entries of one list, never send the same file at the same time.

/** Between a picture's mark and the end of its turn its mark is written: who began to wait by then means it too. */
const MARKING_MS = 5_000;

/** Stands in for `navigator.locks` in insecure contexts, within this Worker. */
class LocalLocks {
  #held = new Map();

  async request(name, { signal, ifAvailable = false }, work) {
    if (ifAvailable && this.#held.has(name)) return work(null);
    const before = this.#held.get(name) ?? Promise.resolve();
    let release;
    const held = new Promise(resolve => { release = resolve; });
    const mine = before.then(() => held);
    this.#held.set(name, mine);
    try {
      await Promise.race([before, aborted(signal)]);
      return await work({ name });
    } finally {
      release();
      if (this.#held.get(name) === mine) this.#held.delete(name);
    }
  }
}

const aborted = signal => new Promise((_, reject) => {
  signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
});

export class Turns {
  #locks = navigator.locks ?? new LocalLocks();
  #api;
  #records;
  /** By upload: how to give its turn back. */
  #held = new Map();
  /** Pictures that files became in this Worker, for who waits without a database. */
  #became = new Map();

  constructor(api, records) {
    this.#api = api;
    this.#records = records;
  }

  /**
   * Waits for the turn of `id` with this file.
   * @returns {Promise<string | undefined>} the picture that the file became while it was waited for
   */
  async take(fingerprint, id) {
    this.release(id);
    const since = Date.now() - MARKING_MS;
    if (await this.#take(fingerprint, id, { ifAvailable: true })) return undefined;
    await this.#take(fingerprint, id, {});
    const here = this.#became.get(fingerprint);
    return here?.at_ms >= since ? here.media_id : this.#records.marked(fingerprint, since);
  }

  /** Gives the turn back; `media_id` is for those who wait. */
  async release(id, fingerprint, media_id) {
    if (media_id) {
      this.#became.set(fingerprint, { media_id, at_ms: Date.now() });
      await this.#records.mark(fingerprint, media_id);
    }
    this.#held.get(id)?.();
    this.#held.delete(id);
  }

  #take(fingerprint, id, { ifAvailable = false }) {
    return new Promise((resolve, reject) => {
      const waiting = new AbortController();
      const name = `sealmark ${fingerprint} ${this.#api}`;
      // The lock API does not take a signal together with ifAvailable.
      const options = ifAvailable ? { ifAvailable } : { signal: waiting.signal };
      if (!ifAvailable) this.#held.set(id, () => waiting.abort());
      this.#locks.request(name, options, lock => {
        if (!lock) return resolve(false);
        return new Promise(release => {
          this.#held.set(id, release);
          resolve(true);
        });
      }).catch(reject);
    });
  }
}
