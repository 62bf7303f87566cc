// Language: chosen by the browser, switched by the user, remembered. Texts come from lang/*.js by key.

import en from '../lang/en.js';
import zh from '../lang/zh.js';

const TEXTS = { en, zh };
const KEY = 'sealmark.language';
const changes = new EventTarget();
let current = 'en';
let plural = new Intl.PluralRules('en');

function initial() {
  let stored = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    /* storage is off: decide by the browser */
  }
  if (stored in TEXTS) return stored;
  for (const tag of navigator.languages ?? []) {
    const language = tag.toLowerCase().split('-')[0];
    if (language in TEXTS) return language;
  }
  return 'en';
}

/** The locale for Intl: the user's own regional form of the page's language, as long as its script fits. */
export function locale() {
  const own = (navigator.languages ?? []).find(tag => tag.toLowerCase().split('-')[0] === current);
  if (current === 'zh') return own && !/hant|tw|hk|mo/i.test(own) ? own : 'zh-CN';
  return own ?? 'en';
}

/** Whether there is a text under this key. */
export const has = key => Object.hasOwn(TEXTS[current], key);

/** The text of a key with its {placeholders} filled. */
export function t(key, values = {}) {
  const text = TEXTS[current][key] ?? TEXTS.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}

/** The text of `key_one` or `key_other`; `count` also fills {count}. */
export function tn(key, count, values = {}) {
  const form = plural.select(count) === 'one' ? 'one' : 'other';
  return t(`${key}_${form}`, { count: new Intl.NumberFormat(locale()).format(count), ...values });
}

/** Fills every element under `root` that names its text in data-i18n, its label in data-i18n-aria or its content. */
export function translate(root = document) {
  for (const element of root.querySelectorAll('[data-i18n]')) element.textContent = t(element.dataset.i18n);
  for (const element of root.querySelectorAll('[data-i18n-aria]')) {
    element.setAttribute('aria-label', t(element.dataset.i18nAria));
  }
  for (const element of root.querySelectorAll('[data-i18n-content]')) element.content = t(element.dataset.i18nContent);
}

/** Calls back after every change of language. */
export const onLanguage = listener => changes.addEventListener('change', listener);

/** Switches the page to a language; `remember` keeps the choice. */
export function setLanguage(language, remember = true) {
  current = language;
  plural = new Intl.PluralRules(language);
  if (remember)
    try {
      localStorage.setItem(KEY, language);
    } catch {
      /* storage is off: for this visit only */
    }
  document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
  for (const button of document.querySelectorAll('button[data-lang]')) {
    button.setAttribute('aria-pressed', String(button.dataset.lang === language));
  }
  translate();
  changes.dispatchEvent(new Event('change'));
  delete document.documentElement.dataset.translating;
}

/** Chooses the first language and wires the buttons. */
export function startLanguage() {
  for (const button of document.querySelectorAll('button[data-lang]')) {
    button.addEventListener('click', () => setLanguage(button.dataset.lang));
  }
  setLanguage(initial(), false);
}
