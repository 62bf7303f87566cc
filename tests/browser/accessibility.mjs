// No serious violation by axe-core, light and dark, English and Chinese, empty and with pictures; all by keyboard.
import { violations } from './axe.mjs';
import { card, choose, say, scenario } from './chromium.mjs';

await scenario(async ({ page, files }) => {
  const found = {};
  found.empty = await violations(page);
  await choose(page, files);
  await card(page, 'ready');
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const language of ['en', 'zh']) {
      await page.locator(`[data-lang="${language}"]`).first().click();
      found[`${colorScheme} ${language}`] = await violations(page);
    }
  }
  // The chooser is reached and opened by keyboard alone.
  await page.locator(`[data-lang="en"]`).first().click();
  await page.evaluate(() => document.activeElement?.blur());
  const chooser = page.waitForEvent('filechooser');
  let opened = false;
  chooser.then(() => (opened = true));
  const focused = [];
  for (let press = 0; press < 25 && !opened; press += 1) {
    await page.keyboard.press('Tab');
    const element = await page.evaluate(() => {
      const active = document.activeElement;
      return { what: active.id || active.tagName, zone: Boolean(active.closest('#drop-zone, [data-drop-zone]') || active.id === 'file-input') };
    });
    focused.push(element.what);
    if (element.zone) {
      await page.keyboard.press('Enter');
      if (!opened) await page.keyboard.press('Space');
      break;
    }
  }
  await chooser;
  say('checked', { found, focused });
});
