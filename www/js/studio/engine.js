// The page's side of its two Web Workers: who is asked what, and which answers still count.

/** What the module says against a call. */
export class StudioError extends Error {
  name = 'StudioError';
}

/** One Worker; started anew after a trap, with everything that it had been given. */
class Desk {
  #worker;
  #waiting = new Map();
  #last = 0;
  #given = new Map();
  #compiled;
  #broken;

  constructor(compiled, broken) {
    this.#compiled = compiled;
    this.#broken = broken;
    this.#start();
  }

  /** Calls and waits for the answer. */
  call(call, ...args) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ id, call, args });
    });
  }

  /** The same for what a Worker that is started anew must be given as well. */
  give(call, ...args) {
    this.#given.set(call, args);
    return this.call(call, ...args);
  }

  #start() {
    this.#worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }) => this.#answered(data));
    this.#worker.addEventListener('error', event => this.#broken(event.message));
    this.#post(null);
  }

  /** Sends a message, in the order of the calls; null sends the module, without which the Worker can do nothing. */
  #post(message) {
    const worker = this.#worker;
    this.#compiled.then(
      compiled => worker.postMessage(message ?? compiled),
      error => this.#broken(String(error)),
    );
  }

  #answered({ id, result, error, trapped }) {
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) return resolve(result);
    reject(new StudioError(error));
    if (!trapped) return;
    this.#worker.terminate();
    for (const waiting of this.#waiting.values()) waiting.reject(new StudioError(error));
    this.#waiting.clear();
    this.#start();
    for (const [call, args] of this.#given) this.call(call, ...args).catch(() => {});
  }
}

/** Asks one question at a time, and of those that come meanwhile only the newest. */
class Newest {
  #ask;
  #next = null;
  #busy = false;

  constructor(ask) {
    this.#ask = ask;
  }

  async put(question) {
    this.#next = question;
    if (this.#busy) return;
    this.#busy = true;
    while (this.#next) {
      const asked = this.#next;
      this.#next = null;
      // Errors are answers; `ask` handles them.
      await this.#ask(asked);
    }
    this.#busy = false;
  }

  drop() {
    this.#next = null;
  }
}

/**
 * Previews at every change, then the file itself. Events: `preview` and `rendition` (`detail` with `question`, and with
 * `result` or `error`), `broken` where there is no module.
 */
export class Engine extends EventTarget {
  #quick;
  #exact;
  #previews;
  #renditions;
  #newest = 0;

  constructor() {
    super();
    // Once for both Workers.
    const compiled = WebAssembly.compileStreaming(
      fetch(new URL('../../pkg-studio/sealmark_studio_bg.wasm', import.meta.url)),
    );
    const broken = reason => this.dispatchEvent(new CustomEvent('broken', { detail: reason }));
    this.#quick = new Desk(compiled, broken);
    this.#exact = new Desk(compiled, broken);
    this.#previews = new Newest(question => this.#answer('preview', this.#quick, question));
    this.#renditions = new Newest(question => this.#answer('render', this.#exact, question));
  }

  /** Shows how a template marks the photograph. `since` is when the user asked for it. */
  show(source, variables, since = performance.now()) {
    const question = { serial: ++this.#newest, source, variables: JSON.stringify(variables), since };
    // A file of an older text is not worth its time.
    this.#renditions.drop();
    this.#previews.put(question);
  }

  /** Takes fonts, pictures and templates; what became of each. */
  async surroundings(files) {
    const [found] = await Promise.all([this.#quick, this.#exact].map(desk => desk.give('surroundings', files)));
    return found;
  }

  /** Takes a photograph's bytes; its facts and the picture to show. */
  async open(bytes) {
    const [opened] = await Promise.all([this.#quick.give('open', bytes, true), this.#exact.give('open', bytes, false)]);
    return opened;
  }

  sample(name) {
    return this.#quick.call('sample', name);
  }

  formatted(source) {
    return this.#quick.call('formatted', source);
  }

  explain(code) {
    return this.#quick.call('explain', code);
  }

  async #answer(call, desk, question) {
    const detail = { question };
    try {
      detail.result = await desk.call(call, question.source, question.variables);
    } catch (error) {
      detail.error = error.message;
    }
    // Previews come in their order, and each undoes the one before. A file counts only while it is the newest one's.
    if (call === 'preview') {
      this.dispatchEvent(new CustomEvent('preview', { detail }));
      if (question.serial === this.#newest && detail.result?.report.name) this.#renditions.put(question);
    } else if (question.serial === this.#newest) {
      this.dispatchEvent(new CustomEvent('rendition', { detail }));
    }
  }
}
