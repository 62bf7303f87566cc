// One upload in the list of <sealmark-uploader>.

import { ROW, attribute, el, icon, write } from './element_style.js';

const PAUSABLE = new Set(['preparing', 'uploading', 'offline', 'waiting']);
const ENDED = new Set(['ready', 'failed', 'cancelled']);
/** What a repeat does not mend. */
const FINAL = new Set([
  'empty_file', 'file_too_large', 'too_many_pixels', 'image_too_large', 'type_refused', 'unsupported_format',
  'broken_image', 'duplicate', 'is_directory', 'forbidden', 'template_refused',
]);

/** The code of a failed upload: the client's own, or the picture's. */
export const codeOf = ({ error, media }) => error?.code ?? media?.failure?.code ?? 'unknown';

export class Row {
  #name = el('span', { class: 'name', part: 'name' });
  #status = el('span');
  #bar = el('div', { class: 'bar', part: 'bar', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' }, el('span'));
  #thumb = el('div', { class: 'thumb', part: 'thumb', 'aria-hidden': 'true' }, icon('picture'));
  #buttons = {};
  #shown = null;

  /** @param {(action: string, id: string) => void} act */
  constructor(id, act) {
    this.id = id;
    const buttons = ['pause', 'resume', 'retry', 'cancel', 'remove'].map(action => {
      const button = el('button', { type: 'button', part: `button ${action}`, 'data-action': action }, icon(action));
      button.addEventListener('click', () => act(action, id));
      this.#buttons[action] = button;
      return button;
    });
    this.element = el(
      'li',
      { class: 'row', part: 'row', 'data-upload-id': id, tabIndex: -1 },
      this.#thumb,
      el('div', { class: 'words' }, this.#name, this.#bar, el('p', { class: 'status', part: 'status' }, this.#status)),
      el('div', { class: 'acts' }, ...buttons),
    );
  }

  /** Where it is in the whole list, of which only the rows in view exist. */
  place(index, count) {
    this.element.style.top = `${index * ROW}px`;
    attribute(this.element, 'aria-posinset', index + 1);
    attribute(this.element, 'aria-setsize', count);
  }

  /** @param {string} url - of the thumbnail; taken over from whoever keeps it */
  picture(url) {
    const image = this.#thumb.querySelector('img');
    if (image?.src !== url) this.#thumb.replaceChildren(el('img', { src: url, alt: '', decoding: 'async' }));
  }

  render(snapshot, words) {
    if (this.#shown?.snapshot === snapshot && this.#shown.words === words) return;
    this.#shown = { snapshot, words };
    const { state, file_name: name, size_bytes: size, media_id } = snapshot;
    attribute(this.element, 'data-state', state);
    attribute(this.element, 'data-media-id', media_id);
    attribute(this.element, 'data-error-code', state === 'failed' ? codeOf(snapshot) : null);
    attribute(this.element, 'aria-label', `${name}, ${words.t(state)}`);
    write(this.#name, name);
    this.#name.title = name;

    const isWhole = state === 'completing' || state === 'processing' || state === 'ready';
    const share = isWhole ? 1 : size > 0 ? Math.min(1, snapshot.sent_bytes / size) : 0;
    const isEnded = ENDED.has(state);
    this.#bar.hidden = isEnded;
    this.#bar.style.setProperty('--share', share);
    attribute(this.#bar, 'aria-label', words.t('progress', { name }));
    attribute(this.#bar, 'aria-valuenow', Math.floor(share * 100));
    attribute(this.#bar, 'aria-valuetext', `${words.percent(share)}, ${words.t(state)}`);
    write(this.#status, statusOf(snapshot, words));
    this.#status.title = state === 'failed' ? this.#status.textContent : '';

    const shown = {
      pause: PAUSABLE.has(state),
      resume: state === 'paused',
      retry: state === 'cancelled' || (state === 'failed' && !FINAL.has(codeOf(snapshot))),
      cancel: PAUSABLE.has(state) || state === 'paused',
      remove: isEnded,
    };
    const focused = this.element.getRootNode().activeElement;
    for (const [action, button] of Object.entries(this.#buttons)) {
      button.hidden = !shown[action];
      attribute(button, 'aria-label', words.t('action', { action: words.t(action), name }));
      button.title = words.t(action);
    }
    // A button that goes away must not take the keyboard's place with it.
    if (focused?.hidden && this.element.contains(focused)) {
      const [next] = Object.values(this.#buttons).filter(button => !button.hidden);
      (next ?? this.element).focus({ preventScroll: true });
    }
  }
}

function statusOf(snapshot, words) {
  const { state, size_bytes: size, sent_bytes: sent, speed_bytes_per_s: speed, remaining_s: remaining } = snapshot;
  if (state === 'failed') return words.error(codeOf(snapshot));
  const parts = [words.t(state)];
  if (state === 'uploading' || state === 'paused' || state === 'offline' || state === 'waiting') {
    parts.push(words.t('sent', { done: words.size(Math.min(sent, size)), total: words.size(size) }));
  } else if (size > 0) {
    parts.push(words.size(size));
  }
  if (state === 'uploading' && speed >= 1000) parts.push(words.size(speed, '-per-second'));
  if (state === 'uploading' && remaining !== null) parts.push(words.t('left', { time: words.duration(remaining) }));
  return parts.join(' · ');
}
