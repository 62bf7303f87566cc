// Lets the module read answers in Chromium and write requests there. `node wire.mjs FOLDER` takes `[[kind, json], …]` on
// standard input, and prints `{ read: [text or null, …], written: [json, …] }`.
import { text } from 'node:stream/consumers';
import { page } from './module.mjs';

const answers = JSON.parse(await text(process.stdin));

const done = await page(process.argv[2], (opened) =>
  opened.evaluate(async (given) => {
    const glue = await import('/sealmark_bench_module.js');
    await glue.default();
    return { read: given.map(([kind, json]) => glue.answer(kind, json) ?? null), written: glue.written() };
  }, answers));

process.stdout.write(JSON.stringify(done));
