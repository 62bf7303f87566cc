// A photo goes from the chooser to its version; after a reload it is in the gallery.
import { card, choose, say, scenario, versionPixels } from './chromium.mjs';

await scenario(async ({ page, files }) => {
  await choose(page, files);
  const item = await card(page, 'ready');
  const mediaId = await item.getAttribute('data-media-id');
  say('ready', { media_id: mediaId, pixels: await versionPixels(item), text: await item.innerText() });

  await page.reload();
  const kept = page.locator(`#gallery [data-media-id="${mediaId}"][data-state="ready"]`);
  await kept.waitFor();
  say('kept', { pixels: await versionPixels(kept) });
});
