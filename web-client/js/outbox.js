// What the page is told, gathered: at most ten messages a second, however many uploads there are.

import { countsOf, noTotals } from './snapshots.js';

const EVERY_MS = 100;
/** Snapshots in one message: the page takes about a millisecond for them. */
const MOST = 250;
/** Speed is the mean of so long. */
const WINDOW_MS = 3_000;

export class Outbox {
  #post;
  #latest = new Map();
  #changed = new Map();
  #timer = 0;
  #postedAt = -EVERY_MS;
  /** Bytes sent since the beginning, whatever became of them. */
  #travelled = 0;
  #samples = [];

  /** @param {(message: object) => void} post */
  constructor(post) {
    this.#post = post;
  }

  latest(id) {
    return this.#latest.get(id);
  }

  /** Notes how an upload stands; `quiet` where the page knows it already. */
  put(snapshot, quiet = false) {
    const before = this.#latest.get(snapshot.id);
    this.#latest.set(snapshot.id, snapshot);
    if (before) {
      const sent = snapshot.sent_bytes - snapshot.resumed_bytes - (before.sent_bytes - before.resumed_bytes);
      this.#travelled += Math.max(0, sent);
    }
    if (!quiet) this.#changed.set(snapshot.id, snapshot);
    this.#soon();
  }

  remove(id) {
    this.#latest.delete(id);
    this.#changed.delete(id);
    this.#soon();
  }

  #soon() {
    const wait = Math.max(0, this.#postedAt + EVERY_MS - performance.now());
    this.#timer ||= setTimeout(() => this.#flush(), wait);
  }

  #flush() {
    this.#timer = 0;
    this.#postedAt = performance.now();
    const changes = [];
    for (const [id, snapshot] of this.#changed) {
      if (changes.length === MOST) break;
      this.#changed.delete(id);
      changes.push(snapshot);
    }
    const totals = this.#totals();
    this.#post({ changes, totals });
    // Speed sinks to nothing even when nothing happens any more.
    if (this.#changed.size > 0 || totals.speed_bytes_per_s > 0) this.#soon();
  }

  #totals() {
    const totals = { ...noTotals(), ...countsOf(this.#latest.values()) };
    const speed = this.#speed();
    if (totals.counts.uploading > 0 && speed >= 1) {
      totals.speed_bytes_per_s = Math.round(speed);
      totals.remaining_s = Math.ceil((totals.size_bytes - totals.sent_bytes) / speed);
    }
    return totals;
  }

  #speed() {
    const now = performance.now();
    this.#samples.push({ at: now, travelled: this.#travelled });
    while (this.#samples.length > 2 && this.#samples[1].at <= now - WINDOW_MS) this.#samples.shift();
    const [first] = this.#samples;
    return now > first.at ? ((this.#travelled - first.travelled) * 1_000) / (now - first.at) : 0;
  }
}
