// Types of @sealmark/web-client/element: importing it defines <sealmark-uploader>.

import type { AddOptions, FileSource, Uploader, UploaderEventMap, UploaderOptions } from './index.js';

/**
 * The upload widget. Attributes: `api` (one base URL or several, by spaces), `token-url` (asked by POST, answers
 * `{"token": …}`), `accept`, `multiple`, `capture` (a camera button), `directories` (a folder button), `disabled`,
 * `lang`, `integrity`, `concurrency`, `part-size`, `instant`, `max-size`, `max-pixels`, `max-files`, `resize` (longest
 * edge in pixels), `strip` (`gps` or `private`), `no-duplicates`, `thumbnails="off"`. Sizes are in bytes. Those that
 * are options of the Uploader count from its beginning, which is when the element is connected and has a token.
 *
 * Parts: `frame`, `drop`, `icon`, `button` (with `choose`, `camera`, `folder`, `pause`, `resume`, `retry`, `cancel`,
 * `remove`, `pause_all`, `resume_all`, `retry_all`, `clear`, `continue`, `choose_again`, `forget`), `hint`,
 * `unfinished`, `summary`, `numbers`, `bar` (with `total`), `list`, `row`, `thumb`, `name`, `status`.
 * Custom properties: `--sealmark-accent`, `-on-accent`, `-surface`, `-raised`, `-text`, `-muted`, `-line`, `-danger`,
 * `-success`, `-radius`, `-font`, `-list-height`. Light or dark follows the element's `color-scheme`.
 */
export class SealmarkUploader extends HTMLElement {
  /** Gives a bearer token; goes before `token-url`. */
  token: UploaderOptions['token'] | null;
  /** Texts that go before the built-in English and Chinese ones, by their keys. */
  texts: Partial<Record<ElementText, string>>;
  /** More options of the Uploader; they go before the attributes. */
  options: Partial<Omit<UploaderOptions, 'token'>>;
  /** The Uploader behind it; null until the element is connected and has a token to be had. */
  readonly uploader: Uploader | null;

  add(files: FileSource | Iterable<FileSource> | ArrayLike<FileSource>, options?: AddOptions): string[];
  addFrom(transfer: DataTransfer, options?: AddOptions): Promise<string[]>;

  addEventListener<K extends keyof UploaderEventMap>(
    type: K,
    listener: (this: SealmarkUploader, event: UploaderEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener<K extends Exclude<keyof HTMLElementEventMap, keyof UploaderEventMap>>(
    type: K,
    listener: (this: SealmarkUploader, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

/** Keys of `texts`; those of errors are `error.` and the code. */
export type ElementText =
  | 'title' | 'title_single' | 'hint' | 'release' | 'camera' | 'folder' | 'region' | 'list'
  | 'pause' | 'resume' | 'cancel' | 'retry' | 'remove' | 'action' | 'progress' | 'total'
  | 'pause_all' | 'resume_all' | 'retry_all' | 'clear'
  | 'preparing' | 'uploading' | 'paused' | 'offline' | 'waiting' | 'completing' | 'processing' | 'ready' | 'failed'
  | 'cancelled' | 'sent' | 'left' | 'done' | 'attention'
  | 'unfinished' | 'unfinished_sent' | 'continue' | 'choose_again' | 'forget' | 'other_file' | 'denied'
  | 'say_added_one' | 'say_added_other' | 'say_ready_one' | 'say_ready_other' | 'say_failed_one' | 'say_failed_other'
  | `error.${string}`;

declare global {
  interface HTMLElementTagNameMap {
    'sealmark-uploader': SealmarkUploader;
  }
}
