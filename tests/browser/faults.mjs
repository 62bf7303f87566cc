// Pages under faults, driven line by line: a JSON command comes in, a JSON answer goes out. One browser for the whole
// table; each row has a context of its own, as a visitor has a browser of their own.
import { createInterface } from 'node:readline';
import { PATIENCE, launch } from './chromium.mjs';

const origin = process.env.SEALMARK_URL;
const browser = await launch();
let context = null;
let pages = [];
let complaints = [];
let query = '';

async function open() {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`exception: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
    // The browser's own words where an answer has no CORS headers, which is what a broken link's answers look like.
    if (message.text().includes('blocked by CORS policy')) return;
    complaints.push(`console: ${message.text()}`);
  });
  await page.goto(`${origin}/?${query}`);
  await page.locator('body[data-started]').waitFor();
  pages.push(page);
}

const commands = {
  async begin({ query: given }) {
    await context?.close();
    [pages, complaints, query] = [[], [], given];
    context = await browser.newContext({ locale: 'en-US' });
    context.setDefaultTimeout(PATIENCE);
    await open();
  },
  open,
  async reload() {
    await pages[0].reload();
    await pages[0].locator('body[data-started]').waitFor();
  },
  async crash() {
    // The tab's process dies without a word to anybody.
    const page = pages.shift();
    await page.close({ runBeforeUnload: false });
    await open();
  },
  add: ({ at, file, name }) => pages[at].evaluate((name) => { globalThis.page.name = name; }, name ?? null)
    .then(() => pages[at].setInputFiles('#file-input', file)),
  tell: ({ what }) => Promise.all(pages.map((page) => page.evaluate((what) => globalThis.page.forAll(what), what))),
  offline: ({ offline }) => context.setOffline(offline),
  async quota({ bytes }) {
    const session = await context.newCDPSession(pages[0]);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: bytes });
  },
  async drop({ file }) {
    const session = await context.newCDPSession(pages[0]);
    const data = { items: [], files: [file], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop']) {
      await session.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
    }
  },
  async look() {
    const all = await Promise.all(pages.map((page) => page.evaluate(() => {
      const { uploads, seen, wrongs, questions } = globalThis.page;
      const shown = [...document.querySelectorAll('#uploads li')].map(({ dataset, textContent }) => ({
        state: dataset.state, code: dataset.errorCode ?? null, text: textContent, snapshot: uploads[dataset.id],
        seen: seen[dataset.id],
      }));
      return { shown, wrongs, questions };
    })));
    return {
      shown: all.flatMap(({ shown }) => shown),
      wrongs: [...complaints, ...all.flatMap(({ wrongs }) => wrongs)],
      questions: all.flatMap(({ questions }) => questions),
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...details } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[command](details)) ?? null };
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
