// Wires the studio together: text, photograph, variables and files in; mistakes, a preview and a file out.

import { announce } from '../announce.js';
import { el, icon, setText } from '../dom.js';
import { onLanguage, startLanguage, t } from '../i18n.js';
import { startTheme } from '../theme.js';
import { Editor } from './editor.js';
import { Engine } from './engine.js';
import { Facts } from './facts.js';
import { Files, kindOf } from './files.js';
import { Photos, startDrops } from './photos.js';
import { Stage } from './preview.js';
import { Problems } from './problems.js';
import { SCENES } from './scenes.js';
import { keep, restored } from './store.js';
import { TEMPLATES } from './templates.js';
import { Variables } from './variables.js';

const find = selector => document.querySelector(selector);

startTheme();
startLanguage();

const kept = restored();
const engine = new Engine();
const editor = new Editor();
const problems = new Problems(editor, code => engine.explain(code));
const variables = new Variables(kept.variables);
const files = new Files();
const photos = new Photos();
const stage = new Stage();
const facts = new Facts();
let photo = null;
let file = null;

const show = since => photo && engine.show(editor.text, variables.all, since);

/** A sentence over the picture, where there is no mark to show; null takes it away. */
function note(text) {
  find('#stage-note').hidden = !text;
  setText(find('#stage-note'), text ?? '');
}

function noFile() {
  file = null;
  find('#save-picture').disabled = true;
}

/** Notes a time for the browser's own tools; of each kind the last one. */
function noteTime(name, start, end) {
  performance.clearMeasures(name);
  performance.measure(name, { start, end });
}

/** The same for when the eye can see it. */
function notePaint(name, start) {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => noteTime(name, start, performance.now());
    channel.port2.postMessage(null);
  });
}

// Whoever types waits for the Worker alone: it is asked first, and what else there is to do is done meanwhile.
editor.addEventListener('change', ({ detail: since }) => {
  variables.setNamed(editor.text);
  show(since);
  noFile();
  keep({ source: editor.text });
});
variables.addEventListener('change', ({ detail: since }) => {
  show(since);
  noFile();
  keep({ variables: variables.kept });
});
files.addEventListener('change', async () => {
  files.show(await engine.surroundings(files.taken));
  show();
});

engine.addEventListener('preview', ({ detail: { question, result, error } }) => {
  if (error) return note(error);
  if (result.rects) {
    stage.preview(result.rects, result.pixels);
    note(result.missing_glyphs && t('studio.missing', { letters: result.missing_glyphs }));
  } else if (result.error) {
    stage.clear();
    note(result.error);
  } else {
    // With mistakes the last good preview stays, and the problems say why nothing moves.
    note(null);
  }
  const now = performance.now();
  noteTime('sealmark.drawn', question.since, now);
  noteTime('sealmark.module', now - result.ms, now);
  notePaint('sealmark.preview', question.since);
  facts.preview(now - question.since);
  // A report on an older text would underline other words; the next one is on its way.
  if (question.source === editor.text) problems.show(result.report.diagnostics);
});

engine.addEventListener('rendition', ({ detail: { question, result, error } }) => {
  // Some files only the worker writes, as lossy WebP; then the preview stays.
  if (error) return note(error);
  stage.rendition(result.bitmap);
  const { rendition, bytes, ms } = result;
  file = { bytes, ...rendition };
  facts.file({ ...rendition.method, bytes: bytes.length, ms });
  find('#save-picture').disabled = false;
  noteTime('sealmark.render', performance.now() - ms, performance.now());
  notePaint('sealmark.file', question.since);
});

let isBroken = false;
engine.addEventListener('broken', ({ detail }) => {
  if (isBroken) return;
  isBroken = true;
  console.error('the studio could not be started', detail);
  const words = key => el('span', { 'data-i18n': key, text: t(key) });
  const reload = el(
    'button',
    { type: 'button', class: 'button', onclick: () => location.reload() },
    words('banner.reload'),
  );
  const text = el('p', {}, el('strong', {}, words('studio.broken')), ' ', words('banner.broken_more'));
  find('#banners').replaceChildren(
    el('div', { class: 'banner broken' }, el('div', { class: 'bar' }, icon('alert'), text, reload)),
  );
  announce('studio.broken');
});

