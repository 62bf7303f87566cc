// Pictures of the template studio for the documents: argument 1 is the folder.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { scenario } from './chromium.mjs';

await scenario(
  async ({ page, files: [out] }) => {
    mkdirSync(out, { recursive: true });
    const shown = async (step) => {
      await page.evaluate(() => performance.clearMeasures());
      await step();
      await page.waitForFunction(() => performance.getEntriesByName('sealmark.file').length > 0);
    };
    await page.goto(new URL('studio.html', page.url()).href);
    await page.waitForFunction(() => performance.getEntriesByName('sealmark.file').length > 0);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.locator('[data-lang="zh"]').first().click();
    await shown(() => page.locator('[data-sample="dunes"]').click());
    await shown(() => page.locator('#examples').selectOption('tile'));
    await page.evaluate(() => document.activeElement.blur());
    await page.screenshot({ path: join(out, 'studio-dark-zh.png') });

    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('[data-lang="en"]').first().click();
    await shown(() => page.locator('[data-sample="mountains"]').click());
    await shown(() => page.locator('#examples').selectOption('corner'));
    // Two letters changed places.
    await page.locator('#source').evaluate((field) => {
      const at = field.value.indexOf('bottom_right') + 'bottom_right'.length;
      field.focus();
      field.setSelectionRange(at - 2, at);
    });
    await page.keyboard.type('th');
    await page.locator('#editor-message').waitFor();
    await page.screenshot({ path: join(out, 'studio-light.png') });
  },
  { deviceScaleFactor: 1, reducedMotion: 'reduce', viewport: { width: 1360, height: 860 } },
);
