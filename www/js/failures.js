// What happened and what to do, by stable code. A code of a newer server gets the general text.

import { has, t } from './i18n.js';

/** Nothing on this page helps against these: the file or the right to upload has to change. */
const FINAL = new Set([
  'empty_file',
  'file_too_large',
  'unsupported_format',
  'broken_image',
  'image_too_large',
  'template_refused',
  'forbidden',
  'file_changed',
  'type_refused',
  'too_many_pixels',
  'too_many_files',
  'duplicate',
  'is_directory',
  'directory_unreadable',
]);
/** The upload is spent, only a new one helps. */
const SPENT = new Set([
  'upload_not_found',
  'media_not_found',
  'upload_closed',
  'parts_missing',
  'part_mismatch',
  'size_mismatch',
  'idempotency_conflict',
  'source_missing',
  'verify_failed',
  'undecodable_event',
  'attempts_exhausted',
]);

/**
 * Texts for a code, and which button helps: 'retry' goes on, 'again' starts anew, null offers neither. Where the picture
 * itself has failed there is nothing to go on with.
 */
export function failure(code, pictureFailed = false) {
  const known = has(`error.${code}.what`) ? code : 'unknown';
  return {
    what: t(`error.${known}.what`),
    todo: t(`error.${known}.todo`),
    remedy: FINAL.has(known) ? null : pictureFailed || SPENT.has(known) ? 'again' : 'retry',
  };
}

/** The code of a failed upload: the uploader's own, or the picture's. */
export const failureCode = ({ error, media }) => error?.code ?? media?.failure?.code ?? 'unknown';
