// The template studio as a person uses it: from the upload page, by keyboard, with mistakes and their mending, with a
// photograph of one's own. Arguments: a photograph, the same as the worker marks it by the first template, and a template
// that is laid out.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { violations } from './axe.mjs';
import { say, scenario } from './chromium.mjs';

const field = '#source';

/** Runs a step, and waits until the file that it asks for is shown; one that was asked for before may still come first. */
async function settled(page, step) {
  const begun = await page.evaluate(() => performance.now());
  await step();
  await page.waitForFunction(
    (since) => performance.getEntriesByName('sealmark.file').some((entry) => entry.startTime >= since),
    begun,
  );
}

/** Remembers in the page, under a name, the pixels that are seen: of all canvases that show, the topmost counts. */
const remember = (page, name) =>
  page.evaluate((name) => {
    const [original, quick, exact] = document.querySelectorAll('#picture canvas');
    const context = new OffscreenCanvas(original.width, original.height).getContext('2d');
    const isSeen = (one) => !one.hidden && getComputedStyle(one).visibility === 'visible';
    for (const one of [original, quick, exact]) if (isSeen(one)) context.drawImage(one, 0, 0);
    (globalThis.remembered ??= {})[name] = context.getImageData(0, 0, original.width, original.height);
  }, name);

