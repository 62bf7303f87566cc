// Starts the installed Chromium with a fresh profile, and gives scripts a page and a way to talk to the test.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Longest wait for anything in the page, in milliseconds. */
export const PATIENCE = 80_000;

/** Tells the test that a step is reached. */
export function say(step, more = {}) {
  process.stdout.write(`${JSON.stringify({ step, ...more })}\n`);
}

let lines = null;

/** Waits until the test says that the script may go on. */
export async function wait() {
  lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  await lines.next();
}

/** A browser with a fresh profile. */
export function launch() {
  return chromium.launch({ executablePath: process.env.SEALMARK_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/**
 * Runs a scenario in a browser of its own. A failure leaves a screenshot, and so does a console error or an exception
 * in the page, for both are failures, but for a console error that `tolerated` knows.
 */
export async function scenario(run, { locale = 'en-US', tolerated = () => false, ...more } = {}) {
  const browser = await launch();
  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 900 }, ...more });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    // The browser itself reports each failed request; what the page makes of it is what the scenarios look at.
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource') && !tolerated(text)) {
      complaints.push(`console: ${text}`);
    }
  });
  page.on('pageerror', (error) => complaints.push(`exception: ${error.stack ?? error}`));
  try {
    await page.goto(process.env.SEALMARK_START ?? process.env.SEALMARK_URL);
    await run({ page, context, files: process.argv.slice(2) });
    if (complaints.length > 0) throw new Error(`the page complained:\n${complaints.join('\n')}`);
  } catch (error) {
    const out = process.env.SEALMARK_OUT ?? '.';
    mkdirSync(out, { recursive: true });
    const picture = join(out, `failure-${Date.now()}.png`);
    await page.screenshot({ path: picture, fullPage: true }).catch(() => {});
    console.error(error);
    console.error(`screenshot: ${picture}`, complaints);
    process.exitCode = 1;
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
}

/** Puts files into the page as a person would by the file chooser. */
export async function choose(page, files) {
  await page.setInputFiles('#file-input', files);
}

/** Waits until there is a card in this state, and gives it. */
export async function card(page, state) {
  const found = page.locator(`[data-upload-id][data-state="${state}"]`).first();
  await found.waitFor();
  return found;
}

/** The version picture of a card or gallery item, once its pixels are there. */
export async function versionPixels(item) {
  const image = item.locator('img[data-version-image]').first();
  await image.waitFor({ state: 'attached' });
  await image.scrollIntoViewIfNeeded();
  return image.evaluate(async (element) => {
    await element.decode();
    return { width: element.naturalWidth, height: element.naturalHeight, src: element.src };
  });
}
