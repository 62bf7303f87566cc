// Pictures of the pages for the documents: argument 1 is the folder, the rest are photos.
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

    const shown = async (step) => {
      await page.evaluate(() => performance.clearMeasures());
      await step();
      await page.waitForFunction(() => performance.getEntriesByName('sealmark.file').length > 0);
    };
    await page.setViewportSize({ width: 1440, height: 900 });
    await shown(() => page.locator('.pages a').last().click());
    await shown(() => page.locator('[data-sample="dunes"]').click());
    await shown(() => page.locator('#examples').selectOption('tile'));
    await page.evaluate(() => document.activeElement.blur());
    await page.screenshot({ path: join(out, 'studio-dark-zh.png') });
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('[data-lang="en"]').first().click();
    await shown(() => page.locator('[data-sample="mountains"]').click());
    await shown(() => page.locator('#examples').selectOption('corner'));
    await page.locator('#source').evaluate((field) => {
      const at = field.value.indexOf('bottom_right') + 'bottom_right'.length;
      field.focus();
      field.setSelectionRange(at - 2, at);
    });
    await page.keyboard.type('th');
    await page.locator('#editor-message').waitFor();
    await page.screenshot({ path: join(out, 'studio-light.png') });
  },
  { deviceScaleFactor: 1, reducedMotion: 'reduce' },
);
