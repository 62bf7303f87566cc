// Who uploads: a guest token that renews itself, or a token entered by hand where guests are not allowed.

import { connection, isGatewayFailure } from './connection.js';

const KEY = 'sealmark.token';
const EARLY_MS = 60_000;
const JUST_NOW_MS = 10_000;

/** An answer that is not a success: the problem's stable code and its HTTP status. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { name: 'ApiError', status, code });
  }
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    connection.lost();
    throw cause;
  }
  if (isGatewayFailure(response.status)) connection.lost();
  else connection.found();
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(response.status, problem.code ?? 'unknown', problem.title ?? response.statusText);
}

/** Whether the same request may succeed later: no answer at all, too many requests, or trouble on the server's side. */
const isPassing = ({ status }) => status === undefined || status === 429 || status >= 500;

class Session extends EventTarget {
  #record = null;
  #fetching = null;
  #entry = null;

  /**
   * A bearer token; with `expired` the last one was refused. Waits for as long as the server is away or a token has to
   * be entered by hand.
   */
  token({ expired = false } = {}) {
    this.#read();
    if (this.#record && (expired ? this.#isNew() : this.#isFresh())) return Promise.resolve(this.#record.token);
    this.#fetching ??= this.#obtain().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  /** A JSON answer of the API; renews the token once where it is refused. */
  async get(path) {
    const ask = async expired =>
      request(path, { headers: { Authorization: `Bearer ${await this.token({ expired })}` } });
    try {
      return await ask(false);
    } catch (error) {
      if (error.status !== 401) throw error;
      return ask(true);
    }
  }

  /** Takes a token that the user has entered. */
  enter(token) {
    this.#keep({ token, entered: true });
    this.#entry?.resolve(token);
    this.#entry = null;
  }

  #isFresh() {
    return this.#record.entered || this.#record.expires_at_ms - EARLY_MS > Date.now();
  }

  /** Renewed a moment ago, perhaps by another tab: the refusal was about the one before. */
  #isNew() {
    return !this.#record.entered && Date.now() - this.#record.obtained_at_ms < JUST_NOW_MS;
  }

  async #obtain() {
    if (this.#record?.entered) return this.#ask('refused');
    for (;;) {
      try {
        return await this.#exclusive(() => this.#guest());
      } catch (error) {
        if (error.status === 403) return this.#ask('needed');
        // An upload that gets no token has failed for good, so a server that is away for a while is waited for.
        if (!isPassing(error)) throw error;
        await connection.nextChance();
      }
    }
  }

  /** A guest token; showing the old one, even when expired, keeps the guest's identity. */
  async #guest() {
    this.#read();
    if (this.#record && this.#isNew()) return this.#record.token;
    const old = this.#record?.token;
    const ask = headers => request('v1/guests', { method: 'POST', headers });
    const record = await (old ? ask({ Authorization: `Bearer ${old}` }) : ask({})).catch(error => {
      if (error.status === 401 && old) return ask({});
      throw error;
    });
    this.#keep(record);
    return record.token;
  }

  /** One tab at a time, so that two tabs do not become two guests. */
  #exclusive(work) {
    return navigator.locks ? navigator.locks.request(KEY, work) : work();
  }

  #ask(reason) {
    if (!this.#entry) {
      this.#entry = {};
      this.#entry.promise = new Promise(resolve => {
        this.#entry.resolve = resolve;
      });
    }
    this.dispatchEvent(new CustomEvent('needed', { detail: reason }));
    return this.#entry.promise;
  }

  #read() {
    try {
      const stored = JSON.parse(localStorage.getItem(KEY));
      if (typeof stored?.token === 'string') this.#record = stored;
    } catch {
      /* storage is off or its text is not ours: the one in memory counts */
    }
  }

  #keep(record) {
    this.#record = { ...record, obtained_at_ms: Date.now() };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#record));
    } catch {
      /* storage is off: memory does */
    }
  }
}

export const session = new Session();
