// <sealmark-uploader>: the whole upload widget as a custom element. Types and attributes: element.d.ts.

import { Uploader, UploaderError } from './index.js';
import { List } from './element_list.js';
import { codeOf } from './element_row.js';
import { attribute, el, icon, style, write } from './element_style.js';
import { Words } from './element_texts.js';
import { Unfinished } from './element_unfinished.js';
import { optionsOf, tokenFrom } from './element_options.js';
import { batchesOf } from './intake.js';

/** Outcomes that come close together are told in one sentence. */
const GATHER_MS = 1_000;

export class SealmarkUploader extends HTMLElement {
  static observedAttributes = ['lang', 'multiple', 'accept', 'capture', 'directories', 'disabled'];

  #uploader = null;
  #token = null;
  #texts = {};
  #words = new Words('en');
  #told = new Map();
  #saying = 0;
  #over = 0;
  #sheet = new CSSStyleSheet();

  #list = new List(id => this.#uploader?.snapshot(id), (action, id) => this.#act(action, id));
  #unfinished = new Unfinished({
    uploader: () => this.#uploader,
    add: files => this.#offer(() => this.add(files)),
    say: text => this.#say(text),
    focus: () => this.#choose.focus(),
  });
  #input = el('input', { type: 'file', tabIndex: -1, 'aria-hidden': 'true' });
  #camera = el('input', { type: 'file', tabIndex: -1, 'aria-hidden': 'true', accept: 'image/*' });
  #folder = el('input', { type: 'file', tabIndex: -1, 'aria-hidden': 'true', webkitdirectory: true });
  #chooseText = el('span');
  #cameraText = el('span');
  #folderText = el('span');
  #hint = el('p', { class: 'hint', part: 'hint', id: 'hint' });
  #choose = el('button', { type: 'button', class: 'button primary', part: 'button choose', 'aria-describedby': 'hint' }, this.#chooseText);
  #shoot = el('button', { type: 'button', class: 'button', part: 'button camera' }, icon('camera'), this.#cameraText);
  #open = el('button', { type: 'button', class: 'button', part: 'button folder' }, icon('folder'), this.#folderText);
  #drop = el(
    'div',
    { class: 'drop', part: 'drop' },
    el('span', { class: 'mark', part: 'icon' }, icon('add')),
    el('div', { class: 'choices' }, this.#choose, this.#shoot, this.#open),
    this.#hint,
  );
  #numbers = el('p', { class: 'numbers', part: 'numbers' });
  #bar = el('div', { class: 'bar total', part: 'bar total', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' }, el('span'));
  #bulk = Object.fromEntries(
    ['pause_all', 'resume_all', 'retry_all', 'clear'].map(name => [
      name,
      el('button', { type: 'button', class: 'button small', part: `button ${name}`, 'data-action': name }),
    ]),
  );
  #summary = el(
    'div',
    { class: 'summary', part: 'summary', hidden: true },
    el('div', { class: 'line' }, this.#numbers, el('div', { class: 'bulk' }, ...Object.values(this.#bulk))),
    this.#bar,
  );
  #live = el('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  #frame = el('div', { class: 'frame', part: 'frame', role: 'group' });

  constructor() {
    super();
    this.#sheet.replaceSync(style);
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true });
    root.adoptedStyleSheets = [this.#sheet];
    this.#frame.append(
      this.#drop, this.#input, this.#camera, this.#folder, this.#unfinished.element, this.#summary, this.#list.element, this.#live,
    );
    root.append(this.#frame);
    this.#listen();
  }

  /** Gives a bearer token; before `token-url`. */
  get token() { return this.#token; }
  set token(token) {
    this.#token = token;
    this.#begin();
  }

  /** Texts that go before the built-in ones, by the keys of element_texts.js. */
  get texts() { return this.#texts; }
  set texts(texts) {
    this.#texts = texts ?? {};
    this.#speak();
  }

  /** More options for `new Uploader`; set them before the first file. */
  options = Object.hasOwn(this, 'options') ? this.options : {};

  /** The Uploader behind it; null until there is a token to be had. */
  get uploader() { return this.#uploader; }

  /** Takes files as `Uploader.add` does. */
  add(files, options) { return this.#begin() ? this.#uploader.add(files, options) : []; }

  /** Takes what was dropped or pasted, as `Uploader.addFrom` does. */
  async addFrom(transfer, options) { return this.#begin() ? this.#uploader.addFrom(transfer, options) : []; }

  connectedCallback() {
    // Frameworks set properties before or after they connect an element, or keep them waiting from before its upgrade.
    for (const name of ['token', 'texts']) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    document.addEventListener('paste', this.#onPaste);
    this.#speak();
    queueMicrotask(() => this.#begin());
  }

  disconnectedCallback() {
    document.removeEventListener('paste', this.#onPaste);
    // An element that is only moved is back at once.
    setTimeout(() => {
      if (this.isConnected || !this.#uploader) return;
      this.#uploader.close();
      this.#uploader = null;
      this.#list.clear();
    });
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#speak();
  }

  #begin() {
    if (this.#uploader) return true;
    const fromUrl = tokenFrom(this.getAttribute('token-url'));
    if (!(this.#token || fromUrl) || !this.isConnected) return false;
    // The page may give another one later.
    const token = reason => (this.#token ?? fromUrl)(reason);
    const uploader = new Uploader({ ...optionsOf(this), ...this.options, token });
    this.#uploader = uploader;
    uploader.addEventListener('added', ({ detail }) => {
      this.#list.add(detail.map(({ id }) => id));
      this.#gather('say_added', { name: detail[0].file_name }, detail.map(({ id }) => id));
      this.#again('added', detail);
    });
    uploader.addEventListener('change', ({ detail }) => {
      this.#outcome(detail);
      this.#again('change', detail);
    });
    uploader.addEventListener('totals', ({ detail }) => {
      this.#list.soon();
      this.#renderTotals(detail);
      this.#again('totals', detail);
    });
    uploader.addEventListener('thumbnail', ({ detail }) => {
      this.#list.picture(detail.id, detail.blob);
      this.#again('thumbnail', detail);
    });
    this.#unfinished.load();
    return true;
  }

  #again(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #listen() {
    this.#choose.addEventListener('click', event => {
      event.stopPropagation();
      this.#pick();
    });
    this.#shoot.addEventListener('click', event => { event.stopPropagation(); this.#camera.click(); });
    this.#open.addEventListener('click', event => { event.stopPropagation(); this.#folder.click(); });
    this.#drop.addEventListener('click', () => this.#pick());
    for (const input of [this.#input, this.#camera, this.#folder]) {
      input.addEventListener('change', () => {
        const files = [...input.files];
        input.value = ''; // so that the same file can be chosen again
        if (files.length > 0) this.#offer(() => this.add(files));
      });
    }
    const frame = this.#frame;
    const drags = event => !this.hasAttribute('disabled') && event.dataTransfer?.types.includes('Files');
    const over = change => frame.classList.toggle('over', (this.#over = Math.max(0, this.#over + change)) > 0);
    frame.addEventListener('dragenter', event => { if (drags(event)) { over(1); write(this.#hint, this.#words.t('release')); } });
    frame.addEventListener('dragleave', event => {
      if (!drags(event)) return;
      over(-1);
      if (this.#over === 0) write(this.#hint, this.#words.t('hint'));
    });
    frame.addEventListener('dragover', event => {
      if (!drags(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
    });
    frame.addEventListener('drop', event => {
      if (!drags(event)) return;
      event.preventDefault();
      over(-this.#over);
      write(this.#hint, this.#words.t('hint'));
      this.#take(event.dataTransfer);
    });
    this.#bulk.pause_all.addEventListener('click', () => this.#uploader?.pause());
    this.#bulk.resume_all.addEventListener('click', () => this.#uploader?.resume());
    this.#bulk.retry_all.addEventListener('click', () => this.#uploader?.retry());
    this.#bulk.clear.addEventListener('click', () => {
      const ended = this.#uploader.snapshots.filter(({ state }) => state === 'ready' || state === 'cancelled');
      this.#remove(ended.map(({ id }) => id));
      this.#choose.focus();
    });
  }

  /** By the picker that gives handles, where there is one: they make a later visit go on by itself. */
  async #pick() {
    if (this.hasAttribute('disabled')) return;
    if (!globalThis.showOpenFilePicker) return this.#input.click();
    let handles;
    try {
      handles = await showOpenFilePicker({ multiple: this.hasAttribute('multiple'), ...optionsOf.picker(this) });
    } catch (error) {
      if (error.name !== 'AbortError') this.#input.click(); // a frame of another origin may not show it
      return;
    }
    this.#offer(() => this.add(handles));
  }

  /** Adds for the user, who is told where the Worker has broken down. */
  async #offer(add) {
    try {
      await add();
    } catch (error) {
      if (!(error instanceof UploaderError)) throw error;
      const text = this.#words.error(error.code);
      write(this.#hint, text);
      this.#say(text);
    }
  }

  /** Takes what the user dropped or pasted; without `multiple` the first of it. */
  #take(transfer) {
    if (this.hasAttribute('multiple')) return this.#offer(() => this.addFrom(transfer));
    const batches = batchesOf(transfer); // at once, for it is empty when its event is over
    this.#offer(async () => {
      for await (const [first] of batches) return this.add([first]);
    });
  }

  /** Pasted files are ours unless the user writes somewhere, or another uploader has the keyboard. */
  #onPaste = event => {
    const [target] = event.composedPath();
    const isMine = event.composedPath().includes(this);
    const elsewhere = target.closest?.('input, textarea, select, [contenteditable]') || document.activeElement?.localName === this.localName;
    if (event.defaultPrevented || this.hasAttribute('disabled') || (elsewhere && !isMine)) return;
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    this.#take(event.clipboardData);
  };

  #act(action, id) {
    if (action === 'remove') return this.#remove([id]);
    this.#uploader[action](id);
  }

  #remove(ids) {
    const gone = this.#uploader.remove(ids);
    if (gone.length > 0 && this.#list.remove(gone)) this.#choose.focus();
    if (this.#uploader.snapshots.length === 0) this.#summary.hidden = true;
  }

  #outcome(snapshot) {
    const { state, file_name: name } = snapshot;
    if (state === 'ready') this.#gather('say_ready', { name }, [snapshot.id]);
    if (state === 'failed') this.#gather('say_failed', { name, reason: this.#words.error(codeOf(snapshot)) }, [snapshot.id]);
  }

  /** `values` are those of the first one, which are said where it stays the only one. */
  #gather(key, values, ids) {
    const told = this.#told.get(key) ?? { values, ids: new Set() };
    for (const id of ids) told.ids.add(id);
    this.#told.set(key, told);
    this.#saying ||= setTimeout(() => {
      this.#saying = 0;
      const sentences = [...this.#told].map(([one, all]) => this.#words.many(one, all.ids.size, all.values));
      this.#told.clear();
      this.#say(sentences.join('. '));
    }, GATHER_MS);
  }

  #say(text) {
    this.#live.textContent = '';
    requestAnimationFrame(() => { this.#live.textContent = text; });
  }

  #renderTotals({ count, counts, size_bytes: size, sent_bytes: sent, speed_bytes_per_s: speed, remaining_s: remaining }) {
    const words = this.#words;
    const ended = counts.ready + counts.failed + counts.cancelled;
    const share = size > 0 ? Math.min(1, sent / size) : Number(counts.ready > 0);
    this.#summary.hidden = count === 0;
    const numbers = [
      words.t('done', { done: words.number(counts.ready), count: words.number(count - counts.cancelled) }),
      counts.failed > 0 ? words.t('attention', { count: words.number(counts.failed) }) : null,
      ended < count ? words.percent(share) : null,
      speed > 0 ? words.size(speed, '-per-second') : null,
      remaining !== null ? words.t('left', { time: words.duration(remaining) }) : null,
    ];
    write(this.#numbers, numbers.filter(Boolean).join(' · '));
    this.#bar.hidden = ended === count;
    this.#bar.style.setProperty('--share', share);
    attribute(this.#bar, 'aria-valuenow', Math.floor(share * 100));
    attribute(this.#bar, 'aria-valuetext', this.#numbers.textContent);
    const holdable = counts.preparing + counts.uploading + counts.offline + counts.waiting;
    const shown = { pause_all: holdable > 1, resume_all: counts.paused > 1, retry_all: counts.failed > 1, clear: counts.ready + counts.cancelled > 0 };
    const focused = this.shadowRoot.activeElement;
    for (const [name, button] of Object.entries(this.#bulk)) button.hidden = !shown[name];
    if (focused?.hidden && this.#summary.contains(focused)) {
      (Object.values(this.#bulk).find(button => !button.hidden) ?? this.#choose).focus({ preventScroll: true });
    }
  }

  /** Writes everything anew in the language of now. */
  #speak() {
    const language = this.getAttribute('lang') || this.closest('[lang]')?.lang || navigator.language || 'en';
    this.#words = new Words(language, this.#texts);
    const t = key => this.#words.t(key);
    attribute(this.#frame, 'lang', this.#words.language);
    attribute(this.#frame, 'aria-label', t('region'));
    const isMultiple = this.hasAttribute('multiple');
    this.#input.multiple = isMultiple;
    this.#input.accept = this.getAttribute('accept') ?? 'image/*';
    this.#camera.setAttribute('capture', this.getAttribute('capture') || 'environment');
    this.#shoot.hidden = !this.hasAttribute('capture');
    this.#open.hidden = !this.hasAttribute('directories');
    for (const button of [this.#choose, this.#shoot, this.#open]) button.disabled = this.hasAttribute('disabled');
    write(this.#chooseText, t(isMultiple ? 'title' : 'title_single'));
    write(this.#cameraText, t('camera'));
    write(this.#folderText, t('folder'));
    write(this.#hint, t('hint'));
    for (const [name, button] of Object.entries(this.#bulk)) write(button, t(name));
    attribute(this.#bar, 'aria-label', t('total'));
    this.#list.words = this.#words;
    this.#list.soon();
    this.#unfinished.render(this.#words);
    if (this.#uploader) this.#renderTotals(this.#uploader.totals);
  }
}

if (!customElements.get('sealmark-uploader')) customElements.define('sealmark-uploader', SealmarkUploader);
