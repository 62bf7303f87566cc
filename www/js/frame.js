// The picture area of a card: the local original while it travels, then the marked version with a before/after slider.
// One position (--at) serves both: the edge of what is sent, later the edge between original and marked version.

import { el, icon, setAttribute, setText } from './dom.js';
import { percent } from './format.js';
import { onLanguage, t } from './i18n.js';
import { whenNear } from './near.js';
import { showVersion } from './version_image.js';

/** Types that every current browser shows; others get a sheet with their extension. */
const SHOWN = /^image\/(jpeg|a?png|gif|webp|avif|bmp)$/;
const MIDDLE = 50;

export class Frame {
  #name = '';
  #url = null;
  #near;
  #asked = false;
  #compares = false;
  #missing = false;
  #disposed = false;
  #original = el('img', { class: 'frame-original', decoding: 'async', alt: '', hidden: true });
  #version = el('img', {
    class: 'frame-version',
    decoding: 'async',
    alt: '',
    'data-version-image': true,
    hidden: true,
  });
  #sheetText = el('span');
  #sheet = el('div', { class: 'frame-sheet' }, icon('photo'), this.#sheetText);
  #range = el('input', { type: 'range', class: 'frame-range', min: '0', max: '100', step: '1', hidden: true });
  #tags = ['card.original', 'card.marked'].map(key =>
    el('span', { class: 'frame-tag', 'aria-hidden': 'true', 'data-i18n': key, text: t(key) }),
  );

  constructor() {
    this.element = el(
      'div',
      { class: 'frame' },
      this.#sheet,
      this.#version,
      this.#original,
      el('div', { class: 'frame-veil' }),
      ...this.#tags,
      el('div', { class: 'frame-seal', 'aria-hidden': 'true' }),
      this.#range,
      el('div', { class: 'frame-edge', 'aria-hidden': 'true' }, el('span', { class: 'frame-grip' }, icon('compare'))),
    );
    this.#range.addEventListener('input', () => {
      this.element.classList.remove('arriving');
      this.#moveEdge(Number(this.#range.value));
      this.#label();
    });
    this.#original.addEventListener('load', () => this.#pair());
    this.#near = whenNear(this.element);
    onLanguage(() => this.#label());
  }

  /** Shows a local file as soon as the frame comes near the window. */
  async setFile(file) {
    this.#name = file.name;
    this.#label();
    if (!SHOWN.test(file.type) || file.size === 0) return;
    await this.#near;
    if (this.#disposed) return;
    this.#url = URL.createObjectURL(file);
    this.#original.src = this.#url;
  }

  /** The share already sent, 0 to 1. */
  setShare(share) {
    if (!this.#compares) this.#moveEdge(share * 100);
  }

  /** Puts the marked version beneath the original, and the slider over both. */
  async setVersion(mediaId) {
    if (this.#asked) return;
    this.#asked = true;
    await this.#near;
    this.#missing = !(await showVersion(this.#version, mediaId));
    this.#pair();
  }

  /** Frees the local picture. */
  dispose() {
    this.#disposed = true;
    if (this.#url) URL.revokeObjectURL(this.#url);
  }

  /** Shows what there is: the original, the version, or both under the slider. They may come in any order. */
  #pair() {
    const original = isLoaded(this.#original);
    const version = isLoaded(this.#version);
    // The two must lie exactly over each other; a version of another shape stands alone.
    const both = original && version && sameShape(this.#original, this.#version);
    this.#original.hidden = !original || (version && !both);
    this.#sheet.hidden = original || version;
    this.element.classList.toggle('has-original', !this.#original.hidden);
    if (both && !this.#compares) {
      this.#compares = true;
      this.#range.hidden = false;
      this.#range.value = String(MIDDLE);
      this.element.classList.add('compares', 'arriving');
      this.element.addEventListener('transitionend', () => this.element.classList.remove('arriving'), { once: true });
      this.#moveEdge(MIDDLE);
    }
    this.#label();
  }

  #moveEdge(position) {
    this.element.style.setProperty('--at', `${position}%`);
  }

  #label() {
    const name = this.#name;
    setText(this.#sheetText, this.#missing ? t('picture.not_shown') : extension(name));
    this.#original.alt = t('picture.original_alt', { name });
    this.#version.alt = t('picture.marked_alt', { name });
    setAttribute(this.#range, 'aria-label', t('picture.compare', { name }));
    setAttribute(
      this.#range,
      'aria-valuetext',
      t('picture.compare_value', { percent: percent(Number(this.#range.value) / 100) }),
    );
  }
}

/** The extension of a file's name in capitals, at most five letters; empty where there is none. */
export function extension(name) {
  return /\.([a-z0-9]{1,5})$/i.exec(name)?.[1].toUpperCase() ?? '';
}

const isLoaded = image => image.complete && image.naturalWidth > 0;

function sameShape(one, other) {
  const ratio = image => image.naturalWidth / image.naturalHeight;
  return Math.abs(ratio(one) / ratio(other) - 1) < 0.01;
}
