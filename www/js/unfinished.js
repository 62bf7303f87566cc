// Uploads of an earlier visit that wait for their file to be chosen again.

import { el, icon, setText } from './dom.js';
import { ago, size } from './format.js';
import { onLanguage, t } from './i18n.js';

export class Unfinished {
  #uploader;
  #cards;
  #entries = [];
  #turn = 0;
  #section = document.querySelector('#unfinished-section');
  #list = document.querySelector('#unfinished');

  constructor(uploader, cards) {
    this.#uploader = uploader;
    this.#cards = cards;
    cards.addEventListener('known', () => this.#render());
    cards.addEventListener('dropped', () => this.load());
    onLanguage(() => this.#render());
  }

  /** Reads what is left over and shows it. */
  async load() {
    const turn = ++this.#turn;
    const entries = await this.#uploader.unfinished();
    if (turn !== this.#turn) return; // a later look has overtaken this one
    this.#entries = entries;
    this.#render();
  }

  #render() {
    const open = this.#entries.filter(entry => !this.#cards.shows({ upload_id: entry.upload_id }));
    this.#list.replaceChildren(...open.map(entry => this.#row(entry)));
    this.#section.hidden = open.length === 0;
  }

  #row(entry) {
    const { fingerprint, file_name: name, size_bytes, acknowledged_bytes, updated_at_ms, has_handle } = entry;
    const problem = el('p', { class: 'unfinished-problem', role: 'alert' });
    const meter = el('div', { class: 'meter', 'aria-hidden': 'true' }, el('span'));
    meter.style.setProperty('--share', acknowledged_bytes / size_bytes);
    const input = el('input', { type: 'file', tabindex: '-1', class: 'visually-hidden', 'aria-hidden': 'true' });
    input.addEventListener('change', () => {
      const [file] = input.files;
      if (!file) return;
      if (file.size === size_bytes) return void this.#uploader.add([file]);
      input.value = '';
      setText(problem, t('unfinished.other_file', { name, found: size(file.size), wanted: size(size_bytes) }));
    });
    const goOn = async () => {
      try {
        await this.#uploader.resumeUnfinished(fingerprint);
      } catch (error) {
        // The file has gone, or may not be read: choosing it is the other way.
        setText(problem, t(error.code === 'file_changed' ? 'error.file_changed.what' : 'unfinished.not_readable', { name }));
        input.click();
      }
    };
    const words = has_handle ? 'unfinished.continue' : 'unfinished.choose_short';
    return el(
      'li',
      { class: 'unfinished-row', 'data-fingerprint': fingerprint },
      icon('clock'),
      el(
        'div',
        { class: 'unfinished-words' },
        el('h3', { text: has_handle ? name : t('unfinished.choose', { name }) }),
        el('p', {
          class: 'quiet-text',
          text: t('unfinished.state', {
            done: size(acknowledged_bytes),
            total: size(size_bytes),
            when: ago(updated_at_ms),
          }),
        }),
        meter,
        problem,
      ),
      el(
        'div',
        { class: 'unfinished-actions' },
        el(
          'button',
          {
            type: 'button',
            class: 'button primary',
            'data-action': 'choose',
            'aria-label': `${t(words)}: ${name}`,
            onclick: () => (has_handle ? goOn() : input.click()),
          },
          el('span', { text: t(words) }),
        ),
        el(
          'button',
          {
            type: 'button',
            class: 'button quiet',
            'data-action': 'forget',
            'aria-label': `${t('unfinished.forget')}: ${name}`,
            onclick: () => this.#forget(fingerprint),
          },
          el('span', { text: t('unfinished.forget') }),
        ),
        input,
      ),
    );
  }

  async #forget(fingerprint) {
    await this.#uploader.forget(fingerprint);
    await this.load();
    const next = this.#section.hidden
      ? document.querySelector('#file-input')
      : document.querySelector('#unfinished-title');
    next.focus();
  }
}
