// What every page of the bench is to its driver: `window.bench`, with a client behind it.

/** Longest times in which the page's main thread did nothing else, in milliseconds. */
class MainThread {
  longest_task_ms = 0;
  longest_gap_ms = 0;
  #observer = new PerformanceObserver(list => {
    for (const task of list.getEntries()) this.longest_task_ms = Math.max(this.longest_task_ms, task.duration);
  });
  #ticker;

  start() {
    this.#observer.observe({ type: 'longtask' });
    let last = performance.now();
    // Long tasks are reported from 50 ms on; the ticker sees shorter ones too.
    this.#ticker = setInterval(() => {
      const now = performance.now();
      this.longest_gap_ms = Math.max(this.longest_gap_ms, now - last - 5);
      last = now;
    }, 5);
  }

  async stop() {
    // What was begun in the last task is seen only by the tick after it.
    await new Promise(resolve => setTimeout(resolve, 30));
    clearInterval(this.#ticker);
    this.#observer.disconnect();
    return { longest_task_ms: this.longest_task_ms, longest_gap_ms: this.longest_gap_ms };
  }
}

/**
 * @param {object} client
 * @param {(files: File[], config: object) => Promise<void>} client.upload - until the last file is complete
 * @param {(files: File[], config: object) => void | Promise<void>} [client.add] - only takes them
 * @param {(config: object) => Promise<void>} [client.prepare] - what a page does while it loads, long before a file is chosen
 */
export function expose(client) {
  const files = () => [...document.querySelector('input').files];
  const prepared = async config => client.prepare?.(config);
  const timed = async work => {
    const thread = new MainThread();
    thread.start();
    await new Promise(resolve => setTimeout(resolve, 20));
    const begun = performance.now();
    let error = null;
    try {
      await work();
    } catch (reason) {
      error = String(reason?.message ?? reason);
    }
    const ms = performance.now() - begun;
    return { ms, error, ...await thread.stop() };
  };
  globalThis.bench = {
    ...client,
    run: config => (bench.outcome = prepared(config).then(() => timed(() => client.upload(files(), config)))),
    begin(config) {
      bench.done = null;
      bench.run(config).then(outcome => { bench.done = outcome; });
    },
    runAdd: config => prepared(config).then(() => timed(async () => {
      await client.add(files(), config);
      // Whatever it does with them on the page's thread within half a second counts as adding.
      await new Promise(resolve => setTimeout(resolve, 500));
    })),
  };
}

/** Calls the bench's own signer. */
export async function call(config, what, body) {
  // Plain text, so that there is no preflight.
  const answer = await fetch(`${config.signer}/${what}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Runs `work` on every item, so many at once. */
export async function pool(items, concurrency, work) {
  const rest = items[Symbol.iterator]();
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (const item of rest) await work(item);
  }));
}
