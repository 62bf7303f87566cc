// One upload: its picture, where it stands, and what can be done about it.

import { copyButton } from './copy_link.js';
import { el, icon, setAttribute, setIcon, setText } from './dom.js';
import { failure, failureCode } from './failures.js';
import { duration, number, percent, pixels, size, speed } from './format.js';
import { Frame } from './frame.js';
import { t } from './i18n.js';
import { versionPath } from './version_image.js';

const PAUSABLE = new Set(['preparing', 'uploading', 'offline', 'waiting']);
const CANCELLABLE = new Set([...PAUSABLE, 'paused']);
const ENDED = new Set(['ready', 'failed', 'cancelled']);
const NUMBERS = ['original', 'marked', 'version', 'pixels', 'took'];
const ICONS = {
  paused: 'pause',
  offline: 'offline',
  waiting: 'clock',
  ready: 'check',
  failed: 'alert',
  cancelled: 'close',
};

export class Card {
  #frame = new Frame();
  #name = el('h3', { class: 'card-name' });
  #stateIcon = icon('check');
  #state = el('span');
  #share = el('span', { class: 'card-share' });
  #bar = el('div', { class: 'meter', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' }, el('span'));
  #sent = el('span');
  #pace = el('span');
  #failureWhat = el('strong');
  #failureTodo = el('span');
  #failure = el('p', { class: 'card-failure', hidden: true }, this.#failureWhat, this.#failureTodo);
  #note = el('p', { class: 'card-note', hidden: true });
  #facts = new Map(NUMBERS.map(key => [key, el('dd')]));
  #details = el(
    'dl',
    { class: 'card-facts', hidden: true },
    ...NUMBERS.map(key =>
      el(
        'div',
        { class: `fact-${key}` },
        el('dt', { 'data-i18n': `card.${key}`, text: t(`card.${key}`) }),
        this.#facts.get(key),
      ),
    ),
  );
  #hold = action('pause', 'pause');
  #cancel = action('cancel', 'close');
  #remedy = action('retry', 'retry');
  #open = el(
    'a',
    { class: 'button primary', target: '_blank', rel: 'noopener', 'data-action': 'open' },
    icon('open'),
    el('span', { 'data-i18n': 'card.open', text: t('card.open') }),
  );
  #copy = copyButton();
  #remove = el(
    'button',
    { type: 'button', class: 'button icon quiet card-remove', 'data-action': 'remove' },
    icon('close'),
  );

  /** `act(name, card)` is told of every button but open and copy. */
  constructor(snapshot, act) {
    this.file = null;
    this.snapshot = snapshot;
    this.article = el(
      'article',
      { class: 'card', tabindex: '-1' },
      this.#frame.element,
      el(
        'div',
        { class: 'card-body' },
        el('div', { class: 'card-head' }, this.#name, this.#remove),
        el('p', { class: 'card-state' }, this.#stateIcon, this.#state, this.#share),
        this.#bar,
        el('p', { class: 'card-pace' }, this.#sent, this.#pace),
        this.#failure,
        this.#note,
        this.#details,
        el(
          'div',
          { class: 'card-actions' },
          this.#hold.button,
          this.#remedy.button,
          this.#open,
          this.#copy.button,
          this.#cancel.button,
        ),
      ),
    );
    this.element = el('li', {}, this.article);
    for (const button of [this.#hold.button, this.#cancel.button, this.#remedy.button, this.#remove]) {
      button.addEventListener('click', () => act(button.dataset.action, this));
    }
    this.render();
  }

  /** Whether nothing more will happen by itself. */
  get ended() {
    return ENDED.has(this.snapshot.state);
  }
  get pausable() {
    return PAUSABLE.has(this.snapshot.state);
  }

  setFile(file) {
    this.file = file;
    this.#frame.setFile(file);
  }

  update(snapshot) {
    this.snapshot = snapshot;
    this.render();
  }

  /** Writes the whole card anew from its snapshot, in the language of now. */
  render() {
    const { id, state, file_name, media_id, media } = this.snapshot;
    this.article.dataset.state = state;
    if (id) this.article.dataset.uploadId = id;
    if (media_id) this.article.dataset.mediaId = media_id;
    setAttribute(this.article, 'aria-label', `${file_name}, ${t(`state.${state}`)}`);
    setText(this.#name, file_name);
    this.#name.title = file_name;
    setText(this.#state, t(`state.${state}`));
    this.#stateIcon.classList.toggle('turning', !ICONS[state]);
    setIcon(this.#stateIcon, ICONS[state] ?? 'busy');
    this.#renderProgress();
    this.#renderFailure();
    this.#renderDetails();
    this.#renderActions();
    if (state === 'ready' && media_id && media?.current) this.#frame.setVersion(media_id);
  }

  dispose() {
    this.#frame.dispose();
    this.element.remove();
  }

  #renderProgress() {
    const { state, file_name, size_bytes, sent_bytes, acknowledged_bytes, speed_bytes_per_s, remaining_s } =
      this.snapshot;
    const travels = !this.ended && state !== 'processing';
    const sent = Math.min(Math.max(sent_bytes, acknowledged_bytes), size_bytes);
    const arrived = state === 'completing' || state === 'processing' || state === 'ready';
    const share = arrived || size_bytes === 0 ? Number(arrived) : sent / size_bytes;
    const known = travels && state !== 'preparing';

    this.#frame.setShare(state === 'cancelled' ? 0 : share);
    this.#bar.hidden = this.ended;
    this.#bar.classList.toggle('unknown', !known);
    this.#bar.style.setProperty('--share', share);
    setAttribute(this.#bar, 'aria-label', t('card.progress', { name: file_name }));
    if (known) setAttribute(this.#bar, 'aria-valuenow', String(Math.floor(share * 100)));
    else this.#bar.removeAttribute('aria-valuenow');
    setAttribute(
      this.#bar,
      'aria-valuetext',
      known ? `${percent(share)}, ${t(`state.${state}`)}` : t(`state.${state}`),
    );

    setText(this.#share, known ? percent(share) : '');
    this.#sent.parentElement.hidden = this.ended;
    setText(
      this.#sent,
      arrived || state === 'preparing'
        ? size(size_bytes)
        : t('card.sent', { done: size(sent), total: size(size_bytes) }),
    );
    const moving = state === 'uploading' && speed_bytes_per_s > 0;
    setText(
      this.#pace,
      [
        moving ? speed(speed_bytes_per_s) : null,
        moving && remaining_s !== null ? t('card.left', { time: duration(remaining_s) }) : null,
      ]
        .filter(Boolean)
        .join(' · '),
    );
  }

  #renderFailure() {
    const failed = this.snapshot.state === 'failed';
    this.#failure.hidden = !failed;
    if (!failed) return this.#failure.removeAttribute('data-error-code');
    const code = failureCode(this.snapshot);
    const { what, todo, remedy } = failure(code, this.snapshot.media?.state === 'failed');
    this.#failure.dataset.errorCode = code;
    setText(this.#failureWhat, what);
    setText(this.#failureTodo, todo);
    this.remedy = remedy;
  }

  #renderDetails() {
    const { state, size_bytes, resumed_bytes, elapsed_ms, media } = this.snapshot;
    const current = state === 'ready' ? media?.current : null;
    this.#details.hidden = !current;
    if (current) {
      const values = {
        original: size(size_bytes),
        marked: size(current.size_bytes),
        pixels: pixels(current),
        version: number(current.version),
        took: duration(elapsed_ms / 1000, true),
      };
      for (const [key, element] of this.#facts) setText(element, values[key]);
    }
    const note =
      state === 'cancelled'
        ? t('card.cancelled')
        : resumed_bytes > 0 && state !== 'failed'
          ? t('card.resumed', { size: size(resumed_bytes) })
          : '';
    this.#note.hidden = note === '';
    setText(this.#note, note);
  }

  #renderActions() {
    const { state, file_name, media_id } = this.snapshot;
    const focused = this.article.contains(document.activeElement) ? document.activeElement : null;
    const known = Boolean(this.snapshot.id);
    const remedy = state === 'failed' ? this.remedy : state === 'cancelled' ? 'again' : null;

    this.#hold.set(state === 'paused' ? 'resume' : 'pause', state === 'paused' ? 'resume' : 'pause', file_name);
    this.#hold.button.hidden = !known || !(state === 'paused' || PAUSABLE.has(state));
    this.#cancel.set('cancel', 'close', file_name);
    this.#cancel.button.hidden = !known || !CANCELLABLE.has(state);
    this.#remedy.button.hidden = !remedy || (remedy === 'again' && !this.file);
    if (remedy) this.#remedy.set(remedy, 'retry', file_name);

    const viewable = state === 'ready' && media_id;
    this.#open.hidden = this.#copy.button.hidden = !viewable;
    if (viewable) {
      this.#open.href = versionPath(media_id);
      setAttribute(this.#open, 'aria-label', t('card.open_label', { action: t('card.open'), name: file_name }));
      this.#copy.setPicture(media_id, file_name);
    }
    this.#remove.hidden = !this.ended;
    setAttribute(this.#remove, 'aria-label', t('card.action', { action: t('card.remove'), name: file_name }));
    this.#remove.title = t('card.remove');
    // A button that goes away must not take the keyboard's place with it.
    if (focused?.hidden) this.article.focus({ preventScroll: true });
  }
}

/** A button whose action, icon and words change with the state, so that focus stays on it. */
function action(name, symbol) {
  const picture = icon(symbol);
  const words = el('span');
  const button = el('button', { type: 'button', class: 'button', 'data-action': name }, picture, words);
  return {
    button,
    set(next, nextSymbol, fileName) {
      button.dataset.action = next;
      setIcon(picture, nextSymbol);
      setText(words, t(`card.${next}`));
      setAttribute(button, 'aria-label', t('card.action', { action: t(`card.${next}`), name: fileName }));
    },
  };
}
