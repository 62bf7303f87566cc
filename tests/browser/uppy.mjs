// Unmodified Uppy on a shop's own page, elsewhere than the API. Arguments: the version's folder, the API's address, a
// token, a small photo and a large one. The page is served at SEALMARK_URL, bundled in memory.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { say, scenario, wait } from './chromium.mjs';

const [version, address, token, small, large] = process.argv.slice(2);
const folder = new URL(`./uppy/${version}/`, import.meta.url);
const { build } = createRequire(new URL('package.json', folder))('esbuild');
const bundle = await build({
  entryPoints: [new URL('sample.js', folder).pathname],
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'sample',
});
const html = '<!doctype html><title>Shop</title><input type="file"><script src="/sample.js"></script>';
const server = createServer((request, response) => {
  const isScript = request.url === '/sample.js';
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
  response.end(isScript ? bundle.outputFiles[0].text : html);
});
const origin = new URL(process.env.SEALMARK_URL);
await new Promise((resolve) => server.listen(Number(origin.port), origin.hostname, resolve));

/** Gives the page a file, and begins to upload it; the outcome is awaited by [outcome]. */
async function begin(page, file) {
  await page.setInputFiles('input', [file]);
  await page.evaluate(
    ([address, token]) => {
      globalThis.uppy?.destroy();
      const uppy = globalThis.sample.uploader(address, token);
      const [data] = document.querySelector('input').files;
      uppy.addFile({ name: data.name, type: data.type, data });
      globalThis.uppy = uppy;
      globalThis.firstPart = new Promise((resolve) => uppy.once('s3-multipart:part-uploaded', resolve));
      globalThis.outcome = uppy.upload();
    },
    [address, token],
  );
}

/** What became of the upload: the key and the address that Uppy tells its page. */
function outcome(page) {
  return page.evaluate(async () => {
    const { successful, failed } = await globalThis.outcome;
    if (failed.length > 0) throw new Error(`refused: ${failed[0].error}`);
    const { body, uploadURL } = successful[0].response;
    return { key: body.key, url: uploadURL };
  });
}

// SeaweedFS answers a form without Location, which Uppy 5 says and goes on.
const tolerated = (text) => text.startsWith('@uppy/aws-s3: Could not read the Location header.');

await scenario(async ({ page }) => {
  const asked = [];
  page.on('request', (request) => {
    const path = request.url().split('/s3/')[1];
    if (path && request.method() !== 'OPTIONS') asked.push(`${request.method()} ${path}`);
  });
  await page.goto(origin.href);

  await begin(page, small);
  say('form', { ...(await outcome(page)), asked: asked.splice(0) });

  await begin(page, large);
  say('parts', { ...(await outcome(page)), asked: asked.splice(0) });

  await begin(page, large);
  await page.evaluate(() => globalThis.firstPart.then(() => globalThis.uppy.pauseAll()));
  say('paused');
  await wait();
  asked.length = 0;
  await page.evaluate(() => globalThis.uppy.resumeAll());
  say('resumed', { ...(await outcome(page)), asked: asked.splice(0) });

  await begin(page, large);
  const deleted = page.waitForResponse((response) => response.request().method() === 'DELETE');
  await page.evaluate(() => globalThis.firstPart.then(() => globalThis.uppy.cancelAll()));
  const answer = await deleted;
  say('aborted', { status: answer.status(), key: new URL(answer.url()).searchParams.get('key') });
}, { tolerated });
server.close();
