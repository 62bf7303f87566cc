// The one live region. Outcomes that come close together are told in one sentence; progress is never told.

import { onLanguage, t, tn } from './i18n.js';

const GATHER_MS = 1_200;
const groups = new Map();
let timer = 0;

function flush() {
  timer = 0;
  const sentences = [...groups].map(([key, entries]) => tn(key, entries.length, entries[0]));
  groups.clear();
  document.querySelector('#announcer').textContent = sentences.join('. ');
}

/** Tells an outcome by its plural key, together with others of the same kind. */
export function announceOutcome(key, values) {
  groups.set(key, [...(groups.get(key) ?? []), values]);
  timer ||= setTimeout(flush, GATHER_MS);
}

/** Tells a single thing that the user has just caused or must know at once. */
export function announce(key, values) {
  const region = document.querySelector('#announcer');
  region.textContent = '';
  requestAnimationFrame(() => {
    region.textContent = t(key, values);
  });
}

// What was said before is not said again in another language.
onLanguage(() => {
  document.querySelector('#announcer').textContent = '';
});
