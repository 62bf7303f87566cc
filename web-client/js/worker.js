// The Worker: runs the compiled uploader, and keeps its tokens, records and turns. js/index.js is its only caller.

import init, { Uploads } from './sealmark_web_client.js';
import { Buffers } from './buffers.js';
import { Gate } from './gate.js';
import { Outbox } from './outbox.js';
import { Records } from './records.js';
import { beginning, isFinal } from './snapshots.js';
import { Turns } from './turns.js';

const outbox = new Outbox(message => postMessage(message));
const buffers = new Buffers();
let records;
let turns;
let uploads;
let gate;
let maxFiles = Infinity;
/** Uploads that count towards it. */
const counted = new Set();

/**
 * By the page's id. `number` is the compiled uploader's own, null while it does not have the file; `wish` is what the
 * user wanted meanwhile; `refused` says why it never gets the file.
 */
const items = new Map();
const byNumber = new Map();
/** Snapshots of the files that are being added, whose numbers are not told yet; null while none are. */
let early = null;

/** The token in force, as a promise, so that several uploads ask the page once. */
let token = null;
const questions = new Map();

/** What the compiled uploader asks of its surroundings; see src/browser/host.rs. */
const host = {
  change(number, state, numbers, remaining_s, upload_id, media_id, code, message, instant, media) {
    const [size_bytes, sent_bytes, acknowledged_bytes, speed_bytes_per_s, resumed_bytes, started_at_ms, elapsed_ms] = numbers;
    const snapshot = {
      id: '', file_name: '', size_bytes, state, sent_bytes, acknowledged_bytes, speed_bytes_per_s,
      remaining_s: remaining_s ?? null, resumed_bytes, upload_id: upload_id ?? null, media_id: media_id ?? null,
      error: code ? { code, message } : null, instant, media, started_at_ms, elapsed_ms,
    };
    const item = byNumber.get(number);
    if (item) tell(item, snapshot);
    else early?.set(number, snapshot);
  },

  async token(refused) {
    const had = token;
    const isStale = had && refused !== undefined && (await had.catch(() => refused)) === refused;
    // Others may have found the same, and asked for a new one meanwhile.
    if (isStale && token === had) token = null;
    token ??= ask({ expired: refused !== undefined });
    const asked = token;
    asked.catch(() => { if (token === asked) token = null; });
    return asked;
  },

  prepare: file => gate.prepare(file),
  read: blob => buffers.read(blob),
  give: bytes => buffers.give(bytes),

  async recall(fingerprint, number) {
    const item = byNumber.get(number);
    if (item) item.fingerprint = fingerprint;
    const media_id = await turns.take(fingerprint, number);
    if (media_id) return { media_id };
    const record = await records.find(fingerprint);
    return record && { upload_id: record.upload_id };
  },

  remember(fingerprint, upload_id, acknowledged_bytes, number) {
    const item = byNumber.get(number);
    if (!item) return;
    const { file, handle } = item;
    records.put({
      fingerprint,
      upload_id,
      file_name: file.name,
      size_bytes: outbox.latest(item.id)?.size_bytes || file.size,
      acknowledged_bytes,
      updated_at_ms: Date.now(),
      handle,
      source_size_bytes: file.size,
      source_modified_ms: file.lastModified,
    });
  },

  forget(fingerprint, number, media_id) {
    records.remove(fingerprint);
    turns.release(number, fingerprint, media_id);
  },
};

/** Asks the page for a token. */
function ask(reason) {
  return new Promise((resolve, reject) => {
    const question = crypto.getRandomValues(new Uint32Array(1))[0];
    questions.set(question, { resolve, reject });
    postMessage({ question, reason });
  });
}

function tell(item, snapshot) {
  outbox.put({ ...snapshot, id: item.id, file_name: item.file.name });
  // Another tab need not wait for one that is over; one that is ready has said so by `forget`.
  if (snapshot.state === 'failed' || snapshot.state === 'cancelled') turns.release(item.number);
}

/** Ends an upload that the compiled uploader never got; one that was begun anew meanwhile is not meant. */
function end(item, state, error = null) {
  if (!isCurrent(item)) return;
  item.refused = error;
  outbox.put({ ...beginning(item.id, item), state, error, elapsed_ms: 0 });
}

/** Lets files through the gate, in order, and hands them to the compiled uploader. */
async function admit(batch) {
  const admitted = await gate.admit(batch, (item, error) => end(item, 'failed', error));
  const wanted = admitted.filter(item => isCurrent(item) && item.wish !== 'cancel');
  const byPriority = Map.groupBy
    ? Map.groupBy(wanted, item => item.priority)
    : wanted.reduce((map, item) => map.set(item.priority, [...(map.get(item.priority) ?? []), item]), new Map());
  for (const [priority, same] of byPriority) {
    early = new Map();
    const numbers = uploads.add(same.map(item => item.file), priority);
    same.forEach((item, index) => {
      item.number = numbers[index];
      byNumber.set(item.number, item);
      const snapshot = early.get(item.number);
      if (snapshot) tell(item, snapshot);
      if (item.wish === 'pause') uploads.pause(item.number);
      item.wish = null;
    });
    early = null;
  }
}

/** Whether it is still in the list, and not a former self of one that was begun anew. */
const isCurrent = item => items.get(item.id) === item;

/** Each of the files that are meant, or the one. */
function each(id, work) {
  if (id === undefined) for (const item of items.values()) work(item);
  else if (items.has(id)) work(items.get(id));
}

const isRunning = item => !isFinal(outbox.latest(item.id)?.state ?? 'preparing');

