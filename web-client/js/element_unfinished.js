// Uploads of earlier visits in <sealmark-uploader>: gone on with by one click where the browser kept the file's handle.

import { el, write } from './element_style.js';

/** More of them are shown when these are dealt with. */
const MOST = 5;

export class Unfinished {
  #page;
  #entries = [];
  #words;
  #title = el('h3');
  #list = el('ul', { role: 'list' });

  /** @param {{uploader: () => object, add: (files: File[]) => void, say: (text: string) => void, focus: () => void}} page */
  constructor(page) {
    this.#page = page;
    this.element = el('section', { class: 'left', part: 'unfinished', hidden: true }, this.#title, this.#list);
  }

  async load() {
    const uploader = this.#page.uploader();
    this.#entries = (await uploader?.unfinished().catch(() => [])) ?? [];
    this.render(this.#words);
  }

  render(words) {
    this.#words = words;
    this.element.hidden = this.#entries.length === 0;
    write(this.#title, words.t('unfinished'));
    this.element.setAttribute('aria-label', words.t('unfinished'));
    this.#list.replaceChildren(...this.#entries.slice(0, MOST).map(entry => this.#row(entry)));
  }

  #row(entry) {
    const { fingerprint, file_name: name, size_bytes: size, acknowledged_bytes: done } = entry;
    const words = this.#words;
    const problem = el('p', { class: 'problem', role: 'alert' });
    const input = el('input', { type: 'file', tabIndex: -1, 'aria-hidden': 'true' });
    const button = (key, primary, work) => {
      const label = words.t('action', { action: words.t(key), name });
      const made = el('button', { type: 'button', class: `button small${primary ? ' primary' : ''}`, part: `button ${key}`, 'aria-label': label, 'data-action': key }, words.t(key));
      made.addEventListener('click', work);
      return made;
    };
    input.addEventListener('change', () => {
      const [file] = input.files;
      input.value = '';
      if (!file) return;
      if (file.name !== name) return write(problem, words.t('other_file', { name }));
      this.#page.add([file]);
      this.#drop(fingerprint);
    });
    const choose = () => input.click();
    const go = async () => {
      try {
        await this.#page.uploader().resumeUnfinished(fingerprint);
        this.#drop(fingerprint);
      } catch (error) {
        const isChanged = error.code === 'file_changed' || error.code === 'file_unreadable';
        write(problem, isChanged ? words.error(error.code) : words.t('denied', { name }));
        next.replaceWith(button('choose_again', true, choose));
      }
    };
    const next = entry.has_handle ? button('continue', true, go) : button('choose_again', true, choose);
    const forget = button('forget', false, async () => {
      await this.#page.uploader().forget(fingerprint).catch(() => {});
      this.#drop(fingerprint);
    });
    const sent = words.t('unfinished_sent', { done: words.size(done), total: words.size(size) });
    return el(
      'li',
      { 'data-fingerprint': fingerprint },
      el('div', { class: 'words' }, el('span', { class: 'name', title: name }, name), el('p', { class: 'status' }, el('span', {}, sent))),
      next, forget, input, problem,
    );
  }

  #drop(fingerprint) {
    this.#entries = this.#entries.filter(entry => entry.fingerprint !== fingerprint);
    this.render(this.#words);
    const [button] = this.#list.querySelectorAll('button');
    if (button) button.focus();
    else this.#page.focus();
  }
}
