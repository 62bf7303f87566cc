// One earlier picture.

import { copyButton } from './copy_link.js';
import { el, icon, setAttribute, setText } from './dom.js';
import { failure } from './failures.js';
import { day, moment, number, pixels, size } from './format.js';
import { extension } from './frame.js';
import { t } from './i18n.js';
import { whenNear } from './near.js';
import { showVersion, versionPath } from './version_image.js';

/** Narrowest and widest shape of an item; a picture beyond them is fitted in. */
const SHAPES = [0.8, 2.4];
const UNKNOWN_SHAPE = 1.4;

export class GalleryItem {
  #image = el('img', { decoding: 'async', alt: '', 'data-version-image': true, hidden: true });
  #sheetIcon = icon('photo');
  #sheetText = el('span');
  #sheet = el('span', { class: 'frame-sheet' }, this.#sheetIcon, this.#sheetText);
  #link = el('a', { class: 'item-picture', target: '_blank', rel: 'noopener' }, this.#sheet, this.#image);
  #name = el('h3', { class: 'item-name' });
  #details = el('p', { class: 'item-details quiet-text' });
  #failureWhat = el('strong');
  #failureTodo = el('span');
  #failure = el('p', { class: 'card-failure', hidden: true }, this.#failureWhat, this.#failureTodo);
  #copy = copyButton({ iconOnly: true });
  #asked = null;
  #missing = false;

  constructor(record) {
    this.element = el(
      'li',
      { class: 'item', 'data-media-id': record.media_id },
      this.#link,
      el('div', { class: 'item-words' }, el('div', {}, this.#name, this.#details, this.#failure), this.#copy.button),
    );
    this.update(record);
  }

  update(record) {
    this.record = record;
    const { current, media_id, state } = record;
    const shape = current ? current.width / current.height : UNKNOWN_SHAPE;
    this.element.dataset.state = state;
    this.element.style.setProperty('--shape', Math.min(Math.max(shape, SHAPES[0]), SHAPES[1]));
    if (current && this.#asked !== current.version) {
      this.#asked = current.version;
      this.#show(media_id);
    }
    this.render();
  }

  /** Writes the texts anew, in the language of now. */
  render() {
    const { current, file_name: name, failure: cause, media_id, size_bytes, state, created_at_ms } = this.record;
    setText(this.#name, name);
    this.#name.title = name;
    this.#image.alt = t('picture.marked_alt', { name });
    setText(
      this.#sheetText,
      state === 'ready'
        ? this.#missing
          ? t('picture.not_shown')
          : extension(name)
        : state === 'failed'
          ? ''
          : t('gallery.waiting'),
    );

    const details = current
      ? [size(current.size_bytes), pixels(current), t('gallery.version', { version: number(current.version) })]
      : [size(size_bytes)];
    this.#details.replaceChildren(...[...details, day(created_at_ms)].map(text => el('span', { text })));
    this.#details.title = moment(created_at_ms);

    this.#failure.hidden = state !== 'failed';
    if (state === 'failed') {
      const code = cause?.code ?? 'unknown';
      this.#failure.dataset.errorCode = code;
      setText(this.#failureWhat, failure(code).what);
      setText(this.#failureTodo, failure(code).todo);
    }
    if (current) {
      this.#link.href = versionPath(media_id);
      setAttribute(this.#link, 'aria-label', t('card.open_label', { action: t('card.open'), name }));
    }
    this.#copy.button.hidden = !current;
    this.#copy.setPicture(media_id, name);
  }

  async #show(mediaId) {
    await whenNear(this.element);
    const shown = await showVersion(this.#image, mediaId);
    this.#sheet.hidden = shown;
    this.#missing = !shown;
    this.render();
  }
}
