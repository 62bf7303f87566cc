// Bends clock and storage of a Worker before anything else runs in it. Query: `speed`, how much faster time goes;
// `skew_ms`, by how much the clock is off; `database=none`, no IndexedDB, as in private windows of some browsers.

const query = new URLSearchParams(location.search);
const speed = Number(query.get('speed') ?? 1);
const skewMs = Number(query.get('skew_ms') ?? 0);

const realNow = performance.now.bind(performance);
const origin = performance.timeOrigin + skewMs;
const RealDate = Date;
const now = () => realNow() * speed;

if (speed !== 1 || skewMs !== 0) {
  performance.now = now;
  Object.defineProperty(performance, 'timeOrigin', { value: origin });
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) super(Math.floor(origin + now()));
      else super(...parts);
    }

    static now() { return Math.floor(origin + now()); }
  };
}
if (speed !== 1) {
  for (const name of ['setTimeout', 'setInterval']) {
    const real = globalThis[name].bind(globalThis);
    // Never early: a fraction of a millisecond of ours is many of the client's.
    globalThis[name] = (run, ms = 0, ...more) => real(run, Math.ceil(ms / speed) + 1, ...more);
  }
}
if (query.get('database') === 'none') {
  Object.defineProperty(globalThis, 'indexedDB', {
    get() { throw new DOMException('The operation is insecure.', 'SecurityError'); },
  });
}
