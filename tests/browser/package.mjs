// Each built sample takes a photo to its version. Arguments: the samples' folder, a photo; their page is SEALMARK_URL.
import { join } from 'node:path';
import { say, scenario } from './chromium.mjs';
import { serve } from './serve.mjs';

const [folder] = process.argv.slice(2);
let sample = 'plain';
const server = await serve({
  port: Number(new URL(process.env.SEALMARK_URL).port),
  folder: () => join(folder, sample, 'dist'),
  api: process.env.SEALMARK_API,
});

await scenario(async ({ page, files: [, photo, text] }) => {
  const done = {};
  for (sample of ['plain', 'react', 'vue']) {
    await page.goto(process.env.SEALMARK_URL);
    // Playwright looks into the custom element's shadow as well.
    await page.locator('input[type=file]').first().setInputFiles([photo, text]);
    await page.locator('li[data-state=ready]').first().waitFor();
    const refused = page.locator('li[data-state=failed]').first();
    await refused.waitFor();
    done[sample] = { ready: await page.locator('li[data-state=ready]').count(), refused: await refused.innerText() };
  }
  say('done', done);
});
server.closeAllConnections();
server.close();
