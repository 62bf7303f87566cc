// A file that is no picture ends in a failed card that says so, in both languages.
import { card, choose, say, scenario } from './chromium.mjs';

await scenario(async ({ page, files }) => {
  await choose(page, files);
  const item = await card(page, 'failed');
  const reason = item.locator('[data-error-code]').first();
  await reason.waitFor();
  const english = await reason.innerText();
  const code = await reason.getAttribute('data-error-code');
  await page.locator('[data-lang="zh"]').first().click();
  await page.waitForFunction(
    ([selector, before]) => document.querySelector(selector).innerText !== before,
    ['[data-upload-id] [data-error-code]', english],
  );
  say('failed', { code, english, chinese: await reason.innerText(), media_id: await item.getAttribute('data-media-id') });
});
