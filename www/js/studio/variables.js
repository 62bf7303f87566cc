// The values that a template may ask for, each in a field of its kind.

import { el, setText } from '../dom.js';
import { onLanguage, t } from '../i18n.js';

const TEXTS = ['user_id', 'tenant', 'upload_id', 'media_id'];
const FIRST = {
  user_id: 'ada',
  tenant: 'acme',
  upload_id: '01a1ff84-5f4e-74bb-9ffc-bc4a2fed3719',
  media_id: '01a1ff84-6031-7274-af46-d50fab4e905f',
  timestamp_ms: Date.UTC(2026, 10, 21, 9, 30),
  tags: {},
};
/** What stands for a key until somebody types one: a preview needs any. */
const ANY_KEY = 'a key for previews';

/** Event `change` (`timeStamp` is the key press's). */
export class Variables extends EventTarget {
  #place = document.querySelector('#variables');
  #values;
  #keys = {};
  #image = { name: '', width: 0, height: 0 };
  #named = { tags: [], keys: [] };

  constructor(kept) {
    super();
    this.#values = { ...FIRST, ...kept, tags: { ...kept?.tags } };
    this.#build();
    onLanguage(() => this.#build());
  }

  /** What is worth remembering. */
  get kept() {
    return this.#values;
  }

  /** For the module. */
  get all() {
    const keys = Object.fromEntries(this.#named.keys.map(name => [name, this.#keys[name] || ANY_KEY]));
    return { ...this.#values, image_name: this.#image.name, keys };
  }

  /** Takes what the photograph says itself. */
  setImage(name, { width, height }) {
    this.#image = { name, width, height };
    this.#build();
  }

  /** Shows a field for each tag and key that the template names. */
  setNamed(source) {
    const found = pattern => [...new Set([...source.matchAll(pattern)].map(([, name]) => name))].sort();
    const named = { tags: found(/\btags\.(\w+)/g), keys: found(/\bkey\.(\w+)/g) };
    if (JSON.stringify(named) === JSON.stringify(this.#named)) return;
    this.#named = named;
    this.#build();
  }

  #changed(timeStamp) {
    this.dispatchEvent(new CustomEvent('change', { detail: timeStamp }));
  }

  /** A field with its label; `set` takes what is typed. */
  #field(name, attributes, set) {
    const id = `variable-${name.replace(/\W/g, '-')}`;
    const input = el('input', { id, class: 'field', autocomplete: 'off', spellcheck: 'false', ...attributes });
    input.addEventListener('input', event => {
      set(input.value);
      this.#changed(event.timeStamp);
    });
    return el('div', { class: 'variable' }, el('label', { for: id, text: name, translate: 'no' }), input);
  }

  #build() {
    const focused = document.activeElement?.id;
    const values = this.#values;
    const texts = TEXTS.map(name =>
      this.#field(name, { type: 'text', value: values[name] }, typed => {
        values[name] = typed;
      }),
    );
    const moment = new Date(values.timestamp_ms).toISOString().slice(0, 16);
    const time = this.#field(
      'timestamp_ms',
      { type: 'datetime-local', value: moment, 'aria-describedby': 'utc' },
      typed => {
        // A field that is being typed into may hold no date for a moment.
        const ms = Date.parse(`${typed}Z`);
        if (Number.isFinite(ms)) values.timestamp_ms = ms;
      },
    );
    time.firstElementChild.append(el('span', { id: 'utc', class: 'quiet-text', text: ' UTC' }));
    const tags = this.#named.tags.map(name =>
      this.#field(`tags.${name}`, { type: 'text', value: values.tags[name] ?? '' }, typed => {
        values.tags[name] = typed;
      }),
    );
    const keys = this.#named.keys.map(name =>
      this.#field(
        `key.${name}`,
        { type: 'password', value: this.#keys[name] ?? '', placeholder: t('studio.any_key') },
        typed => {
          this.#keys[name] = typed;
        },
      ),
    );
    const { name, width, height } = this.#image;
    const own = el('p', { class: 'variable-own quiet-text' });
    setText(own, `image.name ${name} · image.width ${width} · image.height ${height}`);
    this.#place.replaceChildren(...texts, time, ...tags, ...keys, own);
    if (focused?.startsWith('variable-')) document.getElementById(focused)?.focus();
  }
}
