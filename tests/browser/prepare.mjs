// What prepare.js does in a real browser: the table of prepare_cases.mjs, and what needs a decoder. Arguments: a turned
// JPEG photo, a PNG photo.
import { readFileSync } from 'node:fs';
import { say, scenario } from './chromium.mjs';

const origin = new URL(process.env.SEALMARK_URL).origin;

await scenario(async ({ page, files }) => {
  const table = readFileSync(new URL('prepare_cases.mjs', import.meta.url));
  await page.route(`${origin}/prepare_cases.mjs`, (route) => route.fulfill({ contentType: 'text/javascript', body: table }));
  const passed = await page.evaluate(async () => {
    const [prepare, { cases }] = await Promise.all([import('/pkg/prepare.js'), import('/prepare_cases.mjs')]);
    const done = [];
    const equal = (found, wanted, what) => {
      if (!Object.is(found, wanted)) throw new Error(`${what}: ${found}, not ${wanted}`);
    };
    for (const [name, run] of cases(prepare, equal)) {
      await run().catch((error) => { throw new Error(`${name}: ${error.message}`); });
      done.push(name);
    }
    return done.length;
  });
  const photos = files.map((file) => [...readFileSync(file)]);
  const drawn = await page.evaluate(async ([turned, png]) => {
    const { sniff, thumbnail, prepared, stripped } = await import('/pkg/prepare.js');
    const file = new File([new Uint8Array(turned)], 'a.jpg', { type: 'image/jpeg', lastModified: 5 });
    const pixels = async (blob) => {
      const bitmap = await createImageBitmap(blob);
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext('2d');
      context.drawImage(bitmap, 0, 0);
      return { width: bitmap.width, height: bitmap.height, data: context.getImageData(0, 0, bitmap.width, bitmap.height).data };
    };
    const whole = await pixels(file);
    const small = await thumbnail(file, { maxEdge: 120 });
    const smaller = await prepared(file, { resize: { maxEdge: 300 } });
    const shrunk = await pixels(smaller);
    // The same picture, smaller: compared where both have a pixel, far from its edges.
    let difference = 0;
    for (const [x, y] of [[0.2, 0.3], [0.5, 0.5], [0.8, 0.4], [0.3, 0.8], [0.7, 0.7]]) {
      const at = ({ width, height, data }) => data.slice((Math.floor(y * height) * width + Math.floor(x * width)) * 4).slice(0, 3);
      at(whole).forEach((value, index) => { difference = Math.max(difference, Math.abs(value - at(shrunk)[index])); });
    }
    const same = async (blob, type) => {
      const after = await stripped(blob, type, 'private');
      if (!after) return null;
      const [a, b] = [await pixels(blob), await pixels(after)];
      return a.width === b.width && a.data.every((value, index) => value === b.data[index]);
    };
    // A byte between two segments, which decoders skip: it is drawn anew.
    const second = 4 + turned[4] * 256 + turned[5];
    const odd = new File([new Uint8Array([...turned.slice(0, second), 0, ...turned.slice(second)])], 'a.jpg');
    const anew = await prepared(odd, { strip: 'private' });
    const redrawn = await pixels(anew);
    const untouched = new File([new Uint8Array(png)], 'b.png', { type: 'image/png' });
    return {
      shown: [whole.width, whole.height],
      thumbnail: [small.width, small.height],
      resized: [shrunk.width, shrunk.height],
      header: await sniff(smaller),
      named: [smaller.name, smaller.lastModified, smaller.type],
      difference,
      redrawn: [redrawn.width, redrawn.height, new TextDecoder('latin1').decode(await anew.arrayBuffer()).includes('Exif')],
      strippedIsSame: await same(file, 'image/jpeg'),
      withinLimit: (await prepared(untouched, { resize: { maxEdge: 5000 } })) === untouched,
      again: [...new Uint8Array(await (await prepared(file, { resize: { maxEdge: 300 } })).arrayBuffer())].join() ===
        [...new Uint8Array(await smaller.arrayBuffer())].join(),
    };
  }, photos);
  say('prepared', { passed, drawn });
});
