// What is wrong with the template: under the caret's line, and in a list below the editor.

import { el, icon, setText } from '../dom.js';
import { onLanguage, t, tn } from '../i18n.js';

/** Shows the mistakes of a report. `explain(code)` gives a promise of more about a code. */
export class Problems {
  #editor;
  #explain;
  #list = document.querySelector('#problems');
  #title = document.querySelector('#problems-title');
  #problems = null;
  #hidden = null;

  constructor(editor, explain) {
    this.#editor = editor;
    this.#explain = explain;
    editor.addEventListener('caret', () => this.#underCaret());
    onLanguage(() => this.#render());
  }

  /** Takes the diagnostics of a report on the text as it is now. */
  show(diagnostics) {
    const own = diagnostics.map(problem => {
      const isElsewhere = problem.source !== '';
      const start = isElsewhere ? 0 : this.#editor.offset(problem.start);
      const end = isElsewhere ? 0 : this.#editor.offset(problem.end);
      const suggestion = problem.suggestion &&
        !isElsewhere && {
          start: this.#editor.offset(problem.suggestion.start),
          end: this.#editor.offset(problem.suggestion.end),
          text: problem.suggestion.replacement,
        };
      return {
        ...problem,
        isElsewhere,
        start,
        end,
        line: problem.start.line,
        column: problem.start.column_utf16,
        suggestion,
      };
    });
    const before = JSON.stringify(this.#problems);
    this.#problems = own;
    this.#editor.mark(own.filter(({ isElsewhere }) => !isElsewhere));
    if (JSON.stringify(own) !== before) this.#render();
  }

  #render() {
    if (!this.#problems) return;
    const errors = this.#problems.filter(({ severity }) => severity === 'error').length;
    const warnings = this.#problems.length - errors;
    const counts = [errors > 0 && tn('studio.errors', errors), warnings > 0 && tn('studio.warnings', warnings)];
    setText(this.#title, counts.filter(Boolean).join(', ') || t('studio.right'));
    this.#title.dataset.state = errors > 0 ? 'error' : warnings > 0 ? 'warning' : 'right';
    this.#list.replaceChildren(...this.#problems.map(problem => this.#item(problem)));
    this.#underCaret();
  }

  #item(problem) {
    const { severity, code, message, line, column, isElsewhere, source, start, end } = problem;
    const place = isElsewhere ? `${source}:${line}:${column}` : `${line}:${column}`;
    const more = el('p', { class: 'problem-more', hidden: true });
    const button = el(
      'button',
      { type: 'button', class: 'problem-go', onclick: () => !isElsewhere && this.#editor.go(start, end) },
      icon(severity === 'error' ? 'wrong' : 'alert'),
      el('span', { class: 'problem-text', lang: 'en', text: message }),
      el('span', { class: 'problem-place', text: place }),
    );
    const explain = el('button', {
      type: 'button',
      class: 'problem-code',
      'aria-expanded': 'false',
      'aria-label': t('studio.explain', { code }),
      text: code,
      onclick: async () => {
        if (!more.textContent) more.textContent = (await this.#explain(code)) ?? '';
        more.hidden = !more.hidden;
        explain.setAttribute('aria-expanded', String(!more.hidden));
      },
    });
    more.lang = 'en';
    return el(
      'li',
      { class: 'problem', 'data-severity': severity, 'data-code': code },
      el('div', { class: 'problem-head' }, button, explain),
      ...this.#help(problem),
      more,
    );
  }

  /** Its hints, and the button that mends it. */
  #help({ hints, suggestion }) {
    const lines = hints.map(hint => el('p', { class: 'problem-hint', lang: 'en', text: hint }));
    if (suggestion) {
      const { start, end, text } = suggestion;
      const label = t('studio.replace', { text });
      const mend = () => this.#editor.replace(start, end, text);
      lines.push(el('button', { type: 'button', class: 'problem-mend', text: label, onclick: mend }));
    }
    return lines;
  }

  /** Under the line where the caret is: the mistake that is nearest to it. */
  #underCaret() {
    const { caret, text } = this.#editor;
    const from = text.lastIndexOf('\n', caret - 1) + 1;
    const to = (text.indexOf('\n', caret) + 1 || text.length + 1) - 1;
    const here = (this.#problems ?? []).filter(
      ({ isElsewhere, start }) => !isElsewhere && start >= from && start <= to,
    );
    const distance = ({ start, end }) => Math.max(start - caret, caret - end, 0);
    const nearest = here.sort((one, other) => distance(one) - distance(other))[0];
    const isFocused = document.activeElement?.id === 'source';
    if (!nearest || !isFocused) return this.#editor.say(0, null);
    const { severity, code, message } = nearest;
    this.#editor.say(nearest.start, [
      el(
        'p',
        { class: 'message-head', 'data-severity': severity },
        el('strong', { text: `${t(`studio.${severity}`)} ${code}` }),
        ' ',
        el('span', { lang: 'en', text: message }),
      ),
      ...this.#help(nearest),
    ]);
  }
}