function steer(wish, id) {
  const before = item => {
    if (item.number !== null || !isRunning(item)) return;
    item.wish = wish === 'resume' ? null : wish;
    if (wish === 'cancel') return end(item, 'cancelled');
    outbox.put({ ...outbox.latest(item.id), state: item.wish === 'pause' ? 'paused' : 'preparing' });
  };
  each(id, before);
  if (id === undefined) return uploads[wish](undefined);
  const number = items.get(id)?.number ?? null;
  if (number !== null) uploads[wish](number);
}

/** Goes on after a failure, when it is this file's turn. */
async function goOn(item) {
  outbox.put({ ...outbox.latest(item.id), state: 'preparing', error: null });
  try {
    if (item.fingerprint) await turns.take(item.fingerprint, item.number);
  } catch {
    return; // given up while it waited
  }
  if (isCurrent(item) && outbox.latest(item.id)?.state === 'preparing') uploads.retry(item.number);
  else turns.release(item.number);
}

const work = {
  async start({ options, prepareUrl, online }) {
    const { apis, concurrency, partSize, integrity = 'sha256', instant = false, prepare, limits = {} } = options;
    records = new Records(apis[0]);
    turns = new Turns(apis[0], records);
    maxFiles = limits.maxFiles ?? Infinity;
    const thumbnail = (id, blob, size) => postMessage({ thumbnail: { id, blob, ...size } });
    gate = new Gate({ limits, prepare, prepareUrl, thumbnail });
    await init();
    const { downlink: downlinkMbit, rtt: rttMs } = navigator.connection ?? {};
    const given = { apis, concurrency, partSizeBytes: partSize, integrity, instant, downlinkMbit, rttMs };
    const set = Object.entries(given).filter(([, value]) => value !== undefined);
    uploads = new Uploads(host, Object.fromEntries(set));
    uploads.set_online(online);
  },

  add({ items: batch, priority }) {
    const fresh = batch.map(source => ({ number: null, wish: null, refused: null, priority, ...source }));
    for (const item of fresh) {
      items.set(item.id, item);
      outbox.put(beginning(item.id, item), true);
    }
    return take(fresh);
  },

  pause: ({ id }) => steer('pause', id),
  resume: ({ id }) => steer('resume', id),
  cancel: ({ id }) => steer('cancel', id),

  retry({ id }) {
    const again = [];
    each(id, item => {
      const state = outbox.latest(item.id)?.state;
      if (state !== 'failed' && state !== 'cancelled') return;
      if (state === 'cancelled' && id === undefined) return; // "all" means all that failed
      if (item.number !== null && state === 'failed') return goOn(item);
      byNumber.delete(item.number);
      // Another object, for the gate may still be looking at the one that was given up.
      const fresh = { ...item, number: null, wish: null, refused: item.name ? item.refused : null };
      items.set(item.id, fresh);
      outbox.put(beginning(item.id, fresh));
      again.push(fresh);
    });
    return take(again);
  },

  prioritize({ id, priority }) {
    each(id, item => {
      item.priority = priority;
      if (item.number !== null) uploads.set_priority(item.number, priority);
    });
  },

  remove({ ids }) {
    for (const id of ids) {
      const item = items.get(id);
      if (!item) continue;
      // The page has forgotten it: it may have been begun again in the same moment.
      if (isRunning(item)) steer('cancel', id);
      gate.leave(item);
      counted.delete(id);
      byNumber.delete(item.number);
      items.delete(id);
      outbox.remove(id);
    }
  },

  online: ({ online }) => uploads.set_online(online),

  async unfinished() {
    const waiting = (await records.all()).filter(record => !uploads.is_active(record.fingerprint));
    return waiting.map(({ fingerprint, upload_id, file_name, size_bytes, acknowledged_bytes, updated_at_ms, handle }) => ({
      fingerprint, upload_id, file_name, size_bytes, acknowledged_bytes, updated_at_ms, has_handle: Boolean(handle),
    }));
  },

  record: ({ fingerprint }) => records.find(fingerprint),

  async forget({ fingerprint }) {
    const record = await records.find(fingerprint);
    if (record) await uploads.abandon(fingerprint, record.upload_id);
    records.remove(fingerprint);
    await records.flush();
  },
};

/** Refuses what is over the count or was no file to begin with, and sends the rest on, in the order that it came. */
let admitting = Promise.resolve();
function take(batch) {
  const within = batch.filter(item => {
    if (item.refused) return void end(item, 'failed', item.refused);
    if (!counted.has(item.id) && counted.size >= maxFiles) {
      return void end(item, 'failed', { code: 'too_many_files', message: `no more than ${maxFiles} files` });
    }
    counted.add(item.id);
    return true;
  });
  admitting = admitting.then(() => admit(within)).catch(error => {
    const failure = { code: 'worker_failed', message: String(error?.message ?? error) };
    for (const item of within) if (item.number === null && isRunning(item)) end(item, 'failed', failure);
  });
}

/** Nothing else is begun before the start has ended. */
let started = Promise.resolve();

onmessage = async ({ data }) => {
  const { call, what } = data;
  if (what === 'answer') {
    const question = questions.get(data.question);
    questions.delete(data.question);
    if ('error' in data) question?.reject(new Error(data.error));
    else question?.resolve(data.token);
    return;
  }
  try {
    if (what === 'start') started = work.start(data);
    await started;
    const value = what === 'start' ? undefined : await work[what](data);
    if (call) postMessage({ call, value });
  } catch (error) {
    if (call) postMessage({ call, error: String(error?.message ?? error) });
    else console.error(`sealmark: ${what}`, error);
  }
};
