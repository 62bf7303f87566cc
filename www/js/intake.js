// Every way in for a photo: the file chooser, a drop anywhere on the page, the clipboard.

import { moment } from './format.js';
import { t } from './i18n.js';

/** Calls `take(files)` for files that came in by any way. */
export function startIntake(take) {
  const input = document.querySelector('#file-input');
  input.addEventListener('change', () => {
    const files = [...input.files];
    input.value = ''; // so that the same file can be chosen again
    take(files);
  });

  const drags = event => event.dataTransfer?.types.includes('Files');
  const show = shown => document.body.classList.toggle('dragging', shown);
  addEventListener('dragenter', event => {
    if (drags(event)) show(true);
  });
  addEventListener('dragleave', event => {
    if (event.relatedTarget === null) show(false);
  }); // out of the window
  addEventListener('dragover', event => {
    if (!drags(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
  });
  addEventListener('drop', async event => {
    if (!drags(event)) return;
    event.preventDefault();
    show(false);
    take(await dropped(event.dataTransfer));
  });

  addEventListener('paste', event => {
    const files = [...(event.clipboardData?.files ?? [])].map(named);
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  });
}

/** Pictures copied from elsewhere all come as "image.png"; give them a name that tells them apart. */
function named(file) {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const name = t('drop.clipboard_name', { time: moment(Date.now()) }).replace(/[/\\:]/g, '.');
  return new File([file], `${name}.${file.name.split('.').pop()}`, {
    type: file.type,
    lastModified: file.lastModified,
  });
}

/** All files of a drop, those inside folders too; hidden files are left out. */
async function dropped(transfer) {
  const entries = [...transfer.items]
    .filter(item => item.kind === 'file')
    .map(item => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const files = [];
  for (const entry of entries) await collect(entry, files);
  return files;
}

async function collect(entry, files) {
  if (!entry || entry.name.startsWith('.')) return;
  if (entry instanceof File) return void files.push(entry);
  if (entry.isFile) return void files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const child of batch) await collect(child, files);
  }
}
