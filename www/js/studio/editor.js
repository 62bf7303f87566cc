// The editor: a plain text field, so that typing, undo, selecting and reading aloud are the browser's own, over a copy of
// the text that carries colours and underlines.

import { el } from '../dom.js';
import { paint, underline } from './highlight.js';

const INDENT = '  ';

/** Where lines begin. */
function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Events: `change` after every change of the text (`timeStamp` is the key press's), `caret` after a move. */
export class Editor extends EventTarget {
  #field = document.querySelector('#source');
  #sheet = document.querySelector('.editor-sheet');
  #scroller = document.querySelector('#editor');
  #numbers = document.querySelector('.editor-numbers');
  #ink = document.querySelector('.editor-ink');
  #message = document.querySelector('#editor-message');
  #node = document.createTextNode('');
  #marks = [];
  #shown = null;
  #leaves = false;

  constructor() {
    super();
    // The last line must be there to be seen, and a `pre` swallows a last line break.
    this.#ink.append(this.#node, '\n');
    this.#field.addEventListener('input', event => this.#changed(event.timeStamp));
    this.#field.addEventListener('keydown', event => this.#key(event));
    this.#field.addEventListener('blur', () => {
      this.#leaves = false;
    });
    document.addEventListener('selectionchange', () => {
      if (document.activeElement === this.#field) this.#moved();
    });
  }

  get text() {
    return this.#field.value;
  }

  get caret() {
    return this.#field.selectionStart;
  }

  /** Puts a text in, before anything was typed. */
  start(text) {
    this.#field.value = text;
    this.#changed(performance.now());
  }

  /** Replaces a part as if it were typed, so that it can be undone; `select` leaves it selected. */
  replace(start, end, text) {
    if (this.#field.value.slice(start, end) === text) return;
    this.#field.focus();
    this.#field.setSelectionRange(start, end);
    // The one way to change a text field that its undo knows. Where it is gone the text is set all the same.
    const done = text === '' ? document.execCommand('delete') : document.execCommand('insertText', false, text);
    if (!done) {
      this.#field.setRangeText(text, start, end, 'end');
      this.#changed(performance.now());
    }
  }

  /** Replaces all of the text, as little of it as differs; the caret stays near. */
  replaceAll(text) {
    const old = this.text;
    let start = 0;
    while (start < old.length && old[start] === text[start]) start += 1;
    let tail = 0;
    const most = Math.min(old.length, text.length) - start;
    while (tail < most && old[old.length - 1 - tail] === text[text.length - 1 - tail]) tail += 1;
    const caret = this.caret;
    this.replace(start, old.length - tail, text.slice(start, text.length - tail));
    this.#field.setSelectionRange(Math.min(caret, text.length), Math.min(caret, text.length));
  }

  /** Moves the caret, and shows it. */
  go(start, end = start) {
    this.#field.focus();
    this.#field.setSelectionRange(start, end);
    const top = this.#line(start).top;
    const scroller = this.#scroller;
    if (top < scroller.scrollTop || top + 60 > scroller.scrollTop + scroller.clientHeight) {
      scroller.scrollTop = Math.max(0, top - scroller.clientHeight / 3);
    }
    this.#moved();
  }

  /** Offset of a line and a column in UTF-16, both from 1. */
  offset({ line, column_utf16: column }) {
    const starts = lineStarts(this.text);
    return Math.min((starts[line - 1] ?? this.text.length) + column - 1, this.text.length);
  }

  /** Underlines these: `severity`, `start` and `end`. */
  mark(marks) {
    this.#marks = marks;
    const text = this.text;
    // What is missing has no length: then the letter beside it carries the line.
    const wide = marks.map(({ severity, start, end }) => {
      if (start < end) return { severity, start, end };
      if (start < text.length && text[start] !== '\n') return { severity, start, end: start + 1 };
      return { severity, start: Math.max(0, start - 1), end: start };
    });
    underline(
      this.#node,
      wide.filter(({ start, end }) => start < end),
    );
    this.#field.setAttribute('aria-invalid', String(marks.some(({ severity }) => severity === 'error')));
    const wrong = new Map();
    const starts = lineStarts(text);
    for (const { severity, start } of marks) {
      const line = starts.findLastIndex(begin => begin <= start);
      if (wrong.get(line) !== 'error') wrong.set(line, severity);
    }
    for (const [index, number] of [...this.#numbers.children].entries()) {
      const severity = wrong.get(index) ?? '';
      if (number.dataset.severity !== severity) number.dataset.severity = severity;
    }
    this.#moved();
  }

  /** Shows an element under the line of `start`, or nothing. */
  say(start, content) {
    this.#message.hidden = !content;
    this.#shown = content ? start : null;
    if (!content) return;
    this.#message.replaceChildren(...content);
    this.#place();
  }

  /** The line of an offset: its edges within the sheet. */
  #line(offset) {
    const range = document.createRange();
    const at = Math.min(offset, this.#node.length);
    range.setStart(this.#node, at);
    range.setEnd(this.#node, at);
    const rects = range.getClientRects();
    const rect = rects[rects.length - 1] ?? this.#ink.getBoundingClientRect();
    const sheet = this.#sheet.getBoundingClientRect();
    return { left: rect.left - sheet.left, top: rect.top - sheet.top, bottom: rect.bottom - sheet.top };
  }

  #place() {
    const { left, bottom } = this.#line(this.#shown);
    const width = this.#scroller.clientWidth;
    const most = this.#scroller.scrollLeft + width - this.#message.offsetWidth - 8;
    this.#message.style.top = `${bottom}px`;
    this.#message.style.left = `${Math.max(8, Math.min(left - 12, most))}px`;
    this.#message.style.setProperty('--tip', `${Math.max(12, left - parseFloat(this.#message.style.left))}px`);
  }

  #changed(timeStamp) {
    this.dispatchEvent(new CustomEvent('change', { detail: timeStamp }));
    const text = this.#field.value;
    this.#node.data = text;
    paint(this.#node);
    const count = lineStarts(text).length;
    while (this.#numbers.childElementCount > count) this.#numbers.lastElementChild.remove();
    while (this.#numbers.childElementCount < count) {
      this.#numbers.append(el('div', { text: String(this.#numbers.childElementCount + 1) }));
    }
    // Old marks stay where they are until the next report, which comes within a frame.
    const old = this.#marks.filter(({ start, end }) => start < end && end <= text.length);
    underline(this.#node, old);
  }

  #moved() {
    this.dispatchEvent(new Event('caret'));
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === 'Escape') {
      this.#leaves = true;
      this.say(0, null);
    } else if (event.key === 'Tab' && !this.#leaves && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.#indent(event.shiftKey);
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.#newLine();
    } else if (event.key.length === 1) this.#leaves = false;
  }

  #indent(isBack) {
    const { selectionStart: start, selectionEnd: end, value } = this.#field;
    const from = value.lastIndexOf('\n', start - 1) + 1;
    const lines = value.slice(from, end);
    if (!isBack && !lines.includes('\n')) return this.replace(start, end, INDENT);
    const moved = lines.replace(/^/gm, INDENT);
    const changed = isBack ? lines.replace(/^ {1,2}/gm, '') : moved;
    if (changed === lines) return;
    this.replace(from, end, changed);
    const delta = changed.length - lines.length;
    const first = start + (isBack ? -Math.min(start - from, 2, -delta) : INDENT.length);
    this.#field.setSelectionRange(Math.max(from, first), end + delta);
  }

  /** A new line begins as the last one does, one step deeper behind an opening brace. */
  #newLine() {
    const { selectionStart: start, selectionEnd: end, value } = this.#field;
    const from = value.lastIndexOf('\n', start - 1) + 1;
    const before = value.slice(from, start);
    const indent = /^ */.exec(before)[0];
    const opens = /\{\s*$/.test(before);
    const closes = opens && /^\s*\}/.test(value.slice(end));
    const text = `\n${indent}${opens ? INDENT : ''}`;
    this.replace(start, end, closes ? `${text}\n${indent}` : text);
    if (closes) this.#field.setSelectionRange(start + text.length, start + text.length);
  }
}
