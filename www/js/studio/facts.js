// One line about the picture: what it is, which way the mark takes, and how long it took.

import { el } from '../dom.js';
import { number, pixels, size } from '../format.js';
import { onLanguage, t } from '../i18n.js';

/** Milliseconds with one digit behind the point where there are few. */
const milliseconds = ms => `${number(ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms))} ms`;

export class Facts {
  #place = document.querySelector('#facts');
  #photo = null;
  #file = null;
  #preview_ms = null;

  constructor() {
    onLanguage(() => this.#render());
  }

  photo(facts, bytes) {
    this.#photo = { ...facts, bytes };
    this.#file = null;
    this.#render();
  }

  preview(ms) {
    this.#preview_ms = ms;
    this.#render();
  }

  file(file) {
    this.#file = file;
    this.#render();
  }

  #render() {
    if (!this.#photo) return;
    const { format, structure, bytes, orientation } = this.#photo;
    const turned = orientation > 1 && t('studio.turned', { orientation });
    const told = [format, structure, pixels(this.#photo), turned, size(bytes)].filter(Boolean).join(', ');
    const rows = [['studio.fact.picture', told]];
    if (this.#file) {
      const { way, words, bytes: after, ms } = this.#file;
      rows.push(['studio.fact.way', t(`studio.way.${way}`), words]);
      rows.push(['studio.fact.file', `${size(after)} · ${milliseconds(ms)}`]);
    }
    if (this.#preview_ms !== null) rows.push(['studio.fact.preview', milliseconds(this.#preview_ms)]);
    this.#place.replaceChildren(
      ...rows.map(([key, value, title]) =>
        el('div', { 'data-fact': key.split('.').at(-1) }, el('dt', { text: t(key) }), el('dd', { text: value, title })),
      ),
    );
  }
}
