// The button that copies a picture's link, and says so for a moment.

import { announce } from './announce.js';
import { el, icon, setAttribute, setIcon, setText } from './dom.js';
import { t } from './i18n.js';
import { versionLink } from './version_image.js';

const TOLD_MS = 2_000;

/** A copy button; `iconOnly` leaves the words to its label. */
export function copyButton({ iconOnly = false } = {}) {
  const symbol = icon('link');
  const words = el('span');
  const button = el(
    'button',
    { type: 'button', class: `button${iconOnly ? ' icon' : ''}`, 'data-action': 'copy' },
    symbol,
    iconOnly ? null : words,
  );
  let picture = null;
  let timer = 0;

  const render = () => {
    setIcon(symbol, timer ? 'check' : 'link');
    const said = t(timer ? 'card.copied' : 'card.copy');
    setText(words, said);
    setAttribute(button, 'aria-label', t('card.action', { action: said, name: picture.name }));
    if (iconOnly) button.title = said;
  };
  const copy = async () => {
    const link = versionLink(picture.mediaId);
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      announce('picture.link_failed', { link });
      // Without the right to the clipboard the browser's own dialog still lets the link be copied by hand.
      prompt(t('card.copy'), link);
      return;
    }
    announce('say.copied');
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      render();
    }, TOLD_MS);
    render();
  };
  button.addEventListener('click', copy);
  return {
    button,
    /** Names the picture whose link is copied, and writes the words in the language of now. */
    setPicture(mediaId, name) {
      picture = { mediaId, name };
      render();
    },
  };
}
