// Measures the studio's preview. `node studio_bench.mjs WWW PICTURE PRESSES` takes templates, one JSON array, on standard
// input, and types in each behind its first quotation mark: a letter, and the letter away again. Prints for each template,
// in milliseconds and for each press: `drawn` (from the key press until the canvas has the new pixels), `painted` (until the
// browser has painted them), `module` (of it in the wasm module), `file` (until the worker's file was shown in its place)
// and `render` (of that in the wasm module); and how long the module is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { page } from './module.mjs';

const [www, picture, presses] = process.argv.slice(2);
const templates = JSON.parse(await text(process.stdin));
const KINDS = { drawn: 'sealmark.drawn', painted: 'sealmark.preview', module: 'sealmark.module', file: 'sealmark.file', render: 'sealmark.render' };

async function measured(opened, template) {
  await opened.evaluate((source) => localStorage.setItem('sealmark.studio', JSON.stringify({ source })), template);
  await opened.goto(new URL('/studio.html', opened.url()).href);
  const shown = (kind) => opened.waitForFunction((name) => performance.getEntriesByName(name).length > 0, kind);
  await shown(KINDS.file);
  await opened.evaluate(() => performance.clearMeasures());
  await opened.setInputFiles('#photo-input', picture);
  await shown(KINDS.file);
  await opened.locator('#source').evaluate((field) => {
    // Behind the name, in the layer's own text.
    const at = field.value.indexOf('"', field.value.indexOf('{')) + 1;
    field.focus();
    field.setSelectionRange(at, at);
  });
  const times = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
  for (let press = -8; press < presses; press += 1) {
    await opened.evaluate(() => performance.clearMeasures());
    await opened.keyboard.press(press % 2 === 0 ? 'i' : 'Backspace');
    await shown(KINDS.file);
    const found = await opened.evaluate((kinds) =>
      Object.entries(kinds).map(([kind, name]) => [kind, performance.getEntriesByName(name).at(-1).duration]), KINDS);
    // The first ones are slow while the browser still compiles.
    if (press >= 0) for (const [kind, ms] of found) times[kind].push(ms);
  }
  return times;
}

const times = await page(www, async (opened) => {
  const all = [];
  for (const template of templates) all.push(await measured(opened, template));
  return { version: opened.context().browser().version(), all };
});
const module = readFileSync(join(www, 'pkg-studio/sealmark_studio_bg.wasm'));
const brotli = brotliCompressSync(module, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: module.length } });
const bytes = { raw: module.length, gzip: gzipSync(module, { level: 9 }).length, brotli: brotli.length };
process.stdout.write(JSON.stringify({ ...times, bytes }));
