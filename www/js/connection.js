// Whether the network is there and the server answers. Probes gently while it does not, and only while visible.

const FIRST_MS = 3_000;
const LONGEST_MS = 30_000;

class Connection extends EventTarget {
  #reachable = true;
  #wait = FIRST_MS;
  #timer = 0;
  #probing = null;

  /** 'online', 'offline' (no network) or 'unreachable' (no answer). */
  get state() {
    if (!navigator.onLine) return 'offline';
    return this.#reachable ? 'online' : 'unreachable';
  }

  start() {
    addEventListener('offline', () => this.#changed());
    addEventListener('online', () => {
      this.#changed();
      this.probe();
    });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && !this.#reachable) this.probe();
    });
  }

  /** Any answer came. */
  found() {
    clearTimeout(this.#timer);
    this.#wait = FIRST_MS;
    if (this.#reachable) return;
    this.#reachable = true;
    this.#changed();
  }

  /** A request got no answer. */
  lost() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!document.hidden) this.probe();
    }, this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_MS);
    if (!this.#reachable) return;
    this.#reachable = false;
    this.#changed();
  }

  /** Resolves when trying again makes sense: the connection has changed, or some time has gone by. */
  nextChance() {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, this.#wait);
      this.addEventListener(
        'change',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** Asks the server for a sign of life; several callers share one request. */
  probe() {
    this.#probing ??= this.#ask().finally(() => {
      this.#probing = null;
    });
    return this.#probing;
  }

  async #ask() {
    if (!navigator.onLine) return;
    try {
      const response = await fetch('healthz', { cache: 'no-store', signal: AbortSignal.timeout(8_000) });
      if (isGatewayFailure(response.status)) this.lost();
      else this.found();
    } catch {
      this.lost();
    }
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}

/** A proxy answered for a server that did not. */
export const isGatewayFailure = status => status === 502 || status === 504;

export const connection = new Connection();
