// `node --test`: what prepare.js and turns.js do without a browser. The same table runs in Chromium by prepare.mjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtempSync, readdirSync, writeFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { cases } from './prepare_cases.mjs';

// In a folder that tells Node.js that its files are modules.
const scripts = new URL('../../web-client/js/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'sealmark-prepare-'));
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
for (const name of readdirSync(scripts)) copyFileSync(new URL(name, scripts), join(folder, name));
globalThis.File ??= (await import('node:buffer')).File;
const prepare = await import(pathToFileURL(join(folder, 'prepare.js')));

for (const [name, run] of cases(prepare, assert.equal)) test(name, run);

test('a real photograph with a position', async () => {
  const blob = new Blob([readFileSync(new URL('../../samples/coffee-turned.jpg', import.meta.url))]);
  const before = await prepare.sniff(blob);
  assert.equal(before.type, 'image/jpeg');
  assert.ok(before.orientation > 4, 'it is turned');
  for (const strip of ['gps', 'private']) {
    const after = await prepare.stripped(blob, before.type, strip);
    assert.deepEqual(await prepare.sniff(after), before);
    assert.ok(after.size <= blob.size);
  }
});

test('who begins to wait while the picture is being marked gets it too', async () => {
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  const { Turns } = await import(pathToFileURL(join(folder, 'turns.js')));
  let written;
  const turns = new Turns('', { mark: () => new Promise((resolve) => { written = resolve; }), marked: async () => undefined });
  await turns.take('file', 1);
  const released = turns.release(1, 'file', 'picture');
  const marked = Date.now();
  while (Date.now() === marked);
  const taken = turns.take('file', 2);
  await new Promise(setImmediate);
  written();
  await released;
  assert.equal(await taken, 'picture');
});
