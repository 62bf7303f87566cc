// The list of <sealmark-uploader>: only the rows in view exist, so that 5,000 uploads scroll as smoothly as five.

import { ROW, el } from './element_style.js';
import { Row } from './element_row.js';

/** Rows kept above and below the view. */
const SPARE = 4;

export class List {
  #rows = el('ul', { class: 'rows', role: 'list' });
  #alive = new Map();
  #ids = [];
  #act;
  #pictures = new Map();
  #frame = 0;
  #look;
  words;

  /**
   * @param {(id: string) => object | undefined} look - gives the snapshot of an id
   * @param {(action: string, id: string) => void} act
   */
  constructor(look, act) {
    this.#look = look;
    this.#act = act;
    this.element = el('div', { class: 'list', part: 'list', tabIndex: 0, role: 'region', hidden: true }, this.#rows);
    this.element.addEventListener('scroll', () => this.soon(), { passive: true });
  }

  add(ids) {
    this.#ids.push(...ids);
    this.soon();
  }

  /** Takes ids out; the keyboard's place, if it was there, goes to a neighbour. Returns whether it had to. */
  remove(ids) {
    const gone = new Set(ids);
    const focused = [...this.#alive.values()].find(row => row.element.matches(':focus-within') && gone.has(row.id));
    const at = focused ? this.#ids.indexOf(focused.id) : -1;
    this.#ids = this.#ids.filter(id => !gone.has(id));
    for (const id of ids) {
      URL.revokeObjectURL(this.#pictures.get(id));
      this.#pictures.delete(id);
    }
    this.#render();
    if (!focused) return false;
    const next = this.#alive.get(this.#ids[Math.min(at, this.#ids.length - 1)]);
    next?.element.focus({ preventScroll: true });
    return !next;
  }

  clear() {
    this.remove([...this.#ids]);
  }

  picture(id, blob) {
    if (!this.#look(id)) return; // taken out meanwhile
    this.#pictures.set(id, URL.createObjectURL(blob));
    this.#alive.get(id)?.picture(this.#pictures.get(id));
  }

  /** Redraws with the next frame, however often it is asked for. */
  soon() {
    this.#frame ||= requestAnimationFrame(() => this.#render());
  }

  #render() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const count = this.#ids.length;
    this.element.hidden = count === 0;
    // A list has no label of its own in some readers; its region has.
    this.element.setAttribute('aria-label', this.words.t('list'));
    this.#rows.setAttribute('aria-label', this.words.t('list'));
    this.#rows.style.height = `${count * ROW}px`;
    const { scrollTop, clientHeight } = this.element;
    const from = Math.max(0, Math.floor(scrollTop / ROW) - SPARE);
    const to = Math.min(count, Math.ceil((scrollTop + clientHeight) / ROW) + SPARE);
    const wanted = new Map();
    for (let index = from; index < to; index += 1) wanted.set(this.#ids[index], index);
    for (const [id, row] of this.#alive) {
      // What has the keyboard's place stays, wherever it is.
      if (!wanted.has(id) && row.element.matches(':focus-within') && this.#ids.includes(id)) {
        wanted.set(id, this.#ids.indexOf(id));
      }
      if (wanted.has(id)) continue;
      row.element.remove();
      this.#alive.delete(id);
    }
    let before = null;
    for (const [id, index] of [...wanted].sort(([, a], [, b]) => a - b)) {
      const snapshot = this.#look(id);
      if (!snapshot) continue;
      let row = this.#alive.get(id);
      if (!row) {
        row = new Row(id, this.#act);
        this.#alive.set(id, row);
        if (before) before.after(row.element);
        else this.#rows.prepend(row.element);
        if (this.#pictures.has(id)) row.picture(this.#pictures.get(id));
      }
      row.place(index, count);
      row.render(snapshot, this.words);
      before = row.element;
    }
  }
}
