// The page is reloaded in the middle of an upload; the same file, chosen again, goes on where it was.
import { card, choose, say, scenario, versionPixels, wait } from './chromium.mjs';

await scenario(async ({ page, files }) => {
  await choose(page, files);
  await card(page, 'uploading');
  say('uploading');
  await wait();
  await page.reload();
  say('reloaded');
  await wait();
  await choose(page, files);
  const item = await card(page, 'ready');
  say('ready', {
    media_id: await item.getAttribute('data-media-id'),
    pixels: await versionPixels(item),
  });
});
