// Wires the page together.

import { startConnectionBanner, startTokenBanner, showBroken } from './banners.js';
import { Cards } from './cards.js';
import { connection } from './connection.js';
import { Gallery } from './gallery.js';
import { startLanguage } from './i18n.js';
import { startIntake } from './intake.js';
import { session } from './session.js';
import { startTheme } from './theme.js';
import { Unfinished } from './unfinished.js';

startTheme();
startLanguage();
startTokenBanner();

/** The compiled uploader; without it the gallery still works. */
async function startUploader() {
  try {
    const { Uploader } = await import('../pkg/index.js');
    return new Uploader({ api: '', token: reason => session.token(reason) });
  } catch (error) {
    console.error('the uploader could not be started', error);
    showBroken();
    return null;
  }
}

// Files that come before the uploader is there wait for it.
let take = null;
const early = [];
startIntake({
  files: files => (take ? take.add(files) : early.push(...files)),
  transfer: transfer => (take ? take.addFrom(transfer) : early.push(...transfer.files)),
});

const gallery = new Gallery();
let count = 0;
const mood = () => {
  document.body.dataset.page = count > 0 || !gallery.isEmpty ? 'busy' : 'empty';
};
gallery.addEventListener('arranged', mood);

startConnectionBanner(() => connection.probe());
connection.addEventListener('change', () => {
  if (connection.state === 'online') gallery.load();
});
connection.start();
gallery.load();

const uploader = await startUploader();
if (uploader) {
  const cards = new Cards(uploader);
  cards.addEventListener('count', event => {
    count = event.detail;
    mood();
  });
  cards.addEventListener('trouble', () => connection.probe());
  gallery.follow(cards);
  take = uploader;
  if (early.length > 0) uploader.add(early.splice(0));
  new Unfinished(uploader, cards).load();
  addEventListener('pagehide', event => {
    if (!event.persisted) uploader.close();
  });
}
