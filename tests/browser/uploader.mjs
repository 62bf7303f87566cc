// The Uploader by itself: a kept handle after a reload, two tabs with one file, directories, no database, limits.
// Argument: a photo. SEALMARK_SIZE: bytes of the large file.
import { readFileSync } from 'node:fs';
import { say, scenario, wait } from './chromium.mjs';

const origin = new URL(process.env.SEALMARK_URL).origin;
const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Uploader</title><script type="module">
  import { Uploader } from '/pkg/index.js';
  const guest = async () => {
    const kept = localStorage.getItem('token');
    if (kept) return kept;
    const { token } = await (await fetch('/v1/guests', { method: 'POST' })).json();
    localStorage.setItem('token', token);
    return token;
  };
  globalThis.make = (options = {}) => new Uploader({ token: guest, ...options });
  globalThis.final = (uploader, id) => new Promise((resolve) => {
    const look = () => {
      const snapshot = uploader.snapshot(id);
      if (!['ready', 'failed', 'cancelled'].includes(snapshot.state)) return;
      uploader.removeEventListener('totals', look);
      resolve(snapshot);
    };
    uploader.addEventListener('totals', look);
    look();
  });
  globalThis.made = true;
</script></html>`;

const made = (page) => page.waitForFunction(() => globalThis.made);

await scenario(async ({ page, context, files }) => {
  await context.route(`${origin}/uploader.html`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(`${origin}/uploader.html`);
  await made(page);
  const photo = [...readFileSync(files[0])];

  // A file in the browser's own file system, for a real handle needs a person to choose it.
  await page.evaluate(async ([bytes, size]) => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle('large.jpg', { create: true });
    const writer = await handle.createWritable();
    await writer.write(new Uint8Array(bytes));
    await writer.write({ type: 'truncate', size });
    await writer.close();
    globalThis.uploader = make();
    const [id] = uploader.add(handle);
    await new Promise((resolve) => {
      uploader.addEventListener('change', ({ detail }) => { if (detail.id === id && detail.sent_bytes > 0) resolve(); });
    });
  }, [photo, Number(process.env.SEALMARK_SIZE)]);
  say('sending');
  await wait();
  // Until the record says what is stored, so that the later visit can be compared with it.
  await page.waitForFunction(() => uploader.snapshots[0].acknowledged_bytes > 0);
  await page.reload();
  await made(page);
  say('reloaded');
  await wait();
  const resumed = await page.evaluate(async () => {
    const uploader = make();
    const [left] = await uploader.unfinished();
    const snapshot = await final(uploader, await uploader.resumeUnfinished(left.fingerprint));
    const unfinished = await uploader.unfinished();
    uploader.close();
    if (!left.has_handle || unfinished.length > 0) throw new Error(JSON.stringify({ left, unfinished }));
    return snapshot;
  });
  if (resumed.state !== 'ready') throw new Error(JSON.stringify(resumed));
  say('ready', resumed);
  await wait();

  const other = await context.newPage();
  await other.goto(`${origin}/uploader.html`);
  await made(other);
  const send = (tab) => tab.evaluate(async (bytes) => {
    const uploader = make();
    const [id] = uploader.add(new File([new Uint8Array(bytes)], 'same.jpg', { lastModified: 1 }));
    return (await final(uploader, id)).media_id;
  }, photo);
  const both = Promise.all([send(page), send(other)]);
  // The store holds its answers back until one tab waits for the other.
  // (waitForFunction takes a promise for an answer.)
  await page.evaluate(async () => {
    while ((await navigator.locks.query()).pending.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  say('waiting');
  const [first, second] = await both;
  say('tabs', { first, second });
  await other.close();

  const told = await page.evaluate(async (bytes) => {
    const folder = await navigator.storage.getDirectory();
    const inner = await folder.getDirectoryHandle('holiday', { create: true });
    for (const name of ['a.jpg', '.hidden', 'b.jpg']) {
      const writer = await (await inner.getFileHandle(name, { create: true })).createWritable();
      await writer.write(new Uint8Array(bytes));
      await writer.close();
    }
    const uploader = make();
    const [refused] = uploader.add([inner]);
    const directory = [(await final(uploader, refused)).error.code];
    const transfer = { items: [{ kind: 'file', getAsFileSystemHandle: async () => inner, getAsFile: () => null }] };
    const ids = await uploader.addFrom(transfer);
    const dropped = ids.map((id) => uploader.snapshot(id).file_name).sort();
    uploader.cancel();
    uploader.close();

    const limited = make({ limits: { types: ['image/jpeg'], maxBytes: 200_000, maxFiles: 4 }, prepare: { duplicates: true } });
    const file = (content, name) => new File([content], name, { lastModified: 2 });
    const all = limited.add([
      file('no picture', 'a.jpg'), file(new Uint8Array(200_001), 'b.jpg'), file(new Uint8Array(bytes), 'c.jpg'),
      file(new Uint8Array(bytes), 'd.jpg'), file('one too many', 'e.jpg'),
    ]);
    const ends = await Promise.all(all.map((id) => final(limited, id)));
    const codes = ends.map(({ error }) => error?.code ?? null);
    // Of the two that are alike, whichever was looked at first goes on.
    const limits = [codes[0], codes[1], codes[3] ?? codes[2], codes[4], codes[3] ? codes[2] : codes[3]];
    limited.close();

    // The same file twice in one list: one of them is sent, and both come to its picture.
    const pair = make();
    const same = [0, 1].map(() => file(new Uint8Array([...bytes, 1]), 'twice.jpg'));
    const twice = await Promise.all(pair.add(same).map((id) => final(pair, id)));
    pair.close();

    // A token that the API refuses: however many files wait, the page is asked for another one once.
    const asked = [];
    const { token } = await (await fetch('/v1/guests', { method: 'POST' })).json();
    const renewing = make({
      token: async ({ expired }) => { asked.push(expired); return expired ? token : 'refused'; },
    });
    const many = Array.from({ length: 20 }, (_, index) => file(new Uint8Array([...bytes, index]), `${index}.jpg`));
    const renewed = await Promise.all(renewing.add(many).map((id) => final(renewing, id)));
    renewing.close();

    // Begun again and forgotten in the same moment: nothing of it goes on unseen.
    const hidden = make();
    const [gone] = hidden.add(file('no picture at all', 'gone.txt'));
    await final(hidden, gone);
    hidden.retry(gone);
    hidden.remove(gone);
    await new Promise((resolve) => hidden.addEventListener('totals', ({ detail }) => { if (detail.count === 0) resolve(); }));
    hidden.close();

    // A function cannot be handed to the Worker: whoever waits hears of it.
    const broken = make({ limits: { maxFiles: () => 3 } });
    const deaf = await final(broken, broken.add(file('a', 'f.jpg'))[0]);
    const rejected = await broken.unfinished().catch((error) => error.code);
    return {
      directory, dropped, limits, asked,
      twice: twice.map(({ state, media_id }) => [state, media_id]),
      renewed: [...new Set(renewed.map(({ state }) => state))],
      broken: [deaf.state, deaf.error?.code, rejected, broken.totals.counts],
    };
  }, photo);

  const bare = await context.newPage();
  // As in a private window of some browsers: there is no database to open.
  await bare.route('**/pkg/records.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `const indexedDB = { open() { throw new Error('no database') } };\n${await response.text()}` });
  });
  await bare.goto(`${origin}/uploader.html`);
  await made(bare);
  const without = await bare.evaluate(async (bytes) => {
    const uploader = make();
    const [id] = uploader.add(new File([new Uint8Array(bytes)], 'private.jpg', { lastModified: 3 }));
    const { state } = await final(uploader, id);
    return { without_database: state, unfinished_without_database: await uploader.unfinished() };
  }, photo);
  say('told', { ...told, ...without });
});
