// Everything uploaded before: the server's list, and a gentle look now and then at what is still being marked.

import { connection } from './connection.js';
import { el, setText } from './dom.js';
import { failure } from './failures.js';
import { GalleryItem } from './gallery_item.js';
import { onLanguage, t, tn } from './i18n.js';
import { session } from './session.js';

const SHOWN = new Set(['uploaded', 'processing', 'ready', 'failed']);
const FIRST_LOOK_MS = 1_500;
const RAREST_LOOK_MS = 15_000;

export class Gallery extends EventTarget {
  #cards = null;
  #loading = null;
  #items = new Map();
  #error = null;
  #timer = 0;
  #wait = FIRST_LOOK_MS;
  #section = document.querySelector('#gallery-section');
  #list = document.querySelector('#gallery');
  #note = document.querySelector('#gallery-note');
  #retry = el('button', {
    type: 'button',
    class: 'button',
    'data-i18n': 'banner.retry',
    text: t('banner.retry'),
    onclick: () => this.load(),
  });
  #problem = el('p', { class: 'gallery-problem', hidden: true }, el('span'), ' ', this.#retry);

  constructor() {
    super();
    this.#list.before(this.#problem);
    onLanguage(() => {
      for (const item of this.#items.values()) item.render();
      this.#arrange();
    });
    document.addEventListener('visibilitychange', () => this.#watch(true));
  }

  /** Leaves out what this visit's cards show, and takes a picture over when its card goes. */
  follow(cards) {
    this.#cards = cards;
    cards.addEventListener('known', () => this.#arrange());
    cards.addEventListener('dropped', event => this.#takeOver(event.detail));
  }

  /** Reads the whole list; a failure is shown in its place. */
  load() {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #read() {
    try {
      const { items } = await session.get('v1/media');
      this.#error = null;
      const listed = new Set(items.map(record => record.media_id));
      for (const id of this.#items.keys()) if (!listed.has(id)) this.#items.delete(id);
      const earlier = this.#items;
      this.#items = new Map();
      for (const record of items) if (SHOWN.has(record.state)) this.#put(record, earlier.get(record.media_id));
    } catch (error) {
      this.#error = error;
    }
    this.#arrange();
    this.#watch(true);
  }

  /** Whether there is nothing at all to show. */
  get isEmpty() {
    return this.#section.hidden;
  }

  #put(record, item = this.#items.get(record.media_id)) {
    if (item) item.update(record);
    this.#items.set(record.media_id, item ?? new GalleryItem(record));
  }

  /** A card has left the list of uploads: its picture belongs here now. */
  #takeOver({ media_id, media, state }) {
    if (!media_id || state === 'cancelled') return;
    if (!media || !SHOWN.has(media.state)) return void this.load();
    const others = this.#items;
    this.#items = new Map();
    this.#put(media, others.get(media_id));
    for (const [id, item] of others) if (id !== media_id) this.#items.set(id, item);
    this.#arrange();
    this.#watch(true);
  }

  #arrange() {
    const shown = [...this.#items.values()].filter(({ record }) => !this.#cards?.shows({ media_id: record.media_id }));
    const wanted = shown.map(item => item.element);
    // Moving a node reloads nothing but drops focus, so only real differences are touched.
    for (const element of [...this.#list.children]) if (!wanted.includes(element)) element.remove();
    wanted.forEach((element, index) => {
      if (this.#list.children[index] !== element) this.#list.insertBefore(element, this.#list.children[index] ?? null);
    });

    // Where the server does not answer at all, the banner says so already.
    const problem = this.#error && connection.state === 'online' ? this.#error : null;
    this.#problem.hidden = !problem;
    if (problem)
      setText(
        this.#problem.firstElementChild,
        `${t('gallery.failed_to_load')} ${failure(problem.code ?? 'unknown').what}`,
      );
    setText(this.#note, shown.length > 0 ? tn('gallery.count', shown.length) : '');
    this.#section.hidden = shown.length === 0 && !problem;
    this.dispatchEvent(new Event('arranged'));
  }

  #pending() {
    return [...this.#items.values()].filter(
      ({ record }) =>
        (record.state === 'uploaded' || record.state === 'processing') &&
        !this.#cards?.shows({ media_id: record.media_id }),
    );
  }

  #watch(soon = false) {
    clearTimeout(this.#timer);
    if (soon) this.#wait = FIRST_LOOK_MS;
    if (document.hidden || this.#pending().length === 0) return;
    this.#timer = setTimeout(() => this.#look(), this.#wait);
    this.#wait = Math.min(this.#wait * 1.5, RAREST_LOOK_MS);
  }

  async #look() {
    for (const item of this.#pending()) {
      const { media_id, state } = item.record;
      const record = await session.get(`v1/media/${encodeURIComponent(media_id)}`).catch(() => null);
      if (!record) break;
      if (record.state !== state) this.#wait = FIRST_LOOK_MS;
      item.update(record);
    }
    this.#watch();
  }
}