/** The same for a file as the browser decodes it. */
const rememberFile = (page, name, path) =>
  page.evaluate(async ([name, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    context.drawImage(bitmap, 0, 0);
    globalThis.remembered[name] = context.getImageData(0, 0, bitmap.width, bitmap.height);
  }, [name, readFileSync(path).toString('base64')]);

/** Most that two of them differ in a channel, and how many values differ at all. */
const difference = (page, one, other) =>
  page.evaluate(([one, other]) => {
    const [a, b] = [globalThis.remembered[one], globalThis.remembered[other]];
    if (a.width !== b.width || a.height !== b.height) return { most: 256, count: a.data.length };
    let [most, count] = [0, 0];
    for (let at = 0; at < a.data.length; at += 1) {
      const by = Math.abs(a.data[at] - b.data[at]);
      if (by > 0) count += 1;
      if (by > most) most = by;
    }
    return { most, count };
  }, [one, other]);

await scenario(async ({ page, files: [photo, marked, laidOut] }) => {
  const requests = [];
  page.on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
  const text = () => page.locator(field).inputValue();
  const caretBehind = (word) =>
    page.locator(field).evaluate((element, behind) => {
      const at = element.value.indexOf(behind) + behind.length;
      element.focus();
      element.setSelectionRange(at, at);
    }, word);

  // The upload page has nothing of the studio's but the way to it.
  await page.reload({ waitUntil: 'networkidle' });
  const uploadPage = requests.filter((request) => /studio/.test(request));
  await page.getByRole('link', { name: 'Template studio' }).click();
  await page.waitForFunction(() => performance.getEntriesByName('sealmark.file').length > 0);
  const module = requests.filter((request) => request.endsWith('.wasm') && request.includes('studio'));
  requests.length = 0;

  // A mistake is told under the caret, and mending it moves the picture.
  await remember(page, 'first');
  await caretBehind('bottom_right');
  await page.keyboard.press('Backspace');
  const message = page.locator('#editor-message');
  await message.waitFor();
  const told = {
    text: await message.innerText(),
    listed: await page.locator('#problems').innerText(),
    count: await page.locator('#problems-title').innerText(),
    isInvalid: await page.locator(field).getAttribute('aria-invalid'),
    underlined: await page.evaluate(() =>
      [...CSS.highlights.get('seal-error')].map((range) => range.startContainer.data.slice(range.startOffset, range.endOffset)),
    ),
    line: await page.evaluate(() => {
      const line = document.querySelector('.editor-numbers [data-severity="error"]');
      return {
        number: line.textContent,
        below: document.querySelector('#editor-message').getBoundingClientRect().top - line.getBoundingClientRect().bottom,
      };
    }),
    canBeSaved: await page.locator('#save-picture').isEnabled(),
  };
  const violationsOfMistake = await violations(page);
  await settled(page, () => message.getByRole('button').click());
  await remember(page, 'mended');
  const mended = { text: await text(), isGone: await message.isHidden(), same: await difference(page, 'first', 'mended') };
  await page.keyboard.press('Control+z');
  await page.locator('#problems .problem').waitFor();
  await settled(page, () => page.keyboard.press('Control+Shift+z'));
  const redone = await text();

  // Another corner, another picture; held for the original, none.
  await caretBehind('bottom_right');
  await page.keyboard.press('Control+Shift+ArrowLeft');
  await settled(page, () => page.keyboard.insertText('top_left'));
  await remember(page, 'moved');
  const moved = await difference(page, 'first', 'moved');
  await page.locator('#before').focus();
  await page.keyboard.down('Space');
  await remember(page, 'before');
  await page.keyboard.up('Space');
  const held = await difference(page, 'before', 'moved');

  // Tab indents, and behind Escape it leaves.
  await caretBehind('template "corner" {');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  const indented = (await text()).split('\n')[1];
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  const left = await page.evaluate(() => document.activeElement.id !== 'source');

  // Laid out as the command line does it.
  await page.locator(field).focus();
  await page.keyboard.press('Control+a');
  await settled(page, () => page.keyboard.insertText(readFileSync(laidOut, 'utf8').replaceAll(/ +/g, ' ')));
  await page.keyboard.press('Alt+Shift+F');
  await page.waitForFunction((wanted) => document.querySelector('#source').value === wanted, readFileSync(laidOut, 'utf8'));

  // A photograph of one's own: what is shown are the pixels of the worker's file.
  await settled(page, () => page.setInputFiles('#photo-input', photo));
  await remember(page, 'shown');
  await rememberFile(page, 'wanted', marked);
  const download = page.waitForEvent('download');
  await page.locator('#save-picture').click();
  const saved = readFileSync(await (await download).path());
  const own = {
    facts: await page.locator('#facts').innerText(),
    name: (await download).suggestedFilename(),
    sameBytes: saved.equals(readFileSync(marked)),
    difference: await difference(page, 'shown', 'wanted'),
  };

  // What the template names appears to be filled in, and what it lacks is said.
  await page.locator(field).focus();
  await page.keyboard.press('Control+a');
  await settled(page, () => page.keyboard.insertText('template "t" { text "{tags.sale} {hmac(key.trace, user_id):.8}" { } }'));
  await settled(page, () => page.getByLabel('tags.sale').fill('half price'));
  const named = await page.locator('#variables label').allInnerTexts();
  await page.locator(field).focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('template "t" { image "mark.png" { } }');
  await page.locator('[data-code="E0039"]').waitFor();
  const image = { name: 'mark.png', mimeType: 'image/png', buffer: readFileSync(new URL('../../crates/watermark-render/tests/golden/qr.png', import.meta.url)) };
  await settled(page, () => page.setInputFiles('#files-input', [image, { name: 'none.ttf', mimeType: 'font/ttf', buffer: Buffer.from('no font') }]));
  const files = await page.locator('#files li').evaluateAll((items) => items.map((item) => [item.querySelector('.file-name').textContent, item.dataset.state]));

  // Every example is right, and draws.
  const examples = {};
  for (const name of await page.locator('#examples option').evaluateAll((options) => options.map(({ value }) => value).filter(Boolean))) {
    await settled(page, () => page.locator('#examples').selectOption(name));
    examples[name] = await page.locator('#problems-title').getAttribute('data-state');
  }
  const last = 'template "t" { image "mark.png" { } }';
  await page.locator(field).focus();
  await page.keyboard.press('Control+a');
  await settled(page, () => page.keyboard.insertText(last));

  // Everybody can use it, and it is there again.
  const found = { mistake: violationsOfMistake };
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const language of ['en', 'zh']) {
      await page.locator(`[data-lang="${language}"]`).click();
      found[`${colorScheme} ${language}`] = await violations(page);
    }
  }
  const chinese = await page.title();
  const sent = [...new Set(requests)].filter((request) => !request.startsWith('GET /') || request.includes(basename(photo)));
  await page.reload();
  await page.locator('[data-code="E0039"]').waitFor();
  const kept = await text();
  say('done', { uploadPage, module, told, mended, redone, moved, held, indented, left, own, named, files, found, chinese, sent, kept, examples });
}, { acceptDownloads: true });
