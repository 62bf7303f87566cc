// What a page imports: uploads that survive anything. All work is done by a Worker; this file only talks to it, so that
// the page stays free. Types and meanings: index.d.ts.

import { batchesOf, isHandle, listOf } from './intake.js';
import { beginning, countsOf, isFinal, noTotals } from './snapshots.js';
import { UploaderError } from './uploader_error.js';

export { UploaderError };

/** Files in one message: cloning one takes a tenth of a millisecond or two. */
const SLICE = 50;

export class Uploader extends EventTarget {
  #worker;
  #token;
  #calls = new Map();
  #count = 0;
  #lastId = 0;
  #broken = null;
  #snapshots = new Map();
  #sources = new Map();
  #totals = noTotals();
  /** Messages that wait for their turn: never two big ones in one task. */
  #waiting = [];
  #network = () => this.#send('online', { online: navigator.onLine });

  constructor({ api = '', token, ...options }) {
    super();
    this.#token = token;
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'sealmark' });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = event => {
      event.preventDefault();
      this.#breakDown(event.message || 'the Worker could not be loaded');
    };
    const apis = (Array.isArray(api) ? api : [api]).map(absolute);
    // Only loaded where an option needs it, and then by the Worker.
    const prepareUrl = new URL('./prepare.js', import.meta.url).href;
    const started = this.#call('start', { options: { ...options, apis }, prepareUrl, online: navigator.onLine });
    started.catch(error => this.#breakDown(error.message));
    addEventListener('online', this.#network);
    addEventListener('offline', this.#network);
  }

  add(files, { priority = 0 } = {}) {
    if (this.#broken) throw this.#broken;
    const sources = listOf(files);
    const ids = [];
    const added = [];
    for (const source of sources) {
      const id = String(++this.#lastId);
      const snapshot = beginning(id, source);
      this.#snapshots.set(id, snapshot);
      this.#sources.set(id, source);
      added.push(snapshot);
      ids.push(id);
    }
    for (let from = 0; from < ids.length; from += SLICE) {
      const items = sources.slice(from, from + SLICE).map((source, index) => ({ ...source, id: ids[from + index] }));
      this.#send('add', { items, priority });
    }
    if (added.length > 0) this.dispatchEvent(new CustomEvent('added', { detail: added }));
    return ids;
  }

  async addFrom(transfer, options) {
    const ids = [];
    for await (const batch of batchesOf(transfer)) {
      if (this.#broken) throw this.#broken;
      ids.push(...this.add(batch, options));
    }
    return ids;
  }

  pause(id) { this.#send('pause', { id }); }
  resume(id) { this.#send('resume', { id }); }
  cancel(id) { this.#send('cancel', { id }); }
  retry(id) { this.#send('retry', { id }); }
  setPriority(id, priority) { this.#send('prioritize', { id, priority }); }

  remove(id) {
    const ids = (id === undefined ? [...this.#snapshots.keys()] : [id].flat()).filter(one => {
      const snapshot = this.#snapshots.get(one);
      return snapshot && isFinal(snapshot.state);
    });
    for (const one of ids) {
      this.#snapshots.delete(one);
      this.#sources.delete(one);
    }
    this.#send('remove', { ids });
    return ids;
  }

  snapshot(id) { return this.#snapshots.get(id); }
  get snapshots() { return [...this.#snapshots.values()]; }
  get totals() { return this.#totals; }

  async file(id) {
    const { file, handle } = this.#sources.get(id) ?? {};
    return file ?? handle?.getFile();
  }

  unfinished() { return this.#call('unfinished'); }

  async resumeUnfinished(fingerprint) {
    const record = await this.#call('record', { fingerprint });
    if (!record) throw new UploaderError('not_unfinished', 'there is no record of such an upload');
    const { handle, source_size_bytes, source_modified_ms } = record;
    if (!isHandle(handle)) throw new UploaderError('choose_again', 'the file has to be chosen again');
    // Asked here and not in the Worker: the browser only asks under the user's click.
    const mode = { mode: 'read' };
    let permission = 'granted';
    if (handle.queryPermission) permission = await handle.queryPermission(mode);
    if (permission === 'prompt') permission = await handle.requestPermission(mode).catch(() => 'denied');
    if (permission !== 'granted') throw new UploaderError('permission_denied', 'the file may not be read');
    let file;
    try {
      file = await handle.getFile();
    } catch (error) {
      throw new UploaderError('file_unreadable', String(error?.message ?? error));
    }
    if (file.size !== source_size_bytes || file.lastModified !== source_modified_ms) {
      throw new UploaderError('file_changed', 'the file is no longer the one that was begun');
    }
    return this.add([{ file, handle }])[0];
  }

  async forget(fingerprint) { await this.#call('forget', { fingerprint }); }

  close() {
    removeEventListener('online', this.#network);
    removeEventListener('offline', this.#network);
    this.#worker.terminate();
    this.#end(new UploaderError('closed', 'the uploader is closed'));
  }

  #send(what, details) {
    if (this.#broken) return;
    this.#waiting.push({ what, ...details });
    if (this.#waiting.length === 1) this.#post();
  }

  /** Posts what waits, one message a task, in order. */
  async #post() {
    while (this.#waiting.length > 0 && !this.#broken) {
      const [message] = this.#waiting;
      try {
        this.#worker.postMessage(message);
      } catch (error) {
        this.#unsent(message, error);
      }
      if (message.what === 'add') await nextTask();
      this.#waiting.shift();
    }
  }

  /** What cannot be cloned, such as a function or a framework's proxy, never arrives; whoever waits for it must hear. */
  #unsent({ what, call }, error) {
    const message = `${what} cannot be handed to the Worker: ${error?.message ?? error}`;
    if (call === undefined) return this.#breakDown(message);
    this.#calls.get(call)?.reject(new UploaderError('worker_failed', message));
    this.#calls.delete(call);
  }

  #call(what, details) {
    if (this.#broken) return Promise.reject(this.#broken);
    const call = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#send(what, { call, ...details });
    });
  }

  #receive(data) {
    if (data.changes) return this.#tell(data);
    if (data.thumbnail) return void this.dispatchEvent(new CustomEvent('thumbnail', { detail: data.thumbnail }));
    if ('question' in data) return void this.#answer(data);
    const call = this.#calls.get(data.call);
    this.#calls.delete(data.call);
    if ('error' in data) call?.reject(new UploaderError('worker_failed', data.error));
    else call?.resolve(data.value);
  }

  #tell({ changes, totals }) {
    for (const snapshot of changes) {
      if (!this.#snapshots.has(snapshot.id)) continue; // removed meanwhile
      this.#snapshots.set(snapshot.id, snapshot);
      this.dispatchEvent(new CustomEvent('change', { detail: snapshot }));
    }
    this.#totals = totals;
    this.dispatchEvent(new CustomEvent('totals', { detail: totals }));
  }

  async #answer({ question, reason }) {
    let answer;
    try {
      const token = await this.#token(reason);
      if (typeof token !== 'string') throw new TypeError('the token is no text');
      answer = { token };
    } catch (error) {
      answer = { error: String(error?.message ?? error) };
    }
    if (this.#broken) return;
    // Past the queue: files that wait to be added need not wait for it, nor it for them.
    this.#worker.postMessage({ what: 'answer', question, ...answer });
  }

  /** Nobody may wait for a Worker that will never answer. */
  #breakDown(message) {
    if (this.#broken) return;
    this.#worker.terminate();
    this.#end(new UploaderError('worker_failed', message));
    const error = { code: 'worker_failed', message };
    const running = this.snapshots.filter(snapshot => !isFinal(snapshot.state));
    const changes = running.map(snapshot => ({ ...snapshot, state: 'failed', speed_bytes_per_s: 0, error }));
    const totals = { ...noTotals(), ...countsOf([...this.snapshots.filter(({ state }) => isFinal(state)), ...changes]) };
    this.#tell({ changes, totals });
  }

  #end(error) {
    this.#broken ??= error;
    this.#waiting = [];
    for (const { reject } of this.#calls.values()) reject(this.#broken);
    this.#calls.clear();
  }
}

/** An API's base URL without a slash at its end; the page's own folder where none is given. */
function absolute(api) {
  const base = new URL(api || '.', document.baseURI);
  base.search = base.hash = '';
  return base.href.replace(/\/+$/, '');
}

/**
 * Lets the page do whatever waits before going on. `scheduler.yield()` is not for this, as it goes on before timers that
 * have waited for longer; nor are timers, which a hidden page gets once a second or less.
 */
function nextTask() {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
