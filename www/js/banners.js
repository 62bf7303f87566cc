// Calm strips under the header: no network, no server, no token, no uploader. At most one of each.

import { announce } from './announce.js';
import { connection } from './connection.js';
import { el, icon, setText } from './dom.js';
import { t } from './i18n.js';
import { session } from './session.js';

const place = () => document.querySelector('#banners');
const words = (key, text = t(key)) => el('span', { 'data-i18n': key, text });

function banner(kind, symbol, ...content) {
  place().querySelector(`[data-banner="${kind}"]`)?.remove();
  const element = el(
    'div',
    { class: `banner ${kind}`, 'data-banner': kind },
    el(
      'div',
      { class: 'bar' },
      icon(symbol),
      el(
        'p',
        {},
        el('strong', { 'data-i18n': `banner.${kind}`, text: t(`banner.${kind}`) }),
        ' ',
        words(`banner.${kind}_more`),
      ),
      ...content,
    ),
  );
  place().append(element);
  return element;
}

const clear = kind => place().querySelector(`[data-banner="${kind}"]`)?.remove();

/** Shows the state of the connection for as long as it is not good. `retry` is called by the user's "try now". */
export function startConnectionBanner(retry) {
  let shown = 'online';
  connection.addEventListener('change', () => {
    const { state } = connection;
    if (state === shown) return;
    const before = shown;
    shown = state;
    clear('offline');
    clear('unreachable');
    if (state === 'offline') banner('offline', 'offline');
    if (state === 'unreachable') banner('unreachable', 'alert', retryButton(retry));
    announce(state === 'online' ? (before === 'offline' ? 'say.online' : 'say.reachable') : `banner.${state}`);
  });
}

function retryButton(retry) {
  const label = words('banner.retry');
  const button = el(
    'button',
    { type: 'button', class: 'button', 'data-action': 'retry-connection' },
    icon('retry'),
    label,
  );
  button.addEventListener('click', async () => {
    if (button.ariaDisabled === 'true') return;
    button.ariaDisabled = 'true';
    setText(label, t('banner.trying'));
    await retry();
    button.ariaDisabled = 'false';
    setText(label, t('banner.retry'));
  });
  return button;
}

/** Asks for a token whenever the session needs one. */
export function startTokenBanner() {
  session.addEventListener('needed', ({ detail: reason }) => {
    if (place().querySelector('[data-banner="token"]') && reason === 'needed') return;
    const input = el('input', {
      type: 'password',
      id: 'token-input',
      required: true,
      autocomplete: 'off',
      spellcheck: 'false',
    });
    const wrong =
      reason === 'refused'
        ? el('p', {
            class: 'banner-wrong',
            id: 'token-wrong',
            'data-i18n': 'banner.token_wrong',
            text: t('banner.token_wrong'),
          })
        : null;
    if (wrong) {
      input.setAttribute('aria-describedby', 'token-wrong');
      input.setAttribute('aria-invalid', 'true');
    }
    const form = el(
      'form',
      { class: 'banner-form' },
      el('label', { for: 'token-input', 'data-i18n': 'banner.token_label', text: t('banner.token_label') }),
      input,
      el('button', { class: 'button primary' }, words('banner.token_use')),
      wrong,
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      const token = input.value.trim().replace(/^Bearer\s+/i, '');
      if (token === '') return;
      clear('token');
      document.querySelector('#file-input').focus();
      session.enter(token);
    });
    banner('token', 'key', form);
    announce(reason === 'refused' ? 'banner.token_wrong' : 'banner.token');
    if (wrong) input.focus();
  });
}

/** Says that the uploader could not be started; earlier pictures still show. */
export function showBroken() {
  banner(
    'broken',
    'alert',
    el('button', { type: 'button', class: 'button', onclick: () => location.reload() }, words('banner.reload')),
  );
  announce('banner.broken');
}
