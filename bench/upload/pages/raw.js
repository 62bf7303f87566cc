// No client at all: fetch, by hand. What is left of the link when nothing stands between.

import { call, expose, pool } from './bench.js';

async function put(url, body, headers = {}) {
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await fetch(url, { method: 'PUT', body, headers });
      if (!answer.ok) throw new Error(`PUT: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
      return answer.headers.get('etag');
    } catch (error) {
      // The links of the bench reset connections; by hand one would at least do this.
      if (attempt === 9) throw error;
      await new Promise(resolve => setTimeout(resolve, 200 * 2 ** Math.min(attempt, 4) * Math.random()));
    }
  }
}

const base64 = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)));

async function parts(file, config) {
  const { part_size: size, concurrency } = config;
  const count = Math.ceil(file.size / size);
  const upload = await call(config, 'create', { name: file.name, parts: config.hash ? 0 : count, sha256: !!config.hash });
  const done = [];
  await pool(Array.from({ length: count }, (_, index) => index + 1), concurrency, async number => {
    let body = file.slice((number - 1) * size, number * size);
    if (config.hash) {
      const bytes = await body.arrayBuffer();
      const sha256 = base64(await crypto.subtle.digest('SHA-256', bytes));
      const { url } = await call(config, 'part', { ...upload, number, sha256 });
      if (config.hash === 'buffer') body = bytes;
      if (config.hash === 'blob') body = new Blob([bytes]);
      done.push({ number, sha256, etag: await put(url, body, { 'x-amz-checksum-sha256': sha256 }) });
    } else {
      done.push({ number, etag: await put(upload.urls[number - 1], body) });
    }
  });
  await call(config, 'complete', { ...upload, urls: undefined, parts: done });
}

async function whole(file, config) {
  const { url } = await call(config, 'put', { name: file.name });
  await put(url, file);
}

async function post(file, config) {
  const form = new FormData();
  form.append('key', `raw/${file.name}`);
  form.append('file', file);
  const answer = await fetch(config.post, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(`POST: ${answer.status}`);
}

expose({
  upload(files, config) {
    if (config.post) return pool(files, config.concurrency, file => post(file, config));
    if (config.whole) return pool(files, config.concurrency, file => whole(file, config));
    return pool(files, 1, file => parts(file, config));
  },
});
