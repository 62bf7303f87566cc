// The list of this visit's uploads: takes files, follows the uploader, keeps the summary line.

import { announceOutcome, announce } from './announce.js';
import { Card } from './card.js';
import { setText } from './dom.js';
import { failure, failureCode } from './failures.js';
import { number, percent, speed } from './format.js';
import { onLanguage, t, tn } from './i18n.js';
import { session } from './session.js';

/** Numbers are redrawn at most this often; a change of state at once. */
const REDRAW_MS = 200;

export class Cards extends EventTarget {
  #uploader;
  #cards = new Set();
  #byId = new Map();
  #place = null;
  #timer = 0;
  #section = document.querySelector('#uploads-section');
  #list = document.querySelector('#uploads');
  #summary = document.querySelector('#uploads-summary');
  #pauseAll = document.querySelector('#pause-all');
  #resumeAll = document.querySelector('#resume-all');
  #clear = document.querySelector('#clear-finished');

  constructor(uploader) {
    super();
    this.#uploader = uploader;
    uploader.addEventListener('added', event => this.#onAdded(event.detail));
    uploader.addEventListener('change', event => this.#onChange(event.detail));
    this.#pauseAll.addEventListener('click', () =>
      this.#forEach(
        card => card.pausable,
        card => uploader.pause(card.snapshot.id),
      ),
    );
    this.#resumeAll.addEventListener('click', () =>
      this.#forEach(
        card => card.snapshot.state === 'paused',
        card => uploader.resume(card.snapshot.id),
      ),
    );
    this.#clear.addEventListener('click', () => this.#clearFinished());
    onLanguage(() => {
      for (const card of this.#cards) card.render();
      this.#summarize();
    });
  }

  /** Shows new uploads in the order given, above what is already there, or in the place of one that begins anew. */
  #onAdded(snapshots) {
    const cards = snapshots.map(snapshot => {
      const card = new Card(snapshot, (name, which) => this.#act(name, which));
      this.#cards.add(card);
      this.#byId.set(snapshot.id, card);
      this.#uploader.file(snapshot.id).then(file => file && card.setFile(file), () => {});
      announceOutcome('say.added', { name: snapshot.file_name });
      return card;
    });
    const elements = cards.map(card => card.element);
    if (this.#place) this.#place.after(...elements);
    else this.#list.prepend(...elements);
    this.#section.hidden = false;
    this.#summarize();
  }

  /** Whether a card of this visit already shows the picture or the upload. */
  shows({ media_id, upload_id }) {
    return [...this.#cards].some(
      ({ snapshot }) => (media_id && snapshot.media_id === media_id) || (upload_id && snapshot.upload_id === upload_id),
    );
  }

  #onChange(snapshot) {
    const card = this.#byId.get(snapshot.id);
    if (!card) return;
    const before = card.snapshot.state;
    if (before !== snapshot.state) {
      card.update(snapshot);
      this.#afterState(card, before);
    } else {
      this.#timer ||= setTimeout(() => this.#redraw(), REDRAW_MS);
    }
  }

  #redraw() {
    this.#timer = 0;
    for (const [id, card] of this.#byId) {
      const snapshot = this.#uploader.snapshot(id);
      if (snapshot && snapshot !== card.snapshot) card.update(snapshot);
    }
    this.#summarize();
  }

  async #afterState(card, before) {
    const { state, media, media_id, upload_id } = card.snapshot;
    this.#summarize();
    if (state !== before) this.#tell(card);
    if (state === 'ready' && !media?.current && media_id) {
      const record = await session.get(`v1/media/${encodeURIComponent(media_id)}`).catch(() => null);
      if (record?.current) card.update({ ...card.snapshot, media: record });
    }
    if (state === 'offline' || state === 'waiting') this.dispatchEvent(new Event('trouble'));
    if (media_id || upload_id) this.dispatchEvent(new Event('known'));
  }

  #tell({ snapshot }) {
    const name = snapshot.file_name;
    if (snapshot.state === 'ready') announceOutcome('say.ready', { name });
    if (snapshot.state === 'failed')
      announceOutcome('say.failed', { name, reason: failure(failureCode(snapshot)).what });
  }

  #act(name, card) {
    const { id } = card.snapshot;
    if (name === 'remove') return this.#removeByUser(card);
    if (name === 'again') return this.#again(card);
    return this.#uploader[name](id);
  }

  /** A new upload of the same file, in the place of the old card. */
  #again(card) {
    this.#place = card.element;
    const [id] = this.#uploader.add(card.file);
    this.#place = null;
    this.#drop(card);
    this.#byId.get(id).article.focus();
  }

  #removeByUser(card) {
    const neighbour = card.element.nextElementSibling ?? card.element.previousElementSibling;
    this.#drop(card);
    announce('say.removed', { name: card.snapshot.file_name });
    const next = neighbour?.firstElementChild ?? document.querySelector('#file-input');
    next.focus();
  }

  #clearFinished() {
    this.#forEach(
      card => card.snapshot.state === 'ready' || card.snapshot.state === 'cancelled',
      card => this.#drop(card),
    );
    (this.#section.hidden ? document.querySelector('#file-input') : document.querySelector('#uploads-title')).focus();
  }

  #drop(card) {
    card.dispose();
    this.#cards.delete(card);
    this.#byId.delete(card.snapshot.id);
    this.#uploader.remove(card.snapshot.id);
    this.#section.hidden = this.#cards.size === 0;
    this.#summarize();
    this.dispatchEvent(new CustomEvent('dropped', { detail: card.snapshot }));
  }

  #forEach(wanted, work) {
    for (const card of [...this.#cards]) if (card.snapshot.id && wanted(card)) work(card);
  }

  #summarize() {
    const all = [...this.#cards].map(card => card.snapshot).filter(snapshot => snapshot.state !== 'cancelled');
    const count = state => all.filter(snapshot => snapshot.state === state).length;
    const done = count('ready');
    const failed = count('failed');
    const pace = all.reduce(
      (sum, snapshot) => sum + (snapshot.state === 'uploading' ? snapshot.speed_bytes_per_s : 0),
      0,
    );
    const running = all.length - done - failed;

    let text = '';
    if (running > 0)
      text = t(pace > 0 ? 'uploads.active' : 'uploads.active_no_speed', {
        done: number(done),
        count: number(all.length),
        speed: speed(pace),
      });
    else if (failed > 0) text = tn('uploads.some_failed', failed, { done: number(done) });
    else if (done > 0) text = tn('uploads.all_done', done);
    setText(this.#summary, text);

    const cards = [...this.#cards];
    this.#pauseAll.hidden = cards.filter(card => card.pausable).length < 2;
    this.#resumeAll.hidden = count('paused') < 2;
    this.#clear.hidden = !cards.some(card => card.snapshot.state === 'ready' || card.snapshot.state === 'cancelled');
    document.title = running > 0 ? t('meta.progress', { percent: percent(shareOf(all)) }) : 'Sealmark';
    this.dispatchEvent(new CustomEvent('count', { detail: cards.length }));
  }
}

function shareOf(snapshots) {
  const total = snapshots.reduce((sum, snapshot) => sum + snapshot.size_bytes, 0);
  const sent = snapshots.reduce(
    (sum, snapshot) =>
      sum + (snapshot.state === 'ready' ? snapshot.size_bytes : Math.min(snapshot.sent_bytes, snapshot.size_bytes)),
    0,
  );
  return total > 0 ? sent / total : 0;
}
