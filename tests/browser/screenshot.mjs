// Pictures of the page for the documents: argument 1 is the folder, the rest are photos.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { card, choose, scenario, versionPixels } from './chromium.mjs';

await scenario(
  async ({ page, files }) => {
    const [out, ...photos] = files;
    mkdirSync(out, { recursive: true });
    for (const photo of photos) {
      await choose(page, [photo]);
      const item = await card(page, 'ready');
      await versionPixels(item);
    }
    await page.waitForFunction(
      (count) => document.querySelectorAll('[data-upload-id][data-state="ready"]').length === count,
      photos.length,
    );
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: join(out, 'page-light.png') });
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('[data-lang="zh"]').first().click();
    await page.screenshot({ path: join(out, 'page-dark-zh.png') });
  },
  { deviceScaleFactor: 1, reducedMotion: 'reduce' },
);
