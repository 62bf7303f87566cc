// What a page imports: uploads that survive anything. All work is done by a Worker; this file only talks to it.

/**
 * @typedef {'preparing'|'uploading'|'paused'|'offline'|'waiting'|'completing'|'processing'|'ready'|'failed'|'cancelled'} UploadState
 *
 * @typedef {object} Snapshot One upload at one moment.
 * @property {string} id - the uploader's own number, as text
 * @property {string} file_name
 * @property {number} size_bytes
 * @property {UploadState} state
 * @property {number} sent_bytes - acknowledged or on their way
 * @property {number} acknowledged_bytes - the store has them
 * @property {number} speed_bytes_per_s
 * @property {number|null} remaining_s
 * @property {number} resumed_bytes - the store had them from an earlier visit
 * @property {string|null} upload_id
 * @property {string|null} media_id
 * @property {{code: string, message: string}|null} error
 * @property {object|null} media - the picture's record, as `GET /v1/media/{id}` has it
 * @property {number} started_at_ms - milliseconds since 1970 UTC
 * @property {number} elapsed_ms
 */

/** The Worker cannot be started or has broken down; `code` is `worker_failed`. */
export class UploaderError extends Error {
  constructor(message) {
    super(message);
    this.name = 'UploaderError';
    this.code = 'worker_failed';
  }
}

/**
 * Uploads of one page. Dispatches `change`, a CustomEvent with a {@link Snapshot} as `detail`: at once for each new
 * state, and about ten times a second while bytes travel.
 */
export class Uploader extends EventTarget {
  #worker;
  #token;
  #calls = new Map();
  #count = 0;
  #broken = null;
  #latest = new Map();
  #network = () => this.#send('online', { online: navigator.onLine });

  /**
   * @param {object} options
   * @param {string} [options.api] - base URL of the API; by default the page's own folder
   * @param {(reason: {expired: boolean}) => Promise<string>} options.token - gives a bearer token; `expired` says that
   *   the API has refused the last one
   * @param {number} [options.concurrency] - parts of one file that are sent at once, 1 to 16
   */
  constructor({ api = '', token, concurrency = 4 }) {
    super();
    this.#token = token;
    const base = new URL(api || '.', document.baseURI);
    base.search = base.hash = '';
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'sealmark' });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = event => {
      event.preventDefault();
      this.#breakDown(event.message || 'the Worker could not be loaded');
    };
    const started = this.#call('start', { api: base.href.replace(/\/+$/, ''), concurrency, online: navigator.onLine });
    started.catch(error => this.#breakDown(error.message));
    addEventListener('online', this.#network);
    addEventListener('offline', this.#network);
  }

  /**
   * Takes a file. The same file, while it is on its way, keeps its id; one that an earlier visit began is gone on with.
   * @param {File} file
   * @returns {Promise<string>} id of the upload
   * @throws {UploaderError}
   */
  add(file) {
    return this.#call('add', { file });
  }

  /** @param {string} id */
  pause(id) { this.#send('pause', { id }); }

  /** @param {string} id */
  resume(id) { this.#send('resume', { id }); }

  /** Gives the upload up, on the server too. @param {string} id */
  cancel(id) { this.#send('cancel', { id }); }

  /** Tries again after a failure. @param {string} id */
  retry(id) { this.#send('retry', { id }); }

  /**
   * Uploads of earlier visits that wait for their file to be added again, newest first.
   * @returns {Promise<import('./records.js').UnfinishedUpload[]>}
   */
  async unfinished() {
    return this.#call('unfinished');
  }

  /**
   * Gives one of them up, on the server too.
   * @param {string} fingerprint
   * @returns {Promise<void>}
   */
  async forget(fingerprint) {
    await this.#call('forget', { fingerprint });
  }

  /** Stops everything at once. What is unfinished can be gone on with by another Uploader. */
  close() {
    removeEventListener('online', this.#network);
    removeEventListener('offline', this.#network);
    this.#worker.terminate();
    this.#end('the uploader is closed');
  }

  #send(what, details) {
    if (!this.#broken) this.#worker.postMessage({ what, ...details });
  }

  #call(what, details) {
    if (this.#broken) return Promise.reject(this.#broken);
    const call = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#worker.postMessage({ call, what, ...details });
    });
  }

  #receive(data) {
    if (data.change) return this.#tell(data.change);
    if ('question' in data) return this.#answer(data);
    const call = this.#calls.get(data.call);
    this.#calls.delete(data.call);
    if ('error' in data) call?.reject(new UploaderError(data.error));
    else call?.resolve(data.value);
  }

  #tell(snapshot) {
    this.#latest.set(snapshot.id, snapshot);
    this.dispatchEvent(new CustomEvent('change', { detail: snapshot }));
  }

  async #answer({ question, reason }) {
    let answer;
    try {
      answer = { token: await this.#token(reason) };
    } catch (error) {
      answer = { error: String(error?.message ?? error) };
    }
    this.#send('answer', { question, ...answer });
  }

  /** Nobody may wait for a Worker that will never answer. */
  #breakDown(message) {
    if (this.#broken) return;
    const error = { code: 'worker_failed', message };
    this.#worker.terminate();
    this.#end(message);
    for (const snapshot of this.#latest.values()) {
      if (!['ready', 'failed', 'cancelled'].includes(snapshot.state)) this.#tell({ ...snapshot, state: 'failed', error });
    }
  }

  #end(message) {
    this.#broken ??= new UploaderError(message);
    for (const { reject } of this.#calls.values()) reject(this.#broken);
    this.#calls.clear();
  }
}
