// Logos, fonts and templates that a template may name.

import { el, icon } from '../dom.js';
import { t, onLanguage } from '../i18n.js';

const KINDS = {
  png: 'picture',
  webp: 'picture',
  svg: 'picture',
  ttf: 'font',
  otf: 'font',
  ttc: 'font',
  seal: 'template',
};

/** What a file is by its name's ending; undefined where it is nothing for a template. */
export const kindOf = name => KINDS[/\.([a-z0-9]+)$/i.exec(name)?.[1].toLowerCase()];

/** Event `change` after every change; `taken` gives what the engine takes. */
export class Files extends EventTarget {
  #list = document.querySelector('#files');
  #files = [];
  #found = [];

  constructor() {
    super();
    const input = document.querySelector('#files-input');
    input.addEventListener('change', () => {
      const files = [...input.files];
      input.value = ''; // so that the same file can be chosen again
      this.add(files);
    });
    onLanguage(() => this.#render());
  }

  get taken() {
    return this.#files;
  }

  /** Takes files; one of the same name goes. */
  async add(files) {
    const read = files.map(async file => {
      const kind = kindOf(file.name);
      if (!kind) return { name: file.name, kind: 'unknown' };
      const name = kind === 'template' ? file.name.replace(/\.seal$/i, '') : file.name;
      if (kind === 'template') return { kind, name, text: await file.text() };
      return { kind, name, bytes: new Uint8Array(await file.arrayBuffer()) };
    });
    const taken = await Promise.all(read);
    const known = taken.filter(({ kind }) => kind !== 'unknown');
    this.#files = [
      ...this.#files.filter(old => !known.some(({ name, kind }) => name === old.name && kind === old.kind)),
      ...known,
    ];
    this.dispatchEvent(new Event('change'));
  }

  /** Takes what the module made of each. */
  show(found) {
    this.#found = found;
    this.#render();
  }

  #render() {
    this.#list.replaceChildren(
      ...this.#files.map((file, index) => {
        const { families, error } = this.#found[index] ?? {};
        const use = { picture: `image "${file.name}"`, template: `include "${file.name}"` }[file.kind];
        const words = error ?? use ?? families?.map(family => `font = "${family}"`).join(', ') ?? '';
        return el(
          'li',
          { class: 'file', 'data-state': error ? 'broken' : 'good' },
          icon({ picture: 'photo', font: 'font', template: 'layout' }[file.kind]),
          el('span', { class: 'file-name', text: file.name }),
          el('code', { class: 'file-use', text: words }),
          el(
            'button',
            {
              type: 'button',
              class: 'button quiet icon',
              'aria-label': t('studio.remove', { name: file.name }),
              onclick: () => {
                this.#files = this.#files.filter(other => other !== file);
                this.dispatchEvent(new Event('change'));
                document.querySelector('#files-input').focus();
              },
            },
            icon('close'),
          ),
        );
      }),
    );
  }
}