/** Takes a photograph; what cannot be read is told, and the one before stays. */
async function open(name, bytes, sample) {
  try {
    const opened = await engine.open(bytes);
    photo = { name };
    stage.open(opened.bitmap);
    note(null);
    noFile();
    facts.photo(opened.facts, bytes.length);
    variables.setImage(name, opened.facts);
    photos.show(sample);
    labelPicture();
    if (sample) keep({ sample });
    show();
  } catch (error) {
    note(t('studio.unreadable', { name, reason: error.message }));
    announce('studio.unreadable', { name, reason: error.message });
  }
}

const openSample = async name => open(`${name}.jpg`, await engine.sample(name), name);
const openFile = async chosen => open(chosen.name, new Uint8Array(await chosen.arrayBuffer()));

function labelPicture() {
  if (photo) find('#picture').setAttribute('aria-label', t('studio.picture_alt', { name: photo.name }));
}
onLanguage(labelPicture);

photos.addEventListener('choose', ({ detail: { sample, file: chosen } }) =>
  sample ? openSample(sample) : openFile(chosen),
);

// A picture that is dropped is a photograph; a vector, a font or a template has only one use.
startDrops(async dropped => {
  const isNamed = ({ name }) => kindOf(name) && !/\.(png|webp|seal)$/i.test(name);
  const named = dropped.filter(isNamed);
  if (named.length > 0) await files.add(named);
  const template = dropped.find(({ name }) => /\.seal$/i.test(name));
  if (template) editor.replaceAll(await template.text());
  const picture = dropped.find(one => !isNamed(one) && one !== template);
  if (picture) await openFile(picture);
});

function download(bytes, type, name) {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  el('a', { href: url, download: name }).click();
  // The browser has taken the address by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const templateName = () => /template\s+["']([\w.-]{1,64})["']/.exec(editor.text)?.[1] ?? 'template';

find('#save').addEventListener('click', () => download(editor.text, 'text/plain', `${templateName()}.seal`));
find('#save-picture').addEventListener('click', () => {
  const name = photo.name.replace(/\.[^.]*$/, '');
  download(file.bytes, file.content_type, `${name}-${templateName()}.${file.extension}`);
});
find('#copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(editor.text);
    announce('studio.copied');
  } catch {
    // Without the right to the clipboard the text can still be copied by hand.
    editor.go(0, editor.text.length);
  }
});

async function format() {
  const source = editor.text;
  const formatted = await engine.formatted(source);
  if (formatted === null) return announce('studio.not_formatted');
  if (editor.text !== source) return;
  editor.replaceAll(formatted);
  announce('studio.formatted');
}
find('#format').addEventListener('click', format);
addEventListener('keydown', event => {
  if (!event.altKey || !event.shiftKey || event.code !== 'KeyF') return;
  event.preventDefault();
  format();
});

const examples = find('#examples');
function nameExamples() {
  const option = (value, key) => el('option', { value, text: t(key) });
  const names = Object.keys(TEMPLATES).map(name => option(name, `studio.example.${name}`));
  examples.replaceChildren(option('', 'studio.examples'), ...names);
}
nameExamples();
onLanguage(nameExamples);
examples.addEventListener('change', () => {
  const chosen = TEMPLATES[examples.value];
  examples.value = '';
  if (chosen) editor.replaceAll(chosen);
});

note(t('studio.loading'));
editor.start(kept.source ?? TEMPLATES.corner);
const logo = await fetch('img/favicon.svg');
await files.add([new File([await logo.blob()], 'logo.svg')]);
await openSample(Object.hasOwn(SCENES, kept.sample) ? kept.sample : 'mountains');
