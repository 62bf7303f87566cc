// Every way in for a photo: the file chooser, a drop anywhere on the page, the clipboard.

import { moment } from './format.js';
import { t } from './i18n.js';

/** Calls `take.files(list)` for what was chosen or pasted, and `take.transfer(dataTransfer)` for what was dropped. */
export function startIntake(take) {
  const input = document.querySelector('#file-input');
  input.addEventListener('change', () => {
    const files = [...input.files];
    input.value = ''; // so that the same file can be chosen again
    if (files.length > 0) take.files(files);
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
  addEventListener('drop', event => {
    if (!drags(event)) return;
    event.preventDefault();
    show(false);
    take.transfer(event.dataTransfer);
  });

  addEventListener('paste', event => {
    const files = [...(event.clipboardData?.files ?? [])].map(named);
    if (files.length === 0) return;
    event.preventDefault();
    take.files(files);
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
