// The Worker: runs the compiled uploader, and keeps its tokens and records. js/index.js is its only caller.

import init, { Uploads } from './sealmark_web_client.js';
import { Records } from './records.js';

let records;
let uploads;
/** The token in force, as a promise, so that several uploads ask the page once. */
let token = null;
const questions = new Map();

/** What the compiled uploader asks of its surroundings; see src/browser/host.rs. */
const host = {
  change: snapshot => postMessage({ change: JSON.parse(snapshot) }),

  async token(refused) {
    if (token && refused !== undefined && (await token.catch(() => refused)) === refused) token = null;
    token ??= ask({ expired: refused !== undefined });
    const asked = token;
    asked.catch(() => { if (token === asked) token = null; });
    return asked;
  },

  recall: async fingerprint => (await records.find(fingerprint))?.upload_id,

  remember: (fingerprint, upload_id, acknowledged_bytes, file) => records.put({
    fingerprint, upload_id, file_name: file.name, size_bytes: file.size, acknowledged_bytes, updated_at_ms: Date.now(),
  }),

  forget: fingerprint => records.remove(fingerprint),
};

/** Asks the page for a token. */
function ask(reason) {
  return new Promise((resolve, reject) => {
    const question = crypto.getRandomValues(new Uint32Array(1))[0];
    questions.set(question, { resolve, reject });
    postMessage({ question, reason });
  });
}

const work = {
  start({ api, concurrency, online }) {
    records = new Records(api);
    return init().then(() => {
      uploads = new Uploads(host, api, concurrency);
      uploads.set_online(online);
    });
  },
  add: ({ file }) => uploads.add(file),
  pause: ({ id }) => uploads.pause(id),
  resume: ({ id }) => uploads.resume(id),
  cancel: ({ id }) => uploads.cancel(id),
  retry: ({ id }) => uploads.retry(id),
  online: ({ online }) => uploads.set_online(online),
  unfinished: async () => (await records.all()).filter(record => !uploads.is_active(record.fingerprint)),
  async forget({ fingerprint }) {
    const record = await records.find(fingerprint);
    if (record) await uploads.abandon(fingerprint, record.upload_id);
    await records.remove(fingerprint);
  },
};

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
    postMessage({ call, value: what === 'start' ? undefined : await work[what](data) });
  } catch (error) {
    postMessage({ call, error: String(error?.message ?? error) });
  }
};
