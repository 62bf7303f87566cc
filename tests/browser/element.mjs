// <sealmark-uploader>: no serious violation by axe-core in any state, language and colour scheme; all by keyboard; what
// it costs the page. Arguments: photos, the last file is none.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { say, scenario, wait } from './chromium.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const origin = new URL(process.env.SEALMARK_URL).origin;
const html = (language) => `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>Element</title>
  <style>:root { color-scheme: light dark } body { margin: 24px; background: Canvas }</style></head>
  <body><main><h1>Photos</h1><sealmark-uploader multiple capture directories accept="image/*" token-url="v1/guests">
  </sealmark-uploader></main><script type="module" src="pkg/element.js"></script></body></html>`;

async function violations(page) {
  await page.evaluate(axe);
  const { violations: all } = await page.evaluate(() => globalThis.axe.run());
  return all
    .filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
}

/** Every look at what is on the page now. */
async function looks(page, state, found) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const language of ['en', 'zh']) {
      await page.locator('sealmark-uploader').evaluate((element, lang) => (element.lang = lang), language);
      found[`${state}, ${colorScheme}, ${language}`] = await violations(page);
      if (process.env.SEALMARK_PICTURES) {
        await page.screenshot({ path: join(process.env.SEALMARK_PICTURES, `element-${state}-${colorScheme}-${language}.png`) });
      }
    }
  }
  await page.locator('sealmark-uploader').evaluate((element) => (element.lang = 'en'));
}

const until = (page, test, argument) => page.waitForFunction(test, argument);
const counts = (page, wanted) =>
  until(page, (all) => {
    const { counts: found } = document.querySelector('sealmark-uploader').uploader.totals;
    return Object.entries(all).every(([state, count]) => found[state] === count);
  }, wanted);

/** Presses Tab until the focus is on a control whose part has this word. */
async function tabTo(page, part) {
  for (let press = 0; press < 40; press += 1) {
    const at = await page.evaluate(() => {
      const { activeElement } = document.querySelector('sealmark-uploader').shadowRoot;
      return activeElement?.getAttribute('part') ?? '';
    });
    if (at.split(' ').includes(part)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`no Tab leads to ${part}`);
}

await scenario(async ({ page, files }) => {
  await page.route(`${origin}/element-*.html`, (route) =>
    route.fulfill({ contentType: 'text/html', body: html(route.request().url().includes('-zh') ? 'zh' : 'en') }));
  await page.goto(`${origin}/element-en.html`);
  await until(page, () => document.querySelector('sealmark-uploader')?.uploader);
  // Listened for long before it is opened: the browser is told of it on another way than of keys.
  const chooser = new Promise((resolve) => page.once('filechooser', resolve));
  const found = {};
  await looks(page, 'empty', found);

  // By keyboard alone: the chooser opens, and what it gives is taken. The native picker cannot be driven.
  await page.evaluate(() => (globalThis.showOpenFilePicker = undefined));
  await page.evaluate(() => document.activeElement?.blur());
  await tabTo(page, 'choose');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(files);
  await counts(page, { failed: 1 });
  say('stalled'); // the link to the store is held back by the test
  await counts(page, { uploading: files.length - 1 });
  await looks(page, 'uploading', found);

  await tabTo(page, 'pause_all');
  await page.keyboard.press('Enter');
  await counts(page, { paused: files.length - 1 });
  await looks(page, 'paused', found);
  // The focus is still in the element, on what takes its place.
  const kept = await page.evaluate(() => document.querySelector('sealmark-uploader').shadowRoot.activeElement?.getAttribute('part'));
  if (!kept) throw new Error('the focus was lost with the button');
  await page.context().setOffline(true);
  await page.evaluate(() => document.querySelector('sealmark-uploader').uploader.resume());
  await counts(page, { offline: files.length - 1 });
  await looks(page, 'offline', found);
  await page.context().setOffline(false);
  say('online');
  await wait();
  await counts(page, { ready: files.length - 1 });
  await looks(page, 'ready', found);

  await page.evaluate(() => document.activeElement?.blur());
  await tabTo(page, 'remove');
  await page.keyboard.press('Enter');
  await until(page, (count) => document.querySelector('sealmark-uploader').uploader.snapshots.length === count, files.length - 1);
  await tabTo(page, 'clear');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('sealmark-uploader').uploader.snapshots.length <= 1);

  // A Chinese page needs no telling.
  await page.goto(`${origin}/element-zh.html`);
  await until(page, () => document.querySelector('sealmark-uploader')?.uploader);
  const chinese = await page.locator('sealmark-uploader').locator('[part~=choose]').innerText();

  // Five thousand files at once: what it costs the page, and how many rows there are. Sending is held back.
  const many = await page.evaluate(async () => {
    const { uploader } = document.querySelector('sealmark-uploader');
    const files = Array.from({ length: 5_000 }, (_, index) => new File([`photo ${index}`], `${index}.jpg`));
    // In a task of its own: making the files is not the element's work.
    await new Promise((resolve) => setTimeout(resolve));
    const tasks = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => Math.round(entry.duration))));
    await new Promise((resolve) => setTimeout(resolve));
    observer.observe({ type: 'longtask' });
    const begun = performance.now();
    const ids = document.querySelector('sealmark-uploader').add(files);
    const took = performance.now() - begun;
    await new Promise((resolve) => {
      const look = () => {
        const { counts: now } = uploader.totals;
        if (now.failed === 5_000) resolve();
        else setTimeout(look, 50);
      };
      look();
    });
    const rows = document.querySelector('sealmark-uploader').shadowRoot.querySelectorAll('li.row').length;
    return { ids: ids.length, took: Math.round(took), tasks, rows };
  });
  // Options from before its definition, a language that is none, two files where one is taken.
  const odd = await page.evaluate(async () => {
    const element = document.implementation.createHTMLDocument('').createElement('sealmark-uploader');
    element.options = { concurrency: 3 };
    element.setAttribute('lang', 'en_US');
    element.setAttribute('token-url', 'v1/guests');
    document.body.append(element);
    await new Promise((resolve) => setTimeout(resolve));
    const transfer = new DataTransfer();
    for (const name of ['a.jpg', 'b.jpg']) transfer.items.add(new File(['no picture'], name));
    const added = new Promise((resolve) => element.addEventListener('added', ({ detail }) => resolve(detail)));
    element.shadowRoot.querySelector('.frame').dispatchEvent(new DragEvent('drop', { dataTransfer: transfer }));
    const dropped = (await added).map(({ file_name: name }) => name);
    return { options: element.options, text: element.shadowRoot.querySelector('[part~=choose]').textContent, dropped };
  });
  say('checked', { found, chinese, many, odd });
});
