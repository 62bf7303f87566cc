// Which photograph is marked: a sample, or the user's own by choosing, dropping or pasting.

import { el, icon } from '../dom.js';
import { t } from '../i18n.js';
import { drawScene, SCENES } from './scenes.js';

const THUMB_PX = 112;

/** Event `choose`: `detail` is `{ sample }` or `{ file }`. */
export class Photos extends EventTarget {
  #list = document.querySelector('#photos');
  #buttons = new Map();
  #own = el(
    'span',
    { class: 'photo-own' },
    icon('add'),
    el('span', { 'data-i18n': 'studio.own', text: t('studio.own') }),
  );

  constructor() {
    super();
    for (const name of Object.keys(SCENES)) {
      const canvas = el('canvas', { class: 'photo-thumb', width: THUMB_PX, height: THUMB_PX, 'aria-hidden': 'true' });
      const button = el(
        'button',
        {
          type: 'button',
          class: 'photo',
          'data-sample': name,
          'aria-pressed': 'false',
          'aria-label': t(`studio.sample.${name}`),
          'data-i18n-aria': `studio.sample.${name}`,
          onclick: () => this.#choose({ sample: name }),
        },
        canvas,
      );
      this.#buttons.set(name, button);
      this.#list.append(el('li', {}, button));
      paintThumb(name, canvas);
    }
    const input = el('input', {
      type: 'file',
      id: 'photo-input',
      class: 'visually-hidden',
      accept: 'image/*',
      'aria-label': t('studio.own'),
      'data-i18n-aria': 'studio.own',
    });
    input.addEventListener('change', () => {
      const [file] = input.files;
      input.value = ''; // so that the same file can be chosen again
      if (file) this.#choose({ file });
    });
    this.#list.append(el('li', {}, el('label', { class: 'photo' }, input, this.#own)));
  }

  /** Marks which one is shown; none of the samples for the user's own. */
  show(name) {
    for (const [sample, button] of this.#buttons) button.setAttribute('aria-pressed', String(sample === name));
    this.#own.classList.toggle('chosen', !this.#buttons.has(name));
  }

  #choose(detail) {
    this.dispatchEvent(new CustomEvent('choose', { detail }));
  }
}

/** The middle of a scene, as a square. */
function paintThumb(name, canvas) {
  const { width, height } = SCENES[name];
  const context = canvas.getContext('2d');
  const scale = THUMB_PX / Math.min(width, height);
  context.translate((THUMB_PX - width * scale) / 2, (THUMB_PX - height * scale) / 2);
  drawScene(name, context, width * scale, height * scale);
}

/** Files that are dropped anywhere or pasted go to `take`. */
export function startDrops(take) {
  const drags = event => event.dataTransfer?.types.includes('Files');
  const show = shown => document.body.classList.toggle('dragging', shown);
  addEventListener('dragenter', event => {
    if (drags(event)) show(true);
  });
  addEventListener('dragleave', event => {
    if (!event.relatedTarget) show(false);
  });
  addEventListener('dragover', event => {
    if (drags(event)) event.preventDefault();
  });
  addEventListener('drop', event => {
    show(false);
    if (!drags(event)) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  addEventListener('paste', event => {
    const files = [...(event.clipboardData?.files ?? [])];
    // Some programs lay a picture of the text beside it.
    if (files.length === 0 || event.clipboardData.types.includes('text/plain')) return;
    event.preventDefault();
    take(files);
  });
}
